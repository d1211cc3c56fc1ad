//! Tables from real life: every format, the choice of columns, IDs, several targets.

use crate::{Place, flowers};
use clearprop_files::npz::{self, Array};
use std::fs::File;
use std::io::Write;
use std::path::Path;

fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../files/tests/data");
    folder.join(name).canonicalize().unwrap().display().to_string()
}

#[test]
fn one_table_in_every_format_gives_the_same_model() {
    let place = Place::new();
    let options = "--target small --columns cm,city,member,price,big --epochs 3 --quiet";
    let train = |from: &str, out: &str, input: Option<&str>| {
        let mut command = place.command(&format!("train {from} {options} --out {out}"));
        if let Some(input) = input {
            command.stdin(File::open(input).unwrap());
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{from}: {}", String::from_utf8_lossy(&output.stderr));
        place.bytes(&format!("{out}/model.safetensors"))
    };
    let model = train(&data("table.csv"), "csv", None);
    for name in ["table.csv.gz", "arrow-snappy.parquet", "polars-zstd.parquet"] {
        assert!(train(&data(name), name, None) == model, "{name}");
    }
    for name in ["table.csv", "table.csv.gz"] {
        assert!(train("-", &format!("stdin-{name}"), Some(&data(name))) == model, "{name} by a pipe");
    }
    // Predictions too, with the ID as it is written.
    let predict = |from: &str| {
        let output = place.run(&format!("predict csv/model.safetensors {from} --keep id"));
        assert_eq!(output.code, Some(0), "{}", output.err);
        output.out
    };
    let out = predict(&data("table.csv"));
    assert!(out.starts_with("id,small\n1000,") && out.lines().count() == 25, "{out}");
    assert_eq!(predict(&data("arrow-snappy.parquet")), out);
    place.run(&format!("predict csv/model.safetensors {} --keep id -o p.parquet", data("table.csv")));
    assert!(place.bytes("p.parquet").starts_with(b"PAR1"));
}

/// The README's commands on the tables that it names, word for word, and what it shows of their output:
/// figures may differ in their digits from machine to machine, nothing else.
#[test]
fn the_readme_shows_what_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let part = readme.split("\n## ").find(|part| part.starts_with("Your own table\n")).unwrap();
    let block = |block: &str| {
        let (kind, text) = block.split_once('\n').unwrap();
        (kind.to_owned(), text.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let mut blocks = part.split("```").skip(1).step_by(2).map(block);
    let (kind, commands) = blocks.next().unwrap();
    assert_eq!((kind.as_str(), commands.len()), ("sh", 3));
    let place = Place::new();
    std::fs::create_dir(place.path("examples")).unwrap();
    for name in ["members.csv", "newcomers.csv"] {
        place.write(&format!("examples/{name}"), std::fs::read(root.join("examples").join(name)).unwrap());
    }
    let without_digits = |line: &str| {
        line.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect::<String>().trim_end().to_owned()
    };
    let mut blocks: Vec<_> = blocks.collect();
    // Behind them commands with what they print, one by one.
    let behind = blocks.split_off(3);
    let first = commands.iter().zip(&blocks);
    let more = behind.as_chunks().0.iter().map(|[(kind, commands), shown]| {
        assert_eq!((kind.as_str(), commands.len()), ("sh", 1));
        (&commands[0], shown)
    });
    for (command, (kind, shown)) in first.chain(more) {
        let ended = place.run(command.strip_prefix("clearprop ").unwrap());
        assert_eq!(ended.code, Some(0), "{command}: {}", ended.err);
        let out = if ended.out.is_empty() { place.read("predicted.csv") } else { ended.out };
        let mut lines = out.lines().map(without_digits);
        for line in shown.iter().filter(|line| *line != "...") {
            assert!(
                kind == "text" && lines.any(|out| out == without_digits(line)),
                "{command}: {line}\n{out}"
            );
        }
    }
    assert_eq!(place.read("predicted.csv").lines().count(), 121);
    // The same rows in every format give the same model.
    let members = place.bytes("examples/members.csv");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&members).unwrap();
    place.write("members.csv.gz", packed.finish().unwrap());
    place.write("members.parquet", std::fs::read(root.join("examples/members.parquet")).unwrap());
    let model = place.bytes("runs/members-1/model.safetensors");
    for from in ["members.csv.gz", "members.parquet", "-"] {
        let mut command =
            place.command(&format!("train {from} --target stays --drop id,joined --quiet --out run-{from}"));
        let output = command.stdin(File::open(place.path("examples/members.csv")).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{from}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(place.bytes(&format!("run-{from}/model.safetensors")) == model, "{from}");
    }
}

#[test]
fn csv_comes_without_a_header_with_other_separators_and_decimal_commas() {
    let place = Place::new();
    place.write("plain.csv", flowers());
    let text = flowers().replace(',', ";").replace('.', ",").replace("lily; white", "lily, white");
    place.write("comma.csv", &text);
    let train = |line: &str, out: &str| {
        place.ok(&format!("train {line} --epochs 3 --out {out} --quiet"));
        place.bytes(&format!("{out}/model.safetensors"))
    };
    let model = train("plain.csv --target kind", "plain");
    let comma = train("comma.csv --target kind --separator ; --decimal-comma", "comma");
    assert!(train("comma.csv --target kind", "found") == comma, "it is found out too");
    place.write("excel.csv", format!("sep=;\r\n{}", text.replace('\n', "\r\n")));
    assert!(train("excel.csv --target kind", "excel") == comma, "Excel's first line");
    // Each model reads new rows as it knows them, and both are the same network.
    assert!(comma != model);
    assert_eq!(
        place.ok("predict comma/model.safetensors comma.csv"),
        place.ok("predict plain/model.safetensors plain.csv")
    );
    // Umlauts as Windows writes them, and as everybody else does.
    let umlauts = |from: char, to: &[u8]| -> Vec<u8> {
        flowers().chars().flat_map(|c| if c == from { to.to_vec() } else { vec![c as u8] }).collect()
    };
    place.write("utf8.csv", umlauts('o', "\u{f6}".as_bytes()));
    place.write("latin1.csv", umlauts('o', b"\xf6"));
    let model = train("utf8.csv --target kind", "utf8");
    assert!(train("latin1.csv --target kind --encoding latin1", "latin1") == model);
    // Years are names if the target stands beside them.
    let years = flowers().replacen("length,width", "2023,2024", 1);
    place.write("years.csv", &years);
    let said = place.ok("train years.csv --target kind --epochs 1 --out years");
    assert!(said.contains("rows: 33 to train on, 12 to test on"), "{said}");
    let rows = flowers().split_once('\n').unwrap().1.to_owned();
    place.write("bare.csv", &rows);
    let report = |line: &str| place.ok(&format!("evaluate {line} --json"));
    place.write("columns.csv", format!("column 1,column 2,column 3\n{rows}"));
    let mut command = place.command("train bare.csv --no-header --epochs 3 --out bare --quiet --target");
    assert!(command.arg("column 3").status().unwrap().success());
    assert_eq!(
        report("bare/model.safetensors bare.csv --no-header"),
        report("bare/model.safetensors columns.csv"),
    );
    assert!(report("bare/model.safetensors columns.csv").contains("\"accuracy\""));
}

#[test]
fn columns_are_chosen_or_dropped_and_ids_kept() {
    let place = Place::new();
    let rows = flowers();
    let rows = rows.lines().skip(1).enumerate().map(|(i, row)| format!("{i:03},{row}\n"));
    place.write("ids.csv", format!("id,length,width,kind\n{}", rows.collect::<String>()));
    let options = "--target kind --epochs 2 --quiet --out";
    place.ok(&format!("train ids.csv --drop id {options} a"));
    place.ok(&format!("train ids.csv --columns length,width {options} b"));
    assert!(place.bytes("a/model.safetensors") == place.bytes("b/model.safetensors"));
    let out = place.ok("predict a/model.safetensors ids.csv --keep id,width");
    assert!(out.starts_with("id,width,label,p_iris,\"p_lily, white\",p_rose\n000,"), "{out}");
}

#[test]
fn several_columns_of_0_and_1_are_labels() {
    let place = Place::new();
    let row = |i: u32| format!("{},{},{},{}\n", i, i * 7 % 40, u32::from(i > 20), u32::from(i * 7 % 40 > 20));
    place.write("t.csv", format!("a,b,big,odd\n{}", (0..40).map(row).collect::<String>()));
    let out = place.ok("train t.csv --target big,odd --epochs 300 --step-size 0.01 --out run");
    assert!(out.contains("logistic"), "{out}");
    let out = place.ok("predict run/model.safetensors t.csv");
    assert!(out.starts_with("big,p_big,odd,p_odd\n0,0.") && out.lines().count() == 41, "{out}");
    assert!(place.ok("evaluate run/model.safetensors t.csv --json").contains("\"labels\""));
}

/// Our own names are lower-case, and classes may have names.
#[test]
fn arrays_may_be_called_x_and_hold_words() {
    let place = Place::new();
    let x = Array::f64(&[20, 2], (0..40).map(|i| f64::from(i * 7 % 11)).collect());
    let words: Vec<String> = (0..20).map(|i| ["no", "yes"][i % 2].to_owned()).collect();
    let y = Array { shape: vec![20], values: npz::Values::Text(words) };
    place.write("t.npz", npz::write([("x", &x), ("y", &y)]).unwrap());
    place.ok("train t.npz --steps 2 --out run --quiet");
    assert!(place.ok("predict run/model.safetensors t.npz").starts_with("label,p_no,p_yes\n"));
}

/// Arrays as a notebook has them: a last column of ones in X, biases as the last row of W1.
#[test]
fn the_bias_trick_is_taken_for_what_it_is() {
    let place = Place::new();
    let value = |i: usize, j: usize| ((i * 7 + j * 3) % 11) as f64 / 11.0;
    let x = |columns: usize| -> Vec<f64> {
        let column = |i: usize, j: usize| if j == 2 { 1.0 } else { value(i, j) };
        (0..20).flat_map(|i| (0..columns).map(move |j| column(i, j))).collect()
    };
    for (name, columns) in [("trick", 3), ("plain", 2)] {
        let arrays = [
            ("X", Array::f64(&[20, columns], x(columns))),
            ("y", Array::f64(&[20], (0..20).map(|i| f64::from(i % 2)).collect())),
            ("W1", Array::f64(&[3, 4], (0..12).map(|i| value(i, 1) - 0.5).collect())),
            ("W2", Array::f64(&[5, 2], (0..10).map(|i| value(i, 2) - 0.5).collect())),
        ];
        let bytes = npz::write(arrays.iter().map(|(name, array)| (*name, array))).unwrap();
        place.write(&format!("{name}.npz"), bytes);
    }
    let said = place.ok("train trick.npz --start trick.npz --steps 3 --out trick");
    assert!(said.contains("the bias is the last row of W (X carries its ones)"), "{said}");
    place.ok("train plain.npz --start plain.npz --steps 3 --out plain --quiet");
    assert!(place.bytes("trick/model.safetensors") == place.bytes("plain/model.safetensors"));
    assert_eq!(place.ok("predict trick/model.safetensors trick.npz").lines().count(), 21);
}
