//! The only place that touches paths: files are written whole or not at all.
//!
//! A file is written under a temporary name in its folder, synced, renamed, and the folder is synced:
//! whoever looks sees the old file or the new one, never half of it, even after a power cut.

use clearprop::error::{Error, ErrorKind, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

/// A hook for tests, in builds with debug assertions alone: the k-th write, sync or rename of the
/// process fails, once, as if the disk were full (`CLEARPROP_TEST_FAIL_DISK=3`).
pub const FAIL_DISK: &str = "CLEARPROP_TEST_FAIL_DISK";

/// How the name of a file begins that is not finished.
const UNFINISHED: &str = ".clearprop-unfinished-";

/// Writes a file whole or not at all.
///
/// # Errors
/// What the operating system refused, with the path and what to do.  The old file, if any, stands.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = Whole::create(path)?;
    file.write_all(bytes).map_err(|error| refused("cannot write", path, &error))?;
    file.finish()
}

/// A file on its way: it gets its name by [`Whole::finish`]; dropped before that, it vanishes.
#[derive(Debug)]
pub struct Whole {
    path: PathBuf,
    unfinished: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Whole {
    /// Begins to write the file `path` under a temporary name.
    ///
    /// # Errors
    /// The folder does not exist or cannot be written to.
    pub fn create(path: &Path) -> Result<Self> {
        // A link stays one: the file that it names is written.
        let link = if path.is_symlink() { fs::canonicalize(path).ok() } else { None };
        let path = link.as_deref().unwrap_or(path);
        let error = |error: &io::Error| refused("cannot write", path, error);
        let Some(name) = path.file_name() else {
            return Err(error(&io::Error::new(io::ErrorKind::InvalidInput, "this is no file name")));
        };
        match fs::metadata(path) {
            Ok(about) if about.is_dir() => {
                return Err(error(&io::Error::from(io::ErrorKind::IsADirectory)));
            }
            // A rename would put a file in the place of /dev/null.
            Ok(about) if !about.is_file() => {
                return Err(Error::new(ErrorKind::File, "cannot write: this is a device or a pipe")
                    .file(path.display())
                    .hint("name a file"));
            }
            _ => {}
        }
        let mut unfinished = std::ffi::OsString::from(UNFINISHED);
        // Two programs that write the same file do not share a temporary one.
        unfinished.push(format!("{}-", std::process::id()));
        unfinished.push(name);
        let unfinished = path.with_file_name(unfinished);
        fault().map_err(|e| error(&e))?;
        let mut on_their_way = on_their_way();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&unfinished)
            .map_err(|e| error(&e))?;
        on_their_way.push(unfinished.clone());
        Ok(Self { path: path.to_owned(), unfinished, file: Some(BufWriter::with_capacity(1 << 16, file)) })
    }

    /// Writes what is left, syncs, and gives the file its name.
    ///
    /// # Errors
    /// What the operating system refused.
    pub fn finish(mut self) -> Result<()> {
        let error = |error: &io::Error| refused("cannot write", &self.path, error);
        let Some(file) = self.file.take() else { return Ok(()) };
        fault().map_err(|e| error(&e))?;
        let file = file.into_inner().map_err(|e| error(e.error()))?;
        fault().and_then(|()| file.sync_all()).map_err(|e| error(&e))?;
        drop(file);
        fault().and_then(|()| fs::rename(&self.unfinished, &self.path)).map_err(|e| error(&e))?;
        fault().and_then(|()| sync_folder(folder(&self.path))).map_err(|e| error(&e))
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault()?;
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::Error::other("the file is finished")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // Nobody is left to tell if this fails; the next run's file of this name replaces it.
        drop(self.file.take());
        let mut on_their_way = on_their_way();
        on_their_way.retain(|path| *path != self.unfinished);
        let _ = fs::remove_file(&self.unfinished);
    }
}

/// The temporary files of this process.
static ON_THEIR_WAY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn on_their_way() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    ON_THEIR_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all files that are on their way, and lets no other begin: for a process that ends at once,
/// whatever its other threads do.
pub fn give_up() {
    let paths = on_their_way();
    for path in paths.iter() {
        let _ = fs::remove_file(path);
    }
    std::mem::forget(paths);
}

