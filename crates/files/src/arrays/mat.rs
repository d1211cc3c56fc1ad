//! `.mat` files of MATLAB and Octave, versions 4 to 7.
//!
//! Version 7.3 is HDF5 and refused.  Structs and cells become names and lists; complex and sparse arrays, objects and
//! functions are skipped.  Sources: *MAT-File Format*, The MathWorks (level 4 and level 5 formats).

use super::nested::{Nested, flat};
use crate::budget::Budget;
use crate::npz::{Array, Npz, Values};
use clearprop::error::{Error, ErrorKind, Result};
use std::io::Read;

/// What a cell or a field of a struct takes in memory, whatever is in it.
const PART: usize = 96;
/// Structs in structs, so deep and no deeper.
const DEEPEST: usize = 32;

// The kinds of data elements that hold other things than numbers of a fixed width.
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

/// Reads a `.mat` file; `file` is its name for messages.
///
/// # Errors
/// Version 7.3, another kind of file, one that is cut off or damaged, or that unpacks to too much.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Npz> {
    let about = |error: Error| error.file(file);
    if bytes.starts_with(b"\x89HDF") || bytes.starts_with(b"MATLAB 7.3") {
        return Err(about(
            Error::new(ErrorKind::File, "is a .mat file of version 7.3, which is HDF5")
                .hint("save it with save('-v7', ..), in Octave or MATLAB"),
        ));
    }
    let mut reader =
        Reader { budget: Budget::of(bytes.len() as u64), big_endian: bytes.get(126..128) == Some(b"MI") };
    let level5 = matches!(bytes.get(126..128), Some(b"MI" | b"IM"));
    let fields = if level5 { reader.level5(&bytes[128..]) } else { reader.level4(bytes) };
    let fields = fields.map_err(about)?;
    if fields.is_empty() {
        return Err(about(damaged("it holds no arrays")));
    }
    flat(fields, file)
}

fn damaged(found: &str) -> Error {
    Error::new(ErrorKind::File, format!("not a whole .mat file: {found}")).hint("save it again with save -v7")
}

struct Reader {
    /// The memory for what the file unpacks to.
    budget: Budget,
    big_endian: bool,
}

/// The next `n` bytes.
fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Result<&'a [u8]> {
    let (now, rest) = bytes.split_at_checked(n).ok_or_else(|| damaged("it is cut off"))?;
    *bytes = rest;
    Ok(now)
}

impl Reader {
    fn spend(&mut self, bytes: usize) -> Result<()> {
        self.budget.take(bytes as u64)
    }

    fn word(&self, bytes: &[u8]) -> u32 {
        let four = bytes.first_chunk().copied().unwrap_or_default();
        if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    }

