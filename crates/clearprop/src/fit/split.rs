//! Which rows are trained on, and which are kept apart.

use crate::data::{hold_out, share_of, split};
use crate::error::{Error, ErrorKind, Result};
use crate::random::{Purpose, shuffled};
use crate::settings::Settings;
use crate::table::strata::strata;
use crate::table::{Column, Table};
use std::collections::{BTreeMap, HashMap};

/// How rows are kept apart for the test, and of the others for validation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Split {
    /// By chance, each part with the same share of every class, and of small and large answers; a class
    /// of one row is trained on.
    #[default]
    Stratified,
    /// By chance alone.
    Random,
    /// The last rows by this column of dates or numbers: what a model will meet comes later.
    Time(String),
    /// By chance, all rows with one value of this column on the same side.
    Groups(String),
    /// These row numbers to train and to test on; validation is stratified.
    Given(Vec<u32>, Vec<u32>),
}

/// A table, what is predicted of it, and the settings of its run.
#[derive(Clone, Copy)]
pub(super) struct Splitter<'a> {
    pub(super) how: &'a Split,
    pub(super) table: &'a Table,
    pub(super) targets: &'a [String],
    pub(super) settings: &'a Settings,
}

impl Splitter<'_> {
    /// All rows but those to test on, and these.
    pub(super) fn test(&self) -> Result<[Vec<u32>; 2]> {
        let (n, share, seed) = (self.table.len(), self.settings.test_size, self.settings.seed);
        let mut all: Vec<u32> = (0u32..).take(n).collect();
        let (left, test) = match self.how {
            Split::Random => split(n, share, seed)?,
            Split::Stratified => stratified(&all, &self.strata(&all), share, seed, Purpose::Split),
            Split::Given(train, test) => (train.clone(), test.clone()),
            Split::Time(column) => {
                let column = self.in_time(column)?;
                all.sort_by(|&a, &b| column.compare(a as usize, b as usize));
                let test = last(&mut all, share_of(n, share), column);
                (all, test)
            }
            Split::Groups(name) => {
                let mut groups = self.groups(name, &all)?;
                if groups.len() < 2 {
                    let found = format!("all rows have one value, \"{}\"", self.table.column(name)?.text(0));
                    return Err(Error::new(ErrorKind::Data, found)
                        .column(name)
                        .hint("groups need a column with several values"));
                }
                let test = taken(&mut groups, share_of(n, share), seed, Purpose::Split);
                (groups.concat(), test)
            }
        };
        self.enough(&left)?;
        Ok([left, test])
    }

    /// Of these rows those to train on, and those that tell when to stop.
    pub(super) fn validation(&self, rows: &[u32]) -> Result<[Vec<u32>; 2]> {
        let (share, seed) = (self.settings.validation_size, self.settings.seed);
        let (left, validation) = match self.how {
            Split::Random => hold_out(rows, share, seed)?,
            Split::Stratified | Split::Given(..) => {
                stratified(rows, &self.strata(rows), share, seed, Purpose::Validation)
            }
            Split::Time(column) => {
                let mut left = rows.to_vec();
                let validation = last(&mut left, share_of(rows.len(), share), self.in_time(column)?);
                (left, validation)
            }
            Split::Groups(name) => {
                let mut groups = self.groups(name, rows)?;
                let validation = taken(&mut groups, share_of(rows.len(), share), seed, Purpose::Validation);
                (groups.concat(), validation)
            }
        };
        self.enough(&left)?;
        Ok([left, validation])
    }

    /// The fold of each of these rows, from 0 to `folds - 1`: all as large, with the same share of every stratum;
    /// a group is in one.
    pub(super) fn folds(&self, rows: &[u32], folds: usize) -> Result<Vec<u32>> {
        let few = |found: String, most: usize| {
            let error = Error::new(ErrorKind::Data, found).setting("folds");
            Err(match most {
                0 | 1 => error.hint("leave it out"),
                most => error.hint(format!("at most `folds={most}`")),
            })
        };
        if rows.len() < folds {
            return few(format!("there are {} rows for {folds} folds", rows.len()), rows.len());
        }
        let seed = self.settings.seed;
        let mut fold = vec![0; rows.len()];
        let number = |fold: usize| u32::try_from(fold).unwrap_or(0);
        match self.how {
            Split::Time(_) => {
                let found =
                    "a fold is predicted by rows before it and after it, the last rows by those before them";
                return Err(Error::new(ErrorKind::Setting, found)
                    .setting("folds")
                    .hint("with `split=time` there is `ensemble`"));
            }
            Split::Groups(name) => {
                let places: HashMap<u32, usize> = rows.iter().copied().zip(0..).collect();
                let groups = self.groups(name, rows)?;
                if groups.len() < folds {
                    return few(format!("there are {} groups for {folds} folds", groups.len()), groups.len());
                }
                let mut order = shuffled(groups.len(), seed, Purpose::Folds);
                // The largest first, each into the fold that has the fewest rows.
                order.sort_by_key(|&group| std::cmp::Reverse(groups[group as usize].len()));
                let mut sizes = vec![0; folds];
                for group in order {
                    let least = (0..folds).min_by_key(|&fold| sizes[fold]).unwrap_or(0);
                    sizes[least] += groups[group as usize].len();
                    groups[group as usize].iter().for_each(|row| fold[places[row]] = number(least));
                }
            }
            Split::Random | Split::Stratified | Split::Given(..) => {
                let strata = match self.how {
                    Split::Random => vec![0; rows.len()],
                    _ => self.strata(rows),
                };
                let mut order = shuffled(rows.len(), seed, Purpose::Folds);
                order.sort_by_key(|&place| strata[place as usize]);
                for (i, place) in order.into_iter().enumerate() {
                    fold[place as usize] = number(i % folds);
                }
            }
        }
        Ok(fold)
    }

    /// The column that rows come by.
    fn in_time(&self, column: &str) -> Result<&Column> {
        self.table.column(column).map_err(|error| error.setting("by"))
    }

    fn strata(&self, rows: &[u32]) -> Vec<u32> {
        strata(self.table, self.targets, (self.settings.loss, self.settings.alike.joins()), rows)
    }

    /// Rows of one value of the column, by that value.
    fn groups(&self, name: &str, rows: &[u32]) -> Result<Vec<Vec<u32>>> {
        let column = self.table.column(name).map_err(|error| error.setting("group"))?;
        let mut groups: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for &row in rows {
            groups.entry(column.text(row as usize)).or_default().push(row);
        }
        Ok(groups.into_values().collect())
    }

    fn enough(&self, left: &[u32]) -> Result<()> {
        if !left.is_empty() {
            return Ok(());
        }
        let found = format!(
            "{} rows with a test share of {} leave none to train on",
            self.table.len(),
            self.settings.test_size
        );
        Err(Error::new(ErrorKind::Data, found).hint("give more rows or a smaller `test_size`"))
    }
}

