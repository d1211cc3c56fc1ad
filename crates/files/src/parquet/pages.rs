//! The pages of a Parquet file, with their claims checked before memory is taken.

use super::footer;
use crate::disk::Input;
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::reader::{ChunkReader, Length};
use ::parquet::file::serialized_reader::SerializedPageReader;
use bytes::Bytes;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A page may unpack to this many bytes and twice the file's size.
const PAGE: u64 = 16 << 20;

/// Bytes that an entry of a dictionary takes in memory, at most.
const ENTRY: u64 = 48;

/// Bytes that the head of a page usually takes at most, and with the longest statistics.
const HEAD: u64 = 1 << 10;
const LONGEST_HEAD: u64 = 8 << 20;

pub(super) struct Source {
    pub(super) input: Input,
}

impl Source {
    fn largest(&self) -> u64 {
        PAGE + 2 * self.input.size()
    }

    /// The pages of one column of one group of rows.
    pub(super) fn pages(source: &Arc<Self>, column: &ColumnChunkMetaData, rows: u64) -> Result<Pages> {
        let total = usize::try_from(rows).map_err(|_| bad("too many rows"))?;
        let inner = SerializedPageReader::new(Arc::clone(source), column, total, None)?;
        let (least_bits, bytes) = match column.column_type() {
            ::parquet::basic::Type::BOOLEAN => (1, 1),
            ::parquet::basic::Type::INT32 | ::parquet::basic::Type::FLOAT => (32, 4),
            ::parquet::basic::Type::INT64 | ::parquet::basic::Type::DOUBLE => (64, 8),
            ::parquet::basic::Type::INT96 => (96, 12),
            ::parquet::basic::Type::BYTE_ARRAY => (32, ENTRY),
            ::parquet::basic::Type::FIXED_LEN_BYTE_ARRAY => (8, ENTRY),
        };
        let entries = source.largest() / bytes;
        Ok(Pages { inner, left: rows, least_bits, entries })
    }
}

fn bad(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.input.size()
    }
}

impl ChunkReader for Source {
    type T = BufReader<std::fs::File>;

    /// Only asked for the head of a page.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut file = self.input.again()?;
        file.seek(SeekFrom::Start(start))?;
        let mut head = Vec::new();
        let mut most = HEAD;
        loop {
            let read = file.by_ref().take(most - head.len() as u64).read_to_end(&mut head)?;
            if footer::is_whole_head(&head) {
                break;
            }
            if read == 0 || most >= LONGEST_HEAD {
                return Err(bad("a page's head cannot be read"));
            }
            most *= 8;
        }
        match footer::page_sizes(&head) {
            Some((unpacked, packed))
                if packed >= 0 && u64::try_from(unpacked).is_ok_and(|n| n <= self.largest()) => {}
            Some((unpacked, _)) => return Err(bad(&format!("a page claims to unpack to {unpacked} bytes"))),
            None => return Err(bad("a page's head cannot be read")),
        }
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::with_capacity(1 << 10, file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.input.size()) {
            return Err(bad("a page reaches beyond the end of the file"));
        }
        let mut file = self.input.again()?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// The pages of a column: no more values than rows, no dictionary without its entries.
pub(super) struct Pages {
    inner: SerializedPageReader<Source>,
    /// Values that may still come.
    left: u64,
    /// A dictionary's entry takes at least so many bits in the file.
    least_bits: u64,
    /// A dictionary may have so many entries.
    entries: u64,
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        let values = page.as_ref().map_or(0, |page| u64::from(page.num_values()));
        match &page {
            Some(Page::DictionaryPage { buf, .. }) => {
                if values > self.entries || values * self.least_bits > buf.len() as u64 * 8 {
                    return Err(bad(&format!("a dictionary of {} bytes claims {values} entries", buf.len())));
                }
            }
            _ => {
                self.left =
                    self.left.checked_sub(values).ok_or_else(|| bad("it has more values than rows"))?;
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }
}
