//! A column of words, each kept once.

use hashbrown::HashTable;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// Words, each kept once: `codes` are places in `known`, [`Words::MISSING`] is a missing value.
///
/// The letters of all known words stand in one text: a million different words take no million pieces of memory.
#[derive(Clone, Debug, Default)]
pub struct Words {
    codes: Vec<u32>,
    letters: String,
    /// Where each known word ends in `letters`.
    ends: Vec<usize>,
    /// The known words' codes, found by their letters.
    places: HashTable<u32>,
    hasher: RandomState,
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
        let code = self.codes[row];
        (code != Self::MISSING).then(|| word(&self.letters, &self.ends, code as usize))
    }

    /// For each row the place of its word in [`Words::known`], or [`Words::MISSING`].
    #[must_use]
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The distinct words, in the order of their first appearance.
    pub fn known(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|code| word(&self.letters, &self.ends, code))
    }

    /// The code of a word, `None` if it stands in no row.
    pub(super) fn code(&self, wanted: &str) -> Option<u32> {
        let same = |&code: &u32| word(&self.letters, &self.ends, code as usize) == wanted;
        self.places.find(self.hasher.hash_one(wanted), same).copied()
    }

    /// How often each of the known words stands in a row.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.ends.len()];
        self.codes.iter().filter(|&&code| code != Self::MISSING).for_each(|&code| counts[code as usize] += 1);
        counts
    }

    /// The memory that it takes, about.
    pub(super) fn memory(&self) -> u64 {
        (4 * self.codes.len() + 8 * self.ends.len() + 5 * self.places.capacity() + self.letters.len()) as u64
    }

    /// One more row.
    #[expect(clippy::cast_possible_truncation, reason = "fewer words than 2^32 fit into memory")]
    pub fn push(&mut self, new: Option<&str>) {
        let Some(new) = new else { return self.codes.push(Self::MISSING) };
        let Self { codes, letters, ends, places, hasher } = self;
        let hash = hasher.hash_one(new);
        if let Some(&code) = places.find(hash, |&code| word(letters, ends, code as usize) == new) {
            return codes.push(code);
        }
        let code = ends.len() as u32;
        letters.push_str(new);
        ends.push(letters.len());
        places.insert_unique(hash, code, |&code| hasher.hash_one(word(letters, ends, code as usize)));
        codes.push(code);
    }

    /// With one spelling for all words that differ by case or blanks alone: the most frequent of them, the first in the rows
    /// of those.
    pub(super) fn joined(&self) -> Self {
        let counts = self.counts();
        let mut spelling: HashMap<String, usize> = HashMap::new();
        for (code, known) in self.known().enumerate() {
            let best = spelling.entry(folded(known)).or_insert(code);
            if counts[code] > counts[*best] {
                *best = code;
            }
        }
        self.respelled(|known| Some(word(&self.letters, &self.ends, *spelling.get(&folded(known))?)))
    }

    /// With the spelling of `wanted` for words that differ from one of them by case or blanks alone.
    pub(super) fn spelled_as<'w>(&'w self, wanted: impl Iterator<Item = &'w str> + Clone) -> Self {
        let exact: HashSet<&str> = wanted.clone().collect();
        let spelling: HashMap<String, &str> = wanted.map(|word| (folded(word), word)).collect();
        self.respelled(|known| spelling.get(&folded(known)).copied().filter(|_| !exact.contains(known)))
    }

    /// With another spelling of some words.
    fn respelled<'w>(&'w self, spelling: impl Fn(&str) -> Option<&'w str>) -> Self {
        let new: Vec<&str> = self.known().map(|known| spelling(known).unwrap_or(known)).collect();
        self.codes.iter().map(|&code| (code != Self::MISSING).then(|| new[code as usize])).collect()
    }

    /// The rows for which `keep` holds.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.codes.retain(|_| keep.next() == Some(&true));
    }
}

/// Equal for words that differ by case or blanks alone.
pub(super) fn folded(word: &str) -> String {
    word.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn word<'l>(letters: &'l str, ends: &[usize], code: usize) -> &'l str {
    let first = if code == 0 { 0 } else { ends[code - 1] };
    &letters[first..ends[code]]
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
