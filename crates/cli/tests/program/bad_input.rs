//! Bad input: one line on standard error, exit code 2, nothing written.

use crate::{Place, flowers, golden, unsealed};

/// Runs a bad call beside some files: its exact message, and no file more than before.
#[track_caller]
fn check(files: &[(&str, &str)], line: &str, message: &str) {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    check_bytes(&files, line, message);
}

#[track_caller]
pub(crate) fn check_bytes(files: &[(&str, &[u8])], line: &str, message: &str) {
    let place = Place::new();
    files.iter().for_each(|(name, bytes)| place.write(name, bytes));
    refused(&place, line, 2, message);
}

#[track_caller]
pub(crate) fn refused(place: &Place, line: &str, code: i32, message: &str) {
    let before = place.files();
    let ended = place.run(line);
    assert_eq!(ended.err, format!("error: {message}\n"), "clearprop {line}");
    assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "clearprop {line}");
    // An empty folder `runs` may be there.
    let after: Vec<String> = place.files().into_iter().filter(|name| name != "runs").collect();
    assert_eq!(after, before, "clearprop {line} has written something");
    assert!(
        std::fs::read_dir(place.path("runs")).is_ok_and(|runs| runs.count() == 0)
            || !place.path("runs").exists()
    );
}

#[test]
fn files_that_are_not_there_or_empty() {
    check(&[], "train none.csv --target a", "none.csv: cannot read: there is no such file; check the path");
    check(
        &[("e.csv", "")],
        "train e.csv --target a",
        "e.csv: the file is empty; a line of names and some rows are needed",
    );
    check(&[("e.csv", "a,b\n")], "train e.csv --target a", "e.csv: there is a header and no row");
    check(
        &[("e.npz", "")],
        "train e.npz",
        "e.npz: not a whole npz file: it is empty; save it again with np.savez",
    );
    check(&[], "evaluate none none.csv", "none: cannot read: there is no such file; check the path");
}

#[test]
fn labels() {
    let text = flowers();
    let files = [("f.csv", text.as_str())];
    check(
        &files,
        "train f.csv",
        "--target: is missing; name the column to predict; the columns are length, width, kind",
    );
    check(&files, "train f.csv --target knd", "f.csv: there is no column 'knd'; did you mean 'kind'?");
    check(
        &files,
        "train f.csv --target price",
        "f.csv: there is no column 'price'; the columns are 'length', 'width', 'kind'",
    );
    check(
        &[("one.csv", "a,b\n1,x\n2,x\n3,x\n")],
        "train one.csv --target b",
        "one.csv, column 'b': all 3 rows are of one class, \"x\"; at least two classes are needed",
    );
    check(
        &[("gap.csv", "a,b\n1,\n2,\n3,NA\n")],
        "train gap.csv --target b",
        "gap.csv, column 'b': no row has an answer; is it the right column?",
    );
}

#[test]
fn settings() {
    let check = |line: &str, message: &str| check(&[], line, message);
    check("train --hidden 0", "--hidden: found '0'; give whole numbers from 1 up, like 200 or 200,50");
    check("train --hidden 20,x", "--hidden: found 'x'; give whole numbers from 1 up, like 200 or 200,50");
    check("train --step-size -0.1", "--step-size: found '-0.1'; give a number above 0");
    check("train --step-size nan", "--step-size: found 'nan'; give a number above 0");
    check("train --step-size fast", "--step-size: found 'fast'; give a number above 0");
    check("train --reg -1", "--reg: found '-1'; give a number from 0 up");
    check("train --steps 1.5", "--steps: found '1.5'; give a whole number from 1 up");
    check("train --test-size 1", "--test-size: found '1'; give a number from 0 up to but not including 1");
    check("train --seed -1", "--seed: found '-1'; give a whole number from 0 up");
    check(
        "train --solver adam --batch-size 1000",
        "--batch-size: found 1000; there are only 603 training rows",
    );
    check(
        "train --batch-size 10",
        "--batch-size: has no meaning with the solver gd; batches go with --solver sgd or adam",
    );
    check(
        "train --momentum 0.5",
        "--momentum: has no meaning with the solver gd; only sgd has momentum: --solver sgd",
    );
    check(
        "train --nesterov yes",
        "--nesterov: has no meaning with the solver gd; only sgd has momentum: --solver sgd",
    );
    check(
        "train --solver sgd --momentum 0 --nesterov yes",
        "--nesterov: has no meaning without momentum; give --momentum, like 0.9",
    );
    check("train --nesterov maybe", "--nesterov: found 'maybe'; there are: yes, no");
    check(
        "train --steps 5 --epochs 5",
        "--steps: given together with --epochs; the length of a run is either in steps or in epochs",
    );
    check(
        "train --activation rellu",
        "--activation: found 'rellu'; did you mean 'relu'? There are: identity, logistic, tanh, relu, \
         leaky-relu, elu, selu, softplus, silu, gelu, gelu-tanh, mish",
    );
    check(
        "train --activation swish",
        "--activation: found 'swish'; did you mean 'mish'? There are: identity, logistic, tanh, relu, leaky-relu, \
         elu, selu, softplus, silu, gelu, gelu-tanh, mish",
    );
    check("train --precision f16", "--precision: found 'f16'; there are: f32, f64");
}

