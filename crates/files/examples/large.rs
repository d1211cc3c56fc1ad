//! How much memory a large table takes: made, read, encoded and trained on for one epoch.
//!
//!     cargo run --release -p clearprop-files --example large -- make large.csv 1000000 50
//!     cargo run --release -p clearprop-files --example large -- train large.csv
//!
//! The route to take for little memory: numbers in single precision, and a table that the encoder
//! frees column by column.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

use clearprop::data::{Data, split};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::settings::Settings;
use clearprop::table::{Encoder, Fit, Unseen};
use clearprop::train::Trainer;
use clearprop_files::disk::Whole;
use clearprop_files::table::{Opened, Options, open};
use std::io::Write;
use std::path::Path;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", path, rows, columns] => make(path.as_ref(), number(rows)?, number(columns)?),
        ["train", path] => train(path.as_ref()),
        _ => Err(Error::new(ErrorKind::Setting, "give: make FILE ROWS COLUMNS, or: train FILE")),
    }
}

fn number(word: &str) -> Result<usize> {
    word.parse().map_err(|_| Error::new(ErrorKind::Setting, format!("found {word:?}, expected a number")))
}

fn make(path: &Path, rows: usize, columns: usize) -> Result<()> {
    let cannot = |error: std::io::Error| Error::new(ErrorKind::File, error.to_string()).file(path.display());
    let mut file = Whole::create(path)?;
    let names: Vec<String> = (0..columns).map(|j| format!("x{j}")).collect();
    writeln!(file, "{},y", names.join(",")).map_err(cannot)?;
    let mut state = 1u64;
    for row in 0..rows {
        let mut line = String::new();
        for _ in 0..columns {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            line.push_str(&format!("{:.4},", (state >> 40) as f64 / 1e6));
        }
        writeln!(file, "{line}{}", if row % 3 == 0 { "a" } else { "b" }).map_err(cannot)?;
    }
    file.finish()
}

fn train(path: &Path) -> Result<()> {
    let mut last = 0;
    let mut progress = |read: u64, size: u64| {
        let percent = read * 100 / size.max(1);
        if percent >= last + 10 {
            eprintln!("read {percent} %");
            last = percent;
        }
    };
    let options = Options::default();
    let Opened::Rows(rows) = open(path, &options, &mut progress)? else {
        return Err(Error::new(ErrorKind::Data, "these are arrays, rows are needed"));
    };
    let table = rows.read()?;
    let bytes = table.len() * (table.columns().len() - 1) * 4;
    tell("read", bytes);
    let (train, test) = split(table.len(), 0.2, 0)?;
    let targets = ["y".to_owned()];
    let (encoder, _) =
        Encoder::fit(&table, &Fit { targets: &targets, rows: &train, standardise: true, ..Fit::default() })?;
    let parts = encoder.transform_parts::<f32>(table, &[&train, &test], &mut Unseen::default())?;
    tell("encoded", bytes);
    let [data, test] = <[Data<f32>; 2]>::try_from(parts)
        .map_err(|_| Error::new(ErrorKind::Data, "two parts were asked for"))?;
    let settings =
        Settings { hidden: vec![64], epochs: Some(1), patience: None, ..Settings::table(data.len()) };
    let network = settings.network(encoder.width(), encoder.answers.outputs(), encoder.answers.loss())?;
    let params = settings.init.draw(&network, 0);
    let mut trainer = Trainer::new(network, params, data, None, settings)?;
    while !matches!(trainer.advance(u64::MAX), clearprop::train::Event::Stopped(_)) {}
    println!("test score {:.3}", trainer.evaluate(&test).score);
    tell("trained", bytes);
    Ok(())
}

/// The most memory so far, beside the size of the data in single precision.
fn tell(what: &str, bytes: usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    let peak: f64 = peak.unwrap_or(f64::NAN) / 1024.0;
    let data = bytes as f64 / f64::from(1 << 20);
    println!("{what}: at most {peak:.0} MB so far, {:.2} times the data's {data:.0} MB", peak / data);
}
