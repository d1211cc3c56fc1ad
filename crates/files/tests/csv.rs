//! CSV files as people have them, and what is said about those that cannot be read.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like the tests")]

use clearprop::table::{Column, NumberForm, Table, Words};
use clearprop_files::csv::{Kind, Options, Reader, read};

fn table(text: &str) -> Table {
    read(text.as_bytes(), "t.csv", &Options::default()).unwrap()
}

fn check_error(bytes: &[u8], expected: &str) {
    let error = read(bytes, "t.csv", &Options::default()).unwrap_err().to_string();
    assert_eq!(error, expected);
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    match table.column(name).unwrap() {
        Column::Numbers(numbers) => (0..numbers.len()).map(|row| numbers.get(row)).collect(),
        other => panic!("expected numbers, got {other:?}"),
    }
}

fn words(table: &Table, name: &str) -> Vec<Option<String>> {
    match table.column(name).unwrap() {
        Column::Words(words) => (0..words.len()).map(|row| words.get(row).map(str::to_owned)).collect(),
        other => panic!("expected words, got {other:?}"),
    }
}

#[test]
fn numbers_words_quotes_and_missing_values() {
    let table = table("age,\"home, town\",y\r\n31,\"Bonn \"\"am\"\" Rhein\",a\r\n,Köln,b\n4e1,?,NA\n");
    let age = numbers(&table, "age");
    assert_eq!((age[0], age[1].is_nan(), age[2]), (31.0, true, 40.0));
    let some = |word: &str| Some(word.to_owned());
    assert_eq!(words(&table, "home, town"), [some("Bonn \"am\" Rhein"), some("Köln"), None]);
    assert_eq!(words(&table, "y"), [some("a"), some("b"), None]);
}

#[test]
fn separators_and_decimal_commas_are_found_out() {
    for text in
        ["a;b\n1,5;x\n2,25;y\n", "a\tb\n1.5\tx\n2.25\ty\n", "a|b\n1.5|x\n2.25|y\n", "a,b\n1.5,x\n2.25,y\n"]
    {
        let table = table(text);
        assert_eq!(numbers(&table, "a"), [1.5, 2.25], "{text}");
        assert!(matches!(table.column("b"), Ok(Column::Words(_))), "{text}");
    }
}

#[test]
fn a_first_line_with_a_number_is_no_header() {
    let table = table("1,a\n2,b\n");
    assert_eq!(table.names().collect::<Vec<_>>(), ["column 1", "column 2"]);
    assert_eq!(numbers(&table, "column 1"), [1.0, 2.0]);
    assert_eq!(table.line(1), 2);
}

#[test]
fn rows_are_lines_of_the_file() {
    let table = table("a,b\r\n1,x\r\n2,\"y\r\nz\"\r\n3,w");
    assert_eq!([0, 1, 2].map(|row| table.line(row)), [2, 3, 5]);
    let table = self::table("\na,b\n\n1,x\n2,\"y\nz\"\n\r\n3,w");
    assert_eq!([0, 1, 2].map(|row| table.line(row)), [4, 5, 8]);
}

#[test]
fn a_few_words_among_numbers_are_missing_and_many_make_words() {
    let column = |odd: &[(usize, &str)], rows: usize| {
        let mut lines: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
        odd.iter().for_each(|(row, word)| (*word).clone_into(&mut lines[*row]));
        format!("n\n{}\n", lines.join("\n"))
    };
    // In the rows that are kept as texts, beyond them, and before the numbers begin.
    let early: Vec<(usize, &str)> = (0..900).map(|row| (row, "abc")).collect();
    for (odd, rows) in [(vec![(30, "abc")], 100), (vec![(39_998, "abc")], 50_000), (early, 50_000)] {
        let mut reader = Reader::new(column(&odd, rows).as_bytes(), "t.csv", &Options::default())
            .map(|mut reader| (reader.block(usize::MAX).unwrap().unwrap(), reader.decisions().to_vec()))
            .unwrap();
        let numbers = numbers(&reader.0, "n");
        assert!(numbers[odd[0].0].is_nan() && numbers[rows - 1] == (rows - 1) as f64);
        let said = reader.1.remove(0);
        assert!(said.warning && said.to_string().contains("\"abc\""), "{said}");
    }
    // Numbers first, words later: a column of words.
    let late: Vec<(usize, &str)> = (1500..2000).map(|row| (row, "abc")).collect();
    let mixed = words(&table(&column(&late, 2000)), "n");
    assert_eq!((mixed[3].as_deref(), mixed[1999].as_deref()), (Some("3"), Some("abc")));
    assert!(matches!(table(&column(&[(1, "x"), (2, "y"), (3, "z")], 20)).column("n"), Ok(Column::Words(_))));
}

