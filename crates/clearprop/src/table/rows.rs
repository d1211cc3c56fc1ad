//! Which rows and columns of a table are none: rows without an answer, a last row of totals, an unnamed
//! column that counts the rows.

use super::{Column, Dates, Numbers, Places, Table, Words};
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result};

/// What the first cell of a row of totals holds.
const TOTALS: [&str; 10] =
    ["total", "totals", "grand total", "sum", "summe", "gesamt", "average", "mean", "all", "overall"];

impl Table {
    /// The rows that can be learnt from: those with all answers; without a column that has no name and
    /// counts the rows, as R and pandas write it.
    ///
    /// ```
    /// use clearprop::table::{Column, Table};
    /// let table = Table::new(vec![
    ///     ("a".into(), Column::numbers([1.0, 5.0, 3.0])),
    ///     ("y".into(), Column::words(["no", "", "yes"])),
    /// ])?;
    /// let (table, decisions) = table.answered(&["y".into()])?;
    /// assert_eq!((table.len(), table.line(1)), (2, 3));
    /// assert_eq!(decisions[0].to_string(), "1 row without an answer is left out: row 2");
    /// # Ok::<(), clearprop::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A target that is no column, a table without any answer.
    pub fn answered(mut self, targets: &[String]) -> Result<(Self, Vec<Decision>)> {
        let mut decisions = Vec::new();
        let columns = targets.iter().map(|name| self.column(name)).collect::<Result<Vec<_>>>()?;
        let keep: Vec<bool> =
            (0..self.len()).map(|row| columns.iter().all(|column| !column.is_missing(row))).collect();
        if let (Some((name, _)), false) = (self.counter(), self.columns().len() <= targets.len() + 1) {
            let name = name.to_owned();
            if !targets.contains(&name) {
                let what = "left out, it has no name and counts the rows";
                decisions.push(Decision::new("counter", what, "").column(&name));
                self = self.without(&[name])?;
            }
        }
        if let Some(total) = self.total_row() {
            let what = format!("the last row (row {}) looks like one of totals", self.line(self.len() - 1));
            decisions.push(Decision::new("total", what, format!("its first cell is \"{total}\"")).warning());
        }
        let absent = keep.iter().filter(|&&kept| !kept).count();
        if let Some(first) = keep.iter().position(|&kept| !kept) {
            if absent == keep.len() {
                let error = Error::new(ErrorKind::Data, "no row has an answer").column(&targets[0]);
                return Err(error.hint("is it the right column?"));
            }
            let line = self.line(first);
            let (what, why) = match absent {
                1 => ("1 row without an answer is left out".to_owned(), format!("row {line}")),
                n => {
                    let what = format!("{n} rows without an answer are left out");
                    (what, format!("the first is row {line}"))
                }
            };
            decisions.push(Decision::new("answers", what, why));
            self.retain(&keep);
        }
        Ok((self, decisions))
    }

    /// The first column, if it has no name of its own and counts the rows.
    fn counter(&self) -> Option<(&str, &Column)> {
        let (name, column) = self.columns().first()?;
        let unnamed = name == "column 1" || name.starts_with("Unnamed") || name == "...1";
        (unnamed && counts(column)).then_some((name, column))
    }

    /// The first cell of the last row, if it says that these are totals.
    fn total_row(&self) -> Option<String> {
        let last = self.len().checked_sub(1).filter(|&last| last > 0)?;
        let missing = self.columns().iter().filter(|(_, column)| column.is_missing(last)).count();
        let word = self.columns().iter().find_map(|(_, column)| match column {
            Column::Words(words) => words.get(last).map(str::to_owned),
            _ => None,
        });
        let word = word?;
        let is_total = TOTALS.iter().any(|total| word.trim_end_matches(':').eq_ignore_ascii_case(total));
        (is_total && missing > 0 || word.eq_ignore_ascii_case("grand total")).then_some(word)
    }

    /// A table of these rows alone, which must be in the table's order.
    pub(crate) fn some(&self, rows: &[u32]) -> Self {
        let numbers = |all: &Numbers| {
            let mut some: Numbers = rows.iter().map(|&row| all.get(row as usize)).collect();
            some.set_form(all.form().clone());
            some
        };
        let words = |all: &Words| {
            let mut some = Words::default();
            rows.iter().for_each(|&row| some.push(all.get(row as usize)));
            some
        };
        let column = |column: &Column| match column {
            Column::Numbers(all) => Column::Numbers(numbers(all)),
            Column::Words(all) => Column::Words(words(all)),
            Column::Dates(all) => {
                let seconds = rows.iter().map(|&row| all.get(row as usize)).collect();
                Column::Dates(Dates::new(seconds, all.form().clone()))
            }
        };
        let columns = self.columns.iter().map(|(name, all)| (name.clone(), column(all))).collect();
        let lines: Vec<u64> = rows.iter().map(|&row| self.line(row as usize)).collect();
        Self { columns, rows: rows.len(), lines: runs(&lines), places: Places::default() }
    }

    /// The same of these columns alone.
    pub(crate) fn some_of(&self, names: &[String], rows: &[u32]) -> Self {
        let columns = self.columns.iter().filter(|(name, _)| names.contains(name)).cloned().collect();
        Self { columns, rows: self.rows, lines: self.lines.clone(), places: Places::default() }.some(rows)
    }

    /// Keeps the rows for which `keep` holds.
    fn retain(&mut self, keep: &[bool]) {
        let lines: Vec<u64> =
            keep.iter().enumerate().filter(|(_, kept)| **kept).map(|(row, _)| self.line(row)).collect();
        for (_, column) in &mut self.columns {
            match column {
                Column::Numbers(numbers) => numbers.retain(keep),
                Column::Words(words) => words.retain(keep),
                Column::Dates(Dates { seconds, .. }) => {
                    let mut keep = keep.iter();
                    seconds.retain(|_| keep.next() == Some(&true));
                }
            }
        }
        self.rows = lines.len();
        self.lines = runs(&lines);
    }
}

/// Where runs of consecutive lines begin.
fn runs(lines: &[u64]) -> Vec<(usize, u64)> {
    let begins = |row: usize| row == 0 || lines[row - 1] + 1 != lines[row];
    (0..lines.len()).filter(|&row| begins(row)).map(|row| (row, lines[row])).collect()
}

/// Whether a column holds 1, 2, 3, .. (from any number) down the whole table.
pub(super) fn counts(column: &Column) -> bool {
    let Column::Numbers(numbers) = column else { return false };
    let counts = |row: usize| numbers.get(row) == numbers.get(0) + row as f64;
    numbers.len() >= 5 && (0..numbers.len()).all(counts)
}
