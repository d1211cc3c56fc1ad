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

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.column {
            write!(f, "column '{name}': ")?;
        }
        f.write_str(&self.what)?;
        if self.why.is_empty() { Ok(()) } else { write!(f, ": {}", self.why) }
    }
}
