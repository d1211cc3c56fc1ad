//! Whether the first line of a CSV file holds names, and what stands below them that is no row.

use super::layout::{Known, Layout, has_row_names, is_number};
use clearprop::decision::Decision;
use clearprop::table::{TableBuilder, is_missing_number, is_missing_word};
use std::collections::BTreeSet;

/// The names of types in the second of Orange's lines, and of roles in the third.
const TYPES: [&str; 14] = [
    "continuous",
    "discrete",
    "string",
    "time",
    "c",
    "d",
    "s",
    "t",
    "numeric",
    "categorical",
    "text",
    "datetime",
    "meta",
    "class",
];
const ROLES: [&str; 9] = ["", "class", "meta", "ignore", "weight", "c", "m", "i", "w"];

/// The first line and the rows below it that have as many fields as most.
struct Lines<'a> {
    first: &'a [String],
    below: Vec<&'a [String]>,
    fields: usize,
    /// The field of the rows above which the first name stands: R writes none above the rows' names.
    offset: usize,
}

impl Lines<'_> {
    /// The values of a column, from a row on.
    fn values(&self, column: usize, from: usize) -> impl Iterator<Item = &str> {
        let cells = self.below.iter().skip(from).map(move |row| row[column].as_str());
        cells.filter(|cell| !is_missing_word(cell))
    }

    /// Whether a column holds numbers, from a row on.
    fn is_numbers(&self, column: usize, from: usize) -> bool {
        let (mut numbers, mut all) = (0, 0);
        for cell in self.values(column, from) {
            all += 1;
            numbers += usize::from(is_number(cell));
        }
        all > 0 && numbers * 10 >= all * 9
    }

    /// Whether a cell of the first line is a number like those below: `1stFlrSF` is none.
    fn is_like(&self, cell: &str, column: usize) -> bool {
        match TableBuilder::unit(cell) {
            None => false,
            Some("") => true,
            Some(unit) => self.values(column, 0).any(|below| TableBuilder::unit(below) == Some(unit)),
        }
    }

    /// Whether each value of the first line stands further down in its column too.
    fn is_repeated(&self) -> bool {
        self.first.len() == self.fields
            && self.below.len() >= 5
            && (0..self.fields).all(|j| self.values(j, 0).any(|cell| cell == self.first[j]))
    }

    /// Whether the first line holds names, and whether numbers are among them.
    fn has_names(&self) -> (bool, bool) {
        let (mut words, mut numbers, mut any) = (0, 0, false);
        for (cell, column) in self.first.iter().zip(self.offset..self.fields) {
            let like = self.is_like(cell, column);
            any |= like;
            if self.is_numbers(column, 0) {
                let is_word = !like && !is_missing_word(cell) && !is_missing_number(cell);
                (words, numbers) = (words + usize::from(is_word), numbers + usize::from(like));
            }
        }
        // No row has words where all others have numbers.
        let names = self.offset > 0 || words > numbers || self.has_progression() || self.has_corner();
        (names || !(any || self.is_repeated()), any)
    }

    /// Whether the numbers of the first line go up step by step, like years, and those of no other row do.
    fn has_progression(&self) -> bool {
        let bare = |row: &[String]| {
            row.iter().skip(1 - self.offset.min(1)).map(|cell| cell.parse::<f64>().ok()).collect::<Vec<_>>()
        };
        let first = bare(self.first);
        let places: Vec<usize> = (0..first.len()).filter(|&i| first[i].is_some()).collect();
        let goes_up = |row: &[Option<f64>]| {
            let values: Option<Vec<f64>> = places.iter().map(|&i| row.get(i).copied().flatten()).collect();
            values.is_some_and(|values| rises(&values))
        };
        goes_up(&first) && !self.below.iter().take(20).any(|row| goes_up(&bare(&row[self.offset..])))
    }

    /// Whether only the first cell is empty, above names of rows or their count.
    fn has_corner(&self) -> bool {
        let [corner, names @ ..] = self.first else { return false };
        let distinct = names.iter().collect::<BTreeSet<_>>().len() == names.len();
        if !corner.is_empty() || names.is_empty() || names.iter().any(String::is_empty) || !distinct {
            return false;
        }
        let rows: Vec<&str> = self.below.iter().map(|row| row[0].as_str()).collect();
        let different = rows.iter().collect::<BTreeSet<_>>().len() == rows.len();
        let words = rows.iter().all(|cell| !cell.is_empty() && !is_number(cell));
        let numbers: Option<Vec<f64>> = rows.iter().map(|cell| cell.parse().ok()).collect();
        let counts = numbers.is_some_and(|numbers| numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0));
        rows.len() >= 3 && different && (words || counts)
    }
}

