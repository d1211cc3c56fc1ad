//! A search for settings: what a person sees of it, in every command; killed, interrupted, gone on with.

use crate::{Ended, Place, bad_input, flowers};
use std::process::Stdio;
use std::time::{Duration, Instant};

fn place() -> Place {
    let place = Place::new();
    place.write("flowers.csv", flowers());
    place
}

const SEARCH: &str = "tune flowers.csv --target kind --trials 8 --folds 3 --epochs 30";
/// What a search leaves that hangs on no clock and on no number of threads.
const FILES: [&str; 4] = ["model.safetensors", "trials.csv", "out_of_fold.csv", "history.csv"];

fn assert_same(place: &Place, one: &str, other: &str) {
    for file in FILES {
        let [one, other] = [one, other].map(|run| place.bytes(&format!("{run}/{file}")));
        assert!(one == other, "{file}");
    }
}

#[test]
fn a_search_ends_as_a_model_for_every_command() {
    let place = place();
    let out = place.ok(&format!("{SEARCH} --out run"));
    assert!(out.contains("\nTrial 0: accuracy="), "{out}");
    // Nothing is smoothed here.
    assert!(!out.contains("label_smoothing"), "{out}");
    assert!(out.contains(" of 8: ") && out.contains("had all 3 folds"), "{out}");
    for start in ["Test accuracy=", "3 folds: accuracy=", "Calibrated: "] {
        assert!(out.lines().any(|line| line.starts_with(start)), "{start}\n{out}");
    }
    assert!(out.contains("Model, history, trials.csv, pictures and report.html are in run\n"), "{out}");
    let trials = place.read("run/trials.csv");
    assert!(trials.starts_with("trial,chosen,folds,accuracy,loss,steps,hidden,"), "{trials}");
    assert_eq!(trials.lines().count(), 9);
    let cells: Vec<Vec<&str>> = trials.lines().map(|line| line.split(',').collect()).collect();
    let chosen = cells.iter().filter(|cells| cells[1..3] == ["yes", "3"]).count();
    assert_eq!(chosen, cells.iter().filter(|cells| cells[1] == "yes").count());
    let members = place.json("run/summary.json")["members"].as_array().unwrap().len();
    assert_eq!(members, 3 * chosen);
    assert!(chosen > 0);
    assert!(!place.path("run/search.safetensors").exists());
    assert!(place.ok("info run").contains(&format!("members        {members}, their mean is the model; ")));
    assert!(place.ok("evaluate run flowers.csv").contains("accuracy"));
    place.ok("predict run flowers.csv -o p.csv");
    assert_eq!(place.read("p.csv").lines().count(), 46);
    place.ok("export run run.onnx");
    place.ok("plot run flowers.csv -o plane.png");
    let Ended { code, err, .. } = place.run("trace run flowers.csv");
    assert_eq!(
        (code, err),
        (Some(0), format!("note: looks at the first of the model's {members} members\n"))
    );
    assert!(place.read("run/report.html").contains("the model is "));
    // Not told, by another number of threads.
    place.ok(&format!("{SEARCH} --out again --quiet --threads 1"));
    assert_same(&place, "run", "again");
    // A run that is no search leaves no table of one behind.
    place.ok("train flowers.csv --target kind --epochs 5 --quiet --out run --overwrite");
    assert!(!place.path("run/trials.csv").exists());
}

#[test]
fn a_search_of_no_time_has_one_trial() {
    let place = place();
    let out = place
        .ok("tune flowers.csv --target kind --folds 3 --epochs 30 --minutes 1e-9 --test-size 0 --out run");
    assert!(out.contains("The time is over; the trial that is farthest is trained to its end\n"), "{out}");
    assert!(out.contains("\nthe model is trial 0 of 1: 1 had all 3 folds"), "{out}");
    // That is the run with folds.
    place.ok("train flowers.csv --target kind --folds 3 --epochs 30 --quiet --out folds");
    let [one, other] = ["run", "folds"].map(|run| place.read(&format!("{run}/out_of_fold.csv")));
    assert_eq!(one, other);
    let twelve: String = flowers().lines().take(13).map(|line| format!("{line}\n")).collect();
    place.write("twelve.csv", twelve);
    place.ok("tune twelve.csv --target kind --minutes 0.001 --quiet --out twelve");
    assert!(place.ok("evaluate twelve twelve.csv").contains("accuracy"));
}

