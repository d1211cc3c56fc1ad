//! A column of numbers in little memory, each exactly as it was read.

use super::NumberForm;
use super::form::{Number, POWERS};
use std::collections::HashMap;

/// So many different answers keep the text that they were written in.
const MAX_TEXTS: usize = 10_000;

/// Numbers; NaN is a missing value.
///
/// They are kept in the smallest way that gives back every one of them exactly: as whole multiples of a
/// power of ten in 4 bytes (`12.25` is 1225 of 0.01), in single precision if all survive it, else
/// in double precision.
#[derive(Clone, Debug)]
pub struct Numbers {
    values: Values,
    form: NumberForm,
    /// How numbers are written that are answers, by their bits: a class is called what the file calls it.
    texts: Option<HashMap<u64, String>>,
}

#[derive(Clone, Debug)]
enum Values {
    /// `digits / 10^places`; [`ABSENT`] is a missing value; `largest` is that of the digits without sign.
    Decimals {
        digits: Vec<i32>,
        places: u8,
        largest: i32,
    },
    Single(Vec<f32>),
    Double(Vec<f64>),
}

const ABSENT: i32 = i32::MIN;

impl Default for Numbers {
    fn default() -> Self {
        let values = Values::Decimals { digits: Vec::new(), places: 0, largest: 0 };
        Self { values, form: NumberForm::default(), texts: None }
    }
}

impl FromIterator<f64> for Numbers {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut numbers = Self::default();
        values.into_iter().for_each(|value| numbers.push(value));
        numbers
    }
}

impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        let same = |row| self.get(row).to_bits() == other.get(row).to_bits();
        self.len() == other.len() && (0..self.len()).all(same)
    }
}

impl Numbers {
    /// None yet; of numbers that are answers the texts are kept too.
    #[must_use]
    pub fn new(answers: bool) -> Self {
        Self { texts: answers.then(HashMap::new), ..Self::default() }
    }

    /// n, the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Decimals { digits, .. } => digits.len(),
            Values::Single(values) => values.len(),
            Values::Double(values) => values.len(),
        }
    }

    /// The memory that they take, about.
    pub(super) fn memory(&self) -> u64 {
        let size = if self.is_double() { 8 } else { 4 };
        let texts = self.texts.as_ref().map_or(0, |texts| 64 * texts.len());
        (size * self.len() + texts) as u64
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the numbers were written.
    #[must_use]
    pub fn form(&self) -> &NumberForm {
        &self.form
    }

    pub(super) fn set_form(&mut self, form: NumberForm) {
        self.form = form;
    }

    /// The number in this row, NaN if it is missing.
    #[must_use]
    pub fn get(&self, row: usize) -> f64 {
        match &self.values {
            Values::Decimals { digits, places, .. } => decimal(digits[row], *places),
            Values::Single(values) => f64::from(values[row]),
            Values::Double(values) => values[row],
        }
    }

    /// The number as it was written if it is an answer, else the shortest text that reads as it.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        let value = self.get(row);
        if let Some(text) = self.texts.as_ref().and_then(|texts| texts.get(&value.to_bits())) {
            return text.clone();
        }
        match &self.values {
            Values::Single(values) => values[row].to_string(),
            _ => value.to_string(),
        }
    }

    /// One more row.
    pub fn push(&mut self, value: f64) {
        // -0 and 0 are one number, and NaN is one missing value.
        let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
        match &mut self.values {
            Values::Decimals { digits, .. } if value.is_nan() => digits.push(ABSENT),
            Values::Decimals { places: 0, .. } if whole(value).is_some() => {
                self.push_digits(whole(value).unwrap_or_default(), 0);
            }
            Values::Decimals { .. } => {
                self.widen(value);
                self.push(value);
            }
            Values::Single(values) if survives(value) => values.push(single(value)),
            Values::Single(_) => {
                self.widen(value);
                self.push(value);
            }
            Values::Double(values) => values.push(value),
        }
    }

    /// One more row, as it was read.
    pub(super) fn push_number(&mut self, number: Number) {
        match (number, &self.values) {
            (Number::Decimal(digits, places), Values::Decimals { .. }) => self.push_digits(digits, places),
            _ => self.push(number.value()),
        }
    }

    /// Keeps the text of the last row, if the texts are kept.
    pub(super) fn note_text(&mut self, text: &str) {
        let Some(last) = self.len().checked_sub(1) else { return };
        let bits = self.get(last).to_bits();
        if let Some(texts) = &mut self.texts
            && texts.len() < MAX_TEXTS
        {
            texts.entry(bits).or_insert_with(|| text.to_owned());
        }
    }

    fn push_digits(&mut self, new: i64, scale: u8) {
        let Values::Decimals { digits, places, largest } = &mut self.values else { return };
        if scale > *places {
            let power = 10_i32.checked_pow(u32::from(scale - *places));
            match power.and_then(|power| Some((power, largest.checked_mul(power)?))) {
                Some((power, grown)) => {
                    digits.iter_mut().filter(|digits| **digits != ABSENT).for_each(|digits| *digits *= power);
                    (*places, *largest) = (scale, grown);
                }
                None => return self.push_wide(new, scale),
            }
        }
        let power = 10_i64.checked_pow(u32::from(*places - scale));
        match power.and_then(|power| new.checked_mul(power)).and_then(|new| i32::try_from(new).ok()) {
            Some(new) if new != ABSENT => {
                *largest = (*largest).max(new.saturating_abs());
                digits.push(new);
            }
            _ => self.push_wide(new, scale),
        }
    }

    fn push_wide(&mut self, digits: i64, places: u8) {
        let value = Number::Decimal(digits, places).value();
        self.widen(value);
        self.push(value);
    }

    /// Goes on in single precision if all so far and the next value survive it, else in double.
    fn widen(&mut self, next: f64) {
        let n = self.len();
        let exact = survives(next) && (0..n).all(|row| survives(self.get(row)));
        self.values = if exact && matches!(self.values, Values::Decimals { .. }) {
            Values::Single((0..n).map(|row| single(self.get(row))).collect())
        } else {
            Values::Double((0..n).map(|row| self.get(row)).collect())
        };
    }

    pub(super) fn is_double(&self) -> bool {
        matches!(self.values, Values::Double(_))
    }

    /// Puts the inputs of a network in the place of the numbers.
    pub(super) fn become_single(&mut self, input: impl Fn(f64) -> f64) {
        self.values = Values::Single((0..self.len()).map(|row| single(input(self.get(row)))).collect());
    }

    /// Puts a number where one was missing.
    pub(super) fn set(&mut self, row: usize, number: Number) {
        let value = number.value();
        if !matches!(self.values, Values::Double(_)) {
            self.values = Values::Double((0..self.len()).map(|row| self.get(row)).collect());
        }
        if let Values::Double(values) = &mut self.values {
            values[row] = value + 0.0;
        }
    }

    /// The rows for which `keep` holds.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        fn only<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut keep = keep.iter();
            values.retain(|_| keep.next() == Some(&true));
        }
        match &mut self.values {
            Values::Decimals { digits, .. } => only(digits, keep),
            Values::Single(values) => only(values, keep),
            Values::Double(values) => only(values, keep),
        }
    }
}

