//! What is asked of a change before it lands.

use crate::api;
use crate::chores::{self, Done, cargo, run};

/// The test command, then what a reviewer would ask for.
pub(crate) fn run_all() -> Done {
    chores::test()?;
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    api::run(&[])?;
    run("rustup", &["target", "add", "wasm32-unknown-unknown"])?;
    let wasm = ["--target", "wasm32-unknown-unknown"];
    cargo(&[&["build", "-p", "clearprop"], &wasm[..]].concat())?;
    cargo(&[&["build", "-p", "clearprop-files", "--no-default-features"], &wasm[..]].concat())?;
    println!("\nci: all passed");
    Ok(())
}
