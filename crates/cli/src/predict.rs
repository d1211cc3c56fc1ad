//! `clearprop predict`: labels and probabilities of new rows.

use crate::outcome::Outcome;
use crate::reading::Reading;
use crate::source::{all_rows, arrays, called, names};
use crate::{load, progress, screen};
use clap::Args;
use clearprop::decision;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::evaluate::rows_at_once;
use clearprop::model::{AnyModel, Model};
use clearprop::real::Real;
use clearprop::table::{Table, Unseen, select};
use clearprop_files::budget::MOST_COLUMNS;
use clearprop_files::disk::same_file;
use clearprop_files::predictions::{Columns, Predictions};
use clearprop_files::table::{Kind, Opened, Options, open_chosen};
use std::io::{self, BufWriter, IsTerminal};
use std::path::{Path, PathBuf};

/// Predict the rows of a table: the label and the probability of each class, as CSV or Parquet
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop predict runs/iris-1/model.safetensors new.csv -o predicted.csv
  clearprop predict model.safetensors new.csv --keep id -o predicted.parquet
  clearprop predict model.safetensors new.csv --interval 0.9
  zcat new.csv.gz | clearprop predict model.safetensors - | head

Columns of the result: the kept ones; then 'label' and 'p_CLASS' for each class; for several labels \
each label and its 'p_LABEL'; for numbers the columns' own names, with --interval 'NAME_low' and 'NAME_high' \
behind each. Rows come in the order of the data.")]
pub(crate) struct Predict {
    /// The model
    model: PathBuf,
    /// A CSV (also packed by gzip), Parquet or .npz file with the model's columns, in any order, others
    /// are ignored; - is standard input
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Columns to copy into the result (an ID), separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    keep: Vec<String>,
    /// Of numbers: also the ends of an interval that holds the answer with this probability, like 0.9 (of a model
    /// that was trained with --folds)
    #[arg(long, value_name = "SHARE")]
    interval: Option<f64>,
    /// The file to write, Parquet if it ends in .parquet; without it (or as -) CSV on standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Rows that are in memory at once, at most; fewer of wide tables and of many classes.
const BLOCK: usize = 8192;

pub(crate) fn run(options: &Predict) -> Result<Outcome> {
    if let Some(output) = &options.output {
        for (input, what) in [(&options.model, "the model"), (&options.data, "the data")] {
            if same_file(input, output) {
                let found = format!("cannot write: this is the file of {what}");
                return Err(Error::new(ErrorKind::File, found)
                    .file(called(output))
                    .hint("choose another name"));
            }
        }
    }
    match load::open(&options.model)? {
        AnyModel::F32(model) => predict(options, &model),
        AnyModel::F64(model) => predict(options, &model),
    }
}

/// Predicts block by block, so that memory does not grow with the file.
fn predict<R: Real>(options: &Predict, model: &Model<R>) -> Result<Outcome> {
    let interval = options.interval.map(|level| model.interval(level)).transpose()?;
    let to_file = options.output.as_deref().is_some_and(|path| path != Path::new("-"));
    // A bar among the rows on a terminal can be read by nobody.
    let bar = if to_file || !io::stdout().is_terminal() {
        progress::Reading::new()
    } else {
        progress::Reading::hidden()
    };
    let mut seen = |read: u64, size: u64| bar.show(read, size);
    let mut reading = options.reading.options_for(&model.encoder);
    // An ID like 007 is copied as it is written.
    reading.rest = Some(Kind::Skip);
    // Answers that are missing are no reason not to predict.
    reading.targets.clear();
    let mut kept = Vec::new();
    let mut choose = |names: &[&str], reading: &mut Options| {
        kept = select(names, &options.keep)?;
        kept.iter().for_each(|name| {
            reading.kinds.entry(name.clone()).or_insert(Kind::Words);
        });
        Ok(())
    };
    let opened = open_chosen(&options.data, &reading, &mut choose, &mut seen).map_err(|error| {
        if error.place().file.is_none() { error.file(called(&options.data)) } else { error }
    })?;
    let file = called(&options.data);
    let about = |error: Error| if error.place().file.is_none() { error.file(&file) } else { error };
    let mut block = BLOCK.min(2 * rows_at_once(&model.network) + 1);
    if let Opened::Rows(rows) = &opened {
        block = block.min(MOST_COLUMNS * 16 / rows.names().len().max(1));
        fits(&kept, model, &names(rows).map_err(about)?).map_err(about)?;
    }
    if let Opened::Arrays(npz) = &opened {
        kept = select(&arrays(npz, &options.reading)?.0.table.names().collect::<Vec<_>>(), &options.keep)
            .map_err(about)?;
    }
    let answers = &model.encoder.answers;
    let columns = Columns { kept: &kept, answers, interval: interval.as_deref() };
    let begin = || match &options.output {
        Some(path) if path != Path::new("-") => Predictions::to_file::<R>(path, &columns),
        _ => Predictions::to_stream(BufWriter::new(io::stdout()), &columns),
    };
    let (mut unseen, mut out) = (Unseen::default(), None);
    let mut push = |table: &Table, rows: &[u32]| -> Result<bool> {
        let outputs = model.predict(table, rows, &mut unseen).map_err(about)?;
        // Nothing is begun before the first rows have shown that they fit.
        let out = match &mut out {
            Some(out) => out,
            none => none.insert(begin()?),
        };
        out.push(table, rows, outputs.view())
    };
    match opened {
        Opened::Arrays(npz) => {
            let table = arrays(&npz, &options.reading)?.0.table;
            fits(&kept, model, &table).map_err(about)?;
            let all = all_rows(&table)?;
            for rows in all.chunks(block) {
                if !push(&table, rows)? {
                    break;
                }
            }
        }
        Opened::Rows(mut rows) => {
            while let Some(table) = rows.block(block)? {
                if !push(&table, &all_rows(&table)?)? {
                    break;
                }
            }
            let strange = rows.decisions().iter().filter(|one| one.warning).cloned().collect::<Vec<_>>();
            decision::lines(&strange).iter().for_each(|line| screen::complain(line));
        }
    }
    match out {
        Some(out) => out.finish()?,
        None => return Err(Error::new(ErrorKind::Data, "there is a header and no row").file(&file)),
    }
    unseen.warnings().iter().for_each(|warning| screen::complain(&format!("warning: {warning}")));
    Ok(Outcome::Done)
}

/// Whether the model's columns and the kept ones are there.
fn fits<R: Real>(kept: &[String], model: &Model<R>, table: &Table) -> Result<()> {
    model.encoder.transform::<R>(table, &[], &mut Unseen::default())?;
    kept.iter().try_for_each(|name| table.column(name).map(drop))
}
