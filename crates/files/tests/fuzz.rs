//! The seeds and findings of the fuzzing, replayed through the same targets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, as it should")]
#![cfg(feature = "parquet")]

#[path = "../../../fuzz/targets.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports them")]
mod targets;

use std::path::Path;

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
