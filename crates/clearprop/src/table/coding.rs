//! How the values of one column become inputs of the network.

use super::dates::DatePart;
use super::kind::Kind;
use super::limits::limited;
use super::numbers::short;
use super::{Column, DateForm, Dates, NumberForm, Numbers, Table, Words, precision};
use crate::error::{Error, ErrorKind, Result};
use crate::real::Real;
use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

/// The widest a word column may become, without its inputs for rarer and for missing words.
pub const MAX_CATEGORIES: usize = 50;

/// A column that becomes inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The column's name.
    pub column: String,
    /// How its values become numbers.
    pub coding: Coding,
}

/// How a column's values become inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Coding {
    /// One input, `(value - mean) / scale`; a value far outside the range is clipped smoothly before.
    Number {
        /// What stands for a missing value.
        median: f64,
        /// The mean over the training rows (0 with `scale=none`).
        mean: f64,
        /// The standard deviation over the training rows (1 with `scale=none`).
        scale: f64,
        /// The least and the greatest value of the training rows, those far from all others left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<(f64, f64)>,
        /// How the numbers are written.
        #[serde(default, skip_serializing_if = "is_default")]
        form: NumberForm,
    },
    /// One input a category, then one for all others and one for missing values if there are such; less if `compact`.
    Words {
        /// The categories, in alphabetical order.
        categories: Vec<String>,
        /// Whether rarer words have an input of their own, all together.
        others: bool,
        /// Whether the training rows have missing values; unless `compact`, these have an input of their own.
        missing: bool,
        /// Whether two categories without others share one input, 1 for the first and -1 for the second, and missing
        /// values are 0 in all inputs.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        compact: bool,
    },
    /// For each part of a date one input `(value - mean) / scale`, or sine and cosine of a part that comes
    /// round again.
    Date {
        /// How the dates are written.
        form: DateForm,
        /// What stands for a missing date, in seconds since 1970.
        median: f64,
        /// The parts that vary.
        parts: Vec<DateInput>,
    },
}

/// A part of a date as inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateInput {
    /// Which part.
    pub part: DatePart,
    /// The mean over the training rows; 0 for a cyclic part.
    pub mean: f64,
    /// The standard deviation over the training rows; 1 for a cyclic part.
    pub scale: f64,
}

fn is_default(form: &NumberForm) -> bool {
    *form == NumberForm::default()
}

/// How many values a transform met that the training rows did not have, by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    columns: Vec<(String, u64, String)>,
    /// The rows are those that were learnt from: what is far in them has been said.
    pub(super) learnt: bool,
}

impl Unseen {
    fn add(&mut self, column: &str, count: u64, example: impl FnOnce() -> String) {
        if count == 0 {
            return;
        }
        match self.columns.iter_mut().find(|(known, ..)| known == column) {
            Some((_, so_far, _)) => *so_far += count,
            None => self.columns.push((column.to_owned(), count, example())),
        }
    }

    /// One warning a column, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let line = |(column, count, example): &(String, u64, String)| {
            let rows = if *count == 1 { "1 row has" } else { &format!("{count} rows have") };
            format!("column '{column}': {rows} {example}")
        };
        self.columns.iter().map(line).collect()
    }
}

/// A value so many widths of their range beyond those of the training rows is far outside.
const FAR: f64 = 1.0;

