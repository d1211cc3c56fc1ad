//! The commands, one after the other and together.

use crate::{Ended, Place, flowers};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

#[test]
fn train_without_arguments_prints_the_notebook_and_writes_a_run_folder() {
    let place = Place::new();
    let out = place.ok("train --steps 1001");
    let lines: Vec<&str> = out.lines().collect();
    let starts =
        ["Step    0. Loss=", "Step  500. Loss=", "Step 1000. Loss=", "Test accuracy=0.", "Trained in "];
    assert_eq!(lines.len(), starts.len(), "{out}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert!(lines[1].contains(", train accuracy=0."), "{out}");
    assert!(lines[4].ends_with("are in runs/spirals-1"), "{out}");
    let mut files: Vec<_> =
        std::fs::read_dir(place.path("runs/spirals-1")).unwrap().map(|e| e.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(
        files,
        [
            "boundary.png",
            "data.png",
            "history.csv",
            "loss.png",
            "model.safetensors",
            "report.html",
            "report.json",
            "summary.json"
        ]
    );
    for picture in ["boundary.png", "data.png", "loss.png"] {
        assert!(place.bytes(&format!("runs/spirals-1/{picture}")).starts_with(b"\x89PNG"));
    }
    let summary = place.json("runs/spirals-1/summary.json");
    for key in [
        "steps",
        "loss",
        "train_accuracy",
        "test_accuracy",
        "train_seconds",
        "stop_reason",
        "seed",
        "settings",
    ] {
        assert!(!summary[key].is_null(), "{key}: {summary}");
    }
    let settings = &summary["settings"];
    assert_eq!((&summary["steps"], &settings["init"]), (&1001.into(), &"as-written".into()));
    assert_eq!((&summary["stop_reason"], &settings["test_size"]), (&"finished".into(), &0.33.into()));
    // Every step that history.csv should have: 0, 10, .., 1000.
    assert_eq!(place.read("runs/spirals-1/history.csv").lines().count(), 102);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let place = Place::new();
    for (seed, out) in [(3, "a"), (3, "b"), (4, "c")] {
        place.ok(&format!("train --steps 30 --seed {seed} --out {out} --quiet"));
    }
    let model = |run: &str| place.bytes(&format!("{run}/model.safetensors"));
    assert_eq!(model("a"), model("b"));
    for threads in [1, 2, 3, 4, 8] {
        // On a machine with fewer cores, this is said; the result is the same.
        let train = format!("train --steps 30 --seed 3 --threads {threads} --out on-{threads} --quiet");
        assert_eq!(place.run(&train).code, Some(0));
        assert_eq!(model("a"), model(&format!("on-{threads}")), "threads change no bit");
    }
    assert!(model("a") != model("c"));
}

#[test]
fn more_threads_than_make_sense_are_said_in_a_line_and_not_started() {
    let place = Place::new();
    let cores = std::thread::available_parallelism().unwrap().get();
    let used = 4 * cores;
    let ended = place.run("train --steps 30 --threads 60000 --out a --checkpoint-every 10 --quiet");
    let warning = format!(
        "warning: --threads 60000: this machine runs {cores} at once; {used} are used, the result is the same\n"
    );
    assert_eq!((ended.code, ended.err), (Some(0), warning));
    assert_eq!(place.json("a/summary.json")["settings"]["threads"], used);
}

#[test]
fn the_environment_chooses_the_vectors() {
    let place = Place::new();
    let mut train = place.command("train --steps 30 --out a --quiet");
    let narrowest = clearprop::fast::Level::available()[0].name();
    let ended = train.env("CLEARPROP_SIMD", narrowest).output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    assert_eq!(place.json("a/summary.json")["settings"]["engine"], format!("fast-{narrowest}"));
}

#[test]
fn sgd_looks_ahead_or_not() {
    let place = Place::new();
    let train = |options: &str, out: &str| {
        place.ok(&format!("train --solver sgd --epochs 3 {options} --out {out} --quiet"));
        let summary = place.json(&format!("{out}/summary.json"));
        (place.bytes(&format!("{out}/model.safetensors")), summary["settings"]["nesterov"].clone())
    };
    let (yes, no) = (train("--nesterov yes", "yes"), train("--nesterov no", "no"));
    assert_eq!((&yes.1, &no.1), (&true.into(), &false.into()));
    assert!(yes.0 != no.0);
    assert!(train("", "usual") == yes);
    place.ok("train --epochs 3 --out gd --quiet");
    assert!(place.json("gd/summary.json")["settings"]["nesterov"].is_null());
}

#[test]
fn a_table_is_trained_on_evaluated_and_predicted() {
    let place = Place::new();
    place.write("flowers.csv", flowers());
    let out = place.ok("train flowers.csv --target kind --epochs 150 --step-size 0.01 --test-size 0.2");
    let told = "target 'kind': words are classes, so the loss is softmax (--loss says otherwise)\n\
        warning: column 'length': may give the answer away: it alone separates the classes (--drop length says otherwise)\n\
        rows: 36 to train on, 9 to test on\n\
        recipe plain: there are fewer than 500 rows (--recipe tabular says otherwise)\n\
        settings: --hidden 100 --activation relu --reg ";
    assert!(out.starts_with(told) && out.contains(" --validation-size 0\nEpoch   1. Loss="), "{out}");
    assert!(out.contains("\nTest accuracy="), "{out}");
    let model = "runs/flowers-1/model.safetensors";
    let history = place.read("runs/flowers-1/history.csv");
    assert!(history.starts_with("step,loss,train_accuracy,epoch"), "{history}");

    let out = place.ok(&format!("evaluate {model} flowers.csv"));
    assert!(out.starts_with("45 rows, loss 0.") && out.contains("accuracy 1.00000"), "{out}");
    assert!(out.contains("lily, white") && out.contains("precision"), "{out}");
    let report: serde_json::Value =
        serde_json::from_str(&place.ok(&format!("evaluate {model} flowers.csv --json"))).unwrap();
    assert_eq!(report["accuracy"], 1.0);
    assert_eq!(report["confusion"], serde_json::json!([[15, 0, 0], [0, 15, 0], [0, 0, 15]]));

    // Other columns, in another order.
    place.write("new.csv", "note,width,length\nx,0.5,1.5\ny,0.5,7.5\n");
    let out = place.ok(&format!("predict {model} new.csv"));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "label,p_iris,\"p_lily, white\",p_rose");
    assert!(lines[1].starts_with("rose,0.") && lines[2].starts_with("\"lily, white\",0."), "{out}");
    assert_eq!(lines.len(), 3);
    assert_eq!(place.ok(&format!("predict {model} new.csv -o predicted.csv")), "");
    assert_eq!(place.read("predicted.csv"), out);

    let about = place.ok(&format!("info {model}"));
    assert!(about.contains("2 -> 100 -> 3") && about.contains("length, width"), "{about}");
    assert_eq!(place.ok(&format!("plot {model} flowers.csv -o b.svg")), "Wrote b.svg\n");
    assert!(place.read("b.svg").contains("<svg"));
    place.ok(&format!("plot {model} --what loss -o loss.png"));
    assert!(place.bytes("loss.png").starts_with(b"\x89PNG"));
}

#[test]
fn numbers_are_predicted_in_their_own_unit() {
    let place = Place::new();
    let rows: String = (0..80).map(|i| format!("{},{}\n", i, f64::from(i).mul_add(25.0, 1000.5))).collect();
    place.write("prices.csv", format!("size,price\n{rows}"));
    let out = place.ok("train prices.csv --target price --epochs 400 --step-size 0.01 --out run");
    assert!(out.contains("train R2=0.9") && out.contains("Test R2=0.9"), "{out}");
    let report = place.ok("evaluate run/model.safetensors prices.csv --json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(report["r2"].as_f64().unwrap() > 0.95 && report["rmse"].as_f64().unwrap() < 130.0, "{report}");
    let out = place.ok("predict run/model.safetensors prices.csv");
    let price: f64 = out.lines().nth(41).unwrap().parse().unwrap();
    assert!(out.starts_with("price\n") && (price - 2000.5).abs() < 150.0, "{price}");
    let summary = place.json("run/summary.json");
    assert!(summary["test_r2"].is_number() && summary["test_accuracy"].is_null(), "{summary}");
}

#[test]
fn the_spirals_come_as_csv_and_npz() {
    let place = Place::new();
    place.ok("spirals -o s.csv");
    place.ok("spirals --seed 0 -o s.npz");
    assert_eq!(place.read("s.csv"), place.ok("spirals"));
    assert_eq!(place.read("s.csv").lines().count(), 901);
    place.ok("train --steps 20 --out a --quiet");
    let score = |data: &str| place.ok(&format!("evaluate a/model.safetensors {data}"));
    assert_eq!(score("s.csv"), score("s.npz"));
}

#[test]
fn json_and_quiet_keep_standard_output_for_the_summary() {
    let place = Place::new();
    let Ended { code, out, err } = place.run("train --steps 3 --json --out a");
    assert_eq!(code, Some(0));
    let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(summary, place.json("a/summary.json"));
    assert!(err.starts_with("Step    0. Loss="), "{err}");
    assert_eq!(place.ok("train --steps 3 --quiet --out b"), "");
    let Ended { out, err, .. } = place.run("train --steps 3 --quiet --json --out c");
    assert!(out.starts_with('{') && err.is_empty(), "{err}");
}

#[test]
fn a_run_goes_on_from_a_model() {
    let place = Place::new();
    place.ok("train --steps 10 --hidden 7,5 --init he --out a --quiet");
    place.ok("train --steps 1 --start a/model.safetensors --out b --quiet");
    assert_eq!(place.json("b/summary.json")["sizes"], serde_json::json!([2, 7, 5, 3]));
    let losses = |run: &str| place.read(&format!("{run}/history.csv"));
    place.ok("train --steps 11 --hidden 7,5 --init he --out c --record-every 1 --quiet");
    let last = |text: String| text.lines().last().unwrap().split(',').nth(1).unwrap().to_owned();
    assert_eq!(last(losses("b")), last(losses("c")));
}

#[test]
fn a_folder_is_overwritten_only_if_a_run_has_made_it() {
    let place = Place::new();
    place.ok("train --steps 2 --out run --quiet");
    let Ended { code, err, .. } = place.run("train --steps 3 --out run --quiet");
    assert_eq!(code, Some(2));
    assert_eq!(err, "error: run: the folder is not empty; choose another with --out, or add --overwrite\n");
    place.ok("train --steps 3 --out run --overwrite --quiet");
    assert_eq!(place.json("run/summary.json")["steps"], 3);
    std::fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/letter.txt", "dear");
    let Ended { code, err, .. } = place.run("train --steps 3 --out mine --overwrite --quiet");
    assert_eq!(code, Some(2));
    assert_eq!(
        err,
        "error: mine: the folder is not empty and not a run of clearprop; choose another with --out\n"
    );
    assert_eq!(place.read("mine/letter.txt"), "dear");
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let place = Place::new();
    let mut child = place
        .command("spirals --points 100000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "x0,x1,y\n");
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn every_command_has_help_with_an_example_and_the_man_page_names_all() {
    let place = Place::new();
    let help = place.ok("--help");
    assert!(help.find("Examples:") < help.find("Usage:"), "examples first: {help}");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    let man = place.ok("man");
    for command in commands {
        let help = place.ok(&format!("{command} --help"));
        assert!(help.contains("Example") && help.contains(&format!("clearprop {command}")), "{help}");
        assert!(help.find("Example") < help.find("Usage"), "examples first: {help}");
        assert!(man.contains(&format!("CLEARPROP {}", command.to_uppercase())), "{command}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.ok(&format!("completions {shell}")).contains("step-size"));
    }
}
