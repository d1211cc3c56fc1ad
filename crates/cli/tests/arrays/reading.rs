//! `diagnose`, `check`, `trace` and `train` read a file in one way.

use super::{json, python, root, run};
use serde_json::{Value, json as value};
use std::path::{Path, PathBuf};

/// The files of `golden/`, and those that the programs of `corpus/field/` write.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut add = |folder: &Path| {
        let found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.extend(found.filter(|path| path.extension().is_some_and(|ending| ending == "npz")));
    };
    add(&root().join("golden"));
    for case in std::fs::read_dir(root().join("corpus/field")).unwrap() {
        let case = case.unwrap().path();
        if !case.join("make.py").exists() {
            continue;
        }
        let own = folder.join(case.file_name().unwrap());
        std::fs::create_dir(&own).unwrap();
        python(&own, &[case.join("make.py").to_str().unwrap()]);
        add(&own);
    }
    files.sort();
    files
}

#[test]
fn all_commands_agree_on_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    assert!(files.len() >= 60, "{} files", files.len());
    // Two halves at once, each with a folder of its own for what `train` writes.
    let (one, other) = files.split_at(files.len() / 2);
    let counts = std::thread::scope(|scope| {
        [(one, "one"), (other, "other")]
            .map(|(files, out)| {
                scope.spawn(|| files.iter().map(|path| agree(folder.path(), path, out)).collect())
            })
            .map(|half| half.join().unwrap())
    });
    let counts: Vec<(bool, usize)> = counts.into_iter().flat_map(|half: Vec<_>| half).collect();
    let judged = counts.iter().filter(|(judged, _)| *judged).count();
    let compared: usize = counts.iter().map(|(_, compared)| compared).sum();
    assert!(judged >= 50 && compared >= 100, "{judged} judged, {compared} compared");
}

/// Whether a file was judged by both `diagnose` and `check`, and the pairs of commands that were compared.
fn agree(folder: &Path, path: &Path, out: &str) -> (bool, usize) {
    let file = path.to_str().unwrap();
    let ask = |command: &str| json(folder, &[command, file, "--json"]);
    let (diagnosis, check, trace) = (ask("diagnose"), ask("check"), ask("trace"));
    let read: Vec<&Value> =
        [&diagnosis, &check, &trace].into_iter().flatten().map(|all| &all["read_as"]).collect();
    for pair in read.windows(2) {
        assert_eq!(pair[0], pair[1], "{file}");
    }
    let compared = read.len().saturating_sub(1);
    // Rows that the file parts itself are trained on as they are parted.
    if let (Some(check), false) = (&check, file.contains("notebook_")) {
        let output = run(folder, &["train", file, "--steps", "1", "--out", out, "--overwrite"]);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        // A single row can be read and not trained on.
        if said.contains("are of one class") {
            return (false, compared);
        }
        let network = check["read_as"]["network"].as_str().unwrap();
        assert!(said.contains(network), "{file}: train does not say {network}: {said}");
    }
    let (Some(diagnosis), Some(check)) = (diagnosis, check) else { return (false, compared) };
    let wrong =
        check["checks"].as_array().unwrap().iter().flat_map(|round| round["tensors"].as_array().unwrap());
    let wrong = wrong.filter(|tensor| tensor["passed"] == false).count();
    let verdict = diagnosis["verdict"].as_str().unwrap();
    let derivative_is_wrong = diagnosis["stages"].as_array().unwrap().iter().any(|stage| {
        let parameter = stage["stage"].as_str().unwrap().starts_with(['d']);
        parameter
            && !stage["shape"].is_null()
            && matches!(stage["status"].as_str(), Some("wrong" | "inherited"))
    });
    if matches!(verdict, "correct" | "incomplete") {
        assert_eq!(wrong, 0, "{file}: diagnose says {verdict}, check finds {wrong} wrong");
    } else if verdict == "wrong" && !derivative_is_wrong {
        assert_eq!(wrong, 0, "{file}: no derivative is wrong, check finds {wrong}");
    }
    (true, compared)
}

