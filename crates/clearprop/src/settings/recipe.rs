//! Recipes: settings that go together, and what tells the best epoch.

use crate::activation::by_name;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Settings of a table that go together; each of them can be chosen otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recipe {
    /// One hidden layer of rectifiers, adam with equal steps, an early end.
    Plain,
    /// RealMLP-TD-S of Holzmüller, Grinsztajn and Steinwart, *Better by default: strong pre-tuned MLPs and boosted trees
    /// on tabular data*, 2024: three layers of 256 units behind a learnt scale of the inputs; SELU and smoothed labels
    /// for classes, Mish for numbers; adam (0.9, 0.95) in the NTK parametrisation, a step size in four waves (coslog4),
    /// 256 epochs, of which the last best on the validation rows is kept.
    Tabular,
}

/// What tells the best epoch on the validation rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Watch {
    /// The lowest loss; the first of equal ones.
    Loss,
    /// The highest score (accuracy, R2); the last of equal ones.
    Score,
}

impl Recipe {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Tabular];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tabular => "tabular",
        }
    }
}

impl Watch {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Loss, Self::Score];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Score => "score",
        }
    }
}

impl std::str::FromStr for Recipe {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("recipe", name, &Self::ALL, |one| one.name())
    }
}

impl std::str::FromStr for Watch {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("watch", name, &Self::ALL, |one| one.name())
    }
}
