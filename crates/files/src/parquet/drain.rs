//! The values of a column, one after the other.

use ::parquet::column::reader::ColumnReaderImpl;
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;

/// Values that are unpacked at once.
pub(super) const CHUNK: usize = 1 << 13;

/// Shows the next `rows` values of a column; `None` is a null.
pub(super) fn drain<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: u64,
    deepest: i16,
    mut each: impl FnMut(Option<&T::T>),
) -> ::parquet::errors::Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let mut left = usize::try_from(rows).unwrap_or(usize::MAX);
    while left > 0 {
        values.clear();
        levels.clear();
        let (read, ..) = reader.read_records(left.min(CHUNK), Some(&mut levels), None, &mut values)?;
        if read == 0 {
            return Err(ParquetError::General(format!("{left} values are missing")));
        }
        let mut values = values.iter();
        for i in 0..read {
            // A value is there if all that surrounds it is.
            let present = deepest == 0 || levels.get(i) == Some(&deepest);
            each(if present { values.next() } else { None });
        }
        left -= read;
    }
    Ok(())
}