    /// A whole element: its kind and its bytes.
    fn element<'a>(&self, bytes: &mut &'a [u8]) -> Result<(u32, &'a [u8])> {
        let tag = take(bytes, 8)?;
        let (first, second) = (self.word(tag), self.word(&tag[4..]));
        // Up to four bytes stand in the tag itself.
        if first >> 16 != 0 {
            let length = (first >> 16) as usize;
            let data = tag.get(4..4 + length).ok_or_else(|| damaged("a short element is too long"))?;
            return Ok((first & 0xFFFF, data));
        }
        let data = take(bytes, second as usize)?;
        if first != COMPRESSED {
            // The last one of a file need not be padded.
            let padding = data.len().wrapping_neg() % 8;
            take(bytes, padding.min(bytes.len()))?;
        }
        Ok((first, data))
    }

    fn level5(&mut self, mut bytes: &[u8]) -> Result<Vec<(String, Nested)>> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let (kind, data) = self.element(&mut bytes)?;
            let unpacked;
            let data = match kind {
                MATRIX => data,
                COMPRESSED => {
                    unpacked = self.unpacked(data)?;
                    let mut inside = unpacked.as_slice();
                    match self.element(&mut inside)? {
                        (MATRIX, data) => data,
                        _ => continue,
                    }
                }
                _ => continue,
            };
            let (name, value) = self.matrix(data, DEEPEST)?;
            if !name.is_empty() {
                fields.push((name, value));
            }
        }
        Ok(fields)
    }

    fn unpacked(&mut self, data: &[u8]) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        flate2::read::ZlibDecoder::new(data)
            .take(self.budget.left().saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| damaged(&format!("an array cannot be unpacked: {error}")))?;
        self.spend(bytes.len())?;
        Ok(bytes)
    }

    /// One array with its name; those inside of structs and cells have none.
    fn matrix(&mut self, mut bytes: &[u8], deeper: usize) -> Result<(String, Nested)> {
        if bytes.is_empty() {
            return Ok((String::new(), Nested::Skipped("empty".into())));
        }
        let flags = self.element(&mut bytes)?.1;
        let class = self.word(flags) & 0xFF;
        let (complex, logical) = (self.word(flags) & 0x800 != 0, self.word(flags) & 0x200 != 0);
        let skipped = |why: &str| Nested::Skipped(why.to_owned());
        if class == 17 {
            return Ok((String::new(), skipped("an object")));
        }
        let axes = self.element(&mut bytes)?.1;
        let shape: Vec<usize> = axes.chunks_exact(4).map(|axis| self.word(axis) as usize).collect();
        let name = String::from_utf8_lossy(self.element(&mut bytes)?.1).into_owned();
        let count = shape.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis));
        let count = count.ok_or_else(|| damaged(&format!("array '{name}' is too large")))?;
        let value = match class {
            _ if count == 0 => skipped("empty"),
            1 | 2 if deeper == 0 => return Err(damaged("its structs lie too deep")),
            1 => {
                let cells = self.inside(&mut bytes, count, deeper)?;
                Nested::List(cells)
            }
            2 => self.fields(&mut bytes, count, deeper)?,
            4 => {
                let (kind, data) = self.element(&mut bytes)?;
                let letters = self.numbers(kind, data)?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a letter's number"
                )]
                let word: String =
                    letters.iter().map(|&n| char::from_u32(n as u32).unwrap_or('\u{fffd}')).collect();
                if shape.first() == Some(&1) {
                    Nested::Array(Array::text(&word))
                } else {
                    skipped("several words")
                }
            }
            6..=15 if complex => skipped("complex numbers"),
            6..=15 => {
                let (kind, data) = self.element(&mut bytes)?;
                let values = self.numbers(kind, data)?;
                Nested::Array(array(&name, shape, values, class, logical)?)
            }
            5 => skipped("a sparse array: save full(..) of it"),
            _ => skipped("an object or a function"),
        };
        Ok((name, value))
    }

    fn inside(&mut self, bytes: &mut &[u8], count: usize, deeper: usize) -> Result<Vec<Nested>> {
        // A cell takes 8 bytes at least.
        let mut cells = Vec::with_capacity(count.min(bytes.len() / 8));
        for _ in 0..count {
            self.spend(PART)?;
            match self.element(bytes)? {
                (MATRIX, data) => cells.push(self.matrix(data, deeper - 1)?.1),
                _ => return Err(damaged("a cell is no array")),
            }
        }
        Ok(cells)
    }

    fn fields(&mut self, bytes: &mut &[u8], count: usize, deeper: usize) -> Result<Nested> {
        let length = self.word(self.element(bytes)?.1) as usize;
        let names = self.element(bytes)?.1;
        if length == 0 {
            return Err(damaged("a struct has names of no length"));
        }
        let names: Vec<String> = names
            .chunks_exact(length)
            .map(|name| String::from_utf8_lossy(name).trim_end_matches('\0').to_owned())
            .collect();
        if names.is_empty() {
            return Ok(Nested::Skipped("an empty struct".into()));
        }
        self.spend(names.iter().map(String::len).sum::<usize>().saturating_mul(count))?;
        let wanted = count.checked_mul(names.len()).ok_or_else(|| damaged("a struct is too large"))?;
        let mut values = self.inside(bytes, wanted, deeper)?.into_iter();
        let mut structs: Vec<Nested> = (0..count)
            .map(|_| Nested::Fields(names.iter().cloned().zip(values.by_ref().take(names.len())).collect()))
            .collect();
        Ok(if structs.len() == 1 { structs.remove(0) } else { Nested::List(structs) })
    }

    /// The numbers of a data element, as they lie there.
    fn numbers(&mut self, kind: u32, data: &[u8]) -> Result<Vec<f64>> {
        let width = match kind {
            1 | 2 | 16 => 1,
            3 | 4 | 17 => 2,
            5 | 6 | 7 | 18 => 4,
            9 | 12 | 13 => 8,
            _ => return Err(damaged(&format!("numbers of kind {kind} are not known"))),
        };
        self.spend(data.len() / width * 8)?;
        Ok(data.chunks_exact(width).map(|bytes| number(kind, bytes, self.big_endian)).collect())
    }

    /// Level 4: five words of a head, the name, the numbers.
    fn level4(&mut self, mut bytes: &[u8]) -> Result<Vec<(String, Nested)>> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let head = take(&mut bytes, 20)?;
            // The first word is below 5000; read the wrong way round it is not.
            self.big_endian = u32::from_le_bytes(head.first_chunk().copied().unwrap_or_default()) > 4999;
            let [kind, rows, columns, complex, length] = [0, 4, 8, 12, 16].map(|at| self.word(&head[at..]));
            let (order, precision, what) = (kind / 1000, kind / 10 % 10, kind % 10);
            if order > 1 || kind / 100 % 10 != 0 || precision > 5 || what > 2 || length == 0 || length > 1024
            {
                return Err(damaged("it does not begin as one"));
            }
            let name = take(&mut bytes, length as usize)?;
            let name = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
            // Of the kinds of level 5: double, single, int32, int16, uint16, uint8.
            let number_kind = [9, 7, 5, 3, 4, 2][precision as usize];
            let width = [8, 4, 4, 2, 2, 1][precision as usize];
            let count = (rows as usize).checked_mul(columns as usize);
            let size = count.and_then(|n| n.checked_mul(width)).ok_or_else(|| damaged("it is cut off"))?;
            let data = take(&mut bytes, size)?;
            let values = self.numbers(number_kind, data)?;
            if complex != 0 {
                take(&mut bytes, size)?;
            }
            let shape = vec![rows as usize, columns as usize];
            let class = if precision == 1 { 7 } else { 6 };
            let value = match what {
                _ if values.is_empty() => Nested::Skipped("empty".into()),
                _ if complex != 0 => Nested::Skipped("complex numbers".into()),
                1 => {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a letter's number"
                    )]
                    let word: String = values.iter().filter_map(|&n| char::from_u32(n as u32)).collect();
                    Nested::Array(Array::text(&word))
                }
                2 => Nested::Skipped("a sparse array: save full(..) of it".into()),
                _ => Nested::Array(array(&name, shape, values, class, false)?),
            };
            fields.push((name, value));
        }
        Ok(fields)
    }
}

