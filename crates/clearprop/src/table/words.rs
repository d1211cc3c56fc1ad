//! A column of words, each kept once.

use std::collections::HashMap;

/// Words, each kept once: `codes` are places in `known`, [`Words::MISSING`] is a missing value.
#[derive(Clone, Debug, Default)]
pub struct Words {
    codes: Vec<u32>,
    known: Vec<String>,
    place: HashMap<String, u32>,
    /// The letters of all known words.
    letters: usize,
}

impl Words {
    /// The code of a missing value.
    pub const MISSING: u32 = u32::MAX;

    /// n, the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The word in this row, `None` if it is missing.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        self.known.get(self.codes[row] as usize).map(String::as_str)
    }

    /// For each row the place of its word in [`Words::known`], or [`Words::MISSING`].
    #[must_use]
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The distinct words, in the order of their first appearance.
    #[must_use]
    pub fn known(&self) -> &[String] {
        &self.known
    }

    /// How often each of the known words stands in a row.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.known.len()];
        self.codes.iter().filter(|&&code| code != Self::MISSING).for_each(|&code| counts[code as usize] += 1);
        counts
    }

    /// The memory that it takes, about: each word is kept twice, once to find it by.
    pub(super) fn memory(&self) -> u64 {
        (4 * self.codes.len() + 96 * self.known.len() + 2 * self.letters) as u64
    }

    /// One more row.
    #[expect(clippy::cast_possible_truncation, reason = "fewer words than 2^32 fit into memory")]
    pub fn push(&mut self, word: Option<&str>) {
        let code = match word {
            None => Self::MISSING,
            Some(word) => self.place.get(word).copied().unwrap_or_else(|| {
                let code = self.known.len() as u32;
                self.letters += word.len();
                self.known.push(word.to_owned());
                self.place.insert(word.to_owned(), code);
                code
            }),
        };
        self.codes.push(code);
    }

    /// The rows for which `keep` holds.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.codes.retain(|_| keep.next() == Some(&true));
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|row| self.get(row) == other.get(row))
    }
}

impl<'a> FromIterator<Option<&'a str>> for Words {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(words: I) -> Self {
        let mut column = Self::default();
        words.into_iter().for_each(|word| column.push(word));
        column
    }
}
