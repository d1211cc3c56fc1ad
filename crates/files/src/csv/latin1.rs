//! Latin-1 into UTF-8: what Windows programs of the West write.

use std::io::{self, Read};

/// The characters of the bytes 0x80 to 0x9F in Windows' form of Latin-1 (Windows-1252, as the WHATWG's
/// Encoding Standard has it); the others are those of Unicode.
const WINDOWS: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2C6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2DC}', '\u{2122}', '\u{161}',
    '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
];

/// Reads Latin-1, gives UTF-8.
pub(crate) struct Latin1<S> {
    source: S,
    block: Vec<u8>,
    /// What is converted and not yet taken.
    text: String,
    taken: usize,
}

impl<S: Read> Latin1<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, block: vec![0; 1 << 16], text: String::new(), taken: 0 }
    }
}

impl<S: Read> Read for Latin1<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.text.len() {
            let read = self.source.read(&mut self.block)?;
            let character = |&byte: &u8| match byte {
                0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
                _ => char::from(byte),
            };
            (self.text, self.taken) = (self.block[..read].iter().map(character).collect(), 0);
        }
        let mut rest = &self.text.as_bytes()[self.taken..];
        let read = rest.read(bytes)?;
        self.taken += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_the_characters_they_mean() {
        let bytes = b"a,K\xF6ln \x80 5 \xFF".repeat(9000);
        let mut text = String::new();
        Latin1::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a,K\u{F6}ln \u{20AC} 5 \u{FF}".repeat(9000));
    }
}