/// Whether numbers go up: many of them, or by equal steps, or as years.
fn rises(values: &[f64]) -> bool {
    let up = values.windows(2).all(|pair| pair[0] < pair[1]);
    let equal = values.windows(3).all(|three| {
        let (one, other) = (three[1] - three[0], three[2] - three[1]);
        (one - other).abs() <= 1e-6 * one.abs()
    });
    let years = values.iter().all(|value| value.fract() == 0.0 && (1500.0..2200.0).contains(value));
    up && match values.len() {
        0..=2 => false,
        3 => equal && years,
        4 | 5 => equal,
        _ => true,
    }
}

impl Layout {
    /// Finds out whether the first line holds names, and how many lines there are above the rows.
    pub(super) fn find_header(&mut self, all: &[(u64, Vec<String>)], fields: usize, known: &Known<'_>) {
        let rows: Vec<&[String]> = all.iter().map(|(_, row)| row.as_slice()).collect();
        let Some((&first, below)) = rows.split_first() else { return };
        let below: Vec<&[String]> = below.iter().filter(|row| row.len() == fields).copied().collect();
        self.trailing = fields > 1
            && !below.is_empty()
            && below.iter().all(|row| row[fields - 1].is_empty())
            && first.get(fields - 1).is_none_or(String::is_empty);
        let rownames = first.len() + 1 == fields && !self.trailing && has_row_names(all);
        let lines = Lines { first, below, fields, offset: usize::from(rownames) };
        let named = first.iter().any(|cell| (known.name)(cell));
        let (has_names, has_number) = lines.has_names();
        if !known.header.unwrap_or(named || has_names) {
            self.names = (1..=fields.max(first.len()) - usize::from(self.trailing))
                .map(|i| format!("column {i}"))
                .collect();
            if known.header.is_none() {
                let why =
                    if has_number { "a number stands in it" } else { "its values stand further down too" };
                let what =
                    "the first line is taken as a row; the columns are called 'column 1', 'column 2', ..";
                self.decisions.push(Decision::new("header", what, why).overrule("header", ""));
            }
            return;
        }
        self.header = 1;
        if known.header.is_none() && has_number && !named {
            let numbers: Vec<&str> =
                first.iter().map(String::as_str).filter(|cell| is_number(cell)).take(3).collect();
            let what = "the first line holds the names, numbers among them";
            let decision = Decision::new("header", what, numbers.join(", "));
            self.decisions.push(decision.overrule("no_header", ""));
        }
        let mut names = first.to_vec();
        if rownames {
            names.insert(0, String::new());
        }
        if names.len() == fields + 1 && names.last().is_some_and(String::is_empty) {
            // A separator at the end of the line of names alone.
            names.pop();
        }
        if self.trailing {
            names.truncate(fields - 1);
        }
        if known.header.is_none() && lines.below.len() >= 3 {
            self.below_the_names(&lines, &mut names);
        }
        self.names = names;
    }

    /// Types and roles as Orange writes them, units, or a second line of names.
    fn below_the_names(&mut self, lines: &Lines<'_>, names: &mut [String]) {
        let [second, third, ..] = lines.below.as_slice() else { return };
        let is_type = |cell: &String| TYPES.contains(&cell.to_lowercase().as_str());
        let has_roles = third.iter().all(|cell| ROLES.contains(&cell.as_str()))
            && third.iter().any(|cell| !cell.is_empty());
        // In the place of a type may stand the list of all values.
        let orange = second.iter().all(is_type)
            || (has_roles
                && second.iter().any(is_type)
                && second.iter().all(|cell| is_type(cell) || cell.contains(' ')));
        if orange {
            let third = third.iter().all(|cell| ROLES.contains(&cell.as_str()));
            self.header += 1 + usize::from(third);
            let what = "the types and roles below the names (as Orange writes them) are left out";
            self.decisions.push(Decision::new("header", what, ""));
            return;
        }
        let above: Vec<bool> = second
            .iter()
            .zip(0..)
            .filter(|(_, j)| lines.is_numbers(*j, 1))
            .map(|(cell, _)| !is_missing_word(cell) && !is_number(cell))
            .collect();
        if above.is_empty() || !above.iter().all(|&word| word) {
            return;
        }
        self.header += 1;
        let distinct: BTreeSet<&String> = names.iter().collect();
        if distinct.len() == names.len() && !names.iter().any(String::is_empty) {
            let shown: Vec<String> = second.iter().filter(|cell| !cell.is_empty()).take(3).cloned().collect();
            let what = "the second line holds units and is left out";
            self.decisions.push(Decision::new("header", what, shown.join(", ")));
        } else {
            let mut last = String::new();
            for (name, below) in names.iter_mut().zip(second.iter()) {
                if !name.is_empty() {
                    last.clone_from(name);
                }
                *name = format!("{last} {below}").trim().to_owned();
            }
            self.decisions.push(Decision::new("header", "the names stand in two lines", ""));
        }
    }
}
