//! CSV files into tables.
//!
//! `layout` finds out how the file is laid out, `records` splits it into fields, and
//! [`clearprop::table::TableBuilder`] says what the fields mean.  Rows are the file's lines, counted from 1.

mod header;
mod layout;
mod records;

use crate::budget::{Budget, MOST_COLUMNS};
use clearprop::decision::Decision;
use clearprop::error::{Error, ErrorKind, Result};
pub use clearprop::table::Kind;
use clearprop::table::{Decimal, Forms, Table, TableBuilder, joined};
use layout::{Known, Layout};
pub use records::Separator;
use records::{Record, Records, Trouble};
use std::collections::BTreeMap;
use std::io::Read;

/// How a file is read; the default finds everything out by itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether the first line holds the columns' names; by default, unless it holds a number or looks
    /// like the rows below, or one is a name of `kinds` or `targets`.
    pub header: Option<bool>,
    /// The columns of the answers: their numbers keep their texts, and they are never dates.
    pub targets: Vec<String>,
    /// What separates the fields; by default what fits the first lines.
    pub separator: Option<Separator>,
    /// Lines above the table.
    pub skip: Option<usize>,
    /// What lines of comments begin with.
    pub comment: Option<String>,
    /// The text's encoding, a label of the WHATWG's Encoding Standard; by default UTF-8, or what a
    /// byte-order mark says.
    pub encoding: Option<String>,
    /// How numbers, dates and missing values are written.
    pub forms: Forms,
    /// What columns must be, by name: what a model was trained on.  Others are found out.
    pub kinds: BTreeMap<String, Kind>,
    /// What the columns are that `kinds` does not name; by default that is found out.
    pub rest: Option<Kind>,
}

impl Options {
    /// What a column must be.
    pub(crate) fn kind(&self, name: &str) -> Kind {
        self.kinds.get(name).or(self.rest.as_ref()).cloned().unwrap_or_default()
    }
}

/// After so many bytes of fields the table's memory is looked at, however few rows they are.
const UNSEEN: usize = 1 << 20;

/// A CSV file that is being read, in blocks of rows.
pub struct Reader<S: Read> {
    rows: Records<S>,
    file: String,
    names: Vec<String>,
    trailing: bool,
    options: Options,
    /// The decimal sign that is taken where the table leaves it open.
    usual: Option<Decimal>,
    decisions: Vec<Decision>,
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
    /// Reads the first lines and finds out how the file is laid out.
    ///
    /// # Errors
    /// An empty file, bytes that are no text, a text that is no table.
    pub fn new(source: S, file: &str, options: &Options) -> Result<Self> {
        let (mut rows, sample) = Records::new(source).map_err(|error| unreadable(file, &error))?;
        let error = |found: &str| Error::new(ErrorKind::Data, found).file(file);
        if sample.trim_ascii().is_empty() {
            return Err(error("the file is empty").hint("a line of names and some rows are needed"));
        }
        if let Some((found, hint)) = crate::convert::no_table(&sample) {
            return Err(error(found).hint(hint.replace("FILE", file)));
        }
        let said = layout::said_separator(&sample);
        let targets = &options.targets;
        let is_name =
            |cell: &str| options.kinds.contains_key(cell) || targets.iter().any(|name| name == cell);
        let known = Known {
            separator: options.separator.or(said.map(Separator::Byte)),
            skip: said.map(|_| 1).or(options.skip),
            comment: options.comment.as_deref(),
            header: options.header,
            name: &is_name,
        };
        let mut layout = Layout::of(&sample, &known);
        layout.finish_names();
        let Layout { separator, quote, skip, comment, header, names, trailing, decisions } = layout;
        (rows.separator, rows.quote, rows.comment) = (separator, quote, comment);
        let above = rows.skip(skip).and_then(|()| {
            let mut record = Record::default();
            (0..header).try_for_each(|_| rows.next(&mut record).map(drop))
        });
        above.map_err(|error| unreadable(file, &error))?;
        if names.is_empty() {
            // The first row says what is wrong with it.
            rows.next(&mut Record::default()).map_err(|error| unreadable(file, &error))?;
            return Err(error("there is no row").hint("a line of names and some rows are needed"));
        }
        // Commas between fields leave the point for decimals.
        let usual = (separator == Separator::Byte(b',')).then_some(Decimal::Point);
        Ok(Self {
            rows,
            file: file.to_owned(),
            names,
            trailing,
            options: options.clone(),
            usual,
            decisions,
            budget: None,
        })
    }