fn number(kind: u32, bytes: &[u8], big_endian: bool) -> f64 {
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    if big_endian {
        eight[..bytes.len()].reverse();
    }
    let whole = u64::from_le_bytes(eight);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        reason = "the widths of the format; whole numbers beyond 2^53 are no data of a network"
    )]
    match kind {
        1 => f64::from(whole as u8 as i8),
        3 => f64::from(whole as u16 as i16),
        5 => f64::from(whole as u32 as i32),
        7 => f64::from(f32::from_bits(whole as u32)),
        9 => f64::from_bits(whole),
        12 => whole as i64 as f64,
        _ => whole as f64,
    }
}

/// An array of a class, from column-major to row-major order; one number has no axes.
fn array(name: &str, shape: Vec<usize>, values: Vec<f64>, class: u32, logical: bool) -> Result<Array> {
    if values.len() != shape.iter().product::<usize>() {
        let found = format!("array '{name}' has {} numbers, its shape {shape:?} needs others", values.len());
        return Err(damaged(&found));
    }
    let values: Vec<f64> = {
        use ndarray::{ArrayViewD, IxDyn, ShapeBuilder};
        match ArrayViewD::from_shape(IxDyn(&shape).f(), &values) {
            Ok(view) => view.iter().copied().collect(),
            Err(_) => values,
        }
    };
    let shape = if values.len() == 1 { vec![] } else { shape };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a single went through double unchanged; whole numbers"
    )]
    let values = match class {
        _ if logical => Values::Bool(values.iter().map(|&v| v != 0.0).collect()),
        7 => Values::F32(values.iter().map(|&v| v as f32).collect()),
        8..=15 => Values::I64(values.iter().map(|&v| v as i64).collect()),
        _ => Values::F64(values),
    };
    Ok(Array { shape, values })
}
