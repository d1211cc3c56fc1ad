//! `safetensors`: named tensors with one head in JSON, the format of a model's file.
//!
//! ```text
//! 8 bytes  length of the head, little-endian
//! head     {"__metadata__": {"clearprop": "{..}"}, "w1": {"dtype": "F64", "shape": [2, 200], "data_offsets": [0, 3200]}, ..}
//! data     the tensors' values, row-major, little-endian
//! ```
//!
//! The metadata has one key, `clearprop`, so that equal models give equal bytes; its text is a JSON object whose
//! first field is a checksum of the whole file (CRC-32, taken with zeros in its own place).
//!
//! By the crate `safetensors`, which checks offsets and shapes; here is added what it lets through: a name
//! that comes twice, bytes that were changed, and inputs without end, of which it would need all.

use crate::budget::{count, extent};
use ::safetensors::tensor::{Dtype, Metadata, TensorInfo};
use clearprop::error::{Error, ErrorKind, Result};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::io::Read;

/// A head longer than this is no model's.
const LONGEST: u64 = 16 << 20;

/// A head names at most so many tensors ..
const MOST_TENSORS: usize = 10_000;
/// .. each of so many axes, and beside them so many texts.
const MOST_PARTS: usize = 100;

/// The one key of the metadata.
const KEY: &str = "clearprop";

/// How the text under it begins; the digits of the checksum follow, in the head with its quotes escaped.
const SEALED: &str = "{\"checksum\":\"";
const SEALED_IN_HEAD: &[u8] = b"{\\\"checksum\\\":\\\"";
const UNSEALED: &str = "00000000";

/// A named tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name: `w1`, `b1`, ..
    pub name: String,
    /// The lengths of its axes: (fan_in, fan_out) for weights.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Floats,
}

/// The values of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Floats {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Floats {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
        }
    }
}

