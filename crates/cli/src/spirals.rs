//! `clearprop spirals`: the notebook's data set.

use crate::outcome::Outcome;
use crate::screen;
use crate::source::ends;
use clap::Args;
use clearprop::data::{Data, Spirals, spirals};
use clearprop::error::Result;
use clearprop::fit::Rows;
use clearprop::table::Table;
use clearprop::target::Target;
use clearprop_files::disk;
use clearprop_files::npz::{self, Array};
use std::path::PathBuf;

/// Write the notebook's data set, points on spiral arms, as CSV or .npz
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop spirals -o spirals.csv
  clearprop spirals --points 500 --classes 4 --noise 0.1 --seed 7 -o spirals.npz")]
pub(crate) struct MakeSpirals {
    /// Points of each arm
    #[arg(long, value_name = "N", default_value_t = 300)]
    points: usize,
    /// Arms, each a class
    #[arg(long, value_name = "N", default_value_t = 3)]
    classes: usize,
    /// How far an arm turns, in radians (cs231n: 4)
    #[arg(long, value_name = "X", default_value_t = 8.0, allow_negative_numbers = true)]
    turns: f64,
    /// Standard deviation of the angle, in radians
    #[arg(long, value_name = "X", default_value_t = 0.2, allow_negative_numbers = true)]
    noise: f64,
    /// Seed of the noise
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The file, .csv or .npz; without it CSV goes to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(options: &MakeSpirals) -> Result<Outcome> {
    let MakeSpirals { points, classes, turns, noise, seed, .. } = *options;
    let data = spirals::<f64>(&Spirals { points, classes, turns, noise }, seed)?;
    match &options.output {
        None => screen::print(&csv(&Rows::arrays(data.x.view(), &data.y)?.table))?,
        Some(path) if ends(path, "npz") => disk::write_whole(path, &arrays(&data)?)?,
        Some(path) => disk::write_whole(path, csv(&Rows::arrays(data.x.view(), &data.y)?.table).as_bytes())?,
    }
    Ok(Outcome::Done)
}

/// Names and numbers alone: nothing needs quotes.
fn csv(table: &Table) -> String {
    let mut text = table.names().collect::<Vec<_>>().join(",") + "\n";
    for row in 0..table.len() {
        let cells: Vec<String> = table.columns().iter().map(|(_, column)| column.text(row)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn arrays(data: &Data<f64>) -> Result<Vec<u8>> {
    let x = Array::of(&data.x);
    let y = match &data.y {
        Target::Classes(y) => Array::whole(y.iter().map(|&class| i64::from(class))),
        Target::Values(y) => Array::of(y),
    };
    npz::write([("X", &x), ("y", &y)])
}
