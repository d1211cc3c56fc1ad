//! A table while its rows come in: what its columns are is decided by the whole table.

use super::cells::{Cells, Finished, Markers, UNDECIDED};
use super::form::shows;
use super::judge::{Hints, Judged};
use super::kind::{Forms, Kind};
use super::odd::{Strays, quoted};
use super::{Column, Decimal};
use crate::decision::Decision;
use crate::error::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table while its rows come in.
///
/// ```
/// use clearprop::table::{Column, Forms, Kind, TableBuilder};
/// let names = vec!["rent".to_owned(), "people".to_owned()];
/// let mut builder = TableBuilder::new(names, |_| Kind::Found, &[], &Forms::default(), None);
/// for row in [["5,97", "97"], ["18,31", "1.319"]] {
///     builder.push_row(row);
/// }
/// // The column of rents shows what the dot in 1.319 is.
/// let (columns, decisions) = builder.finish().unwrap();
/// assert_eq!(columns[1].1, Column::numbers([97.0, 1319.0]));
/// assert!(decisions[0].to_string().contains("decimal comma"));
/// ```
pub struct TableBuilder {
    names: Vec<String>,
    cells: Vec<Cells>,
    rows: usize,
    forms: Forms,
    usual: Option<Decimal>,
}

/// Columns by name, and what was decided about them.
pub type Built = (Vec<(String, Column)>, Vec<Decision>);

/// What is wrong in a row, counted from 0, if it is about a row.
pub type Wrong = (Option<usize>, Error);

impl TableBuilder {
    /// Of the columns `names`, each read as `kind` says; the columns `targets` are answers: they are never
    /// dates, and their numbers keep their texts.  `usual` is the decimal sign that is taken where the
    /// whole table leaves it open.
    #[must_use]
    pub fn new(
        names: Vec<String>,
        kind: impl Fn(&str) -> Kind,
        targets: &[String],
        forms: &Forms,
        usual: Option<Decimal>,
    ) -> Self {
        let markers = Arc::new(Markers::new(&forms.missing));
        let cells =
            names.iter().map(|name| Cells::new(kind(name), targets.contains(name), Arc::clone(&markers)));
        Self { cells: cells.collect(), names, rows: 0, forms: forms.clone(), usual }
    }

    /// Whether a text is a number in any of the forms in which people write them.
    ///
    /// ```
    /// use clearprop::table::TableBuilder;
    /// assert!(["1.5", "1.234,50", "$ 12", "12 %"].iter().all(|text| TableBuilder::is_number(text)));
    /// ```
    #[must_use]
    pub fn is_number(text: &str) -> bool {
        shows(text).is_some()
    }

    /// The unit or the currency beside a number, empty if there is none; `None` if the text is no number.
    ///
    /// ```
    /// use clearprop::table::TableBuilder;
    /// assert_eq!(["5 kg", "7", "x"].map(TableBuilder::unit), [Some("kg"), Some(""), None]);
    /// ```
    #[must_use]
    pub fn unit(text: &str) -> Option<&str> {
        shows(text).map(|(_, unit)| unit)
    }

