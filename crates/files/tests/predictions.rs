//! Predictions: one schema, in both formats.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like the tests")]

use clearprop::loss::Loss;
use clearprop::table::{Answers, Column, Table};
use clearprop_files::predictions::{Columns, Predictions};
use clearprop_files::table::{Opened, Options, open};
use ndarray::{Array2, array};
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("clearprop-predictions-{}-{name}", std::process::id()))
}

fn kept() -> Table {
    Table::new(vec![("id, old".into(), Column::words(["007", "", "a\"b"]))]).unwrap()
}

fn classes() -> Answers {
    Answers::Classes {
        column: "kind".into(),
        names: vec!["cat".into(), "dog, big".into()],
        loss: Loss::Softmax,
    }
}

/// What is written as CSV to a stream.
fn csv(answers: &Answers, kept_names: &[String], outputs: &Array2<f32>) -> String {
    let mut out = Vec::new();
    let mut predictions =
        Predictions::to_stream(&mut out, &Columns { kept: kept_names, answers, interval: None }).unwrap();
    let rows: Vec<u32> = (0..3).take(outputs.nrows()).collect();
    assert!(predictions.push(&kept(), &rows, outputs.view()).unwrap());
    predictions.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_columns_are_those_of_the_schema() {
    let outputs = array![[0.75f32, 0.25], [0.5, 0.5], [0.1, 0.9]];
    assert_eq!(
        csv(&classes(), &["id, old".into()], &outputs),
        "\"id, old\",label,p_cat,\"p_dog, big\"\n007,cat,0.75,0.25\n,cat,0.5,0.5\n\"a\"\"b\",\"dog, big\",0.1,0.9\n"
    );
    let labels = Answers::Labels { columns: vec!["rain".into(), "wind".into()] };
    assert_eq!(
        csv(&labels, &[], &outputs),
        "rain,p_rain,wind,p_wind\n1,0.75,0,0.25\n0,0.5,0,0.5\n0,0.1,1,0.9\n"
    );
    let columns = vec!["price".into(), "age".into()];
    let numbers =
        Answers::Numbers { columns, means: vec![0.0; 2], scales: vec![1.0; 2], loss: Loss::Squared };
    assert_eq!(csv(&numbers, &[], &outputs), "price,age\n0.75,0.25\n0.5,0.5\n0.1,0.9\n");
    let of = Columns { kept: &["label".into()], answers: &classes(), interval: None };
    let error = Predictions::to_stream(Vec::<u8>::new(), &of).err().unwrap();
    assert_eq!(
        error.to_string(),
        "column 'label': the result would have two columns of this name; rename the column that is kept"
    );
}

fn read(path: &std::path::Path) -> Table {
    let options = Options::default();
    match open(path, &options, &mut |_, _| {}).unwrap() {
        Opened::Rows(rows) => rows.read().unwrap(),
        Opened::Arrays(_) => panic!("these are rows"),
    }
}

#[test]
fn both_formats_hold_the_same_and_stand_whole_or_not_at_all() {
    // More rows than a group of Parquet has.
    let n = 70_000;
    let ids: Vec<String> =
        (0..n).map(|i| if i % 5 == 0 { String::new() } else { format!("id{i}") }).collect();
    let table = Table::new(vec![("id".into(), Column::words(ids.iter().map(String::as_str)))]).unwrap();
    let outputs = Array2::from_shape_fn((n, 2), |(i, j)| {
        let p = i as f32 / 70_000.0;
        if j == 0 { p } else { 1.0 - p }
    });
    let rows: Vec<u32> = (0..).take(n).collect();
    let mut names = vec!["p.csv"];
    if cfg!(feature = "parquet") {
        names.push("p.parquet");
    }
    let of = Columns { kept: &["id".into()], answers: &classes(), interval: None };
    let paths: Vec<PathBuf> = names.into_iter().map(path).collect();
    for path in &paths {
        let mut predictions = Predictions::to_file::<f32>(path, &of).unwrap();
        predictions.push(&table, &rows, outputs.view()).unwrap();
        assert!(!path.exists());
        drop(predictions);
        assert!(!path.exists());
        let mut predictions = Predictions::to_file::<f32>(path, &of).unwrap();
        predictions.push(&table, &rows, outputs.view()).unwrap();
        predictions.push(&kept(), &rows[..1], outputs.view()).unwrap_err();
        predictions.finish().unwrap();
    }
    let tables: Vec<Table> = paths.iter().map(|path| read(path)).collect();
    assert_eq!(tables[0].len(), n);
    assert_eq!(tables[0].names().collect::<Vec<_>>(), ["id", "label", "p_cat", "p_dog, big"]);
    assert_eq!(tables[0].column("label").unwrap().text(69_999), "cat");
    for (name, column) in tables[0].columns() {
        let texts =
            |table: &Table| (0..n).map(|row| table.column(name).unwrap().text(row)).collect::<Vec<_>>();
        assert!(tables.iter().all(|table| texts(table) == texts(&tables[0])), "{name}");
        assert_eq!(column.len(), n);
    }
    paths.iter().for_each(|path| std::fs::remove_file(path).unwrap());
}
