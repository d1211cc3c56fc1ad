//! Running the tests, and what they need.

use crate::sources::root;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program that the corpus asks.
const PROGRAM: &str = "target/release/clearprop";

/// What a chore ends with: nothing, or one line on what went wrong.
pub(crate) type Done = Result<(), String>;

/// Runs a program in the repository; its output goes through.
pub(crate) fn run(program: impl AsRef<Path>, args: &[&str]) -> Done {
    let program = program.as_ref();
    let shown = format!("{} {}", program.display(), args.join(" "));
    println!("\n$ {shown}");
    let status = Command::new(program).args(args).current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown}: {status}")),
        Err(error) => Err(format!("{}: {error}; install it and try again", program.display())),
    }
}

pub(crate) fn cargo(args: &[&str]) -> Done {
    run(env!("CARGO"), args)
}

/// Every test of the repository.
pub(crate) fn test() -> Done {
    // What is downloaded comes while the compiler works.
    let (python, package) = std::thread::scope(|scope| {
        let environments = scope.spawn(|| Ok::<_, String>((python()?, python_of_package()?)));
        cargo(&["test", "--workspace", "--no-run"])?;
        environments.join().unwrap_or_else(|_| Err("the environments of Python were not made".to_owned()))
    })?;
    cargo(&["test", "--workspace"])?;
    // The readable engine alone must pass the same tests: those of what takes steps by an engine.
    cargo(&["test", "-p", "clearprop", "--no-default-features", "--test", "learn"])?;
    cargo(&["build", "--release"])?;
    run(&python, &["peers/real_data.py"])?;
    run(&python, &["peers/mixed_table.py", "--seeds", "20"])?;
    python_package(&package)?;
    known_mistakes(&python)?;
    // What `cargo xtask corpus` asks beyond this is not reached yet; that the programs themselves are right is.
    run(&python, &["corpus/program.py"])
}

/// The whole corpus, with every mutant of every program.
pub(crate) fn corpus() -> Done {
    let python = python()?;
    cargo(&["build", "--release"])?;
    known_mistakes(&python)?;
    run(&python, &["corpus/field/score.py", PROGRAM])?;
    run(&python, &["corpus/program.py"])?;
    run(&python, &["corpus/mutants.py", PROGRAM])
}

/// The Python package: built and installed as a person does it, then its tests, scikit-learn's own among them.
fn python_package(python: &Path) -> Done {
    run(python, &["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", "."])?;
    run(python, &["-m", "pytest", "-q", "crates/python/tests"])
}

/// The diagnosis against learners' arrays with known mistakes, made by a program that knows nothing of it.
fn known_mistakes(python: &Path) -> Done {
    let (manifest, results) = ("target/corpus/manifest.json", "target/corpus/results.jsonl");
    run(python, &["corpus/make_corpus.py", "target/corpus"])?;
    run(python, &["corpus/diagnose_all.py", PROGRAM, manifest, results])?;
    run(python, &["corpus/score.py", manifest, results])
}

/// The documentation of every crate; a warning ends it.
pub(crate) fn doc() -> Done {
    println!("\n$ cargo doc --workspace --no-deps (a warning is an error)");
    let status = Command::new(env!("CARGO"))
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(root())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err("cargo doc: the documentation has warnings".to_owned()),
    }
}

/// The Python that holds what the tests compare with.
pub(crate) fn python() -> Result<PathBuf, String> {
    environment("target/venv", "peers/requirements.txt")
}

/// The Python that the package is installed in.
fn python_of_package() -> Result<PathBuf, String> {
    environment("target/python", "crates/python/tests/requirements.txt")
}

/// The Python of a virtual environment in this folder, with these requirements; installs them if they changed.
pub(crate) fn environment(folder: &str, requirements: &str) -> Result<PathBuf, String> {
    let python = root().join(folder).join("bin/python");
    let wanted = std::fs::read_to_string(root().join(requirements))
        .map_err(|error| format!("{requirements}: {error}"))?;
    let done = root().join(folder).join("installed.txt");
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    if Command::new("python3").arg("--version").output().is_err() {
        return Err("python3 is missing; install Python 3.11 or later".to_owned());
    }
    run("python3", &["-m", "venv", folder]).map_err(|error| {
        format!("{error}; Python's venv module is needed (Debian: apt install python3-venv)")
    })?;
    run(&python, &["-m", "pip", "install", "--quiet", "-r", requirements])?;
    std::fs::write(&done, wanted).map_err(|error| format!("{}: {error}", done.display()))?;
    Ok(python)
}