/// A file that is read: it notices if somebody writes to it meanwhile.
#[derive(Debug)]
pub struct Input {
    file: File,
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
    /// A pipe has no size, and nothing in it can be looked up.
    regular: bool,
}

impl Input {
    /// Opens a file.
    ///
    /// # Errors
    /// The file does not exist, is a folder, or cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, size) = open(path)?;
        let about = file.metadata().map_err(|error| refused("cannot read", path, &error))?;
        let modified = about.modified().ok();
        Ok(Self { file, path: path.to_owned(), size, modified, regular: about.is_file() })
    }

    /// Its size in bytes when it was opened; 0 for a pipe.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its name for messages.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether its bytes can be looked up in any order: not those of a pipe.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        self.regular
    }

    /// `length` bytes from `start` on.
    ///
    /// # Errors
    /// They reach beyond the end, or cannot be read.
    pub fn bytes(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let mut file = &self.file;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The file once more; both share one place of reading.
    ///
    /// # Errors
    /// What the operating system refused.
    pub fn again(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Whether the file is still the one that was opened.
    ///
    /// # Errors
    /// Somebody wrote to it.
    pub fn check_unchanged(&self) -> Result<()> {
        let about = self.file.metadata().map_err(|error| refused("cannot read", &self.path, &error))?;
        // Files that the system makes up as they are read have no size.
        if !self.regular
            || self.size == 0
            || (about.len() == self.size && about.modified().ok() == self.modified)
        {
            return Ok(());
        }
        let found =
            format!("the file changed while it was read, from {} to {} bytes", self.size, about.len());
        Err(Error::new(ErrorKind::File, found).file(self.path.display()).hint("wait until it is written"))
    }
}

impl Read for Input {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        if read == 0 && !bytes.is_empty() {
            self.check_unchanged().map_err(io::Error::other)?;
        }
        Ok(read)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// The file does not exist, is a folder, cannot be read, or is larger.
pub fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, size) = open(path)?;
    let too_large = |size: u64| {
        Error::new(ErrorKind::File, format!("the file has {size} bytes, at most {limit} are read"))
            .file(path.display())
    };
    if size > limit {
        return Err(too_large(size));
    }
    let mut bytes = Vec::new();
    // The size may be a lie (a pipe, a file that grows): one byte more than allowed tells.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| refused("cannot read", path, &error))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Opens a file to read: it and its size in bytes (0 for a pipe).
///
/// # Errors
/// The file does not exist, is a folder, or cannot be read.
pub fn open(path: &Path) -> Result<(File, u64)> {
    let error = |error: &io::Error| refused("cannot read", path, error);
    let file = File::open(path).map_err(|e| error(&e))?;
    let about = file.metadata().map_err(|e| error(&e))?;
    if about.is_dir() {
        return Err(error(&io::Error::from(io::ErrorKind::IsADirectory)));
    }
    Ok((file, about.len()))
}

/// Makes a folder ready for a run: creates it, or takes it if it is empty.  A folder that holds files
/// is taken only with `overwrite`, and only if all of `marks` (files that a run writes) are in it or
/// in it stands nothing but temporary files.
///
/// # Errors
/// The folder cannot be made or written to, or holds something else.
pub fn claim_folder(path: &Path, overwrite: bool, marks: &[&str]) -> Result<()> {
    if path.exists() && !path.is_dir() {
        return Err(refused("cannot write into", path, &io::Error::from(io::ErrorKind::NotADirectory)));
    }
    fs::create_dir_all(path).map_err(|error| refused("cannot make the folder", path, &error))?;
    let mut empty = true;
    for entry in fs::read_dir(path).map_err(|error| refused("cannot read", path, &error))? {
        let entry = entry.map_err(|error| refused("cannot read", path, &error))?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // A run that was killed left it.
            let _ = fs::remove_file(entry.path());
        } else {
            empty = false;
        }
    }
    let wrong = |found: &str, hint: &str| {
        Err(Error::new(ErrorKind::File, found).file(path.display()).hint(hint.to_owned()))
    };
    if empty {
        // Better to know now than after the training.
        let probe = path.join(format!("{UNFINISHED}probe"));
        fs::write(&probe, b"").map_err(|error| refused("cannot write into", path, &error))?;
        return fs::remove_file(&probe).map_err(|error| refused("cannot write into", path, &error));
    }
    let ours = marks.iter().all(|mark| path.join(mark).exists());
    match (overwrite, ours) {
        (true, true) => Ok(()),
        (true, false) => {
            wrong("the folder is not empty and not a run of clearprop", "choose another with --out")
        }
        (false, _) => wrong("the folder is not empty", "choose another with --out, or add --overwrite"),
    }
}

