//! What a run leaves behind: model, history, summary, pictures.

use crate::folder::{
    CHECKPOINT, EVALUATION, Folder, HISTORY, OUT_OF_FOLD, PICTURES, REPORT, SEARCH, SUMMARY,
};
use crate::pictures;
use crate::pictures::Plane;
use crate::progress::Progress;
use crate::report;
use crate::settings::shown;
use crate::source;
use clearprop::decision::Decision;
use clearprop::error::Result;
use clearprop::fit::{Fit, History};
use clearprop::metrics::score_name;
use clearprop::model::Model;
use clearprop::real::Real;
use clearprop::report::Sample;
use clearprop_files::predictions::{Columns, Predictions};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// A run that is over.
pub(crate) struct Run<'a, R> {
    pub(crate) model: &'a Model<R>,
    pub(crate) history: &'a History,
    pub(crate) train_time: Duration,
    pub(crate) threads: Option<usize>,
    pub(crate) decisions: &'a [Decision],
    /// What the run came to.
    pub(crate) outcome: &'a [Decision],
    /// The file of the rows.
    pub(crate) data: Option<&'a Path>,
    pub(crate) plane: Option<&'a Plane>,
    /// The rows that the report looks at.
    pub(crate) sample: &'a Sample,
}

/// A history as CSV, every number with all its digits; what was not measured is empty.
fn csv(history: &History, score: &str) -> String {
    let epochs = history.rows.iter().any(|row| row.epoch.is_some());
    let validated = history.rows.iter().any(|row| row.validation.is_some());
    let mut text = format!("step,loss,train_{score}");
    text.push_str(if epochs { ",epoch" } else { "" });
    if validated {
        let _ = write!(text, ",validation_loss,validation_{score}");
    }
    text.push('\n');
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for row in &history.rows {
        let _ = write!(text, "{},{},{}", row.step, row.loss, cell(row.train_score));
        if epochs {
            let _ = write!(text, ",{}", row.epoch.map_or_else(String::new, |epoch| epoch.to_string()));
        }
        if validated {
            let (loss, score) = (row.validation.map(|v| v.loss), row.validation.map(|v| v.score));
            let _ = write!(text, ",{},{}", cell(loss), cell(score));
        }
        text.push('\n');
    }
    text
}

/// Writes what each row is predicted as by the member that was not trained on it; without folds there is no such file.
pub(crate) fn out_of_fold<R: Real>(folder: &Folder, fit: &Fit<R>) -> Result<()> {
    let answers = &fit.plan().encoder.answers;
    let kept = [&["row".to_owned(), "fold".to_owned()], answers.columns()].concat();
    let (columns, path) = (Columns { kept: &kept, answers, interval: None }, folder.path().join(OUT_OF_FOLD));
    let mut out = None;
    fit.out_of_fold(|table, outputs| {
        let rows = source::all_rows(table)?;
        let out = match &mut out {
            Some(out) => out,
            none => none.insert(Predictions::to_file::<R>(&path, &columns)?),
        };
        out.push(table, &rows, outputs).map(drop)
    })?;
    out.map_or(Ok(()), Predictions::finish)
}

/// Writes the run folder, in which the model is already; the summary last, so that whoever sees it sees all, and it is
/// returned.
pub(crate) fn save<R: Real>(folder: &Folder, run: &Run<'_, R>, progress: &Progress) -> Result<Value> {
    let score = score_name(run.model.network.loss).to_lowercase();
    folder.write(HISTORY, csv(run.history, &score).as_bytes())?;
    for (name, picture) in PICTURES.into_iter().zip(pictures::of_run(run.model, run.history, run.plane)) {
        match picture {
            Ok(Some(bytes)) => folder.write(name, &bytes)?,
            Ok(None) => folder.forget(name),
            Err(error) => {
                folder.forget(name);
                progress.warn(&format!("{name} is not drawn: {error}"));
            }
        }
    }
    report(folder, run, progress)?;
    let summary = summary(run, &score);
    folder.write(SUMMARY, format!("{summary:#}\n").as_bytes())?;
    // The run is over: there is nothing to go on with.
    [CHECKPOINT, SEARCH].iter().for_each(|name| folder.forget(name));
    Ok(summary)
}

/// The report; like a picture, it cannot cost the run.
fn report<R: Real>(folder: &Folder, run: &Run<'_, R>, progress: &Progress) -> Result<()> {
    EVALUATION.iter().for_each(|name| folder.forget(name));
    let decisions = [run.decisions, run.outcome].concat();
    let from = report::From {
        title: format!("Report on a training run: {}", run.model.encoder.answers.columns().join(", ")),
        rows: run.data.map_or_else(|| "The notebook's spirals".to_owned(), report::file_name),
        json: REPORT[1],
    };
    match report::files(run.model, run.sample, &from, &decisions, Some(run.history)) {
        Ok(files) => {
            REPORT.iter().zip(files).try_for_each(|(name, text)| folder.write(name, text.as_bytes()))
        }
        Err(error) => {
            REPORT.iter().for_each(|name| folder.forget(name));
            progress.warn(&format!("{} is not written: {error}", REPORT[0]));
            Ok(())
        }
    }
}

fn summary<R: Real>(run: &Run<'_, R>, score: &str) -> Value {
    let Model { network, trained, .. } = run.model;
    let mut settings: Map<String, Value> = shown(&trained.settings);
    settings.insert("threads".into(), json!(run.threads));
    settings.insert("precision".into(), json!(R::NAME));
    settings.insert("loss".into(), json!(network.loss));
    let mut summary = json!({
        "steps": trained.steps,
        "loss": trained.loss,
        "train_seconds": run.train_time.as_secs_f64(),
        "stop_reason": trained.stop_reason,
        "seed": trained.settings.seed,
        "sizes": network.sizes,
        "rows": trained.rows,
        "members": trained.members,
        "calibration": trained.calibration,
        "version": env!("CARGO_PKG_VERSION"),
        "settings": settings,
        "decisions": run.decisions,
        "outcome": run.outcome,
        "file": run.data.map(|path| path.display().to_string()),
        "target": run.model.encoder.answers.columns(),
        "columns": run.model.encoder.inputs.iter().map(|input| &input.column).collect::<Vec<_>>(),
    });
    summary[format!("train_{score}")] = json!(trained.train_score);
    summary[format!("test_{score}")] = json!(trained.test_score);
    summary
}
