//! The end of a training or a search: what came of it is told, and saved.

use crate::asked::Asked;
use crate::folder::{Folder, MODEL, OUT_OF_FOLD, TRIALS};
use crate::load;
use crate::outcome::Outcome;
use crate::pictures::Plane;
use crate::progress::{Progress, said};
use crate::save::{Run, out_of_fold, save};
use crate::screen;
use crate::steps::{calibrated, folds};
use clearprop::decision;
use clearprop::error::Result;
use clearprop::fit::Fit;
use clearprop::metrics::score_name;
use clearprop::real::Real;
use clearprop::report::Sample;
use clearprop::train::StopReason;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// What is known of a run beside its fit.
pub(crate) struct Ended<'a> {
    pub(crate) data: Option<&'a Path>,
    pub(crate) threads: Option<usize>,
    pub(crate) plane: Option<&'a Plane>,
    pub(crate) sample: &'a Sample,
    pub(crate) train_time: Duration,
    /// The table of a search.
    pub(crate) trials: Option<String>,
}

/// Says which threads there are where these are not those that were asked for.
pub(crate) fn threads(asked: &Asked, used: Option<usize>, progress: &Progress) -> Result<()> {
    if let (Some(asked), Some(used)) = (asked.settings.choices()?.threads, used)
        && asked > load::cores()
    {
        let cores = load::cores();
        progress.warn(&format!(
            "--threads {asked}: this machine runs {cores} at once; {used} are used, the result is the same"
        ));
    }
    if thread::Builder::new().spawn(|| ()).is_err() {
        progress.warn("the system starts no thread: this run has one, the result is the same");
    }
    Ok(())
}

/// How an interrupted run goes on.
pub(crate) fn going_on(command: &str, folder: &Folder, data: Option<&Path>) -> String {
    let place = folder.path().display().to_string();
    let place = shlex::try_quote(&place).unwrap_or_else(|_| place.as_str().into());
    let rows = if data == Some(Path::new("-")) { " < the same rows" } else { "" };
    format!("go on with: clearprop {command} --resume {place}{rows}")
}

/// Tells the figures, and saves model, history, pictures and report.
pub(crate) fn end<R: Real>(
    folder: &Folder,
    fit: Fit<R>,
    stop_reason: StopReason,
    ended: &Ended<'_>,
    (json, progress): (bool, &Progress),
) -> Result<Outcome> {
    if let Some(score) = fit.test_score() {
        // The notebook's own line has nothing beside it.
        let beside = fit.beside_score().filter(|_| ended.data.is_some());
        let beside = beside.map_or_else(String::new, |text| format!(" ({text})"));
        progress.line(&format!("Test {}={score:.5}{beside}", score_name(fit.trainer().network().loss)))?;
    }
    let calibration =
        fit.calibration().map(|calibration| format!("Calibrated: {}", calibrated(&calibration)));
    folds(&fit).into_iter().chain(calibration).try_for_each(|line| progress.line(&line))?;
    let outcome = fit.outcome(stop_reason);
    if ended.data.is_some() {
        decision::lines(&outcome).iter().try_for_each(|line| progress.say(line))?;
    }
    let (history, model) = (fit.history().clone(), fit.finish(stop_reason));
    let decisions = fit.plan().decisions.clone();
    // What trained the only network is needed no more.
    let fit = (model.members.len() > 1).then_some(fit);
    // First, so that nothing after it can cost it.
    folder.write(MODEL, &clearprop_files::model::bytes(&model)?)?;
    folder.forget(OUT_OF_FOLD);
    if let Some(Err(error)) = fit.as_ref().map(|fit| out_of_fold(folder, fit)) {
        folder.forget(OUT_OF_FOLD);
        progress.warn(&format!("{OUT_OF_FOLD} is not written: {error}"));
    }
    match &ended.trials {
        Some(trials) => folder.write(TRIALS, trials.as_bytes())?,
        None => folder.forget(TRIALS),
    }
    drop(fit);
    let run = Run {
        model: &model,
        history: &history,
        train_time: ended.train_time,
        threads: ended.threads,
        decisions: &decisions,
        outcome: &outcome,
        data: ended.data,
        plane: ended.plane,
        sample: ended.sample,
    };
    let summary = save(folder, &run, progress)?;
    if json {
        screen::print(&format!("{summary:#}\n"))?;
    }
    if stop_reason != StopReason::Finished && model.members.len() == 1 {
        let why = match stop_reason {
            StopReason::EarlyStopped => "the validation loss no longer falls, the best weights are kept",
            _ => "the loss no longer falls",
        };
        progress.line(&format!("Ended after {} steps: {why}", model.trained.steps))?;
    }
    let trials = if ended.trials.is_some() { "trials.csv, " } else { "" };
    progress.line(&format!(
        "Trained in {}. Model, history, {trials}pictures and report.html are in {}",
        said(ended.train_time),
        folder.path().display()
    ))?;
    Ok(Outcome::Done)
}
