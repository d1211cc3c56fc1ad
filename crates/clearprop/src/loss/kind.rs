//! What kind of loss each is: its name and parameter, the answers it takes, its kinks, its kernel.

use super::Loss;
use crate::activation::{by_name, name_and_parameter, no_parameter, written};
use crate::error::{Error, ErrorKind, Result};
use crate::real::Real;
use crate::target::{Target, TargetKind};
use ndarray::Array2;
use std::fmt;

impl Loss {
    /// One of each kind, with its usual parameter.
    pub const ALL: [Self; 6] = [
        Self::Softmax,
        Self::Logistic,
        Self::Squared,
        Self::Poisson,
        Self::Absolute,
        Self::Huber { delta: 1.0 },
    ];

    /// The name without a parameter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Logistic => "logistic",
            Self::Squared => "squared",
            Self::Poisson => "poisson",
            Self::Absolute => "absolute",
            Self::Huber { .. } => "huber",
        }
    }

    /// What kind of right answers it compares with.
    #[must_use]
    pub fn takes(self) -> TargetKind {
        match self {
            Self::Softmax => TargetKind::Classes,
            Self::Logistic => TargetKind::Labels,
            Self::Poisson => TargetKind::Counts,
            Self::Squared | Self::Absolute | Self::Huber { .. } => TargetKind::Numbers,
        }
    }

    /// Whether the outputs are the logits themselves.
    #[must_use]
    pub fn outputs_are_logits(self) -> bool {
        match self {
            Self::Softmax | Self::Logistic | Self::Poisson => false,
            Self::Squared | Self::Absolute | Self::Huber { .. } => true,
        }
    }

    /// On which side of each of its kinks (where the slope jumps or bends) the loss is; empty if it has none.
    ///
    /// # Panics
    /// As [`Self::row_losses`].
    #[must_use]
    pub fn sides_of_kinks<R: Real>(self, logits: &Array2<R>, y: &Target<R>) -> Vec<bool> {
        match self {
            Self::Softmax | Self::Logistic | Self::Squared | Self::Poisson => Vec::new(),
            Self::Absolute => (logits - y.values()).iter().map(|&distance| distance > R::zero()).collect(),
            Self::Huber { delta } => {
                let delta = R::of(delta);
                (logits - y.values())
                    .iter()
                    .flat_map(|&distance| [distance > delta, distance < -delta])
                    .collect()
            }
        }
    }

    /// Whether the fast engine has a kernel for it; a network with another one runs on the plain engine.
    #[must_use]
    pub fn has_kernel(self) -> bool {
        match self {
            Self::Softmax | Self::Logistic | Self::Squared => true,
            Self::Poisson | Self::Absolute | Self::Huber { .. } => true,
        }
    }

    /// Its parameter, and the usual value of it.
    pub(super) fn parameter(self) -> Option<(f64, f64)> {
        match self {
            Self::Huber { delta } => Some((delta, 1.0)),
            Self::Softmax | Self::Logistic | Self::Squared | Self::Poisson | Self::Absolute => None,
        }
    }

    /// The same kind with another parameter.
    fn with(self, value: f64) -> Self {
        match self {
            Self::Huber { .. } => Self::Huber { delta: value },
            Self::Softmax | Self::Logistic | Self::Squared | Self::Poisson | Self::Absolute => self,
        }
    }

    /// Whether the parameter is one that the loss can have.
    ///
    /// # Errors
    /// A delta that is not above 0, or not finite.
    pub fn check(self) -> Result<()> {
        match self {
            Self::Huber { delta } if !(delta > 0.0 && delta.is_finite()) => {
                Err(Error::new(ErrorKind::Setting, format!("the delta of huber is {delta}"))
                    .hint("give a number above 0, like 1"))
            }
            Self::Softmax | Self::Logistic | Self::Squared | Self::Poisson => Ok(()),
            Self::Absolute | Self::Huber { .. } => Ok(()),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written(f, self.name(), self.parameter())
    }
}

impl std::str::FromStr for Loss {
    type Err = Error;

    /// # Errors
    /// An unknown name, with the near one if there is one; a parameter where there is none, or one that
    /// [`Loss::check`] refuses.
    fn from_str(text: &str) -> Result<Self> {
        let (name, value) = name_and_parameter("loss", text)?;
        let kind = by_name("loss", name, &Self::ALL, |l| l.name())?;
        if value.is_some() && kind.parameter().is_none() {
            return Err(no_parameter("loss", text, name));
        }
        let found = value.map_or(kind, |value| kind.with(value));
        found.check().map(|()| found)
    }
}

impl From<Loss> for String {
    fn from(loss: Loss) -> Self {
        loss.to_string()
    }
}

impl TryFrom<String> for Loss {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}
