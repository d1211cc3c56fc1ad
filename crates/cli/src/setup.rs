//! What a run is to this door, beside its plan: kept in its checkpoint.

use crate::reading::Reading;
use crate::split::Splitting;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a run is to this door.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setup {
    /// The file of the rows, `-` for standard input; without one the notebook's spirals.
    #[serde(with = "path")]
    pub(crate) data: Option<PathBuf>,
    pub(crate) reading: Reading,
    pub(crate) split: Splitting,
    pub(crate) name: String,
    pub(crate) log_every: Option<u64>,
    pub(crate) record_every: Option<u64>,
    pub(crate) checkpoint_every: Option<u64>,
}

/// A path in JSON: as text, or as its bytes where it is none.
mod path {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::path::PathBuf;

    #[derive(Deserialize, Serialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        #[cfg(unix)]
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        let written = path.as_ref().map(|path| match path.to_str() {
            #[cfg(unix)]
            None => Written::Bytes(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()),
            _ => Written::Text(path.to_string_lossy().into_owned()),
        });
        written.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        let written = Option::<Written>::deserialize(from)?;
        Ok(written.map(|written| match written {
            Written::Text(text) => text.into(),
            #[cfg(unix)]
            Written::Bytes(bytes) => {
                <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into()
            }
        }))
    }
}
