//! The head of a `.npy` array: what kind of values, in which shape and order.

use super::values::Values;
use clearprop::error::{Error, ErrorKind, Result};
use std::io::{self, Read, Write};

/// Why an array of Python's objects is skipped.
pub(super) const OBJECTS: &str = "an object array cannot be read";
/// Why a structured array is skipped.
pub(super) const RECORDS: &str = "records (several values in one) cannot be read";

/// A head longer than this is no array's.
const LONGEST: usize = 1 << 16;

pub(super) struct Header {
    /// NumPy's name of the kind of values: `<f8`.
    pub(super) descr: String,
    pub(super) kind: Kind,
    pub(super) shape: Vec<usize>,
    /// Whether the values lie in column-major order.
    pub(super) fortran: bool,
    /// The bytes that follow the head.
    pub(super) data: u64,
}

/// A kind of values, as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    letter: u8,
    /// Bytes of one value; for words, letters.
    width: usize,
    big_endian: bool,
}

impl Kind {
    /// NumPy's `descr`, if it is a kind that is read here.
    fn parse(descr: &str) -> Option<Self> {
        let [order, letter, width @ ..] = descr.as_bytes() else { return None };
        if !width.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let width: usize = std::str::from_utf8(width).ok()?.parse().ok()?;
        let known = match letter {
            b'f' => matches!(width, 2 | 4 | 8),
            b'i' | b'u' => matches!(width, 1 | 2 | 4 | 8),
            b'b' => width == 1,
            b'U' | b'S' => width <= 1 << 16,
            _ => false,
        };
        (known && matches!(order, b'<' | b'>' | b'|' | b'=')).then_some(Self {
            letter: *letter,
            width,
            big_endian: *order == b'>',
        })
    }

    /// The kind that these values are written as.
    pub(super) fn of(values: &Values) -> Self {
        let (letter, width) = match values {
            Values::F64(_) => (b'f', 8),
            Values::F32(_) => (b'f', 4),
            Values::I64(_) => (b'i', 8),
            Values::U8(_) => (b'u', 1),
            Values::Bool(_) => (b'b', 1),
            // NumPy has no words of length 0.
            Values::Text(words) => {
                (b'U', words.iter().map(|word| word.chars().count()).max().unwrap_or(1).max(1))
            }
        };
        Self { letter, width, big_endian: false }
    }

    /// Bytes of one value in the file.
    pub(super) fn size(self) -> usize {
        if self.letter == b'U' { self.width * 4 } else { self.width }
    }

    /// Bytes of one value in memory.
    pub(super) fn memory(self) -> usize {
        match (self.letter, self.width) {
            // The word, and the smallest piece of memory for its letters.
            (b'U', width) => 56 + width * 4,
            (b'S', width) => 56 + width,
            (b'f', 2) => 4,
            (b'f', width) => width,
            (b'u' | b'b', 1) => 1,
            _ => 8,
        }
    }

