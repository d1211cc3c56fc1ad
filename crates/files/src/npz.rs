//! NumPy's `.npz`: a zip archive of `.npy` arrays.
//!
//! Every size is checked against the archive's real one before memory is taken: a file of 100 bytes
//! cannot ask for a terabyte.  Source: NEP 1, *A simple file format for NumPy arrays*.

mod header;
mod values;

use crate::budget::{Budget, count, extent};
use crate::foreign::foreign;
use clearprop::error::{Error, ErrorKind, Result, nearest};
use clearprop::real::Real;
pub use values::Values;

use header::{Header, Kind, OBJECTS, RECORDS};
use ndarray::{Array1, Array2};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};

/// Why an entry is skipped that does not even say that it is one.
const NO_ARRAY: &str = "not an array";

/// The arrays of a file, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Npz {
    file: String,
    /// The arrays, by name (without `.npy`).
    pub arrays: BTreeMap<String, Array>,
    /// The entries that are no plain arrays (object arrays, records), and why.
    pub skipped: BTreeMap<String, String>,
}

/// An array: its shape, and its values in row-major order (C order).
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The lengths of the axes; empty for a single value.
    pub shape: Vec<usize>,
    /// The values, as many as the product of the shape.
    pub values: Values,
}

impl Array {
    /// An array of double precision.
    #[must_use]
    pub fn f64(shape: &[usize], values: Vec<f64>) -> Self {
        Self { shape: shape.to_vec(), values: Values::F64(values) }
    }

    /// Anything that `ndarray` holds in double precision.
    #[must_use]
    pub fn of<R: Real, D: ndarray::Dimension>(array: &ndarray::ArrayRef<R, D>) -> Self {
        Self::f64(array.shape(), array.iter().map(|value| value.f64()).collect())
    }

    /// The same in single precision.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is the purpose")]
    pub fn of_f32<R: Real, D: ndarray::Dimension>(array: &ndarray::ArrayRef<R, D>) -> Self {
        let values = array.iter().map(|value| value.f64() as f32).collect();
        Self { shape: array.shape().to_vec(), values: Values::F32(values) }
    }

    /// A single number.
    #[must_use]
    pub fn scalar(value: f64) -> Self {
        Self::f64(&[], vec![value])
    }

    /// A single word.
    #[must_use]
    pub fn text(word: &str) -> Self {
        Self { shape: Vec::new(), values: Values::Text(vec![word.to_owned()]) }
    }

    /// A vector of whole numbers: classes, or row numbers.
    #[must_use]
    pub fn whole(values: impl IntoIterator<Item = i64>) -> Self {
        let values: Vec<i64> = values.into_iter().collect();
        Self { shape: vec![values.len()], values: Values::I64(values) }
    }
}

/// How an array that is not read becomes one that is.
fn plain(name: &str, reason: &str) -> String {
    match reason {
        OBJECTS => format!("save it plain: {name}.astype(float), or {name}.astype(str) if it holds words"),
        RECORDS => format!("save a table: pandas.DataFrame({name}).to_csv('table.csv', index=False)"),
        _ => "save a plain array of numbers".to_owned(),
    }
}

impl Npz {
    /// The arrays of a file of another kind.
    pub(crate) fn of(file: &str, arrays: BTreeMap<String, Array>, skipped: BTreeMap<String, String>) -> Self {
        Self { file: file.to_owned(), arrays, skipped }
    }

