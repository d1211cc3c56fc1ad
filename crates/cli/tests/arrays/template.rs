//! The probe's template: every line that the program offers for it is executed inside it.

use super::{json, python, run};
use std::fs;
use std::path::Path;

/// The line of the template for this name, replaced.
fn filled(program: &str, name: &str, line: &str) -> String {
    let hole = format!("{name} = ...");
    let lines: Vec<&str> =
        program.lines().map(|one| if one.starts_with(&hole) { line } else { one }).collect();
    lines.join("\n") + "\n"
}

fn probe(folder: &Path) -> String {
    let output = run(folder, &["probe", "probe.npz"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(folder.join("probe.py")).unwrap()
}

const NAMES: [&str; 10] =
    ["h11", "h12", "f", "probs", "loss", "dL_df", "dL_dW2", "dL_dh12", "dL_dh11", "dL_dW1"];

#[test]
fn from_the_first_line_on_the_next_one_is_offered_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = filled(&probe(folder.path()), "h11", "h11 = X @ W1");
    let mut offered = vec!["h11".to_owned()];
    loop {
        python(folder.path(), &["-c", &program]);
        let diagnosis = json(folder.path(), &["diagnose", "mine.npz", "--json"]).unwrap();
        match diagnosis["verdict"].as_str().unwrap() {
            "correct" => break,
            verdict => assert_eq!(verdict, "incomplete", "after {offered:?}: {diagnosis:#}"),
        }
        let stages = diagnosis["stages"].as_array().unwrap();
        let next = stages.iter().find(|stage| stage["right"].is_string()).unwrap();
        let name = next["name"].as_str().unwrap();
        assert!(!offered.iter().any(|one| one == name), "{name} again after {offered:?}: {}", next["right"]);
        program = filled(&program, name, next["right"].as_str().unwrap());
        offered.push(name.to_owned());
    }
    assert_eq!(offered, NAMES);
}

/// Right lines for the whole template.
const RIGHT: [(&str, &str); 10] = [
    ("h11", "h11 = X @ W1"),
    ("h12", "h12 = np.c_[np.maximum(0, h11), np.ones(N)]"),
    ("f", "f = h12 @ W2"),
    ("probs", "probs = np.exp(f) / np.exp(f).sum(axis=1, keepdims=True)"),
    ("loss", "loss = -np.log(probs[range(N), y]).mean() + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))"),
    ("dL_df", "dL_df = (probs - np.eye(3)[y]) / N"),
    ("dL_dW2", "dL_dW2 = h12.T @ dL_df + reg * W2"),
    ("dL_dh12", "dL_dh12 = dL_df @ W2.T"),
    ("dL_dh11", "dL_dh11 = dL_dh12[:, :-1] * (h11 > 0)"),
    ("dL_dW1", "dL_dW1 = X.T @ dL_dh11 + reg * W1"),
];

/// Other lines, which are right in themselves but not what the template asks for: the mistake, and where it is named.
#[test]
fn what_the_template_did_not_ask_for_is_named_at_the_loss() {
    let folder = tempfile::tempdir().unwrap();
    let template = probe(folder.path());
    type Case<'a> = (&'a [(&'a str, &'a str)], u64, &'a str);
    let cases: [Case<'_>; 4] = [
        (
            &[
                (
                    "loss",
                    "loss = -np.log(probs[range(N), y]).sum() + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))",
                ),
                ("dL_df", "dL_df = probs - np.eye(3)[y]"),
            ],
            121,
            "loss",
        ),
        (
            &[
                ("loss", "loss = -np.log(probs[range(N), y]).mean() + reg * (np.sum(W1**2) + np.sum(W2**2))"),
                ("dL_dW2", "dL_dW2 = h12.T @ dL_df + 2 * reg * W2"),
                ("dL_dW1", "dL_dW1 = X.T @ dL_dh11 + 2 * reg * W1"),
            ],
            122,
            "loss",
        ),
        (&[("loss", "loss = -np.log(probs[range(N), y]).mean()")], 123, "loss"),
        (
            &[
                ("h12", "h12 = np.c_[1 / (1 + np.exp(-h11)), np.ones(N)]"),
                ("dL_dh11", "dL_dh11 = dL_dh12[:, :-1] * h12[:, :-1] * (1 - h12[:, :-1])"),
            ],
            124,
            "h12",
        ),
    ];
    for (changes, id, stage) in cases {
        let mut program = template.clone();
        for (name, right) in RIGHT {
            let line = changes.iter().find(|(other, _)| *other == name).map_or(right, |(_, line)| line);
            program = filled(&program, name, line);
        }
        python(folder.path(), &["-c", &program]);
        let diagnosis = json(folder.path(), &["diagnose", "mine.npz", "--json"]).unwrap();
        assert_eq!(diagnosis["verdict"], "wrong", "{id}: {diagnosis:#}");
        assert_eq!(diagnosis["first_wrong_stage"], stage, "{id}: {diagnosis:#}");
        assert_eq!(diagnosis["mistakes"][0]["id"], id, "{diagnosis:#}");
        let stages = diagnosis["stages"].as_array().unwrap();
        let wrong: Vec<&str> =
            stages.iter().filter(|s| s["status"] == "wrong").map(|s| s["name"].as_str().unwrap()).collect();
        assert_eq!(wrong, [stage], "{id}: no right derivative is blamed");
        // The offered line, run in the template, gives the loss that was asked for.
        let line = stages.iter().find(|s| s["name"] == stage).unwrap()["right"].as_str().unwrap();
        let mut mended = template.clone();
        for (name, right) in RIGHT {
            mended = filled(&mended, name, if name == stage { line } else { right });
        }
        python(folder.path(), &["-c", &mended]);
        let diagnosis = json(folder.path(), &["diagnose", "mine.npz", "--json"]).unwrap();
        assert_eq!(diagnosis["verdict"], "correct", "{id}: {line}");
    }
}
