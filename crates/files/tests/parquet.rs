//! Parquet files of three writers against the same table as CSV, and files that lie.
#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like the tests")]

use clearprop::table::{Column, NumberForm, Table};
use clearprop_files::disk::Input;
use clearprop_files::parquet::Reader;
use clearprop_files::table::{Kind, Opened, Options, open};
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(name: &str, options: &Options) -> Table {
    match open(&data(name), options, &mut |_, _| {}).unwrap() {
        Opened::Rows(rows) => rows.read().unwrap(),
        Opened::Arrays(_) => panic!("{name} has rows"),
    }
}

/// The text of every cell, column by column, with the kind and the name of the column.
fn cells(table: &Table) -> Vec<(String, bool, Vec<String>)> {
    let column = |(name, column): &(String, Column)| {
        let texts = (0..table.len()).map(|row| column.text(row)).collect();
        (name.clone(), matches!(column, Column::Numbers(_)), texts)
    };
    table.columns().iter().map(column).collect()
}

fn assert_same(name: &str, found: &Table, expected: &Table) {
    let (found, expected) = (cells(found), cells(expected));
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_format_gives_the_table_of_the_csv_file() {
    {
        let options = Options::default();
        let expected = read("table.csv", &options);
        assert_eq!((expected.len(), expected.names().count()), (24, 10));
        for name in ["table.csv.gz", "polars-zstd.parquet", "arrow-snappy.parquet", "arrow-gzip-v2.parquet"] {
            assert_same(name, &read(name, &options), &expected);
        }
        let fewer = expected.without(&["at".into(), "big".into()]).unwrap();
        assert_same("arrow-int96", &read("arrow-int96.parquet", &options), &fewer);
    }
}

#[test]
fn blocks_of_rows_are_the_whole_table() {
    let options = Options::default();
    let whole = read("arrow-snappy.parquet", &options);
    let mut reader = Reader::new(Input::open(&data("arrow-snappy.parquet")).unwrap(), &options).unwrap();
    let mut rows = 0;
    while let Some(block) = reader.block(7).unwrap() {
        assert_eq!(block.line(0), rows as u64 + 1);
        for row in 0..block.len() {
            for (name, column) in block.columns() {
                assert_eq!(column.text(row), whole.column(name).unwrap().text(rows));
            }
            rows += 1;
        }
    }
    assert_eq!(rows, 24);
}

#[test]
fn columns_of_a_model_keep_their_kind_and_others_are_skipped() {
    let kinds =
        [("id".to_owned(), Kind::Words), ("small".to_owned(), Kind::Number(NumberForm::default()))].into();
    let options = Options { kinds, rest: Some(Kind::Skip), ..Options::default() };
    for name in ["table.csv", "arrow-snappy.parquet"] {
        let table = read(name, &options);
        assert_eq!(table.names().collect::<Vec<_>>(), ["id", "small"], "{name}");
        assert!(matches!(table.column("id"), Ok(Column::Words(_))), "{name}");
        assert_eq!(table.column("id").unwrap().text(3), "1003", "{name}");
    }
    let kinds = [("city".to_owned(), Kind::Number(NumberForm::default()))].into();
    let options = Options { kinds, ..Options::default() };
    let mut reader = Reader::new(Input::open(&data("polars-zstd.parquet")).unwrap(), &options).unwrap();
    let error = reader.block(100).unwrap_err().to_string();
    let expected =
        "row 1, column 'city': found \"Köln\", expected a number; mend the cell, or leave it empty";
    assert!(error.ends_with(expected), "{error}");
}

fn error_of(bytes: &[u8]) -> String {
    static LAST: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("clearprop-lies-{}-{number}.parquet", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    let read = open(&path, &Options::default(), &mut |_, _| {}).and_then(|opened| match opened {
        Opened::Rows(rows) => rows.read().map(drop),
        Opened::Arrays(_) => panic!("no arrays"),
    });
    std::fs::remove_file(&path).unwrap();
    let error = read.expect_err("it lies").to_string();
    let (before, message) = error.split_once(".parquet").unwrap();
    assert!(before.ends_with(&number.to_string()), "{error}");
    message.trim_start_matches([':', ',', ' ']).to_owned()
}

/// A file with this description at its end.
fn with_footer(footer: &[u8]) -> Vec<u8> {
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [b"PAR1", footer, &length, b"PAR1"].concat()
}

/// The description of no rows: groups, each with this many members, in Thrift's compact protocol.
fn groups(members: &[&[u8]]) -> Vec<u8> {
    // Field 1: version 1.  Field 2: a list of structures.
    let mut footer = vec![0x15, 2, 0x19, 0xFC];
    // Its length, seven bits a byte; three bytes even where one would do.
    let [low, middle, high, _] = u32::try_from(members.len()).unwrap().to_le_bytes();
    footer.extend([low | 0x80, middle << 1 | low >> 7 | 0x80, high << 2 | middle >> 6]);
    for members in members {
        // Field 3: required.  Field 4: its name, "g".  Field 5: its members.
        footer.extend([0x35, 0, 0x18, 1, b'g', 0x15]);
        footer.extend(*members);
        footer.push(0);
    }
    // Field 3: no rows.  Field 4: no groups of rows.
    footer.extend([0x16, 0, 0x19, 0x0C, 0]);
    footer
}

#[test]
fn nothing_in_a_description_is_trusted() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(error_of(bytes), format!("not a whole Parquet file: {expected}; write it again"));
    };
    check(b"PAR1", "it is cut off");
    check(b"", "it is cut off");
    check(b"PAR1 and PARE", "it is encrypted");
    check(b"PAR1\xFF\xFF\xFF\xFFPAR1", "its description claims 4294967295 bytes, the file has 12");
    let good = std::fs::read(data("arrow-snappy.parquet")).unwrap();
    check(&[&good[..], b"more"].concat(), "it is cut off, or something follows its end");
    for end in 0..good.len() {
        assert!(error_of(&good[..end]).contains("not a whole Parquet file"), "cut off at {end}");
    }
    // The crate would take 16 GB for the members that a group claims, and die.
    check(&with_footer(&groups(&[b"\xFE\xFF\xFF\xFF\x0F"])), "its description contradicts itself");
    // The crate would go down 200,000 groups, and run out of stack.
    let mut deep: Vec<&[u8]> = vec![&[2]; 200_000];
    deep.push(&[0]);
    check(&with_footer(&groups(&deep)), "its description contradicts itself");
}

