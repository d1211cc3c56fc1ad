//! Steps booked, epochs ended: what is measured and remembered, and whether the run goes on.

use super::{Epoch, Event, StopReason, Trainer, place_in_epoch};
use crate::lbfgs::Lbfgs;
use crate::real::Real;
use crate::schedule::Schedule;
use crate::settings::Watch;

/// With the schedule adaptive a run ends when its step size is at most this (scikit-learn's number).
const LEAST_STEP_SIZE: f64 = 1e-6;

impl<R: Real> Trainer<R> {
    /// Books the steps just taken: the loss of the epoch, its end, the run's end.
    pub(super) fn after_steps(&mut self, known: usize) -> Event {
        let (first, n, losses) = (self.state.step, self.data.len(), &self.losses[known..]);
        self.state.step += losses.len() as u64;
        let bad = losses.iter().position(|loss| !loss.is_finite());
        if bad.is_some() || !self.state.params.is_finite() {
            self.diverged = Some(first + bad.unwrap_or(losses.len()) as u64);
            return Event::Steps;
        }
        if losses.is_empty() || !self.ends_epochs() {
            return Event::Steps;
        }
        let size = self.settings.batch_size.unwrap_or(n);
        for (step, loss) in (first..).zip(losses) {
            let begin = place_in_epoch(step, n, size) * size;
            self.state.epoch_loss += loss
                * match self.order.get(begin..n.min(begin + size)) {
                    Some(rows) => self.data.weight_of(rows),
                    // All rows at once have no order.
                    None => self.data.answers().total(),
                };
        }
        if self.state.step.is_multiple_of(self.steps_per_epoch()) { self.end_epoch() } else { Event::Steps }
    }

    /// Ends an epoch: measures it, and stops the run if it has lost its patience.
    pub(super) fn end_epoch(&mut self) -> Event {
        let loss = self.state.epoch_loss / self.data.answers().total();
        self.state.epoch_loss = 0.0;
        let validation = self.validation.as_ref().map(|rows| self.evaluate(rows));
        let watched = validation.map_or(loss, |validation| match self.settings.watch {
            Watch::Loss => validation.loss,
            Watch::Score => -validation.score,
        });
        let is_last_best = validation.is_some() && self.settings.watch == Watch::Score;
        let state = &mut self.state;
        let tolerance = self.settings.stops_early().map_or(0.0, |patience| patience.tolerance);
        let improved = watched < state.best_loss - tolerance;
        state.not_better = if improved { 0 } else { state.not_better + 1 };
        if watched < state.best_loss || (is_last_best && watched == state.best_loss) {
            state.best_loss = watched;
            if validation.is_some() {
                state.best = Some(state.params.clone());
            }
        }
        if let Some(patience) = self.settings.stops_early()
            && self.settings.schedule == Schedule::Adaptive
            && self.state.not_better > patience.patience
            && self.state.optimiser.step_size > LEAST_STEP_SIZE
        {
            self.state.optimiser.step_size /= 5.0;
            self.state.not_better = 0;
        }
        let epoch = self.state.step / self.steps_per_epoch();
        Event::Epoch(Epoch { epoch, loss, validation, improved })
    }

    /// Whether the run is over, and why: decided by the state alone, so that a resumed run agrees.
    pub(super) fn stop_reason(&self) -> Option<StopReason> {
        if let Some(step) = self.diverged {
            return Some(StopReason::Diverged { step });
        }
        if self.settings.stops_early().is_some_and(|patience| self.state.not_better > patience.patience) {
            let watched = self.validation.is_some();
            return Some(if watched { StopReason::EarlyStopped } else { StopReason::Converged });
        }
        if self.state.lbfgs.as_ref().is_some_and(Lbfgs::is_over) {
            return Some(StopReason::Converged);
        }
        (self.state.step >= self.total_steps()).then_some(StopReason::Finished)
    }

    /// Whether no step is left to take.
    pub(crate) fn is_over(&self) -> bool {
        self.stop_reason().is_some()
    }

    /// Whether the loss or a weight became NaN or infinite: from there nothing goes on.
    pub(crate) fn has_diverged(&self) -> bool {
        self.diverged.is_some()
    }

    /// Ends the run; if a validation share was watched, the weights of its best epoch are the run's.  A scale of the
    /// inputs has done its work: the first weights take it in.
    pub(super) fn stop(&mut self, reason: StopReason) -> Event {
        if let Some(best) = self.state.best.take() {
            self.state.params = best;
        }
        self.state.params = self.state.params.folded();
        Event::Stopped(reason)
    }

    /// Whether the end of an epoch is an event: there are rows to shuffle, or a decision to make.
    pub(super) fn ends_epochs(&self) -> bool {
        self.settings.batch_size.is_some()
            || self.settings.stops_early().is_some()
            || self.validation.is_some()
    }
}
