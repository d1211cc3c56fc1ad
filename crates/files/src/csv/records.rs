//! The rows of a CSV file, split into fields, each with the line on which it begins.
//!
//! Own code and not the crate `csv`, which counts lines differently behind blank lines and in files
//! with Windows line ends, and takes a quote that is not closed for the rest of the file.

use crate::budget::MOST_COLUMNS;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

/// So many bytes are looked at before the first row;
pub(super) const SAMPLE: usize = 1 << 16;

/// of a table with many columns more, until there are so many lines,
const SAMPLE_LINES: usize = 8;
/// but not more than this.
const LARGEST_SAMPLE: usize = 4 << 20;

/// A row longer than this is not one: a quote was not closed, or it is no CSV file.
const LONGEST: usize = 4 << 20;

/// A program of tables leaves a million empty rows at the end; of more, packed well, somebody has made trouble.
const MOST_EMPTY: u64 = 4 << 20;

/// So many bytes of blanks or of comments count as one more such row.
const EMPTY: usize = 32;

/// What DOS wrote behind the last line.
const END_OF_FILE: u8 = 0x1a;

const NO_TEXT: &str = "this is not text; save the table as CSV";
const UTF8: &str =
    "save it as UTF-8, or name what it is: `encoding=windows-1252` if an older Windows program wrote it";

/// What is wrong with the text, and in which line.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) found: String,
    pub(super) line: u64,
    pub(super) hint: &'static str,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.found)
    }
}

impl std::error::Error for Trouble {}

/// Reads rows.
pub(super) struct Records<S: Read> {
    source: BufReader<Chain<Cursor<Vec<u8>>, S>>,
    pub(super) separator: Separator,
    /// What stands around a field with a separator in it.
    pub(super) quote: u8,
    /// Lines that begin like this are no rows.
    pub(super) comment: Option<String>,
    /// Whether the last line that was read has no end.
    pub(super) unended: bool,
    /// Bytes and lines read so far.
    passed: u64,
    lines: u64,
    empty: u64,
    raw: Vec<u8>,
    /// Whether the first bytes are those of a picture or a program, not of a text in any encoding.
    binary: bool,
}

/// What stands between the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// This byte.
    Byte(u8),
    /// One or more blanks or tabs.
    Blanks,
    /// Two or more blanks, or a tab: a single blank stands within a field.
    Gaps,
}

/// A row: its fields without their quotes.
#[derive(Default)]
pub(super) struct Record {
    /// The line on which it begins, counted from 1.
    pub(super) line: u64,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// The number of fields.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of all fields together.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether it has several fields, and no value in any.
    pub(super) fn is_empty(&self) -> bool {
        self.len() > 1 && self.text.trim().is_empty()
    }

    /// The fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let field = &self.text[start..end];
            start = end;
            field.trim()
        })
    }

    fn push_field(&mut self, field: &str) {
        self.text.push_str(field);
        self.ends.push(self.text.len());
    }
}

impl<S: Read> Records<S> {
    /// Reads a sample of the file, for a look at how it is separated.
    pub(super) fn new(mut source: S) -> io::Result<(Self, Vec<u8>)> {
        let mut sample = Vec::new();
        source.by_ref().take(SAMPLE as u64).read_to_end(&mut sample)?;
        let mut full = SAMPLE;
        while sample.len() == full
            && full < LARGEST_SAMPLE
            && memchr::memchr_iter(b'\n', &sample).take(SAMPLE_LINES).count() < SAMPLE_LINES
        {
            source.by_ref().take(full as u64).read_to_end(&mut sample)?;
            full *= 2;
        }
        // The mark that some programs put before UTF-8 text is no part of the first name.
        let mark = if sample.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let sample = sample.split_off(mark);
        let source = BufReader::with_capacity(1 << 16, Cursor::new(sample.clone()).chain(source));
        let binary = sample.iter().any(|&byte| byte < b' ' && !b"\t\n\r\x0c".contains(&byte));
        let (passed, raw) = (mark as u64, Vec::new());
        let (separator, comment, unended) = (Separator::Byte(b','), None, false);
        let (quote, lines, empty) = (b'"', 0, 0);
        Ok((Self { source, separator, quote, comment, unended, passed, lines, empty, raw, binary }, sample))
    }

