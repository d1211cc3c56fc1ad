//! Texts in a column of numbers or dates that are none: markers of missing values, and strays.

use super::missing::is_missing_word;
use super::{Numbers, Words};
use crate::decision::Decision;

/// Texts that do not fit, and their rows.
#[derive(Default)]
pub(super) struct Odd {
    pub(super) rows: Vec<u32>,
    pub(super) texts: Words,
}

impl Odd {
    pub(super) fn push(&mut self, row: usize, text: &str) {
        self.rows.push(u32::try_from(row).unwrap_or(u32::MAX));
        self.texts.push(Some(text));
    }

    pub(super) fn memory(&self) -> u64 {
        4 * self.rows.len() as u64 + self.texts.memory()
    }
}

/// Words that were taken as missing numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Strays {
    pub(super) count: usize,
    pub(super) examples: Vec<String>,
}

/// What was seen among the values of a column that are none.
#[derive(Default)]
pub(super) struct Seen {
    markers: Vec<(String, usize)>,
    pub(super) strays: Strays,
    pub(super) first: Option<(usize, String)>,
}

impl Seen {
    /// What always means a missing value needs no word.
    pub(super) fn marker(&mut self, text: &str, usual: bool) {
        if usual {
            return;
        }
        match self.markers.iter_mut().find(|(known, _)| known == text) {
            Some((_, count)) => *count += 1,
            None => self.markers.push((text.to_owned(), 1)),
        }
    }

    pub(super) fn stray(&mut self, row: usize, text: &str) {
        self.strays.count += 1;
        if self.strays.examples.len() < 3 && !self.strays.examples.iter().any(|known| known == text) {
            self.strays.examples.push(text.to_owned());
        }
        self.first.get_or_insert_with(|| (row, text.to_owned()));
    }

    pub(super) fn decisions(&self) -> Vec<Decision> {
        let markers: Vec<String> = self.markers.iter().take(3).map(|(text, _)| text.clone()).collect();
        let mut decisions = Vec::new();
        if !markers.is_empty() {
            let what = format!("{} taken as missing", quoted(&markers));
            decisions.push(Decision::new("missing", what, ""));
        }
        decisions
    }
}

/// `"a", "b"`
pub(super) fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ")
}

/// A column that began as numbers and turned out to be words.
pub(super) fn mixed(numbers: &Numbers, odd: &Odd) -> Words {
    let mut words = Words::default();
    let mut places = odd.rows.iter().enumerate().peekable();
    for row in 0..numbers.len() {
        match places.next_if(|(_, place)| **place as usize == row) {
            Some((i, _)) => words.push(odd.texts.get(i).filter(|text| !is_missing_word(text))),
            None if numbers.get(row).is_nan() => words.push(None),
            None => words.push(Some(&numbers.text(row))),
        }
    }
    words
}
