//! `clearprop diagnose`: a person's own backward pass against the right one.

mod answer;

use crate::paper::Paper;
use crate::source::read_npz;
use crate::{Outcome, screen};
use clap::Args;
use clearprop::diagnose::arrays::{Array, Stored, Values};
use clearprop::diagnose::{Diagnosis, Verdict, diagnose};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop_files::npz::{self, Npz};
use std::path::{Path, PathBuf};

/// Say where your own backward pass first goes wrong, which mistake it looks like, and the right line
///
/// Save what your code computed with np.savez, as much or as little as you have: X, y, W1, W2, .., reg, and any
/// of h11 h12 f probs loss dL_df dL_dW2 dL_dh12 dL_dh11 dL_dW1 (or z1 a1 logits dlogits dw1 db1 da1 dz1, or
/// Z1 A1 dZ1 dA1 ..).  With the loss, conventions (a sum or a mean, reg or reg/2) need no guessing.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop diagnose mine.npz
  clearprop diagnose class/*.npz
  clearprop diagnose mine.npz --json | jq .first_wrong_stage

In a function np.savez('mine.npz', **locals()) saves everything; outside of one modules are in the way:
  keep = (np.ndarray, np.generic, int, float)
  np.savez('mine.npz', **{k: v for k, v in globals().items() if isinstance(v, keep)})

Start with 'clearprop probe probe.npz' for inputs on which no mistake can hide.
The exit code is 1 when something is wrong, 0 when all is right or only the loss could tell.")]
pub(crate) struct Diagnose {
    /// Arrays of one person a file; several files give a table
    #[arg(required = true, value_name = "ARRAYS.npz")]
    files: Vec<PathBuf>,
    /// Print JSON, a line a file
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Diagnose) -> Result<Outcome> {
    if let [file] = options.files.as_slice() {
        let diagnosis = of_file(file)?;
        if options.json {
            screen::print(&format!("{}\n", json(&diagnosis)?))?;
        } else {
            screen::print(&answer::text(&diagnosis, &file.display().to_string(), Paper::of_stdout()))?;
        }
        return Ok(if diagnosis.verdict == Verdict::Wrong { found(1, 1) } else { Outcome::Done });
    }
    let answers: Vec<(String, Result<Diagnosis>)> =
        options.files.iter().map(|file| (file.display().to_string(), of_file(file))).collect();
    if options.json {
        for (file, answer) in &answers {
            let mut value = match answer {
                Ok(diagnosis) => serde_json::to_value(diagnosis).map_err(unwritable)?,
                Err(error) => serde_json::json!({ "error": error.to_string() }),
            };
            value["file"] = file.as_str().into();
            screen::print(&format!("{value}\n"))?;
        }
    } else {
        screen::print(&answer::table(&answers, Paper::of_stdout()))?;
    }
    let wrong = |answer: &Result<Diagnosis>| answer.as_ref().is_ok_and(|d| d.verdict == Verdict::Wrong);
    let count = answers.iter().filter(|(_, answer)| wrong(answer)).count();
    let total = answers.len();
    if let Some(error) = answers.into_iter().find_map(|(_, answer)| answer.err()) {
        return Err(error);
    }
    Ok(if count > 0 { found(count, total) } else { Outcome::Done })
}

fn found(count: usize, total: usize) -> Outcome {
    let (words, hint) = if total == 1 {
        ("the backward pass is wrong".to_owned(), "change the first wrong stage, run your code, ask again")
    } else {
        (
            format!("{count} of {total} are wrong"),
            "with one file alone there are evidence, reason and right line",
        )
    };
    Outcome::Found(Error::new(ErrorKind::Data, words).hint(hint))
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Data, format!("the answer cannot be written as JSON: {error}"))
}

fn json(diagnosis: &Diagnosis) -> Result<String> {
    serde_json::to_string(diagnosis).map_err(unwritable)
}

fn of_file(file: &Path) -> Result<Diagnosis> {
    let arrays = arrays(&read_npz(file)?);
    diagnose(&arrays).map_err(|error| error.file(file.display()))
}

/// The file's arrays for the library, those that are no numbers too: they are said to be ignored.
fn arrays(file: &Npz) -> Vec<Array> {
    let plain = file.arrays.iter().map(|(name, array)| {
        let values = match &array.values {
            npz::Values::F64(v) => Values::Numbers(v.clone(), Stored::Double),
            npz::Values::F32(v) => Values::Numbers(v.iter().map(|&v| f64::from(v)).collect(), Stored::Single),
            // Labels and counts: far below 2^53.
            npz::Values::I64(v) => Values::Numbers(v.iter().map(|&v| v as f64).collect(), Stored::Whole),
            npz::Values::U8(v) => Values::Numbers(v.iter().map(|&v| f64::from(v)).collect(), Stored::Whole),
            npz::Values::Bool(v) => {
                Values::Numbers(v.iter().map(|&v| f64::from(u8::from(v))).collect(), Stored::Whole)
            }
            npz::Values::Text(words) => match words.as_slice() {
                [word] => Values::Text(word.clone()),
                _ => Values::Other("words".to_owned()),
            },
        };
        Array { name: name.clone(), shape: array.shape.clone(), values }
    });
    let skipped = file.skipped.iter().map(|(name, why)| Array {
        name: name.clone(),
        shape: Vec::new(),
        values: Values::Other(why.clone()),
    });
    plain.chain(skipped).collect()
}
