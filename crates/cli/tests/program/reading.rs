//! What is read beside one CSV file: a test file of one's own, parts of Parquet, arrays of any name; what is
//! refused, with the line that converts it; what `inspect` says of a table without training.

use crate::bad_input::{check_bytes, refused};
use crate::{Place, flowers};
use clearprop_files::npz::{self, Array, Values};
use std::io::{Cursor, Write};

fn golden_table(name: &str) -> Vec<u8> {
    let path = format!("{}/../files/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

#[test]
fn a_test_file_of_ones_own_is_tested_on_and_nothing_else() {
    let place = Place::new();
    let all = flowers();
    let rows: Vec<&str> = all.lines().skip(1).collect();
    place.write("train.csv", format!("length,width,kind\n{}\n", rows[..30].join("\n")));
    // Its columns may stand in another order, and it may have more.
    let turned = |row: &&str| {
        let (length, rest) = row.split_once(',').unwrap();
        let (width, kind) = rest.split_once(',').unwrap();
        format!("{kind},note,{width},{length}\n")
    };
    let test = "kind,more,width,length\n".to_owned() + &rows[30..].iter().map(turned).collect::<String>();
    place.write("test.csv", &test);
    let said = place.ok("train train.csv --target kind --test test.csv --out run");
    assert!(said.contains("\nrows: 30 to train on, 15 to test on\n"), "{said}");
    let accuracy = place.json("run/summary.json")["test_accuracy"].clone();
    let report: serde_json::Value = serde_json::from_str(&place.ok("evaluate run test.csv --json")).unwrap();
    assert_eq!(report["accuracy"], accuracy);
    // Nothing is learnt from it: the same training rows give the same model whatever stands there.
    place.write("other.csv", "kind,width,length\nrose,1,3\niris,2,2\n");
    place.ok("train train.csv --target kind --test other.csv --out other --quiet");
    let weights = |run: &str| place.ok(&format!("predict {run} train.csv"));
    assert_eq!(weights("other"), weights("run"));
    place.write("lacks.csv", "kind,width\nrose,1\n");
    let ended = place.run("train train.csv --target kind --test lacks.csv --out no");
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.ends_with("lacks.csv: there is no column 'length'; the columns are 'kind', 'width'\n"),
        "{}",
        ended.err
    );
    refused(
        &place,
        "train train.csv --target kind --test test.csv --test-size 0.2 --out no",
        2,
        "--test: cannot be given together with --test-size <X>; leave out one of them",
    );
    let ended = place.run("train train.csv --target kind --test none.csv --out no");
    assert!(
        ended.code == Some(2) && ended.err.contains("none.csv: cannot read: there is no such file"),
        "{}",
        ended.err
    );
}

#[test]
fn weights_of_classes_are_for_the_rare_one() {
    let place = Place::new();
    // Nine in ten say no, whatever x is; the classes lie half over each other.
    let row = |i: u32| {
        format!(
            "{},{}\n",
            f64::from(i * 37 % 100) / 10.0 + f64::from(u8::from(i.is_multiple_of(10))) * 4.0,
            if i.is_multiple_of(10) { "yes" } else { "no" }
        )
    };
    place.write("t.csv", "x,y\n".to_owned() + &(0..400).map(row).collect::<String>());
    let called = |weight: &str| {
        place.ok(&format!("train t.csv --target y --class-weight {weight} --out {weight} --quiet"));
        let report: serde_json::Value =
            serde_json::from_str(&place.ok(&format!("evaluate {weight} t.csv --json"))).unwrap();
        report["classes"][1]["recall"].as_f64().unwrap()
    };
    let (plain, balanced) = (called("none"), called("balanced"));
    assert!(balanced > plain + 0.2, "{plain} {balanced}");
    assert_eq!(place.json("balanced/summary.json")["settings"]["class_weight"], "balanced");
    refused(
        &place,
        "train t.csv --target y --class-weight 2",
        2,
        "--class-weight: found '2'; there are: none, balanced",
    );
}

#[test]
fn words_alike_are_joined_as_in_the_clean_table() {
    let place = Place::new();
    let table = |city: [&str; 3], answer: [&str; 3]| {
        let row = |i: usize| {
            let (city, answer) = if i % 7 < 3 { (city[i % 3], "no") } else { ("Jena", answer[i % 3]) };
            format!("{},{city},{answer}\n", i * 37 % 100)
        };
        "x,city,y\n".to_owned() + &(0..210).map(row).collect::<String>()
    };
    place.write("clean.csv", table(["Ulm"; 3], ["yes"; 3]));
    place.write("typed.csv", table(["Ulm", "ulm ", "Ulm"], ["yes", "Yes", "yes"]));
    let said = place.ok("train typed.csv --target y --out apart");
    assert!(
        said.contains(
            "classes differ by case or blanks alone: \"Yes\" and \"yes\" are two classes (--alike join"
        ),
        "{said}"
    );
    place.ok("train clean.csv --target y --out clean --quiet");
    let said = place.ok("train typed.csv --target y --alike join --out joined");
    assert!(!said.contains("differ by case"), "{said}");
    let losses = |run: &str| place.read(&format!("{run}/history.csv"));
    assert_eq!(losses("joined"), losses("clean"));
    let predicted = |run: &str, table: &str| place.ok(&format!("predict {run} {table} -o -"));
    assert_eq!(predicted("joined", "typed.csv"), predicted("clean", "clean.csv"));
    let figures = |run: &str, table: &str| {
        place.ok(&format!("evaluate {run} {table}")).lines().next().map(str::to_owned)
    };
    assert_eq!(figures("joined", "typed.csv"), figures("clean", "clean.csv"));
}

#[test]
fn inspect_says_what_would_be_read_and_writes_nothing() {
    let place = Place::new();
    place.write("t.csv", "size;city;day;y\n1,5;Ulm;2024-05-01;a\n2,5;Jena;2024-06-01;\n;Ulm;2024-07-01;b\n");
    let out = place.ok("inspect t.csv --target y");
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("2 rows, 4 columns"));
    assert_eq!(lines.next(), Some("fields are separated by ';' (--separator says otherwise)"));
    assert!(out.contains("1 row without an answer is left out: row 3\n"), "{out}");
    let row = |name: &str| {
        out.lines()
            .find(|line| line.trim_start().starts_with(name))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(row("size"), "size numbers (decimal comma) 1 1.5 to 1.5");
    assert_eq!(row("city"), "city words 0 Ulm");
    assert_eq!(row("day"), "day dates (%Y-%m-%d) 0 2024-05-01 to 2024-07-01");
    let json: serde_json::Value = serde_json::from_str(&place.ok("inspect t.csv --json")).unwrap();
    assert_eq!((&json["rows"], &json["columns"][1]["different"]), (&3.into(), &2.into()));
    assert_eq!(json["columns"][0]["kind"], "numbers");
    assert_eq!(place.files(), ["t.csv"]);
    refused(&place, "inspect none.csv", 2, "none.csv: cannot read: there is no such file; check the path");
    refused(
        &place,
        "inspect t.csv --target z",
        2,
        "t.csv: there is no column 'z'; the columns are 'size', 'city', 'day', 'y'",
    );
}

#[test]
fn parts_of_parquet_are_one_table() {
    let place = Place::new();
    std::fs::create_dir(place.path("parts")).unwrap();
    for part in ["parts/a.parquet", "parts/b.parquet"] {
        place.write(part, golden_table("arrow-snappy.parquet"));
    }
    // What Spark and others leave beside them is no part.
    place.write("parts/_SUCCESS", "");
    place.write("parts/.a.parquet.crc", "");
    let (head, rows) = String::from_utf8(golden_table("table.csv"))
        .unwrap()
        .split_once('\n')
        .map(|(h, r)| (h.to_owned(), r.to_owned()))
        .unwrap();
    place.write("twice.csv", format!("{head}\n{rows}{rows}"));
    let train = |from: &str, out: &str| {
        place.ok(&format!(
            "train {from} --target small --columns cm,city,member,price,big --epochs 3 --quiet --out {out}"
        ));
        place.bytes(&format!("{out}/model.safetensors"))
    };
    let twice = train("twice.csv", "twice");
    assert!(train("parts", "folder") == twice);
    assert!(train("parts/*.parquet", "pattern") == twice);
    // Half of the rows are another table.
    let ended = place
        .run("train parts/a* --target small --columns cm,city,member,price,big --epochs 3 --quiet --out one");
    assert!(ended.code == Some(0) && place.bytes("one/model.safetensors") != twice, "{}", ended.err);
    assert_eq!(place.ok("predict folder parts").lines().count(), 49);
    place.write("parts/c.parquet", crate::field::file("lz4.parquet"));
    let ended = place.run("train parts --target small --out no");
    assert!(
        ended.code == Some(2) && ended.err.starts_with("error: parts/c.parquet: there is no column "),
        "{}",
        ended.err
    );
    std::fs::create_dir(place.path("empty")).unwrap();
    let ended = place.run("train empty --target y");
    assert_eq!(
        ended.err,
        "error: empty: there is no file *.parquet in the folder empty; name a table, or a folder of Parquet files\n"
    );
}

/// (40, 3), and a class that its first column says.
fn matrix() -> (Array, Vec<i64>) {
    let value = |k: usize| (k * 37 % 101) as f64 / 50.0 - 1.0;
    let x = Array::f64(&[40, 3], (0..120).map(value).collect());
    (x, (0..40).map(|i| i64::from(value(3 * i) > 0.0)).collect())
}

#[test]
fn arrays_of_any_name_and_answers_of_any_shape() {
    let place = Place::new();
    let (x, classes) = matrix();
    let y = Array::whole(classes.iter().copied());
    let hot = Array::f64(
        &[40, 2],
        classes.iter().flat_map(|&k| [f64::from(u8::from(k == 0)), f64::from(u8::from(k == 1))]).collect(),
    );
    let write = |name: &str, arrays: &[(&str, &Array)]| {
        place.write(name, npz::write(arrays.iter().copied()).unwrap())
    };
    write("plain.npz", &[("X", &x), ("y", &y)]);
    write("named.npz", &[("data", &x), ("labels", &y)]);
    write("hot.npz", &[("X", &x), ("y", &hot)]);
    write("three.npz", &[("data", &x), ("labels", &y), ("notes", &Array::scalar(3.0))]);
    let train = |line: &str| place.ok(&format!("train {line} --out run --overwrite"));
    let score = |said: &str| said.lines().find(|line| line.starts_with("Test accuracy")).unwrap().to_owned();
    let plain = score(&train("plain.npz"));
    let said = train("named.npz");
    assert!(
        said.starts_with("the inputs are the array 'data' (--x ARRAY says otherwise)\ntarget 'labels': "),
        "{said}"
    );
    assert_eq!(score(&said), plain);
    let said = train("hot.npz");
    assert!(said.starts_with("'y' is one-hot: each row's class is the place of its 1\n"), "{said}");
    assert_eq!(score(&said), plain);
    assert_eq!(score(&train("three.npz --x data --target labels")), plain);
    refused(
        &place,
        "train three.npz",
        2,
        "three.npz, array 'X': there is no such array; the arrays are 'data' (40, 3), 'labels' (40), 'notes' (); \
         name them: --x ARRAY --target ARRAY",
    );
    refused(
        &place,
        "train three.npz --x notes --target labels",
        2,
        "three.npz, array 'notes': found shape (), a matrix (rows, columns) is needed",
    );
    let ended = place.run("train three.npz --x data --target nothing");
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.starts_with("error: three.npz: there is no column 'nothing'"), "{}", ended.err);
    // Words as answers, and what rows there are of each.
    let words = classes.iter().map(|&k| ["no", "yes"][usize::try_from(k).unwrap()].to_owned()).collect();
    write("words.npz", &[("X", &x), ("y", &Array { shape: vec![40], values: Values::Text(words) })]);
    let said = train("words.npz");
    assert!(said.starts_with("target 'y': words are classes"), "{said}");
    write("short.npz", &[("X", &x), ("y", &Array::whole(classes[..39].iter().copied()))]);
    refused(
        &place,
        "train short.npz",
        2,
        "short.npz, array 'y': has 39 rows, X has 40; each row needs its answer",
    );
}

