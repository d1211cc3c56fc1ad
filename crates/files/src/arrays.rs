//! Named arrays from whatever a person's program can write: `.npz`, `.mat`, `.json`, a folder of `.npy` or `.csv`.
//!
//! All become what an npz holds.  Dictionaries, structs and lists of layers are laid out flat (see `nested`).

mod json;
mod mat;
mod nested;

use crate::disk;
use crate::npz::{self, Array, Npz};
use clearprop::diagnose::arrays::{self as diagnose, Stored};
use clearprop::error::{Error, ErrorKind, Result};
use nested::MOST;
use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};

/// A file of text or of a matrix program that is larger is no backward pass either.
const LARGEST: u64 = 64 << 20;

/// Whether a path looks like something that [`open`] reads.
#[must_use]
pub fn is_arrays(path: &Path) -> bool {
    path.is_dir() || ["npz", "mat", "json"].iter().any(|ending| ends(path, ending))
}

/// Reads the arrays of a file or folder.
///
/// # Errors
/// Another kind of file, a damaged one, more than 1,000 arrays, and what the formats themselves forbid.
pub fn open(path: &Path) -> Result<Npz> {
    let file = path.display().to_string();
    let npz = if path.is_dir() {
        folder(path)?
    } else if ends(path, "mat") {
        mat::read(&bytes(path)?, &file)?
    } else if ends(path, "json") {
        json::read(&bytes(path)?, &file)?
    } else if ends(path, "npz") {
        let (source, _) = disk::open(path)?;
        npz::read(BufReader::new(source), &file)?
    } else {
        return Err(Error::new(ErrorKind::File, "is no file of arrays")
            .file(file)
            .hint("arrays come from .npz, .mat or .json, or from a folder of .npy or .csv files"));
    };
    let found = npz.arrays.len() + npz.skipped.len();
    if found > MOST {
        return Err(Error::new(ErrorKind::Data, format!("holds {found} arrays, {MOST} at most are read"))
            .file(file)
            .hint("save the arrays of one forward and backward pass"));
    }
    Ok(npz)
}

/// The arrays as a diagnosis takes them, those that are no numbers too: they are said to be ignored.
#[must_use]
pub fn for_diagnosis(file: &Npz) -> Vec<diagnose::Array> {
    let numbers = |values: Vec<f64>, stored| diagnose::Values::Numbers(values, stored);
    let plain = file.arrays.iter().map(|(name, array)| {
        let values = match &array.values {
            npz::Values::F64(v) => numbers(v.clone(), Stored::Double),
            npz::Values::F32(v) => numbers(v.iter().map(|&v| f64::from(v)).collect(), Stored::Single),
            // Labels and counts: far below 2^53.
            npz::Values::I64(v) => numbers(v.iter().map(|&v| v as f64).collect(), Stored::Whole),
            npz::Values::U8(v) => numbers(v.iter().map(|&v| f64::from(v)).collect(), Stored::Whole),
            npz::Values::Bool(v) => {
                numbers(v.iter().map(|&v| f64::from(u8::from(v))).collect(), Stored::Whole)
            }
            npz::Values::Text(words) => match words.as_slice() {
                [word] => diagnose::Values::Text(word.clone()),
                _ => diagnose::Values::Other("words".to_owned()),
            },
        };
        diagnose::Array { name: name.clone(), shape: array.shape.clone(), values }
    });
    let skipped = file.skipped.iter().map(|(name, why)| diagnose::Array {
        name: name.clone(),
        shape: Vec::new(),
        values: diagnose::Values::Other(why.clone()),
    });
    plain.chain(skipped).collect()
}

/// Arrays as the bytes of an `.npz`: the way back from [`for_diagnosis`].
///
/// # Errors
/// None in practice: the bytes are written to memory.
pub fn npz(arrays: &[diagnose::Array]) -> Result<Vec<u8>> {
    let stored = |array: &diagnose::Array| {
        let values = match &array.values {
            diagnose::Values::Numbers(values, Stored::Whole)
                if values.iter().all(|v| v.fract() == 0.0 && v.abs() < 2f64.powi(53)) =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
                npz::Values::I64(values.iter().map(|&v| v as i64).collect())
            }
            diagnose::Values::Numbers(values, _) => npz::Values::F64(values.clone()),
            diagnose::Values::Text(word) => npz::Values::Text(vec![word.clone()]),
            diagnose::Values::Other(_) => return None,
        };
        Some((array.name.clone(), Array { shape: array.shape.clone(), values }))
    };
    let stored: Vec<(String, Array)> = arrays.iter().filter_map(stored).collect();
    npz::write(stored.iter().map(|(name, array)| (name.as_str(), array)))
}

/// Arrays as JSON, an object of nested lists: what [`open`] reads again.
#[must_use]
pub fn json(arrays: &[diagnose::Array]) -> Vec<u8> {
    fn nested(values: &[f64], shape: &[usize]) -> serde_json::Value {
        match shape {
            [] => serde_json::json!(values.first()),
            [n, rest @ ..] => {
                let width: usize = rest.iter().product();
                (0..*n).map(|i| nested(&values[i * width..(i + 1) * width], rest)).collect()
            }
        }
    }
    let fields: serde_json::Map<String, serde_json::Value> = arrays
        .iter()
        .filter_map(|array| {
            let value = match &array.values {
                diagnose::Values::Numbers(values, _) => nested(values, &array.shape),
                diagnose::Values::Text(word) => serde_json::json!(word),
                diagnose::Values::Other(_) => return None,
            };
            Some((array.name.clone(), value))
        })
        .collect();
    serde_json::Value::Object(fields).to_string().into_bytes()
}

fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// The whole of a file.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    let (source, size) = disk::open(path)?;
    let wrong = |found: String| Error::new(ErrorKind::File, found).file(path.display());
    if size > LARGEST {
        return Err(wrong(format!("has {size} bytes, {LARGEST} at most are read"))
            .hint("save the arrays of one forward and backward pass"));
    }
    let mut bytes = Vec::new();
    source
        .take(LARGEST)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Ok(bytes)
}

/// The `.npy` and `.csv` files of a folder, each an array of its file's name.
fn folder(path: &Path) -> Result<Npz> {
    let file = path.display().to_string();
    let wrong = |found: String| Error::new(ErrorKind::File, found).file(&file);
    let refused = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        if path.is_file() && (ends(&path, "npy") || ends(&path, "csv")) {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(wrong("is a folder without .npy or .csv files".into())
            .hint("save each array as NAME.npy or NAME.csv"));
    }
    if paths.len() > MOST {
        return Err(wrong(format!("holds {} files, {MOST} at most are read", paths.len()))
            .hint("save the arrays of one forward and backward pass"));
    }
    let (arrays, texts): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| ends(path, "npy"));
    let mut npz = npy_files(&arrays, &file)?;
    for path in &texts {
        let text = String::from_utf8_lossy(&bytes(path)?).into_owned();
        let array = numbers(&text).map_err(|error| error.file(path.display()))?;
        if npz.arrays.insert(stem(path), array).is_some() {
            return Err(wrong(format!("holds {0}.npy and {0}.csv", stem(path))).hint("take one of them away"));
        }
    }
    Ok(npz)
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or(String::new(), |name| name.to_string_lossy().into_owned())
}

/// Files of the kind `.npy` are an `.npz` that was unpacked: they are read as one.
pub(crate) fn npy_files(paths: &[PathBuf], file: &str) -> Result<Npz> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::DEFAULT.compression_method(zip::CompressionMethod::Stored);
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::File, format!("cannot be read: {error}")).file(file)
    };
    let mut left = LARGEST;
    let mut found = false;
    for path in paths {
        let bytes = bytes(path)?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            Error::new(ErrorKind::File, format!("holds more than {LARGEST} bytes of arrays"))
                .file(file)
                .hint("save the arrays of one forward and backward pass")
        })?;
        archive.start_file(format!("{}.npy", stem(path)), options).map_err(|error| failed(&error))?;
        archive.write_all(&bytes).map_err(|error| failed(&error))?;
        found = true;
    }
    if !found {
        return Ok(Npz::of(file, BTreeMap::new(), BTreeMap::new()));
    }
    let archive = archive.finish().map_err(|error| failed(&error))?;
    npz::read(Cursor::new(archive.into_inner()), file)
}

/// Numbers in lines, between commas, semicolons or blanks; a first line of words is a head.
fn numbers(text: &str) -> Result<Array> {
    let wrong = |row: u64, found: String| Error::new(ErrorKind::Data, found).row(row);
    let mut values = Vec::new();
    let (mut rows, mut columns) = (0, 0);
    for (nth, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = match line.contains([',', ';']) {
            true => line.split([',', ';']).map(str::trim).collect(),
            false => line.split_whitespace().collect(),
        };
        if rows == 0 && columns == 0 && cells.iter().all(|cell| cell.parse::<f64>().is_err()) {
            columns = cells.len();
            continue;
        }
        if columns != 0 && cells.len() != columns {
            return Err(wrong(nth, format!("has {} numbers, the lines before it {columns}", cells.len()))
                .hint("all rows of an array are of one length"));
        }
        columns = cells.len();
        rows += 1;
        for cell in cells {
            let value =
                cell.parse().map_err(|_| wrong(nth, format!("found '{cell}', a number is needed")))?;
            values.push(value);
        }
    }
    let shape = match (rows, columns) {
        (0, _) => return Err(Error::new(ErrorKind::Data, "holds no numbers")),
        (1, 1) => vec![],
        (n, 1) => vec![n],
        (n, m) => vec![n, m],
    };
    Ok(Array::f64(&shape, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_lines_keep_their_shape() {
        let shape = |text: &str| numbers(text).unwrap().shape;
        assert_eq!(shape("1,2\n3,4\n"), [2, 2]);
        assert_eq!(shape("1 2e0 3\n"), [1, 3]);
        assert_eq!(shape("1\n2\n\n3"), [3]);
        assert_eq!(shape("0.5\n"), [] as [usize; 0]);
        assert_eq!(shape("a;b\n1;2\n"), [1, 2]);
        assert!(numbers("1,2\n3\n").unwrap_err().to_string().contains("has 1 numbers"));
        assert!(numbers("1,x\n").unwrap_err().to_string().contains("'x'"));
        assert!(numbers("\n").is_err());
    }
}
