//! The run folder.

use clearprop::error::{Error, ErrorKind, Result};
use clearprop_files::claim::Claim;
use clearprop_files::disk;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// The files of a run folder.
pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const SUMMARY: &str = "summary.json";
pub(crate) const HISTORY: &str = "history.csv";
/// What a run that is not over goes on with.
pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";
/// What a search that is not over goes on with.
pub(crate) const SEARCH: &str = "search.safetensors";
/// What a search tried.
pub(crate) const TRIALS: &str = "trials.csv";
/// What each row is predicted as by the member that was not trained on it.
pub(crate) const OUT_OF_FOLD: &str = "out_of_fold.csv";
/// A page about the run, and its numbers.
pub(crate) const REPORT: [&str; 2] = ["report.html", "report.json"];
/// The same about other rows, if the model has been evaluated on some.
pub(crate) const EVALUATION: [&str; 2] = ["evaluation.html", "evaluation.json"];
pub(crate) const PICTURES: [&str; 3] = ["data.png", "boundary.png", "loss.png"];

/// A folder that this run alone writes into.
#[derive(Debug)]
pub(crate) struct Folder(Claim);

impl Folder {
    /// The folder asked for, or the next free `runs/NAME-N`.
    ///
    /// # Errors
    /// It cannot be made or written to, another run has it, or it holds something else.
    pub(crate) fn claim(asked: Option<&Path>, name: &str, overwrite: bool) -> Result<Self> {
        if let Some(path) = asked {
            return Claim::take(path, &|names| may_be_taken(path, names, overwrite)).map(Self);
        }
        let runs = Path::new("runs");
        let cannot = |error: std::io::Error| {
            Error::new(ErrorKind::File, format!("cannot make the folder: {error}"))
                .file(runs.display())
                .hint("choose another with --out")
        };
        fs::create_dir_all(runs).map_err(cannot)?;
        for n in 1u64.. {
            // Making it is asking whether it is free: two runs at once do not get the same.
            if let Some(claim) = Claim::make(&runs.join(format!("{name}-{n}")))? {
                return Ok(Self(claim));
            }
        }
        Err(Error::new(ErrorKind::File, "no number is free").file(runs.display()))
    }

    /// The folder of a run that goes on with this file, [`CHECKPOINT`] or [`SEARCH`].
    ///
    /// # Errors
    /// There is no such file in it, another run has it, or it cannot be written to.
    pub(crate) fn again(path: &Path, file: &str) -> Result<Self> {
        let (what, other, how) = match file {
            SEARCH => ("search", CHECKPOINT, "a search can go on after Ctrl-C, until it is over"),
            _ => (
                "checkpoint",
                SEARCH,
                "a run has one with --checkpoint-every N or after Ctrl-C, until it is over",
            ),
        };
        let unfinished = |names: &[OsString]| {
            let has = |file: &str| names.iter().any(|name| name == file);
            let hint = match (has(other), file) {
                (true, SEARCH) => "this is a run of 'clearprop train --resume'",
                (true, _) => "this is a search of 'clearprop tune --resume'",
                (false, _) => how,
            };
            let error = Error::new(ErrorKind::File, format!("there is no {what} to go on from"));
            if has(file) { Ok(()) } else { Err(error.file(path.display()).hint(hint)) }
        };
        if !path.is_dir() {
            unfinished(&[])?;
        }
        Claim::take(path, &unfinished).map(Self)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.folder()
    }

    /// Writes one of its files.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        disk::write_whole(&self.path().join(name), bytes)
    }

    /// Removes a file of an earlier run that this one does not have.
    pub(crate) fn forget(&self, name: &str) {
        let _ = fs::remove_file(self.path().join(name));
    }
}

/// Whether a folder with files of these names is for the taking: an empty one is, and with `overwrite`
/// what a run made, even one that ended before all its files were written.
fn may_be_taken(path: &Path, names: &[OsString], overwrite: bool) -> Result<()> {
    let has = |file: &str| names.iter().any(|name| name == file);
    let of_a_run = |name: &OsString| {
        let one = [MODEL, SUMMARY, HISTORY, CHECKPOINT, SEARCH, TRIALS, OUT_OF_FOLD];
        one.iter().chain(&PICTURES).chain(&REPORT).chain(&EVALUATION).any(|file| name == file)
    };
    let ours = has(CHECKPOINT) || has(SEARCH) || (has(MODEL) && has(SUMMARY)) || names.iter().all(of_a_run);
    let wrong = |found: &str, hint: &str| {
        Err(Error::new(ErrorKind::File, found).file(path.display()).hint(hint.to_owned()))
    };
    match (overwrite, ours) {
        _ if names.is_empty() => Ok(()),
        (true, true) => Ok(()),
        (true, false) => {
            wrong("the folder is not empty and not a run of clearprop", "choose another with --out")
        }
        (false, _) => wrong("the folder is not empty", "choose another with --out, or add --overwrite"),
    }
}