    /// The array of this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.arrays.get(name)
    }

    /// An error about one of the arrays.
    #[must_use]
    pub fn error(&self, name: &str, found: impl Into<String>) -> Error {
        Error::new(ErrorKind::Data, found).file(&self.file).name(format!("array '{name}'"))
    }

    /// The array of this name.
    ///
    /// # Errors
    /// There is none, or it was skipped.
    pub fn array(&self, name: &str) -> Result<&Array> {
        self.get(name).ok_or_else(|| {
            if let Some(reason) = self.skipped.get(name) {
                return self.error(name, reason).hint(plain(name, reason));
            }
            let names = || self.arrays.keys().map(String::as_str);
            let hint = match nearest(name, names()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("the arrays are {}", names().collect::<Vec<_>>().join(", ")),
            };
            self.error(name, "there is no such array").hint(hint)
        })
    }

    /// A matrix, shape (rows, columns).
    ///
    /// # Errors
    /// No such array, not two axes, no values, or words.
    pub fn matrix<R: Real>(&self, name: &str) -> Result<Array2<R>> {
        let array = self.array(name)?;
        let &[rows, columns] = array.shape.as_slice() else {
            return Err(self.shaped(name, array, "a matrix (rows, columns)"));
        };
        if array.values.is_empty() {
            return Err(self.shaped(name, array, "a matrix with values in it"));
        }
        Array2::from_shape_vec((rows, columns), self.reals(name, array)?)
            .map_err(|_| self.shaped(name, array, "a matrix (rows, columns)"))
    }

    /// A vector of reals; a matrix of one column is taken as one.
    ///
    /// # Errors
    /// No such array, another shape, or words.
    pub fn vector<R: Real>(&self, name: &str) -> Result<Array1<R>> {
        let array = self.array(name)?;
        match array.shape.as_slice() {
            [_] | [_, 1] => Ok(self.reals(name, array)?.into()),
            _ => Err(self.shaped(name, array, "a vector")),
        }
    }

    /// A vector of whole numbers from 0: classes, or row numbers.
    ///
    /// # Errors
    /// No such array, another shape, or a value that is negative, has a fraction or is beyond 2^32.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in the same line")]
    pub fn whole(&self, name: &str) -> Result<Array1<u32>> {
        let whole = |value: f64| {
            (value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value)).then_some(value as u32)
        };
        let values = self.vector::<f64>(name)?;
        let mut found = Vec::with_capacity(values.len());
        for (i, &value) in values.iter().enumerate() {
            match whole(value) {
                Some(value) => found.push(value),
                None => {
                    return Err(self
                        .error(name, format!("found {value} at [{i}]"))
                        .hint("whole numbers from 0 are needed"));
                }
            }
        }
        Ok(found.into())
    }

    /// A single number; any array of one value is taken as one.
    ///
    /// # Errors
    /// No such array, more than one value, or a word.
    pub fn scalar(&self, name: &str) -> Result<f64> {
        let array = self.array(name)?;
        match self.reals::<f64>(name, array)?.as_slice() {
            [value] => Ok(*value),
            _ => Err(self.shaped(name, array, "a single number")),
        }
    }

    /// A single word.
    ///
    /// # Errors
    /// No such array, more than one value, or a number.
    pub fn text(&self, name: &str) -> Result<&str> {
        let array = self.array(name)?;
        match &array.values {
            Values::Text(words) if words.len() == 1 => Ok(&words[0]),
            Values::Text(_) => Err(self.shaped(name, array, "a single word")),
            _ => Err(self.error(name, "found numbers, a single word is needed")),
        }
    }

    fn reals<R: Real>(&self, name: &str, array: &Array) -> Result<Vec<R>> {
        array.values.reals().ok_or_else(|| self.error(name, "found words, numbers are needed"))
    }

    fn shaped(&self, name: &str, array: &Array, wanted: &str) -> Error {
        let shape = array.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        self.error(name, format!("found shape ({shape}), {wanted} is needed"))
    }
}

/// Reads an npz file; `file` is its name for messages.
///
/// # Errors
/// Not a whole zip archive, two entries of one name, sizes that contradict each other, arrays that
/// take more memory than a file of its size may ([`Budget`]).
pub fn read(source: impl Read + Seek, file: &str) -> Result<Npz> {
    foreign(|| read_archive(source, file)).unwrap_or_else(|| {
        let found = "not a whole npz file: the archive cannot be unpacked";
        Err(Error::new(ErrorKind::File, found).file(file).hint("save it again with np.savez"))
    })
}

fn read_archive(mut source: impl Read + Seek, file: &str) -> Result<Npz> {
    let wrong = |found: String| Error::new(ErrorKind::File, found).file(file);
    let damaged = |error: &dyn std::fmt::Display| {
        wrong(format!("not a whole npz file: {error}")).hint("save it again with np.savez")
    };
    let (entries, size) = end_of_archive(&mut source).map_err(|error| damaged(&error))?;
    let mut archive = zip::ZipArchive::new(source).map_err(|error| damaged(&error))?;
    if entries.is_some_and(|entries| entries != archive.len()) {
        return Err(damaged(&"two entries have one name"));
    }
    let mut budget = Budget::of(size);
    let mut npz = Npz { file: file.to_owned(), ..Npz::default() };
    for i in 0..archive.len() {
        let entry = archive.by_index(i).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.into_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else {
            npz.skipped.insert(name, NO_ARRAY.into());
            continue;
        };
        let about = |error: Error| error.file(file).name(format!("array '{name}'"));
        match array(entry, &mut budget).map_err(about)? {
            Ok(array) => drop(npz.arrays.insert(name, array)),
            Err(reason) => drop(npz.skipped.insert(name, reason)),
        }
    }
    if npz.arrays.is_empty() && !npz.skipped.values().any(|reason| reason != NO_ARRAY) {
        return Err(match npz.skipped.keys().any(|name| name.starts_with("xl/")) {
            true => wrong("this is an Excel workbook".into()).hint("save the sheet as CSV"),
            false => {
                wrong("a zip archive without arrays".into()).hint("unpack it, or save arrays with np.savez")
            }
        });
    }
    Ok(npz)
}

