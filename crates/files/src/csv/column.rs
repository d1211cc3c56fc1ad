//! A column while its cells come in: is it numbers, or words?

use clearprop::error::{Error, ErrorKind, Result};
use clearprop::table::{Column, Numbers, Words, is_missing_word};

/// What a column must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers: any word is an error.
    Numbers,
    /// Words, even if they look like numbers.
    Words,
    /// Not read at all.
    Skip,
    /// Numbers or words: that is found out.
    Found,
}

/// So many cells are kept as text before the column is taken as one of numbers or of words.
const UNDECIDED: usize = 1000;

/// Percent of the values that must be numbers in a column of numbers.
const NUMBERS_PERCENT: usize = 95;

pub(crate) struct Builder {
    state: State,
    decimal_comma: bool,
    single: bool,
    strict: bool,
    /// Memory of the words that are kept, about.
    words: u64,
}

/// Memory of a word beside its letters: where it stands, and its place in a table to find it by.
const WORD: u64 = 96;

enum State {
    Skip,
    /// The first cells, one after the other, and where each ends.
    Undecided(String, Vec<usize>),
    /// Numbers so far, with the words that stand between them as (row, word).
    Numbers(Numbers, Vec<(usize, String)>),
    /// Words so far, how many of them are numbers, and the row of the first that is none.
    Words(Words, usize, Option<usize>),
}

impl Builder {
    pub(crate) fn new(kind: Option<Kind>, single: bool, decimal_comma: bool) -> Self {
        let state = match kind {
            None | Some(Kind::Found) => State::Undecided(String::new(), Vec::new()),
            Some(Kind::Numbers) => State::Numbers(empty(single), Vec::new()),
            Some(Kind::Words) => State::Words(Words::default(), 0, None),
            Some(Kind::Skip) => State::Skip,
        };
        Self { state, decimal_comma, single, strict: !matches!(kind, None | Some(Kind::Found)), words: 0 }
    }

    /// One more cell; the error is about this one.
    pub(crate) fn push(&mut self, cell: &str) -> Result<()> {
        let comma = self.decimal_comma;
        match &mut self.state {
            State::Skip => {}
            State::Undecided(cells, ends) => {
                cells.push_str(cell);
                ends.push(cells.len());
                if ends.len() >= UNDECIDED {
                    self.decide();
                }
            }
            State::Numbers(numbers, odd) => match number(cell, comma) {
                Some(value) => numbers.push(value),
                None => {
                    if !is_missing_word(cell) {
                        if self.strict {
                            return Err(a_word(cell));
                        }
                        odd.push((numbers.len(), cell.to_owned()));
                        self.words += WORD + cell.len() as u64;
                    }
                    numbers.push(f64::NAN);
                }
            },
            State::Words(words, numbers, odd) => {
                let present = !is_missing_word(cell);
                if !self.strict && present {
                    if number(cell, comma).is_some() {
                        *numbers += 1;
                    } else {
                        odd.get_or_insert(words.len());
                    }
                }
                let known = words.known().len();
                words.push(present.then_some(cell));
                if words.known().len() > known {
                    self.words += WORD + 2 * cell.len() as u64;
                }
            }
        }
        Ok(())
    }

    /// The memory that the column takes so far, about.
    pub(crate) fn memory(&self) -> u64 {
        let cells = match &self.state {
            State::Skip => 0,
            State::Undecided(cells, ends) => cells.capacity() + 8 * ends.capacity(),
            State::Numbers(Numbers::F32(values), _) => 4 * values.len(),
            State::Numbers(Numbers::F64(values), _) => 8 * values.len(),
            State::Words(words, ..) => 4 * words.len(),
        };
        self.words + cells as u64
    }

    /// One more value of a column that is known to be numbers or words; NaN is a missing one.
    #[cfg(feature = "parquet")]
    pub(crate) fn push_number(&mut self, value: f64) -> Result<()> {
        match &mut self.state {
            // -0 and 0 are one number.
            State::Numbers(numbers, _) => numbers.push(value + 0.0),
            State::Words(words, ..) => words.push((!value.is_nan()).then_some(&value.to_string())),
            State::Skip | State::Undecided(..) => {}
        }
        Ok(())
    }

