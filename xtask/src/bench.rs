//! clearprop beside its peers: `bench/bench.py` in an environment of its own.

use crate::chores::{Done, cargo, environment, run};

/// Installs the peers if they are not there, builds our side, and measures; the arguments go to bench.py.
pub(crate) fn measure(args: &[String]) -> Done {
    let python = environment("target/bench", "bench/requirements.txt")?;
    cargo(&["build", "--release", "-p", "clearprop-bench", "-p", "clearprop-cli"])?;
    let args: Vec<&str> = ["bench/bench.py"].into_iter().chain(args.iter().map(String::as_str)).collect();
    run(python, &args)
}
