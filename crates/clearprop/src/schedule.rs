//! Schedules: how the step size changes during a run.
//!
//! Update t of T (counted from 0) goes `step_size * factor(t)` far:
//!
//! ```text
//! constant      1
//! inv-scaling   1 / (1 + s)^power,    s the rows seen in the epochs before; power usually 0.5
//! adaptive      1, divided by 5 each time that the run's patience is over, until it is below 1e-6 of a step
//! cosine        (1 + cos(pi t/T)) / 2: from 1 to 0
//! coslog4       (1 - cos(2 pi log2(1 + 15 t/T))) / 2: from 0 to 0 in four waves, each twice as long as the one before
//! ```
//!
//! Sources: scikit-learn's `learning_rate` (the first three); Loshchilov and Hutter, *SGDR: Stochastic gradient
//! descent with warm restarts*, 2017; Holzmüller, Grinsztajn and Steinwart, *Better by default*, 2024 (coslog4).

use crate::activation::{by_name, name_and_parameter, no_parameter, written};
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::fmt;

/// How the step size changes.
///
/// Written as a name, with a parameter behind a colon where it is not the usual one: `inv-scaling:0.3`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Schedule {
    /// It does not.
    Constant,
    /// It falls with a power of the rows seen.
    InvScaling {
        /// The power, usually 0.5.
        power: f64,
    },
    /// It falls where the loss no longer does, and the run ends when it is below 1e-6.
    Adaptive,
    /// It falls to 0 at the end of the run, along half a cosine.
    Cosine,
    /// It rises and falls four times, each time for twice as long.
    Coslog4,
}

/// Where an update stands in its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The updates of the whole run; 0 if nobody knows.
    pub total: u64,
    /// The updates of an epoch.
    pub epoch: u64,
    /// The rows of an epoch.
    pub rows: u64,
}

impl Schedule {
    /// All of them, with their usual parameter.
    pub const ALL: [Self; 5] =
        [Self::Constant, Self::InvScaling { power: 0.5 }, Self::Adaptive, Self::Cosine, Self::Coslog4];

    /// The name without a parameter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::InvScaling { .. } => "inv-scaling",
            Self::Adaptive => "adaptive",
            Self::Cosine => "cosine",
            Self::Coslog4 => "coslog4",
        }
    }

    /// What the step size is multiplied by at update `t`, counted from 0.
    ///
    /// ```
    /// use clearprop::schedule::{Place, Schedule};
    /// let run = Place { total: 100, epoch: 10, rows: 320 };
    /// assert_eq!(Schedule::Cosine.factor(50, run), 0.5);
    /// assert!((Schedule::InvScaling { power: 0.5 }.factor(10, run) - 321.0_f64.powf(-0.5)).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn factor(self, t: u64, run: Place) -> f64 {
        let share = if run.total == 0 { 0.0 } else { (t as f64 / run.total as f64).min(1.0) };
        match self {
            Self::Constant | Self::Adaptive => 1.0,
            Self::InvScaling { power } => {
                let epochs = t.checked_div(run.epoch).unwrap_or(0);
                (1.0 + epochs as f64 * run.rows as f64).powf(-power)
            }
            Self::Cosine => 0.5 * (1.0 + (PI * share).cos()),
            Self::Coslog4 => 0.5 * (1.0 - (2.0 * PI * (1.0 + 15.0 * share).log2()).cos()),
        }
    }

    /// Whether it must be known how long the run is.
    #[must_use]
    pub fn needs_end(self) -> bool {
        match self {
            Self::Constant | Self::InvScaling { .. } | Self::Adaptive => false,
            Self::Cosine | Self::Coslog4 => true,
        }
    }

    fn parameter(self) -> Option<(f64, f64)> {
        match self {
            Self::InvScaling { power } => Some((power, 0.5)),
            Self::Constant | Self::Adaptive | Self::Cosine | Self::Coslog4 => None,
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written(f, self.name(), self.parameter())
    }
}

impl std::str::FromStr for Schedule {
    type Err = Error;

    /// # Errors
    /// An unknown name, a parameter where there is none, or a power that is negative or not finite.
    fn from_str(text: &str) -> Result<Self> {
        let (name, value) = name_and_parameter("schedule", text)?;
        let kind = by_name("schedule", name, &Self::ALL, |one| one.name())?;
        match (kind, value) {
            (kind, None) => Ok(kind),
            (Self::InvScaling { .. }, Some(power)) if power >= 0.0 && power.is_finite() => {
                Ok(Self::InvScaling { power })
            }
            (Self::InvScaling { .. }, Some(power)) => {
                Err(Error::new(ErrorKind::Setting, format!("the power of inv-scaling is {power}"))
                    .hint("give a number from 0 up, like 0.5"))
            }
            (Self::Constant | Self::Adaptive | Self::Cosine | Self::Coslog4, Some(_)) => {
                Err(no_parameter("schedule", text, name))
            }
        }
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.to_string()
    }
}

impl TryFrom<String> for Schedule {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coslog4_has_four_waves_that_double() {
        let run = Place { total: 15_000, ..Place::default() };
        // log2(1 + 15 t) is whole at t = 0, 1/15, 3/15, 7/15, 1: there it is 0; halfway in log it is 1.
        for zero in [0, 1000, 3000, 7000, 15_000] {
            assert!(Schedule::Coslog4.factor(zero, run).abs() < 1e-12);
        }
        let waves = (1..15_000).filter(|&t| {
            let at = |t| Schedule::Coslog4.factor(t, run);
            at(t) > at(t - 1) && at(t) >= at(t + 1)
        });
        assert_eq!(waves.count(), 4);
    }

    #[test]
    fn a_text_reads_as_what_it_says() {
        for schedule in Schedule::ALL.into_iter().chain([Schedule::InvScaling { power: 0.3 }]) {
            assert_eq!(schedule.to_string().parse::<Schedule>().ok(), Some(schedule));
        }
        for text in ["cosine:2", "inv-scaling:-1", "linear", "inv-scaling:x"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
