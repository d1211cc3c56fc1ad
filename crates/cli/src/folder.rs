//! The run folder.

use clearprop::error::{Error, ErrorKind, Result};
use clearprop_files::disk;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a run folder; whoever has the marks was made by a run.
pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const SUMMARY: &str = "summary.json";
pub(crate) const HISTORY: &str = "history.csv";
/// What a run that is not over goes on with.
pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";
pub(crate) const PICTURES: [&str; 3] = ["data.png", "boundary.png", "loss.png"];
const MARKS: [&str; 2] = [MODEL, SUMMARY];

/// A folder that a run may write into.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Whether this run has made it.
    new: bool,
}

impl Folder {
    /// The folder asked for, or the next free `runs/NAME-N`.
    ///
    /// # Errors
    /// It cannot be made or written to, or holds something else.
    pub(crate) fn claim(asked: Option<&Path>, name: &str, overwrite: bool) -> Result<Self> {
        if let Some(path) = asked {
            let new = !path.exists();
            let unfinished = path.join(CHECKPOINT).exists();
            let marks: &[&str] = if unfinished { &[CHECKPOINT] } else { &MARKS };
            disk::claim_folder(path, overwrite, marks)?;
            return Ok(Self { path: path.to_owned(), new });
        }
        let runs = Path::new("runs");
        let cannot = |error: std::io::Error| {
            Error::new(ErrorKind::File, format!("cannot make the folder: {error}"))
                .file(runs.display())
                .hint("choose another with --out")
        };
        fs::create_dir_all(runs).map_err(cannot)?;
        for n in 1u64.. {
            let path = runs.join(format!("{name}-{n}"));
            // Making it is asking whether it is free: two runs at once do not get the same.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path, new: true }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot(error)),
            }
        }
        Err(Error::new(ErrorKind::File, "no number is free").file(runs.display()))
    }

    /// The folder of a run that goes on.
    ///
    /// # Errors
    /// It cannot be written to.
    pub(crate) fn again(path: &Path) -> Result<Self> {
        disk::claim_folder(path, true, &[CHECKPOINT])?;
        Ok(Self { path: path.to_owned(), new: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one of its files.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        disk::write_whole(&self.path.join(name), bytes)
    }

    /// Removes a file of an earlier run that this one does not have.
    pub(crate) fn forget(&self, name: &str) {
        let _ = fs::remove_file(self.path.join(name));
    }

    /// Removes the folder if this run has made it and left it empty.
    pub(crate) fn give_back(&self) {
        if self.new {
            // Fails, as it should, if there is something in it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}
