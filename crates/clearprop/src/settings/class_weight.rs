//! How much the rows of each class count.

use crate::activation::by_name;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much the training rows of each class count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ClassWeight {
    /// Every row as much.
    None,
    /// Every class as much: a row of a class of m of the n rows counts `n / (k m)`, as in scikit-learn.
    Balanced,
}

impl ClassWeight {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::None, Self::Balanced];

    /// The name: `none` or `balanced`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Balanced => "balanced",
        }
    }
}

impl fmt::Display for ClassWeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for ClassWeight {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("class weight", name, &Self::ALL, |weight| weight.name())
    }
}