fn decimal(digits: i32, places: u8) -> f64 {
    // Both are exact, so the quotient is the number nearest to the decimal.
    if digits == ABSENT { f64::NAN } else { f64::from(digits) / POWERS[usize::from(places)] }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < f64::from(i32::MAX)).then_some(value as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "that is what is asked")]
fn single(value: f64) -> f32 {
    value as f32
}

/// Whether single precision gives the number back.
fn survives(value: f64) -> bool {
    value.is_nan() || f64::from(single(value)).to_bits() == value.to_bits()
}

/// A number as a line shows it, to six places.
pub(super) fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    match rounded.abs() {
        0.0 | 1e-5..1e15 => rounded.to_string(),
        _ => format!("{rounded:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_exactly() {
        let cases: [&[f64]; 7] = [
            &[1.0, f64::NAN, -3.0],
            &[20_240_101.0, 20_240_102.0],
            &[0.1, 0.25, 1e-300],
            &[0.5, 0.25, f64::NAN],
            &[2_147_483_647.0, -2_147_483_648.0, 1.0],
            &[1_732_600_000.5, 1_732_600_001.0],
            &[1.0, 2.0, f64::INFINITY],
        ];
        for case in cases {
            let numbers: Numbers = case.iter().copied().collect();
            let bits = |value: f64| value.to_bits();
            assert!(case.iter().enumerate().all(|(row, &v)| bits(numbers.get(row)) == bits(v)), "{case:?}");
        }
    }

    #[test]
    fn decimals_take_four_bytes_until_they_do_not_fit() {
        let mut numbers = Numbers::default();
        for (digits, places) in [(5, 0), (12_345, 4), (-25, 2)] {
            numbers.push_number(Number::Decimal(digits, places));
        }
        assert!(matches!(numbers.values, Values::Decimals { places: 4, .. }));
        assert_eq!([0, 1, 2].map(|row| numbers.get(row)), [5.0, 1.2345, -0.25]);
        numbers.push_number(Number::Decimal(123_456_789, 0));
        assert!(matches!(numbers.values, Values::Double(_)));
        assert_eq!([1, 3].map(|row| numbers.get(row)), [1.2345, 123_456_789.0]);
    }
}
