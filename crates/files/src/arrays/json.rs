//! Arrays as JSON: numbers and nested lists of numbers under names, in objects and lists as deep as they come.

use super::nested::{MOST, Nested, flat};
use crate::npz::{Array, Npz, Values};
use clearprop::error::{Error, ErrorKind, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as Wrongly, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;

/// Reads a file of JSON; `file` is its name for messages.
///
/// # Errors
/// No JSON, no object at its root, numbers as text, rows of different lengths, thousands of names.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Npz> {
    let wrong = |found: String| Error::new(ErrorKind::File, found).file(file);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let left = Cell::new(4 * MOST);
    let root = Reader(&left).deserialize(&mut json).and_then(|root| json.end().map(|()| root));
    let root = root.map_err(|error| {
        let named =
            ["NaN", "Infinity"].iter().find(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some());
        let many = left.get() == 0;
        let wrong = wrong(format!("{}{error}", if many { "" } else { "not JSON: " }));
        match named {
            _ if many => wrong.hint("save the arrays of one forward and backward pass"),
            Some(word) => wrong.hint(format!("{word} is no number of JSON: write null")),
            None => wrong.hint("save it again with json.dump"),
        }
    })?;
    let Node::Fields(fields) = root else {
        return Err(wrong("holds no names".into()).hint("write an object: {\"X\": [[..]], \"y\": [..], ..}"));
    };
    let mut named = Vec::new();
    for (name, node) in fields {
        let nested = nested(node, &name).map_err(|error| error.file(file))?;
        named.push((name, nested));
    }
    flat(named, file)
}

/// A value; numbers, however nested, are put into one array as they are read: a value of its own for each would
/// take twenty times the file.
enum Node {
    /// A number has no axes; null is NaN.
    Numbers {
        shape: Vec<usize>,
        values: Vec<f64>,
    },
    Truth(bool),
    Word(String),
    Words(Vec<String>),
    Parts(Vec<Node>),
    Fields(Vec<(String, Node)>),
    Wrong(Wrong),
}

/// Why a list is no array.
enum Wrong {
    /// This row has so many numbers (a single one has no length), the first so many.
    Ragged(usize, Option<usize>, Option<usize>),
    Text(String),
}

fn nested(node: Node, name: &str) -> Result<Nested> {
    let array = |shape: Vec<usize>, values| Ok(Nested::Array(Array { shape, values }));
    match node {
        Node::Numbers { shape, .. } if shape == [0] => Ok(Nested::Skipped("an empty list".into())),
        Node::Numbers { shape, values } => array(shape, Values::F64(values)),
        Node::Truth(truth) => array(Vec::new(), Values::Bool(vec![truth])),
        Node::Word(word) if is_number(&word) => Err(as_text(name, &word)),
        Node::Word(word) => Ok(Nested::Array(Array::text(&word))),
        Node::Words(words) => match words.iter().find(|word| is_number(word)) {
            Some(number) => Err(as_text(name, number)),
            None => array(vec![words.len()], Values::Text(words)),
        },
        Node::Parts(parts) => {
            Ok(Nested::List(parts.into_iter().map(|one| nested(one, name)).collect::<Result<_>>()?))
        }
        Node::Fields(fields) => {
            let field = |(name, node): (String, Node)| {
                let nested = nested(node, &name)?;
                Ok((name, nested))
            };
            Ok(Nested::Fields(fields.into_iter().map(field).collect::<Result<_>>()?))
        }
        Node::Wrong(Wrong::Text(text)) => Err(as_text(name, &text)),
        Node::Wrong(Wrong::Ragged(row, this, first)) => {
            let length = |n: Option<usize>| n.map_or("one number".to_owned(), |n| format!("{n} numbers"));
            Err(about(name, format!("its row {row} has {}, its row 0 {}", length(this), length(first)))
                .hint(format!("vectors of several layers need names of their own: {name}1, {name}2, ..")))
        }
    }
}

fn is_number(word: &str) -> bool {
    word.trim().parse::<f64>().is_ok()
}

/// A list while its values come in: an array for as long as they are alike.
enum List {
    Empty,
    Numbers { rows: usize, shape: Vec<usize>, values: Vec<f64> },
    Words(Vec<String>),
    Parts(Vec<Node>),
    Wrong(Wrong),
}

