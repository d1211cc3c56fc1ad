//! Folders that one process alone writes into.

use crate::disk::{UNFINISHED, lock, on_their_way, refused};
use clearprop::error::{Error, ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file by which a process claims a folder.
const CLAIMED: &str = ".clearprop-claimed";

/// A folder that one process alone writes into.  The claim is a locked file in it, which says who has it; the
/// lock dies with the process, whatever ends it.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    /// Whether the folder was made for it.
    made: bool,
    lock: PathBuf,
    /// Holds the lock while it is open.
    _open: File,
}

impl Claim {
    /// Takes a folder, or makes it.  `fits` sees the names of the files in it, temporary ones apart, and
    /// refuses a folder that is not for the taking; a claim that is refused leaves everything as it was.
    ///
    /// # Errors
    /// Another process has the folder; what `fits` says; what the operating system refused.
    pub fn take(folder: &Path, fits: &dyn Fn(&[OsString]) -> Result<()>) -> Result<Self> {
        let made = !folder.exists();
        if !made {
            if !folder.is_dir() {
                let error = io::Error::from(io::ErrorKind::NotADirectory);
                return Err(refused("cannot write into", folder, &error));
            }
            // Who has it is worth more than what is in it.
            if !folder.join(CLAIMED).exists() {
                fits(&names(folder)?)?;
            }
        }
        fs::create_dir_all(folder).map_err(|error| refused("cannot make the folder", folder, &error))?;
        let claim = Self::lock(folder, made)?;
        fits(&names(folder)?)?;
        claim.clear_up();
        Ok(claim)
    }

    /// Makes a folder and takes it; `None` if there is one of this name.
    ///
    /// # Errors
    /// What the operating system refused.
    pub fn make(folder: &Path) -> Result<Option<Self>> {
        match fs::create_dir(folder) {
            Ok(()) => Self::lock(folder, true).map(Some),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(refused("cannot make the folder", folder, &error)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn lock(folder: &Path, made: bool) -> Result<Self> {
        let cannot = |error: io::Error| refused("cannot write into", folder, &error);
        let path = folder.join(CLAIMED);
        // A link would have what it leads to written over.
        if fs::symlink_metadata(&path).is_ok_and(|about| !about.is_file()) {
            return Err(Error::new(ErrorKind::File, "this is no file of clearprop")
                .file(path.display())
                .hint("remove it"));
        }
        let mut on_their_way = on_their_way();
        for _ in 0..100 {
            let mut options = OpenOptions::new();
            let mut file =
                options.read(true).write(true).create(true).truncate(false).open(&path).map_err(cannot)?;
            if !lock(&file).map_err(cannot)? {
                return Err(held(folder, &path));
            }
            let owner = format!("process {}", std::process::id());
            let said = file.set_len(0).and_then(|()| file.write_all(owner.as_bytes()));
            // A folder on a full disk is found out here, not after the training.
            said.inspect_err(|_| drop(fs::remove_file(&path))).map_err(cannot)?;
            // The one before may have taken the file away between our opening and our lock.
            if fs::read_to_string(&path).is_ok_and(|found| found == owner) {
                on_their_way.push(path.clone());
                return Ok(Self { folder: folder.to_owned(), made, lock: path, _open: file });
            }
        }
        Err(held(folder, &path))
    }

    /// Removes the temporary files of processes that are no more.
    fn clear_up(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let unfinished = path.file_name().is_some_and(is_unfinished);
            let left =
                || OpenOptions::new().write(true).open(&path).is_ok_and(|file| lock(&file).unwrap_or(false));
            if unfinished && left() {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        on_their_way().retain(|path| *path != self.lock);
        // While it is locked: afterwards it may be another's.
        let _ = fs::remove_file(&self.lock);
        if self.made {
            // Fails, as it should, if there is something in it.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

fn held(folder: &Path, lock: &Path) -> Error {
    let owner = fs::read_to_string(lock).unwrap_or_default();
    let owner = if owner.is_empty() { "another process" } else { &owner };
    Error::new(ErrorKind::File, format!("{owner} is writing into this folder"))
        .file(folder.display())
        .hint("wait for its end, or choose another folder")
}

fn is_unfinished(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with(UNFINISHED)
}

/// The names of a folder's files, without those of claims and of files on their way.
fn names(folder: &Path) -> Result<Vec<OsString>> {
    let error = |error: io::Error| refused("cannot read", folder, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let name = entry.map_err(error)?.file_name();
        if name != CLAIMED && !is_unfinished(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Whole;

    fn temporary(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("clearprop-claim-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_folder_has_one_owner() {
        let folder = temporary("claim");
        let run = folder.join("run");
        let any = |_: &[OsString]| Ok(());
        let entries = || fs::read_dir(&run).unwrap().count();
        let claim = Claim::take(&run, &any).unwrap();
        let mut half = Whole::create(&run.join("model")).unwrap();
        half.write_all(b"model").unwrap();
        let before = entries();
        let error = Claim::take(&run, &any).unwrap_err().to_string();
        let expected = format!("process {} is writing into this folder; wait", std::process::id());
        assert!(error.contains(&expected), "{error}");
        assert_eq!(entries(), before, "a claim that is refused touches nothing");
        half.finish().unwrap();
        drop(claim);
        assert_eq!(entries(), 1, "the claim is gone, the file stays");
        // What a process left that was killed: nobody holds its locks.
        fs::write(run.join(CLAIMED), "process 1").unwrap();
        fs::write(run.join(format!("{UNFINISHED}1-0-model")), "half").unwrap();
        let busy = Whole::create(&run.join("plot.png")).unwrap();
        let claim = Claim::take(&run, &any).unwrap();
        assert_eq!(entries(), 3, "model, claim, and what another still writes");
        busy.finish().unwrap();
        drop(claim);
        let refuses = |names: &[OsString]| match names {
            [] => Ok(()),
            names => Err(Error::new(ErrorKind::File, format!("{} files", names.len()))),
        };
        assert_eq!(Claim::take(&run, &refuses).unwrap_err().to_string(), "2 files");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(run.join("model"), run.join(CLAIMED)).unwrap();
            let before = fs::read(run.join("model")).unwrap();
            let error = Claim::take(&run, &any).unwrap_err().to_string();
            assert!(error.ends_with("this is no file of clearprop; remove it"), "{error}");
            assert_eq!(fs::read(run.join("model")).unwrap(), before);
            fs::remove_file(run.join(CLAIMED)).unwrap();
        }
        let new = folder.join("new");
        drop(Claim::take(&new, &refuses).unwrap());
        assert!(!new.exists(), "made, left empty, taken away");
        assert!(Claim::make(&run).unwrap().is_none());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn of_many_at_once_one_gets_the_folder() {
        let folder = temporary("race");
        for round in 0..50 {
            let run = folder.join(round.to_string());
            let claims = std::thread::scope(|scope| {
                let threads: Vec<_> =
                    (0..4).map(|_| scope.spawn(|| Claim::take(&run, &|_| Ok(())))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 1);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
