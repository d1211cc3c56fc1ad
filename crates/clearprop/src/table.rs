//! Tables as people have them: named columns of numbers, words or dates, with missing values.
//!
//! A [`Table`] is only values.  [`TableBuilder`] finds out what the texts of a file's columns mean.  What is
//! learnt from the training rows (means, medians, categories) and turns a table into the inputs of a
//! network is the [`Encoder`].  n = rows, d = inputs.

mod answers;
mod beside;
mod builder;
mod cells;
mod check;
mod coding;
mod columns;
mod dates;
mod encoder;
mod form;
mod judge;
mod kind;
mod limits;
mod missing;
mod months;
mod numbers;
mod odd;
mod precision;
mod robust;
mod rows;
mod select;
pub(crate) mod strata;
mod summary;
mod suspicion;
mod words;

pub use answers::{Answers, MAX_CLASS_NUMBERS};
pub use builder::{Built, TableBuilder, Wrong, joined};
pub use coding::{Coding, DateInput, Input, MAX_CATEGORIES, Unseen};
pub use dates::{DateForm, DatePart, Dates};
pub use encoder::{Dropped, Encoder, Fit};
pub use form::{Decimal, NumberForm};
pub use kind::{Forms, Kind};
pub use missing::{is_missing_number, is_missing_word};
pub use numbers::Numbers;
pub use robust::Robust;
pub(crate) use select::listed;
pub use select::{fits_pattern, select};
pub use summary::Summary;
pub use words::Words;

use crate::error::{Error, ErrorKind, Result};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::OnceLock;

/// Named columns of one length.
///
/// ```
/// use clearprop::table::{Column, Table};
/// let table = Table::new(vec![
///     ("age".into(), Column::numbers([31.0, f64::NAN, 47.0])),
///     ("city".into(), Column::words(["Bonn", "?", "Kiel"])),
/// ])?;
/// assert_eq!(table.len(), 3);
/// assert!(table.column("city")?.is_missing(1));
/// assert_eq!(
///     table.column("cty").unwrap_err().to_string(),
///     "there is no column 'cty'; did you mean 'city'?",
/// );
/// # Ok::<(), clearprop::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Column)>,
    rows: usize,
    /// Where runs of consecutive lines begin: (row counted from 0, its line in the file).
    lines: Vec<(usize, u64)>,
    places: Places,
}

/// Where each column is, by its name, found out when it is first asked for: a table may have 65,536.
#[derive(Clone, Debug, Default)]
struct Places(OnceLock<Words>);

impl PartialEq for Places {
    /// It follows from the names.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One column: numbers, words, or dates.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers; NaN is a missing value.
    Numbers(Numbers),
    /// Words, each kept once.
    Words(Words),
    /// Dates and times.
    Dates(Dates),
}

impl Table {
    /// From columns.
    ///
    /// # Errors
    /// Columns of different lengths, or two of one name.
    pub fn new(columns: Vec<(String, Column)>) -> Result<Self> {
        let rows = columns.first().map_or(0, |(_, column)| column.len());
        let mut names = HashSet::new();
        for (name, column) in &columns {
            if column.len() != rows {
                let found = format!("found {} rows, the first column has {rows}", column.len());
                return Err(Error::new(ErrorKind::Shape, found).column(name));
            }
            if !names.insert(name) {
                return Err(Error::new(ErrorKind::Data, "there are two columns of this name")
                    .column(name)
                    .hint("rename one of them"));
            }
        }
        drop(names);
        Ok(Self { columns, rows, lines: vec![(0, 1)], places: Places::default() })
    }

    /// Says where the rows stand in their file: runs of consecutive lines, each as (row counted from
    /// 0, line counted from 1).  Without it a row's line is its number.
    #[must_use]
    pub fn with_lines(mut self, runs: Vec<(usize, u64)>) -> Self {
        if runs.first().is_some_and(|run| run.0 == 0) {
            self.lines = runs;
        }
        self
    }

    /// n, the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The columns with their names, in the file's order.
    #[must_use]
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// The columns' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The line in the file (counted from 1) of a row (counted from 0).
    #[must_use]
    pub fn line(&self, row: usize) -> u64 {
        let run = self.lines.partition_point(|run| run.0 <= row).saturating_sub(1);
        let (first, line) = self.lines[run];
        line + (row - first) as u64
    }

