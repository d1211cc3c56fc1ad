//! `cargo xtask miri` and `cargo xtask asan`: tests under an interpreter that knows every rule of memory, and under the
//! address sanitizer.  Both need the nightly compiler: `rustup toolchain install nightly -c miri -c rust-src`.

use crate::chores::Done;
use crate::sources::root;
use std::process::Command;

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// What an interpreter gets through in minutes, by package: the readable pass, tables, and what files are made of.  Training
/// to a minimum, folders and other crates' unpacking are not for it.
const INTERPRETED: [&[&str]; 3] = [
    &[
        "-p",
        "clearprop",
        "--no-default-features",
        "--lib",
        "--",
        "table",
        "params",
        "forward",
        "backward",
        "objective",
    ],
    &[
        "-p",
        "clearprop-files",
        "--no-default-features",
        "--lib",
        "--",
        "budget",
        "safetensors",
        "nested",
        "numbers",
    ],
    &["-p", "clearprop-kernels", "--lib", "--", "relu_and", "too_little", "shallow::clusters"],
];

/// Miri over the safe crates, and over what it can do of the kernels.
pub(crate) fn miri() -> Done {
    for arguments in INTERPRETED {
        // The clock and the seed of a hash table come from the system.
        nightly(&[&["miri", "test"], arguments].concat(), &[("MIRIFLAGS", "-Zmiri-disable-isolation")])?;
    }
    Ok(())
}

/// The address sanitizer over the kernels, the one crate with `unsafe`.
pub(crate) fn asan() -> Done {
    let arguments =
        ["test", "-p", "clearprop-kernels", "--lib", "--target", TRIPLE, "--target-dir", "target/asan"];
    nightly(&arguments, &[("RUSTFLAGS", "-Zsanitizer=address")])
}

fn nightly(arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    println!("\n$ cargo +nightly {}", arguments.join(" "));
    // The compiler that runs this says which one it is; here another is wanted.
    let status = Command::new("rustup")
        .args(["run", "nightly", "cargo"])
        .args(arguments)
        .envs(variables.iter().copied())
        .env_remove("RUSTUP_TOOLCHAIN")
        .current_dir(root())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            Err(format!("{status}; is 'rustup toolchain install nightly -c miri -c rust-src' done?"))
        }
        Err(error) => Err(format!("rustup: {error}; install it and try again")),
    }
}