    /// Passes over lines.
    pub(super) fn skip(&mut self, lines: usize) -> io::Result<()> {
        let mut left = lines;
        while left > 0 && self.next_line()? {
            left -= 1;
        }
        Ok(())
    }

    /// The next row that is not blank; false at the end.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        record.text.clear();
        record.ends.clear();
        loop {
            if !self.next_line()? {
                return Ok(false);
            }
            let comment = self.comment.as_ref().is_some_and(|sign| self.raw.starts_with(sign.as_bytes()));
            let separated = matches!(self.separator, Separator::Byte(byte) if self.raw.contains(&byte));
            if !comment && (!self.raw.trim_ascii().is_empty() || separated) && !is_rule(&self.raw) {
                break;
            }
            self.pass_empty()?;
        }
        record.line = self.lines;
        let separator = match self.separator {
            Separator::Byte(separator) => separator,
            Separator::Blanks => return self.split_blanks(record).map(|()| true),
            Separator::Gaps => return self.split_gaps(record).map(|()| true),
        };
        if memchr::memchr(self.quote, &self.raw).is_some() {
            self.split_quoted(record, separator)?;
        } else {
            let text = utf8(&self.raw)?;
            let mut start = 0;
            for end in memchr::memchr_iter(separator, &self.raw).chain([self.raw.len()]) {
                record.push_field(&text[start..end]);
                start = end + 1;
                if record.len() > MOST_COLUMNS {
                    return Err(self.too_wide());
                }
            }
        }
        Ok(true)
    }

    /// Counts a line without a value.
    pub(super) fn pass_empty(&mut self) -> io::Result<()> {
        self.empty += 1 + (self.raw.len() / EMPTY) as u64;
        match self.empty > MOST_EMPTY {
            true => Err(self.trouble("too many lines are empty".to_owned(), "is it a CSV file?")),
            false => Ok(()),
        }
    }

    /// Reads a line into `raw`, without its end; false at the end of the file.
    fn next_line(&mut self) -> io::Result<bool> {
        self.raw.clear();
        let read = self.source.by_ref().take(LONGEST as u64).read_until(b'\n', &mut self.raw)?;
        if read == 0 {
            return Ok(false);
        }
        self.lines += 1;
        if let Some(at) = memchr::memchr(0, &self.raw) {
            let hint = "this is no text: save the table as CSV; or UTF-16: `encoding=utf-16le`";
            return Err(
                self.trouble(format!("found a NUL byte (byte {})", self.passed + at as u64 + 1), hint)
            );
        }
        if let Err(error) = std::str::from_utf8(&self.raw) {
            let at = error.valid_up_to();
            let byte = self.passed + at as u64 + 1;
            let hint = if self.binary { NO_TEXT } else { UTF8 };
            return Err(self.trouble(format!("byte {byte} (0x{:02X}) is not UTF-8", self.raw[at]), hint));
        }
        if read == LONGEST {
            return Err(
                self.trouble(format!("this line is longer than {LONGEST} bytes"), "is it a CSV file?")
            );
        }
        self.passed += read as u64;
        self.unended = self.raw.last() != Some(&b'\n');
        if self.unended && self.raw.last() == Some(&END_OF_FILE) {
            self.raw.pop();
        }
        if self.raw.last() == Some(&b'\n') {
            self.raw.pop();
            if self.raw.last() == Some(&b'\r') {
                self.raw.pop();
            }
        }
        Ok(true)
    }

    /// Splits a row whose fields are lined up by blanks; one in quotes may hold blanks.
    fn split_blanks(&mut self, record: &mut Record) -> io::Result<()> {
        let mut rest = utf8(&self.raw)?.trim();
        while !rest.is_empty() {
            let quote = char::from(self.quote);
            let (field, after) = match rest.strip_prefix(quote).and_then(|inner| inner.split_once(quote)) {
                Some(split) => split,
                None => rest.split_at(rest.find([' ', '\t']).unwrap_or(rest.len())),
            };
            record.push_field(field);
            if record.len() > MOST_COLUMNS {
                return Err(self.too_wide());
            }
            rest = after.trim_start();
        }
        Ok(())
    }

    /// Splits a row whose fields are lined up by blanks, and hold single ones.
    fn split_gaps(&mut self, record: &mut Record) -> io::Result<()> {
        let mut rest = utf8(&self.raw)?.trim();
        while !rest.is_empty() {
            let end = [rest.find("  "), rest.find('\t')].into_iter().flatten().min().unwrap_or(rest.len());
            record.push_field(&rest[..end]);
            rest = rest[end..].trim_start();
        }
        Ok(())
    }

    /// Splits a row with quotes, which may go on over further lines.  A quote opens at the beginning
    /// of a field; inside, two of them stand for one (RFC 4180).
    fn split_quoted(&mut self, record: &mut Record, separator: u8) -> io::Result<()> {
        let mut field = Vec::new();
        let mut i = 0;
        let quote = self.quote;
        loop {
            field.clear();
            if self.raw.get(i) == Some(&quote) {
                i += 1;
                let opened = self.lines;
                loop {
                    match (self.raw.get(i), self.raw.get(i + 1)) {
                        (Some(one), Some(other)) if *one == quote && *other == quote => {
                            field.push(quote);
                            i += 2;
                        }
                        (Some(one), _) if *one == quote => {
                            i += 1;
                            break;
                        }
                        (Some(&byte), _) => {
                            field.push(byte);
                            i += 1;
                        }
                        (None, _) => {
                            field.push(b'\n');
                            i = 0;
                            if field.len() > LONGEST || !self.next_line()? {
                                return Err(unclosed(opened));
                            }
                        }
                    }
                }
            }
            // What stands between a closing quote and the separator belongs to the field.
            let rest = &self.raw[i..];
            let end = memchr::memchr(separator, rest).unwrap_or(rest.len());
            field.extend_from_slice(&rest[..end]);
            record.push_field(utf8(&field)?);
            if record.bytes() > LONGEST {
                return Err(
                    self.trouble(format!("this row is longer than {LONGEST} bytes"), "is it a CSV file?")
                );
            }
            if record.len() > MOST_COLUMNS {
                return Err(self.too_wide());
            }
            i += end + 1;
            if i > self.raw.len() {
                return Ok(());
            }
        }
    }

    fn too_wide(&self) -> io::Error {
        let found = format!("this line has more than {MOST_COLUMNS} fields");
        self.trouble(found, "so many columns are not read; are rows and columns exchanged?")
    }

    fn trouble(&self, found: String, hint: &'static str) -> io::Error {
        io::Error::other(Trouble { found, line: self.lines, hint })
    }
}

/// Whether a line is a drawn one, as stands between names and rows: `-----`, `---+---`, `|:--|--:|`.
fn is_rule(line: &[u8]) -> bool {
    let drawn = |byte: &u8| b"-=+|*: \t\r".contains(byte);
    matches!(line.first(), Some(byte) if drawn(byte))
        && line.iter().all(drawn)
        && ["--", "=="].iter().any(|rule| memchr::memmem::find(line, rule.as_bytes()).is_some())
        && line.len() >= 5
}

fn utf8(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(io::Error::other)
}

fn unclosed(line: u64) -> io::Error {
    let hint = "close it, or write it twice";
    io::Error::other(Trouble { found: "found a quote that is not closed".into(), line, hint })
}
