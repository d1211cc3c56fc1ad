//! What a column holds, in few words.

use super::{Column, Decimal, NumberForm};
use serde::Serialize;

/// So many words are shown.
const SHOWN: usize = 3;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// `numbers`, `words` or `dates`.
    pub kind: &'static str,
    /// How its values are written, if that is not the plain way.
    pub form: String,
    /// Rows without a value.
    pub missing: usize,
    /// Different words; `None` for numbers and dates.
    pub different: Option<usize>,
    /// The least and the greatest value, or the most frequent words.
    pub values: Vec<String>,
}

impl Summary {
    /// Its kind, and the form of its values: `numbers (decimal comma)`.
    #[must_use]
    pub fn read_as(&self) -> String {
        match self.form.as_str() {
            "" => self.kind.to_owned(),
            form => format!("{} ({form})", self.kind),
        }
    }

    /// Its values, each as `short` shows it: `-1.5 to 3`, or `a, b, c, .. (7 different)`.
    #[must_use]
    pub fn shown(&self, short: impl Fn(&str) -> String) -> String {
        let values: Vec<String> = self.values.iter().map(|value| short(value)).collect();
        match self.different {
            None => values.join(" to "),
            Some(n) if n > values.len() => format!("{}, .. ({n} different)", values.join(", ")),
            Some(_) => values.join(", "),
        }
    }
}

impl Column {
    /// What it holds.
    ///
    /// ```
    /// use clearprop::table::Column;
    /// let summary = Column::numbers([3.0, f64::NAN, -1.5]).summary();
    /// assert_eq!((summary.kind, summary.missing), ("numbers", 1));
    /// assert_eq!(summary.values, ["-1.5", "3"]);
    /// ```
    #[must_use]
    pub fn summary(&self) -> Summary {
        let missing = (0..self.len()).filter(|&row| self.is_missing(row)).count();
        let ends = || {
            let rows = || (0..self.len()).filter(|&row| !self.is_missing(row));
            let least = rows().min_by(|&a, &b| self.compare(a, b));
            let greatest = rows().max_by(|&a, &b| self.compare(a, b));
            [least, greatest].into_iter().flatten().map(|row| self.text(row)).collect()
        };
        match self {
            Self::Numbers(numbers) => {
                let form = written(numbers.form());
                Summary { kind: "numbers", form, missing, different: None, values: ends() }
            }
            Self::Dates(dates) => {
                let form = dates.form().pattern().to_owned();
                Summary { kind: "dates", form, missing, different: None, values: ends() }
            }
            Self::Words(words) => {
                let mut counted: Vec<(usize, &str)> =
                    words.counts().into_iter().zip(words.known()).filter(|(count, _)| *count > 0).collect();
                counted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
                let different = Some(counted.len());
                let values = counted.into_iter().take(SHOWN).map(|(_, word)| word.to_owned()).collect();
                Summary { kind: "words", form: String::new(), missing, different, values }
            }
        }
    }
}

fn written(form: &NumberForm) -> String {
    let comma = if form.decimal == Decimal::Comma { "decimal comma" } else { "" };
    let magnitudes = if form.magnitudes { "K, M multiplied out" } else { "" };
    let notes = if form.notes { "bounds and notes left out" } else { "" };
    [comma, &form.unit, magnitudes, notes]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}
