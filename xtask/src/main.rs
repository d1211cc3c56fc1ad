//! The project's chores: `cargo xtask COMMAND`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line prints")]

use std::process::ExitCode;

mod api;
mod bars;
mod bench;
mod book;
mod breaks;
mod chores;
mod ci;
mod fuzz;
mod sanitize;
mod size;
#[allow(dead_code, reason = "the test of the floors uses the rest")]
mod sources;
mod survive;

const USAGE: &str = "cargo xtask COMMAND
  test     every test of the repository; installs what the tests need under target/
  ci       test, then formatting, lints, documentation, the wasm32 build
  corpus   every mistake that diagnose is measured on; ci takes a sample of the mutants
  api      [--write]: the public items of the library, beside the list that is kept of them
  size     lines of each file, and of the readable network
  break    breaks backward.rs in five ways and shows that the tests notice each
  book     builds the book to target/book/index.html
  fuzz     [TARGET] [SECONDS]: the targets of fuzz/ with coverage, a minute each
  miri     tests of the safe crates, interpreted; asan: those of the kernels, sanitized (both by the nightly compiler)
  survive  [KILLS] [FULL]: 1,000 runs that are killed, 100 times two for one folder, 200 full disks (as root on Linux)
  bench    clearprop beside its peers, a table of ratios; installs 6 GB under target/bench (see bench/README.md)
  bars     the five bars of README.md, from bench/RESULTS.md";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let done = match command.as_str() {
        "test" => chores::test(),
        "ci" => ci::run_all(),
        "corpus" => chores::corpus(),
        "api" => api::run(&args.collect::<Vec<_>>()),
        "size" => size::show(),
        "break" => breaks::run(),
        "book" => book::build(),
        "fuzz" => fuzz::run(&args.collect::<Vec<_>>()),
        "miri" => sanitize::miri(),
        "asan" => sanitize::asan(),
        "survive" => survive::run(&args.collect::<Vec<_>>()),
        "bars" => bars::draw(),
        "bench" => bench::measure(&args.collect::<Vec<_>>()),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