/// `rows` without a share of each stratum, and that share; a stratum's only row stays.
fn stratified(rows: &[u32], strata: &[u32], share: f64, seed: u64, purpose: Purpose) -> (Vec<u32>, Vec<u32>) {
    let order = shuffled(rows.len(), seed, purpose);
    let mut sorted = order.clone();
    sorted.sort_by_key(|&place| strata[place as usize]);
    // The first of each stratum is trained on.
    let stratum = |i: usize| strata[sorted[i] as usize];
    let free: Vec<u32> =
        (0..sorted.len()).filter(|&i| i > 0 && stratum(i) == stratum(i - 1)).map(|i| sorted[i]).collect();
    let count = share_of(rows.len(), share).min(free.len());
    let mut apart = vec![false; rows.len()];
    for (i, &place) in free.iter().enumerate() {
        // Of so many in a row that many, spread evenly over all.
        apart[place as usize] = (i + 1) * count / free.len() > i * count / free.len();
    }
    let (taken, left): (Vec<u32>, Vec<u32>) = order.iter().copied().partition(|&place| apart[place as usize]);
    let of = |places: Vec<u32>| places.into_iter().map(|place| rows[place as usize]).collect();
    (of(left), of(taken))
}

/// Takes about `count` of the last rows away; rows of one time stay together.
fn last(rows: &mut Vec<u32>, count: usize, column: &Column) -> Vec<u32> {
    let mut first = rows.len() - count;
    let same = |rows: &[u32], a: usize, b: usize| {
        column.compare(rows[a] as usize, rows[b] as usize) == std::cmp::Ordering::Equal
    };
    while count > 0 && first < rows.len() && first > 0 && same(rows, first - 1, first) {
        first += 1;
    }
    rows.split_off(first)
}

