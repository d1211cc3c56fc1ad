//! What becomes of words that differ by case or blanks alone.

use crate::activation::by_name;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What becomes of words, classes too, that differ by case or blanks alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Alike {
    /// They stay as many words as they are.
    Keep,
    /// They are one word, the most frequent of them; new rows are read so too.
    Join,
}

impl Alike {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Keep, Self::Join];

    /// The name: `keep` or `join`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Join => "join",
        }
    }

    /// Whether they become one.
    #[must_use]
    pub fn joins(self) -> bool {
        match self {
            Self::Keep => false,
            Self::Join => true,
        }
    }
}

impl fmt::Display for Alike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Alike {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("choice", name, &Self::ALL, |alike| alike.name())
    }
}