/// The number of entries that the archive's last record promises (`None` for the 64-bit form), and
/// the size of the file.  The record must end where the file ends.
fn end_of_archive(source: &mut (impl Read + Seek)) -> std::io::Result<(Option<usize>, u64)> {
    let bad = |what: &str| Err(std::io::Error::other(what));
    let size = source.seek(SeekFrom::End(0))?;
    let tail = size.min(22 + 0xFFFF);
    source.seek(SeekFrom::Start(size - tail))?;
    let mut bytes = Vec::new();
    source.take(tail).read_to_end(&mut bytes)?;
    let Some(at) = memchr::memmem::rfind(&bytes, b"PK\x05\x06") else {
        return bad(if size == 0 { "it is empty" } else { "it is no zip archive, or cut off" });
    };
    let Some(record) = bytes.get(at..).filter(|record| record.len() >= 22) else {
        return bad("it is cut off");
    };
    let word = |i: usize| usize::from(u16::from_le_bytes([record[i], record[i + 1]]));
    match (22 + word(20)).cmp(&record.len()) {
        std::cmp::Ordering::Less => bad("there are bytes after its end"),
        std::cmp::Ordering::Greater => bad("it is cut off"),
        std::cmp::Ordering::Equal => Ok((Some(word(10)).filter(|&entries| entries != 0xFFFF), size)),
    }
}

/// One array, or why it is skipped; the budget is that of all arrays of the file.
fn array<S: Read>(
    mut entry: zip::read::ZipFile<'_, S>,
    budget: &mut Budget,
) -> Result<std::result::Result<Array, String>> {
    let wrong = |found: String| Error::new(ErrorKind::File, found);
    let bytes = entry.size();
    let header = match header::read(&mut entry, bytes)? {
        Ok(header) => header,
        Err(reason) => return Ok(Err(reason)),
    };
    let Header { kind, shape, fortran, data, .. } = &header;
    let (Some(count), Some(extent)) = (count(shape), extent(shape)) else {
        return Err(wrong(format!("shape {shape:?} is too large")).hint("save it again with np.savez"));
    };
    let promised = (count as u64).checked_mul(kind.size() as u64);
    if promised != Some(*data) {
        let found =
            format!("shape {shape:?} of {} needs {} bytes", header.descr, count.saturating_mul(kind.size()));
        return Err(wrong(format!("{found}, the file has {data}")).hint("save it again with np.savez"));
    }
    // Converted or turned round, values may take more memory than in the file; and where there are none, the
    // other axes may still promise columns.
    let turned = if *fortran && shape.len() > 1 { 2 } else { 1 };
    let memory = (extent.saturating_mul(kind.memory() * turned) as u64).max(bytes);
    budget.take(memory).map_err(|error| match count {
        0 => wrong(format!("shape {shape:?} is too large for an array without values")),
        _ => error.hint("np.savez (not compressed) lifts the limit"),
    })?;
    let mut values = kind.read(&mut entry, count).map_err(|error| wrong(format!("damaged: {error}")))?;
    // Reading on to the end also checks the checksum.
    let mut more = [0];
    match entry.read(&mut more) {
        Ok(0) => {}
        Ok(_) => return Err(wrong("there are bytes after its end".into())),
        Err(error) => return Err(wrong(format!("damaged: {error}")).hint("save it again with np.savez")),
    }
    if *fortran && shape.len() > 1 {
        values = values.transposed(shape);
    }
    Ok(Ok(Array { shape: shape.clone(), values }))
}

/// Writes an npz file, in the order given; equal arrays give equal bytes.
///
/// # Errors
/// More than the zip format can hold.
pub fn write<'a>(arrays: impl IntoIterator<Item = (&'a str, &'a Array)>) -> Result<Vec<u8>> {
    let wrong =
        |error: &dyn std::fmt::Display| Error::new(ErrorKind::File, format!("cannot write npz: {error}"));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // The default time stamp is 1980-01-01: the same bytes tomorrow.
    let options = zip::write::SimpleFileOptions::DEFAULT
        .compression_method(zip::CompressionMethod::Deflated)
        .large_file(true);
    for (name, array) in arrays {
        archive.start_file(format!("{name}.npy"), options).map_err(|error| wrong(&error))?;
        let kind = Kind::of(&array.values);
        archive.write_all(&header::write(&kind, &array.shape)).map_err(|error| wrong(&error))?;
        kind.write(&mut archive, &array.values).map_err(|error| wrong(&error))?;
    }
    Ok(archive.finish().map_err(|error| wrong(&error))?.into_inner())
}