/// Takes whole groups away, by chance, until they have about `count` rows; one at least stays.
fn taken(groups: &mut Vec<Vec<u32>>, count: usize, seed: u64, purpose: Purpose) -> Vec<u32> {
    let order = shuffled(groups.len(), seed, purpose);
    let mut away = vec![false; groups.len()];
    let (mut rows, mut left) = (0, groups.len());
    for place in order {
        let more = groups[place as usize].len();
        if rows < count && left > 1 && (rows + more <= count + more / 2 || rows == 0) {
            (away[place as usize], rows, left) = (true, rows + more, left - 1);
        }
    }
    let mut taken = Vec::new();
    let mut away = away.into_iter();
    groups.retain_mut(|group| {
        let goes = away.next() == Some(true);
        if goes {
            taken.append(group);
        }
        !goes
    });
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    fn settings(test_size: f64, validation_size: f64) -> Settings {
        Settings { test_size, validation_size, ..Settings::table(100) }
    }

    fn table(columns: Vec<(&str, Column)>) -> Table {
        Table::new(columns.into_iter().map(|(name, column)| (name.into(), column)).collect()).unwrap()
    }

    fn parts(how: &Split, table: &Table, targets: &[String], settings: &Settings) -> Result<[Vec<u32>; 3]> {
        let splitter = Splitter { how, table, targets, settings };
        let [left, test] = splitter.test()?;
        let [train, validation] = splitter.validation(&left)?;
        Ok([train, validation, test])
    }

    fn whole(parts: &[Vec<u32>; 3], n: u32) {
        let mut all = parts.concat();
        all.sort_unstable();
        assert_eq!(all, (0..n).collect::<Vec<_>>());
    }

    #[test]
    fn classes_keep_their_shares() {
        let words: Vec<&str> = (0..200).map(|i| if i < 20 { "rare" } else { "usual" }).collect();
        let table = table(vec![("y", Column::words(words))]);
        for seed in 0..20 {
            let settings = Settings { seed, ..settings(0.25, 0.2) };
            let parts = parts(&Split::Stratified, &table, &["y".into()], &settings).unwrap();
            whole(&parts, 200);
            let rare = |rows: &[u32]| rows.iter().filter(|&&row| row < 20).count();
            assert_eq!(parts.each_ref().map(Vec::len), [120, 30, 50]);
            assert!((2..=4).contains(&rare(&parts[1])), "{}", rare(&parts[1]));
            assert!((4..=6).contains(&rare(&parts[2])), "{}", rare(&parts[2]));
        }
    }

    #[test]
    fn the_only_row_of_a_class_is_trained_on() {
        let words: Vec<String> =
            (0..60).map(|i| if i < 6 { format!("rare{i}") } else { ["a", "b"][i % 2].into() }).collect();
        let table = table(vec![("y", Column::words(words.iter().map(String::as_str)))]);
        for seed in 0..20 {
            let settings = Settings { seed, ..settings(0.25, 0.1) };
            let parts = parts(&Split::Stratified, &table, &["y".into()], &settings).unwrap();
            assert!((0..6).all(|row| parts[0].contains(&row)), "seed {seed}");
            assert_eq!(parts[2].len(), 15);
        }
    }

    #[test]
    fn small_and_large_answers_are_in_every_part() {
        let table = table(vec![("y", Column::numbers((0..100).map(|i| f64::from(i) + 0.5)))]);
        for seed in 0..20 {
            let settings = Settings { seed, ..settings(0.2, 0.1) };
            let [_, _, test] = parts(&Split::Stratified, &table, &["y".into()], &settings).unwrap();
            let low = test.iter().filter(|&&row| row < 50).count();
            assert!((9..=11).contains(&low), "{low} of 20 are in the lower half");
        }
    }

    #[test]
    fn the_test_comes_after_the_training() {
        let times = (0..40).map(|i| f64::from((i * 7) % 40 / 2));
        let table = table(vec![("t", Column::numbers(times.clone())), ("y", Column::numbers([0.5; 40]))]);
        let parts = parts(&Split::Time("t".into()), &table, &["y".into()], &settings(0.25, 0.2)).unwrap();
        whole(&parts, 40);
        let times: Vec<f64> = times.collect();
        let time = |rows: &[u32]| rows.iter().map(|&row| times[row as usize]).collect::<Vec<_>>();
        let [train, validation, test] = parts.each_ref().map(|rows| time(rows));
        let (least, most) = (
            |v: &[f64]| v.iter().copied().fold(99.0, f64::min),
            |v: &[f64]| v.iter().copied().fold(0.0, f64::max),
        );
        assert!(most(&train) < least(&validation) && most(&validation) < least(&test));
    }

    #[test]
    fn a_group_is_on_one_side() {
        let groups: Vec<String> = (0..90).map(|i| format!("g{}", i % 9)).collect();
        let table = table(vec![
            ("g", Column::words(groups.iter().map(String::as_str))),
            ("y", Column::numbers((0..90).map(f64::from))),
        ]);
        for seed in 0..10 {
            let settings = Settings { seed, ..settings(0.25, 0.1) };
            let parts = parts(&Split::Groups("g".into()), &table, &["y".into()], &settings).unwrap();
            whole(&parts, 90);
            for g in 0..9 {
                let sides = parts.iter().filter(|rows| rows.iter().any(|row| row % 9 == g)).count();
                assert_eq!(sides, 1);
            }
            assert!((20..=30).contains(&parts[2].len()));
        }
    }
}
