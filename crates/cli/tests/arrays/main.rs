//! A person's arrays through every command that looks at them: one reading, the update step, the probe's template.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod reading;
mod template;
mod update;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs the program in a folder.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clearprop"))
        .current_dir(folder)
        .args(arguments)
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

/// The JSON that a command prints; `None` where it refuses.
fn json(folder: &Path, arguments: &[&str]) -> Option<Value> {
    let output = run(folder, arguments);
    let code = output.status.code().unwrap();
    assert!(code < 3, "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    (code != 2).then(|| serde_json::from_slice(&output.stdout).unwrap())
}

/// What a program of Python prints, with the Python that the tests have.
fn python(folder: &Path, arguments: &[&str]) -> String {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
    let python = std::env::var("CLEARPROP_PYTHON").unwrap_or(installed.into());
    let output = Command::new(&python).current_dir(folder).args(arguments).output();
    let output =
        output.unwrap_or_else(|_| panic!("{python} is missing: run cargo xtask test, which installs it"));
    assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