/// One array, as `np.save` writes it.
fn npy(descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let head = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(head.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &length, head.as_bytes(), values].concat()
}

#[test]
fn one_array_is_a_table_without_names() {
    let place = Place::new();
    let (x, classes) = matrix();
    let Values::F64(values) = &x.values else { unreachable!() };
    let row =
        |i: usize| values[3 * i..3 * i + 3].iter().copied().chain([classes[i] as f64]).collect::<Vec<_>>();
    let all: Vec<f64> = (0..40).flat_map(row).collect();
    place.write(
        "t.npy",
        npy("'<f8'", "(40, 4)", &all.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>()),
    );
    let said = place.ok("train t.npy --target x3 --out run");
    assert!(said.contains("the inputs are the array 't' (--x ARRAY says otherwise)\ntarget 'x3': whole numbers with 2 values are classes"), "{said}");
    assert_eq!(place.ok("predict run t.npy").lines().count(), 41);
    refused(
        &place,
        "train t.npy",
        2,
        "--target: is missing; name the column to predict; the columns are x0, x1, x2, x3",
    );
}

/// Arrays of Python's objects, of records, of dates: told, with what makes a plain one.
#[test]
fn arrays_that_are_no_numbers_say_what_makes_them_such() {
    let (x, _) = matrix();
    let with = |descr: &str, values: &[u8]| {
        let mut archive = zip::ZipWriter::new(Cursor::new(npz::write([("X", &x)]).unwrap()));
        archive = zip::ZipWriter::new_append(archive.finish().unwrap()).unwrap();
        archive.start_file("y.npy", zip::write::SimpleFileOptions::DEFAULT).unwrap();
        archive.write_all(&npy(descr, "(40,)", values)).unwrap();
        archive.finish().unwrap().into_inner()
    };
    for (descr, found) in [
        (
            "'|O'",
            "an object array cannot be read; save it plain: y.astype(float), or y.astype(str) if it holds words",
        ),
        (
            "[('a', '<f8'), ('b', '<i4')]",
            "records (several values in one) cannot be read; save a table: pandas.DataFrame(y).to_csv('table.csv', index=False)",
        ),
        ("'<M8[D]'", "values of the kind '<M8[D]' cannot be read; save a plain array of numbers"),
    ] {
        check_bytes(
            &[("t.npz", &with(descr, &[0; 320]))],
            "train t.npz",
            &format!("t.npz, array 'y': {found}"),
        );
    }
}

