//! The options that say how rows are kept apart for the test.

use crate::reading::Reading;
use crate::source;
use clap::Args;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{Rows, Split};
use clearprop::table::select;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How rows are kept apart for the test.
#[derive(Args, Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Splitting {
    /// Which rows are tested on: stratified keeps the classes' shares, random does not, time takes the
    /// last rows by the column of --by [default: stratified]
    #[arg(long, value_name = "WAY", value_parser = ["stratified", "random", "time"], conflicts_with = "resume", help_heading = "Settings")]
    split: Option<String>,
    /// The column of dates or numbers that --split time goes by
    #[arg(long, value_name = "COLUMN", requires = "split", help_heading = "Settings")]
    by: Option<String>,
    /// Keep all rows with one value of this column (a patient, a house) on one side; it is not learnt from
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["split", "resume"], help_heading = "Settings")]
    group: Option<String>,
    /// What each row counts: a column of numbers from 0 up, which is not learnt from
    #[arg(long, value_name = "COLUMN", conflicts_with = "resume", help_heading = "Settings")]
    weights: Option<String>,
    /// A file of rows to test on; all others are trained on
    #[arg(long, value_name = "FILE", conflicts_with_all = ["split", "group", "test_size", "resume"], help_heading = "Settings")]
    test: Option<PathBuf>,
}

impl Splitting {
    /// Says it of the rows; those of the test file are put behind them.
    ///
    /// # Errors
    /// A column that is not there, a test file that cannot be read or has other columns.
    pub(crate) fn of(&mut self, rows: &mut Rows, reading: &Reading) -> Result<()> {
        if let Some(weights) = &self.weights {
            let names: Vec<&str> = rows.table.names().collect();
            rows.weights = select(&names, std::slice::from_ref(weights))
                .map_err(|error| error.name("--weights"))?
                .into_iter()
                .next();
        }
        if let Some(path) = &mut self.test {
            *path = source::absolute(path);
            let test = source::more_rows(path, rows, reading)?;
            let (train, test_rows) = (rows.table.len(), test.len());
            let table = std::mem::take(&mut rows.table);
            rows.table = table.followed_by(test).map_err(|error| error.file(path.display()))?;
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let (train, all) = (number(train), number(train + test_rows));
            rows.split = Split::Given((0..train).collect(), (train..all).collect());
            return Ok(());
        }
        let names: Vec<String> = rows.table.names().map(str::to_owned).collect();
        let column = |asked: &str, option: &str| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let found = select(&names, &[asked.to_owned()]).map_err(|error| error.name(option))?;
            found.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Setting, "is missing").name(option))
        };
        match (self.split.as_deref(), &self.by, &self.group) {
            (_, _, Some(group)) => rows.split = Split::Groups(column(group, "--group")?),
            (Some("time"), Some(by), _) => rows.split = Split::Time(column(by, "--by")?),
            (Some("time"), None, _) => {
                return Err(Error::new(ErrorKind::Setting, "time needs a column to go by")
                    .name("--split")
                    .hint("name one of dates or numbers: --by COLUMN"));
            }
            (_, Some(_), _) => {
                return Err(Error::new(ErrorKind::Setting, "says when rows come")
                    .name("--by")
                    .hint("it goes with --split time"));
            }
            (Some("random"), None, _) => rows.split = Split::Random,
            _ => {}
        }
        Ok(())
    }
}
