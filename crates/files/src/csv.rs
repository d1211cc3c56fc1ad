//! CSV files into tables.
//!
//! A column in which at least 95 % of the values are numbers is a column of numbers, and a word in it
//! an error with its row.  Rows are the file's lines, counted from 1.

pub(crate) mod column;
mod records;
mod sniff;

use crate::budget::{Budget, MOST_COLUMNS};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::table::Table;
use column::Builder;
pub use column::Kind;
use records::{Record, Records, Trouble};
use std::collections::{BTreeMap, HashSet};
use std::io::Read;

/// How a file is read; the default finds everything out by itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether the first line holds the columns' names; by default, if no cell of it is a number, or
    /// one is a name of `kinds` or `known`.
    pub header: Option<bool>,
    /// Names that are known to be columns'.
    pub known: Vec<String>,
    /// What separates the fields; by default the one of `,` `;` tab `|` that fits the first lines.
    pub separator: Option<u8>,
    /// Whether numbers have a decimal comma; by default, if they look like it.
    pub decimal_comma: Option<bool>,
    /// Whether the text is Latin-1, not UTF-8.
    pub latin1: bool,
    /// Whether numbers are kept in single precision: half the memory.
    pub single: bool,
    /// What columns must be, by name: what a model was trained on.  Others are found out.
    pub kinds: BTreeMap<String, Kind>,
    /// What the columns are that `kinds` does not name; by default that is found out.
    pub rest: Option<Kind>,
}

/// A CSV file that is being read, in blocks of rows.
pub struct Reader<S: Read> {
    rows: Records<S>,
    file: String,
    names: Vec<String>,
    options: Options,
    /// The first line, if it is no header.
    first: Option<Record>,
    decimal_comma: bool,
    budget: Option<Budget>,
}

/// Reads a whole file; `file` is its name for messages.
///
/// # Errors
/// See [`Reader::new`] and [`Reader::block`]; and a file without rows.
pub fn read(source: impl Read, file: &str, options: &Options) -> Result<Table> {
    let mut reader = Reader::new(source, file, options)?;
    match reader.block(usize::MAX)? {
        Some(table) => Ok(table),
        None => Err(no_row(file)),
    }
}

impl<S: Read> Reader<S> {
    /// Reads the first line and finds out what separates fields.
    ///
    /// # Errors
    /// An empty file, two columns of one name, bytes that are no text.
    pub fn new(source: S, file: &str, options: &Options) -> Result<Self> {
        let (mut rows, sample) = Records::new(source).map_err(|error| unreadable(file, &error))?;
        let said = sniff::said_separator(&sample);
        let separator = options.separator.or(said).unwrap_or_else(|| sniff::separator(&sample));
        let decimal_comma =
            options.decimal_comma.unwrap_or_else(|| sniff::has_decimal_comma(&sample, separator));
        rows.separator = separator;
        let mut reader = Self {
            rows,
            file: file.to_owned(),
            names: Vec::new(),
            options: options.clone(),
            first: None,
            decimal_comma,
            budget: None,
        };
        let mut first = Record::default();
        if said.is_some() {
            reader.next(&mut first)?;
        }
        if !reader.next(&mut first)? {
            return Err(reader.error("the file is empty").hint("a line of names and some rows are needed"));
        }
        if let Some((found, hint)) = sniff::no_table(&sample) {
            return Err(reader.error(found).hint(hint));
        }
        let is_number = |cell: &str| column::number(cell, decimal_comma).is_some();
        let is_name =
            |cell: &str| options.kinds.contains_key(cell) || options.known.iter().any(|name| name == cell);
        let looks_like_header = || first.fields().any(is_name) || !first.fields().any(is_number);
        if options.header.unwrap_or_else(looks_like_header) {
            let name = |(i, name): (usize, &str)| match name {
                "" => format!("column {i}"),
                name => name.to_owned(),
            };
            reader.names = (1..).zip(first.fields()).map(name).collect();
        } else {
            reader.names = (1..=first.len()).map(|i| format!("column {i}")).collect();
            reader.first = Some(first);
        }
        let mut seen = HashSet::new();
        if let Some(name) = reader.names.iter().find(|name| !seen.insert(name.as_str())) {
            let error = reader.error("there are two columns of this name");
            return Err(error.row(1).column(name).hint("rename one of them"));
        }
        Ok(reader)
    }

