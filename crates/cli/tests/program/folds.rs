//! Several members: what a person sees of folds and ensembles, in every command.

use crate::survival::{assert_same_files, run_folder};
use crate::{Ended, Place, bad_input, flowers};
use std::collections::BTreeMap;
use std::fmt::Write;

fn place() -> Place {
    let place = Place::new();
    place.write("flowers.csv", flowers());
    place
}

/// The rows of a CSV file by the names of its columns.
fn csv(text: &str) -> Vec<BTreeMap<String, String>> {
    // A name of a class that holds a comma.
    let text = text.replace(", white", "").replace('"', "");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let names: Vec<String> = lines.next().unwrap().collect();
    lines.map(|cells| names.iter().cloned().zip(cells).collect()).collect()
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap()
}

const FOLDS: &str = "train flowers.csv --target kind --epochs 40 --folds 3";

#[test]
fn folds_are_told_and_every_row_is_predicted_by_the_others() {
    let place = place();
    let out = place.ok(&format!("{FOLDS} --out run"));
    let rows = flowers().lines().count() - 1;
    let lines: Vec<&str> = out.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("Fold 1 of 3: accuracy=")).unwrap();
    assert!(
        lines[at + 1].starts_with("Fold 2 of 3: accuracy=") && lines[at + 2].starts_with("Fold 3 of 3: ")
    );
    assert!(lines[at + 3].starts_with("3 folds: accuracy=") && lines[at + 3].contains(" ± "), "{out}");
    assert!(lines[at + 4].starts_with("Calibrated: temperature "), "{out}");
    assert!(!out.contains("Epoch") && !out.contains("Test accuracy"), "{out}");
    // The file says what the line says.
    let apart = csv(&place.read("run/out_of_fold.csv"));
    assert_eq!(apart.len(), rows);
    let right = apart.iter().filter(|row| row["kind"] == row["label"]).count();
    let all = format!("of all rows together {:.5}", right as f64 / rows as f64);
    assert!(lines[at + 3].ends_with(&all), "{all}\n{out}");
    let lines_of: Vec<f64> = apart.iter().map(|row| number(row, "row")).collect();
    assert_eq!(lines_of, (2..rows + 2).map(|line| line as f64).collect::<Vec<_>>());
    let summary = place.json("run/summary.json");
    assert_eq!(summary["members"].as_array().unwrap().len(), 3);
    assert!(
        summary["calibration"]["after"]["log_loss"].as_f64()
            < summary["calibration"]["before"]["log_loss"].as_f64()
    );
    // The report is of these rows, each by the member that was not trained on it.
    let report = place.json("run/report.json");
    let accuracy = report["figures"][0][1].as_f64().unwrap();
    assert!((accuracy - right as f64 / rows as f64).abs() < 1e-9);
    assert_eq!((&report["part"], report["members"].as_array().unwrap().len()), (&"rows of folds".into(), 3));
    let page = place.read("run/report.html");
    for text in [
        "The folds",
        "The mean of 3 networks",
        "The 3 networks stand one after the other",
        "The temperature of the probabilities",
        "each by the member that was not trained on it",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // Every command takes the model.
    let told = place.ok("info run");
    assert!(told.contains("members        3, their mean is the model; accuracy by folds"), "{told}");
    assert!(told.contains("calibrated     temperature"), "{told}");
    assert!(place.ok("evaluate run flowers.csv").contains("accuracy"));
    place.ok("predict run flowers.csv -o p.csv");
    let predicted = csv(&place.read("p.csv"));
    assert!(predicted.iter().zip(&apart).any(|(mean, own)| mean["p_rose"] != own["p_rose"]));
    place.ok("export run run.onnx");
    let Ended { code, err, .. } = place.run("trace run flowers.csv");
    assert_eq!((code, err.as_str()), (Some(0), "note: looks at the first of the model's 3 members\n"));
    // The same run, not told: the same files, for any number of threads.
    place.ok(&format!("{FOLDS} --out again --quiet --threads 1"));
    assert_eq!(place.bytes("run/model.safetensors"), place.bytes("again/model.safetensors"));
    // A run without folds leaves no such file behind.
    place.ok("train flowers.csv --target kind --epochs 40 --quiet --out run --overwrite");
    assert!(!place.path("run/out_of_fold.csv").exists());
}