    /// Reads `count` values, a block at a time: a false promise costs no memory.
    pub(super) fn read(self, source: &mut impl Read, count: usize) -> io::Result<Values> {
        Ok(match (self.letter, self.width) {
            (b'f', 8) => Values::F64(self.each(source, count, |b: [u8; 8]| f64::from_le_bytes(b))?),
            (b'f', 2) => {
                Values::F32(self.each(source, count, |b: [u8; 2]| half::f16::from_le_bytes(b).to_f32())?)
            }
            (b'f', _) => Values::F32(self.each(source, count, |b: [u8; 4]| f32::from_le_bytes(b))?),
            (b'i', 1) => Values::I64(self.each(source, count, |b: [u8; 1]| i8::from_le_bytes(b).into())?),
            (b'i', 2) => Values::I64(self.each(source, count, |b: [u8; 2]| i16::from_le_bytes(b).into())?),
            (b'i', 4) => Values::I64(self.each(source, count, |b: [u8; 4]| i32::from_le_bytes(b).into())?),
            (b'i', _) => Values::I64(self.each(source, count, |b: [u8; 8]| i64::from_le_bytes(b))?),
            (b'u', 1) => Values::U8(self.each(source, count, |[b]: [u8; 1]| b)?),
            (b'u', 2) => Values::I64(self.each(source, count, |b: [u8; 2]| u16::from_le_bytes(b).into())?),
            (b'u', 4) => Values::I64(self.each(source, count, |b: [u8; 4]| u32::from_le_bytes(b).into())?),
            (b'u', _) => Values::I64(self.each(source, count, |b: [u8; 8]| {
                i64::try_from(u64::from_le_bytes(b)).unwrap_or(i64::MAX)
            })?),
            (b'b', _) => Values::Bool(self.each(source, count, |[b]: [u8; 1]| b != 0)?),
            (b'S', width) => {
                let mut words = Vec::new();
                for _ in 0..count {
                    let letters = self.each(source, width, |[b]: [u8; 1]| b)?;
                    let word = String::from_utf8_lossy(&letters);
                    words.push(word.trim_end_matches('\0').to_owned());
                }
                Values::Text(words)
            }
            _ => {
                let mut words = Vec::new();
                for _ in 0..count {
                    let letters = self.each(source, self.width, |b: [u8; 4]| u32::from_le_bytes(b))?;
                    let word: Option<String> = letters.iter().map(|&letter| char::from_u32(letter)).collect();
                    let word = word.ok_or_else(|| io::Error::other("a letter that is none"))?;
                    words.push(word.trim_end_matches('\0').to_owned());
                }
                Values::Text(words)
            }
        })
    }

    fn each<const N: usize, T>(
        self,
        source: &mut impl Read,
        count: usize,
        value: impl Fn([u8; N]) -> T,
    ) -> io::Result<Vec<T>> {
        const BLOCK: usize = 1 << 16;
        let mut values = Vec::with_capacity(count.min(BLOCK));
        let mut block = vec![0; count.saturating_mul(N).min(BLOCK)];
        while values.len() < count {
            let bytes = (count - values.len()).saturating_mul(N).min(BLOCK);
            source.read_exact(&mut block[..bytes])?;
            let (chunks, _) = block[..bytes].as_chunks::<N>();
            values.extend(chunks.iter().map(|&(mut chunk)| {
                if self.big_endian {
                    chunk.reverse();
                }
                value(chunk)
            }));
        }
        Ok(values)
    }

    /// Writes the values, little-endian.
    pub(super) fn write(self, target: &mut impl Write, values: &Values) -> io::Result<()> {
        fn all<const N: usize, T: Copy>(
            target: &mut impl Write,
            values: &[T],
            bytes: impl Fn(T) -> [u8; N],
        ) -> io::Result<()> {
            for chunk in values.chunks(1 << 13) {
                let block: Vec<u8> = chunk.iter().flat_map(|&value| bytes(value)).collect();
                target.write_all(&block)?;
            }
            Ok(())
        }
        match values {
            Values::F64(values) => all(target, values, f64::to_le_bytes),
            Values::F32(values) => all(target, values, f32::to_le_bytes),
            Values::I64(values) => all(target, values, i64::to_le_bytes),
            Values::U8(values) => target.write_all(values),
            Values::Bool(values) => all(target, values, |value| [u8::from(value)]),
            Values::Text(words) => words.iter().try_for_each(|word| {
                let padded = word.chars().chain(std::iter::repeat('\0')).take(self.width);
                let letters: Vec<u32> = padded.map(u32::from).collect();
                all(target, &letters, u32::to_le_bytes)
            }),
        }
    }
}

