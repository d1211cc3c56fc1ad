//! How number columns are brought to one scale.

use crate::activation::by_name;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether numbers are brought to one scale before they are learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Scale {
    /// `(value - mean) / standard deviation`, over the training rows; the numbers to predict too.
    Standard,
    /// `(value - median) / (upper quartile - lower quartile)`, then a smooth clip to -3..3 (see
    /// [`Robust`](crate::table::Robust)): few far values do not count.
    Robust,
    /// As they are.
    None,
}

impl Scale {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Robust, Self::None];

    /// The name: `standard`, `robust` or `none`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Robust => "robust",
            Self::None => "none",
        }
    }

    /// Whether mean and standard deviation are taken out, of the answers too.
    #[must_use]
    pub fn standardises(self) -> bool {
        match self {
            Self::Standard | Self::Robust => true,
            Self::None => false,
        }
    }

    /// Whether the inputs get a robust scale and a smooth clip.
    #[must_use]
    pub fn is_robust(self) -> bool {
        match self {
            Self::Robust => true,
            Self::Standard | Self::None => false,
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Scale {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("scale", name, &Self::ALL, |scale| scale.name())
    }
}
