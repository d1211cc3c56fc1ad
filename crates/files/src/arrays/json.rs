//! Arrays as JSON: numbers and nested lists of numbers under names, in objects and lists as deep as they come.

use super::nested::{Nested, flat};
use crate::npz::{Array, Npz, Values};
use clearprop::error::{Error, ErrorKind, Result};
use serde_json::Value;

/// Reads a file of JSON; `file` is its name for messages.
///
/// # Errors
/// No JSON, no object at its root, numbers as text, rows of different lengths.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Npz> {
    let wrong = |found: String| Error::new(ErrorKind::File, found).file(file);
    let root: Value = serde_json::from_slice(bytes).map_err(|error| {
        let named =
            ["NaN", "Infinity"].iter().find(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some());
        let wrong = wrong(format!("not JSON: {error}"));
        match named {
            Some(word) => wrong.hint(format!("{word} is no number of JSON: write null")),
            None => wrong.hint("save it again with json.dump"),
        }
    })?;
    let Value::Object(fields) = root else {
        return Err(wrong("holds no names".into()).hint("write an object: {\"X\": [[..]], \"y\": [..], ..}"));
    };
    let mut named = Vec::new();
    for (name, value) in fields {
        let value = nested(value, &name).map_err(|error| error.file(file))?;
        named.push((name, value));
    }
    flat(named, file)
}

fn nested(value: Value, name: &str) -> Result<Nested> {
    Ok(match value {
        Value::Object(fields) => Nested::Fields(
            fields
                .into_iter()
                .map(|(name, value)| Ok((name.clone(), nested(value, &name)?)))
                .collect::<Result<_>>()?,
        ),
        Value::String(word) => match word.trim().parse::<f64>() {
            Ok(_) => return Err(as_text(name, &word)),
            Err(_) => Nested::Array(Array::text(&word)),
        },
        Value::Array(list) if list.is_empty() => Nested::Skipped("an empty list".into()),
        Value::Array(list) if list.iter().any(Value::is_object) => {
            Nested::List(list.into_iter().map(|one| nested(one, name)).collect::<Result<_>>()?)
        }
        Value::Array(list) => lists(list, name)?,
        number => {
            let mut values = Vec::new();
            push(&number, name, &mut values)?;
            let kind = match number {
                Value::Bool(_) => Values::Bool(values.iter().map(|&v| v != 0.0).collect()),
                _ => Values::F64(values),
            };
            Nested::Array(Array { shape: vec![], values: kind })
        }
    })
}

/// A list of lists as one array, or, where its matrices have different shapes, as a list of layers.
fn lists(list: Vec<Value>, name: &str) -> Result<Nested> {
    if list.iter().all(Value::is_string) {
        let words: Vec<String> = list.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
        if let Some(number) = words.iter().find(|word| word.trim().parse::<f64>().is_ok()) {
            return Err(as_text(name, number));
        }
        return Ok(Nested::Array(Array { shape: vec![words.len()], values: Values::Text(words) }));
    }
    let shapes: Vec<Vec<usize>> = list.iter().map(shape).collect();
    let same = shapes.iter().all(|shape| *shape == shapes[0]);
    if !same && list.iter().all(|one| one.as_array().is_some_and(|rows| rows.iter().all(Value::is_array))) {
        return Ok(Nested::List(list.into_iter().map(|one| nested(one, name)).collect::<Result<_>>()?));
    }
    if let Some(row) = shapes.iter().position(|shape| *shape != shapes[0]) {
        let length =
            |row: usize| shapes[row].first().map_or("one number".to_owned(), |n| format!("{n} numbers"));
        return Err(about(name, format!("its row {row} has {}, its row 0 {}", length(row), length(0)))
            .hint(format!("vectors of several layers need names of their own: {name}1, {name}2, ..")));
    }
    let mut whole = vec![list.len()];
    whole.extend(&shapes[0]);
    let mut values = Vec::new();
    for one in &list {
        push(one, name, &mut values)?;
    }
    if values.len() != whole.iter().product::<usize>() {
        return Err(about(name, "its rows have different lengths".into())
            .hint("all rows of an array are of one length"));
    }
    Ok(Nested::Array(Array { shape: whole, values: Values::F64(values) }))
}

/// The lengths of the lists, by the first entry of each.
fn shape(value: &Value) -> Vec<usize> {
    let Value::Array(list) = value else { return Vec::new() };
    let mut shape = vec![list.len()];
    shape.extend(list.first().map(self::shape).unwrap_or_default());
    shape
}

/// The numbers of a value; null is NaN.
fn push(value: &Value, name: &str, into: &mut Vec<f64>) -> Result<()> {
    match value {
        Value::Array(list) => {
            let first = list.first().map(shape);
            if let Some(row) = list.iter().position(|one| Some(shape(one)) != first) {
                return Err(about(name, format!("row {row} has another length than row 0"))
                    .hint("all rows of an array are of one length"));
            }
            list.iter().try_for_each(|one| push(one, name, into))
        }
        Value::Number(number) => {
            into.push(number.as_f64().unwrap_or(f64::NAN));
            Ok(())
        }
        Value::Null => {
            into.push(f64::NAN);
            Ok(())
        }
        Value::Bool(truth) => {
            into.push(f64::from(u8::from(*truth)));
            Ok(())
        }
        Value::String(text) => Err(as_text(name, text)),
        Value::Object(_) => Err(about(name, "mixes numbers and objects".into())
            .hint("a list holds numbers, lists of numbers, or objects")),
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
