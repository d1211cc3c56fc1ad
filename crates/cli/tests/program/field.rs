//! Tables as people have them (`field/`): each is read as it is meant, says so, and gives the figures of its
//! clean twin.

use crate::Place;
use clearprop_files::npz::{self, Array, Values};

pub(crate) fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/program/field/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn text(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}

/// What a run says, without the lines of its epochs.
#[derive(Debug)]
struct Said(String);

impl Said {
    /// Trains on `bytes` in a file of this name; blanks part the options, `|` where there are blanks in one.
    #[track_caller]
    fn of(name: &str, bytes: impl AsRef<[u8]>, options: &str) -> Self {
        let place = Place::new();
        place.write(name, bytes);
        let mut command = place.command(&format!("train {name} --out run"));
        match options.contains('|') {
            true => command.args(options.split('|')),
            false => command.args(options.split_whitespace()),
        };
        let ended = command.output().unwrap();
        let out = String::from_utf8(ended.stdout).unwrap() + &String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{name} {options}: {out}");
        Self(out.lines().filter(|line| !line.starts_with("Epoch")).collect::<Vec<_>>().join("\n"))
    }

    fn score(&self) -> &str {
        self.0.lines().find(|line| line.starts_with("Test ")).unwrap_or_default()
    }

    /// Accuracy or R2.
    fn figure(&self) -> f64 {
        let number = self.score().split(['=', ' ']).nth(2).unwrap();
        number.parse().unwrap_or_else(|_| panic!("{}", self.score()))
    }

    #[track_caller]
    fn says(&self, line: &str) {
        assert!(self.0.lines().any(|found| found == line), "not said: {line}\n{}", self.0);
    }

    #[track_caller]
    fn says_nothing_of(&self, word: &str) {
        assert!(!self.0.contains(word), "{}", self.0);
    }
}

/// A file and its clean twin, of the same options, give the same figures, to the last digit shown.
#[track_caller]
fn twins(name: &str, twin: &str, options: &str) -> Said {
    let (said, clean) = (Said::of(name, file(name), options), Said::of("twin.csv", twin, options));
    assert!(said.score().starts_with("Test "), "{name}: {}", said.0);
    assert_eq!(said.score(), clean.score(), "{name}: {}\n\ntwin: {}", said.0, clean.0);
    said
}

/// The lines of a text, each changed, as a text again.
fn each(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    text.lines().filter_map(change).map(|line| line + "\n").collect()
}

#[test]
fn dots_between_thousands_are_no_decimal_points() {
    let said = twins("mieten.csv", &text("mieten-plain.csv"), "--target miete");
    said.says("fields are separated by ';' (--separator says otherwise)");
    said.says("columns 'anteil', 'einwohner', 'miete': read with a decimal comma, dots between thousands");
    assert!(said.figure() > 0.9, "{}", said.score());
}

#[test]
fn an_unnamed_column_that_counts_the_rows_is_left_out() {
    let twin = each(&text("patients.csv"), |line| Some(line.split_once(',').unwrap().1.to_owned()));
    let said = twins("patients.csv", &twin, "--target ill");
    said.says("column 'column 1': left out, it has no name and counts the rows");
    // A counting column with a name is a column.
    let named = text("patients.csv").replacen("\"\"", "x", 1);
    let said = Said::of("named.csv", named, "--target ill");
    said.says("warning: column 'x': may give the answer away: it counts the rows, and the answers are sorted by it (--drop x says otherwise)");
}

#[test]
fn every_marker_of_a_missing_value_is_one() {
    let empty = |name: &str, marker: &str| {
        each(&text(name), |line| {
            Some(line.strip_prefix(marker).filter(|rest| rest.starts_with(',')).unwrap_or(line).to_owned())
        })
    };
    let clean = empty("dash.csv", "-");
    assert_eq!(clean.lines().filter(|line| line.starts_with(',')).count(), 7);
    twins("dash.csv", &clean, "--target y")
        .says("column 'a': \"-\" taken as missing (--categories a says otherwise)");
    twins("na-excel.csv", &empty("na-excel.csv", "#N/A"), "--target y");
    let wanted = Said::of("clean.csv", &clean, "--target y");
    wanted.says("column 'a': missing values are filled with the median: 6 of 45 values, median -0.137");
    for marker in [
        "--", ".", "None", "none", "#DIV/0!", "missing", "unknown", "nil", "\\N", "(blank)", "\u{2014}",
        "<NA>", "NaT", "n/a", "NULL", "-nan", "1.#QNAN", "#VALUE!", "..",
    ] {
        let marked = each(&clean, |line| {
            Some(if line.starts_with(',') { format!("{marker}{line}") } else { line.to_owned() })
        });
        assert_eq!(Said::of("m.csv", marked, "--target y").score(), wanted.score(), "{marker}");
    }
    // A number that stands for a missing value is pointed out, and taken as one if that is said.
    let said = Said::of("sentinel.csv", file("sentinel.csv"), "--target y");
    said.says("warning: column 'a': -999 may stand for a missing value: 6 rows have it, the others lie between -1.92 and 1.567 (--missing -999 says otherwise)");
    twins("sentinel.csv", &empty("sentinel.csv", "-999"), "--target y --missing -999");
}

