//! The only place that touches paths: files are written whole or not at all.
//!
//! A file is written under a temporary name in its folder, synced, renamed, and the folder is synced:
//! whoever looks sees the old file or the new one, never half of it, even after a power cut.

use clearprop::error::{Error, ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

/// A hook for tests, in builds with debug assertions alone: the k-th write, sync or rename of the
/// process fails, once, as if the disk were full (`CLEARPROP_TEST_FAIL_DISK=3`).
pub const FAIL_DISK: &str = "CLEARPROP_TEST_FAIL_DISK";

/// How the name of a file begins that is not finished.
pub(crate) const UNFINISHED: &str = ".clearprop-unfinished-";

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
        let error = |error: &io::Error| refused("cannot write", path, error);
        let path = &at_the_end_of_links(path).map_err(|e| error(&e))?;
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
        fault().map_err(|e| error(&e))?;
        let mut on_their_way = on_their_way();
        let (unfinished, file) = begin(path, name).map_err(|e| error(&e))?;
        on_their_way.push(unfinished.clone());
        Ok(Self { path: path.clone(), unfinished, file: Some(BufWriter::with_capacity(1 << 16, file)) })
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
        // Open, and so locked, until it has its name: nobody takes it for one that was left behind.
        fault().and_then(|()| fs::rename(&self.unfinished, &self.path)).map_err(|e| error(&e))?;
        drop(file);
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

/// The file that a link, or a link to a link, leads to, whether it is there or not: a link stays one.
fn at_the_end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(to) => path = folder(&path).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its links lead round in a circle"))
}

/// A new file under a temporary name, locked for as long as its writer lives.
fn begin(path: &Path, name: &OsStr) -> io::Result<(PathBuf, File)> {
    let mut refusal = None;
    for n in 0u32..100 {
        // The process is told, for whoever looks; the number keeps apart those of different machines.
        let mut unfinished = OsString::from(format!("{UNFINISHED}{}-{n}-", std::process::id()));
        unfinished.push(name);
        let unfinished = path.with_file_name(unfinished);
        match OpenOptions::new().write(true).create_new(true).open(&unfinished) {
            // Somebody who clears up may have come between its making and its lock.
            Ok(file) if lock(&file)? && unfinished.exists() => return Ok((unfinished, file)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => refusal = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(refusal.unwrap_or_else(|| io::Error::other("no temporary name is free")))
}

/// Takes the lock of a file, which ends with its process; false if another holds it.  A file system
/// that knows no locks gives everybody everything.
pub(crate) fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The temporary files of this process.
static ON_THEIR_WAY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

pub(crate) fn on_their_way() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
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

/// The same for a process that has no more memory: one of its threads may be here already, and will not end.
pub fn give_up_if_possible() {
    if let Ok(paths) = ON_THEIR_WAY.try_lock() {
        for path in paths.iter() {
            let _ = fs::remove_file(path);
        }
        std::mem::forget(paths);
    }
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
        io::ErrorKind::QuotaExceeded => ("the quota of the disk is used up", "make room, then run again"),
        io::ErrorKind::FileTooLarge => ("the file is larger than the system allows", "see 'ulimit -f'"),
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
        let error = Input::open(&folder.join("none.csv")).unwrap_err().to_string();
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

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_followed() {
        let folder = temporary("dangling");
        std::os::unix::fs::symlink("file", folder.join("link")).unwrap();
        std::os::unix::fs::symlink("link", folder.join("again")).unwrap();
        write_whole(&folder.join("again"), b"new").unwrap();
        assert_eq!(fs::read(folder.join("file")).unwrap(), b"new");
        assert!(folder.join("link").is_symlink() && folder.join("again").is_symlink());
        std::os::unix::fs::symlink("b", folder.join("a")).unwrap();
        std::os::unix::fs::symlink("a", folder.join("b")).unwrap();
        let error = write_whole(&folder.join("a"), b"").unwrap_err().to_string();
        assert!(error.ends_with("its links lead round in a circle"), "{error}");
        std::os::unix::fs::symlink("no/such", folder.join("c")).unwrap();
        let error = write_whole(&folder.join("c"), b"").unwrap_err().to_string();
        assert!(error.ends_with("cannot write: the folder does not exist; make it first"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }
}
