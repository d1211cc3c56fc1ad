//! Parquet files into tables, by the crate `parquet` without Arrow.
//!
//! The table is the one that the same rows give as CSV: whole numbers, floats and decimals are numbers;
//! strings, truth values (`true`), dates (`2024-05-31`), times (`12:30:00`) and points in time
//! (`2024-05-31 12:30:00`) are words; nulls are missing.  Members of a structure are columns `a.b`;
//! lists and maps are no columns and an error.  Rows are counted from 1.
//!
//! Before the crate takes memory for what a file claims, the claims are compared with the file's size.

mod drain;
mod footer;
mod meaning;
mod pages;
mod write;

use crate::budget::{Budget, check_columns};
use crate::csv::{Kind, Options};
use crate::disk::Input;
use crate::foreign::foreign;
use ::parquet::basic::Compression;
use ::parquet::column::reader::{ColumnReader, get_column_reader};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use clearprop::decision::Decision;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::table::{Decimal, Table, TableBuilder, joined};
use drain::{CHUNK, drain};
use meaning::{Meaning, Value};
use pages::Source;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
pub(crate) use write::Writer;

/// A Parquet file that is being read, in blocks of rows.
pub struct Reader {
    source: Arc<Source>,
    metadata: ParquetMetaData,
    columns: Vec<Column>,
    options: Options,
    file: String,
    /// The group of rows that comes next or is being read, and how many of its rows are left.
    group: usize,
    left: u64,
    /// Rows that were read so far, and in all.
    rows: u64,
    total: u64,
    budget: Budget,
    decisions: Vec<Decision>,
}

struct Column {
    name: String,
    kind: Kind,
    meaning: Meaning,
    /// The values of the group that is being read.
    values: Option<ColumnReader>,
}

impl Reader {
    /// Reads the file's description.
    ///
    /// # Errors
    /// A file that is cut off or contradicts itself, two columns of one name, a column that holds
    /// lists or something else that is neither number nor word and is not skipped.
    pub fn new(input: Input, options: &Options) -> Result<Self> {
        let file = input.name();
        let damaged = |found: &str| damaged(&file, found);
        let metadata = description(&input, &file)?;
        let schema = metadata.file_metadata().schema_descr_ptr();
        check_columns(schema.num_columns()).map_err(|error| error.file(&file))?;
        let (mut columns, mut decisions) = (Vec::new(), Vec::new());
        let mut names = HashSet::new();
        for column in schema.columns() {
            let name = column.path().parts().join(".");
            let error = |found: &str| Error::new(ErrorKind::Data, found).file(&file).column(&name);
            if !names.insert(name.clone()) {
                return Err(error("there are two columns of this name").hint("rename one of them"));
            }
            // Lists and records have several columns with one root; it is what a person knows.
            let root = column.path().parts().first();
            let skipped = root.and_then(|root| options.kinds.get(root)).filter(|kind| **kind == Kind::Skip);
            let wanted = options.kinds.get(&name).or(skipped).or(options.rest.as_ref());
            let wanted = wanted.filter(|kind| **kind != Kind::Found).cloned();
            let meaning = match (&wanted, meaning::of(column)) {
                (Some(Kind::Skip), _) => Meaning::Number,
                (_, Ok(meaning)) => meaning,
                (None, Err(holds)) => {
                    let root = root.unwrap_or(&name);
                    let what = format!("left out, it holds {holds}; only numbers, words and dates are read");
                    decisions.push(Decision::new("skipped", what, "").column(root).warning());
                    columns.push(Column { kind: Kind::Skip, name, meaning: Meaning::Number, values: None });
                    continue;
                }
                (Some(_), Err(holds)) => return Err(error(&format!("this column holds {holds}"))),
            };
            let usual = match (meaning.is_number(), meaning.date_form()) {
                (true, _) => Kind::Typed,
                (_, Some(form)) if !options.targets.contains(&name) => Kind::Date(form),
                (_, Some(_)) => Kind::Words,
                _ if meaning == Meaning::Text => Kind::Found,
                _ => Kind::Words,
            };
            columns.push(Column { kind: wanted.unwrap_or(usual), name, meaning, values: None });
        }
        // Every group has a part for every column, of as many values as rows, inside the file.
        let (mut total, mut packed) = (0u64, 0u64);
        for group in metadata.row_groups() {
            let rows =
                u64::try_from(group.num_rows()).map_err(|_| damaged("a group has fewer rows than none"))?;
            total = total.saturating_add(rows);
            if group.num_columns() != columns.len() {
                return Err(damaged("a group of rows lacks columns"));
            }
            for (part, column) in group.columns().iter().zip(&columns) {
                if column.kind != Kind::Skip && !is_read(part.compression()) {
                    let packed = format!("{:?}", part.compression()).to_lowercase();
                    let packed = packed.split('(').next().unwrap_or_default();
                    let found = format!("packed by {packed}, which is not read");
                    return Err(Error::new(ErrorKind::File, found)
                        .file(&file)
                        .column(&column.name)
                        .hint("write it with zstd, snappy or gzip"));
                }
                let start = part.dictionary_page_offset().unwrap_or(part.data_page_offset());
                let (start, bytes) = match (u64::try_from(start), u64::try_from(part.compressed_size())) {
                    (Ok(start), Ok(bytes)) => (start, bytes),
                    _ => return Err(damaged("a column begins before the file")),
                };
                packed = packed.saturating_add(bytes);
                if start.saturating_add(bytes) > input.size() || packed > input.size() {
                    return Err(damaged(&format!("column '{}' reaches beyond its end", column.name)));
                }
                if column.kind != Kind::Skip && part.num_values() != group.num_rows() {
                    let found =
                        format!("column '{}' has {} values in {rows} rows", column.name, part.num_values());
                    return Err(damaged(&found));
                }
            }
        }
        if metadata.file_metadata().num_rows() != total.cast_signed() {
            return Err(damaged("its groups have other rows than it"));
        }
        let left = metadata.row_groups().first().map_or(0, |group| group.num_rows().cast_unsigned());
        let budget = Budget::of(input.size());
        let source = Arc::new(Source { input });
        let (options, decisions) = (options.clone(), joined(decisions));
        Ok(Self {
            source,
            metadata,
            columns,
            options,
            file,
            group: 0,
            left,
            rows: 0,
            total,
            budget,
            decisions,
        })
    }