#[test]
fn rows_without_an_answer_are_left_out_and_counted() {
    let twin = each(&text("ozone.csv"), |line| (!line.ends_with(",NA")).then(|| line.to_owned()));
    twins("ozone.csv", &twin, "--target ozone")
        .says("12 rows without an answer are left out: the first is row 4");
    let said = twins(
        "excel-tail.csv",
        &each(&text("excel-tail.csv"), |line| {
            Some(line.trim_end_matches(',').to_owned()).filter(|line| !line.is_empty())
        }),
        "--target y",
    );
    said.says_nothing_of("without an answer");
    said.says("columns 'column 4', 'column 5': dropped, without a value in the training rows");
    let twin = text("total.csv").replace("Total,,\n", "");
    let said = twins("total.csv", &twin, "--target y");
    said.says("warning: column 'a': \"Total\" taken as a missing value (--categories a says otherwise)");
    said.says("1 row without an answer is left out: row 62");
    // Evaluating does the same.
    let place = Place::new();
    place.write("ozone.csv", file("ozone.csv"));
    place.ok("train ozone.csv --target ozone --epochs 2 --quiet --out run");
    let ended = place.run("evaluate run ozone.csv");
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (Some(0), "12 rows without an answer are left out: the first is row 4\n")
    );
    assert!(ended.out.starts_with("48 rows, "), "{}", ended.out);
    assert_eq!(place.ok("predict run ozone.csv").lines().count(), 61);
}

#[test]
fn classes_of_one_row_are_trained_on() {
    Said::of("kinds.csv", file("kinds.csv"), "--target kind")
        .says("warning: column 'kind': 6 classes have one row each, which are trained on");
    let one = each(&text("kinds.csv"), |line| {
        (!line.contains("rare") || line.ends_with("rare0")).then(|| line.to_owned())
    });
    Said::of("one.csv", one, "--target kind")
        .says("warning: column 'kind': class \"rare0\" has one row, which is trained on");
    let said = Said::of("visits.csv", file("visits.csv"), "--target visits");
    said.says("warning: column 'visits': 4 classes have one row each, which are trained on: numbers that are counted or measured go with the squared loss (--loss squared says otherwise)");
    assert!(Said::of("visits.csv", file("visits.csv"), "--target visits --loss squared").figure() > 0.5);
}

#[test]
fn arrays_and_a_table_of_the_same_rows_get_the_same_settings() {
    let pixel = |i: usize, j: usize| u8::try_from((i * 97 + j * 61 + i * j * 13 + i * i * 7) % 256).unwrap();
    let class = |i: usize| u8::from(u32::from(pixel(i, 0)) + u32::from(pixel(i, 1)) > 255);
    let x = Array {
        shape: vec![200, 16],
        values: Values::U8((0..3200).map(|k| pixel(k / 16, k % 16)).collect()),
    };
    let y = Array { shape: vec![200], values: Values::U8((0..200).map(class).collect()) };
    let names: Vec<String> = (0..16).map(|j| format!("x{j}")).collect();
    let row = |i: usize| {
        (0..16).map(|j| format!("{},", pixel(i, j))).collect::<String>() + &format!("{}\n", class(i))
    };
    let csv = names.join(",") + ",y\n" + &(0..200).map(row).collect::<String>();
    let arrays = Said::of("p.npz", npz::write([("X", &x), ("y", &y)]).unwrap(), "--target y");
    assert_eq!(arrays.score(), Said::of("p.csv", csv, "--target y").score());
    assert!(arrays.figure() > 0.7, "{}", arrays.score());
}

#[test]
fn blanks_and_tildes_separate_fields() {
    let commas = each(&text("white.dat"), |line| Some(line.split_whitespace().collect::<Vec<_>>().join(",")));
    twins("white.dat", &commas, "--target cured")
        .says("fields are separated by blanks (--separator says otherwise)");
    twins("tilde.csv", &text("tilde.csv").replace('~', ","), "--target y")
        .says("fields are separated by '~' (--separator says otherwise)");
}

