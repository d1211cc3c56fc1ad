//! What kind of loss each is: its name and parameter, the answers it takes, what its outputs are, its kinks, its kernel.

use super::Loss;
use super::terms::over_margins;
use crate::activation::{by_name, name_and_parameter, no_parameter, written};
use crate::error::{Error, ErrorKind, Result};
use crate::real::Real;
use crate::target::{Target, TargetKind};
use ndarray::Array2;
use std::fmt;

impl Loss {
    /// One of each kind, with its usual parameter.
    pub const ALL: [Self; 9] = [
        Self::Softmax,
        Self::SmoothedSoftmax { smoothing: 0.1 },
        Self::Logistic,
        Self::Squared,
        Self::Poisson,
        Self::Absolute,
        Self::Huber { delta: 1.0 },
        Self::Hinge,
        Self::SquaredHinge,
    ];

    /// The name without a parameter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::SmoothedSoftmax { .. } => "smoothed-softmax",
            Self::Logistic => "logistic",
            Self::Squared => "squared",
            Self::Poisson => "poisson",
            Self::Absolute => "absolute",
            Self::Huber { .. } => "huber",
            Self::Hinge => "hinge",
            Self::SquaredHinge => "squared-hinge",
        }
    }

    /// What kind of right answers it compares with.
    #[must_use]
    pub fn takes(self) -> TargetKind {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } => TargetKind::Classes,
            Self::Hinge | Self::SquaredHinge => TargetKind::Classes,
            Self::Logistic => TargetKind::Labels,
            Self::Poisson => TargetKind::Counts,
            Self::Squared | Self::Absolute | Self::Huber { .. } => TargetKind::Numbers,
        }
    }

    /// Whether the outputs are the logits themselves.
    #[must_use]
    pub fn outputs_are_logits(self) -> bool {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } | Self::Logistic | Self::Poisson => false,
            Self::Squared | Self::Absolute | Self::Huber { .. } => true,
            Self::Hinge | Self::SquaredHinge => true,
        }
    }

    /// Logits (n, k) of which these are the `outputs`: a probability or a count too small for the precision counts as
    /// the smallest that it has.
    #[must_use]
    pub fn logits<R: Real>(self, outputs: &Array2<R>) -> Array2<R> {
        let log = |value: R| value.max(R::min_positive_value()).ln();
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } | Self::Poisson => outputs.mapv(log),
            Self::Logistic => outputs.mapv(|p| log(p) - log(R::one() - p)),
            Self::Squared | Self::Absolute | Self::Huber { .. } => outputs.clone(),
            Self::Hinge | Self::SquaredHinge => outputs.clone(),
        }
    }

    /// On which side of each of its kinks (where the slope jumps or bends) the loss is; empty if it has none.
    ///
    /// # Panics
    /// As [`Self::row_losses`].
    #[must_use]
    pub fn sides_of_kinks<R: Real>(self, logits: &Array2<R>, y: &Target<R>) -> Vec<bool> {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } => Vec::new(),
            Self::Logistic | Self::Squared | Self::Poisson => Vec::new(),
            Self::Absolute => (logits - y.values()).iter().map(|&distance| distance > R::zero()).collect(),
            Self::Huber { delta } => {
                let delta = R::of(delta);
                (logits - y.values())
                    .iter()
                    .flat_map(|&distance| [distance > delta, distance < -delta])
                    .collect()
            }
            Self::Hinge | Self::SquaredHinge => {
                over_margins(logits, y).iter().map(|&over| over > R::zero()).collect()
            }
        }
    }

    /// Its parameter, and the usual value of it.
    pub(super) fn parameter(self) -> Option<(f64, f64)> {
        match self {
            Self::Huber { delta } => Some((delta, 1.0)),
            Self::SmoothedSoftmax { smoothing } => Some((smoothing, 0.1)),
            Self::Softmax | Self::Logistic | Self::Squared | Self::Poisson | Self::Absolute => None,
            Self::Hinge | Self::SquaredHinge => None,
        }
    }

    /// The same kind with another parameter.
    fn with(self, value: f64) -> Self {
        match self {
            Self::Huber { .. } => Self::Huber { delta: value },
            Self::SmoothedSoftmax { .. } => Self::SmoothedSoftmax { smoothing: value },
            Self::Softmax | Self::Logistic | Self::Squared | Self::Poisson | Self::Absolute => self,
            Self::Hinge | Self::SquaredHinge => self,
        }
    }

    /// Whether the parameter is one that the loss can have.
    ///
    /// # Errors
    /// A delta that is not above 0 or not finite, a smoothing outside 0..1.
    pub fn check(self) -> Result<()> {
        match self {
            Self::Huber { delta } if !(delta > 0.0 && delta.is_finite()) => {
                Err(Error::new(ErrorKind::Setting, format!("the delta of huber is {delta}"))
                    .hint("give a number above 0, like 1"))
            }
            Self::SmoothedSoftmax { smoothing } if !(0.0..1.0).contains(&smoothing) => Err(Error::new(
                ErrorKind::Setting,
                format!("the smoothing of smoothed-softmax is {smoothing}"),
            )
            .hint("give a share from 0 up to but not including 1, like 0.1")),
            Self::Softmax | Self::SmoothedSoftmax { .. } => Ok(()),
            Self::Logistic | Self::Squared | Self::Poisson => Ok(()),
            Self::Absolute | Self::Huber { .. } | Self::Hinge | Self::SquaredHinge => Ok(()),
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
