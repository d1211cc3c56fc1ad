//! Any file of rows: gzip, files that change, progress; what is said about them.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like the tests")]

use clearprop_files::table::{Opened, Options, Rows, open};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that vanishes.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("clearprop-table-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn rows<'p>(path: &Path, progress: &'p mut dyn FnMut(u64, u64)) -> Rows<'p> {
    match open(path, &Options::default(), progress).unwrap() {
        Opened::Rows(rows) => rows,
        Opened::Arrays(_) => panic!("these are rows"),
    }
}

/// The message without the file's name.
fn error_of(name: &str, bytes: &[u8]) -> String {
    let file = Temporary::new(name, bytes);
    let read = open(&file.0, &Options::default(), &mut |_, _| {}).and_then(|opened| match opened {
        Opened::Rows(rows) => rows.read().map(drop),
        Opened::Arrays(_) => Ok(()),
    });
    let error = read.expect_err(name).to_string();
    error.replace(&file.0.display().to_string(), "FILE")
}

fn lines(n: usize) -> Vec<u8> {
    std::iter::once("a,b\n".to_owned())
        .chain((0..n).map(|i| format!("{i},{}\n", i * 7)))
        .collect::<String>()
        .into()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn the_content_says_what_a_file_is() {
    let text = lines(1000);
    // Two packed files in a row are one (as `cat a.gz b.gz` makes them).
    let (first, second) = text.split_at(500);
    for bytes in [text.clone(), packed(&text), [packed(first), packed(second)].concat()] {
        let file = Temporary::new(&format!("any-{}.dat", bytes.len()), &bytes);
        let table = rows(&file.0, &mut |_, _| {}).read().unwrap();
        assert_eq!((table.len(), table.line(999)), (1000, 1001));
    }
    let npz =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/net_relu_softmax.npz")).unwrap();
    let file = Temporary::new("arrays.dat", &npz);
    assert!(
        matches!(open(&file.0, &Options::default(), &mut |_, _| {}), Ok(Opened::Arrays(npz)) if npz.get("X").is_some())
    );
}

#[test]
fn progress_is_told_in_bytes_of_the_file() {
    let text = lines(400_000);
    for bytes in [text.clone(), packed(&text)] {
        let file = Temporary::new(&format!("progress-{}", bytes.len()), &bytes);
        let mut seen = Vec::new();
        let table = rows(&file.0, &mut |read, size| seen.push((read, size))).read().unwrap();
        assert_eq!(table.len(), 400_000);
        let size = bytes.len() as u64;
        assert_eq!(seen.last(), Some(&(size, size)));
        assert!(seen.len() as u64 >= size >> 20, "{seen:?}");
        assert!(seen.is_sorted());
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let text = lines(100_000);
    let changed = |name: &str, change: &dyn Fn(&Path)| {
        let file = Temporary::new(name, &text);
        let mut nothing = |_, _| {};
        let mut rows = rows(&file.0, &mut nothing);
        assert_eq!(rows.block(10).unwrap().unwrap().len(), 10);
        change(&file.0);
        loop {
            match rows.block(50_000) {
                Ok(Some(_)) => {}
                Ok(None) => return "not noticed".to_owned(),
                Err(error) => return error.to_string().replace(&file.0.display().to_string(), "FILE"),
            }
        }
    };
    let size = text.len();
    let grown = changed("grows.csv", &|path| {
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"1,2\n").unwrap();
    });
    let expected = |to| {
        format!(
            "FILE: the file changed while it was read, from {size} to {to} bytes; wait until it is written"
        )
    };
    assert_eq!(grown, expected(size + 4));
    let cut = changed("shrinks.csv", &|path| {
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size as u64 / 2).unwrap();
    });
    // Where the file was cut off, a row may lack its end: either message is true.
    assert!(cut == expected(size / 2) || cut.contains("the last line is cut off"), "{cut}");
    assert_eq!(changed("stays.csv", &|_| {}), "not noticed");
}

#[test]
fn what_cannot_be_read_is_said() {
    let check = |name: &str, bytes: &[u8], expected: &str| assert_eq!(error_of(name, bytes), expected);
    let gz = packed(&lines(1000));
    check("cut.csv.gz", &gz[..gz.len() - 12], "FILE: cannot read: the gzip file is cut off");
    let mut wrong = gz.clone();
    let checksum = gz.len() - 8;
    wrong[checksum] ^= 1;
    check("damaged.csv.gz", &wrong, "FILE: cannot read: the gzip file is damaged");
    check("empty.csv", b"", "FILE: the file is empty; a line of names and some rows are needed");
    check("header.csv", b"a,b\n", "FILE: there is a header and no row");
    check(
        "latin1.csv",
        b"name,n\nM\xFCller,1\n",
        "FILE, row 2: byte 9 (0xFC) is not UTF-8; save it as UTF-8, \
         or name what it is: `encoding=windows-1252` if an older Windows program wrote it",
    );
    check(
        "text.npz",
        b"some text",
        "FILE: not a whole npz file: it is no zip archive, or cut off; save it again with np.savez",
    );
    #[cfg(feature = "parquet")]
    check(
        "text.parquet",
        b"some text",
        "FILE: not a whole Parquet file: it is cut off, or something follows its end; write it again",
    );
    let folder = open(&std::env::temp_dir(), &Options::default(), &mut |_, _| {}).map(drop).unwrap_err();
    let hint = "name a table, or a folder of Parquet files";
    assert!(folder.to_string().ends_with(hint), "{folder}");
}
