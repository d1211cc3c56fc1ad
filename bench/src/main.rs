//! Our side of the benchmark: reads the workload files that the peers read, prints a line of JSON.
//!
//!     clearprop-bench train WORKLOAD.npz f32|f64 THREADS REPEATS [plain|fast]
//!     clearprop-bench predict WORKLOAD.npz ROWS
//!     clearprop-bench growth ROWS HIDDEN-HIDDEN-.. THREADS
//!     clearprop-bench peak

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line prints")]

use clearprop::engine::Engine;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop_files::npz::{self, Npz};
use serde_json::Value;
use std::fs::File;
use std::process::ExitCode;

mod clock;
mod growth;
mod peak;
mod predict;
mod train;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(value) => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[String]) -> Result<Value> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["train", file, precision @ ("f32" | "f64"), threads, repeats, engine @ ..] => {
            let engine = match engine {
                [] | ["fast"] => Engine::default(),
                ["plain"] => Engine::Plain,
                _ => return Err(Error::new(ErrorKind::Setting, "found another engine than plain or fast")),
            };
            let (threads, repeats) = (count(threads)?, count(repeats)?);
            if *precision == "f32" {
                train::run::<f32>(&open(file)?, threads, repeats, engine)
            } else {
                train::run::<f64>(&open(file)?, threads, repeats, engine)
            }
        }
        ["predict", file, rows] => predict::run(&open(file)?, count(rows)?),
        ["growth", rows, hidden, threads] => {
            let hidden = hidden.split('-').map(count).collect::<Result<_>>()?;
            growth::run(count(rows)?, hidden, count(threads)?)
        }
        ["peak"] => Ok(peak::run()),
        _ => Err(Error::new(ErrorKind::Setting, "found other arguments than train, predict, growth or peak")
            .hint("see the top of bench/src/main.rs")),
    }
}

fn open(file: &str) -> Result<Npz> {
    let source =
        File::open(file).map_err(|error| Error::new(ErrorKind::File, error.to_string()).file(file))?;
    npz::read(source, file)
}

fn count(arg: &str) -> Result<usize> {
    arg.parse()
        .map_err(|_| Error::new(ErrorKind::Setting, format!("found '{arg}'")).hint("give a whole number"))
}
