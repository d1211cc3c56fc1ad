//! Every write, sync and rename is made to fail in turn: the old file stands, or the new one, whole.
#![cfg(debug_assertions)]
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like the tests")]

use clearprop_files::disk::{FAIL_DISK, Whole};
use std::io::Write;
use std::path::Path;
use std::process::Command;

const FILE: &str = "CLEARPROP_TEST_FILE";

/// Larger than what is held back before it is written.
fn new() -> Vec<u8> {
    (0..300_000u32).flat_map(u32::to_le_bytes).collect()
}

/// What the other test runs in a program of its own, with one operation that fails.
#[test]
fn write_one_file() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let write = |path: &Path| {
        let mut file = Whole::create(path)?;
        for part in new().chunks(100_000) {
            file.write_all(part).map_err(|error| {
                clearprop::error::Error::new(clearprop::error::ErrorKind::File, error.to_string())
            })?;
        }
        file.finish()
    };
    match write(path.as_ref()) {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            assert!(error.to_string().contains("space"), "{error}");
            std::process::exit(7);
        }
    }
}

#[test]
fn the_old_file_or_the_new_one_stands_whole() {
    let folder = std::env::temp_dir().join(format!("clearprop-faults-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model");
    let (mut failed, mut stood) = (0, Vec::new());
    for k in 1.. {
        assert!(k < 100, "it never ends well");
        std::fs::write(&path, b"old").unwrap();
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "write_one_file", "--nocapture"])
            .env(FILE, &path)
            .env(FAIL_DISK, k.to_string())
            .output()
            .unwrap();
        let found = std::fs::read(&path).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "failure {k}: a temporary file is left");
        match ended.status.code() {
            Some(0) => {
                assert!(found == new(), "no failure: the new file stands");
                break;
            }
            Some(7) => {
                failed += 1;
                stood.push(found == b"old");
                assert!(found == b"old" || found == new(), "failure {k}: {} bytes stand", found.len());
            }
            other => panic!("failure {k}: {other:?} {}", String::from_utf8_lossy(&ended.stderr)),
        }
    }
    // Creation, 12 parts, the rest, the sync, the rename, the folder's sync.
    assert_eq!(failed, 1 + 12 + 4);
    // Only the sync of the folder comes after the new file has its name.
    assert_eq!(stood.iter().filter(|old| !**old).count(), 1);
    assert_eq!(stood.last(), Some(&false));
    std::fs::remove_dir_all(folder).unwrap();
}