    /// One more row; cells beyond the columns are ignored.
    pub fn push_row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        for (cell, column) in cells.into_iter().zip(&mut self.cells) {
            column.push(cell);
        }
        self.rows += 1;
        if self.rows == UNDECIDED {
            self.decide();
        }
    }

    /// One more text in a column; for files that come column by column.
    pub fn push_text(&mut self, column: usize, text: &str) {
        self.cells[column].push(text);
    }

    /// One more number in a column that holds numbers by its type; NaN is a missing one.
    pub fn push_number(&mut self, column: usize, value: f64) {
        self.cells[column].push_number(value);
    }

    /// One more whole number, each digit of which counts.
    pub fn push_whole(&mut self, column: usize, value: i128) {
        self.cells[column].push_whole(value);
    }

    /// One more instant in a column of dates, in seconds since 1970; NaN is a missing one.
    pub fn push_seconds(&mut self, column: usize, value: f64) {
        self.cells[column].push_seconds(value);
    }

    /// The memory that the table takes so far, about.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.cells.iter().map(Cells::memory).sum()
    }

    /// The memory that one column takes so far, about.
    #[must_use]
    pub fn memory_of(&self, column: usize) -> u64 {
        self.cells[column].memory()
    }

    /// Judges the columns by the rows so far, so that their numbers need not be kept as texts.
    pub fn decide(&mut self) {
        let hints = self.hints();
        for cells in &mut self.cells {
            if let Some(judged) = cells.judged(hints) {
                cells.become_judged(&judged);
            }
            cells.settle(hints.decimal);
        }
    }

    /// What the columns that leave nothing open say about the others.
    fn hints(&self) -> Hints {
        let (mut points, mut commas, mut days, mut months) = (0, 0, 0, 0);
        for cells in &self.cells {
            match cells.judged(Hints::default()) {
                Some(Judged::Numbers { form, settled: true }) => match form.decimal {
                    Decimal::Point => points += 1,
                    Decimal::Comma => commas += 1,
                },
                Some(Judged::Dates(form)) => match form.day_first() {
                    Some(true) => days += 1,
                    Some(false) => months += 1,
                    None => {}
                },
                _ => {}
            }
        }
        let decimal = match (points, commas) {
            (1.., 0) => Some(Decimal::Point),
            (0, 1..) => Some(Decimal::Comma),
            _ => self.usual,
        };
        let day_first = match (days, months) {
            (1.., 0) => Some(true),
            (0, 1..) => Some(false),
            _ => None,
        };
        Hints { decimal: self.forms.decimal.or(decimal), day_first: self.forms.day_first.or(day_first) }
    }

    /// The columns that are not skipped, and what was decided about them.
    ///
    /// # Errors
    /// A text that has two readings (`1.234`, `01/02/2020`) in a table that does not show which; an
    /// infinite number; words in a column of a model's numbers.
    pub fn finish(self) -> Result<Built, Wrong> {
        let hints = self.hints();
        let (mut columns, mut decisions) = (Vec::new(), Vec::new());
        for (name, mut cells) in self.names.into_iter().zip(self.cells) {
            cells.settle(hints.decimal);
            let Some(judged) = cells.judged(hints) else { continue };
            if let Judged::Open { example, readings: [one, other], setting, values: [first, second] } = judged
            {
                let found =
                    format!("\"{example}\" can be {one} or {other}, and nothing in the table says which");
                let hint = format!("`{setting}={first}` reads {one}, `{setting}={second}` {other}");
                return Err((None, Error::new(ErrorKind::Data, found).column(name).hint(hint)));
            }
            match cells.finish(&judged) {
                Ok(None) => {}
                Ok(Some(Finished { column, decisions: about, strays })) => {
                    decisions.extend(about.into_iter().chain(said(&strays)).map(|one| {
                        let one = one.column(&name);
                        let overrule = match one.key.as_str() {
                            "words" => "numbers",
                            _ => "categories",
                        };
                        one.overrule(overrule, &name)
                    }));
                    columns.push((name, column));
                }
                Err((row, error)) => return Err((Some(row), error.column(name))),
            }
        }
        Ok((columns, decisions))
    }
}

fn said(strays: &Strays) -> Option<Decision> {
    (strays.count > 0).then(|| {
        let what = match strays.count {
            1 => format!("{} taken as a missing value", quoted(&strays.examples)),
            n => format!("{n} cells with words ({}) taken as missing", quoted(&strays.examples)),
        };
        Decision::new("strays", what, "").warning()
    })
}

/// What a whole file's blocks said about the same columns, once each.
#[must_use]
pub fn joined(decisions: Vec<Decision>) -> Vec<Decision> {
    let mut seen = BTreeMap::new();
    let key = |one: &Decision| (one.key.clone(), one.column.clone());
    decisions.into_iter().filter(|one| seen.insert(key(one), ()).is_none()).collect()
}
