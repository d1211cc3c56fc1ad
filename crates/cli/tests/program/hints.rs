//! What a person with a table should know, and what rows count.

use crate::Place;
use crate::bad_input::check_bytes;
use std::fmt::Write;

fn table(names: &str, rows: u32, row: impl Fn(u32) -> String) -> String {
    let mut text = names.to_owned() + "\n";
    (0..rows).for_each(|i| writeln!(text, "{}", row(i)).unwrap());
    text
}

/// What a run of a few epochs says.
fn said(text: &str, options: &str) -> String {
    let place = Place::new();
    place.write("t.csv", text);
    place.ok(&format!("train t.csv --target y --epochs 2 --out run {options}"))
}

#[test]
fn columns_that_tell_the_answer() {
    let x = |i: u32| 1.0 + f64::from(i * 37 % 101) / 10.0;
    // The wage beside its logarithm.
    let text = table("a,b,y", 120, |i| format!("{},{},{}", x(i).ln(), i * i % 17, x(i)));
    let out = said(&text, "");
    let line = "warning: column 'a': may give the answer away: its order is that of the answers, without exception \
                (--drop a says otherwise)";
    assert!(out.contains(line), "{out}");
    assert!(!out.contains("column 'b': may"), "{out}");
    // One row out of order, and it is none.
    let text =
        table("a,b,y", 120, |i| format!("{},{},{}", if i == 7 { 0.0 } else { x(i).ln() }, i * i % 17, x(i)));
    assert!(!said(&text, "").contains("may give"));
    // The boat in which a person was saved.
    let text = table("boat,b,y", 300, |i| {
        let saved = i.is_multiple_of(3);
        format!(
            "{},{},{}",
            if saved != (i == 9) { (i / 3 % 9).to_string() } else { String::new() },
            i * i % 17,
            saved
        )
    });
    let out = said(&text, "");
    assert!(
        out.contains("warning: column 'boat': may give the answer away: it alone tells 9")
            && out.contains(" % of the answers, always saying \"false\" 66 % (--drop boat says otherwise)"),
        "{out}"
    );
    assert!(!out.contains("column 'b': may"), "{out}");
}

#[test]
fn a_column_in_other_units_and_fractions_far_down() {
    // Hours awake and asleep, each rounded.
    let asleep = |i: u32| 2.0 + f64::from(i * 37 % 101) / 6.1;
    let text = table("awake,b,y", 60, |i| format!("{:.1},{},{:.1}", 24.0 - asleep(i), i * i % 17, asleep(i)));
    let out = said(&text, "");
    assert!(out.contains("warning: column 'awake': may give the answer away: its "), "{out}");
    // The first thirty answers are whole.
    let text = table("a,y", 60, |i| format!("{},{}", i * 37 % 101, if i < 30 { f64::from(i) } else { 0.5 }));
    assert!(said(&text, "").contains("target 'y': numbers with fractions are regression"));
}

#[test]
fn rows_in_the_order_of_time_are_pointed_out() {
    let row = |day: u32, i: u32| format!("2024-{:02}-{:02},{}.5", day / 28 + 1, day % 28 + 1, i * i % 17);
    let out = said(&table("day,y", 90, |i| row(i, i)), "");
    let line = "column 'day': the rows stand in its order, and those to test on are drawn from among them: what comes \
                later is harder to foretell; --split time --by day tests on the last rows";
    assert!(out.contains(line), "{out}");
    for out in [
        said(&table("day,y", 90, |i| row(i * 37 % 90, i)), ""),
        said(&table("day,y", 90, |i| row(i, i)), "--split time --by day"),
    ] {
        assert!(!out.contains("stand in its order"), "{out}");
    }
}

#[test]
fn what_may_be_wrong_with_several_columns_keeps_its_reason() {
    let word = |i: u32| if i.is_multiple_of(3) { format!("w{i}") } else { format!("{}", i * 7) };
    let out = said(
        &table("a,b,c,y", 60, |i| format!("{},{},{},{}.5", word(i), word(i + 1), i * i % 17, i % 13)),
        "",
    );
    let line = "warning: columns 'a', 'b': taken as words, 'a': 40 of 60 values are numbers, the others are words (\"w0\") \
                (--numbers a,b says otherwise)";
    assert!(out.contains(line), "{out}");
}

#[test]
fn the_loss_of_a_run_that_has_learnt_all_does_not_fall_in_words() {
    let row = |i: u32| {
        format!(
            "{},{}",
            if i.is_multiple_of(2) { -5.0 } else { 5.0 } + f64::from(i * 37 % 101) / 100.0,
            i % 2
        )
    };
    let place = Place::new();
    place.write("t.csv", table("x,y", 80, row));
    let out = place.ok("train t.csv --target y --out run");
    assert!(out.contains("train accuracy=1.00000") && !out.contains("still falls"), "{out}");
}

#[test]
fn rows_count_as_a_column_says() {
    // Two thirds of the rows say the opposite, and count little.
    let x = |i: u32| f64::from(i * 37 % 101) / 10.0 - 5.0;
    let row = |i: u32, right: bool| {
        let y = if (x(i) > 0.0) == right { "yes" } else { "no" };
        format!("{},{},{y}", x(i), if right { 1.0 } else { 0.01 })
    };
    let place = Place::new();
    place.write("train.csv", table("x,w,y", 300, |i| row(i, i.is_multiple_of(3))));
    place.write("test.csv", table("x,w,y", 100, |i| row(i + 17, true)));
    let accuracy = |options: &str| {
        place.ok(&format!(
            "train train.csv --target y --test test.csv --quiet --out run --overwrite {options}"
        ));
        place.json("run/summary.json")["test_accuracy"].as_f64().unwrap()
    };
    let (without, with) = (accuracy("--drop w"), accuracy("--weights w"));
    assert!(without < 0.2 && with > 0.9, "{without} {with}");
    assert_eq!(place.json("run/summary.json")["columns"], serde_json::json!(["x"]));
    assert_eq!(accuracy("--weights w --class-weight balanced"), with);
    let rows = |w: &str| table("x,w,y", 40, |i| format!("{i},{},{}", if i == 1 { w } else { "2" }, i % 2));
    for (w, found) in [("-1", "found \"-1\""), ("", "the weight is missing")] {
        let message = format!("t.csv, row 3, column 'w': {found}; a weight is a number from 0 up");
        check_bytes(&[("t.csv", rows(w).as_bytes())], "train t.csv --target y --weights w", &message);
    }
    let message = "--weights: there is no column 'v'; the columns are 'x', 'w', 'y'";
    check_bytes(&[("t.csv", rows("1").as_bytes())], "train t.csv --target y --weights v", message);
}
