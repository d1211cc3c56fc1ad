//! What several settings mean together, and which contradict each other.

use super::Settings;
use super::setting::Value;
use crate::activation::Activation;
use crate::error::{Error, ErrorKind, Result};
use crate::init::Init;
use crate::loss::Loss;
use crate::network::{Network, Penalty};
use crate::optim::{Rule, Shares, Solver};
use crate::schedule::Schedule;

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many updates.
    Steps(u64),
    /// So many passes over the training rows.
    Epochs(u64),
}

/// When a run ends before its length: once the loss has not fallen by more than `tolerance` below its
/// lowest for more than `patience` epochs in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// By how much an epoch must be better.
    pub tolerance: f64,
    /// How many epochs in a row may fail to be.
    pub patience: u64,
}

impl Settings {
    /// Arrays are taken as they are: full batches, nothing standardised, no early end.
    #[must_use]
    pub fn arrays() -> Self {
        Self { init: Init::He, ..Self::notebook() }
    }

    /// The solver's rule with its numbers; lbfgs follows none, and keeps no moments, as gd.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self.solver {
            Solver::Gd | Solver::Lbfgs => Rule::Gd,
            Solver::Sgd => {
                Rule::Sgd { momentum: self.momentum.unwrap_or(0.9), nesterov: self.nesterov.unwrap_or(true) }
            }
            Solver::Adam => Rule::Adam {
                beta1: self.beta1.unwrap_or(0.9),
                beta2: self.beta2.unwrap_or(0.999),
                epsilon: self.epsilon.unwrap_or(1e-8),
                epsilon_hat: false,
            },
        }
    }

    /// The L2 penalty.
    #[must_use]
    pub fn penalty(&self) -> Penalty {
        Penalty { reg: self.reg, over: self.penalize }
    }

    /// A network of these settings, `inputs` to `outputs`.
    ///
    /// # Errors
    /// Those of [`Network::new`].
    pub fn network(&self, inputs: usize, outputs: usize, loss: Loss) -> Result<Network> {
        let sizes = [&[inputs], self.hidden.as_slice(), &[outputs]].concat();
        let first = self.activation.first().copied().unwrap_or(Activation::Identity);
        let network = Network::new(&sizes, first, loss, self.penalty())?;
        match self.activation.as_slice() {
            [_] => Ok(network),
            each => network.with_activations(each).map_err(|error| error.setting("activation")),
        }
    }

    /// Whether `network` is one of these settings.
    ///
    /// # Errors
    /// It has other hidden layers, another activation, loss or penalty.
    pub fn fit(&self, network: &Network) -> Result<()> {
        let own = self.network(network.inputs(), network.outputs(), self.loss.unwrap_or(network.loss))?;
        let differs = |key, found: String, own: String| {
            Err(Error::new(ErrorKind::Setting, format!("{own} is set, the network has {found}"))
                .setting(key)
                .hint("settings and network must be of one run"))
        };
        match (&own, network) {
            (own, other) if own.sizes != other.sizes => {
                differs("hidden", format!("layers {:?}", other.sizes), format!("{:?}", self.hidden))
            }
            (own, other) if own.activations != other.activations => {
                differs("activation", other.activation_text(), self.activation.text())
            }
            (own, other) if own.loss != other.loss => {
                differs("loss", other.loss.to_string(), own.loss.to_string())
            }
            (own, other) if own.penalty.reg != other.penalty.reg => {
                differs("reg", other.penalty.reg.to_string(), own.penalty.reg.to_string())
            }
            (own, other) if own.penalty.over != other.penalty.over => {
                differs("penalize", other.penalty.over.name().into(), own.penalty.over.name().into())
            }
            _ => Ok(()),
        }
    }

    /// The network with the loss that steps make small: that of smoothed labels, if they are.
    pub(crate) fn smoothed(&self, network: &Network) -> Result<Network> {
        let loss = match (self.label_smoothing, network.loss) {
            (None, loss) => loss,
            (Some(smoothing), Loss::Softmax) => Loss::SmoothedSoftmax { smoothing },
            (Some(_), loss) => {
                let found = format!("has no meaning with the {loss} loss");
                return Err(Error::new(ErrorKind::Setting, found)
                    .setting("label_smoothing")
                    .hint("it goes with softmax"));
            }
        };
        Ok(Network { loss, ..network.clone() })
    }

    /// How long to go on; without a number of steps or epochs, until somebody says stop.
    #[must_use]
    pub fn length(&self) -> Length {
        match (self.steps, self.epochs) {
            (Some(steps), _) => Length::Steps(steps),
            (None, Some(epochs)) => Length::Epochs(epochs),
            (None, None) => Length::Steps(u64::MAX),
        }
    }

    /// When to end early; `None` never.
    #[must_use]
    pub fn stops_early(&self) -> Option<Patience> {
        Some(Patience { tolerance: self.tolerance?, patience: self.patience? })
    }

    /// Whether every setting is inside its range, and none contradicts another.
    ///
    /// # Errors
    /// The first that is not, with its key.
    pub fn check(&self) -> Result<()> {
        self.in_range()?;
        if self.steps.is_some() && self.epochs.is_some() {
            return Err(Error::new(ErrorKind::Setting, "given together with `epochs`")
                .setting("steps")
                .hint("the length of a run is either in steps or in epochs"));
        }
        if self.folds.is_some() && self.ensemble.is_some() {
            return Err(Error::new(ErrorKind::Setting, "given together with `folds`")
                .setting("ensemble")
                .hint("the members of folds are an ensemble"));
        }
        if self.solver == Solver::Lbfgs && (self.front_scale || self.step_shares != Shares::Equal) {
            let key = if self.front_scale { "front_scale" } else { "step_shares" };
            return Err(Error::new(ErrorKind::Setting, "has no meaning with the solver lbfgs")
                .setting(key)
                .hint("it goes with gd, sgd and adam"));
        }
        let schedule = |found: String, hint: &str| {
            Err(Error::new(ErrorKind::Setting, found).setting("schedule").hint(hint))
        };
        if self.schedule.needs_end() && self.steps.is_none() && self.epochs.is_none() {
            let found = format!("{} of a run without an end", self.schedule);
            return schedule(found, "give `steps` or `epochs`");
        }
        if self.schedule == Schedule::Adaptive && self.stops_early().is_none() {
            let found = "adaptive waits for a loss that no longer falls, and there is no patience".to_owned();
            return schedule(found, "give `patience`");
        }
        if self.schedule != Schedule::Constant && self.solver == Solver::Lbfgs {
            return schedule(
                format!("{} beside lbfgs, which searches along a line", self.schedule),
                "leave it out",
            );
        }
        Ok(())
    }
}
