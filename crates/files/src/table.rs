//! Any file of rows: what it is, its content says, not its name.
//!
//! CSV (also packed by gzip, zstd, bzip2, xz or zip) and Parquet are read in blocks of rows; so is CSV from
//! standard input (`-`).  JSON is read as a whole.  A folder, or a name with `*`, means Parquet files of one table.  The arrays of an npz
//! file are read whole.
//!
//! ```no_run
//! use clearprop_files::table::{Opened, Options, open};
//! let mut seen = |read: u64, size: u64| eprintln!("{read} of {size} bytes");
//! match open("people.csv.gz".as_ref(), &Options::default(), &mut seen)? {
//!     Opened::Rows(rows) => println!("{} rows", rows.read()?.len()),
//!     Opened::Arrays(npz) => println!("{:?}", npz.arrays.keys()),
//! }
//! # Ok::<(), clearprop::error::Error>(())
//! ```

use crate::budget::Budget;
use crate::convert;
use crate::csv;
pub use crate::csv::{Kind, Options, Separator};
use crate::disk::Input;
use crate::json;
use crate::npz::{self, Npz};
use crate::unpack::{HEAD, Packing, zipped};
use clearprop::decision::Decision;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::table::Table;
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Called now and then while a file is read: bytes read so far, and in all (0 if nobody knows).
pub type Progress<'p> = &'p mut dyn FnMut(u64, u64);

/// Completes the options once the columns' names are known.
pub type Choose<'c> = &'c mut dyn FnMut(&[&str], &mut Options) -> Result<()>;

/// A file whose content is known.
pub enum Opened<'p> {
    /// Rows of a table.
    Rows(Rows<'p>),
    /// The arrays of an npz file.
    Arrays(Npz),
}

/// The rows of a table, read in blocks.
pub struct Rows<'p> {
    source: Source<'p>,
    file: String,
}

enum Source<'p> {
    Csv(Box<csv::Reader<Box<dyn Read + 'p>>>),
    /// A table that was read as a whole, with the names of all columns of the file.
    Whole(Vec<String>, Option<Table>, Vec<Decision>),
    #[cfg(feature = "parquet")]
    Parquet(Box<crate::parquet::Reader>, u64, Progress<'p>),
    /// Parquet files of one table: the one that is read, and those to come.
    #[cfg(feature = "parquet")]
    Parts(Box<crate::parquet::Reader>, std::vec::IntoIter<PathBuf>, Box<Options>),
}

/// Opens a file of rows; `-` is standard input, as CSV, also packed.
///
/// # Errors
/// A file that cannot be read, and those of [`csv::Reader::new`], [`crate::parquet::Reader::new`]
/// and [`npz::read`].
pub fn open<'p>(path: &Path, options: &Options, progress: Progress<'p>) -> Result<Opened<'p>> {
    open_chosen(path, options, &mut |_, _| Ok(()), progress)
}

