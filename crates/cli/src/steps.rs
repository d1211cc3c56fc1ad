//! The run itself: advance, tell, keep.

use crate::progress::{Progress, interrupted, said};
use clearprop::error::Result;
use clearprop::fit::Fit;
use clearprop::metrics::{Calibration, mean_and_spread, score_name};
use clearprop::real::Real;
use clearprop::train::{Epoch, Event, StopReason};
use std::time::{Duration, Instant};

/// The first steps are slower: memory is touched for the first time.
const WARM: Duration = Duration::from_millis(250);
/// How long steps are watched then before it is said how long all of them will take,
const WATCHED: Duration = Duration::from_millis(500);
/// where that is long enough to be worth a word.
const LONG: Duration = Duration::from_secs(10);

/// Which steps (or epochs) are told, and which are kept.
pub(crate) struct Pace {
    /// Whether epochs are what is counted.
    epochs: bool,
    /// No line at all where it is `None`.
    log: Option<u64>,
    checkpoint: Option<u64>,
}

impl Pace {
    /// The pace asked for, or the usual one: of several members their ends are told.
    pub(crate) fn new<R: Real>(fit: &Fit<R>, log: Option<u64>, checkpoint: Option<u64>) -> Self {
        let epochs = fit.trainer().counts_epochs();
        let usual = if epochs { 10 } else { 500 };
        let usual = (fit.plan().settings.members() == 1).then_some(usual);
        // A checkpoint's text may say 0.
        let [log, checkpoint] = [log.or(usual), checkpoint].map(|every| every.map(|every| every.max(1)));
        Self { epochs, log, checkpoint }
    }

    /// Whether a line is due after an epoch, or `done` updates.  Steps are counted from 0, so that the first is told,
    /// as in the notebook; epochs from 1, and the first is told too.
    fn tells(&self, event: Event, done: u64) -> bool {
        let Some(log) = self.log else { return false };
        match event {
            Event::Epoch(Epoch { epoch, .. }) if self.epochs => epoch == 1 || epoch.is_multiple_of(log),
            _ => !self.epochs && done > 0 && (done - 1).is_multiple_of(log),
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
        match (self.log.filter(|_| !self.epochs), done) {
            (None, _) => u64::MAX,
            (Some(_), 0) => 1,
            (Some(log), _) => ((done - 1) / log + 1).saturating_mul(log).saturating_add(1),
        }
    }
}

/// What the member came to that is done.
fn member<R: Real>(fit: &Fit<R>) -> Option<String> {
    let settings = &fit.plan().settings;
    let (member, done, count) = (fit.members().last()?, fit.members().len(), settings.members());
    let steps = member.steps;
    Some(match member.score {
        Some(score) => {
            let name = score_name(fit.trainer().network().loss);
            format!("Fold {done} of {count}: {name}={score:.5}, {steps} steps on {} other rows", member.rows)
        }
        None => format!("Member {done} of {count}: {steps} steps on {} rows", member.rows),
    })
}

/// What the folds came to together: the mean of their scores, and how far these are from each other.
pub(crate) fn folds<R: Real>(fit: &Fit<R>) -> Option<String> {
    let scores: Vec<f64> = fit.members().iter().filter_map(|member| member.score).collect();
    let (all, name) = (fit.fold_score()?, score_name(fit.trainer().network().loss));
    let (mean, spread) = mean_and_spread(&scores);
    let folds = fit.plan().settings.members();
    Some(format!("{folds} folds: {name}={mean:.5} ± {spread:.5}, of all rows together {all:.5}"))
}

/// What a temperature is worth, in words.
pub(crate) fn calibrated(calibration: &Calibration) -> String {
    let Calibration { temperature, rows, before, after } = calibration;
    format!(
        "temperature {temperature:.3} from {rows} rows: log loss {:.5} -> {:.5}, calibration error {:.5} -> {:.5}",
        before.log_loss, after.log_loss, before.calibration_error, after.calibration_error
    )
}

/// Takes all steps; lines and checkpoints (`keep` writes one) come at their pace.
pub(crate) fn take_steps<R: Real>(
    fit: &mut Fit<R>,
    pace: &Pace,
    progress: &Progress,
    keep: &mut dyn FnMut(&Fit<R>) -> Result<()>,
) -> Result<StopReason> {
    let name = score_name(fit.trainer().network().loss);
    let (mut stepping, before) = (Duration::ZERO, fit.step());
    progress.go_on(before, fit.total_steps());
    let (mut warm, mut is_told) = (None, false);
    loop {
        let first = fit.step();
        if warm.is_none() && stepping >= WARM {
            warm = Some((stepping, first));
        }
        if let Some((time, step)) = warm
            && !is_told
            && first > step
            && stepping >= time + WATCHED
        {
            is_told = true;
            let share = (first - step) as f64 / fit.total_steps().saturating_sub(before) as f64;
            let all = Duration::try_from_secs_f64((stepping - time).as_secs_f64() / share);
            if let Some(all) = all.ok().filter(|&all| all >= LONG) {
                progress.line(&format!("This will take about {} at most", said(all)))?;
            }
        }
        let trained = fit.members().len();
        let began = Instant::now();
        let event = fit.advance(pace.next(first));
        stepping += began.elapsed();
        if fit.members().len() > trained {
            member(fit).map_or(Ok(()), |line| progress.line(&line))?;
        }
        if let Event::Stopped(reason) = event {
            return Ok(reason);
        }
        let trainer = fit.trainer();
        let (done, loss) = (fit.step(), trainer.losses().last().copied());
        let last = done == fit.total_steps();
        let finite = trainer.params().is_finite() && trainer.losses().iter().all(|loss| loss.is_finite());
        let line = match (event, loss) {
            (Event::Epoch(epoch), _) if pace.epochs => Some((format!("Epoch {:3}", epoch.epoch), epoch.loss)),
            (Event::Steps | Event::Epoch(_), Some(loss)) if !pace.epochs => {
                Some((format!("Step {:4}", done - 1), loss))
            }
            _ => None,
        };
        if let Some((place, loss)) = line
            && pace.tells(event, done)
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
        progress.show((done, fit.total_steps()), loss);
        let interrupted = interrupted();
        if finite && (interrupted || (pace.saves(done) && !last)) {
            keep(fit)?;
        }
        if finite && interrupted {
            return Ok(StopReason::Interrupted);
        }
    }
}
