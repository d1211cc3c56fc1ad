//! NumPy reads what we write.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like the tests")]

use clearprop_files::npz::{Array, Values, write};
use std::process::Command;

/// The Python with NumPy that the tests have, or another.
fn python() -> String {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
    let python = std::env::var("CLEARPROP_PYTHON").unwrap_or(installed.into());
    let numpy = Command::new(&python).args(["-c", "import numpy"]).output();
    let found = numpy.is_ok_and(|output| output.status.success());
    assert!(found, "{python} with NumPy is missing: run cargo xtask test, which installs it");
    python
}

#[test]
fn numpy_reads_what_is_written() {
    let python = python();
    let arrays = [
        ("x", Array::f64(&[2, 3], vec![1.0, -2.0, 0.1, 1e300, 5.0, 0.0])),
        ("y", Array::whole([0, -5, 7])),
        ("s", Array::scalar(0.25)),
        ("t", Array::text("Köln")),
        ("m", Array { shape: vec![2], values: Values::Bool(vec![true, false]) }),
        ("f", Array { shape: vec![1, 1, 2], values: Values::F32(vec![0.5, 3.0]) }),
    ];
    let path = std::env::temp_dir().join(format!("clearprop-numpy-{}.npz", std::process::id()));
    std::fs::write(&path, write(arrays.iter().map(|(name, array)| (*name, array))).unwrap()).unwrap();
    let code = "import numpy as np, sys; a = np.load(sys.argv[1])\n\
        print({k: (a[k].tolist(), a[k].dtype.str) for k in a})";
    let output = Command::new(&python).args(["-c", code]).arg(&path).output().unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "{'x': ([[1.0, -2.0, 0.1], [1e+300, 5.0, 0.0]], '<f8'), 'y': ([0, -5, 7], '<i8'), \
         's': (0.25, '<f8'), 't': ('Köln', '<U4'), 'm': ([True, False], '|b1'), 'f': ([[[0.5, 3.0]]], '<f4')}",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