/// The same; `choose` completes the options once the columns' names are known.
///
/// # Errors
/// Those of [`open`] and of `choose`.
pub fn open_chosen<'p>(
    path: &Path,
    options: &Options,
    choose: Choose<'_>,
    progress: Progress<'p>,
) -> Result<Opened<'p>> {
    let standard = path == Path::new("-");
    let file = if standard { "standard input".to_owned() } else { path.display().to_string() };
    let cannot = |error: io::Error| Error::new(ErrorKind::File, format!("cannot read: {error}")).file(&file);
    let mut head = Vec::new();
    let (input, size): (Box<dyn Read>, u64) = if standard {
        let mut input = io::stdin();
        input.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(cannot)?;
        (Box::new(input), 0)
    } else {
        let parts = parts(path)?;
        if let Some(parts) = parts {
            return rows_of_parts(parts, options, choose);
        }
        let mut input = Input::open(path)?;
        input.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(cannot)?;
        let named = |ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        let parquet = head.starts_with(b"PAR1");
        let zip = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
        if input.is_regular() && (parquet || zip || named("npz") || named("parquet")) {
            input.rewind().map_err(cannot)?;
            if let Some(text) = zipped(&mut input, zip)? {
                head = text.get(..HEAD).unwrap_or(&text).to_vec();
                let rest = text.get(HEAD..).unwrap_or_default().to_vec();
                let size = input.size();
                (Box::new(Cursor::new(rest)), size)
            } else if zip || (named("npz") && !parquet) {
                return arrays(input, progress);
            } else {
                return rows_of_parquet(input, path, options, choose, progress);
            }
        } else {
            let size = input.size();
            (Box::new(input), size)
        }
    };
    if head.starts_with(b"PAR1") || head.starts_with(b"PK\x03\x04") {
        let found = "this is a Parquet or npz file, and it comes through a pipe";
        return Err(Error::new(ErrorKind::File, found).file(&file).hint("name the file itself"));
    }
    if head.starts_with(b"\x93NUM") {
        if standard {
            let found = "this is a NumPy array, and it comes through a pipe";
            return Err(Error::new(ErrorKind::File, found).file(&file).hint("name the file itself"));
        }
        let npz = crate::arrays::npy_files(&[path.to_owned()], &file)?;
        progress(size, size);
        return Ok(Opened::Arrays(npz));
    }
    let refused = |(found, hint): (&str, &str)| {
        Error::new(ErrorKind::File, found).file(&file).hint(hint.replace("FILE", &file))
    };
    if let Some(other) = convert::other(&head) {
        return Err(refused(other));
    }
    let packing = Packing::of(&head);
    let read = Rc::new(Cell::new(0));
    let budget = if size > 0 { Budget::of(size) } else { Budget::following(Rc::clone(&read)) };
    let counted = Counted { inner: Cursor::new(head).chain(input), read, told: 0, size, progress };
    let mut text: Box<dyn Read + 'p> = match packing {
        Some(packing) => packing.unpacked(counted).map_err(cannot)?,
        None => Box::new(counted),
    };
    if packing.is_some() {
        // What is no text says so inside too.
        let mut head = Vec::new();
        text.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(cannot)?;
        if let Some(other) = convert::other(&head) {
            return Err(refused(other));
        }
        text = Box::new(Cursor::new(head).chain(text));
    }
    let label = options.encoding.as_deref();
    let encoding = label.map(|label| Encoding::for_label(label.as_bytes()));
    if let (Some(label), Some(None)) = (label, encoding) {
        let found = format!("found \"{label}\", no encoding has this name");
        return Err(Error::new(ErrorKind::Setting, found)
            .setting("encoding")
            .hint("names are utf-8, windows-1252, iso-8859-15, shift_jis, gb18030, koi8-r, .."));
    }
    // Without a label, a byte-order mark says UTF-16; UTF-8 passes as it is.
    let text = DecodeReaderBytesBuilder::new()
        .encoding(encoding.flatten())
        .utf8_passthru(true)
        .strip_bom(encoding.is_some())
        .build(text);
    let mut text: Box<dyn Read + 'p> = Box::new(text);
    let mut head = Vec::new();
    text.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(cannot)?;
    if json::begins(&head) {
        let most = budget.most() + 1;
        text.take(most).read_to_end(&mut head).map_err(cannot)?;
        budget.clone().take(head.len() as u64).map_err(|error| error.file(&file))?;
        let size = size.max(head.len() as u64 / 32);
        let (names, table, decisions) = json::read(&head, (&file, size), options, choose)?;
        return Ok(Opened::Rows(Rows { source: Source::Whole(names, Some(table), decisions), file }));
    }
    let text: Box<dyn Read + 'p> = Box::new(Cursor::new(head).chain(text));
    let mut reader = csv::Reader::new(text, &file, options)?.within(budget);
    reader.choose(choose)?;
    Ok(Opened::Rows(Rows { source: Source::Csv(Box::new(reader)), file }))
}

/// The Parquet files that a folder or a name with `*` means, by their names; `None` if it is one file.
fn parts(path: &Path) -> Result<Option<Vec<PathBuf>>> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let (folder, pattern) = match path.is_dir() {
        true => (path, "*.parquet"),
        false if name.contains('*') && !path.exists() => (path.parent().unwrap_or(path), name),
        false => return Ok(None),
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let wrong = |found: String| Error::new(ErrorKind::File, found).file(path.display());
    let entries = std::fs::read_dir(folder).map_err(|error| wrong(format!("cannot read: {error}")))?;
    let fits = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| {
            clearprop::table::fits_pattern(name, pattern) && !name.starts_with(['.', '_'])
        })
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(fits).collect();
    files.sort();
    if files.is_empty() {
        let found = format!("there is no file {pattern} in the folder {}", folder.display());
        return Err(wrong(found).hint("name a table, or a folder of Parquet files"));
    }
    Ok(Some(files))
}

#[cfg(feature = "parquet")]
fn rows_of_parts<'p>(parts: Vec<PathBuf>, options: &Options, choose: Choose<'_>) -> Result<Opened<'p>> {
    let mut options = options.clone();
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return Err(Error::new(ErrorKind::File, "there is no file")) };
    let skip = Options { rest: Some(Kind::Skip), ..Options::default() };
    let names = crate::parquet::Reader::new(Input::open(&first)?, &skip)?.names_and_roots();
    choose(&names.iter().map(String::as_str).collect::<Vec<_>>(), &mut options)?;
    let reader = Box::new(crate::parquet::Reader::new(Input::open(&first)?, &options)?);
    let file = first.display().to_string();
    Ok(Opened::Rows(Rows { source: Source::Parts(reader, parts, Box::new(options)), file }))
}

