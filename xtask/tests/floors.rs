//! Imports point down only: the floors of ARCHITECTURE.md.
//!
//! Between crates Cargo holds them (a cycle does not build, and the lists below say who may know whom).
//! Inside the library a module uses only what stands on a lower line, or left of it on its own line; in
//! every crate no two files use each other, directly or around a corner.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

#[path = "../src/sources.rs"]
#[allow(dead_code, reason = "the sizes use the rest")]
mod sources;

/// The library's lines from the ground up; the design's picture, read from below.
const LINES: [(&str, &[&str]); 6] = [
    ("words", &["decision", "error", "mistake", "paper", "quantity", "real"]),
    (
        "parts",
        &[
            "random",
            "activation",
            "params",
            "target",
            "loss",
            "stage",
            "network",
            "data",
            "init",
            "metrics",
            "table",
        ],
    ),
    ("pass", &["forward", "backward", "objective", "schedule", "optim"]),
    ("fast", &["fast"]),
    ("learn", &["engine", "settings", "evaluate", "lbfgs", "sklearn", "train", "model", "fit", "tune"]),
    ("look", &["trace", "gradcheck", "diagnose", "report"]),
];

/// Which crates of the project a crate may use.
const CRATES: [(&str, &[&str]); 5] = [
    ("clearprop", &["clearprop-kernels"]),
    ("files", &["clearprop"]),
    ("plots", &["clearprop"]),
    ("cli", &["clearprop", "clearprop-files", "clearprop-kernels", "clearprop-plots"]),
    ("python", &["clearprop", "clearprop-files", "clearprop-plots"]),
];

/// The crate in which `unsafe` may stand.
const UNSAFE: &str = "kernels";

/// The modules of the library by name, with the code of a folder's files under the folder's name.
fn library() -> BTreeMap<String, String> {
    let mut modules = BTreeMap::<String, String>::new();
    for (module, code) in sources::modules(&sources::root().join("crates/clearprop")) {
        if !module.is_empty() {
            modules.entry(top(&module).to_owned()).or_default().push_str(&code);
        }
    }
    modules
}

/// Which modules of the library each of them uses.
fn library_uses() -> BTreeMap<String, BTreeSet<String>> {
    let mut uses = BTreeMap::<String, BTreeSet<String>>::new();
    for (module, used) in sources::uses(&sources::modules(&sources::root().join("crates/clearprop"))) {
        let used = used.iter().map(|name| top(name).to_owned()).filter(|name| !name.is_empty());
        uses.entry(top(&module).to_owned()).or_default().extend(used);
    }
    uses.remove("");
    uses
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

#[test]
fn every_module_of_the_library_stands_on_a_line() {
    let listed: Vec<&str> = LINES.iter().flat_map(|(_, modules)| modules.iter().copied()).collect();
    for module in library().keys() {
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
    for (module, used) in library_uses() {
        for name in used {
            let (Some(from), Some(to)) = (place(&module), place(&name)) else { continue };
            // A kind of number names the kernels that are compiled for it, and nothing else above it.
            let kernels = (module.as_str(), name.as_str()) == ("real", "fast");
            assert!(to <= from || kernels, "{module} uses {name}, which stands above it");
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} imports were found: the test reads the source wrongly");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let (mut found, mut edges) = (Vec::new(), 0);
    for (package, folder) in sources::packages() {
        let uses = sources::uses(&sources::modules(&folder));
        edges += uses.values().map(BTreeSet::len).sum::<usize>();
        found.extend(sources::circles(&uses).into_iter().map(|circle| (package.clone(), circle)));
    }
    assert!(edges > 150, "only {edges} uses were found: the test reads the source wrongly");
    assert!(found.is_empty(), "files in a circle: {found:#?}");
}

#[test]
fn circles_are_found_through_groups_parents_and_what_is_handed_on() {
    let modules = |files: &[(&str, &str)]| {
        files.iter().map(|(name, text)| ((*name).to_owned(), sources::code(text))).collect::<BTreeMap<_, _>>()
    };
    let circles = |files: &[(&str, &str)]| sources::circles(&sources::uses(&modules(files)));
    let direct =
        [("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "fn f() -> crate::a::A { todo() }")];
    assert_eq!(circles(&direct).len(), 1);
    let child = [("", "mod a;"), ("a", "mod b; fn f() { b::g() }"), ("a::b", "use super::{X, y as z};")];
    assert_eq!(circles(&child).len(), 1);
    // The root hands on what `b` makes; `a` uses it, and `b` uses `a`.
    let given =
        [("", "pub use b::{C, B};"), ("a", "use crate::{B, x};"), ("b", "use crate::{a::{self, A}, c};")];
    assert_eq!(circles(&given).len(), 1);
    let none = [
        ("", "mod a; mod b; pub use a::A;"),
        ("a", "// crate::b\nlet x = \"crate::b\";"),
        ("b", "use crate::A;"),
    ];
    assert!(circles(&none).is_empty(), "{:?}", circles(&none));
}

#[test]
fn only_the_kernels_are_unsafe() {
    for (package, folder) in sources::packages() {
        for (module, code) in sources::modules(&folder) {
            let found = sources::count(&code, "unsafe");
            assert!(package == UNSAFE || found == 0, "{package}: {module} has {found} `unsafe`");
        }
    }
}

#[test]
fn gradcheck_shares_no_code_with_backward() {
    assert!(!library_uses()["gradcheck"].contains("backward"));
}

#[test]
fn crates_know_only_the_floors_below() {
    for (name, folder) in sources::packages() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap();
        let allowed = CRATES.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, allowed)| allowed);
        if !folder.starts_with(sources::root().join("crates")) {
            continue;
        }
        for line in dependencies.lines().filter(|line| line.starts_with("clearprop")) {
            let used = line.split(['.', ' ', '=']).next().unwrap();
            assert!(allowed.contains(&used), "{name} must not know {used}");
        }
    }
}

#[test]
fn the_library_opens_no_file_and_prints_nothing() {
    for (module, code) in library() {
        for word in ["std::fs", "std::io::", "println!", "eprintln!", "static mut", "std::env::"] {
            assert!(!code.contains(word), "{module} uses {word}");
        }
        if module != "fast" {
            assert!(!code.contains("std::time"), "{module} reads a clock");
        }
    }
}