#[test]
fn an_ensemble_has_its_members_mean() {
    let place = place();
    let line = "train flowers.csv --target kind --epochs 20 --quiet --test-size 0.3";
    place.ok(&format!("{line} --ensemble 2 --out both"));
    place.ok(&format!("{line} --out first"));
    for run in ["both", "first"] {
        place.ok(&format!("predict {run} flowers.csv -o {run}.csv"));
    }
    let told = place.ok("info both");
    assert!(told.contains("members        2, their mean is the model\n"), "{told}");
    let Ended { code, out, .. } =
        place.run("train flowers.csv --target kind --epochs 20 --ensemble 2 --out told");
    assert!(code == Some(0) && out.contains("Member 1 of 2: ") && out.contains("Member 2 of 2: "), "{out}");
    assert_ne!(place.read("both.csv"), place.read("first.csv"));
}

#[test]
fn intervals_come_from_folds() {
    let place = Place::new();
    let mut text = "x,y\n".to_owned();
    for i in 0..200u32 {
        let x = f64::from(i * 37 % 101) / 10.0;
        let _ = writeln!(text, "{x},{:.3}", 2.0 * x + f64::from(i * 13 % 17) / 8.0);
    }
    place.write("t.csv", text);
    place.ok("train t.csv --target y --folds 4 --quiet --out run");
    place.ok("predict run t.csv --keep y --interval 0.9 -o p.csv");
    let rows = csv(&place.read("p.csv"));
    let width = |row| number(row, "y_high") - number(row, "y_low");
    let inside = |row: &&_| (number(row, "y_low")..=number(row, "y_high")).contains(&number(row, "y"));
    assert!(rows.iter().all(|row| (width(row) - width(&rows[0])).abs() < 1e-4 && width(row) > 0.5));
    assert!(rows.iter().filter(inside).count() >= 170, "{}", rows.iter().filter(inside).count());
    assert!(rows.iter().all(|row| {
        (number(row, "predicted y") - (number(row, "y_low") + number(row, "y_high")) / 2.0).abs() < 1e-4
    }));
    let refused = |line: &str, message: &str| bad_input::refused(&place, line, 2, message);
    refused(
        "predict run t.csv --interval 90",
        "--interval: found 90; give a share between 0 and 1, like 0.9",
    );
    place.ok("train t.csv --target y --epochs 2 --quiet --out plain");
    refused(
        "predict plain t.csv --interval 0.9",
        "--interval: the model does not know how far off it is; train it with --folds 5",
    );
    place.write("flowers.csv", flowers());
    place.ok(&format!("{FOLDS} --quiet --out classes"));
    refused(
        "predict classes flowers.csv --interval 0.9",
        "--interval: classes have probabilities, no intervals; leave it out",
    );
    refused(
        "train t.csv --start run --out new",
        "run: the model has 4 members, one network is needed; name a model of one network, as --ensemble 1 trains",
    );
}

#[test]
fn folds_that_cannot_be_are_refused_in_a_line() {
    let place = place();
    let refused = |line: &str, message: &str| bad_input::refused(&place, line, 2, message);
    refused(
        "train flowers.csv --target kind --folds 1",
        "--folds: found '1'; give a whole number from 2 to 100",
    );
    refused(
        "train flowers.csv --target kind --folds 3 --ensemble 3",
        "--ensemble: given together with --folds; the members of folds are an ensemble",
    );
    place.write("few.csv", "a,y\n1,p\n2,q\n3,p\n4,q\n");
    refused("train few.csv --target y --folds 5", "--folds: there are 4 rows for 5 folds; at most --folds 4");
    place.ok("train few.csv --target y --folds 2 --quiet --out few");
}

/// The moments of a run: in the first member, at the end of one, in the last.
#[test]
fn a_run_that_ends_in_the_middle_of_folds_goes_on_to_the_same_files() {
    let place = place();
    place.ok(&format!("{FOLDS} --quiet --checkpoint-every 7 --out whole"));
    let whole = run_folder(&place, "whole");
    let steps = place.json("whole/summary.json")["steps"].as_u64().unwrap();
    // Killed some time after the first checkpoint; the later, the further the last one is.
    for percent in [10, 40, 70, 95] {
        let limit = steps * percent / 700;
        let out = format!("part{limit}");
        let mut command = place.command(&format!("{FOLDS} --quiet --checkpoint-every 7 --out {out}"));
        let mut child = command.spawn().unwrap();
        let checkpoint = place.path(&format!("{out}/checkpoint.safetensors"));
        while !checkpoint.exists() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_micros(200 * limit));
        let _ = child.kill();
        child.wait().unwrap();
        if checkpoint.exists() {
            // With more or fewer threads than it began with.
            let ended = place.run(&format!("train --resume {out} --quiet --threads {}", 1 + percent / 30));
            assert_eq!(ended.code, Some(0), "{}", ended.err);
        } else {
            place.ok(&format!("{FOLDS} --quiet --checkpoint-every 7 --overwrite --out {out}"));
        }
        assert_same_files(&run_folder(&place, &out), &whole, &out);
    }
}
