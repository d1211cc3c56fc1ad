//! Dictionaries, structs and lists of arrays, laid out flat.
//!
//! An array is called by the last name on the way to it, with the numbers of the lists behind it, counted from 1:
//! `parameters.W1` is `W1`, the second of the list `W` is `W2`, `layers[0].b` is `b1`.  Where two would be called the
//! same, both get all the names on their way: `cache_W1`, `grads_W1`.

use crate::npz::{Array, Npz};
use clearprop::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// Nobody's backward pass has more arrays.
pub(super) const MOST: usize = 1000;

/// Each array is called by all names on its way, so none may be long.
const LONGEST: usize = 1000;

/// What a name of a file stands for.
pub(super) enum Nested {
    Array(Array),
    /// Something that is no array, and why.
    Skipped(String),
    List(Vec<Nested>),
    Fields(Vec<(String, Nested)>),
}

#[derive(Clone)]
enum Step {
    Name(String),
    Number(usize),
}

/// The arrays of a file by their flat names.
pub(super) fn flat(fields: Vec<(String, Nested)>, file: &str) -> Result<Npz> {
    let mut leaves = Vec::new();
    let wrong = |found: String| Error::new(ErrorKind::Data, found).file(file);
    walk(Nested::Fields(fields), &mut Vec::new(), &mut leaves).map_err(wrong)?;
    let mut count = BTreeMap::<String, usize>::new();
    for (way, _) in &leaves {
        *count.entry(short(way)).or_default() += 1;
    }
    let (mut arrays, mut skipped) = (BTreeMap::new(), BTreeMap::new());
    for (way, leaf) in leaves {
        let name = Some(short(&way)).filter(|name| count[name] == 1).unwrap_or_else(|| long(&way));
        let twice = match leaf {
            Nested::Array(array) => arrays.insert(name.clone(), array).is_some(),
            Nested::Skipped(why) => skipped.insert(name.clone(), why).is_some(),
            Nested::List(_) | Nested::Fields(_) => false,
        };
        if twice {
            return Err(Error::new(ErrorKind::Data, "two arrays would have this name")
                .file(file)
                .name(format!("array '{name}'"))
                .hint("rename one of them"));
        }
    }
    Ok(Npz::of(file, arrays, skipped))
}

/// Each leaf with its way; what is wrong in words.
fn walk(
    node: Nested,
    way: &mut Vec<Step>,
    leaves: &mut Vec<(Vec<Step>, Nested)>,
) -> std::result::Result<(), String> {
    match node {
        Nested::Array(_) | Nested::Skipped(_) if leaves.len() == MOST => {
            return Err(format!("holds more than {MOST} arrays"));
        }
        Nested::Array(_) | Nested::Skipped(_) => leaves.push((way.clone(), node)),
        Nested::List(list) => {
            for (number, one) in (1..).zip(list) {
                way.push(Step::Number(number));
                walk(one, way, leaves)?;
                way.pop();
            }
        }
        Nested::Fields(fields) => {
            for (name, one) in fields {
                if name.len() > LONGEST {
                    return Err(format!("holds a name of {} bytes", name.len()));
                }
                way.push(Step::Name(name));
                walk(one, way, leaves)?;
                way.pop();
            }
        }
    }
    Ok(())
}

fn short(way: &[Step]) -> String {
    let name = way.iter().rev().find_map(|step| match step {
        Step::Name(name) => Some(name.clone()),
        Step::Number(_) => None,
    });
    let numbers: Vec<String> = way
        .iter()
        .filter_map(|step| match step {
            Step::Number(number) => Some(number.to_string()),
            Step::Name(_) => None,
        })
        .collect();
    name.unwrap_or_default() + &numbers.join("_")
}

fn long(way: &[Step]) -> String {
    let steps: Vec<String> = way
        .iter()
        .map(|step| match step {
            Step::Name(name) => name.clone(),
            Step::Number(number) => number.to_string(),
        })
        .collect();
    steps.join("_")
}