/// Whether two paths name one file.
#[must_use]
pub fn same_file(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// What the operating system refused, in the words of a person; `path` may be `standard output`.
pub fn refused(what: &str, path: &Path, error: &io::Error) -> Error {
    let (found, hint) = match error.kind() {
        io::ErrorKind::NotFound if what == "cannot read" => ("there is no such file", "check the path"),
        io::ErrorKind::NotFound => ("the folder does not exist", "make it first"),
        io::ErrorKind::PermissionDenied => ("permission denied", "check who may read and write there"),
        io::ErrorKind::IsADirectory => ("this is a folder", "name a file"),
        io::ErrorKind::NotADirectory => ("this is a file", "name a folder"),
        io::ErrorKind::StorageFull => ("no space left on the disk", "make room, then run again"),
        io::ErrorKind::ReadOnlyFilesystem => ("the disk is read-only", "choose another folder"),
        _ => {
            return Error::new(ErrorKind::File, format!("{what}: {error}")).file(path.display());
        }
    };
    Error::new(ErrorKind::File, format!("{what}: {found}")).file(path.display()).hint(hint)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// A rename survives a power cut only if the folder was synced.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Fails if the tests want this operation to fail.
fn fault() -> io::Result<()> {
    static LEFT: OnceLock<AtomicI64> = OnceLock::new();
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    let left = LEFT.get_or_init(|| {
        AtomicI64::new(std::env::var(FAIL_DISK).ok().and_then(|k| k.parse().ok()).unwrap_or(0))
    });
    // 0 is the everyday case: no counting.
    if left.load(Ordering::Relaxed) > 0 && left.fetch_sub(1, Ordering::Relaxed) == 1 {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("clearprop-disk-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_file_stands_whole_or_not_at_all() {
        let folder = temporary("whole");
        let path = folder.join("a");
        write_whole(&path, b"old").unwrap();
        let mut half = Whole::create(&path).unwrap();
        half.write_all(b"ne").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(half);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
        assert_eq!(read_whole(&path, 3).unwrap(), b"new");
        assert!(
            read_whole(&path, 2)
                .unwrap_err()
                .to_string()
                .ends_with("the file has 3 bytes, at most 2 are read")
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_devices_devices() {
        let folder = temporary("links");
        std::os::unix::fs::symlink(folder.join("file"), folder.join("link")).unwrap();
        fs::write(folder.join("file"), b"old").unwrap();
        write_whole(&folder.join("link"), b"new").unwrap();
        assert_eq!(fs::read(folder.join("file")).unwrap(), b"new");
        assert!(folder.join("link").is_symlink());
        // A socket stands for all that is no file: a mistake here does no harm.
        let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
        let error = write_whole(&folder.join("socket"), b"").unwrap_err().to_string();
        assert!(error.ends_with("cannot write: this is a device or a pipe; name a file"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn errors_say_what_to_do() {
        let folder = temporary("errors");
        let error = read_whole(&folder.join("none.csv"), 10).unwrap_err().to_string();
        assert!(error.ends_with("none.csv: cannot read: there is no such file; check the path"), "{error}");
        let error = write_whole(&folder.join("no/such"), b"").unwrap_err().to_string();
        assert!(
            error.ends_with("no/such: cannot write: the folder does not exist; make it first"),
            "{error}"
        );
        let error = write_whole(&folder, b"").unwrap_err().to_string();
        assert!(error.ends_with("cannot write: this is a folder; name a file"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let folder = temporary("claim");
        let run = folder.join("run");
        claim_folder(&run, false, &["model"]).unwrap();
        claim_folder(&run, false, &["model"]).unwrap();
        fs::write(run.join("notes.txt"), b"mine").unwrap();
        assert!(claim_folder(&run, false, &["model"]).is_err());
        assert!(claim_folder(&run, true, &["model"]).is_err());
        fs::write(run.join("model"), b"").unwrap();
        claim_folder(&run, true, &["model"]).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
