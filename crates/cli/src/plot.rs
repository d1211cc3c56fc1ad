//! `clearprop plot`: the pictures of a model.

use crate::folder::HISTORY;
use crate::outcome::Outcome;
use crate::pictures::{Plane, SHARP, loss};
use crate::reading::Reading;
use crate::source::{self, ends};
use crate::{load, screen};
use clap::{Args, ValueEnum};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{History, Row};
use clearprop::metrics::score_name;
use clearprop::model::{AnyModel, Model};
use clearprop::real::Real;
use clearprop::table::{Column, Table};
use clearprop_files::{csv, disk};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Draw what a model has learnt (two inputs), its data, or its loss; PNG or SVG by the file's ending
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop plot runs/spirals-1/model.safetensors -o boundary.svg
  clearprop plot model.safetensors points.csv -o boundary.png
  clearprop plot runs/iris-1/model.safetensors --what loss -o loss.svg")]
pub(crate) struct Plot {
    /// The model
    model: PathBuf,
    /// The points, in any file that 'train' reads; without it the notebook's spirals of the model's seed
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// What to draw
    #[arg(long, default_value = "boundary")]
    what: What,
    /// The file to write: .png or .svg
    #[arg(short, long, value_name = "FILE", default_value = "boundary.png")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// The decision boundary over the points
    Boundary,
    /// The points alone
    Data,
    /// The loss over the steps, from history.csv beside the model
    Loss,
}

pub(crate) fn run(options: &Plot) -> Result<Outcome> {
    match load::open(&options.model)? {
        AnyModel::F32(model) => plot(options, &model),
        AnyModel::F64(model) => plot(options, &model),
    }
}

fn plot<R: Real>(options: &Plot, model: &Model<R>) -> Result<Outcome> {
    let svg = ends(&options.output, "svg");
    if !svg && !ends(&options.output, "png") {
        return Err(Error::new(ErrorKind::Setting, format!("found '{}'", options.output.display()))
            .name("--output")
            .hint("the file's ending says what is drawn: .png or .svg"));
    }
    let picture = match options.what {
        What::Loss => {
            let score = score_name(model.network.loss);
            let model = &options.model;
            let path = if model.is_dir() { model.join(HISTORY) } else { model.with_file_name(HISTORY) };
            loss(&history(&path, &score.to_lowercase())?, score)?
        }
        what => {
            let reading = options.reading.options_for(&model.encoder);
            let source = source::open(
                options.data.as_ref(),
                (&options.reading, &reading),
                &mut |_, _| Ok(()),
                model.trained.settings.seed,
            )?;
            let plane =
                Plane::of(&model.encoder, &source.rows.table).map_err(|error| error.file(&source.file))?;
            let plane = plane.ok_or_else(|| {
                Error::new(ErrorKind::Data, "only models of two number columns and one answer can be drawn")
                    .file(options.model.display())
                    .hint("--what loss draws the loss of any model")
            })?;
            if what == What::Data {
                plane.data("The data")
            } else {
                plane.boundary(model, "What the network learnt")
            }?
        }
    };
    let bytes = if svg { picture.svg().as_bytes().to_vec() } else { picture.png(SHARP)? };
    disk::write_whole(&options.output, &bytes)?;
    screen::print(&format!("Wrote {}\n", options.output.display()))?;
    Ok(Outcome::Done)
}

/// The history that a run has left beside its model.
fn history(path: &Path, score: &str) -> Result<History> {
    let (file, _) = disk::open(path)?;
    let name = path.display().to_string();
    let table = csv::read(BufReader::new(file), &name, &csv::Options::default())?;
    let column = |name: &str| match table.get(name) {
        Some(Column::Numbers(numbers)) => Some(numbers),
        _ => None,
    };
    let (Some(steps), Some(losses)) = (column("step"), column("loss")) else {
        return Err(Error::new(ErrorKind::Data, "no columns 'step' and 'loss'").file(name));
    };
    let cell = |name: String, row: usize| column(&name).map(|n| n.get(row)).filter(|value| !value.is_nan());
    let validation = |row: usize| {
        let loss = cell("validation_loss".into(), row)?;
        Some(clearprop::evaluate::Evaluation { loss, score: cell(format!("validation_{score}"), row)? })
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "written from a u64")]
    let row = |row: usize| Row {
        step: steps.get(row) as u64,
        loss: losses.get(row),
        train_score: cell(format!("train_{score}"), row),
        epoch: None,
        validation: validation(row),
    };
    Ok(History { rows: (0..rows_of(&table)).map(row).collect() })
}

fn rows_of(table: &Table) -> usize {
    table.len()
}
