//! Recipes: settings that go together, how long they take, and what tells the best epoch.

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

/// How long the recipe of tables trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// A first look: one network, few epochs.
    Quick,
    /// As long as pays: the mean of four networks; the more rows, the fewer epochs, and then the fewer networks.
    Standard,
    /// The mean of six of the most epochs, however long that takes.
    Best,
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

/// Rows of a batch of the recipe of tables.
pub(super) const BATCH: usize = 256;

/// Networks whose mean the model is, and the epochs of each.  Four of 64 epochs err less than one of the published 256, in the
/// same time (`bench/tables`).
const MEMBERS: usize = 4;
const BEST_MEMBERS: usize = 6;
/// Training rows, times parameters, times epochs: what one of them takes, between these epochs: it is updates that a network
/// needs, and an epoch of many rows has many,
const WORK: f64 = 3e10;
const EPOCHS: [f64; 2] = [24.0, 64.0];
const QUICK_EPOCHS: f64 = 24.0;
/// and what all of them take at most, about a minute of two cores, if that is more than so many epochs.
const MOST_WORK: f64 = 9e11;
const LEAST_EPOCHS: f64 = 8.0;
/// The parameters of its network for a table of some tens of inputs.
pub(super) const USUAL_PARAMETERS: usize = 150_000;

impl Recipe {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Tabular];

    /// The fewest rows for which three layers are better than one, on the tables of `bench/tables`.
    pub const LEAST_ROWS: usize = 500;

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tabular => "tabular",
        }
    }
}

impl Effort {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Standard, Self::Best];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Best => "best",
        }
    }

    /// How many networks, and how many epochs each, for so many training rows and a network of so many parameters.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 64")]
    pub fn plan(self, rows: usize, parameters: usize) -> (usize, u64) {
        let epoch = (rows as f64 * parameters as f64).max(1.0);
        let most = (MOST_WORK / epoch).max(LEAST_EPOCHS);
        let one = (WORK / epoch).clamp(EPOCHS[0], EPOCHS[1]).min(most);
        match self {
            Self::Best => (BEST_MEMBERS, EPOCHS[1] as u64),
            Self::Standard => (((most / one) as usize).clamp(1, MEMBERS), one as u64),
            Self::Quick => (1, one.min(QUICK_EPOCHS) as u64),
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

/// Small tables need many updates, large ones long batches.
#[must_use]
pub fn usual_batch(rows: usize) -> usize {
    (rows / 50).clamp(32, 1024)
}

impl std::str::FromStr for Recipe {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("recipe", name, &Self::ALL, |one| one.name())
    }
}

impl std::str::FromStr for Effort {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("effort", name, &Self::ALL, |one| one.name())
    }
}

impl std::str::FromStr for Watch {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("watch", name, &Self::ALL, |one| one.name())
    }
}
