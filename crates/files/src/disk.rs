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
const UNFINISHED: &str = ".clearprop-unfinished-";

/// The file by which a process claims a folder.
const CLAIMED: &str = ".clearprop-claimed";

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
fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
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
    fn a_folder_has_one_owner() {
        let folder = temporary("claim");
        let run = folder.join("run");
        let any = |_: &[OsString]| Ok(());
        let entries = || fs::read_dir(&run).unwrap().count();
        let claim = Claim::take(&run, &any).unwrap();
        let half = Whole::create(&run.join("model")).unwrap();
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
