//! Tables as JSON: an object a line, an array of objects, an object of columns, or names and rows apart; all but one of
//! the ways in which pandas' `to_json` writes a table.
//!
//! What the texts and numbers mean is found out as in a CSV file.  Objects and arrays inside a row are left out.

use crate::budget::{Budget, check_columns};
use crate::csv::{Kind, Options};
use clearprop::decision::Decision;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::table::{Table, TableBuilder};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// What stands at one place.
enum Node {
    Missing,
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Whether a text begins as JSON does that may hold a table.
pub(crate) fn begins(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text).trim_ascii_start();
    let second = |text: &[u8]| text.trim_ascii_start().first().copied();
    match text {
        [b'{', rest @ ..] => matches!(second(rest), Some(b'"' | b'}')),
        [b'[', rest @ ..] => second(rest) == Some(b'{'),
        _ => false,
    }
}

/// The table, its names, and what was decided; the error of what is no table has a hint that makes one of it.
pub(crate) fn read(
    text: &[u8],
    (file, size): (&str, u64),
    options: &Options,
    choose: &mut dyn FnMut(&[&str], &mut Options) -> Result<()>,
) -> Result<(Vec<String>, Table, Vec<Decision>)> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let about = |error: Error| error.file(file);
    let shape = Shape::of(text).map_err(about)?;
    let mut names = Names::default();
    shape.rows(text, &mut |row| names.note(row)).map_err(about)?;
    let Names { names, nested, .. } = names;
    check_columns(names.len()).map_err(about)?;
    let mut options = options.clone();
    choose(&names.iter().map(String::as_str).collect::<Vec<_>>(), &mut options)?;
    let kind = |name: &str| if nested.contains(name) { Kind::Skip } else { options.kind(name) };
    let mut table = TableBuilder::new(names.clone(), kind, &options.targets, &options.forms, None);
    let places: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let mut budget = Budget::of(size);
    let (mut cells, mut rows) = (vec![String::new(); names.len()], 0usize);
    shape
        .rows(text, &mut |row| {
            cells.iter_mut().for_each(String::clear);
            for (name, node) in row {
                if let (Some(&place), Node::Text(text)) = (places.get(name.as_str()), node) {
                    cells[place] = text;
                }
            }
            table.push_row(cells.iter().map(String::as_str));
            rows += 1;
            if rows.is_multiple_of(1024) {
                budget.give_back();
                budget.take(table.memory())?;
            }
            Ok(())
        })
        .map_err(about)?;
    if rows == 0 {
        return Err(about(Error::new(ErrorKind::Data, "there is no row")));
    }
    let (columns, mut decisions) = table.finish().map_err(|(row, error)| match row {
        Some(row) => about(error.row(row as u64 + 1)),
        None => about(error),
    })?;
    for name in names.iter().filter(|name| nested.contains(*name)) {
        let what = "left out, it holds objects or arrays; only numbers, words and dates are read";
        decisions.push(Decision::new("skipped", what, "").column(name).warning());
    }
    Ok((names, Table::new(columns)?, decisions))
}

/// The columns' names, in the order of their first appearance.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    known: HashSet<String>,
    nested: HashSet<String>,
}

impl Names {
    fn note(&mut self, row: Vec<(String, Node)>) -> Result<()> {
        for (name, node) in row {
            if matches!(node, Node::Array(_) | Node::Object(_)) {
                self.nested.insert(name.clone());
            }
            if self.known.insert(name.clone()) {
                self.names.push(name);
            }
        }
        Ok(())
    }
}

/// How the rows stand in the text.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// An object a line.
    Lines,
    /// One object, which is one row.
    One,
    /// An array of objects.
    Objects,
    /// An object of columns: arrays, or objects of the same keys.
    Columns,
    /// `{"columns": [..], "data": [[..], ..]}`.
    Split,
}

type Row = Vec<(String, Node)>;

impl Shape {
    fn of(text: &[u8]) -> Result<Self> {
        if text.trim_ascii_start().first() == Some(&b'[') {
            return Ok(Self::Objects);
        }
        let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        stream.next().transpose().map_err(|error| broken(&error))?;
        if !text[stream.byte_offset()..].trim_ascii().is_empty() {
            return Ok(Self::Lines);
        }
        let (mut names, mut scalars, mut nested) = (Vec::new(), 0, 0);
        each(text, &mut |name, node| {
            match node {
                Node::Missing | Node::Text(_) => scalars += 1,
                Node::Array(_) | Node::Object(_) => nested += 1,
            }
            names.extend(name);
            Ok(())
        })?;
        let has = |name: &str| names.iter().any(|known| known == name);
        match (scalars, nested) {
            (_, 0) => Ok(Self::One),
            _ if has("columns") && has("data") => Ok(Self::Split),
            (0, _) => Ok(Self::Columns),
            _ => Err(no_table()),
        }
    }

