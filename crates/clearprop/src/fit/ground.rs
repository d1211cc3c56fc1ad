//! What a search needs of a run with folds: a member under other settings, and a run of the members that it keeps.

use super::history::History;
use super::members::{Done, Members, cooled};
use super::rows::MemberRows;
use super::{Fit, computed, weighted};
use crate::decision::Decision;
use crate::engine::Engine;
use crate::error::Result;
use crate::evaluate::{Evaluation, out_of_fold};
use crate::metrics::temperature;
use crate::model::Member;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::settings::Settings;
use crate::target::Target;
use crate::train::{Event, StopReason, Trainer};
use ndarray::Array2;

/// The rows of a run with folds; threads share it.
#[derive(Debug)]
pub(crate) struct Ground<'a, R>(&'a Members<R>);

impl<R> Clone for Ground<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Ground<'_, R> {}

/// A member that is trained: how, how good it is on its fold with probabilities at their best temperature (`None` if it
/// diverged), its course, its weights.
pub(crate) type Trained<R> = (Member, Option<Evaluation>, History, Params<R>);

impl<'a, R: Real> Ground<'a, R> {
    /// Trains a member on all rows but those of a fold; `None` if the caller does not go on to its end.  `at_it` is called
    /// about every 50 ms.
    ///
    /// # Errors
    /// Those of [`Trainer::new`].
    pub(crate) fn train(
        self,
        network: &Network,
        settings: Settings,
        fold: usize,
        (go_on, at_it): (&dyn Fn() -> bool, &dyn Fn()),
    ) -> Result<Option<Trained<R>>> {
        let (data, validation) = self.0.rows_of(fold);
        let data = weighted(&settings, data)?;
        let params = self.0.first_weights(network, &settings, data.x.view());
        let mut trainer = Trainer::new(network.clone(), params, data, validation, settings)?;
        let mut history = History::default();
        let every = if trainer.counts_epochs() { 1 } else { 10 };
        let reason = loop {
            if !go_on() {
                return Ok(None);
            }
            at_it();
            let first = trainer.state().step;
            let event = trainer.advance_while(u64::MAX, go_on);
            if !matches!(event, Event::Stopped(_)) || trainer.state().step > first {
                history.record(&trainer, (0, first), &event, every);
            }
            if let Event::Stopped(reason) = event {
                break reason;
            }
        };
        let diverged = matches!(reason, StopReason::Diverged { .. });
        let found = if diverged { None } else { self.0.judge(fold, &trainer) };
        let found = found.map(|(found, rows)| {
            let logits = trainer.settings().engine.logits(network, trainer.params(), rows.x.view());
            let calibrated = temperature(network.loss, &[logits], &rows.y).map(|found| found.after.log_loss);
            Evaluation { loss: calibrated.unwrap_or(found.loss), ..found }
        });
        let (steps, rows, score) =
            (trainer.state().step, trainer.data().len(), found.map(|found| found.score));
        let member = Member { steps, stop_reason: reason, rows, score };
        Ok(Some((member, found, history, trainer.params().folded())))
    }

    /// What the members of all folds say, each of the rows that it was not trained on, at the temperature that is best for
    /// them, which their weights take in.
    pub(crate) fn outputs(self, engine: Engine, network: &Network, members: &mut [Params<R>]) -> Array2<R> {
        let fold = self.0.fold().unwrap_or_default();
        let logits = out_of_fold(engine, network, (members, fold), self.0.data.x.view());
        let found = temperature(network.loss, std::slice::from_ref(&logits), &self.0.data.y);
        let temperature = R::of(found.map_or(1.0, |found| found.temperature));
        cooled(members, network, temperature);
        network.loss.outputs(&(logits / temperature))
    }

    /// The answers of these rows.
    pub(crate) fn answers(self) -> &'a Target<R> {
        &self.0.data.y
    }

    /// How many rows the smallest training of a member has.
    pub(crate) fn least(self) -> usize {
        self.0.rows.as_ref().map_or(self.0.data.len(), MemberRows::least)
    }
}

impl<R: Real> Fit<R> {
    /// The rows, if the run has folds.
    pub(crate) fn ground(&self) -> Option<Ground<'_, R>> {
        self.members.as_ref().filter(|members| members.fold().is_some()).map(Ground)
    }

    /// A run that has come to these members, one for each fold and then again, of another network or settings.
    ///
    /// # Errors
    /// Those of [`Trainer::new`].
    pub(crate) fn combined(
        mut self,
        (network, settings): (Network, Settings),
        decision: Decision,
        (done, history): (Done<R>, History),
    ) -> Result<Self> {
        let (Some(members), Some(params)) = (&mut self.members, done.params.last().cloned()) else {
            return Ok(self);
        };
        let (data, validation) = self.trainer.into_data();
        self.trainer = Trainer::new(network.clone(), params, data, validation, settings.clone())?;
        (self.plan.network, self.plan.settings) = (network, settings);
        self.plan.decisions.push(decision);
        self.history = history;
        members.become_these(done);
        members.calibrate(computed(&self.plan));
        Ok(self)
    }
}
