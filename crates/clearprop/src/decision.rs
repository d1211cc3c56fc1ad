//! What the program decided by itself: said once, with the reason, and how to overrule it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One automatic choice, or something that a person should know.
///
/// The library makes it, a door shows it.  `overrule` names a setting by its key (`categories`), which
/// a door writes as it is written there: `--categories zip`, `categories=["zip"]`.
///
/// ```
/// use clearprop::decision::Decision;
/// let decision = Decision::new("words", "taken as words", "numbers begin with 0 (\"01067\")")
///     .column("zip")
///     .overrule("numbers", "zip");
/// assert_eq!(decision.to_string(), "column 'zip': taken as words: numbers begin with 0 (\"01067\")");
/// assert_eq!(decision.overrule.unwrap().0, "numbers");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// What it is about, a word for programs: `missing`, `header`, `loss`.
    pub key: String,
    /// The column that it is about, if it is about one.
    pub column: Option<String>,
    /// What was decided.
    pub what: String,
    /// Why, with the numbers; may be empty.
    pub why: String,
    /// The setting that decides otherwise, and its value.
    pub overrule: Option<(String, String)>,
    /// Whether something may be wrong, so that a person should look.
    pub warning: bool,
}

impl Decision {
    /// A decision about no column in particular.
    #[must_use]
    pub fn new(key: &str, what: impl Into<String>, why: impl Into<String>) -> Self {
        let (what, why) = (what.into(), why.into());
        Self { key: key.to_owned(), column: None, what, why, overrule: None, warning: false }
    }

    /// About this column.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>) -> Self {
        self.column = Some(name.into());
        self
    }

    /// What decides otherwise: a setting's key and its value (may be empty).
    #[must_use]
    pub fn overrule(mut self, setting: &str, value: impl Into<String>) -> Self {
        self.overrule = Some((setting.to_owned(), value.into()));
        self
    }

    /// Something may be wrong.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.warning = true;
        self
    }
}

/// Decisions as lines: columns of the same fate share one, and what may be wrong begins with `warning: `.  Settings stand between backticks, as in
/// [`crate::error::with_settings`].
///
/// ```
/// use clearprop::decision::{Decision, lines};
/// let dropped = |name: &str| Decision::new("constant", "dropped, always the same", "0").column(name);
/// assert_eq!(
///     lines(&[dropped("a"), dropped("b")]),
///     ["columns 'a', 'b': dropped, always the same"],
/// );
/// ```
#[must_use]
pub fn lines(decisions: &[Decision]) -> Vec<String> {
    let mut groups: Vec<Vec<&Decision>> = Vec::new();
    let mut places: std::collections::HashMap<(&str, &str, bool), usize> = std::collections::HashMap::new();
    for decision in decisions {
        let key = (decision.key.as_str(), decision.what.as_str(), decision.warning);
        match places.get(&key) {
            Some(&place) if decision.column.is_some() => groups[place].push(decision),
            _ => {
                places.insert(key, groups.len());
                groups.push(vec![decision]);
            }
        }
    }
    let marked = |group: &Vec<&Decision>| match group.first() {
        Some(first) if first.warning => format!("warning: {}", line(group)),
        _ => line(group),
    };
    groups.iter().map(marked).collect()
}

fn line(group: &[&Decision]) -> String {
    let [first, rest @ ..] = group else { return String::new() };
    let mut text = if rest.is_empty() {
        first.to_string()
    } else {
        let names: Vec<String> = group
            .iter()
            .filter_map(|one| one.column.as_ref())
            .take(3)
            .map(|name| format!("'{name}'"))
            .collect();
        let more = match group.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!("columns {}{more}: {}", names.join(", "), first.what);
        match first.column.as_deref() {
            // What may be wrong needs its reason, if only of the first.
            Some(name) if first.warning && !first.why.is_empty() => {
                format!("{text}, '{name}': {}", first.why)
            }
            _ => text,
        }
    };
    if let Some((setting, value)) = overruled(group) {
        let value = if value.is_empty() { value } else { format!("={value}") };
        text.push_str(&format!(" (`{setting}{value}` says otherwise)"));
    }
    text
}

/// What decides otherwise about all of a group; lists of columns are joined.
fn overruled(group: &[&Decision]) -> Option<(String, String)> {
    let (setting, value) = group.first()?.overrule.clone()?;
    let one_a_column = |one: &&Decision| {
        let own = one.overrule.as_ref().filter(|(other, _)| *other == setting);
        own.is_some_and(|(_, value)| one.column.as_ref() == Some(value) && !value.contains(','))
    };
    match group {
        [_] => Some((setting, value)),
        [first, _] | [first, _, _] if first.warning && group.iter().all(one_a_column) => {
            let names: Vec<&str> = group.iter().filter_map(|one| one.column.as_deref()).collect();
            Some((setting, names.join(",")))
        }
        _ => None,
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.column {
            write!(f, "column '{name}': ")?;
        }
        f.write_str(&self.what)?;
        if self.why.is_empty() { Ok(()) } else { write!(f, ": {}", self.why) }
    }
}
