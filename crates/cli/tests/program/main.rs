//! The binary as a person meets it: what it prints, what it writes, how it ends.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod bad_input;
mod commands;
mod damaged;
mod field;
mod folds;
mod golden;
mod hints;
mod reading;
mod report;
mod survival;
mod tables;
mod tune;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder of its own for a test, in which the program runs.
struct Place(TempDir);

/// How a call ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// What stands in the folder, by name.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clearprop"));
        command.current_dir(self.0.path()).args(line.split_whitespace());
        command
    }

    /// Runs the program with these arguments, separated by spaces.
    fn run(&self, line: &str) -> Ended {
        let Output { status, stdout, stderr } = self.command(line).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// Runs it, and it must do what was asked without a word on standard error.
    fn ok(&self, line: &str) -> String {
        let Ended { code, out, err } = self.run(line);
        assert_eq!((code, err.as_str()), (Some(0), ""), "clearprop {line}\n{out}");
        out
    }
}

/// A model without its checksum, so that a change in it gets past that.
fn unsealed(model: &[u8]) -> Vec<u8> {
    let field = br#"\"checksum\":\"00000000\","#;
    let start = memchr::memmem::find(model, &field[..15]).unwrap();
    let mut model = model.to_vec();
    model[start..start + field.len()].fill(b' ');
    model
}

fn golden(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden");
    folder.join(name).canonicalize().unwrap().display().to_string()
}

/// Two kinds of flower that are easy to tell apart, and one in between: (length, width, kind), 45 rows.
fn flowers() -> String {
    let mut text = "length,width,kind\n".to_owned();
    for i in 0..15 {
        let (a, b) = (f64::from(i) / 10.0, f64::from(i * 7 % 15) / 10.0);
        text.push_str(&format!(
            "{},{},rose\n{},{},iris\n{},{},\"lily, white\"\n",
            1.0 + a,
            b,
            4.0 + a,
            3.0 + b,
            7.0 + a,
            b
        ));
    }
    text
}