#[test]
fn vectors_that_the_machine_does_not_have() {
    let place = Place::new();
    place.ok("train --steps 1 --out run --quiet");
    place.write("data.csv", "x0,x1,y\n0,0,1\n");
    for line in ["train --out other", "predict run/model.safetensors data.csv"] {
        for level in ["abacus", ""] {
            let ended = place.command(line).env("CLEARPROP_SIMD", level).output().unwrap();
            let err = String::from_utf8(ended.stderr).unwrap();
            let narrowest = clearprop::fast::Level::available()[0].name();
            let start = format!(
                "error: CLEARPROP_SIMD: this machine has no vector instructions '{level}'; there are: {narrowest}"
            );
            assert_eq!((ended.status.code(), err.lines().count()), (Some(2), 1), "{err}");
            assert!(err.starts_with(&start) && ended.stdout.is_empty(), "{err}");
        }
    }
    assert_eq!(place.files(), ["data.csv", "run"], "something is written");
}

#[test]
fn words_that_the_command_line_does_not_know() {
    let check = |line: &str, message: &str| check(&[], line, message);
    check("trian", "unknown command 'trian'; did you mean 'train'?");
    check("train --hiden 5", "unknown option '--hiden'; did you mean '--hidden'?");
    check("train a.csv b.csv", "unknown argument 'b.csv'; see --help for the options");
    check("predict", "<MODEL> <DATA> is missing; see --help for an example");
    check("train --out", "--out: needs a value; see --help");
}

#[test]
fn weights_of_the_wrong_shape() {
    let (he, small) = (golden("notebook_he.npz"), golden("net_tanh_squared.npz"));
    let place = Place::new();
    refused(
        &place,
        &format!("train --start {small}"),
        2,
        &format!(
            "{small}, array 'W1', layer 1: has shape (4, 8); 3 rows are needed: 2 weights and the bias last"
        ),
    );
    refused(
        &place,
        &format!("train {he} --start {he} --hidden 50"),
        2,
        &format!(
            "{he}, --start: the weights are for hidden layers [200], --hidden says [50]; leave --hidden out"
        ),
    );
}