    /// Calls `take` with each row.
    fn rows(self, text: &[u8], take: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        match self {
            Self::Lines => {
                let lines = text.split(|&byte| byte == b'\n').enumerate();
                for (i, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
                    let row = i as u64 + 1;
                    let node = serde_json::from_slice(line).map_err(|error| broken(&error).row(row))?;
                    let Node::Object(cells) = node else { return Err(no_object().row(row)) };
                    take(cells)?;
                }
                Ok(())
            }
            Self::One => {
                let node = serde_json::from_slice(text).map_err(|error| broken(&error))?;
                let Node::Object(cells) = node else { return Err(no_table()) };
                take(cells)
            }
            Self::Objects => {
                let mut row = 0;
                each(text, &mut |_, node| {
                    row += 1;
                    let Node::Object(cells) = node else { return Err(no_object().row(row)) };
                    take(cells)
                })
            }
            Self::Columns => {
                let mut columns: Vec<(String, Vec<Node>)> = Vec::new();
                let mut keys: Option<Vec<String>> = None;
                each(text, &mut |name, node| {
                    let values = match node {
                        Node::Array(values) => values,
                        Node::Object(cells) => {
                            let (own, values): (Vec<String>, Vec<Node>) = cells.into_iter().unzip();
                            if keys.get_or_insert_with(|| own.clone()) != &own {
                                return Err(no_table());
                            }
                            values
                        }
                        Node::Missing | Node::Text(_) => return Err(no_table()),
                    };
                    if columns.first().is_some_and(|(_, first)| first.len() != values.len()) {
                        return Err(no_table());
                    }
                    columns.push((name.unwrap_or_default(), values));
                    Ok(())
                })?;
                let rows = columns.first().map_or(0, |(_, values)| values.len());
                let mut columns: Vec<(String, std::vec::IntoIter<Node>)> =
                    columns.into_iter().map(|(name, values)| (name, values.into_iter())).collect();
                for _ in 0..rows {
                    let cells = columns.iter_mut();
                    take(
                        cells
                            .map(|(name, values)| (name.clone(), values.next().unwrap_or(Node::Missing)))
                            .collect(),
                    )?;
                }
                Ok(())
            }
            Self::Split => {
                let (mut names, mut data) = (Vec::new(), Vec::new());
                each(text, &mut |name, node| {
                    match (name.as_deref(), node) {
                        (Some("columns"), Node::Array(nodes)) => names = nodes,
                        (Some("data"), Node::Array(nodes)) => data = nodes,
                        _ => {}
                    }
                    Ok(())
                })?;
                let name = |node| if let Node::Text(name) = node { Ok(name) } else { Err(no_table()) };
                let names = names.into_iter().map(name).collect::<Result<Vec<String>>>()?;
                for (i, node) in data.into_iter().enumerate() {
                    let Node::Array(cells) = node else { return Err(no_table()) };
                    if cells.len() != names.len() {
                        let values = if cells.len() == 1 { "value" } else { "values" };
                        let found =
                            format!("found {} {values}, there are {} columns", cells.len(), names.len());
                        return Err(Error::new(ErrorKind::Data, found).row(i as u64 + 1));
                    }
                    take(names.iter().cloned().zip(cells).collect())?;
                }
                Ok(())
            }
        }
    }
}

fn broken(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Data, format!("this is no sound JSON: {error}"))
        .hint("NaN is written null; is the file whole?")
}

fn no_object() -> Error {
    Error::new(ErrorKind::Data, "this is no object")
        .hint("a table needs an object with the columns' names in each row")
}

fn no_table() -> Error {
    Error::new(ErrorKind::Data, "this is JSON, and not a table")
        .hint("a table is an object a line, an array of objects, or an object of columns of one length")
}

/// Calls `take` with each element of an array or entry of an object, one after the other.
fn each(text: &[u8], take: &mut dyn FnMut(Option<String>, Node) -> Result<()>) -> Result<()> {
    struct Each<'t> {
        take: &'t mut dyn FnMut(Option<String>, Node) -> Result<()>,
        /// What stopped it, which is no fault of the JSON.
        stopped: Option<Error>,
    }
    impl<'de> DeserializeSeed<'de> for &mut Each<'_> {
        type Value = ();
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }
    }
    impl Each<'_> {
        fn go<E: serde::de::Error>(
            &mut self,
            name: Option<String>,
            node: Node,
        ) -> std::result::Result<(), E> {
            (self.take)(name, node).map_err(|error| {
                self.stopped = Some(error);
                E::custom("stopped")
            })
        }
    }
    impl<'de> Visitor<'de> for &mut Each<'_> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array or an object")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> std::result::Result<(), A::Error> {
            while let Some(node) = all.next_element()? {
                self.go(None, node)?;
            }
            Ok(())
        }
        fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> std::result::Result<(), A::Error> {
            while let Some((name, node)) = all.next_entry()? {
                self.go(Some(name), node)?;
            }
            Ok(())
        }
    }
    let mut each = Each { take, stopped: None };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let done = (&mut each).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (done, each.stopped) {
        (Ok(()), _) => Ok(()),
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(broken(&error)),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> std::result::Result<Node, E> {
                Ok(Node::Missing)
            }
            fn visit_bool<E>(self, value: bool) -> std::result::Result<Node, E> {
                Ok(Node::Text(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> std::result::Result<Node, E> {
                Ok(Node::Text(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> std::result::Result<Node, E> {
                Ok(Node::Text(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> std::result::Result<Node, E> {
                let plain = value == 0.0 || (1e-5..1e15).contains(&value.abs());
                Ok(Node::Text(if plain { value.to_string() } else { format!("{value:e}") }))
            }
            fn visit_str<E>(self, value: &str) -> std::result::Result<Node, E> {
                Ok(Node::Text(value.trim().to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> std::result::Result<Node, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = all.next_element()? {
                    nodes.push(node);
                }
                Ok(Node::Array(nodes))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> std::result::Result<Node, A::Error> {
                let mut cells = Vec::new();
                while let Some(cell) = all.next_entry()? {
                    cells.push(cell);
                }
                Ok(Node::Object(cells))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
