//! `clearprop inspect`: what would be read of a table, without training.

use crate::arguments::option;
use crate::outcome::Outcome;
use crate::reading::Reading;
use crate::{screen, source};
use clap::Args;
use clearprop::decision;
use clearprop::error::{Result, with_settings};
use clearprop_files::table::Options;
use comfy_table::{CellAlignment, LineStyle, Table, presets};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Say what would be read of a table: its columns, and what was decided about them
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop inspect houses.csv
  clearprop inspect houses.csv --target price --json")]
pub(crate) struct Inspect {
    /// A table as for train
    data: PathBuf,
    /// The column to predict: rows without it are left out
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    target: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Inspect) -> Result<Outcome> {
    let mut reading = options.reading.clone().predicting(&options.target);
    let (asked, how) = (reading.clone(), reading.options());
    let mut choose = |names: &[&str], how: &mut Options| reading.choose(names, how);
    let source = source::open(Some(&options.data), (&asked, &how), &mut choose, 0)?;
    let table = &source.rows.table;
    if options.json {
        let column = |(name, column): &(String, clearprop::table::Column)| {
            let mut value = json!(column.summary());
            value["name"] = json!(name);
            value
        };
        let columns: Vec<Value> = table.columns().iter().map(column).collect();
        let report = json!({ "rows": table.len(), "columns": columns, "decisions": source.decisions });
        screen::print(&format!("{report:#}\n"))?;
        return Ok(Outcome::Done);
    }
    let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    let mut text = format!("{}, {}\n", plural(table.len(), "row"), plural(table.columns().len(), "column"));
    for line in decision::lines(&source.decisions) {
        text.push_str(&format!("{}\n", with_settings(&line, option)));
    }
    let mut shown = Table::new();
    shown.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    shown.set_header(["column", "read as", "missing", "values"]);
    for (name, column) in table.columns() {
        let summary = column.summary();
        let values = summary.shown(str::to_owned);
        shown.add_row([name.clone(), summary.read_as(), summary.missing.to_string(), values]);
    }
    if let Some(column) = shown.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    screen::print(&format!("{text}\n{shown}\n"))?;
    Ok(Outcome::Done)
}
