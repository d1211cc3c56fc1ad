//! A table of predictions as Parquet: snappy, groups of 65,536 rows, fewer of many columns.

use crate::disk::Whole;
use crate::predictions::column::{Holds, Values};
use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::real::Real;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Rows that are in memory until they are written.
const GROUP: usize = 1 << 16;
/// A table of more columns than these is written without statistics.
const WIDE: usize = 1000;
/// Values that are, in all columns: of 10,000 columns 838 rows.  (Fewer would take more: what describes a group of columns
/// stays in memory.)
const VALUES: usize = 1 << 23;

/// Writes columns of words, labels and reals.
pub(crate) struct Writer {
    file: SerializedFileWriter<Whole>,
    group: Vec<Buffer>,
    rows: usize,
}

/// The rows of a column that are not written yet.
enum Buffer {
    /// The words that are there, and for each row whether there is one.
    Words(Vec<ByteArray>, Vec<i16>),
    Labels(Vec<i32>),
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Writer {
    /// Begins a file; `R` is the precision of reals.
    pub(crate) fn create<R: Real>(path: &Path, columns: &[(String, Holds)]) -> Result<Self> {
        let (mut fields, mut group) = (Vec::new(), Vec::new());
        for (name, holds) in columns {
            let (physical, repetition, buffer) = match (holds, R::NAME) {
                (Holds::Words, _) => {
                    (Physical::BYTE_ARRAY, Repetition::OPTIONAL, Buffer::Words(Vec::new(), Vec::new()))
                }
                (Holds::Labels, _) => (Physical::INT32, Repetition::REQUIRED, Buffer::Labels(Vec::new())),
                (Holds::Reals, "f32") => (Physical::FLOAT, Repetition::REQUIRED, Buffer::Single(Vec::new())),
                (Holds::Reals, _) => (Physical::DOUBLE, Repetition::REQUIRED, Buffer::Double(Vec::new())),
            };
            let logical = (*holds == Holds::Words).then_some(LogicalType::String);
            let field = Type::primitive_type_builder(name, physical)
                .with_repetition(repetition)
                .with_logical_type(logical)
                .build();
            fields.push(Arc::new(field.map_err(|error| refused(&error))?));
            group.push(buffer);
        }
        let schema = Type::group_type_builder("predictions").with_fields(fields).build();
        // They describe every column of every group, and stay in memory until the end.
        let wide = columns.len() > WIDE;
        let statistics = if wide { EnabledStatistics::None } else { EnabledStatistics::Page };
        // Hardly two reals are the same.
        let mut properties = WriterProperties::builder().set_dictionary_enabled(false);
        for (name, _) in columns.iter().filter(|(_, holds)| *holds != Holds::Reals) {
            properties = properties.set_column_dictionary_enabled(vec![name.clone()].into(), true);
        }
        let properties = properties
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(statistics)
            .set_offset_index_disabled(wide)
            .set_created_by(concat!("clearprop ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let schema = Arc::new(schema.map_err(|error| refused(&error))?);
        let file = SerializedFileWriter::new(Whole::create(path)?, schema, Arc::new(properties));
        Ok(Self { file: file.map_err(|error| refused(&error))?, group, rows: 0 })
    }

    /// Some rows, as many in each column.
    #[expect(clippy::cast_possible_truncation, reason = "an f32 comes back as what it was")]
    pub(crate) fn push<R: Real>(&mut self, columns: Vec<Values<R>>) -> Result<()> {
        let mut rows = 0;
        for (buffer, values) in self.group.iter_mut().zip(columns) {
            match (buffer, values) {
                (Buffer::Words(words, there), Values::Words(new)) => {
                    rows = new.len();
                    there.extend(new.iter().map(|word| i16::from(!word.is_empty())));
                    words.extend(new.iter().filter(|word| !word.is_empty()).map(|word| word.as_str().into()));
                }
                (Buffer::Labels(labels), Values::Labels(new)) => {
                    rows = new.len();
                    labels.extend(new);
                }
                (Buffer::Single(reals), Values::Reals(new)) => {
                    rows = new.len();
                    reals.extend(new.iter().map(|value| value.f64() as f32));
                }
                (Buffer::Double(reals), Values::Reals(new)) => {
                    rows = new.len();
                    reals.extend(new.iter().map(|value| value.f64()));
                }
                _ => debug_assert!(false, "columns come as they were announced"),
            }
        }
        self.rows += rows;
        if self.rows >= GROUP.min(VALUES / self.group.len().max(1)) {
            self.flush().map_err(|error| refused(&error))
        } else {
            Ok(())
        }
    }

    /// Writes what is left, and gives the file its name.
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.rows > 0 {
            self.flush().map_err(|error| refused(&error))?;
        }
        self.file.into_inner().map_err(|error| refused(&error))?.finish()
    }

    fn flush(&mut self) -> ::parquet::errors::Result<()> {
        let mut group = self.file.next_row_group()?;
        for buffer in &mut self.group {
            match buffer {
                Buffer::Words(words, there) => {
                    column::<ByteArrayType>(&mut group, words, Some(there))?;
                    there.clear();
                }
                Buffer::Labels(labels) => column::<Int32Type>(&mut group, labels, None)?,
                Buffer::Single(reals) => column::<FloatType>(&mut group, reals, None)?,
                Buffer::Double(reals) => column::<DoubleType>(&mut group, reals, None)?,
            }
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Whole>,
    values: &mut Vec<T::T>,
    there: Option<&[i16]>,
) -> ::parquet::errors::Result<()> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("there is no such column".to_owned()));
    };
    column.typed::<T>().write_batch(values, there, None)?;
    values.clear();
    column.close()
}

/// What the disk refused, or the format cannot hold.
fn refused(error: &ParquetError) -> Error {
    let found = match error {
        ParquetError::External(inner) => match inner.downcast_ref::<io::Error>() {
            Some(error) => error.to_string(),
            None => inner.to_string(),
        },
        _ => error.to_string(),
    };
    Error::new(ErrorKind::File, format!("cannot write: {found}"))
}