#[test]
fn models() {
    let place = Place::new();
    place.ok("train --steps 1 --out run --quiet");
    let whole = place.bytes("run/model.safetensors");
    place.write("data.csv", "x0,x1,y\n0,0,1\n");
    place.write("cut", &whole[..whole.len() - 10]);
    place.write("head", &whole[..100]);
    place.write("text", "this is not a model at all");
    let version = br#"\"version\":2"#;
    let at = whole.windows(version.len()).position(|bytes| bytes == version).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    place.write("changed", changed);
    let mut later = unsealed(&whole);
    later[at + version.len() - 1] = b'9';
    place.write("later", later);
    place.write("other.csv", "a,x1\n1,2\n");
    let check = |line: &str, message: &str| refused(&place, line, 2, message);
    check(
        "predict data.csv run",
        "data.csv: this is a file of data, a model is needed; the model comes first, then the data",
    );
    check("predict head data.csv", "head: not a whole safetensors file: it is cut off; write it again");
    let err = place.run("info changed").err;
    assert!(
        err.starts_with("error: changed: not a whole safetensors file: its bytes were changed, "),
        "{err}"
    );
    check("info later", "later: the model has version 9, this program reads 2; take a newer clearprop");
    check(
        "predict run/model.safetensors other.csv",
        "other.csv: the column 'x0' of the model is missing; is it 'x1'?",
    );
    check(
        "predict run/model.safetensors none.csv",
        "none.csv: cannot read: there is no such file; check the path",
    );
    check(
        "evaluate run/model.safetensors other.csv",
        "other.csv: the column 'x0' of the model is missing; is it 'x1'?",
    );
    check(
        "plot run/model.safetensors -o picture.gif",
        "--output: found 'picture.gif'; the file's ending says what is drawn: .png or .svg",
    );
    for name in ["cut", "text"] {
        let ended = place.run(&format!("info {name}"));
        assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
        assert!(
            ended.err.starts_with(&format!("error: {name}"))
                && ended.err.contains("not a whole safetensors file"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn folders_that_cannot_be_written_are_found_before_the_training() {
    let place = Place::new();
    place.write("file", "");
    refused(
        &place,
        "train --steps 1000000000 --out file",
        2,
        "file: cannot write into: this is a file; name a folder",
    );
    let ended = place.run("train --steps 1000000000 --out file/run");
    assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
}

#[test]
fn a_run_that_diverges_says_so_and_writes_nothing() {
    let place = Place::new();
    let ended = place.run("train --step-size 1000000 --quiet --out run");
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    let (found, hint) = ended.err.split_once("; ").unwrap();
    assert!(found.starts_with("error: the loss became infinite or NaN at step "), "{}", ended.err);
    assert_eq!(hint, "nothing was written; try a smaller step size, like --step-size 100000\n");
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[test]
fn tables_that_are_damaged_or_say_nothing() {
    let train = |text: &str, message: &str| {
        check(&[("t.csv", text)], "train t.csv --target y", &format!("t.csv{message}"));
    };
    train("a,y\n", ": there is a header and no row");
    train(
        "a,y\n1,u\n2\n",
        ", row 3: found 1 field, the first line has 2; a field with the separator in it needs quotes",
    );
    train("a,y\n1,u\n\"2,v\n3,u\n", ", row 3: found a quote that is not closed; close it, or write it twice");
    train(
        "a,y\n1,u\n2\0,v\n",
        ", row 3: found a NUL byte (byte 10); this is no text: save the table as CSV; or UTF-16: --encoding utf-16le",
    );
    train(
        "a,y\n1,u\ninf,v\n",
        ", row 3, column 'a': found an infinite number; only finite numbers can be learnt from: mend the cell, or leave it empty",
    );
    train(
        "a,y\n1,u1\n2,u2\n3,u3\n",
        ", column 'y': 3 rows have 3 classes; each class needs several rows; is another column the target?",
    );
    train(
        "a,y\n1,7\n2,8\n3,9\n",
        ", column 'y': 3 rows have 3 classes; each class needs several rows; numbers go with --loss squared",
    );
    train(
        "a,b,y\n1,x,u\n1,x,u\n1,x,v\n1,x,v\n",
        ": no column says anything: 'a', 'b' are constant or all different words; at least one input is needed",
    );
    train("y\nu\nv\nu\nv\n", ": there is no column but the target; at least one input is needed");
}

#[test]
fn columns_and_reading_that_do_not_fit() {
    let text = flowers();
    let files = [("f.csv", text.as_str())];
    let train =
        |line: &str, message: &str| check(&files, &format!("train f.csv --target kind {line}"), message);
    train("--drop lenght", "f.csv: there is no column 'lenght'; did you mean 'length'?");
    train("--columns lenght", "f.csv: there is no column 'lenght'; did you mean 'length'?");
    train("--drop kind", "--drop: 'kind' is in --target too; leave out one of them");
    train("--columns width --drop width", "--drop: 'width' is in --columns too; leave out one of them");
    train("--target kind", "--target: 'kind' is named twice; leave out one of them");
    train(
        "--separator ab",
        "--separator: found 'ab'; give one character like ';', tab, blanks, or gaps (two blanks or more)",
    );
}

#[test]
fn files_that_are_cut_off() {
    let place = Place::new();
    place.write("cut.csv.gz", &include_bytes!("../../../files/tests/data/table.csv.gz")[..300]);
    refused(&place, "train cut.csv.gz --target y", 2, "cut.csv.gz: cannot read: the gzip file is cut off");
}

/// Single precision ends at 3e38 and tells seven digits: what it cannot hold is told with the precision that can.
#[test]
fn numbers_that_single_precision_cannot_hold() {
    let row = |i: u32| format!("{},{},{}\n", i * 37 % 60, i * 7 % 11, 1_000_000_000 + i * 37 % 60);
    let rows: String = (0..60).map(row).collect();
    let near = format!("a,b,y\n{rows}");
    let far = near.replacen(",1000000000\n", ",1e300\n", 1);
    let place = Place::new();
    place.write("t.csv", &near);
    let ended = place.run("train t.csv --target y");
    assert!(
        ended.code == Some(2)
            && ended.err.starts_with("error: t.csv, column 'y': the answers lie ")
            && ended.err.ends_with(
                " about 1000000000, which f32 cannot tell apart; give --precision f64, or subtract what they have in common\n"
            ),
        "{}",
        ended.err
    );
    check(
        &[("t.csv", &far)],
        "train t.csv --target y --scale none",
        "t.csv, row 2, column 'y': found 1e300, too large for f32; give --precision f64",
    );
    let said = place.ok("train t.csv --target y --precision f64 --epochs 400 --step-size 0.01 --out run");
    let figure = said.split("Test R2=").nth(1).and_then(|rest| rest.split(' ').next());
    assert!(figure.is_some_and(|figure| figure.parse::<f64>().unwrap() > 0.9), "{said}");
    // As an input it is brought to one scale first, unless that is not wanted.
    let inputs = near.replacen("\n0,", "\n1e300,", 1);
    check(
        &[("t.csv", &inputs)],
        "train t.csv --target b --scale none",
        "t.csv, row 2, column 'a': found 1e300, too large for f32; give --precision f64",
    );
}
