//! npz files: those of NumPy, our own, and hostile ones.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like the tests")]

use clearprop_files::npz::{Array, Npz, Values, read, write};
use std::io::{Cursor, Write};

fn golden(name: &str) -> Npz {
    let path = format!("{}/../../golden/{name}.npz", env!("CARGO_MANIFEST_DIR"));
    read(std::fs::File::open(path).unwrap(), name).unwrap()
}

#[test]
fn numpys_files_are_read() {
    let npz = golden("net_relu_softmax");
    let (x, w1) = (npz.matrix::<f64>("X").unwrap(), npz.matrix::<f64>("W1").unwrap());
    assert_eq!(x.ncols() + 1, w1.nrows());
    assert_eq!(npz.whole("y").unwrap().len(), x.nrows());
    assert_eq!(npz.text("activation").unwrap(), "relu");
    assert_eq!(npz.text("loss_name").unwrap(), "softmax");
    assert!(npz.scalar("reg").unwrap() >= 0.0);
    // The file's own numbers agree: z1 = [x, 1] W1.
    let z1 = x.dot(&w1.slice(ndarray::s![..-1, ..])) + w1.row(w1.nrows() - 1);
    let h11 = npz.matrix::<f64>("h11").unwrap();
    assert!((&z1 - &h11).iter().all(|d| d.abs() < 1e-12));
}

#[test]
fn what_is_written_is_read_and_is_the_same_each_time() {
    let arrays = [
        ("x", Array::f64(&[2, 3], vec![1.0, -2.0, 0.1, 1e300, f64::NAN, 0.0])),
        ("y", Array::whole([0, -5, 7])),
        ("s", Array::scalar(0.25)),
        ("t", Array::text("Köln")),
        ("m", Array { shape: vec![2], values: Values::Bool(vec![true, false]) }),
        ("f", Array { shape: vec![1, 1, 2], values: Values::F32(vec![0.5, 3.0]) }),
        ("u", Array { shape: vec![0], values: Values::U8(vec![]) }),
    ];
    let bytes = write(arrays.iter().map(|(name, array)| (*name, array))).unwrap();
    assert_eq!(write(arrays.iter().map(|(name, array)| (*name, array))).unwrap(), bytes);
    let npz = read(Cursor::new(&bytes), "w").unwrap();
    assert_eq!(npz.arrays.len(), arrays.len());
    for (name, array) in &arrays {
        assert_eq!(format!("{:?}", npz.array(name).unwrap()), format!("{array:?}"), "{name}");
    }
}