/// Reads the head of an array of `bytes` bytes, or says why the array is skipped.
pub(super) fn read(source: &mut impl Read, bytes: u64) -> Result<std::result::Result<Header, String>> {
    let wrong = |found: &str| {
        Error::new(ErrorKind::File, format!("not a NumPy array: {found}")).hint("save it again with np.savez")
    };
    let mut take = |n: usize| {
        let mut block = vec![0; n];
        source.read_exact(&mut block).map(|()| block).map_err(|_| wrong("it is cut off"))
    };
    let start = take(8)?;
    if start[..6] != *b"\x93NUMPY" {
        return Err(wrong("it does not begin as one"));
    }
    let (long, length) = match start[6] {
        1 => (2, take(2)?.iter().rfold(0, |n, &byte| n << 8 | usize::from(byte))),
        2 | 3 => (4, take(4)?.iter().rfold(0, |n, &byte| n << 8 | usize::from(byte))),
        version => return Err(wrong(&format!("version {version} is not known"))),
    };
    if length > LONGEST {
        return Err(wrong(&format!("its head has {length} bytes")));
    }
    let head = String::from_utf8(take(length)?).map_err(|_| wrong("its head is not text"))?;
    let data = bytes.checked_sub((8 + long + length) as u64).ok_or_else(|| wrong("it is cut off"))?;
    let fields = Fields::parse(&head).ok_or_else(|| wrong("its head cannot be read"))?;
    let (Some(descr), Some(fortran), Some(shape)) = (fields.descr, fields.fortran, fields.shape) else {
        return Err(wrong("its head lacks descr, fortran_order or shape"));
    };
    let shape = shape.map_err(|axis| wrong(&format!("an axis of length {axis}")))?;
    let Ok(descr) = descr else { return Ok(Err(RECORDS.into())) };
    let Some(kind) = Kind::parse(&descr) else {
        return Ok(Err(match descr.as_bytes() {
            [_, b'O', ..] => OBJECTS.into(),
            _ => format!("values of the kind '{descr}' cannot be read"),
        }));
    };
    Ok(Ok(Header { descr, kind, shape, fortran, data }))
}

/// The head for values of a kind and shape, padded so that the values begin at a multiple of 64.
pub(super) fn write(kind: &Kind, shape: &[usize]) -> Vec<u8> {
    let order = if kind.size() == 1 { '|' } else { '<' };
    let axes = match shape {
        [n] => format!("({n},)"),
        _ => format!("({})", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    let letter = char::from(kind.letter);
    let mut head =
        format!("{{'descr': '{order}{letter}{}', 'fortran_order': False, 'shape': {axes}, }}", kind.width);
    while (10 + head.len() + 1) % 64 != 0 {
        head.push(' ');
    }
    head.push('\n');
    let length = u16::try_from(head.len()).unwrap_or(u16::MAX);
    [b"\x93NUMPY\x01\x00".as_slice(), &length.to_le_bytes(), head.as_bytes()].concat()
}

/// The three fields of the head, which is a Python dictionary.
#[derive(Default)]
struct Fields {
    /// `Err` for a list: records.
    descr: Option<std::result::Result<String, ()>>,
    fortran: Option<bool>,
    /// `Err` with an axis that is no length.
    shape: Option<std::result::Result<Vec<usize>, String>>,
}

impl Fields {
    fn parse(head: &str) -> Option<Self> {
        let mut fields = Self::default();
        let mut rest = head.trim().strip_prefix('{')?.strip_suffix('}')?.trim_start();
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            rest = after.trim_start().strip_prefix(':')?.trim_start();
            match key {
                "descr" if rest.starts_with('[') => {
                    fields.descr = Some(Err(()));
                    rest = after_list(rest)?;
                }
                "descr" => {
                    let (descr, after) = quoted(rest)?;
                    fields.descr = Some(Ok(descr.to_owned()));
                    rest = after;
                }
                "fortran_order" => {
                    let (value, after) = match rest.strip_prefix("True") {
                        Some(after) => (true, after),
                        None => (false, rest.strip_prefix("False")?),
                    };
                    fields.fortran = Some(value);
                    rest = after;
                }
                "shape" => {
                    let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
                    let axes = inside.split(',').map(str::trim).filter(|axis| !axis.is_empty());
                    // Python 2 wrote long integers with an L.
                    let axis = |axis: &str| {
                        axis.strip_suffix('L').unwrap_or(axis).parse().map_err(|_| axis.to_owned())
                    };
                    fields.shape = Some(axes.map(axis).collect());
                    rest = after;
                }
                _ => return None,
            }
            rest = rest.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        Some(fields)
    }
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|&sign| sign == '\'' || sign == '"')?;
    text[1..].split_once(quote)
}

/// What follows a list, which may hold lists.
fn after_list(text: &str) -> Option<&str> {
    let mut depth = 0usize;
    for (i, sign) in text.char_indices() {
        match sign {
            '[' => depth += 1,
            ']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(&text[i + 1..]);
                }
            }
            _ => {}
        }
    }
    None
}