#[test]
fn a_missing_header_is_noticed() {
    let named = |name: &str| "column 1,column 2,column 3,column 4,column 5\n".to_owned() + &text(name);
    let said = twins("votes.data", &named("votes.data"), "--target|column 5");
    said.says("the first line is taken as a row; the columns are called 'column 1', 'column 2', ..: its values stand further down too (--header says otherwise)");
    let said = twins("numbers.data", &named("numbers.data"), "--target 5");
    said.says("the first line is taken as a row; the columns are called 'column 1', 'column 2', ..: a number stands in it (--header says otherwise)");
    said.says("columns 'column 1', 'column 2': dropped, always the same");
}

#[test]
fn one_cell_that_is_wrong_by_a_factor_of_a_million_spoils_nothing() {
    let clean = text("wind.csv").replace("10000000.000,", ",");
    for seed in 0..4 {
        let options = format!("--target y --seed {seed}");
        let (said, twin) =
            (Said::of("wind.csv", file("wind.csv"), &options), Said::of("clean.csv", &clean, &options));
        // The cell is lost either way; all that it was worth is one of sixty rows.
        assert!(said.figure() > twin.figure() - 0.1, "seed {seed}: {}\n{}", said.0, twin.score());
        let row =
            said.0.lines().filter(|line| line.starts_with("warning: column 'a'") && line.contains("row 52"));
        assert_eq!(row.count(), 1, "seed {seed}: {}", said.0);
    }
    // Nor does a column in other units, when it is predicted from.
    let place = Place::new();
    place.write("train.csv", file("train.csv"));
    place.ok("train train.csv --target y --quiet --out run");
    place.write("far.csv", "a,b\n0.5,0.5\n500000,0.5\n");
    let ended = place.run("predict run far.csv");
    assert!(
        ended.err.starts_with("warning: column 'a': 1 row has a value far outside ")
            && ended.err.contains("(row 3: 500000, taken as "),
        "{}",
        ended.err
    );
    let answers: Vec<f64> = ended.out.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert!(answers.len() == 2 && answers[1].abs() < 10.0, "{answers:?}");
}

#[test]
fn a_table_of_thirty_rows_is_learnt() {
    let mut figures: Vec<f64> = (0..6)
        .map(|seed| Said::of("cars.csv", file("cars.csv"), &format!("--target fuel --seed {seed}")).figure())
        .collect();
    figures.sort_by(f64::total_cmp);
    // The median of scikit-learn's network on these splits, and nothing below what guessing gives.
    assert!(figures[0] > 0.0 && f64::midpoint(figures[2], figures[3]) > 0.63, "{figures:?}");
}

#[test]
fn parquet_comes_packed_and_typed_as_its_writers_like_it() {
    let lz4 = Said::of("t.parquet", file("lz4.parquet"), "--target y");
    assert!(lz4.figure() > 0.9, "{}", lz4.score());
    for name in ["brotli.parquet", "float16.parquet", "decimal256.parquet"] {
        assert_eq!(Said::of("t.parquet", file(name), "--target y").score(), lz4.score(), "{name}");
    }
    crate::bad_input::check_bytes(
        &[("t.parquet", &file("binary.parquet"))],
        "train t.parquet --target y",
        "t.parquet, row 1, column 'raw': byte 2 of the word is not UTF-8; leave the column out: --drop raw",
    );
    assert_eq!(Said::of("t.parquet", file("binary.parquet"), "--target y --drop raw").score(), lz4.score());
}

#[test]
fn names_may_hold_commas() {
    let place = Place::new();
    place.write("sizes.csv", file("sizes.csv"));
    let train = |options: &[&str]| {
        let ended = place.command("train sizes.csv --quiet --json").args(options).output().unwrap();
        let err = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!((ended.status.code(), err.as_str()), (Some(0), ""), "{options:?}");
        serde_json::from_slice::<serde_json::Value>(&ended.stdout).unwrap()
    };
    let b = |line: &str| {
        line.rsplit_once(',').map(|(rest, y)| format!("{},{y}", rest.rsplit_once(',').unwrap().1))
    };
    let twin = Said::of("twin.csv", each(&text("sizes.csv"), b), "--target y");
    assert_eq!(Said::of("s.csv", file("sizes.csv"), "--target|y|--drop|size, cm").score(), twin.score());
    assert_eq!(train(&["--target", "size, cm", "--out", "a"])["target"][0], "size, cm");
    train(&["--target", "y", "--columns", "size, cm", "--out", "b"]);
    let kept = place.command("predict b sizes.csv").args(["--keep", "size, cm,b"]).output().unwrap();
    let kept = String::from_utf8(kept.stdout).unwrap();
    assert!(kept.starts_with("\"size, cm\",b,label,p_no,p_yes\n0.034,-0.250,"), "{kept}");
}

