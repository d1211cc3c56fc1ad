//! Arrays from `.mat`, `.json` and folders: values that SciPy wrote, names laid out flat, damage in one line.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use clearprop_files::arrays::open;
use clearprop_files::npz::{Array, Npz, Values};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/arrays").join(name)
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn values(npz: &Npz, name: &str) -> (Vec<usize>, Vec<f64>) {
    let array = npz.get(name).unwrap_or_else(|| panic!("no {name} among {:?}", npz.arrays.keys()));
    let values = match &array.values {
        Values::F64(v) => v.clone(),
        Values::F32(v) => v.iter().map(|&v| f64::from(v)).collect(),
        Values::I64(v) => v.iter().map(|&v| v as f64).collect(),
        Values::U8(v) => v.iter().map(|&v| f64::from(v)).collect(),
        Values::Bool(v) => v.iter().map(|&v| f64::from(u8::from(v))).collect(),
        Values::Text(words) => panic!("{words:?}"),
    };
    (array.shape.clone(), values)
}

const X: [f64; 6] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25];
const W: [f64; 6] = [1.5, -2.0, 0.25, 0.0, 3.0, -1.0];
const W_TURNED: [f64; 6] = [1.5, 0.0, -2.0, 3.0, 0.25, -1.0];

#[test]
fn every_level_of_mat_gives_the_numbers_that_were_saved() {
    for name in ["level4.mat", "level5.mat", "level5_compressed.mat"] {
        let npz = open(&file(name)).unwrap();
        assert_eq!(values(&npz, "X"), (vec![3, 2], X.to_vec()), "{name}");
        assert_eq!(values(&npz, "W1"), (vec![2, 3], W.to_vec()), "{name}");
        assert_eq!(values(&npz, "single"), (vec![2, 3], W.to_vec()), "{name}");
        assert_eq!(values(&npz, "y"), (vec![3, 1], vec![1.0, 2.0, 3.0]), "{name}");
        assert_eq!(values(&npz, "J"), (vec![], vec![0.5]), "{name}");
        assert_eq!(npz.get("activation").unwrap(), &Array::text("relu"), "{name}");
        if name != "level4.mat" {
            assert_eq!(values(&npz, "mask"), (vec![2, 3], vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0]), "{name}");
            assert!(matches!(npz.get("single").unwrap().values, Values::F32(_)));
        }
    }
}

#[test]
fn structs_and_cells_are_laid_out_flat() {
    let npz = open(&file("nested.mat")).unwrap();
    let names: Vec<&str> = npz.arrays.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["A1", "A2", "X", "b2", "grads_W1", "layers_1_W", "layers_1_b", "params_W1", "params_b1", "W2"]
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(values(&npz, "A2"), (vec![3, 2], W_TURNED.to_vec()));
    assert_eq!(values(&npz, "W2"), (vec![3, 2], W_TURNED.to_vec()));
    assert_eq!(values(&npz, "grads_W1").1[0], 3.0);
    assert_eq!(npz.skipped["odd"], "complex numbers");
}

#[test]
fn a_damaged_mat_is_refused_in_one_line() {
    let folder = folder("damaged_mat");
    let mut refused = 0;
    for name in ["level4.mat", "level5.mat", "level5_compressed.mat", "nested.mat"] {
        let whole = std::fs::read(file(name)).unwrap();
        let path = folder.join("cut.mat");
        let mut check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            if let Err(error) = open(&path) {
                refused += 1;
                let text = error.to_string();
                assert!(!text.contains('\n') && text.contains("cut.mat"), "{text}");
            }
        };
        for end in (0..whole.len()).step_by(7) {
            check(&whole[..end]);
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0xFF;
            check(&changed);
        }
    }
    assert!(refused > 500, "only {refused} were refused");
}

#[test]
fn the_new_format_of_matlab_is_refused_with_the_option_to_use() {
    let path = folder("v73").join("new.mat");
    std::fs::write(&path, b"MATLAB 7.3 MAT-file, Platform: GLNXA64").unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("7.3") && error.contains("-v7"), "{error}");
}

