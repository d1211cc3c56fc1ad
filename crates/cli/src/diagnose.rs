//! `clearprop diagnose`: a person's own backward pass against the right one.

mod class;
mod names;

use crate::outcome::Outcome;
use crate::paper;
use crate::screen;
use clap::Args;
use clearprop::diagnose::arrays::Array;
use clearprop::diagnose::text::text;
use clearprop::diagnose::{Diagnosis, Verdict, diagnose};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop_files::arrays as containers;
use clearprop_files::arrays::for_diagnosis as arrays;
use clearprop_files::npz::Npz;
use names::Meaning;
use std::path::{Path, PathBuf};

/// Say where your own backward pass first goes wrong, which mistake it looks like, and the right line
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop diagnose mine.npz
  clearprop diagnose class/*.npz
  clearprop diagnose mine.npz --json | jq .first_wrong_stage
  clearprop diagnose mine.npz --name w_0=W1 --name w_1=W2
  clearprop diagnose class/*.npz --probe probe.npz --require dL_dW2,dL_dh11,dL_dW1

Save what your code computed with np.savez, as much or as little as you have: X, y, W1, W2, .., reg, and any \
of h11 h12 f probs loss dL_df dL_dW2 dL_dh12 dL_dh11 dL_dW1 (or z1 a1 logits dlogits dw1 db1 da1 dz1, or \
Z1 A1 dZ1 dA1 ..). With the loss, conventions (a sum or a mean, reg or reg/2) need no guessing.

In a function np.savez('mine.npz', **locals()) saves everything; outside of one, modules are in the way:
  keep = (np.ndarray, np.generic, int, float)
  np.savez('mine.npz', **{k: v for k, v in globals().items() if isinstance(v, keep)})

Start with 'clearprop probe probe.npz' for inputs on which no mistake can hide.
The exit code is 1 when something is wrong, 0 when all is right or only the loss could tell.")]
pub(crate) struct Diagnose {
    /// Arrays of one person a file (.npz, .mat, .json, or a folder of .npy or .csv files); several give a table
    #[arg(required = true, value_name = "ARRAYS.npz")]
    files: Vec<PathBuf>,
    /// What a name of yours means, like w_0=W1; once for each
    #[arg(long = "name", value_name = "YOURS=MEANING")]
    names: Vec<Meaning>,
    /// Print JSON, a line a file
    #[arg(long)]
    json: bool,
    /// Print a table as CSV, a line a file
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// The arrays that were asked for; the table says how many are there
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    require: Vec<String>,
    /// The inputs that were handed out: they are added where a file has none, and must not be changed
    #[arg(long, value_name = "FILE")]
    probe: Option<PathBuf>,
}

/// One file's arrays, as far as they could be read, and what is said of them.
struct Answer {
    arrays: Vec<Array>,
    diagnosis: Result<Diagnosis>,
}

pub(crate) fn run(options: &Diagnose) -> Result<Outcome> {
    let probe = match &options.probe {
        Some(path) => arrays(&containers::open(path)?),
        None => Vec::new(),
    };
    if let ([file], false, true) = (options.files.as_slice(), options.csv, options.require.is_empty()) {
        let diagnosis = of_file(file, options, &probe).diagnosis?;
        if options.json {
            screen::print(&format!("{}\n", json(&diagnosis)?))?;
        } else {
            screen::print(&text(&diagnosis, &file.display().to_string(), paper::of_stdout()))?;
        }
        return Ok(if diagnosis.verdict == Verdict::Wrong { one_wrong(&diagnosis) } else { Outcome::Done });
    }
    let row = |file: &PathBuf| {
        let Answer { arrays, diagnosis } = of_file(file, options, &probe);
        class::Row::new(file.display().to_string(), &arrays, diagnosis, &options.require)
    };
    let rows: Vec<class::Row> = options.files.iter().map(row).collect();
    if options.json {
        for row in &rows {
            screen::print(&format!("{}\n", row.json().map_err(unwritable)?))?;
        }
    } else if options.csv {
        screen::print(&class::csv(&rows))?;
    } else {
        screen::print(&class::table(&rows, paper::of_stdout()))?;
    }
    let (count, total) = (rows.iter().filter(|row| row.is_wrong()).count(), rows.len());
    if let Some(error) = rows.into_iter().find_map(class::Row::into_error) {
        return Err(error);
    }
    let several = || {
        let words = format!("{count} of {total} {} wrong", if count == 1 { "is" } else { "are" });
        Error::new(ErrorKind::Data, words)
            .hint("with one file alone there are evidence, reason and right line")
    };
    Ok(if count > 0 { Outcome::Found(several()) } else { Outcome::Done })
}

/// What is wrong in one file, named by its first wrong stage.
fn one_wrong(diagnosis: &Diagnosis) -> Outcome {
    let first =
        diagnosis.stages.iter().find(|stage| Some(&stage.name) == diagnosis.first_wrong_stage.as_ref());
    let words = match first {
        Some(stage) if stage.stage.starts_with("update") => "the update is wrong",
        Some(stage) if !stage.role.starts_with("by ") => "the forward pass is wrong",
        Some(_) => "the backward pass is wrong",
        None => "what you saved is wrong",
    };
    let error = Error::new(ErrorKind::Data, words.to_owned());
    Outcome::Found(error.hint("change the first wrong stage, run your code, ask again"))
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Data, format!("the answer cannot be written as JSON: {error}"))
}

fn json(diagnosis: &Diagnosis) -> Result<String> {
    serde_json::to_string(diagnosis).map_err(unwritable)
}

fn of_file(file: &Path, options: &Diagnose, probe: &[Array]) -> Answer {
    let npz = match containers::open(file) {
        Ok(npz) => npz,
        Err(error) => return Answer { arrays: Vec::new(), diagnosis: Err(error) },
    };
    let mut arrays = arrays(&npz);
    let diagnosis = names::apply(&options.names, &mut arrays)
        .and_then(|()| class::handed_out(probe, &mut arrays))
        .and_then(|()| {
            diagnose(&arrays).map_err(|error| objects(&npz).unwrap_or_else(|| names::offered(&arrays, error)))
        })
        .map(|mut diagnosis| {
            names::back(&options.names, &mut diagnosis);
            diagnosis
        })
        .map_err(|error| error.file(file.display()));
    Answer { arrays, diagnosis }
}

/// Where a file says too little because a dictionary or a list was saved as it is: the line that saves it.
fn objects(npz: &Npz) -> Option<Error> {
    let names: Vec<&str> =
        npz.skipped.iter().filter(|(_, why)| why.contains("object")).map(|(name, _)| name.as_str()).collect();
    let name = names.first()?;
    Some(
        Error::new(ErrorKind::Data, "is a Python object (a dictionary or a list), which is not unpickled")
            .name(format!("array '{name}'"))
            .hint(format!(
                "save what is in it: np.savez('mine.npz', X=X, y=y, **{}), or for a list \
                 **{{f'{name}{{l}}': v for l, v in enumerate({name}, 1)}}",
                names.join(", **")
            )),
    )
}
