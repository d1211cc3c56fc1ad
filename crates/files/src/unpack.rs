//! What packs a file of text: gzip, zstd, bzip2 or xz, told apart by its first bytes.
//!
//! Decoders take little memory whatever the file says; what comes out of them is counted by its
//! [`Budget`](crate::budget::Budget).

use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};

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