#[test]
fn json_is_read_as_deep_as_it_goes() {
    let path = folder("json").join("mine.json");
    let check = |text: &str| {
        std::fs::write(&path, text).unwrap();
        open(&path)
    };
    let npz = check(
        r#"{"X": [[1, 2.5], [3, null]], "y": [0, 1], "reg": 0.1, "activation": "relu", "parameters": {"W1": [[1], [2]]},
            "layers": [{"w": [[1, 2]], "b": [3]}, {"w": [[4], [5]], "b": [6]}], "A": [[[1, 2]], [[3], [4]]], "none": []}"#,
    )
    .unwrap();
    let names: Vec<&str> = npz.arrays.keys().map(String::as_str).collect();
    assert_eq!(names, ["A1", "A2", "W1", "X", "activation", "b1", "b2", "reg", "w1", "w2", "y"]);
    assert!(values(&npz, "X").1[3].is_nan());
    assert_eq!(values(&npz, "w2"), (vec![2, 1], vec![4.0, 5.0]));
    assert_eq!(values(&npz, "reg"), (vec![], vec![0.1]));
    for (text, expected) in [
        (r#"{"W1": [["1.5", 2]]}"#, "the text \"1.5\""),
        (r#"{"reg": "0.1"}"#, "the text \"0.1\""),
        (r#"{"y": ["0", "1"]}"#, "without quotation marks"),
        (r#"{"X": [[1, 2], [3]]}"#, "its row 1 has 1 numbers, its row 0 2 numbers"),
        (r#"{"X": [[[1], [2]], [[3, 4], [5]]]}"#, "its row 1"),
        (r#"{"X": [1, [2]]}"#, "its row 1"),
        (r#"[1, 2]"#, "holds no names"),
        (r#"{"X": NaN}"#, "write null"),
        (r#"{"X": [1, 2"#, "not JSON"),
        ("", "not JSON"),
    ] {
        let error = check(text).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{text}\n{error}");
    }
}

/// Small files whose names and parts would take a hundred times their bytes.
#[test]
fn json_of_many_parts_is_refused_in_one_line() {
    let path = folder("json_of_much").join("much.json");
    let long = "n".repeat(100_000);
    for (text, expected) in [
        (format!(r#"{{"X": [{}{{}}]}}"#, "{}, ".repeat(9_000)), "more than 4000 names and parts"),
        (
            format!(r#"{{"X": [{}{{"a": 1}}]}}"#, r#"{"a": 1}, "#.repeat(9_000)),
            "more than 4000 names and parts",
        ),
        (format!(r#"{{"X": [{}{{"a": 1}}]}}"#, r#"{"a": 1}, "#.repeat(1_200)), "more than 1000 arrays"),
        (format!(r#"{{"{long}": [{{"a": 1}}, {{"a": 2}}]}}"#), "a name of 100000 bytes"),
        (format!(r#"{{"X": [{}[1, 2]]}}"#, "[1], ".repeat(100_000)), "its row 100000 has 2 numbers"),
        (format!(r#"{{"X": [{}"1"]}}"#, "1, ".repeat(100_000)), "the text \"1\""),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{error}");
    }
    // A list is one array however many rows it has.
    std::fs::write(&path, format!(r#"{{"X": [{}[1]]}}"#, "[0], ".repeat(100_000))).unwrap();
    assert_eq!(open(&path).unwrap().arrays["X"].shape, [100_001, 1]);
}

#[test]
fn a_folder_is_read_file_by_file() {
    let folder = folder("arrays_of_a_folder");
    std::fs::write(folder.join("X.csv"), "1,2\n3,4\n").unwrap();
    std::fs::write(folder.join("loss.csv"), "0.25\n").unwrap();
    std::fs::write(folder.join("notes.txt"), "not read").unwrap();
    // numpy.save(.., numpy.array([1.0, 2.0]))
    let head = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    let head = format!("{head:<117}\n");
    let bytes =
        [b"\x93NUMPY\x01\x00\x76\x00", head.as_bytes(), &1f64.to_le_bytes(), &2f64.to_le_bytes()].concat();
    std::fs::write(folder.join("y.npy"), bytes).unwrap();
    let npz = open(&folder).unwrap();
    assert_eq!(npz.arrays.keys().collect::<Vec<_>>(), ["X", "loss", "y"]);
    assert_eq!(values(&npz, "X"), (vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]));
    assert_eq!(values(&npz, "y"), (vec![2], vec![1.0, 2.0]));
    assert_eq!(values(&npz, "loss"), (vec![], vec![0.25]));
    std::fs::write(folder.join("y.csv"), "1\n2\n").unwrap();
    assert!(open(&folder).unwrap_err().to_string().contains("y.npy and y.csv"));
    std::fs::write(folder.join("y.csv"), "1\nx\n").unwrap();
    let error = open(&folder).unwrap_err().to_string();
    assert!(error.contains("y.csv") && error.contains("'x'"), "{error}");
}

#[test]
fn thousands_of_arrays_are_refused_in_one_line() {
    let path = folder("many").join("many.json");
    let fields: Vec<String> = (0..5000).map(|i| format!("\"a{i}\": {i}")).collect();
    std::fs::write(&path, format!("{{{}}}", fields.join(","))).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("more than 4000 names") && !error.contains('\n'), "{error}");
}