#[test]
fn what_cannot_be_read_is_said_with_its_row() {
    check_error(b"", "t.csv: the file is empty; a line of names and some rows are needed");
    check_error(b"a,b\n", "t.csv: there is a header and no row");
    check_error(
        b"a,b\n1,2\n1,2,3\n",
        "t.csv, row 3: found 3 fields, the first line has 2; a field with the separator in it needs quotes",
    );
    check_error(
        b"a,b\n1,2\n3,\"x\n4,5\n",
        "t.csv, row 3: found a quote that is not closed; close it, or write it twice",
    );
    check_error(
        b"a,b\n1,2\n3,\0\n",
        "t.csv, row 3: found a NUL byte (byte 11); this is no text: save the table as CSV; or UTF-16: `encoding=utf-16le`",
    );
    check_error(
        b"a,b\n1,caf\xE9\n",
        "t.csv, row 2: byte 10 (0xE9) is not UTF-8; save it as UTF-8, or name what it is: `encoding=windows-1252` if an older Windows program wrote it",
    );
    check_error(
        b"a,b\n1,2\ninf,3\n",
        "t.csv, row 3, column 'a': found an infinite number; only finite numbers can be learnt from: mend the cell, or leave it empty",
    );
}

#[test]
fn blocks_of_rows_are_the_whole_table() {
    let text: String =
        std::iter::once("n,w\n".into()).chain((0..10).map(|i| format!("{i},w{}\n", i % 3))).collect();
    let kinds = [("n".to_owned(), Kind::Number(NumberForm::default())), ("w".to_owned(), Kind::Words)].into();
    let options = Options { kinds, ..Options::default() };
    let mut reader = Reader::new(text.as_bytes(), "t.csv", &options).unwrap();
    let whole = table(&text);
    let mut row = 0;
    while let Some(block) = reader.block(4).unwrap() {
        for i in 0..block.len() {
            assert_eq!(block.line(i), whole.line(row));
            for (name, column) in block.columns() {
                assert_eq!(column.text(i), whole.column(name).unwrap().text(row));
            }
            row += 1;
        }
    }
    assert_eq!(row, 10);
}

#[test]
fn columns_of_a_model_keep_their_kind() {
    let kinds = [
        ("a".to_owned(), Kind::Words),
        ("b".to_owned(), Kind::Skip),
        ("c".to_owned(), Kind::Number(NumberForm::default())),
    ]
    .into();
    let options = Options { kinds, ..Options::default() };
    let table = read("a,b,c\n01,x,5\n".as_bytes(), "t.csv", &options).unwrap();
    assert_eq!(words(&table, "a"), [Some("01".to_owned())]);
    assert_eq!(table.names().collect::<Vec<_>>(), ["a", "c"]);
    let error = read("a,b,c\n01,x,5\n1,y,many\n".as_bytes(), "t.csv", &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv, row 3, column 'c': found \"many\", expected a number; mend the cell, or leave it empty"
    );
}

#[test]
fn words_are_kept_once() {
    let Column::Words(words) = table("w\na\nb\na\n").column("w").unwrap().clone() else { panic!("words") };
    assert_eq!((words.codes(), words.known().collect::<Vec<_>>()), (&[0, 1, 0][..], vec!["a", "b"]));
    assert_ne!(Words::MISSING, 0);
}

#[test]
fn a_title_that_a_spreadsheet_filled_up_with_separators_is_no_line_of_names() {
    let rows = "Datum;Umsatz;Kauf\n01.02.2023;1.234,50;ja\n02.02.2023;12,25;nein\n03.02.2023;7,00;ja\n";
    for title in ["Bericht 2023;;\n", "Bericht 2023;;\n;;\n", "Bericht 2023;;\nStand: Mai;;\n"] {
        let table = table(&format!("{title}{rows}"));
        assert_eq!(table.names().collect::<Vec<_>>(), ["Datum", "Umsatz", "Kauf"], "{title}");
        assert_eq!(numbers(&table, "Umsatz"), [1234.5, 12.25, 7.0], "{title}");
    }
    // A line above numbers alone holds names, if only one of them is filled in.
    let table = table("n;;\n1;2;3\n4;5;6\n7;8;9\n");
    assert_eq!(table.names().next(), Some("n"));
}
