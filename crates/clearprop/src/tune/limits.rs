//! How long a search goes on.

use crate::error::Result;
use crate::settings::{Choices, Owner, Range, Setting};

/// The minutes of a search if nobody says how long it goes on.
const MINUTES: f64 = 5.0;
/// The folds that trials are judged by if nobody says so.
const FOLDS: usize = 5;

const TRIALS: Setting = Setting {
    key: "trials",
    owner: Owner::Training,
    range: Range::Between(1, 100_000),
    help: "The most trials of a search",
};

/// When a search is over: after so many trials or minutes, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most trials.
    pub trials: Option<usize>,
    /// The most minutes; without them all trials are done.
    pub minutes: Option<f64>,
}

impl Limits {
    /// Takes from the choices what is the search's: the minutes, which are those of all trials together (5 if neither they nor
    /// the trials are chosen).  The folds become 5 if nobody chose them.
    ///
    /// # Errors
    /// `trials` is no whole number from 1 to 100,000.
    pub fn of(choices: &mut Choices, trials: Option<&str>) -> Result<Self> {
        let trials = trials.map(|text| TRIALS.whole(text)).transpose()?;
        choices.folds.get_or_insert(FOLDS);
        Ok(Self {
            trials: trials.and_then(|trials| usize::try_from(trials).ok()),
            minutes: choices.minutes.take().or(trials.is_none().then_some(MINUTES)),
        })
    }

    /// Whether the time is over after so many seconds.
    #[must_use]
    pub fn is_over(&self, seconds: f64) -> bool {
        self.minutes.is_some_and(|minutes| seconds >= 60.0 * minutes)
    }
}