/// Files of other programs are known by their first bytes, whatever they are called.
#[test]
fn files_of_other_programs_are_refused_with_the_line_that_converts_them() {
    let pandas = |what: &str| format!("python -c \"import pandas; pandas.{what}\"");
    let cases: &[(&[u8], &str, String)] = &[
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "an Excel workbook (.xls)",
            pandas("read_excel('t.csv').to_csv('t.csv.csv', index=False)"),
        ),
        (
            b"@RELATION iris\n@ATTRIBUTE a REAL\n@DATA\n1,u\n",
            "an ARFF file",
            "arff.loadarff('t.csv')".to_owned(),
        ),
        (b"% a comment\n\n@relation x\n", "an ARFF file", "arff.loadarff('t.csv')".to_owned()),
        (b"1 1:0.5 3:2\n-1 2:1\n", "rows of libsvm (label index:value ..)", "load_svmlight_file".to_owned()),
        (
            b"<html><table></table></html>",
            "a web page or XML, not a table",
            pandas("read_html('t.csv')[0].to_csv('t.csv.csv', index=False)"),
        ),
        (
            b"\x80\x04\x95\x10\0\0\0\0\0\0\0]\x94.",
            "a pickle, which may run anything that it likes when it is opened",
            pandas("read_pickle('t.csv').to_csv('t.csv.csv', index=False)"),
        ),
        (
            b"SQLite format 3\0\x10\0",
            "an SQLite database",
            "sqlite3 -header -csv 't.csv' 'select * from TABLE' > table.csv".to_owned(),
        ),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file", pandas("read_hdf('t.csv').to_csv('t.csv.csv', index=False)")),
        (
            b"ARROW1\0\0",
            "a Feather (Arrow) file",
            pandas("read_feather('t.csv').to_parquet('t.csv.parquet')"),
        ),
        (b"FEA1\0\0\0\0", "a Feather (Arrow) file", "read_feather".to_owned()),
        (
            b"RDX3\nX\n\0\0",
            "a file of R's data",
            "write.csv(readRDS('t.csv'), 'table.csv', row.names = FALSE)".to_owned(),
        ),
        (b"$FL2@(#) SPSS", "an SPSS file", pandas("read_spss('t.csv').to_csv('t.csv.csv', index=False)")),
        (b"<stata_dta><header>", "a Stata file", "read_stata".to_owned()),
        (b"ORC\x11\0\0", "an ORC file", "read_orc".to_owned()),
        (b"Obj\x01\x04\x14", "an Avro file", "read_avro".to_owned()),
        (b"{\"a\": 1, \"b\": [1, 2]}", "JSON, and not a table", "an array of objects".to_owned()),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64\0\0", "a MATLAB file", "loadmat('t.csv')".to_owned()),
        (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!0000", "a SAS file", "read_sas".to_owned()),
    ];
    for (bytes, what, line) in cases {
        let place = Place::new();
        let packed = || {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        };
        // Packed too.
        for bytes in [bytes.to_vec(), packed()] {
            place.write("t.csv", bytes);
            let ended = place.run("train t.csv --target y");
            assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{what}: {}", ended.err);
            let is = ended
                .err
                .strip_prefix("error: t.csv: this is ")
                .or_else(|| ended.err.strip_prefix("error: t.csv: these are "));
            assert!(
                is.is_some_and(|rest| rest.starts_with(what)) && ended.err.contains(line.as_str()),
                "{what}: {}",
                ended.err
            );
        }
    }
    // What only begins like one is a table.
    for name in ["FEA1", "ORCHARD", "SQLite", "RDX2", "ARROWS", "Object"] {
        let place = Place::new();
        let rows: String = (0..20).map(|i| format!("{i},{}\n", ["u", "v"][i * 3 % 2])).collect();
        place.write("t.csv", format!("{name},y\n{rows}"));
        place.ok("train t.csv --target y --epochs 1 --quiet --out run");
    }
}