/// Writes tensors, in the order given, and the metadata (a JSON object, under the key `clearprop`).
/// Equal input gives equal bytes.
///
/// # Errors
/// A tensor whose number of values is not the product of its shape, or two of one name.
pub fn write(tensors: &[Tensor], metadata: impl Into<String>) -> Result<Vec<u8>> {
    let wrong = |name: &str, found: &str| Error::new(ErrorKind::Shape, found).name(name);
    let (mut infos, mut names, mut first) = (Vec::new(), HashSet::new(), 0);
    for Tensor { name, shape, values } in tensors {
        if count(shape) != Some(values.len()) {
            return Err(wrong(name, &format!("{} values do not fill the shape {shape:?}", values.len())));
        }
        if !names.insert(name) {
            return Err(wrong(name, "there are two tensors of this name"));
        }
        let dtype = values.dtype();
        let end = first + values.len() * dtype.bitsize() / 8;
        infos.push((name.clone(), TensorInfo { dtype, shape: shape.clone(), data_offsets: (first, end) }));
        first = end;
    }
    let cannot = |error: &dyn std::fmt::Display| wrong("metadata", &format!("cannot be written: {error}"));
    // Of very many columns the text is long: it is not copied more often than it must be.
    let mut text = metadata.into();
    let rest = text.strip_prefix('{').ok_or_else(|| cannot(&"it is no JSON object"))?;
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    text.replace_range(..1, &format!("{SEALED}{UNSEALED}\"{comma}"));
    let head = Metadata::new(Some([(KEY.to_owned(), text)].into_iter().collect()), infos);
    let head = head.map_err(|error| cannot(&error))?;
    let mut bytes = vec![0; 8];
    serde_json::to_writer(&mut bytes, &head).map_err(|error| cannot(&error))?;
    drop(head);
    // The data begin at a multiple of 8, so that readers can map them.
    bytes.resize(bytes.len().next_multiple_of(8), b' ');
    let head = bytes.len() - 8;
    bytes[..8].copy_from_slice(&(head as u64).to_le_bytes());
    bytes.reserve_exact(first);
    for tensor in tensors {
        match &tensor.values {
            Floats::F32(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Floats::F64(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
    }
    if let Some(at) = seal(&bytes[8..8 + head]) {
        let checksum = format!("{:08x}", crc32fast::hash(&bytes));
        bytes[8 + at..8 + at + checksum.len()].copy_from_slice(checksum.as_bytes());
    }
    Ok(bytes)
}

/// Where in a head the digits of the checksum stand.
fn seal(head: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(head, SEALED_IN_HEAD)? + SEALED_IN_HEAD.len();
    (at + UNSEALED.len() <= head.len()).then_some(at)
}

/// Reads tensors in the order of their data, and the metadata under the key `clearprop`, if any, without
/// the checksum; `file` is the file's name for messages.  The head is looked at before more is read.
///
/// # Errors
/// A head that is too long, cut off, not JSON or names a tensor twice; values other than F32 and F64;
/// a shape that does not fit its bytes; gaps, overlaps, or bytes after the end; another checksum than the
/// file has.
pub fn read(mut source: impl Read, file: &str) -> Result<(Vec<Tensor>, Option<String>)> {
    let damaged = |found: String| {
        Error::new(ErrorKind::File, format!("not a whole safetensors file: {found}"))
            .file(file)
            .hint("write it again")
    };
    let mut next = |length: u64| -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = source.by_ref().take(length).read_to_end(&mut bytes);
        read.map_err(|error| Error::new(ErrorKind::File, format!("cannot read: {error}")).file(file))?;
        Ok(bytes)
    };
    let start = next(8)?;
    let length: [u8; 8] = start.as_slice().try_into().map_err(|_| damaged("it is cut off".into()))?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return Err(damaged(format!("its head claims {length} bytes")));
    }
    let mut head = next(length)?;
    if (head.len() as u64) < length {
        return Err(damaged("it is cut off".into()));
    }
    let about_head = |error: serde_json::Error| damaged(format!("its head: {error}"));
    serde_json::from_slice::<Head>(&head).map_err(about_head)?;
    let metadata: Metadata = serde_json::from_slice(&head).map_err(about_head)?;
    let data = next((metadata.data_len() as u64).saturating_add(1))?;
    if data.len() != metadata.data_len() {
        let found = match data.len() > metadata.data_len() {
            true => "bytes follow its end".to_owned(),
            false => format!("its data end at {}, the file's at {}", metadata.data_len(), data.len()),
        };
        return Err(damaged(found));
    }
    if let Some(at) = seal(&head) {
        let written = String::from_utf8_lossy(&head[at..at + UNSEALED.len()]).into_owned();
        head[at..at + UNSEALED.len()].copy_from_slice(UNSEALED.as_bytes());
        let mut checksum = crc32fast::Hasher::new();
        [&start, &head, &data].into_iter().for_each(|part| checksum.update(part));
        let found = format!("{:08x}", checksum.finalize());
        if found != written {
            return Err(damaged(format!(
                "its bytes were changed, the checksum is {found} and not {written}"
            )));
        }
    }
    let mut tensors = Vec::new();
    for name in metadata.offset_keys() {
        let about = |found: String| damaged(found).name(format!("tensor '{name}'"));
        let Some(TensorInfo { dtype, shape, data_offsets: (first, last) }) = metadata.info(&name) else {
            continue;
        };
        let values = data.get(*first..*last).unwrap_or_default();
        let values = match dtype {
            Dtype::F32 => {
                Floats::F32(values.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect())
            }
            Dtype::F64 => {
                Floats::F64(values.as_chunks().0.iter().map(|&value| f64::from_le_bytes(value)).collect())
            }
            _ => return Err(about(format!("values of the kind {dtype:?}, F32 or F64 are needed"))),
        };
        if extent(shape).is_none_or(|extent| extent > data.len().max(1 << 16)) {
            return Err(about(format!("shape {shape:?} is too large")));
        }
        tensors.push(Tensor { name, shape: shape.clone(), values });
    }
    let text = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    Ok((tensors, text.map(|text| unsealed(text))))
}

/// The text without its checksum.
fn unsealed(text: &str) -> String {
    let rest = text.strip_prefix(SEALED).and_then(|rest| rest.get(UNSEALED.len()..)?.strip_prefix('"'));
    match rest {
        Some(rest) => format!("{{{}", rest.strip_prefix(',').unwrap_or(rest)),
        None => text.to_owned(),
    }
}

/// A head in which no name comes twice, of no more tensors, axes and texts than a model has: the crate takes twenty
/// times their bytes for them.
struct Head;

/// What a tensor or a text is in a head.
struct Entry;

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Head;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Head, A::Error> {
                let mut names = HashSet::new();
                while let Some((name, Entry)) = map.next_entry::<String, Entry>()? {
                    if names.len() == MOST_TENSORS {
                        return Err(A::Error::custom(format!("more than {MOST_TENSORS} tensors")));
                    }
                    if names.contains(&name) {
                        return Err(A::Error::custom(format!("'{name}' comes twice")));
                    }
                    names.insert(name);
                }
                Ok(Head)
            }
        }
        deserializer.deserialize_map(Names)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Entry;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a tensor")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Entry, A::Error> {
                for _ in 0..MOST_PARTS {
                    if map.next_entry::<IgnoredAny, Part>()?.is_none() {
                        return Ok(Entry);
                    }
                }
                Err(A::Error::custom(format!("more than {MOST_PARTS} texts")))
            }
        }
        deserializer.deserialize_map(Parts)
    }
}