#[test]
fn codes_with_leading_zeros_are_words() {
    let lettered = each(&text("zip.csv"), |line| {
        Some(if line.starts_with("zip") { line.to_owned() } else { format!("D{line}") })
    });
    twins("zip.csv", &lettered, "--target y").says(
        "column 'zip': taken as words: numbers begin with 0 (\"01067\") (--numbers zip says otherwise)",
    );
    let bare = each(&text("zip.csv"), |line| Some(line.strip_prefix('0').unwrap_or(line).to_owned()));
    twins("zip.csv", &bare, "--target y --numbers zip");
    twins("zip.csv", &lettered, "--target y --categories zip").says_nothing_of("taken as");
}

#[test]
fn columns_of_the_same_fate_share_a_line() {
    let names: String = (0..150).map(|j| format!("p{j},")).collect();
    let cell = |i: usize, j: usize| match (j < 120, (i * 7 + j * 3) % 10) {
        (true, _) => "0,".to_owned(),
        (false, 0) => ",".to_owned(),
        (false, digit) => format!("{},", digit + j % 7),
    };
    let row = |i: usize| {
        let q = (i * 37 % 60) as f64 / 10.0 - 3.0;
        (0..150).map(|j| cell(i, j)).collect::<String>()
            + &format!("{q},1,{}\n", if q > 0.0 { "yes" } else { "no" })
    };
    let said =
        Said::of("wide.csv", format!("{names}q,r,y\n") + &(0..60).map(row).collect::<String>(), "--target y");
    said.says("columns 'p0', 'p1', 'p2' and 118 more: dropped, always the same");
    assert!(said.0.lines().take_while(|line| !line.starts_with("rows: ")).count() <= 4, "{}", said.0);
    // One is one.
    let said = Said::of(
        "one.csv",
        "a,b,y\n".to_owned() + &(0..40).map(|i| format!("{i},7,{}\n", i * 3 % 5 > 1)).collect::<String>(),
        "--target y",
    );
    said.says("column 'b': dropped, always the same: 7");
}

#[test]
fn the_known_answer_stands_beside_the_prediction() {
    let place = Place::new();
    place.write("train.csv", file("train.csv"));
    place.ok("train train.csv --target y --quiet --out run");
    for run in ["run", "run/model.safetensors"] {
        let out = place.ok(&format!("predict {run} train.csv --keep y"));
        let mut rows = out.lines().map(|line| line.split_once(',').unwrap());
        assert_eq!(rows.next(), Some(("y", "predicted y")));
        let known: Vec<&str> = rows.clone().map(|row| row.0).collect();
        let file = text("train.csv");
        assert!(
            file.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().1).eq(known),
            "as they are written"
        );
        let off = rows.map(|(y, p)| (y.parse::<f64>().unwrap() - p.parse::<f64>().unwrap()).abs());
        assert!(off.sum::<f64>() / 60.0 < 0.3, "{out}");
    }
    // The folder of a run stands for its model everywhere.
    for command in ["evaluate M train.csv", "info M", "export M out.onnx"] {
        assert_eq!(
            place.ok(&command.replace('M', "run")),
            place.ok(&command.replace('M', "run/model.safetensors")),
            "{command}"
        );
    }
    std::fs::create_dir(place.path("empty")).unwrap();
    let ended = place.run("info empty");
    assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
    let summary = place.json("run/summary.json");
    assert_eq!((&summary["target"][0], &summary["columns"]), (&"y".into(), &serde_json::json!(["a", "b"])));
}

/// What a person misses at the end of a run.
#[test]
fn the_end_of_a_run_says_what_it_is_worth() {
    let said = Said::of("patients.csv", file("patients.csv"), "--target ill");
    said.says("warning: all 200 epochs are used and the loss still falls: --epochs 400 may be better");
    said.says(
        "warning: no better than always saying \"yes\": accuracy 0.40000 against 0.46667 on the test rows",
    );
    assert!(
        said.score().contains("(always saying \"yes\" gives 0.46667; balanced accuracy "),
        "{}",
        said.score()
    );
    let said = Said::of("visits.csv", file("visits.csv"), "--target visits");
    assert!(said.0.lines().any(|line| line.starts_with("warning: no test row is called ")), "{}", said.0);
    let said = Said::of("mieten.csv", file("mieten.csv"), "--target miete");
    assert!(
        said.score().contains("(RMSE ")
            && said.score().contains("MAE ")
            && said.score().ends_with("always saying the mean gives R2 0)")
    );
}
