//! The seeds and findings of the fuzzing, replayed through the same targets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, as it should")]
#![cfg(feature = "parquet")]

#[path = "../../../fuzz/targets.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports them")]
mod targets;

use std::path::Path;

/// `cargo xtask fuzz` takes the names of the programs.
#[test]
fn each_target_has_its_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()
    };
    let mut programs: Vec<String> = std::fs::read_dir(programs).unwrap().map(name).collect();
    let mut targets = targets::ALL.map(|(name, _)| name);
    programs.sort();
    targets.sort();
    assert_eq!(programs, targets);
}

#[test]
fn seeds_and_findings_come_back() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut replayed = 0;
    for (name, target) in targets::ALL {
        for folder in ["seeds", "findings"] {
            let Ok(entries) = std::fs::read_dir(fuzz.join(folder).join(name)) else { continue };
            for entry in entries {
                target(&std::fs::read(entry.unwrap().path()).unwrap());
                replayed += 1;
            }
        }
    }
    assert!(replayed > 20, "{replayed} inputs");
}
