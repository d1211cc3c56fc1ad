//! Recipes: settings that go together, and what tells the best epoch.

use super::{Choices, Scale, Settings};
use crate::activation::{Activation, by_name};
use crate::error::{Error, ErrorKind, Result};
use crate::init::Init;
use crate::loss::Loss;
use crate::network::Network;
use crate::optim::{Shares, Solver};
use crate::schedule::Schedule;
use crate::target::TargetKind;
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

    /// Puts its settings over those of a table, as far as they do not depend on the answers.
    pub(crate) fn lay_over(self, settings: &mut Settings) {
        match self {
            Self::Plain => {}
            Self::Tabular => {
                settings.hidden = vec![256; 3];
                settings.reg = 0.0;
                settings.init = Init::Ntk;
                settings.scale = Scale::Robust;
                settings.front_scale = true;
                settings.solver = Solver::Adam;
                settings.schedule = Schedule::Coslog4;
                settings.step_shares = Shares::Ntk;
                settings.beta2 = Some(0.95);
                (settings.steps, settings.epochs) = (None, Some(256));
                settings.batch_size = Some(256);
                (settings.tolerance, settings.patience) = (None, None);
                settings.validation_size = 0.2;
                settings.watch = Watch::Score;
            }
        }
        settings.recipe = self;
    }

    /// Puts those over that depend on the loss, which the answers have decided, where nobody chose.
    pub(crate) fn lay_over_for(self, settings: &mut Settings, choices: &Choices, loss: Loss) {
        match self {
            Self::Plain => {}
            Self::Tabular => {
                let of_classes = match loss.takes() {
                    TargetKind::Classes | TargetKind::Labels => true,
                    TargetKind::Counts | TargetKind::Numbers => false,
                };
                if choices.activation.is_none() {
                    settings.activation = vec![if of_classes { Activation::Selu } else { Activation::Mish }];
                }
                if choices.step_size.is_none() {
                    settings.step_size = if of_classes { 0.04 } else { 0.07 };
                }
                if choices.label_smoothing.is_none() && loss == Loss::Softmax {
                    settings.label_smoothing = Some(0.1);
                }
            }
        }
    }
}

impl Settings {
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
