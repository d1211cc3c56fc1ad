//! `clearprop info`: what a model is.

use crate::outcome::Outcome;
use crate::settings::shown;
use crate::steps::calibrated as said;
use crate::{load, screen};
use clap::Args;
use clearprop::error::Result;
use clearprop::metrics::score_name;
use clearprop::model::{AnyModel, Model};
use clearprop::real::Real;
use clearprop::table::{Answers, Coding, Input};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Say what a model is: its sizes, columns and classes, and how it was trained
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop info runs/spirals-1/model.safetensors
  clearprop info model.safetensors --json")]
pub(crate) struct Info {
    /// The model
    model: PathBuf,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Info) -> Result<Outcome> {
    match load::open(&options.model)? {
        AnyModel::F32(model) => info(options, &model),
        AnyModel::F64(model) => info(options, &model),
    }
}

fn info<R: Real>(options: &Info, model: &Model<R>) -> Result<Outcome> {
    if options.json {
        let metadata: Value = serde_json::from_str(&model.metadata()?).unwrap_or(Value::Null);
        screen::print(&format!("{metadata:#}\n"))?;
        return Ok(Outcome::Done);
    }
    let Model { network, members, encoder, trained, .. } = model;
    let sizes: Vec<String> = network.sizes.iter().map(ToString::to_string).collect();
    let mut lines = vec![
        (
            "network",
            format!("{} ({} weights and biases, {})", sizes.join(" -> "), members[0].values().len(), R::NAME),
        ),
        ("hidden layers", network.activation_text()),
        (
            "loss",
            format!(
                "{}, penalty {} over {}",
                network.loss.name(),
                network.penalty.reg,
                network.penalty.over.name()
            ),
        ),
    ];
    let (title, names) = match &encoder.answers {
        Answers::Classes { column, names, .. } => {
            ("classes", format!("{} (column {column})", shortened(names)))
        }
        Answers::Labels { columns } => ("labels", shortened(columns)),
        Answers::Numbers { columns, .. } => ("predicts", shortened(columns)),
    };
    lines.push((title, names));
    let inputs: Vec<String> = encoder.inputs.iter().map(described).collect();
    lines.push(("columns", shortened(&inputs)));
    let dropped: Vec<String> =
        encoder.dropped.iter().map(|dropped| format!("{} ({})", dropped.column, dropped.reason)).collect();
    if !dropped.is_empty() {
        lines.push(("not used", shortened(&dropped)));
    }
    let score = score_name(network.loss);
    if members.len() > 1 {
        let scores = trained.members.iter().filter_map(|member| member.score);
        let scores: Vec<String> = scores.map(|score| format!("{score:.5}")).collect();
        let folds = match scores.is_empty() {
            true => String::new(),
            false => format!("; {score} by folds {}", shortened(&scores)),
        };
        lines.push(("members", format!("{}, their mean is the model{folds}", members.len())));
    }
    if let Some(calibration) = &trained.calibration {
        lines.push(("calibrated", said(calibration)));
    }
    let reason = json!(trained.stop_reason);
    lines.push((
        "trained",
        format!(
            "{} steps on {} rows, {}",
            trained.steps,
            trained.rows,
            reason.as_str().unwrap_or("ended").replace('_', " ")
        ),
    ));
    let reached = |rows: &str, value: Option<f64>| {
        value.map_or_else(String::new, |value| format!(", {rows} {score} {value:.5}"))
    };
    let (train, test) = (reached("train", trained.train_score), reached("test", trained.test_score));
    lines.push(("reached", format!("loss {:.5}{train}{test}", trained.loss)));
    let settings: Vec<String> = shown(&trained.settings)
        .into_iter()
        .filter(|(name, value)| {
            !value.is_null()
                && !["hidden", "activation", "reg", "penalize", "threads"].contains(&name.as_str())
        })
        .map(|(name, value)| format!("{} {}", name.replace('_', "-"), value.to_string().trim_matches('"')))
        .collect();
    lines.push(("settings", settings.join(", ")));
    let width = lines.iter().map(|(title, _)| title.len()).max().unwrap_or(0);
    let text: String = lines.iter().map(|(title, text)| format!("{title:width$}  {text}\n")).collect();
    screen::print(&text)?;
    Ok(Outcome::Done)
}

/// What a column is to the model.
fn described(input: &Input) -> String {
    match &input.coding {
        Coding::Number { .. } => input.column.clone(),
        Coding::Date { form, .. } => format!("{} (dates like {})", input.column, form.pattern()),
        Coding::Words { categories, .. } => format!("{} ({} categories)", input.column, categories.len()),
    }
}

fn shortened(names: &[String]) -> String {
    match names.len() {
        0..=12 => names.join(", "),
        n => format!("{} and {} more", names[..10].join(", "), n - 10),
    }
}
