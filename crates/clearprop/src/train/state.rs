//! Where a run stands, and what happens on the way.

use crate::error::{Error, ErrorKind, Result};
use crate::evaluate::Evaluation;
use crate::lbfgs::Lbfgs;
use crate::network::Network;
use crate::optim::{Optimiser, Solver};
use crate::params::Params;
use crate::real::Real;
use crate::schedule::Schedule;
use crate::settings::Settings;
use serde::{Deserialize, Serialize};

/// What happened, when [`Trainer::advance`](super::Trainer::advance) comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// Some steps were taken: [`Trainer::losses`](super::Trainer::losses) holds their losses.  A moment to draw, save or stop.
    Steps,
    /// All training rows were used once more, and more than one step or a decision hangs on it.
    Epoch(Epoch),
    /// So many members of several are done, and the next one begins; only [`Fit`](crate::fit::Fit) has members.
    Member(usize),
    /// The run is over, and the weights are final.
    Stopped(StopReason),
}

/// One pass over the training rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Which, counted from 1.
    pub epoch: u64,
    /// The mean of its batches' losses (by their rows' weights), each measured before its update.
    pub loss: f64,
    /// On the validation rows, after the epoch.
    pub validation: Option<Evaluation>,
    /// Whether it was better than every epoch before by more than the tolerance.
    pub improved: bool,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The steps or epochs that were asked for are done.
    Finished,
    /// The training loss no longer falls.
    Converged,
    /// The validation loss no longer falls; the weights of its best epoch are restored.
    EarlyStopped,
    /// The loss or a weight became NaN or infinite at this step.
    Diverged {
        /// The step, counted from 0.
        step: u64,
    },
    /// The observer said so.
    Interrupted,
}

/// All that changes during a run: with the data and settings, enough to go on to the same bits.
#[derive(Clone, Debug, PartialEq)]
pub struct State<R> {
    /// The updates done.
    pub step: u64,
    /// The weights now.
    pub params: Params<R>,
    /// The optimiser with its moments.
    pub optimiser: Optimiser<R>,
    /// Sum over the rows of the epoch so far of weight times their batch's loss.
    pub epoch_loss: f64,
    /// The lowest loss of an epoch so far; where the score is watched, minus the highest.
    pub best_loss: f64,
    /// How many epochs in a row were not better.
    pub not_better: u64,
    /// The weights of the best epoch, if a validation share is watched.
    pub best: Option<Params<R>>,
    /// What the solver lbfgs knows of its last steps; `None` with another solver.
    pub lbfgs: Option<Lbfgs<R>>,
}

impl<R: Real> State<R> {
    /// Whether a run of this network and these settings can stand here.
    pub(super) fn check(&self, network: &Network, settings: &Settings) -> Result<()> {
        let wrong = |found: String| {
            Err(Error::new(ErrorKind::Setting, found).hint("go on with the settings that the run began with"))
        };
        let Optimiser { rule, step_size, moments, .. } = &self.optimiser;
        if *rule != settings.rule() {
            return wrong(format!("the run was made with {rule:?}, the settings say {:?}", settings.rule()));
        }
        // The schedule adaptive has divided it.
        if *step_size != settings.step_size && settings.schedule != Schedule::Adaptive {
            let found =
                format!("the run's step size is {step_size}, the settings say {}", settings.step_size);
            return wrong(found);
        }
        if moments.len() != rule.moments() {
            let found = format!("{} moments, {rule:?} keeps {}", moments.len(), rule.moments());
            return wrong(found);
        }
        if self.lbfgs.is_some() != (settings.solver == Solver::Lbfgs) {
            return wrong(format!("the run was made with another solver than {}", settings.solver.name()));
        }
        let pairs = self.lbfgs.iter().flat_map(|lbfgs| lbfgs.pairs().iter().flatten());
        for part in moments.iter().chain(&self.best).chain(pairs) {
            let is_shaped = part.s().is_some() == self.params.s().is_some();
            if part.sizes() != network.sizes || !is_shaped {
                let (found, needed) = (part.sizes(), &network.sizes);
                return wrong(format!("moments of layers {found:?}, the network has {needed:?}"));
            }
            if !part.is_finite() {
                return wrong("the run's moments hold NaN or infinity".into());
            }
        }
        Ok(())
    }
}