/// The file with the first of these bytes, which it has once, replaced.
fn replaced(file: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = memchr::memmem::find(file, from).unwrap();
    [&file[..at], to, &file[at + from.len()..]].concat()
}

#[test]
fn nothing_in_a_page_is_trusted() {
    // The head of the first page: a dictionary (kind 2), 80 bytes unpacked.
    let good = std::fs::read(data("arrow-snappy.parquet")).unwrap();
    assert_eq!(good[4..10], [0x15, 4, 0x15, 0xA0, 1, 0x15]);
    // 2^31 - 1 bytes unpacked; the number is three bytes longer, which the page lacks at its end.
    let lie = [&good[..7], b"\xFE\xFF\xFF\xFF\x0F", &good[9..40], &good[43..]].concat();
    assert_eq!(
        error_of(&lie),
        "column 'id': not a whole Parquet file: a page claims to unpack to 2147483647 bytes; write it again"
    );
    // The head goes on with a structure (field 7): its number of values (field 1), 10, claimed to be 63.
    let lie = replaced(&good, &[0x4C, 0x15, 20], &[0x4C, 0x15, 126]);
    assert_eq!(
        error_of(&lie),
        "column 'id': not a whole Parquet file: a dictionary of 80 bytes claims 63 entries; write it again"
    );
}