impl Coding {
    /// How a file's column is read for it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Number { form, .. } => Kind::Number(form.clone()),
            Self::Words { .. } => Kind::Words,
            Self::Date { form, .. } => Kind::Date(form.clone()),
        }
    }

    /// How many inputs it gives.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Words { categories, others, missing, compact } => {
                let missing = *missing && !compact;
                match self.pair() {
                    Some(_) => 1,
                    None => categories.len() + usize::from(*others) + usize::from(missing),
                }
            }
            Self::Date { parts, .. } => {
                parts.iter().map(|input| 1 + usize::from(input.part.is_cyclic())).sum()
            }
        }
    }

    /// The two categories that share one input, 1 for the first and -1 for the second.
    fn pair(&self) -> Option<[&str; 2]> {
        let Self::Words { categories, others: false, compact: true, .. } = self else { return None };
        let [first, second] = categories.as_slice() else { return None };
        Some([first, second])
    }

    /// What its inputs are called.
    pub(super) fn names(&self, column: &str) -> Vec<String> {
        match self {
            Self::Number { .. } => vec![column.to_owned()],
            Self::Words { categories, others, missing, compact } => {
                if let Some([first, second]) = self.pair() {
                    return vec![format!("{column}={first} (1) or {second} (-1)")];
                }
                let mut names: Vec<String> =
                    categories.iter().map(|category| format!("{column}={category}")).collect();
                names.extend(others.then(|| format!("{column}=(others)")));
                names.extend((*missing && !compact).then(|| format!("{column}=(missing)")));
                names
            }
            Self::Date { parts, .. } => {
                let mut names = Vec::new();
                for DateInput { part, .. } in parts {
                    let name = format!("{column} {}", part.name());
                    match part.is_cyclic() {
                        true => names.extend([format!("{name} sin"), format!("{name} cos")]),
                        false => names.push(name),
                    }
                }
                names
            }
        }
    }

    /// Fills the inputs of one column, which stands under `name` in the table; `x` (rows, width) holds
    /// zeros.
    pub(super) fn transform<R: Real>(
        &self,
        column: &Column,
        (table, name): (&Table, &str),
        rows: &[u32],
        mut x: ArrayViewMut2<'_, R>,
        unseen: &mut Unseen,
    ) -> Result<()> {
        match (self, column) {
            (Self::Number { median, mean, scale, range, .. }, Column::Numbers(numbers)) => {
                self.look::<R>(numbers, (table, name), rows, unseen)?;
                for (&row, input) in rows.iter().zip(x.column_mut(0)) {
                    let value = near(numbers.get(row as usize), *median, *range);
                    *input = R::of((value - mean) / scale);
                }
            }
            (Self::Date { median, parts, .. }, Column::Dates(dates)) => {
                transform_dates(dates, *median, parts, rows, &mut x);
            }
            (Self::Words { .. }, Column::Words(words)) => self.transform_words(words, name, rows, x, unseen),
            // Categories may look like numbers in new data: their text is the category.
            (Self::Words { .. }, Column::Numbers(_) | Column::Dates(_)) => {
                let mut words = Words::default();
                let texts: Vec<String> = rows.iter().map(|&row| column.text(row as usize)).collect();
                texts.iter().for_each(|text| words.push((!text.is_empty()).then_some(text)));
                let rows: Vec<u32> = (0..).take(words.len()).collect();
                self.transform_words(&words, name, &rows, x, unseen);
            }
            (Self::Number { .. } | Self::Date { .. }, column) => {
                if let Some(row) = (0..column.len()).find(|&row| !column.is_missing(row)) {
                    let what = if matches!(self, Self::Number { .. }) { "numbers" } else { "dates" };
                    let found = format!("found {:?}, the model was trained on {what}", column.text(row));
                    return Err(Error::new(ErrorKind::Data, found).row(table.line(row)).column(name));
                }
                match self {
                    Self::Date { median, parts, .. } => {
                        let form = DateForm::new("%Y-%m-%d");
                        let dates = Dates::new(vec![f64::NAN; column.len()], form);
                        transform_dates(&dates, *median, parts, rows, &mut x);
                    }
                    Self::Number { median, mean, scale, .. } => x.fill(R::of((median - mean) / scale)),
                    Self::Words { .. } => {}
                }
            }
        }
        Ok(())
    }

    /// Puts the inputs of a number column in the place of its values, in single precision; false if it
    /// is none.
    pub(super) fn transform_in_place(
        &self,
        numbers: &mut Numbers,
        (table, name): (&Table, &str),
        parts: &[&[u32]],
        unseen: &mut Unseen,
    ) -> Result<bool> {
        let Self::Number { median, mean, scale, range, .. } = self else { return Ok(false) };
        // What is wrong or far outside is found first, in the rows that are used.
        for (i, rows) in parts.iter().enumerate() {
            unseen.learnt = i == 0;
            self.look::<f32>(numbers, (table, name), rows, unseen)?;
        }
        numbers.become_single(|value: f64| (near(value, *median, *range) - mean) / scale);
        Ok(true)
    }

    /// Refuses infinite numbers, and notes those far outside the training rows.
    fn look<R: Real>(
        &self,
        numbers: &Numbers,
        (table, name): (&Table, &str),
        rows: &[u32],
        unseen: &mut Unseen,
    ) -> Result<()> {
        let Self::Number { range, .. } = self else { return Ok(()) };
        let (low, high) = range.map_or((f64::NEG_INFINITY, f64::INFINITY), |(low, high)| {
            let room = FAR * (high - low);
            (low - room, high + room)
        });
        let (mut far, mut first, mut small) = (0, None, 0);
        for &row in rows {
            let value = numbers.get(row as usize);
            if value.is_infinite() {
                return Err(infinite(table, name, row as usize));
            }
            if range.is_none() {
                precision::holds::<R>(value)
                    .map_err(|error| error.row(table.line(row as usize)).column(name))?;
                small += u64::from(value != 0.0 && R::of(value).f64() == 0.0);
            }
            if value < low || value > high {
                far += 1;
                first.get_or_insert((row, value));
            }
        }
        unseen.add(name, small, || format!("a value too small for {}, which is 0 there", R::NAME));
        unseen.add(name, if unseen.learnt { 0 } else { far }, || {
            let (row, value) = first.unwrap_or_default();
            let (least, greatest) = range.unwrap_or_default();
            let line = table.line(row as usize);
            let taken = limited((least, greatest), value);
            format!(
                "a value far outside {} to {} of the training rows (row {line}: {}, taken as {})",
                short(least),
                short(greatest),
                short(value),
                short(taken)
            )
        });
        Ok(())
    }

    fn transform_words<R: Real>(
        &self,
        words: &Words,
        name: &str,
        rows: &[u32],
        mut x: ArrayViewMut2<'_, R>,
        unseen: &mut Unseen,
    ) {
        let Self::Words { categories, others, missing, compact } = self else { return };
        let n = categories.len();
        let others = others.then_some(n);
        let pair = self.pair().is_some();
        // Each word's input and its value there, looked up once; None: not known.
        let inputs: Vec<Option<(usize, R)>> = words
            .known()
            .map(|word| {
                let category = categories.binary_search_by(|category| category.as_str().cmp(word)).ok();
                category
                    .or(others)
                    .map(|at| if pair { (0, R::of(1.0 - 2.0 * at as f64)) } else { (at, R::one()) })
            })
            .collect();
        // A missing value's input is the last one, or it is 0 in all, as they are.
        let absent = missing.then_some(if *compact {
            (0, R::zero())
        } else {
            (n + usize::from(others.is_some()), R::one())
        });
        let (mut count, mut example) = (0, None);
        for (i, &row) in rows.iter().enumerate() {
            let code = words.codes()[row as usize];
            let input = if code == Words::MISSING { absent } else { inputs[code as usize] };
            match input {
                Some((input, value)) => x[[i, input]] = value,
                None => {
                    count += 1;
                    example.get_or_insert(row);
                }
            }
        }
        unseen.add(name, count, || {
            let example = match example.map(|row| words.get(row as usize)) {
                Some(Some(word)) => format!("\"{word}\""),
                _ => "a missing value".to_owned(),
            };
            format!("a category that the training rows did not have ({example})")
        });
    }
}

