//! The run itself: advance, tell, record.

use crate::checkpoint::Plan;
use crate::progress::{Progress, interrupted};
use crate::save::{History, Row};
use crate::train::score_name;
use clearprop::error::Result;
use clearprop::real::Real;
use clearprop::settings::Length;
use clearprop::train::{Event, StopReason, Trainer};

/// Which steps (or epochs) are told and which are recorded.
pub(crate) struct Pace {
    /// The updates of an epoch, if epochs are what is counted.
    epoch: Option<u64>,
    log: u64,
    record: u64,
    checkpoint: Option<u64>,
}

impl Pace {
    /// The pace asked for, or the usual one.
    pub(crate) fn new<R: Real>(trainer: &Trainer<R>, plan: &Plan) -> Self {
        let settings = trainer.settings();
        let tells_epochs = settings.batch_size.is_some() || settings.patience.is_some();
        let (epoch, usual_log, usual_record) = match settings.length {
            Length::Epochs(_) if tells_epochs => (Some(trainer.steps_per_epoch()), 10, 1),
            _ => (None, 500, 10),
        };
        let (log, record) = (plan.log_every.unwrap_or(usual_log), plan.record_every.unwrap_or(usual_record));
        Self { epoch, log, record, checkpoint: plan.checkpoint_every }
    }

    /// Whether a line is due after `done` updates.  Steps are counted from 0, so that the first is told,
    /// as in the notebook; epochs from 1, and the first is told too.
    fn tells(&self, done: u64) -> bool {
        match self.epoch {
            None => done > 0 && (done - 1).is_multiple_of(self.log),
            Some(epoch) => done == epoch || done.is_multiple_of(epoch.saturating_mul(self.log)),
        }
    }

    /// Whether a checkpoint is due after `done` updates.
    fn saves(&self, done: u64) -> bool {
        self.checkpoint.is_some_and(|every| done.is_multiple_of(every))
    }

    /// The next number of updates done at which something is due; an epoch's end comes by itself.
    fn next(&self, done: u64) -> u64 {
        let save = self.checkpoint.map_or(u64::MAX, |every| (done / every + 1).saturating_mul(every));
        save.min(self.next_line(done))
    }

    fn next_line(&self, done: u64) -> u64 {
        match (self.epoch, done) {
            (Some(_), _) => u64::MAX,
            (None, 0) => 1,
            (None, _) => ((done - 1) / self.log + 1).saturating_mul(self.log).saturating_add(1),
        }
    }
}

/// Writes a checkpoint.
type Keep<'k, R> = &'k mut dyn FnMut(&Trainer<R>, &History) -> Result<()>;

/// Takes all steps; lines, rows of the history and checkpoints come at their pace.
pub(crate) fn take_steps<R: Real>(
    trainer: &mut Trainer<R>,
    history: &mut History,
    pace: &Pace,
    progress: &Progress,
    keep: Keep<'_, R>,
) -> Result<StopReason> {
    let name = score_name(trainer.network().loss);
    loop {
        let first = trainer.state().step;
        let event = trainer.advance(pace.next(first));
        let done = trainer.state().step;
        if let Event::Stopped(reason) = event {
            return Ok(reason);
        }
        let last = done == trainer.total_steps();
        if pace.epoch.is_none() {
            for (step, &loss) in (first..).zip(trainer.losses()) {
                if step.is_multiple_of(pace.record) || (last && step + 1 == done) {
                    history.rows.push(Row { step, loss, ..Row::default() });
                }
            }
        }
        let mut line = None;
        if let Event::Epoch(epoch) = event {
            let due = pace.epoch.is_some() && (epoch.epoch.is_multiple_of(pace.record) || last);
            if due || epoch.validation.is_some() {
                if history.rows.last().is_none_or(|row| row.step + 1 != done) {
                    history.rows.push(Row { step: done - 1, loss: epoch.loss, ..Row::default() });
                }
                if let Some(row) = history.rows.last_mut() {
                    (row.epoch, row.validation) = (Some(epoch.epoch), epoch.validation);
                }
            }
            if pace.epoch.is_some() && pace.tells(done) {
                line = Some((format!("Epoch {:3}", epoch.epoch), epoch.loss));
            }
        }
        if pace.epoch.is_none() && pace.tells(done) && done > first {
            line = trainer.losses().last().map(|&loss| (format!("Step {:4}", done - 1), loss));
        }
        let finite = trainer.params().is_finite() && trainer.losses().iter().all(|loss| loss.is_finite());
        if let (Some((place, loss)), true) = (line, finite) {
            let score = trainer.evaluate(trainer.data()).score;
            let mut text = format!("{place}. Loss={loss:.3}, train {name}={score:.5}");
            if let Event::Epoch(epoch) = event
                && let Some(validation) = epoch.validation
            {
                text.push_str(&format!(", validation {name}={:.5}", validation.score));
            }
            progress.line(&text)?;
            if let Some(row) = history.rows.last_mut()
                && row.step + 1 == done
            {
                row.train_score = Some(score);
            }
        }
        progress.show(done, trainer.losses().last().copied());
        let interrupted = interrupted();
        if finite && (interrupted || (pace.saves(done) && !last)) {
            keep(trainer, history)?;
        }
        if finite && interrupted {
            return Ok(StopReason::Interrupted);
        }
    }
}