    /// Completes the options, now that the columns' names are known.
    pub(crate) fn choose(
        &mut self,
        choose: &mut dyn FnMut(&[&str], &mut Options) -> Result<()>,
    ) -> Result<()> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        choose(&names, &mut self.options)
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

    /// What was decided so far by itself, each thing once.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The next rows, at most `limit`; `None` at the end.  A row without any value is none.
    ///
    /// # Errors
    /// A row with more or fewer fields than the first, a quote that is not closed, a NUL byte, bytes
    /// that are not UTF-8, an infinite number, more than the budget, and those of [`TableBuilder::finish`]:
    /// each with its row.
    pub fn block(&mut self, limit: usize) -> Result<Option<Table>> {
        let options = &self.options;
        let kind = |name: &str| options.kind(name);
        let mut table =
            TableBuilder::new(self.names.clone(), kind, &options.targets, &options.forms, self.usual);
        let mut lines: Vec<(usize, u64)> = Vec::new();
        let mut record = Record::default();
        let (mut rows, mut expected) = (0, None);
        let fields = self.names.len() + usize::from(self.trailing);
        // Often enough that little is taken in between, seldom enough to cost nothing.
        let often = (MOST_COLUMNS / fields.max(1)).clamp(1, 1024);
        let mut unseen = 0;
        while rows < limit {
            if !self.next(&mut record)? {
                break;
            }
            let line = record.line;
            if record.len() != fields && !(self.trailing && record.len() + 1 == fields) {
                return Err(self.other_length(&mut record, fields, rows));
            }
            if record.is_empty() {
                self.rows.pass_empty().map_err(|error| unreadable(&self.file, &error))?;
                continue;
            }
            if expected != Some(line) {
                lines.push((rows, line));
            }
            expected = Some(line + 1);
            table.push_row(record.fields());
            rows += 1;
            unseen += record.bytes();
            if let Some(budget) = &mut self.budget
                && (rows.is_multiple_of(often) || unseen > UNSEEN)
            {
                unseen = 0;
                budget.give_back();
                budget.take(table.memory()).map_err(|error| error.file(&self.file).row(line))?;
            }
        }
        if rows == 0 {
            return Ok(None);
        }
        let of_row = |row: usize| {
            let run = lines[lines.partition_point(|run| run.0 <= row).saturating_sub(1)];
            run.1 + (row - run.0) as u64
        };
        let about = |(row, error): (Option<usize>, Error)| match row {
            Some(row) => error.file(&self.file).row(of_row(row)),
            None => error.file(&self.file),
        };
        let (columns, decisions) = table.finish().map_err(about)?;
        self.decisions.extend(decisions);
        self.decisions = joined(std::mem::take(&mut self.decisions));
        Ok(Some(Table::new(columns)?.with_lines(lines)))
    }

    /// What is said about a row of another length.
    fn other_length(&mut self, record: &mut Record, fields: usize, rows: usize) -> Error {
        let (line, found) = (record.line, record.len());
        let unended = self.rows.unended;
        let last = self.rows.next(record).is_ok_and(|more| !more);
        if unended && last && found < fields {
            let found = format!("the last line is cut off: it has {found} of {fields} fields");
            return self.error(&found).row(line).hint("get the file again, or remove the line");
        }
        let word = if found == 1 { "field" } else { "fields" };
        let hint = match (found, fields) {
            (_, 1) => "is the first line a title? The names of the columns come first: remove what is above",
            (1, _) if rows == 0 => "are the rows separated as the names are?",
            _ => "a field with the separator in it needs quotes",
        };
        self.error(&format!("found {found} {word}, the first line has {fields}")).row(line).hint(hint)
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