    /// The column (`None` if it is skipped), or what is wrong in which row.
    pub(crate) fn finish(mut self) -> std::result::Result<Option<Column>, (usize, Error)> {
        if matches!(self.state, State::Undecided(..)) {
            self.decide();
        }
        match self.state {
            State::Skip | State::Undecided(..) => Ok(None),
            State::Numbers(numbers, odd) => {
                if let Some(row) = (0..numbers.len()).find(|&row| numbers.get(row).is_infinite()) {
                    return Err((row, infinite()));
                }
                let present = (0..numbers.len()).filter(|&row| !numbers.get(row).is_nan()).count();
                match odd.first() {
                    None => Ok(Some(Column::Numbers(numbers))),
                    Some((row, word)) if mostly(present, present + odd.len()) => Err((*row, a_word(word))),
                    Some(_) => Ok(Some(Column::Words(mixed(&numbers, &odd)))),
                }
            }
            State::Words(words, numbers, odd) => {
                let present = words.codes().iter().filter(|&&code| code != Words::MISSING).count();
                match odd {
                    Some(row) if mostly(numbers, present) => {
                        Err((row, a_word(words.get(row).unwrap_or_default())))
                    }
                    _ => Ok(Some(Column::Words(words))),
                }
            }
        }
    }

    /// Takes the column as numbers or words by its first cells, which are kept.
    fn decide(&mut self) {
        let State::Undecided(cells, ends) = std::mem::replace(&mut self.state, State::Skip) else { return };
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let cells: Vec<&str> = starts.zip(&ends).map(|(start, &end)| &cells[start..end]).collect();
        let present = cells.iter().filter(|cell| !is_missing_word(cell)).count();
        let numbers = cells.iter().filter(|cell| number(cell, self.decimal_comma).is_some());
        self.state = if mostly(numbers.count(), present) {
            State::Numbers(empty(self.single), Vec::new())
        } else {
            State::Words(Words::default(), 0, None)
        };
        for cell in &cells {
            let pushed = self.push(cell);
            debug_assert!(pushed.is_ok(), "only a column of a given kind refuses a cell");
        }
    }
}

fn mostly(numbers: usize, present: usize) -> bool {
    numbers * 100 >= present * NUMBERS_PERCENT
}

fn empty(single: bool) -> Numbers {
    if single { Numbers::F32(Vec::new()) } else { Numbers::F64(Vec::new()) }
}

/// A column that began as numbers and turned out to be words.
fn mixed(numbers: &Numbers, odd: &[(usize, String)]) -> Words {
    let mut words = Words::default();
    let mut odd = odd.iter().peekable();
    for row in 0..numbers.len() {
        match odd.next_if(|(place, _)| *place == row) {
            Some((_, word)) => words.push(Some(word)),
            None if numbers.get(row).is_nan() => words.push(None),
            None => words.push(Some(&numbers.text(row))),
        }
    }
    words
}

fn a_word(word: &str) -> Error {
    Error::new(ErrorKind::Data, format!("found {word:?}, expected a number"))
        .hint("mend the cell, or leave it empty")
}

fn infinite() -> Error {
    Error::new(ErrorKind::Data, "found an infinite number")
        .hint("only finite numbers can be learnt from: mend the cell, or leave it empty")
}

/// The number that a cell holds; `None` for words and missing values.
pub(super) fn number(cell: &str, decimal_comma: bool) -> Option<f64> {
    // A cheap look first: most words end here.
    let first = *cell.as_bytes().first()?;
    if !(first.is_ascii_digit() || b"+-.,iI".contains(&first)) {
        return None;
    }
    let value: f64 = if decimal_comma && cell.contains(',') {
        if cell.contains('.') {
            return None;
        }
        cell.replace(',', ".").parse().ok()?
    } else {
        cell.parse().ok()?
    };
    // -0 and 0 are one number.
    (!value.is_nan()).then_some(value + 0.0)
}