    /// The columns' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The columns' names, and those of the lists and structures that they are parts of.
    pub(crate) fn names_and_roots(&self) -> Vec<String> {
        let schema = self.metadata.file_metadata().schema_descr_ptr();
        let mut names: Vec<String> = self.names().map(str::to_owned).collect();
        let mut known: HashSet<String> = names.iter().cloned().collect();
        for root in schema.columns().iter().filter_map(|column| column.path().parts().first()) {
            if known.insert(root.clone()) {
                names.push(root.clone());
            }
        }
        names
    }

    /// What was decided so far by itself, each thing once.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The next rows, at most `limit`; `None` at the end.
    ///
    /// # Errors
    /// Damaged pages; a word where numbers are wanted, an infinite number: with its row; more memory
    /// than a file of its size may take ([`Budget`]).
    pub fn block(&mut self, limit: usize) -> Result<Option<Table>> {
        self.block_with(limit, &mut |_, _| {})
    }

    /// The same; `progress` is called with the rows read so far, and in all.
    ///
    /// # Errors
    /// Those of [`Reader::block`].
    pub fn block_with(&mut self, limit: usize, progress: &mut dyn FnMut(u64, u64)) -> Result<Option<Table>> {
        let first = self.rows;
        let rows = (self.total - first).min(limit as u64);
        // A value takes a moment at least, however well it is packed.
        let values = rows.saturating_mul(self.columns.len() as u64);
        self.budget.give_back();
        self.budget.take(values / 4).map_err(|error| error.file(&self.file))?;
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let kinds: HashMap<&str, &Kind> =
            self.columns.iter().map(|column| (column.name.as_str(), &column.kind)).collect();
        let kind = |name: &str| kinds.get(name).map_or(Kind::Skip, |kind| (*kind).clone());
        let Options { targets, forms, .. } = &self.options;
        let mut table = TableBuilder::new(names, kind, targets, forms, Some(Decimal::Point));
        drop(kinds);
        while self.rows - first < rows {
            if self.left == 0 {
                self.group += 1;
                self.left = self.metadata.row_group(self.group).num_rows().cast_unsigned();
                continue;
            }
            let some = self.left.min(rows - (self.rows - first));
            let part = self.columns.len() as u64;
            for i in 0..self.columns.len() {
                // Damage that the crate did not foresee must not stop the program.
                let read = foreign(|| self.fill(i, some, &mut table));
                read.unwrap_or_else(|| Err(damaged(&self.file, "its values cannot be unpacked")))?;
                progress(self.rows + some * (i as u64 + 1) / part, self.total);
            }
            self.left -= some;
            self.rows += some;
        }
        if self.rows == self.total {
            self.source.input.check_unchanged()?;
        }
        if rows == 0 {
            return Ok(None);
        }
        let about = |(row, error): (Option<usize>, Error)| match row {
            Some(row) => error.file(&self.file).row(first + row as u64 + 1),
            None => error.file(&self.file),
        };
        let (columns, decisions) = table.finish().map_err(about)?;
        self.decisions.extend(decisions);
        self.decisions = joined(std::mem::take(&mut self.decisions));
        Ok(Some(Table::new(columns)?.with_lines(vec![(0, first + 1)])))
    }