/// Begins a search and waits until it has saved something; whether it did before its end.
fn has_begun(place: &Place, line: &str, run: &str) -> (std::process::Child, bool) {
    let mut child = place.command(line).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    let saved = || place.path(&format!("{run}/search.safetensors")).exists();
    while !saved() && began.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let has = saved();
    (child, has)
}

#[cfg(unix)]
#[test]
fn killed_or_interrupted_it_goes_on_to_the_same_bits() {
    let place = place();
    let line = "tune flowers.csv --target kind --trials 8 --folds 3 --epochs 3000 --hidden 8 --patience 100000 --precision f64";
    place.ok(&format!("{line} --quiet --out whole"));
    let (mut child, has) = has_begun(&place, &format!("{line} --out killed --threads 1"), "killed");
    assert!(has);
    std::thread::sleep(Duration::from_millis(100));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(place.path("killed/search.safetensors").exists());
    bad_input::refused(
        &place,
        "train --resume killed",
        2,
        "killed: there is no checkpoint to go on from; this is a search of 'clearprop tune --resume'",
    );
    let out = place.ok("tune --resume killed --threads 2");
    assert!(out.starts_with("Going on after "), "{out}");
    assert_same(&place, "killed", "whole");

    let (child, has) = has_begun(&place, &format!("{line} --out stopped --threads 3"), "stopped");
    assert!(has);
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{err}");
    assert!(err.ends_with(" trials, and saved; go on with: clearprop tune --resume stopped\n"), "{err}");
    // Other rows are refused, and cost nothing.
    place.write("other.csv", flowers().replace("1.5", "1.6"));
    let Ended { code, err, .. } = place.run("tune other.csv --resume stopped");
    assert!(
        code == Some(2)
            && err.ends_with(
                "not the rows that the search began with; go on with the same file, or begin anew\n"
            ),
        "{err}"
    );
    place.ok("tune --resume stopped --threads 1");
    assert_same(&place, "stopped", "whole");
}

#[test]
fn what_has_no_meaning_is_one_line() {
    let place = place();
    let refused = |line: &str, message: &str| bad_input::refused(&place, line, 2, message);
    refused(
        "tune",
        "there is no table to search settings for; name a file: clearprop tune TABLE --target COL",
    );
    refused("tune flowers.csv --target kind --minutes 0", "--minutes: found '0'; give a number above 0");
    refused(
        "tune flowers.csv --target kind --trials 0",
        "--trials: found '0'; give a whole number from 1 to 100000",
    );
    refused(
        "tune flowers.csv --target kind --solver sgd",
        "--solver: the step sizes that are searched are those of adam; leave it out",
    );
    refused(
        "tune flowers.csv --target kind --ensemble 3",
        "--ensemble: given together with --folds; the members of folds are an ensemble",
    );
    refused(
        "tune flowers.csv --target kind --folds 90",
        "--folds: there are 33 rows for 90 folds; at most --folds 33",
    );
    place.ok("train flowers.csv --target kind --epochs 5 --quiet --out run");
    refused(
        "tune --resume run",
        "run: there is no search to go on from; a search can go on after Ctrl-C, until it is over",
    );
    // A model is no search, nor are zeros.
    for bytes in [place.bytes("run/model.safetensors"), vec![0; 100]] {
        place.write("run/search.safetensors", bytes);
        let Ended { code, err, .. } = place.run("tune --resume run");
        assert!(code == Some(2) && err.starts_with("error: run/search.safetensors: "), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
}
