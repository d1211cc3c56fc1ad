//! The course of a run: losses and scores by step or by epoch.

use crate::evaluate::Evaluation;
use crate::real::Real;
use crate::train::{Event, Trainer};

/// The course of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Its rows, in order.
    pub rows: Vec<Row>,
}

/// One row of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row {
    /// The step, counted from 0, on over all members.
    pub step: u64,
    /// Its loss, before its update (or the mean over the epoch that it ends).
    pub loss: f64,
    /// Accuracy (or R2) on the training rows after its update, where it was measured.
    pub train_score: Option<f64>,
    /// The epoch that it ends, counted from 1.
    pub epoch: Option<u64>,
    /// On the validation rows, after the epoch.
    pub validation: Option<Evaluation>,
}

impl History {
    /// Notes what `trainer` has just done, from its step `first` on: a row every so many steps, or epochs.  Members
    /// before it took `before` steps.
    pub(super) fn record<R: Real>(
        &mut self,
        trainer: &Trainer<R>,
        (before, first): (u64, u64),
        event: &Event,
        every: u64,
    ) {
        let done = trainer.state().step;
        let last = done == trainer.total_steps();
        let counts_epochs = trainer.counts_epochs();
        if !counts_epochs {
            for (step, &loss) in (first..).zip(trainer.losses()) {
                if step.is_multiple_of(every) || (last && step + 1 == done) {
                    self.rows.push(Row { step: before + step, loss, ..Row::default() });
                }
            }
        }
        if let Event::Epoch(epoch) = event {
            let due = counts_epochs && (epoch.epoch.is_multiple_of(every) || last);
            if due || epoch.validation.is_some() {
                if self.rows.last().is_none_or(|row| row.step + 1 != before + done) {
                    self.rows.push(Row { step: before + done - 1, loss: epoch.loss, ..Row::default() });
                }
                if let Some(row) = self.rows.last_mut() {
                    (row.epoch, row.validation) = (Some(epoch.epoch), epoch.validation);
                }
            }
        }
    }

    /// Adds the course of a member, whose own steps are counted from 0, `before` it those of others.
    pub(crate) fn join(&mut self, before: u64, own: &Self) {
        self.rows.extend(own.rows.iter().map(|row| Row { step: before + row.step, ..*row }));
    }

    /// Notes a score on the training rows after `done` steps, if that step has a row.
    pub(super) fn note_score(&mut self, done: u64, score: f64) {
        if let Some(row) = self.rows.last_mut()
            && row.step + 1 == done
        {
            row.train_score = Some(score);
        }
    }
}