impl List {
    /// With one more value; `left` are the parts that a file may still have.
    fn with(self, node: Node, left: &Cell<usize>) -> Self {
        let node = match node {
            Node::Truth(truth) => {
                Node::Numbers { shape: Vec::new(), values: vec![f64::from(u8::from(truth))] }
            }
            node => node,
        };
        match (self, node) {
            (Self::Wrong(wrong), _) | (_, Node::Wrong(wrong)) => Self::Wrong(wrong),
            (Self::Empty, Node::Numbers { shape, values }) => Self::Numbers { rows: 1, shape, values },
            (Self::Empty, Node::Word(word)) => Self::Words(vec![word]),
            (Self::Numbers { rows, shape, mut values }, Node::Numbers { shape: this, values: more })
                if shape == this =>
            {
                values.extend(more);
                Self::Numbers { rows: rows + 1, shape, values }
            }
            // Matrices of different shapes are those of layers.
            (Self::Numbers { rows, shape, .. }, Node::Numbers { shape: this, .. })
                if shape.len() < 2 || this.len() < 2 =>
            {
                Self::Wrong(Wrong::Ragged(rows, this.first().copied(), shape.first().copied()))
            }
            (Self::Words(mut words), Node::Word(word)) => {
                words.push(word);
                Self::Words(words)
            }
            (Self::Numbers { .. }, Node::Word(text)) => Self::Wrong(Wrong::Text(text)),
            (Self::Words(words), Node::Numbers { .. })
            | (Self::Empty | Self::Numbers { .. }, Node::Words(words)) => {
                Self::Wrong(Wrong::Text(words.into_iter().next().unwrap_or_default()))
            }
            (list, node) => {
                let mut parts = list.parts();
                parts.push(node);
                left.set(left.get().saturating_sub(1));
                Self::Parts(parts)
            }
        }
    }

    fn parts(self) -> Vec<Node> {
        match self {
            Self::Numbers { shape, values, .. } => {
                let length: usize = shape.iter().product();
                let part = |values: &[f64]| Node::Numbers { shape: shape.clone(), values: values.to_vec() };
                values.chunks(length.max(1)).map(part).collect()
            }
            Self::Words(words) => words.into_iter().map(Node::Word).collect(),
            Self::Parts(parts) => parts,
            Self::Empty | Self::Wrong(_) => Vec::new(),
        }
    }

    fn node(self) -> Node {
        match self {
            Self::Empty => Node::Numbers { shape: vec![0], values: Vec::new() },
            Self::Numbers { rows, shape, values } => {
                Node::Numbers { shape: [vec![rows], shape].concat(), values }
            }
            Self::Words(words) => Node::Words(words),
            Self::Parts(parts) => Node::Parts(parts),
            Self::Wrong(wrong) => Node::Wrong(wrong),
        }
    }
}

/// Reads a value of a file that may still have so many names and parts.
#[derive(Clone, Copy)]
struct Reader<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<Node, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E: Wrongly>(self, truth: bool) -> std::result::Result<Node, E> {
        Ok(Node::Truth(truth))
    }

    fn visit_f64<E: Wrongly>(self, value: f64) -> std::result::Result<Node, E> {
        Ok(Node::Numbers { shape: Vec::new(), values: vec![value] })
    }

    fn visit_i64<E: Wrongly>(self, value: i64) -> std::result::Result<Node, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: Wrongly>(self, value: u64) -> std::result::Result<Node, E> {
        self.visit_f64(value as f64)
    }

    fn visit_unit<E: Wrongly>(self) -> std::result::Result<Node, E> {
        self.visit_f64(f64::NAN)
    }

    fn visit_str<E: Wrongly>(self, word: &str) -> std::result::Result<Node, E> {
        Ok(Node::Word(word.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Node, A::Error> {
        let mut list = List::Empty;
        while let Some(node) = seq.next_element_seed(self)? {
            list = list.with(node, self.0);
            check(self.0)?;
        }
        Ok(list.node())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            self.0.set(self.0.get().saturating_sub(1));
            check(self.0)?;
            fields.push((name, map.next_value_seed(self)?));
        }
        Ok(Node::Fields(fields))
    }
}

fn check<E: Wrongly>(left: &Cell<usize>) -> std::result::Result<(), E> {
    match left.get() {
        0 => Err(E::custom(format!("holds more than {} names and parts", 4 * MOST))),
        _ => Ok(()),
    }
}

fn about(name: &str, found: String) -> Error {
    Error::new(ErrorKind::Data, found).name(format!("array '{name}'"))
}

fn as_text(name: &str, text: &str) -> Error {
    let shown: String = text.chars().take(30).collect();
    about(name, format!("found the text \"{shown}\", a number is needed"))
        .hint("write numbers without quotation marks")
}
