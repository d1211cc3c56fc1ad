//! `clearprop probe`: inputs to compute on, on which no mistake can hide.

use crate::outcome::Outcome;
use crate::screen;
use clap::Args;
use clearprop::diagnose::probe::{SIZES, good_probe, template};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop_files::{arrays, disk};
use std::path::{Path, PathBuf};

/// Write inputs, labels and weights on which no mistake can hide, and a program with holes to fill in
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop probe probe.npz
  (fill in probe.py, run it)
  clearprop diagnose mine.npz")]
pub(crate) struct Probe {
    /// Where to write the arrays X, y, W1, W2 and reg; the program is written beside it
    #[arg(value_name = "FILE.npz")]
    file: PathBuf,
    /// Seed of the numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

pub(crate) fn run(options: &Probe) -> Result<Outcome> {
    let program = options.file.with_extension("py");
    if options.file.extension().is_none_or(|extension| extension != "npz") {
        return Err(Error::new(ErrorKind::Setting, "is not called .npz")
            .file(options.file.display())
            .hint("write 'clearprop probe probe.npz'"));
    }
    if program.exists() {
        // It may hold a person's own work.
        return Err(Error::new(ErrorKind::File, "is there already, and may hold your own lines")
            .file(program.display())
            .hint("move it away, or choose another name"));
    }
    let probe = good_probe(options.seed)?;
    disk::write_whole(&options.file, &arrays::npz(&probe.arrays())?)?;
    let name =
        |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    disk::write_whole(&program, template(&name(&options.file), "mine.npz").as_bytes())?;
    let (n, d, h, k) = SIZES;
    screen::print(&format!(
        "wrote {}: {n} rows, {d} inputs, {h} hidden units, {k} classes, reg 0.1; no mistake can hide on it\n\
         wrote {}: fill in every '...' and run it, then 'clearprop diagnose mine.npz'\n",
        options.file.display(),
        program.display()
    ))?;
    Ok(Outcome::Done)
}
