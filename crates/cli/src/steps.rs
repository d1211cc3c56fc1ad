//! The run itself: advance, tell, keep.

use crate::progress::{Progress, interrupted, said};
use clearprop::error::Result;
use clearprop::fit::Fit;
use clearprop::metrics::score_name;
use clearprop::real::Real;
use clearprop::train::{Event, StopReason, Trainer};
use std::time::{Duration, Instant};

/// How long steps are watched before it is said how long all of them will take,
const WATCHED: Duration = Duration::from_millis(500);
/// where that is long enough to be worth a word.
const LONG: Duration = Duration::from_secs(10);

/// Which steps (or epochs) are told, and which are kept.
pub(crate) struct Pace {
    /// The updates of an epoch, if epochs are what is counted.
    epoch: Option<u64>,
    log: u64,
    checkpoint: Option<u64>,
}

impl Pace {
    /// The pace asked for, or the usual one.
    pub(crate) fn new<R: Real>(trainer: &Trainer<R>, log: Option<u64>, checkpoint: Option<u64>) -> Self {
        let (epoch, usual) = match trainer.counts_epochs() {
            true => (Some(trainer.steps_per_epoch()), 10),
            false => (None, 500),
        };
        Self { epoch, log: log.unwrap_or(usual), checkpoint }
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

/// Takes all steps; lines and checkpoints (`keep` writes one) come at their pace.
pub(crate) fn take_steps<R: Real>(
    fit: &mut Fit<R>,
    pace: &Pace,
    progress: &Progress,
    keep: &mut dyn FnMut(&Fit<R>) -> Result<()>,
) -> Result<StopReason> {
    let name = score_name(fit.trainer().network().loss);
    let (began, before) = (Instant::now(), fit.trainer().state().step);
    let mut is_told = false;
    loop {
        let first = fit.trainer().state().step;
        if !is_told && first > before && began.elapsed() >= WATCHED {
            is_told = true;
            let share = (first - before) as f64 / fit.trainer().total_steps().saturating_sub(before) as f64;
            let all = Duration::try_from_secs_f64(began.elapsed().as_secs_f64() / share);
            if let Some(all) = all.ok().filter(|&all| all >= LONG) {
                progress.line(&format!("This will take about {} at most", said(all)))?;
            }
        }
        let event = fit.advance(pace.next(first));
        if let Event::Stopped(reason) = event {
            return Ok(reason);
        }
        let trainer = fit.trainer();
        let (done, loss) = (trainer.state().step, trainer.losses().last().copied());
        let last = done == trainer.total_steps();
        let finite = trainer.params().is_finite() && trainer.losses().iter().all(|loss| loss.is_finite());
        let line = match (event, loss) {
            (Event::Epoch(epoch), _) if pace.epoch.is_some() => {
                Some((format!("Epoch {:3}", epoch.epoch), epoch.loss))
            }
            (_, Some(loss)) if pace.epoch.is_none() => Some((format!("Step {:4}", done - 1), loss)),
            _ => None,
        };
        if let Some((place, loss)) = line
            && pace.tells(done)
            && finite
        {
            let mut text = format!("{place}. Loss={loss:.3}, train {name}={:.5}", fit.measure());
            if let Event::Epoch(epoch) = event
                && let Some(validation) = epoch.validation
            {
                text.push_str(&format!(", validation {name}={:.5}", validation.score));
            }
            progress.line(&text)?;
        }
        progress.show(done, loss);
        let interrupted = interrupted();
        if finite && (interrupted || (pace.saves(done) && !last)) {
            keep(fit)?;
        }
        if finite && interrupted {
            return Ok(StopReason::Interrupted);
        }
    }
}