#[cfg(not(feature = "parquet"))]
fn rows_of_parts<'p>(parts: Vec<PathBuf>, _: &Options, _: Choose<'_>) -> Result<Opened<'p>> {
    let file = parts.first().map(|path| path.display().to_string()).unwrap_or_default();
    let found = "this is a Parquet file, which this build does not read";
    Err(Error::new(ErrorKind::File, found).file(file).hint("save it as CSV"))
}

fn arrays<'p>(mut input: Input, progress: Progress<'p>) -> Result<Opened<'p>> {
    let file = input.name();
    let npz = npz::read(BufReader::new(&mut input), &file)?;
    input.check_unchanged()?;
    progress(input.size(), input.size());
    Ok(Opened::Arrays(npz))
}

#[cfg(feature = "parquet")]
fn rows_of_parquet<'p>(
    input: Input,
    path: &Path,
    options: &Options,
    choose: Choose<'_>,
    progress: Progress<'p>,
) -> Result<Opened<'p>> {
    let (file, size) = (input.name(), input.size());
    let mut options = options.clone();
    let skip = Options { rest: Some(Kind::Skip), ..Options::default() };
    let names = crate::parquet::Reader::new(input, &skip)?.names_and_roots();
    choose(&names.iter().map(String::as_str).collect::<Vec<_>>(), &mut options)?;
    let reader = Box::new(crate::parquet::Reader::new(Input::open(path)?, &options)?);
    Ok(Opened::Rows(Rows { source: Source::Parquet(reader, size, progress), file }))
}

#[cfg(not(feature = "parquet"))]
fn rows_of_parquet<'p>(
    input: Input,
    _: &Path,
    _: &Options,
    _: Choose<'_>,
    _: Progress<'p>,
) -> Result<Opened<'p>> {
    let found = "this is a Parquet file, which this build does not read";
    Err(Error::new(ErrorKind::File, found).file(input.name()).hint("save it as CSV"))
}

impl Rows<'_> {
    /// The columns' names.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match &self.source {
            Source::Csv(reader) => reader.names().iter().map(String::as_str).collect(),
            Source::Whole(names, ..) => names.iter().map(String::as_str).collect(),
            #[cfg(feature = "parquet")]
            Source::Parquet(reader, ..) | Source::Parts(reader, ..) => reader.names().collect(),
        }
    }

    /// What was decided so far by itself, each thing once.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        match &self.source {
            Source::Csv(reader) => reader.decisions(),
            Source::Whole(.., decisions) => decisions,
            #[cfg(feature = "parquet")]
            Source::Parquet(reader, ..) | Source::Parts(reader, ..) => reader.decisions(),
        }
    }

    /// The file's name for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The next rows, at most `limit`; `None` at the end.
    ///
    /// # Errors
    /// Those of [`csv::Reader::block`] and [`crate::parquet::Reader::block`].
    pub fn block(&mut self, limit: usize) -> Result<Option<Table>> {
        match &mut self.source {
            Source::Csv(reader) => reader.block(limit),
            Source::Whole(_, table, _) => Ok(table.take()),
            #[cfg(feature = "parquet")]
            Source::Parquet(reader, size, progress) => reader.block_with(limit, &mut |read, rows| {
                progress(size.saturating_mul(read) / rows.max(1), *size);
            }),
            #[cfg(feature = "parquet")]
            Source::Parts(reader, parts, options) => {
                let mut table = reader.block(limit)?;
                while table.as_ref().is_none_or(|table| table.len() < limit) {
                    let Some(path) = parts.next() else { break };
                    **reader = crate::parquet::Reader::new(Input::open(&path)?, options)?;
                    let left = limit - table.as_ref().map_or(0, Table::len);
                    let about = |error: Error| error.file(path.display());
                    table = match (table, reader.block(left)?) {
                        (Some(table), Some(more)) => Some(table.followed_by(more).map_err(about)?),
                        (table, more) => table.or(more),
                    };
                }
                Ok(table)
            }
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// Those of [`Rows::block`], and a file without rows.
    pub fn read(self) -> Result<Table> {
        self.read_with_decisions().map(|(table, _)| table)
    }

    /// All rows, and what was decided while they were read.
    ///
    /// # Errors
    /// Those of [`Rows::read`].
    pub fn read_with_decisions(mut self) -> Result<(Table, Vec<Decision>)> {
        let table = self.block(usize::MAX)?.ok_or_else(|| csv::no_row(&self.file))?;
        Ok((table, self.decisions().to_vec()))
    }
}

/// Tells how many bytes were read.
struct Counted<'p, S> {
    inner: S,
    read: Rc<Cell<u64>>,
    told: u64,
    size: u64,
    progress: Progress<'p>,
}

impl<S: Read> Read for Counted<'_, S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        const STEP: u64 = 1 << 20;
        let new = self.inner.read(bytes)?;
        let read = self.read.get() + new as u64;
        self.read.set(read);
        if read >= self.told + STEP || (new == 0 && read != self.told) {
            self.told = read;
            (self.progress)(read, self.size);
        }
        Ok(new)
    }
}