/// A text, or a list of few numbers.
struct Part;

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Axes;
        impl<'de> Visitor<'de> for Axes {
            type Value = Part;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a shape")
            }

            fn visit_str<E>(self, _: &str) -> std::result::Result<Part, E> {
                Ok(Part)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Part, A::Error> {
                for _ in 0..MOST_PARTS {
                    if seq.next_element::<IgnoredAny>()?.is_none() {
                        return Ok(Part);
                    }
                }
                Err(A::Error::custom(format!("a shape of more than {MOST_PARTS} axes")))
            }
        }
        deserializer.deserialize_any(Axes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors() -> Vec<Tensor> {
        let tensor =
            |name: &str, shape: &[usize], values| Tensor { name: name.into(), shape: shape.into(), values };
        vec![
            tensor("w1", &[2, 3], Floats::F64(vec![1.0, 2.0, 3.0, 4.0, 5.0, 0.1])),
            tensor("b1", &[3], Floats::F64(vec![-1.0, 0.0, 1e300])),
            tensor("w2", &[1, 1], Floats::F32(vec![0.5])),
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        let metadata = r#"{"a":"x\"y","b":[1,2]}"#;
        let bytes = write(&tensors(), metadata).unwrap();
        assert_eq!(read(&bytes[..], "m").unwrap(), (tensors(), Some(metadata.to_owned())));
        assert_eq!(write(&tensors(), metadata).unwrap(), bytes);
    }

    #[test]
    fn the_formats_own_crate_reads_it_and_is_read() {
        let bytes = write(&tensors(), "{}").unwrap();
        let theirs = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(theirs.tensor("w1").unwrap().shape(), [2, 3]);
        let theirs = ::safetensors::serialize(theirs.tensors(), None).unwrap();
        let mut ours = read(&theirs[..], "m").unwrap().0;
        ours.sort_by_key(|tensor| tensors().iter().position(|known| known.name == tensor.name));
        assert_eq!(ours, tensors());
    }

    #[test]
    fn nothing_in_a_file_is_trusted() {
        let with_head = |head: &str, data: usize| {
            [&(head.len() as u64).to_le_bytes(), head.as_bytes(), &vec![0; data]].concat()
        };
        let check = |bytes: &[u8], expected: &str| {
            let error = read(bytes, "m").unwrap_err().to_string();
            assert!(error.contains(expected), "expected: {expected}\n     got: {error}");
        };
        let tensor =
            |offsets: &str| format!("{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[{offsets}]}}");
        check(b"", "it is cut off");
        check(&u64::MAX.to_le_bytes(), "its head claims 18446744073709551615 bytes");
        check(&1000u64.to_le_bytes(), "it is cut off");
        check(&with_head("{]", 0), "its head: ");
        check(&with_head(&format!("{{\"a\":{0},\"a\":{0}}}", tensor("0,8")), 8), "'a' comes twice");
        check(
            &with_head(&format!("{{\"a\":{},\"b\":{}}}", tensor("0,8"), tensor("4,12")), 12),
            "offset for tensor `b`",
        );
        check(
            &with_head(&format!("{{\"a\":{},\"b\":{}}}", tensor("0,8"), tensor("12,20")), 20),
            "offset for tensor `b`",
        );
        check(&with_head(&format!("{{\"a\":{}}}", tensor("0,8")), 9), "bytes follow its end");
        check(&with_head(&format!("{{\"a\":{}}}", tensor("0,8")), 7), "its data end at 8, the file's at 7");
        check(
            &with_head(&format!("{{\"a\":{}}}", tensor("0,12")), 12),
            "invalid shape, data type, or offset for tensor",
        );
        check(&with_head(&format!("{{\"a\":{}}}", tensor("8,0")), 12), "offset for tensor `a`");
        let huge = r#"{"a":{"dtype":"F64","shape":[4294967296,4294967296,8],"data_offsets":[0,0]}}"#;
        check(&with_head(huge, 0), "overflow computing buffer size");
        let hidden = r#"{"a":{"dtype":"F64","shape":[0,4294967296],"data_offsets":[0,0]}}"#;
        check(
            &with_head(hidden, 0),
            "tensor 'a': not a whole safetensors file: shape [0, 4294967296] is too large",
        );
        let half = r#"{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}"#;
        check(&with_head(half, 8), "values of the kind F16");
        let bytes = write(&tensors(), "{}").unwrap();
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end], "m").is_err(), "cut off at {end}");
        }
    }

    #[test]
    fn a_changed_bit_is_told_wherever_it_is() {
        let metadata = r#"{"a":1}"#;
        let bytes = write(&tensors(), metadata).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                // A field of another name is no checksum; whoever reads the text does not know it.
                let text = read(&changed[..], "m").ok().and_then(|(_, text)| text);
                assert!(text.is_none_or(|text| text != metadata), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn an_endless_input_is_no_model() {
        for byte in [0u8, b'y', 0xFF] {
            let endless = std::io::repeat(byte);
            assert!(read(endless, "m").unwrap_err().to_string().contains("its head"), "{byte}");
        }
    }
}
