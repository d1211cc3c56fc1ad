//! `clearprop predict`: labels and probabilities of new rows.

use crate::source::{Kind, all_rows, ends, open_for, options_for};
use crate::{Outcome, load, screen};
use clap::Args;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::loss::argmax;
use clearprop::model::{AnyModel, Model};
use clearprop::real::Real;
use clearprop::table::{Answers, Table, Unseen};
use clearprop_files::{csv, disk};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::PathBuf;

/// Predict the rows of a table: the label and the probability of each class, as CSV
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop predict runs/iris-1/model.safetensors new.csv -o predicted.csv
  clearprop predict model.safetensors new.csv | head

Columns of the result: 'label' and 'prob_CLASS' for each class; for several labels each label and its
'prob_LABEL'; for numbers the columns' own names. Rows come in the order of the data.")]
pub(crate) struct Predict {
    /// The model
    model: PathBuf,
    /// A .csv table or .npz file with the model's columns, in any order; others are ignored
    data: PathBuf,
    /// The file to write; without it standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Rows that are in memory at once.
const BLOCK: usize = 8192;

pub(crate) fn run(options: &Predict) -> Result<Outcome> {
    match load::open(&options.model)? {
        AnyModel::F32(model) => predict(options, &model),
        AnyModel::F64(model) => predict(options, &model),
    }
}

fn predict<R: Real>(options: &Predict, model: &Model<R>) -> Result<Outcome> {
    match &options.output {
        Some(path) => {
            let mut file = disk::Whole::create(path)?;
            write_all(options, model, &mut file, &|e| cannot_write(e, &path.display().to_string()))?;
            file.finish()?;
        }
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            write_all(options, model, &mut out, &|e| cannot_write(e, "standard output"))?;
            if let Err(error) = out.flush()
                && error.kind() != io::ErrorKind::BrokenPipe
            {
                return Err(cannot_write(&error, "standard output"));
            }
        }
    }
    Ok(Outcome::Done)
}

fn cannot_write(error: &io::Error, file: &str) -> Error {
    Error::new(ErrorKind::File, format!("cannot write: {error}")).file(file)
}

/// Predicts block by block, so that memory does not grow with the file.
fn write_all<R: Real>(
    options: &Predict,
    model: &Model<R>,
    out: &mut dyn Write,
    cannot_write: &dyn Fn(&io::Error) -> Error,
) -> Result<()> {
    let file = options.data.display().to_string();
    let mut unseen = Unseen::default();
    let mut written = |text: &str| match out.write_all(text.as_bytes()) {
        Ok(()) => Ok(true),
        // Nobody reads any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(cannot_write(&error)),
    };
    let mut block = |table: &Table| -> Result<String> {
        lines(model, table, &mut unseen)
            .map_err(|error| if error.place().file.is_none() { error.file(&file) } else { error })
    };
    if ends(&options.data, "npz") {
        let source = open_for::<R>(&options.data, &model.encoder)?;
        debug_assert!(matches!(source.kind, Kind::Arrays(_)));
        let text = block(&source.table)?;
        written(&(header(&model.encoder.answers) + &text))?;
    } else {
        let (source, _) = disk::open(&options.data)?;
        let mut reader = csv::Reader::new(BufReader::new(source), &file, &options_for::<R>(&model.encoder))?;
        let mut first = true;
        while let Some(table) = reader.block(BLOCK)? {
            let text = block(&table)?;
            if first {
                written(&header(&model.encoder.answers))?;
                first = false;
            }
            if !written(&text)? {
                return Ok(());
            }
        }
        if first {
            return Err(Error::new(ErrorKind::Data, "there is a header and no row").file(&file));
        }
    }
    unseen.warnings().iter().for_each(|warning| screen::complain(&format!("warning: {warning}")));
    Ok(())
}

fn header(answers: &Answers) -> String {
    let prob = |name: &String| cell(&format!("prob_{name}"));
    let cells: Vec<String> = match answers {
        Answers::Classes { names, .. } => {
            std::iter::once("label".to_owned()).chain(names.iter().map(prob)).collect()
        }
        Answers::Labels { columns } => columns.iter().flat_map(|name| [cell(name), prob(name)]).collect(),
        Answers::Numbers { columns, .. } => columns.iter().map(|name| cell(name)).collect(),
    };
    cells.join(",") + "\n"
}

/// One line a row.
fn lines<R: Real>(model: &Model<R>, table: &Table, unseen: &mut Unseen) -> Result<String> {
    let probs = model.predict(table, &all_rows(table)?, unseen)?;
    let best = argmax(probs.view());
    let names = model.encoder.answers.names();
    let half = R::of(0.5);
    let line = |(row, best): (ndarray::ArrayView1<'_, R>, &u32)| {
        let cells: Vec<String> = match &model.encoder.answers {
            Answers::Classes { .. } => {
                let label = names.get(*best as usize).map(|name| cell(name)).unwrap_or_default();
                std::iter::once(label).chain(row.iter().map(ToString::to_string)).collect()
            }
            Answers::Labels { .. } => {
                row.iter().flat_map(|&prob| [u8::from(prob > half).to_string(), prob.to_string()]).collect()
            }
            Answers::Numbers { .. } => row.iter().map(ToString::to_string).collect(),
        };
        cells.join(",") + "\n"
    };
    Ok(probs.rows().into_iter().zip(&best).map(line).collect())
}

/// A text as a cell of CSV: quoted where it must be.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