/// A pass of two layers in columns, logistic and squared error summed, with its gradients, as JSON.
const COLUMNS: &str = r"
import json, numpy as np
r = np.random.default_rng(0); s = lambda v: 1 / (1 + np.exp(-v))
X = r.normal(size=(3, 5)); Y = (r.random((2, 5)) > .5) * 1.
W1, b1, W2, b2 = r.normal(size=(4, 3)), r.normal(size=(4, 1)), r.normal(size=(2, 4)), r.normal(size=(2, 1))
A1 = s(W1 @ X + b1); A2 = s(W2 @ A1 + b2); loss = .5 * np.sum((A2 - Y) ** 2)
dZ2 = (A2 - Y) * A2 * (1 - A2); dZ1 = W2.T @ dZ2 * A1 * (1 - A1)
all = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, A2=A2, loss=loss, dW1=dZ1 @ X.T, dW2=dZ2 @ A1.T, db2=dZ2.sum(1, keepdims=True))
json.dump({k: np.asarray(v).tolist() for k, v in all.items()}, open('mine.json', 'w'))
";

/// The same as a program that answers `check --loss` in the file's own layout.
const ANSWERS: &str = r"
import json, sys
import numpy as np
factor = float(sys.argv[1]); s = lambda v: 1 / (1 + np.exp(-v))
for line in sys.stdin:
    weights, gradients = line.rstrip('\n').split('\t')
    a = {k: np.array(v) for k, v in json.load(open(weights)).items()}
    A1 = s(a['W1'] @ a['X'] + a['b1']); A2 = s(a['W2'] @ A1 + a['b2'])
    dZ2 = (A2 - a['Y']) * A2 * (1 - A2); dZ1 = a['W2'].T @ dZ2 * A1 * (1 - A1)
    d = dict(dW1=factor * dZ1 @ a['X'].T, db1=dZ1.sum(1, keepdims=True), dW2=dZ2 @ A1.T, db2=dZ2.sum(1, keepdims=True))
    json.dump({k: v.tolist() for k, v in d.items()}, open(gradients, 'w'))
    print(.5 * np.sum((A2 - a['Y']) ** 2), flush=True)
";

#[test]
fn every_layout_is_checked_and_a_program_may_speak_json() {
    let folder = tempfile::tempdir().unwrap();
    python(folder.path(), &["-c", COLUMNS]);
    std::fs::write(folder.path().join("answers.py"), ANSWERS).unwrap();
    let check = json(folder.path(), &["check", "mine.json", "--json"]).unwrap();
    assert_eq!(check["read_as"]["output"], "logistic");
    assert_eq!(check["read_as"]["loss"], "squared error");
    assert_eq!(check["read_as"]["samples"], "columns");
    let tensors = check["checks"][0]["tensors"].as_array().unwrap();
    let names: Vec<&str> = tensors.iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dw1", "dw2", "db2"], "those that the file claims");
    assert!(tensors.iter().all(|t| t["passed"] == true), "{check:#}");
    for (factor, code) in [("1", 0), ("2", 1)] {
        let python = std::env::var("CLEARPROP_PYTHON")
            .unwrap_or_else(|_| root().join("target/venv/bin/python").to_string_lossy().into_owned());
        let program = format!("{python} answers.py {factor}");
        let arguments = ["check", "mine.json", "--loss", &program, "--exchange", "json", "--layout", "file"];
        let output = run(folder.path(), &arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn nothing_compared_is_a_finding_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    // Every z is 0: at the kink.  And: every unit is off.
    for (weight, words) in [(0.0, "nothing of dw1 was compared"), (-1.0, "right, but all are 0")] {
        let all = value!({ "X": [[1.0], [2.0]], "y": [[3.0], [4.0]], "W1": [[weight, weight]], "W2": [[1.0], [1.0]],
            "activation": "relu", "dW1": [[0.0, 0.0]] });
        std::fs::write(folder.path().join("mine.json"), all.to_string()).unwrap();
        let output = run(folder.path(), &["check", "mine.json"]);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_word_that_is_not_known_is_said_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let all = value!({ "X": [[1.0, 2.0], [2.0, -1.0], [0.5, 3.0]], "y": [[3.0], [4.0], [1.0]],
        "W1": [[1.0, -0.5], [0.25, 2.0]], "W2": [[1.0], [1.0]], "activation": "rleu", "loss_name": "sqared",
        "a1": [[1.5, 3.5], [1.75, 0.0], [1.25, 5.75]] });
    std::fs::write(folder.path().join("mine.json"), all.to_string()).unwrap();
    for command in ["diagnose", "check", "trace"] {
        let output = run(folder.path(), &[command, "mine.json"]);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in ["activation = 'rleu' is not known", "loss_name = 'sqared' is not known"] {
            assert!(said.contains(words), "{command}, {words}: {said}");
        }
    }
}