    /// The next `rows` values of column `i`, all of one group.
    fn fill(&mut self, i: usize, rows: u64, table: &mut TableBuilder) -> Result<()> {
        let Column { name, kind, meaning, values } = &mut self.columns[i];
        if *kind == Kind::Skip {
            return Ok(());
        }
        let broken = |error: &ParquetError| damaged(&self.file, &said(error)).column(&*name);
        let group = self.metadata.row_group(self.group);
        let part = group.column(i);
        if values.is_none() {
            let pages = Source::pages(&self.source, part, group.num_rows().cast_unsigned())
                .map_err(|e| broken(&e))?;
            *values = Some(get_column_reader(part.column_descr_ptr(), Box::new(pages)));
        }
        let Some(reader) = values else { return Ok(()) };
        let deepest = part.column_descr().max_def_level();
        let mut row = self.rows;
        let mut failed: Option<Error> = None;
        let most = self.budget.most();
        let others = table.memory() - table.memory_of(i);
        let mut each = |value: Option<Value<'_>>| {
            row += 1;
            if failed.is_some() {
                return;
            }
            if row.is_multiple_of(CHUNK as u64) && others + table.memory_of(i) > most {
                let error = self.budget.clone().take(u64::MAX).err();
                failed = error.map(|error| error.file(&self.file).row(row).column(&*name));
                return;
            }
            match value {
                None => table.push_text(i, ""),
                Some(Value::Number(value)) => table.push_number(i, value),
                Some(Value::Whole(value)) => table.push_whole(i, value),
                Some(Value::Seconds(value)) => table.push_seconds(i, value),
                Some(Value::Word(word)) => table.push_text(i, word.trim()),
                Some(Value::Unreadable(found)) => {
                    let error = Error::new(ErrorKind::Data, found).file(&self.file).row(row).column(&*name);
                    failed = Some(error.hint(format!("leave the column out: `drop={name}`")));
                }
            }
        };
        let meaning = *meaning;
        let drained = match reader {
            ColumnReader::BoolColumnReader(reader) => {
                drain(reader, rows, deepest, |value| each(value.map(|&value| meaning.truth(value))))
            }
            ColumnReader::Int32ColumnReader(reader) => drain(reader, rows, deepest, |value| match value {
                Some(&value) => meaning.whole(value.into(), &mut each),
                None => each(None),
            }),
            ColumnReader::Int64ColumnReader(reader) => drain(reader, rows, deepest, |value| match value {
                Some(&value) => meaning.whole(value, &mut each),
                None => each(None),
            }),
            ColumnReader::Int96ColumnReader(reader) => drain(reader, rows, deepest, |value| match value {
                Some(value) => meaning.whole(value.to_nanos(), &mut each),
                None => each(None),
            }),
            ColumnReader::FloatColumnReader(reader) => drain(reader, rows, deepest, |value| {
                each(value.map(|&value| Value::Number(value.into())));
            }),
            ColumnReader::DoubleColumnReader(reader) => {
                drain(reader, rows, deepest, |value| each(value.map(|&value| Value::Number(value))))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                drain(reader, rows, deepest, |value| match value {
                    Some(value) => meaning.bytes(value.data(), &mut each),
                    None => each(None),
                })
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                drain(reader, rows, deepest, |value| match value {
                    Some(value) => meaning.bytes(value.data(), &mut each),
                    None => each(None),
                })
            }
        };
        drained.map_err(|error| broken(&error))?;
        if let Some(error) = failed {
            return Err(error);
        }
        // Its pages are not needed any more.
        if rows == self.left {
            *values = None;
        }
        Ok(())
    }
}

/// Whether pages packed like this can be unpacked.
fn is_read(packed: Compression) -> bool {
    matches!(
        packed,
        Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::ZSTD(_)
            | Compression::LZ4
            | Compression::LZ4_RAW
            | Compression::BROTLI(_)
    )
}

/// The file's description, which stands at its end: `.. description, its length, PAR1`.
fn description(input: &Input, file: &str) -> Result<ParquetMetaData> {
    let damaged = |found: &str| damaged(file, found);
    let size = input.size();
    let end = input.bytes(size.saturating_sub(8), 8).map_err(|_| damaged("it is cut off"))?;
    let (length, mark) = match end.as_slice() {
        &[a, b, c, d, ref mark @ ..] => (u64::from(u32::from_le_bytes([a, b, c, d])), mark),
        _ => return Err(damaged("it is cut off")),
    };
    match mark {
        b"PAR1" => {}
        b"PARE" => return Err(damaged("it is encrypted")),
        _ => return Err(damaged("it is cut off, or something follows its end")),
    }
    if length + 12 > size {
        return Err(damaged(&format!("its description claims {length} bytes, the file has {size}")));
    }
    let bytes =
        usize::try_from(length).ok().and_then(|length| input.bytes(size - 8 - length as u64, length).ok());
    let bytes = bytes.ok_or_else(|| damaged("it is cut off"))?;
    if !footer::is_plausible(&bytes) {
        return Err(damaged("its description contradicts itself"));
    }
    match foreign(|| ParquetMetaDataReader::decode_metadata(&bytes)) {
        Some(Ok(metadata)) => Ok(metadata),
        Some(Err(error)) => Err(damaged(&said(&error))),
        None => Err(damaged("its description cannot be read")),
    }
}

fn damaged(file: &str, found: &str) -> Error {
    Error::new(ErrorKind::File, format!("not a whole Parquet file: {found}"))
        .file(file)
        .hint("write it again")
}

/// The crate's message without its own beginning.
fn said(error: &ParquetError) -> String {
    match error {
        ParquetError::General(said) | ParquetError::EOF(said) => said.clone(),
        ParquetError::NYI(said) => format!("{said} (not supported)"),
        _ => error.to_string(),
    }
}
