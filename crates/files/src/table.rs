//! Any file of rows: what it is, its content says, not its name.
//!
//! CSV, CSV packed by gzip, and Parquet are read in blocks of rows; so is CSV from standard input (`-`).
//! The arrays of an npz file are read whole.
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
use crate::csv;
pub use crate::csv::{Kind, Options, Separator};
use crate::disk::Input;
use crate::npz::{self, Npz};
use clearprop::decision::Decision;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::table::Table;
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;
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
    #[cfg(feature = "parquet")]
    Parquet(Box<crate::parquet::Reader>, u64, Progress<'p>),
}

/// Opens a file of rows; `-` is standard input, as CSV or CSV packed by gzip.
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
        input.by_ref().take(4).read_to_end(&mut head).map_err(cannot)?;
        (Box::new(input), 0)
    } else {
        let mut input = Input::open(path)?;
        input.by_ref().take(4).read_to_end(&mut head).map_err(cannot)?;
        let named = |ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        let (parquet, zip) = (head == b"PAR1", matches!(&head[..], b"PK\x03\x04" | b"PK\x05\x06"));
        if input.is_regular() && (parquet || zip || named("npz") || named("parquet")) {
            input.rewind().map_err(cannot)?;
            return if zip || (named("npz") && !parquet) {
                arrays(input, progress)
            } else {
                rows_of_parquet(input, path, options, choose, progress)
            };
        }
        let size = input.size();
        (Box::new(input), size)
    };
    if head.starts_with(b"PAR1") || head.starts_with(b"PK\x03\x04") {
        let found = "this is a Parquet or npz file, and it comes through a pipe";
        return Err(Error::new(ErrorKind::File, found).file(&file).hint("name the file itself"));
    }
    if head.starts_with(b"\x93NUM") {
        let found = "this is a single NumPy array; arrays X and y are needed";
        return Err(Error::new(ErrorKind::File, found).file(&file).hint("save both with np.savez"));
    }
    let packed = head.starts_with(b"\x1f\x8b");
    let read = Rc::new(Cell::new(0));
    let budget = if size > 0 { Budget::of(size) } else { Budget::following(Rc::clone(&read)) };
    let counted = Counted { inner: Cursor::new(head).chain(input), read, told: 0, size, progress };
    let text: Box<dyn Read + 'p> = match packed {
        true => Box::new(Unpacked(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, counted)))),
        false => Box::new(counted),
    };
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
    let text: Box<dyn Read + 'p> = Box::new(text);
    let mut reader = csv::Reader::new(text, &file, options)?.within(budget);
    reader.choose(choose)?;
    Ok(Opened::Rows(Rows { source: Source::Csv(Box::new(reader)), file }))
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
            #[cfg(feature = "parquet")]
            Source::Parquet(reader, ..) => reader.names().collect(),
        }
    }

    /// What was decided so far by itself, each thing once.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        match &self.source {
            Source::Csv(reader) => reader.decisions(),
            #[cfg(feature = "parquet")]
            Source::Parquet(reader, ..) => reader.decisions(),
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
            #[cfg(feature = "parquet")]
            Source::Parquet(reader, size, progress) => reader.block_with(limit, &mut |read, rows| {
                progress(size.saturating_mul(read) / rows.max(1), *size);
            }),
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

/// What gzip packed; its errors in words.
struct Unpacked<S>(S);

impl<S: Read> Read for Unpacked<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other("the gzip file is cut off"),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                io::Error::other("the gzip file is damaged")
            }
            _ => error,
        })
    }
}
