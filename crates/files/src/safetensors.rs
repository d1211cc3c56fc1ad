//! `safetensors`: named tensors with one head in JSON, the format of a model's file.
//!
//! ```text
//! 8 bytes  length of the head, little-endian
//! head     {"__metadata__": {"clearprop": "{..}"}, "w1": {"dtype": "F64", "shape": [2, 200], "data_offsets": [0, 3200]}, ..}
//! data     the tensors' values, row-major, little-endian
//! ```
//!
//! The metadata has one key, `clearprop`, so that equal models give equal bytes.  Everything in the
//! head is checked before memory is taken.  Source: the format's text in the crate `safetensors`,
//! which the tests read and write against; the crate itself lets duplicate names through.

use clearprop::error::{Error, ErrorKind, Result};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A head longer than this is no model's.
const LONGEST: u64 = 16 << 20;

/// The one key of the metadata.
const KEY: &str = "clearprop";

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

    /// `F32` or `F64`, and the bytes of one value.
    fn dtype(&self) -> (&'static str, usize) {
        match self {
            Self::F32(_) => ("F32", 4),
            Self::F64(_) => ("F64", 8),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Info {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// Writes tensors, in the order given, and the metadata (JSON, under the key `clearprop`).
/// Equal input gives equal bytes.
///
/// # Errors
/// A tensor whose number of values is not the product of its shape, or two of one name.
pub fn write(tensors: &[Tensor], metadata: &str) -> Result<Vec<u8>> {
    let wrong = |name: &str, found: &str| Error::new(ErrorKind::Shape, found).name(name);
    let json = |value: &str| serde_json::Value::from(value).to_string();
    let mut head = format!("{{\"__metadata__\":{{\"{KEY}\":{}}}", json(metadata));
    let mut first = 0;
    for (i, Tensor { name, shape, values }) in tensors.iter().enumerate() {
        if shape.iter().product::<usize>() != values.len() {
            return Err(wrong(name, &format!("{} values do not fill the shape {shape:?}", values.len())));
        }
        if tensors[..i].iter().any(|earlier| earlier.name == *name) {
            return Err(wrong(name, "there are two tensors of this name"));
        }
        let (dtype, size) = values.dtype();
        let end = first + values.len() * size;
        head.push_str(&format!(
            ",{}:{{\"dtype\":\"{dtype}\",\"shape\":{},\"data_offsets\":[{first},{end}]}}",
            json(name),
            serde_json::Value::from(shape.as_slice()),
        ));
        first = end;
    }
    head.push('}');
    // The data begin at a multiple of 8, so that readers can map them.
    while head.len() % 8 != 0 {
        head.push(' ');
    }
    let mut bytes = Vec::with_capacity(8 + head.len() + first);
    bytes.extend((head.len() as u64).to_le_bytes());
    bytes.extend(head.as_bytes());
    for tensor in tensors {
        match &tensor.values {
            Floats::F32(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Floats::F64(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
    }
    Ok(bytes)
}

/// Reads tensors in the order of their data, and the metadata under the key `clearprop`, if any;
/// `file` is the file's name for messages.
///
/// # Errors
/// A head that is too long, cut off, not JSON or names a tensor twice; values other than F32 and F64;
/// a shape that does not fit its bytes; gaps, overlaps, or bytes after the end.
pub fn read(bytes: &[u8], file: &str) -> Result<(Vec<Tensor>, Option<String>)> {
    let damaged = |found: String| {
        Error::new(ErrorKind::File, format!("not a whole safetensors file: {found}"))
            .file(file)
            .hint("write it again")
    };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged("it is cut off".into()))?;
    let length = u64::from_le_bytes(*length);
    if length > LONGEST {
        return Err(damaged(format!("its head claims {length} bytes")));
    }
    let (head, data) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or_else(|| damaged("it is cut off".into()))?;
    let head: Head = serde_json::from_slice(head).map_err(|error| damaged(format!("its head: {error}")))?;

    let mut infos = head.tensors;
    infos.sort_by_key(|(_, info)| info.data_offsets);
    let mut tensors = Vec::with_capacity(infos.len());
    let mut end = 0;
    for (name, Info { dtype, shape, data_offsets: (first, last) }) in infos {
        let about = |found: String| damaged(found).name(format!("tensor '{name}'"));
        if first != end {
            return Err(about(format!("its data begin at {first}, the one before ends at {end}")));
        }
        let values = data
            .get(first..last)
            .ok_or_else(|| about(format!("its data end at {last}, the file's at {}", data.len())))?;
        let size = match dtype.as_str() {
            "F32" => 4,
            "F64" => 8,
            _ => return Err(about(format!("values of the kind {dtype}, F32 or F64 are needed"))),
        };
        let needed = shape.iter().try_fold(size, |product: usize, &n| product.checked_mul(n));
        if needed != Some(values.len()) {
            return Err(about(format!("shape {shape:?} of {dtype} does not fit {} bytes", values.len())));
        }
        let values = if size == 4 {
            Floats::F32(values.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect())
        } else {
            Floats::F64(values.as_chunks().0.iter().map(|&value| f64::from_le_bytes(value)).collect())
        };
        end = last;
        tensors.push(Tensor { name, shape, values });
    }
    if end != data.len() {
        return Err(damaged(format!("{} bytes follow its end", data.len() - end)));
    }
    Ok((tensors, head.metadata.and_then(|mut metadata| metadata.remove(KEY))))
}

/// The head, with tensors in its order; a name that comes twice is an error.
struct Head {
    tensors: Vec<(String, Info)>,
    metadata: Option<BTreeMap<String, String>>,
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Head;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Head, A::Error> {
                let mut tensors: BTreeMap<String, Info> = BTreeMap::new();
                let mut metadata = None;
                while let Some(name) = map.next_key::<String>()? {
                    let twice = if name == "__metadata__" {
                        metadata.replace(map.next_value()?).is_some()
                    } else {
                        tensors.insert(name.clone(), map.next_value()?).is_some()
                    };
                    if twice {
                        return Err(serde::de::Error::custom(format!("'{name}' comes twice")));
                    }
                }
                Ok(Head { tensors: tensors.into_iter().collect(), metadata })
            }
        }
        deserializer.deserialize_map(Entries)
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
        assert_eq!(read(&bytes, "m").unwrap(), (tensors(), Some(metadata.to_owned())));
        assert_eq!(write(&tensors(), metadata).unwrap(), bytes);
    }

    #[test]
    fn the_formats_own_crate_reads_it_and_is_read() {
        let bytes = write(&tensors(), "{}").unwrap();
        let theirs = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(theirs.tensor("w1").unwrap().shape(), [2, 3]);
        let theirs = ::safetensors::serialize(theirs.tensors(), None).unwrap();
        let mut ours = read(&theirs, "m").unwrap().0;
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
        check(&with_head(&format!("{{\"a\":{},\"b\":{}}}", tensor("0,8"), tensor("4,12")), 12), "begin at 4");
        check(
            &with_head(&format!("{{\"a\":{},\"b\":{}}}", tensor("0,8"), tensor("12,20")), 20),
            "begin at 12",
        );
        check(&with_head(&format!("{{\"a\":{}}}", tensor("0,8")), 9), "1 bytes follow its end");
        check(&with_head(&format!("{{\"a\":{}}}", tensor("0,8")), 7), "its data end at 8, the file's at 7");
        check(
            &with_head(&format!("{{\"a\":{}}}", tensor("0,12")), 12),
            "shape [2] of F32 does not fit 12 bytes",
        );
        check(&with_head(&format!("{{\"a\":{}}}", tensor("8,0")), 12), "begin at 8");
        let huge = r#"{"a":{"dtype":"F64","shape":[4294967296,4294967296,8],"data_offsets":[0,0]}}"#;
        check(&with_head(huge, 0), "does not fit 0 bytes");
        let half = r#"{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}"#;
        check(&with_head(half, 8), "values of the kind F16");
        let bytes = write(&tensors(), "{}").unwrap();
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end], "m").is_err(), "cut off at {end}");
        }
    }
}
