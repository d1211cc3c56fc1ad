//! What packs a file of text: gzip, zstd, bzip2, xz or zip, told apart by its first bytes.
//!
//! Decoders take little memory whatever the file says; what comes out of them is counted by its
//! [`Budget`](crate::budget::Budget).

use crate::budget::Budget;
use crate::disk::Input;
use crate::foreign::foreign;
use clearprop::error::{Error, ErrorKind, Result};
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

/// So many first bytes tell all of them apart.
pub(crate) const HEAD: usize = 64;

/// The most memory of an xz decoder, in KiB: `xz -9` needs 65 MiB.
const XZ_MEMORY: u32 = 100 << 10;

/// A packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Packing {
    /// By the first bytes of the file; `None` if it is none of these.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    /// What comes out of `source`.
    pub(crate) fn unpacked<'s>(self, source: impl Read + 's) -> io::Result<Box<dyn Read + 's>> {
        let source = BufReader::with_capacity(1 << 16, source);
        let inner: Box<dyn Read + 's> = match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            #[cfg(feature = "parquet")]
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(source)?),
            #[cfg(not(feature = "parquet"))]
            Self::Zstd => return Err(io::Error::other("this build does not unpack zstd")),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(source)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(source, true, XZ_MEMORY)),
        };
        Ok(Box::new(Unpacked { inner, packing: self }))
    }
}

/// What was packed; errors in words.
struct Unpacked<'s> {
    inner: Box<dyn Read + 's>,
    packing: Packing,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let name = self.packing.name();
        self.inner.read(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other(format!("the {name} file is cut off")),
            io::ErrorKind::OutOfMemory => {
                io::Error::other(format!("the {name} file asks for too much memory"))
            }
            io::ErrorKind::Interrupted => error,
            // What the system says about the file itself has a number.
            _ if error.raw_os_error().is_some() => error,
            _ => io::Error::other(format!("the {name} file is damaged")),
        })
    }
}

/// The text of the only table in a zip archive; `None` if it holds arrays or is none.
pub(crate) fn zipped(input: &mut Input, zip: bool) -> Result<Option<Vec<u8>>> {
    if !zip {
        return Ok(None);
    }
    let (file, size) = (input.name(), input.size());
    let text = foreign(|| {
        let mut archive = zip::ZipArchive::new(&mut *input).ok()?;
        let names: Vec<String> =
            archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
        let is_text = |name: &&String| {
            let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
            let texts = ["csv", "tsv", "txt", "tab", "dat", "data"];
            ending.is_some_and(|ending| texts.iter().any(|text| ending.eq_ignore_ascii_case(text)))
                && !name.starts_with("__MACOSX")
        };
        if names.iter().any(|name| name.ends_with(".npy") || name.starts_with("xl/")) {
            return None;
        }
        let mut texts: Vec<&String> = names.iter().filter(is_text).collect();
        if let ([only], true) = (names.as_slice(), texts.is_empty()) {
            // Whatever it is called: pandas names it after the archive.
            texts.push(only);
        }
        let [text] = texts.as_slice() else {
            let found = format!("a zip archive of {} tables", texts.len());
            let hint = "unpack it, and name one of the files in it";
            return (!texts.is_empty())
                .then(|| Err(Error::new(ErrorKind::File, found).file(&file).hint(hint)));
        };
        let mut bytes = Vec::new();
        let most = Budget::of(size).most();
        let read = archive.by_name(text).ok()?.take(most + 1).read_to_end(&mut bytes);
        if !is_text(text) && bytes.iter().take(HEAD).any(|&byte| byte == 0) {
            return None;
        }
        Some(match read {
            Ok(read) => Budget::of(size).take(read as u64).map(|()| bytes).map_err(|error| error.file(&file)),
            Err(_) => Err(Error::new(ErrorKind::File, "the zip archive is damaged").file(&file)),
        })
    });
    input
        .rewind()
        .map_err(|error| Error::new(ErrorKind::File, format!("cannot read: {error}")).file(input.name()))?;
    text.flatten().transpose()
}
