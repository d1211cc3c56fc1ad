//! `clearprop evaluate`: how good a model is on rows with known answers.

use crate::arguments::option;
use crate::folder::{EVALUATION, MODEL, SUMMARY};
use crate::outcome::Outcome;
use crate::reading::Reading;
use crate::source::{self, all_rows};
use crate::{load, report, screen};
use clap::Args;
use clearprop::data::Data;
use clearprop::decision::{self, Decision};
use clearprop::error::{Error, Result, with_settings};
use clearprop::evaluate::classify;
use clearprop::metrics::{ClassFigures, class_figures, confusion, r2, rmse};
use clearprop::model::{AnyModel, Model};
use clearprop::real::Real;
use clearprop::report::Sample;
use clearprop::table::Unseen;
use clearprop::target::Target;
use clearprop_files::disk;
use comfy_table::{CellAlignment, LineStyle, Table, presets};
use ndarray::Array2;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Evaluate a model on rows with known answers: accuracy, confusion matrix, figures of each class (or R2), and a page
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop evaluate runs/iris-1/model.safetensors test.csv
  clearprop evaluate model.safetensors test.csv --json
  clearprop evaluate model.safetensors test.csv --report test.html")]
pub(crate) struct Evaluate {
    /// The model
    model: PathBuf,
    /// A CSV (also packed), Parquet or .npz file with the model's columns and the answers; -: standard input
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Write the page here, and its numbers beside it as .json [default: evaluation.html in the model's run folder]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Evaluate) -> Result<Outcome> {
    match load::open(&options.model)? {
        AnyModel::F32(model) => figures(options, &model),
        AnyModel::F64(model) => figures(options, &model),
    }
}

/// A confusion matrix of more classes than these is a book of zeros.
const LARGEST_CONFUSION: usize = 1000;

fn figures<R: Real>(options: &Evaluate, model: &Model<R>) -> Result<Outcome> {
    let file = source::called(&options.data);
    let about = |error: Error| if error.place().file.is_none() { error.file(&file) } else { error };
    let how = options.reading.clone().predicting(model.encoder.answers.columns());
    let reading = how.options_for(&model.encoder);
    let source = source::open(Some(&options.data), (&how, &reading), &mut |_, _| Ok(()), 0)?;
    for line in decision::lines(&source.decisions) {
        screen::complain(&with_settings(&line, option));
    }
    let (table, names) = (source.rows.table, source.names);
    let rows = all_rows(&table)?;
    let mut unseen = Unseen::default();
    let data: Data<R> = model.encoder.transform_data(&table, &rows, &mut unseen).map_err(about)?;
    unseen.warnings().iter().for_each(|warning| screen::complain(&format!("warning: {warning}")));
    let evaluation = model.evaluate(&data);
    let answers = &model.encoder.answers;
    let probs = || model.outputs(data.x.view());
    let mut told = json!({ "rows": rows.len(), "loss": evaluation.loss });
    let mut text = format!("{} rows, loss {:.5}", rows.len(), evaluation.loss);
    match &data.y {
        Target::Classes(y) => {
            let (k, y) = (answers.outputs(), y.to_vec());
            let called = classify(model.engine, &model.network, &model.members, data.x.view());
            let figures = class_figures(k, &called, &y);
            told["accuracy"] = json!(evaluation.score);
            if options.json {
                told["classes"] =
                    answers.names().iter().zip(&figures).map(|(name, f)| class_json(name, f)).collect();
            }
            text.push_str(&format!(", accuracy {:.5}\n", evaluation.score));
            if k <= LARGEST_CONFUSION {
                let confusion = confusion(k, &called, &y);
                told["confusion"] = confusion.rows().into_iter().map(|row| json!(row.to_vec())).collect();
                text.push_str(&confusion_text(answers.names(), &confusion));
            }
            text.push_str(&figures_text(answers.names(), "class", &figures));
        }
        Target::Values(y) if model.network.loss == clearprop::loss::Loss::Logistic => {
            let (half, probs) = (R::of(0.5), probs());
            let of_label = |j: usize| {
                let called = |values: &Array2<R>| {
                    values.column(j).iter().map(|&v| u32::from(v > half)).collect::<Vec<_>>()
                };
                class_figures(2, &called(&probs), &called(y)).swap_remove(1)
            };
            let figures: Vec<ClassFigures> = (0..y.ncols()).map(of_label).collect();
            told["accuracy"] = json!(evaluation.score);
            told["labels"] =
                answers.names().iter().zip(&figures).map(|(name, f)| class_json(name, f)).collect();
            text.push_str(&format!(", all labels of a row right {:.5}\n", evaluation.score));
            text.push_str(&figures_text(answers.names(), "label", &figures));
        }
        Target::Values(y) => {
            let (mut probs, mut y) = (probs(), y.clone());
            answers.decode(&mut probs);
            answers.decode(&mut y);
            let (r2, rmse) = (r2(probs.view(), y.view()), rmse(probs.view(), y.view()));
            told["r2"] = json!(r2);
            told["rmse"] = json!(rmse);
            text.push_str(&format!(", R2 {r2:.5}, RMSE {rmse:.5}\n"));
        }
    }
    screen::print(&if options.json { format!("{told:#}\n") } else { text })?;
    page(options, model, &Sample::of_table(&table).of_file(&names), &source.decisions)?;
    Ok(Outcome::Done)
}

/// Writes the page; where nobody asked for it, it may fail.
fn page<R: Real>(
    options: &Evaluate,
    model: &Model<R>,
    sample: &Sample,
    decisions: &[Decision],
) -> Result<()> {
    let Some(path) = options.report.clone().or_else(|| beside(&options.model)) else { return Ok(()) };
    let json = path.with_extension("json");
    let from = report::From {
        title: format!("Evaluation of a model: {}", model.encoder.answers.columns().join(", ")),
        rows: report::file_name(&options.data),
        json: &json.file_name().unwrap_or_default().to_string_lossy(),
    };
    let files = report::files(model, sample, &from, decisions, None)?;
    let written = [&path, &json]
        .into_iter()
        .zip(&files)
        .try_for_each(|(path, text)| disk::write_whole(path, text.as_bytes()));
    match (written, &options.report) {
        (Err(error), Some(_)) => Err(error),
        (Err(error), None) => {
            screen::complain(&format!("warning: the page is not written: {error}"));
            Ok(())
        }
        (Ok(()), _) if options.json => Ok(()),
        (Ok(()), _) => screen::print(&format!("\nThe page with all of it is {}\n", path.display())),
    }
}

/// The page's place in the run folder that a model lies in.
fn beside(model: &Path) -> Option<PathBuf> {
    let folder = if model.is_dir() { model } else { model.parent()? };
    let ours = [MODEL, SUMMARY].iter().all(|file| folder.join(file).is_file());
    ours.then(|| folder.join(EVALUATION[0]))
}

fn class_json(name: &str, figures: &ClassFigures) -> Value {
    let ClassFigures { precision, recall, f1, rows } = figures;
    json!({ "name": name, "precision": precision, "recall": recall, "f1": f1, "rows": rows })
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    table
}

fn numbers_to_the_right(table: &mut Table) -> String {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("\n{table}\n")
}

/// Rows are what it is, columns what it was called; too wide a matrix is left to `--json`.
fn confusion_text(names: &[String], confusion: &Array2<u64>) -> String {
    if names.len() > 15 {
        return format!("\nThe confusion matrix of {} classes is in --json.\n", names.len());
    }
    let mut table = new_table();
    table.set_header(std::iter::once("is \\ called".to_owned()).chain(names.iter().cloned()));
    for (name, row) in names.iter().zip(confusion.rows()) {
        table.add_row(std::iter::once(name.clone()).chain(row.iter().map(ToString::to_string)));
    }
    numbers_to_the_right(&mut table)
}

fn figures_text(names: &[String], what: &str, figures: &[ClassFigures]) -> String {
    let mut table = new_table();
    table.set_header([what, "precision", "recall", "F1", "rows"]);
    let share = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{value:.3}") };
    for (name, ClassFigures { precision, recall, f1, rows }) in names.iter().zip(figures) {
        table.add_row([name.clone(), share(*precision), share(*recall), share(*f1), rows.to_string()]);
    }
    numbers_to_the_right(&mut table)
}
