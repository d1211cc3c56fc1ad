//! Columns by their names, by patterns, or by their numbers.

use crate::error::{Error, ErrorKind, Result, nearest};

/// The columns that a list means, as it was split at its commas: names (which may hold commas themselves),
/// patterns with `*`, and numbers counted from 1 (`5`, `column 5`) where no column has that name.
///
/// ```
/// use clearprop::table::select;
/// let names = ["size, cm", "b1", "b2", "y"];
/// let asked = ["size", " cm", "b*", "4"].map(String::from);
/// assert_eq!(select(&names, &asked)?, ["size, cm", "b1", "b2", "y"]);
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Errors
/// A part that is no column's; the error names the nearest, or all.
pub fn select(names: &[&str], asked: &[String]) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while at < asked.len() {
        let joined = (at + 1..=asked.len()).rev().find_map(|end| {
            let name = asked[at..end].join(",");
            let known = names.iter().find(|known| **known == name || **known == name.trim())?;
            Some((end, (*known).to_owned()))
        });
        if let Some((end, name)) = joined {
            found.push(name);
            at = end;
            continue;
        }
        let part = asked[at].trim();
        let number = part.strip_prefix("column ").unwrap_or(part).parse::<usize>();
        let matching: Vec<String> = match number {
            _ if part.contains('*') => {
                names.iter().filter(|name| fits_pattern(name, part)).map(|name| (*name).to_owned()).collect()
            }
            Ok(number) => {
                number.checked_sub(1).and_then(|i| names.get(i)).map(|&n| n.to_owned()).into_iter().collect()
            }
            Err(_) => Vec::new(),
        };
        if matching.is_empty() {
            return Err(no_column(part, names));
        }
        found.extend(matching);
        at += 1;
    }
    Ok(found)
}

/// That there is no column of this name; names the nearest, or all.
pub(super) fn no_column(name: &str, names: &[&str]) -> Error {
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("the columns are {}", listed(names.iter().copied())),
    };
    Error::new(ErrorKind::Data, format!("there is no column '{name}'")).hint(hint)
}

/// Names for a message: the first ten, and how many more.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(10).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(10) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Whether a name fits a pattern, in which `*` is any text.
#[must_use]
pub fn fits_pattern(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            match rest.find(before) {
                Some(at) => rest = &rest[at + before.len()..],
                None => return false,
            }
        }
    }
    last.is_none_or(|last| rest.ends_with(last))
}