    /// The column of this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Column> {
        let place = self.places.0.get_or_init(|| self.names().map(Some).collect()).code(name)?;
        self.columns.get(place as usize).map(|(_, column)| column)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// There is none; the error names the nearest, or all.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.get(name).ok_or_else(|| select::no_column(name, &self.names().collect::<Vec<_>>()))
    }

    /// Without these columns (an ID, a leak).
    ///
    /// # Errors
    /// A name that is no column's.
    pub fn without(mut self, names: &[String]) -> Result<Self> {
        for name in names {
            self.column(name)?;
        }
        let names: HashSet<&String> = names.iter().collect();
        self.columns.retain(|(name, _)| !names.contains(name));
        self.places = Places::default();
        Ok(self)
    }

    /// With the rows of another table behind, whose columns are found by name; others are left out.
    ///
    /// # Errors
    /// A column that the other does not have, or that holds something else there.
    pub fn followed_by(mut self, other: Self) -> Result<Self> {
        for (name, column) in &mut self.columns {
            column.append(other.column(name)?).map_err(|error| error.column(&*name))?;
        }
        self.lines.extend(other.lines.iter().map(|&(row, line)| (row + self.rows, line)));
        self.rows += other.rows;
        Ok(self)
    }

    /// Takes the columns out; the places of the rows stay.
    fn take_columns(&mut self) -> Vec<(String, Column)> {
        self.places = Places::default();
        std::mem::take(&mut self.columns)
    }

    /// With these columns alone, in the table's order.
    ///
    /// # Errors
    /// A name that is no column's.
    pub fn only(mut self, names: &[String]) -> Result<Self> {
        for name in names {
            self.column(name)?;
        }
        let names: HashSet<&String> = names.iter().collect();
        self.columns.retain(|(name, _)| names.contains(name));
        self.places = Places::default();
        Ok(self)
    }
}

impl Table {
    /// A copy in which some columns of words have other words.
    fn respelled(&self, words: impl Fn(&str, &Words) -> Option<Words>) -> Self {
        let mut copy = self.clone();
        for (name, column) in &mut copy.columns {
            if let Column::Words(old) = column
                && let Some(new) = words(name, old)
            {
                *old = new;
            }
        }
        copy
    }
}

impl Column {
    /// A column of numbers; NaN is a missing value.
    #[must_use]
    pub fn numbers(values: impl IntoIterator<Item = f64>) -> Self {
        Self::Numbers(values.into_iter().collect())
    }

    /// A column of words; those that [`is_missing_word`] are missing values.
    #[must_use]
    pub fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut column = Words::default();
        for word in words {
            column.push((!is_missing_word(word)).then_some(word));
        }
        Self::Words(column)
    }

    /// n, the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Words(words) => words.len(),
            Self::Dates(dates) => dates.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the value of this row is missing.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.get(row).is_nan(),
            Self::Words(words) => words.get(row).is_none(),
            Self::Dates(dates) => dates.get(row).is_nan(),
        }
    }

    /// How a file's column is read to be one like this.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Numbers(numbers) => Kind::Number(numbers.form().clone()),
            Self::Words(_) => Kind::Words,
            Self::Dates(dates) => Kind::Date(dates.form().clone()),
        }
    }

    fn append(&mut self, other: &Self) -> Result<()> {
        let rows = 0..other.len();
        match (self, other) {
            (Self::Numbers(all), Self::Numbers(more)) => rows.for_each(|row| all.push(more.get(row))),
            (Self::Words(all), Self::Words(more)) => rows.for_each(|row| all.push(more.get(row))),
            (Self::Dates(all), Self::Dates(more)) => all.seconds.extend(&more.seconds),
            (own, other) => {
                let what = |column: &Self| match column {
                    Self::Numbers(_) => "numbers",
                    Self::Words(_) => "words",
                    Self::Dates(_) => "dates",
                };
                let found = format!("found {}, the first table has {}", what(other), what(own));
                return Err(Error::new(ErrorKind::Data, found));
            }
        }
        Ok(())
    }

    /// Which of two rows comes first: numbers and dates by size, words by their letters, missing values
    /// before all.
    #[must_use]
    pub fn compare(&self, one: usize, other: usize) -> Ordering {
        let sized = |a: f64, b: f64| match (a.is_nan(), b.is_nan()) {
            (false, false) => a.total_cmp(&b),
            (a, b) => b.cmp(&a),
        };
        match self {
            Self::Numbers(numbers) => sized(numbers.get(one), numbers.get(other)),
            Self::Words(words) => words.get(one).cmp(&words.get(other)),
            Self::Dates(dates) => sized(dates.get(one), dates.get(other)),
        }
    }

    /// What stands in this row, as a person would write it; empty if it is missing.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        match self {
            Self::Numbers(numbers) if numbers.get(row).is_nan() => String::new(),
            Self::Numbers(numbers) => numbers.text(row),
            Self::Words(words) => words.get(row).unwrap_or_default().to_owned(),
            Self::Dates(dates) => dates.text(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_follow_the_runs() {
        let table = Table::new(vec![("a".into(), Column::numbers([0.0; 6]))]).unwrap();
        assert_eq!(table.line(4), 5);
        let table = table.with_lines(vec![(0, 2), (3, 9)]);
        assert_eq!([0, 2, 3, 5].map(|row| table.line(row)), [2, 4, 9, 11]);
    }

    #[test]
    fn two_columns_of_one_name_are_an_error() {
        let column = Column::numbers([1.0]);
        let error = Table::new(vec![("a".into(), column.clone()), ("a".into(), column)]).unwrap_err();
        assert_eq!(error.to_string(), "column 'a': there are two columns of this name; rename one of them");
    }
}
