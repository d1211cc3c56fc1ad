//! Imports point down only: the floors of ARCHITECTURE.md.
//!
//! Between crates Cargo holds them (a cycle does not build, and the lists below say who may know whom).
//! Inside the library a module uses only what stands on a lower line, or left of it on its own line.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The library's lines from the ground up; the design's picture, read from below.
const LINES: [(&str, &[&str]); 6] = [
    ("words", &["decision", "error", "stage", "real"]),
    (
        "parts",
        &["random", "activation", "params", "target", "loss", "network", "data", "init", "metrics", "table"],
    ),
    ("pass", &["forward", "backward", "objective", "optim"]),
    ("fast", &["fast"]),
    ("learn", &["engine", "settings", "evaluate", "train", "model", "fit"]),
    ("look", &["trace", "gradcheck", "diagnose"]),
];

/// Which crates of the project a crate may use.
const CRATES: [(&str, &[&str]); 5] = [
    ("kernels", &[]),
    ("clearprop", &["clearprop-kernels"]),
    ("files", &["clearprop"]),
    ("plots", &["clearprop"]),
    ("cli", &["clearprop", "clearprop-files", "clearprop-plots"]),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

/// Every module of the library with its source (a folder's files belong to the module of its name).
fn modules() -> BTreeMap<String, String> {
    let mut modules = BTreeMap::<String, String>::new();
    let mut folders = vec![(crates().join("clearprop/src"), None::<String>)];
    while let Some((folder, owner)) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = owner.clone().unwrap_or(path.file_stem().unwrap().to_str().unwrap().to_owned());
            if path.is_dir() {
                folders.push((path, Some(name)));
            } else if name != "lib" {
                modules.entry(name).or_default().push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    modules
}

/// The modules that a source text names, outside comments and tests.
fn used(source: &str) -> Vec<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code = code.split("#[cfg(test)]\nmod").next().unwrap().to_owned();
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split("};").next().unwrap();
            used.extend(group.split(',').map(|name| name.trim().split("::").next().unwrap().to_owned()));
        } else {
            used.push(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned());
        }
    }
    used
}

#[test]
fn every_module_of_the_library_stands_on_a_line() {
    let listed: Vec<&str> = LINES.iter().flat_map(|(_, modules)| modules.iter().copied()).collect();
    for module in modules().keys() {
        assert!(
            listed.contains(&module.as_str()),
            "{module} has no floor: name it here and in ARCHITECTURE.md"
        );
    }
}

#[test]
fn a_module_uses_only_what_stands_below_it_or_left_of_it() {
    let order: Vec<&str> = LINES.iter().flat_map(|(_, modules)| modules.iter().copied()).collect();
    let place = |name: &str| order.iter().position(|module| *module == name);
    let mut checked = 0;
    for (module, source) in modules() {
        for name in used(&source) {
            let (Some(from), Some(to)) = (place(&module), place(&name)) else { continue };
            assert!(to <= from, "{module} uses {name}, which stands above it");
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} imports were found: the test reads the source wrongly");
}

#[test]
fn gradcheck_shares_no_code_with_backward() {
    if let Some(source) = modules().get("gradcheck") {
        assert!(!used(source).contains(&"backward".to_owned()));
    }
}

#[test]
fn crates_know_only_the_floors_below() {
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(crates().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for line in dependencies.lines().filter(|line| line.starts_with("clearprop")) {
            let used = line.split(['.', ' ', '=']).next().unwrap();
            assert!(allowed.contains(&used), "{name} must not know {used}");
        }
    }
}

/// The lint denies `unsafe` too, but an exception to it can be written anywhere.
#[test]
fn only_the_kernels_make_an_exception_for_unsafe() {
    let mut folders =
        vec![crates(), crates().join("../xtask"), crates().join("../book"), crates().join("../bench")];
    let word = ["unsafe", "_code"].concat();
    let mut kernels = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let exceptions = fs::read_to_string(&path).unwrap().matches(&word).count();
                if path.starts_with(crates().join("kernels")) {
                    kernels += exceptions;
                } else {
                    assert_eq!(exceptions, 0, "{} allows it", path.display());
                }
            }
        }
    }
    assert!(kernels > 3, "the test reads the sources wrongly");
}

#[test]
fn the_library_opens_no_file_and_prints_nothing() {
    for (module, source) in modules() {
        let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in ["std::fs", "std::io::", "println!", "eprintln!", "static mut", "std::env::"] {
            assert!(!code.split("#[cfg(test)]").next().unwrap().contains(word), "{module} uses {word}");
        }
        assert!(!code.contains("std::time"), "{module} reads a clock");
    }
}