/// A zip archive of one entry with this head and so many bytes of values.
fn with_head(head: &str, values: &[u8]) -> Vec<u8> {
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend(u16::try_from(head.len()).unwrap().to_le_bytes());
    npy.extend(head.as_bytes());
    npy.extend(values);
    zipped(&[("a.npy", &npy)])
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(*name, zip::write::SimpleFileOptions::DEFAULT).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn head(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

#[test]
fn orders_and_kinds_are_converted() {
    let read = |bytes: &[u8]| read(Cursor::new(bytes), "f").unwrap().arrays["a"].clone();
    let fortran: Vec<u8> = [1.0f64, 4.0, 2.0, 5.0, 3.0, 6.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let array = read(&with_head(&head("'<f8'", "True", "(2, 3)"), &fortran));
    assert_eq!(array, Array::f64(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let array = read(&with_head(&head("'>i2'", "False", "(2,)"), &[0x01, 0x02, 0xFF, 0xFE]));
    assert_eq!(array.values, Values::I64(vec![258, -2]));
    let array = read(&with_head(&head("'|u1'", "False", "()"), &[200]));
    assert_eq!((array.values, array.shape), (Values::U8(vec![200]), vec![]));
}

#[test]
fn objects_and_records_are_skipped_with_the_reason() {
    for (descr, reason, hint) in [
        (
            "'|O'",
            "an object array cannot be read",
            "save it plain: a.astype(float), or a.astype(str) if it holds words",
        ),
        (
            "[('a', '<f8'), ('b', '<i4', (2,))]",
            "records (several values in one) cannot be read",
            "save a table: pandas.DataFrame(a).to_csv('table.csv', index=False)",
        ),
        ("'<c16'", "values of the kind '<c16' cannot be read", "save a plain array of numbers"),
    ] {
        let npz = read(Cursor::new(with_head(&head(descr, "False", "(1,)"), &[0; 16])), "o").unwrap();
        assert_eq!(npz.skipped["a"], reason);
        let error = npz.matrix::<f64>("a").unwrap_err().to_string();
        assert_eq!(error, format!("o, array 'a': {reason}; {hint}"));
    }
}

#[test]
fn nothing_in_a_file_is_trusted() {
    let check = |bytes: &[u8], expected: &str| {
        let error = read(Cursor::new(bytes), "h").unwrap_err().to_string();
        assert!(error.contains(expected), "expected: {expected}\n     got: {error}");
    };
    let shape = |shape: &str| with_head(&head("'<f8'", "False", shape), &[0; 16]);
    check(b"", "it is empty");
    check(b"some text", "it is no zip archive");
    check(&shape("(1000000000000,)"), "needs 8000000000000 bytes");
    check(&shape("(4294967296, 4294967296, 8)"), "is too large");
    check(&shape("(4294967296, 4294967296, 8, 0)"), "is too large");
    check(&shape("(-2,)"), "an axis of length -2");
    check(&shape("(1,)"), "the file has 16");
    check(&shape("(3,)"), "the file has 16");
    check(&with_head("{'descr': '<f8', 'shape': (2,)}", &[0; 16]), "lacks");
    check(&with_head("{'descr", &[0; 16]), "its head cannot be read");
    check(&zipped(&[("a.npy", b"\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF")]), "its head has 4294967295 bytes");
    check(&zipped(&[("a.npy", b"hello")]), "it is cut off");
    let good = shape("(2,)");
    assert!(read(Cursor::new(&good), "h").is_ok());
    check(&[&good[..], b"more"].concat(), "there are bytes after its end");
    for end in 0..good.len() {
        assert!(read(Cursor::new(&good[..end]), "h").is_err(), "cut off at {end}");
    }
    // Two entries of one name: rename the second in both places where its name stands.
    let mut twice = zipped(&[("a.npy", b"x"), ("b.npy", b"x")]);
    let places: Vec<usize> = memchr::memmem::find_iter(&twice, "b.npy").collect();
    places.iter().for_each(|&at| twice[at] = b'a');
    check(&twice, "two entries have one name");
}

#[test]
fn a_zip_bomb_is_refused_before_it_unpacks() {
    let zeros = vec![0u8; 80 << 20];
    let bytes = |shape: &str, kind: &str, order: &str, zeros: &[u8]| {
        let bomb = with_head(&head(kind, order, shape), zeros);
        assert!(bomb.len() < 200_000);
        let expected = format!(
            "b, array 'a': holds more than the {} MB that a file of {} bytes may take; \
             np.savez (not compressed) lifts the limit",
            ((24 << 20) + 32 * bomb.len()) / 1_000_000,
            bomb.len()
        );
        let refused = read(Cursor::new(bomb), "b").map(drop).map_err(|error| error.to_string());
        assert!(refused.is_ok() || refused == Err(expected), "{refused:?}");
        refused.is_err()
    };
    assert!(bytes("(83886080,)", "'|u1'", "False", &zeros));
    // A byte each in the file, eight in memory.
    assert!(bytes("(10485760,)", "'|i1'", "False", &zeros[..10 << 20]));
    // Turned round, an array is in memory twice.
    assert!(bytes("(10, 262144)", "'<f8'", "True", &zeros[..20 << 20]));
    assert!(!bytes("(10, 262144)", "'<f8'", "False", &zeros[..20 << 20]));
}