    /// Keeps each block within the memory that the file may take; text that is packed may unpack to far more.
    #[must_use]
    pub fn within(self, budget: Budget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// The columns' names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The next rows, at most `limit`; `None` at the end.
    ///
    /// # Errors
    /// A row with more or fewer fields than the first, a quote that is not closed, a NUL byte, bytes
    /// that are not UTF-8, a word in a column of numbers, an infinite number, more than the budget: each
    /// with its row.
    pub fn block(&mut self, limit: usize) -> Result<Option<Table>> {
        let mut columns: Vec<Builder> = self
            .names
            .iter()
            .map(|name| {
                let kind = self.options.kinds.get(name).copied().or(self.options.rest);
                Builder::new(kind, self.options.single, self.decimal_comma)
            })
            .collect();
        let mut lines: Vec<(usize, u64)> = Vec::new();
        let mut record = Record::default();
        let (mut rows, mut expected) = (0, None);
        // Often enough that little is taken in between, seldom enough to cost nothing.
        let often = (MOST_COLUMNS / columns.len().max(1)).clamp(1, 1024);
        while rows < limit {
            if let Some(first) = self.first.take() {
                record = first;
            } else if !self.next(&mut record)? {
                break;
            }
            let line = record.line;
            if record.len() != self.names.len() {
                let fields = if record.len() == 1 { "field" } else { "fields" };
                let found =
                    format!("found {} {fields}, the first line has {}", record.len(), self.names.len());
                let hint = match (record.len(), self.names.len()) {
                    (_, 1) => {
                        "is the first line a title? The names of the columns come first: remove what is above"
                    }
                    (1, _) if rows == 0 => "are the rows separated as the names are? See --separator",
                    _ => "a field with the separator in it needs quotes",
                };
                return Err(self.error(&found).row(line).hint(hint));
            }
            if expected != Some(line) {
                lines.push((rows, line));
            }
            expected = Some(line + 1);
            for ((cell, column), name) in record.fields().zip(&mut columns).zip(&self.names) {
                column.push(cell).map_err(|error| error.file(&self.file).row(line).column(name))?;
            }
            rows += 1;
            if let Some(budget) = &mut self.budget
                && rows.is_multiple_of(often)
            {
                budget.give_back();
                budget
                    .take(columns.iter().map(Builder::memory).sum())
                    .map_err(|error| error.file(&self.file).row(line))?;
            }
        }
        if rows == 0 {
            return Ok(None);
        }
        let mut table = Vec::new();
        for (column, name) in columns.into_iter().zip(&self.names) {
            let of_row = |row: usize| {
                let run = lines[lines.partition_point(|run| run.0 <= row).saturating_sub(1)];
                run.1 + (row - run.0) as u64
            };
            let column = column
                .finish()
                .map_err(|(row, error)| error.file(&self.file).row(of_row(row)).column(name))?;
            table.extend(column.map(|column| (name.clone(), column)));
        }
        Ok(Some(Table::new(table)?.with_lines(lines)))
    }

    fn next(&mut self, record: &mut Record) -> Result<bool> {
        self.rows.next(record).map_err(|error| unreadable(&self.file, &error))
    }

    fn error(&self, found: &str) -> Error {
        Error::new(ErrorKind::Data, found).file(&self.file)
    }
}

/// What is said about a table without rows.
pub(crate) fn no_row(file: &str) -> Error {
    Error::new(ErrorKind::Data, "there is a header and no row").file(file)
}

/// What stopped the reading: trouble with the text, with the file, or with the disk.
fn unreadable(file: &str, error: &std::io::Error) -> Error {
    let inner = error.get_ref();
    if let Some(trouble) = inner.and_then(|inner| inner.downcast_ref::<Trouble>()) {
        return Error::new(ErrorKind::Data, trouble.found.as_str())
            .file(file)
            .row(trouble.line)
            .hint(trouble.hint);
    }
    match inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => error.clone().file(file),
        None => Error::new(ErrorKind::File, format!("cannot read: {error}")).file(file),
    }
}