/// A missing number is the median; one far outside the range is clipped smoothly.
fn near(value: f64, median: f64, range: Option<(f64, f64)>) -> f64 {
    match range {
        _ if value.is_nan() => median,
        Some(range) => limited(range, value),
        None => value,
    }
}

fn transform_dates<R: Real>(
    dates: &Dates,
    median: f64,
    parts: &[DateInput],
    rows: &[u32],
    x: &mut ArrayViewMut2<'_, R>,
) {
    for (i, &row) in rows.iter().enumerate() {
        let seconds = dates.get(row as usize);
        let seconds = if seconds.is_nan() { median } else { seconds };
        let mut at = 0;
        for DateInput { part, mean, scale } in parts {
            let value = part.value(seconds);
            if part.is_cyclic() {
                let (sin, cos) = (value * std::f64::consts::TAU).sin_cos();
                (x[[i, at]], x[[i, at + 1]]) = (R::of(sin), R::of(cos));
                at += 2;
            } else {
                x[[i, at]] = R::of((value - mean) / scale);
                at += 1;
            }
        }
    }
}

pub(super) fn infinite(table: &Table, name: &str, row: usize) -> Error {
    Error::new(ErrorKind::Data, "found an infinite number")
        .row(table.line(row))
        .column(name)
        .hint("only finite numbers can be learnt from: mend the cell, or leave it empty")
}
