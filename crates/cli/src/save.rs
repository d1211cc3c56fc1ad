//! What a run leaves behind: model, history, summary, pictures.

use crate::chosen::shown;
use crate::folder::{CHECKPOINT, Folder, HISTORY, MODEL, PICTURES, SUMMARY};
use crate::pictures::Plane;
use crate::train::score_name;
use crate::{load, pictures};
use clearprop::error::Result;
use clearprop::evaluate::Evaluation;
use clearprop::model::Model;
use clearprop::real::Real;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::Duration;

/// The course of a run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct History {
    pub(crate) rows: Vec<Row>,
}

/// One row of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// The step, counted from 0.
    pub(crate) step: u64,
    /// Its loss, before its update (or the mean over the epoch that it ends).
    pub(crate) loss: f64,
    /// After its update, where it was measured.
    pub(crate) train_score: Option<f64>,
    pub(crate) epoch: Option<u64>,
    pub(crate) validation: Option<Evaluation>,
}

impl History {
    /// As CSV, every number with all its digits; what was not measured is empty.
    fn csv(&self, score: &str) -> String {
        let epochs = self.rows.iter().any(|row| row.epoch.is_some());
        let validated = self.rows.iter().any(|row| row.validation.is_some());
        let mut text = format!("step,loss,train_{score}");
        text.push_str(if epochs { ",epoch" } else { "" });
        if validated {
            let _ = write!(text, ",validation_loss,validation_{score}");
        }
        text.push('\n');
        let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        for row in &self.rows {
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
}

/// A run that is over.
pub(crate) struct Run<'a, R> {
    pub(crate) model: &'a Model<R>,
    pub(crate) history: &'a History,
    pub(crate) train_time: Duration,
    pub(crate) threads: Option<usize>,
    pub(crate) plane: Option<&'a Plane>,
}

/// Writes the run folder; the summary comes last, so that whoever sees it sees all, and is returned.
pub(crate) fn save<R: Real>(folder: &Folder, run: &Run<'_, R>) -> Result<Value> {
    let score = score_name(run.model.network.loss).to_lowercase();
    let drawn = pictures::of_run(run)?;
    folder.write(MODEL, &load::bytes(run.model)?)?;
    folder.write(HISTORY, run.history.csv(&score).as_bytes())?;
    for (name, picture) in PICTURES.into_iter().zip(&drawn) {
        match picture {
            Some(bytes) => folder.write(name, bytes)?,
            None => folder.forget(name),
        }
    }
    let summary = summary(run, &score);
    folder.write(SUMMARY, format!("{summary:#}\n").as_bytes())?;
    // The run is over: there is nothing to go on with.
    folder.forget(CHECKPOINT);
    Ok(summary)
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
        "version": env!("CARGO_PKG_VERSION"),
        "settings": settings,
    });
    summary[format!("train_{score}")] = json!(trained.train_score);
    summary[format!("test_{score}")] = json!(trained.test_score);
    summary
}
