//! `cargo xtask fuzz [TARGET] [SECONDS]`: the targets of `fuzz/`, with coverage.
//!
//! By libFuzzer on the stable compiler: its coverage needs flags alone, no nightly.  (`cargo fuzz run -s none
//! TARGET` does the same where it is installed.)  What it finds lies in `fuzz/findings/TARGET`, and is
//! replayed by the tests of `files` from then on.

use crate::chores::Done;
use crate::sources::root;
use std::path::Path;
use std::process::Command;

const TRIPLE: &str = "x86_64-unknown-linux-gnu";
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Fuzzes one target, or all of them one after the other, so many seconds each (60).
pub(crate) fn run(args: &[String]) -> Done {
    let seconds: u64 = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(60);
    let named: Vec<&str> =
        args.iter().map(String::as_str).filter(|arg| arg.parse::<u64>().is_err()).collect();
    let all = targets()?;
    if let Some(unknown) = named.iter().find(|name| !all.iter().any(|known| known == *name)) {
        return Err(format!("there is no target '{unknown}'; there are: {}", all.join(", ")));
    }
    let targets = if named.is_empty() { all.iter().map(String::as_str).collect() } else { named };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--target", TRIPLE, "--target-dir", "../target/fuzz"])
        .env("RUSTFLAGS", COVERAGE)
        .current_dir(root().join("fuzz"))
        .status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("the fuzz targets do not build".to_owned());
    }
    let (mut executions, mut findings) = (0, Vec::new());
    for target in targets {
        let folder = root().join("fuzz/findings").join(target);
        let kept = || -> Vec<_> {
            std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
        };
        // Those of before are kept for the tests.
        let before = kept();
        let done = fuzz(target, seconds)?;
        println!("{target:12} {done:>10} executions");
        executions += done;
        findings.extend(kept().into_iter().filter(|path| !before.contains(path)));
    }
    println!("{:12} {executions:>10} executions, {} findings", "all", findings.len());
    match findings.first() {
        None => Ok(()),
        Some(first) => Err(format!("findings: {} and {} more", first.display(), findings.len() - 1)),
    }
}

/// The targets: each is a program of its name.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let name = |entry: std::fs::DirEntry| Some(entry.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = entries.flatten().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// How many times the target ran.
fn fuzz(target: &str, seconds: u64) -> Result<u64, String> {
    let at = |folder: &str| root().join(folder).join(target);
    let (corpus, findings) = (at("target/fuzz/corpus"), at("fuzz/findings"));
    for folder in [&corpus, &findings] {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let output = Command::new(root().join("target/fuzz").join(TRIPLE).join("release").join(target))
        .args([&corpus, &at("fuzz/seeds")])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args(["-max_len=4096", "-timeout=10", "-rss_limit_mb=1000", "-print_final_stats=1"])
        .output()
        .map_err(|error| format!("{target}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        println!(
            "{}",
            said.lines()
                .filter(|line| line.contains("panicked") || line.contains("ERROR"))
                .collect::<Vec<_>>()
                .join("\n")
        );
    }
    // A folder without findings is none.
    let _ = std::fs::remove_dir(Path::new(&findings));
    let count = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(count.and_then(|count| count.trim().parse().ok()).unwrap_or(0))
}
