//! Runs that are killed, interrupted, or refused by the disk: nothing is lost, nothing is torn.

use crate::{Ended, Place, flowers};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A run with everything that a checkpoint must hold: batches, moments, a validation share.
const RUN: &str = "train flowers.csv --target kind --epochs 150 --hidden 20 --validation-size 0.2 --patience 1000 --checkpoint-every 7 --quiet";

/// The files of a run, by name; of the summary all but the time and the threads.
pub(crate) fn run_folder(place: &Place, name: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(place.path(name)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let file = |file: String| {
        let path = format!("{name}/{file}");
        let mut bytes = place.bytes(&path);
        if file == "summary.json" {
            let mut summary = place.json(&path);
            summary["train_seconds"] = 0.into();
            summary["settings"]["threads"] = 0.into();
            // The file may have moved.
            summary["file"] = "".into();
            bytes = summary.to_string().into_bytes();
        }
        if file == "report.html" {
            // Its name stands above the report too, and nowhere else.
            bytes = place.read(&path).replacen("moved.csv", "flowers.csv", 1).into_bytes();
        }
        (file, bytes)
    };
    names.map(file).collect()
}

pub(crate) fn assert_same_files(
    found: &BTreeMap<String, Vec<u8>>,
    expected: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in found {
        assert!(bytes == &expected[name], "{what}: {name} differs");
    }
}

fn place_with_flowers() -> Place {
    let place = Place::new();
    place.write("flowers.csv", flowers());
    place
}

/// How often a test does its work: so many times, or as the environment says.
pub(crate) fn times(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// More kills than ten: `CLEARPROP_TEST_KILLS=100 cargo test`.
#[test]
fn a_run_killed_at_any_moment_goes_on_to_the_same_bits() {
    let kills = times("CLEARPROP_TEST_KILLS", 10);
    let place = place_with_flowers();
    let began = Instant::now();
    place.ok(&format!("{RUN} --out whole"));
    let length = began.elapsed();
    let whole = run_folder(&place, "whole");
    // Whether the kill came in time.
    let kill = |line: &str, after: Duration| {
        let mut child = place.command(line).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        let _ = child.kill();
        !child.wait().unwrap().success()
    };
    let (mut killed, mut again, mut resumed) = (0, 0, 0);
    // A kill that comes after the end does not count.
    for i in 0..20 * kills {
        if killed == kills {
            break;
        }
        let out = format!("killed{i}");
        // Spread over the run by the golden ratio.
        let moment = (f64::from(i + 1) * 0.618_034).fract();
        killed += u32::from(kill(&format!("{RUN} --out {out}"), length.mul_f64(moment)));
        let has = |name: &str| place.path(&format!("{out}/{name}")).exists();
        if has("checkpoint.safetensors") {
            // Once more, while it goes on.
            again += u32::from(kill(&format!("train --resume {out} --quiet"), length.mul_f64(moment / 3.0)));
        }
        if has("checkpoint.safetensors") {
            place.ok(&format!("train --resume {out} --quiet"));
            resumed += 1;
        } else if !has("summary.json") {
            place.ok(&format!("{RUN} --out {out}"));
        } else if has(".clearprop-claimed") {
            // Killed when all was written: the claim of a process that is no more keeps nobody out.
            place.ok(&format!("{RUN} --overwrite --out {out}"));
        }
        assert_same_files(&run_folder(&place, &out), &whole, &format!("killed after {moment} of the run"));
    }
    println!(
        "{killed} runs killed, {again} of them again after going on; {resumed} resumed from a checkpoint"
    );
    assert_eq!(killed, kills, "the runs are over too soon");
    assert!(resumed > 0, "no kill came between the first checkpoint and the end");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_how_to_go_on_and_ends_in_the_same_bits() {
    let place = Place::new();
    let line = "train --steps 30000 --hidden 10 --init he --log-every 1000 --precision f64";
    place.ok(&format!("{line} --quiet --out whole"));
    let mut child = place
        .command(&format!("{line} --out run"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first line says that the run has begun.
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{err}");
    let steps = err.strip_prefix("interrupted after ").and_then(|rest| rest.split_once(' ')).unwrap();
    assert_eq!(steps.1, "steps, and saved; go on with: clearprop train --resume run\n");
    let out = place.ok("train --resume run");
    assert!(out.starts_with(&format!("Going on after {} steps\n", steps.0)), "{out}");
    assert_same_files(&run_folder(&place, "run"), &run_folder(&place, "whole"), "interrupted");
}

/// While a table is read, or predicted block by block, there is nothing to save.
#[cfg(unix)]
#[test]
fn ctrl_c_while_reading_or_predicting_leaves_nothing() {
    let place = place_with_flowers();
    place.ok("train flowers.csv --target kind --epochs 1 --out run --quiet");
    place.write("p.csv", "old");
    let before = place.files();
    for line in ["train - --target kind --out new", "predict run/model.safetensors - -o p.csv"] {
        let mut command = place.command(line);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut rows = child.stdin.take().unwrap();
        // More than a pipe and a block hold: once it is written, the program is reading.
        rows.write_all(format!("length,width,kind\n{}", "1,2,rose\n".repeat(50_000)).as_bytes()).unwrap();
        if line.starts_with("predict") {
            while place.files() == before {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        assert!(
            std::process::Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let ended = child.wait_with_output().unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        let expected = (Some(130), "interrupted, nothing was saved\n");
        assert_eq!((ended.status.code(), err.as_str()), expected, "{line}");
        assert_eq!(place.files(), before, "{line}");
        drop(rows);
    }
    assert_eq!(place.read("p.csv"), "old");
}

#[test]
fn going_on_refuses_what_does_not_fit() {
    let place = place_with_flowers();
    let refused = |line: &str, message: &str| {
        let Ended { code, err, .. } = place.run(line);
        assert_eq!((code, err), (Some(2), format!("error: {message}\n")), "{line}");
    };
    place.ok(&format!("{RUN} --out over"));
    refused(
        "train --resume over",
        "over: there is no checkpoint to go on from; a run has one with --checkpoint-every N or after Ctrl-C, until it is over",
    );
    refused(
        "train --resume over --hidden 5",
        "--resume: cannot be given together with --hidden <N,N>; leave out one of them",
    );
    // The disk fails while the second checkpoint is written: the first stands.
    let failed = place.command(&format!("{RUN} --out run")).env(FAIL, "9").output().unwrap();
    assert_eq!(failed.status.code(), Some(2));
    let checkpoint = place.bytes("run/checkpoint.safetensors");
    place.write("flowers.csv", flowers().replacen("1,0,rose", "1.5,0,rose", 1));
    let path = place.path("flowers.csv").canonicalize().unwrap();
    refused(
        "train --resume run",
        &format!(
            "{}: these are not the rows that the run began with; go on with the same file, or train anew",
            path.display()
        ),
    );
    // The file has moved.
    place.write("moved.csv", flowers());
    place.write("run/checkpoint.safetensors", &checkpoint[..checkpoint.len() - 8]);
    let Ended { code, err, .. } = place.run("train moved.csv --resume run");
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    place.write("run/checkpoint.safetensors", &checkpoint);
    place.ok("train moved.csv --resume run --quiet");
    assert_same_files(&run_folder(&place, "run"), &run_folder(&place, "over"), "moved");
}

/// The k-th write, sync or rename fails (builds with debug assertions).
const FAIL: &str = "CLEARPROP_TEST_FAIL_DISK";

#[test]
fn every_write_sync_and_rename_may_fail() {
    let place = place_with_flowers();
    place.ok("train flowers.csv --target kind --epochs 2 --seed 1 --out old --quiet");
    let line = "train flowers.csv --target kind --epochs 3 --checkpoint-every 2 --quiet --overwrite";
    let old = run_folder(&place, "old");
    let begin_with_old = |out: &str| {
        std::fs::create_dir(place.path(out)).unwrap();
        for name in old.keys() {
            std::fs::copy(place.path(&format!("old/{name}")), place.path(&format!("{out}/{name}"))).unwrap();
        }
    };
    begin_with_old("new");
    place.ok(&format!("{line} --out new"));
    let new = run_folder(&place, "new");
    let mut k = 0;
    loop {
        k += 1;
        let out = format!("run{k}");
        begin_with_old(&out);
        let output = place.command(&format!("{line} --out {out}")).env(FAIL, k.to_string()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        if output.status.code() == Some(0) {
            break;
        }
        assert_eq!((output.status.code(), err.lines().count()), (Some(2), 1), "{k}: {err}");
        assert!(
            err.starts_with(&format!("error: {out}/")) && err.contains("no space left on the disk"),
            "{err}"
        );
        for (name, bytes) in run_folder(&place, &out) {
            // The old file or the new one, whole; a checkpoint proves to be whole by what comes of it.
            assert!(
                name == "checkpoint.safetensors" || old.get(&name) == Some(&bytes) || new[&name] == bytes,
                "{k}: {name} is neither old nor new"
            );
        }
        if place.path(&format!("{out}/checkpoint.safetensors")).exists() {
            place.ok(&format!("train --resume {out} --quiet"));
        } else {
            place.ok(&format!("{line} --out {out}"));
        }
        assert_same_files(&run_folder(&place, &out), &new, &format!("operation {k}"));
    }
    assert!(k > 20, "only {k} operations");
}

#[test]
fn predictions_are_written_whole_or_not_at_all() {
    let place = place_with_flowers();
    place.ok("train flowers.csv --target kind --epochs 2 --out run --quiet");
    for name in ["p.csv", "p.parquet"] {
        let line = format!("predict run/model.safetensors flowers.csv -o {name}");
        place.write(name, "old");
        let mut k = 0;
        loop {
            k += 1;
            let before = place.files();
            let output = place.command(&line).env(FAIL, k.to_string()).output().unwrap();
            if output.status.code() == Some(0) {
                break;
            }
            let err = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), err.lines().count()), (Some(2), 1), "{k}: {err}");
            assert_eq!(place.files(), before);
        }
        assert!(k > 4 && place.bytes(name) != b"old", "{k}");
    }
}

/// A long run whose folder a second one wants, again and again; more rounds than one: `CLEARPROP_TEST_ROUNDS=100`.
#[test]
fn a_refused_run_leaves_the_first_as_it_was() {
    for _ in 0..times("CLEARPROP_TEST_ROUNDS", 1) {
        refused_runs(&place_with_flowers());
    }
}

fn refused_runs(place: &Place) {
    for (name, line) in
        [("without", "train flowers.csv --target kind --epochs 1500 --patience 5000 --quiet"), ("with", RUN)]
    {
        let line = format!("{line} --seed 3");
        place.ok(&format!("{line} --out {name}-alone"));
        let mut first =
            place.command(&format!("{line} --out {name}")).stderr(Stdio::piped()).spawn().unwrap();
        let (id, mut refused) = (first.id(), 0);
        // The file is there a moment before it is locked: the first has the folder once it says so.
        let claimed = place.path(&format!("{name}/.clearprop-claimed"));
        while std::fs::read_to_string(&claimed).unwrap_or_default() != format!("process {id}") {
            assert!(first.try_wait().unwrap().is_none(), "the first was over too soon");
            std::thread::sleep(Duration::from_millis(1));
        }
        while first.try_wait().unwrap().is_none() && refused < 20 {
            for second in ["train --steps 1 --overwrite --out", "train --resume"] {
                let Ended { code, err, .. } = place.run(&format!("{second} {name}"));
                if err.contains("is writing") {
                    let says = format!(
                        "error: {name}: process {id} is writing into this folder; wait for its end, or choose another folder\n"
                    );
                    assert_eq!((code, err), (Some(2), says));
                    refused += 1;
                } else if code == Some(0) {
                    // The first was over before.
                    assert!(first.try_wait().unwrap().is_some(), "{err}");
                    place.ok(&format!("{line} --overwrite --out {name}"));
                }
            }
        }
        let ended = first.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        assert!(refused > 0, "the first was over too soon");
        assert_same_files(
            &run_folder(place, name),
            &run_folder(place, &format!("{name}-alone")),
            "beside refused runs",
        );
    }
}

#[test]
fn of_two_runs_into_a_new_folder_one_wins() {
    let place = place_with_flowers();
    let line = "train flowers.csv --target kind --epochs 20 --quiet --seed";
    let alone = ["1", "2"].map(|seed| {
        place.ok(&format!("{line} {seed} --out alone{seed}"));
        run_folder(&place, &format!("alone{seed}"))
    });
    for round in 0..times("CLEARPROP_TEST_ROUNDS", 10) {
        let out = format!("both{round}");
        let runs = ["1", "2"].map(|seed| {
            place.command(&format!("{line} {seed} --out {out}")).stderr(Stdio::null()).spawn().unwrap()
        });
        let codes = runs.map(|run| run.wait_with_output().unwrap().status.code());
        let winner = codes.iter().position(|code| *code == Some(0)).unwrap();
        assert_eq!(codes[1 - winner], Some(2));
        assert_same_files(&run_folder(&place, &out), &alone[winner], "of two");
    }
}

/// What is written before a write fails stays, the model first of all, and the folder can be used again.
#[test]
fn a_full_disk_at_the_last_save_leaves_the_model_and_a_folder_to_go_on_in() {
    let place = place_with_flowers();
    let line = "train flowers.csv --target kind --columns length,width --epochs 3 --quiet";
    place.ok(&format!("{line} --out new"));
    let new = run_folder(&place, "new");
    let (mut k, mut saved) = (0, 0);
    loop {
        k += 1;
        let out = format!("run{k}");
        let output = place.command(&format!("{line} --out {out}")).env(FAIL, k.to_string()).output().unwrap();
        if output.status.code() == Some(0) {
            break;
        }
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.lines().count()), (Some(2), 1), "{k}: {err}");
        if !err.contains("model.safetensors") {
            assert_eq!(run_folder(&place, &out)["model.safetensors"], new["model.safetensors"], "{err}");
            saved += 1;
        } else {
            // The folder was new and got nothing; or only the sync of the folder failed.
            assert!(!place.path(&out).exists() || run_folder(&place, &out).len() == 1);
        }
        place.ok(&format!("{line} --overwrite --out {out}"));
        assert_same_files(&run_folder(&place, &out), &new, &format!("operation {k}"));
    }
    assert!(saved > 10, "{saved} of {k}");
}

/// Threads cannot be had where their stacks find no place.
#[test]
fn where_no_thread_may_be_started_a_run_has_one() {
    const NO_PLACE: &str = "1125899906842624";
    let place = place_with_flowers();
    let line = "train flowers.csv --target kind --epochs 3 --quiet --threads 2 --out";
    place.ok(&format!("{line} usual"));
    let run = |line: &str| {
        let output = place.command(line).env("RUST_MIN_STACK", NO_PLACE).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {err}");
        err
    };
    let err = run(&format!("{line} alone"));
    assert_eq!(err, "warning: the system starts no thread: this run has one, the result is the same\n");
    assert_same_files(&run_folder(&place, "alone"), &run_folder(&place, "usual"), "without threads");
    assert!(place.path("alone/boundary.png").exists(), "the pictures are drawn");
    place.write("loss.sh", "while read -r line; do echo 1.0; done");
    let output = place
        .command("check alone/model.safetensors flowers.csv")
        .args(["--loss", "sh loss.sh"])
        .env("RUST_MIN_STACK", NO_PLACE)
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() != Some(101) && !err.contains("panicked"), "{err}");
}

/// A limit on the size of files is told as one, and does not kill.
#[cfg(unix)]
#[test]
fn a_file_larger_than_the_system_allows_is_an_error() {
    let place = place_with_flowers();
    let line = format!(
        "ulimit -f 4; exec {} train flowers.csv --target kind --epochs 2 --hidden 100,50 --quiet --out run",
        env!("CARGO_BIN_EXE_clearprop")
    );
    let output =
        std::process::Command::new("sh").args(["-c", &line]).current_dir(place.0.path()).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    let expected = "error: run/model.safetensors: cannot write: the file is larger than the system allows; see 'ulimit -f'\n";
    assert_eq!((output.status.code(), err.as_str()), (Some(2), expected));
    assert!(!place.path("run").exists());
}
