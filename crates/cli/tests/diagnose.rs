//! `diagnose` and `probe` as a person meets them: their own NumPy code, run by Python, and what is said of it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// A right pass on the probe, in the notebook's names; everything in it is saved.
const NOTEBOOK: &str = r#"
import numpy as np

def learner(X, y, W1, W2, reg):
    N = len(y)
    h11 = X.dot(W1)
    h12 = np.c_[np.maximum(0, h11), np.ones(N)]
    f = h12.dot(W2)
    e = np.exp(f)
    probs = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(probs[range(N), y])) + reg / 2 * (np.sum(W1 * W1) + np.sum(W2 * W2))
    dL_df = probs.copy()
    dL_df[range(N), y] -= 1
    dL_df /= N
    dL_dW2 = h12.T.dot(dL_df) + reg * W2
    dL_dh12 = dL_df.dot(W2.T)
    dL_dh11 = dL_dh12[:, :-1] * (h11 > 0)
    dL_dW1 = X.T.dot(dL_dh11) + reg * W1
    del N, e
    np.savez("mine.npz", **locals())

probe = np.load("probe.npz")
learner(*(probe[name] for name in ("X", "y", "W1", "W2", "reg")))
"#;

/// The same with biases apart, in other names.
const APART: &str = r#"
import numpy as np

def learner(X, y, W1, W2, reg):
    X, b1, W1, b2, W2 = X[:, :-1], W1[-1], W1[:-1], W2[-1], W2[:-1]
    N = len(y)
    Z1 = X @ W1 + b1
    A1 = np.maximum(0, Z1)
    Z2 = A1 @ W2 + b2
    A2 = np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)
    loss = -np.log(A2[np.arange(N), y]).mean() + reg / 2 * ((W1**2).sum() + (W2**2).sum())
    dZ2 = (A2 - np.eye(3)[y]) / N
    dW2 = A1.T @ dZ2 + reg * W2
    db2 = dZ2.sum(axis=0)
    dA1 = dZ2 @ W2.T
    dZ1 = dA1 * (Z1 > 0)
    dW1 = X.T @ dZ1 + reg * W1
    db1 = dZ1.sum(axis=0)
    np.savez("mine.npz", **locals())

probe = np.load("probe.npz")
learner(*(probe[name] for name in ("X", "y", "W1", "W2", "reg")))
"#;

struct Place(tempfile::TempDir);

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        assert_eq!(place.run(&["probe", "probe.npz"]).code, 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_clearprop"))
            .current_dir(self.0.path())
            .args(arguments)
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a program with the Python that the tests have.
    fn python(&self, code: &str) {
        let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
        let python = std::env::var("CLEARPROP_PYTHON").unwrap_or(installed.into());
        let output = Command::new(&python).current_dir(self.0.path()).args(["-c", code]).output();
        let output =
            output.unwrap_or_else(|_| panic!("{python} is missing: run cargo xtask test, which installs it"));
        assert!(output.status.success(), "{code}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.run(&["diagnose", "mine.npz", "--json"]).out).unwrap()
    }
}

/// What is said of a program whose lines were changed: each first text by the second.
fn learner(program: &str, changes: &[(&str, &str)]) -> (Place, Said) {
    let place = Place::new();
    place.python(&changed(program, changes));
    let said = place.run(&["diagnose", "mine.npz"]);
    (place, said)
}

fn changed(program: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(program.to_owned(), |program, (old, new)| {
        assert!(program.contains(old), "the program has no line {old}");
        program.replace(old, new)
    })
}

const NO_MASK: (&str, &str) = ("dL_dh12[:, :-1] * (h11 > 0)", "dL_dh12[:, :-1].copy()");
const NO_MEAN: (&str, &str) = ("    dL_df /= N\n", "");
const NO_LOSS: (&str, &str) = ("del N, e", "del N, e, loss");

#[track_caller]
fn contains(said: &Said, words: &[&str]) {
    for word in words {
        assert!(said.out.contains(word), "'{word}' is missing in\n{}{}", said.out, said.err);
    }
}

#[test]
fn right_code_is_correct_and_ends_with_0() {
    let (_, said) = learner(NOTEBOOK, &[]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    contains(
        &said,
        &["Correct: every stage that you gave is right.", "dL_dh11  (17, 7)  by h11, INPUT of relu"],
    );
    assert!(!said.out.contains('\x1b') && said.out.lines().all(|line| line.chars().count() <= 100));
    let (_, said) = learner(APART, &[]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["the biases stand apart from W", "dA1   (17, 7)  by A1, OUTPUT of relu"]);
}

#[test]
fn a_wrong_stage_is_shown_with_evidence_and_the_right_line_and_ends_with_1() {
    let (_, said) = learner(NOTEBOOK, &[NO_MASK]);
    let message =
        "error: the backward pass is wrong; change the first wrong stage, run your code, ask again\n";
    assert_eq!((said.code, said.err.as_str()), (1, message), "{}", said.out);
    contains(
        &said,
        &[
            "WRONG  mistake 40 or 41",
            "follows dL_dh11: its own line is right",
            "First wrong stage: dL_dh11, the derivative of the loss by h11, INPUT of relu",
            "not 0 at 65 of the 65 places where h11 <= 0",
            "right   dL_dh11 = dL_dh12[:, :-1] * (h11 > 0)",
        ],
    );
}

#[test]
fn the_last_line_says_which_pass_is_wrong() {
    let (_, said) = learner(NOTEBOOK, &[("e / e.sum(axis=1, keepdims=True)", "e / e.sum()")]);
    assert!(said.err.starts_with("error: the forward pass is wrong;"), "{}{}", said.out, said.err);
    contains(&said, &["First wrong stage: probs, the OUTPUT of softmax", "each should sum to 1"]);
    let (_, said) = learner(NOTEBOOK, &[("np.savez", "W1_new = W1 + 0.1 * dL_dW1; np.savez")]);
    assert!(said.err.starts_with("error: the update is wrong;"), "{}{}", said.out, said.err);
    contains(&said, &["First wrong stage: W1_new, W1 after its update"]);
}

#[test]
fn a_dead_unit_is_a_hint_and_no_finding() {
    let dead = ("    N = len(y)\n", "    N = len(y)\n    W1 = W1.copy(); W1[:, 0] = 0; W1[-1, 0] = -1\n");
    let (place, said) = learner(NOTEBOOK, &[dead]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    contains(
        &said,
        &["Correct: every stage that you gave is right.", "  hint     1 of 7 units", "they are dead"],
    );
    assert!(place.json()["hints"][0].as_str().is_some_and(|hint| hint.contains("dead")), "{}", place.json());
}

#[test]
fn the_right_line_uses_arrays_that_the_person_has() {
    // Neither z nor da was saved, as in cs231n's case study.
    let (_, said) = learner(APART, &[("dA1 * (Z1 > 0)", "dA1"), ("np.savez", "del Z1, dA1; np.savez")]);
    contains(&said, &["right   dZ1 = dZ2 @ W2.T * ", "places where z <= 0"]);
}

#[test]
fn json_has_the_documented_form() {
    let (place, _) = learner(NOTEBOOK, &[NO_MASK]);
    let json = place.json();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "conventions",
        "first_wrong_stage",
        "forward",
        "hints",
        "ignored",
        "mistakes",
        "questions",
        "read_as",
        "stages",
        "verdict",
        "warnings",
    ];
    assert_eq!(keys, documented);
    assert_eq!((&json["verdict"], &json["first_wrong_stage"]), (&"wrong".into(), &"dL_dh11".into()));
    let expected = serde_json::json!([
        { "id": 40, "name": "no derivative of the nonlinearity: dz is da", "stage": "dL_dh11" },
        { "id": 41, "name": "the mask asks a < 0: the output, which is never negative", "stage": "dL_dh11" },
    ]);
    assert_eq!(json["mistakes"], expected);
    assert!(json["conventions"].as_array().unwrap().iter().all(Value::is_string));
    let stages: Vec<&str> =
        json["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    let names = ["h11", "h12", "f", "probs", "loss", "dL_df", "dL_dW2", "dL_dh12", "dL_dh11", "dL_dW1"];
    assert_eq!(stages, names);
    assert_eq!(json["stages"][8]["stage"], "dz[1]");
    assert_eq!(json["stages"][9]["status"], "inherited");

    let (place, _) = learner(NOTEBOOK, &[]);
    let json = place.json();
    assert_eq!((&json["verdict"], &json["first_wrong_stage"]), (&"correct".into(), &Value::Null));
    assert_eq!(json["mistakes"], serde_json::json!([]));
}

#[test]
fn several_files_are_a_table_with_a_line_a_learner() {
    let place = Place::new();
    for (name, changes) in [("ann", &[][..]), ("ben", &[NO_MASK]), ("cem", &[NO_MEAN, NO_LOSS])] {
        let file = format!("{name}.npz");
        place.python(&changed(NOTEBOOK, changes).replace("mine.npz", &file));
    }
    let said = place.run(&["diagnose", "ann.npz", "ben.npz", "cem.npz"]);
    let lines: Vec<Vec<&str>> = said.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["file", "verdict", "given", "first", "wrong", "why"], "{}", said.out);
    assert_eq!(lines[1][..6], ["\u{2713}", "ann.npz", "correct", "10", "of", "10"]);
    assert_eq!(lines[2][..8], ["\u{2717}", "ben.npz", "wrong", "10", "of", "10", "dL_dh11", "40"]);
    assert_eq!(lines[3][..3], ["?", "cem.npz", "not"]);
    assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
    contains(&said, &["3 files: 1 correct, 1 not known, 1 wrong", "1 of 3  mistake 40", "(ben.npz)"]);
    let message = "error: 1 of 3 is wrong; with one file alone there are evidence, reason and right line\n";
    assert_eq!((said.code, said.err.as_str()), (1, message));

    // A file that cannot be read does not hide what is said of the others.
    std::fs::write(place.path("dot.npz"), "no zip").unwrap();
    let said = place.run(&["diagnose", "ann.npz", "dot.npz", "ben.npz"]);
    assert_eq!(said.code, 2, "{}", said.out);
    contains(&said, &["! dot.npz  unreadable", "\u{2717} ben.npz", "1 unreadable"]);
    let said = place.run(&["diagnose", "ann.npz", "dot.npz", "ben.npz", "--json"]);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["file"], &lines[0]["verdict"]), (&"ann.npz".into(), &"correct".into()));
    assert!(lines[1]["error"].as_str().unwrap().starts_with("dot.npz"));
    assert_eq!(lines[2]["verdict"], "wrong");
}

#[test]
fn a_class_is_asked_for_arrays_and_given_its_inputs() {
    let place = Place::new();
    place.python(&NOTEBOOK.replace("mine.npz", "ann.npz"));
    place
        .python(&changed(NOTEBOOK, &[("np.savez", "del X, probs; np.savez")]).replace("mine.npz", "ben.npz"));
    place.python(&changed(NOTEBOOK, &[("np.savez", "X = X + 1; np.savez")]).replace("mine.npz", "cem.npz"));
    let files = ["ann.npz", "ben.npz", "cem.npz"];
    let ask = |more: &[&str]| place.run(&[&["diagnose"], &files[..], more].concat());
    let said = ask(&["--probe", "probe.npz", "--require", "probs,dL_dW1", "--csv"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[0], "file,verdict,given,asked,first_wrong_stage,mistakes,reason");
    assert_eq!(lines[1], "ann.npz,correct,2,2,,,");
    assert_eq!(lines[2], "ben.npz,correct,1,2,,,missing: probs");
    assert!(lines[3].starts_with("cem.npz,unreadable,") && lines[3].contains("handed out"), "{}", said.out);
    assert_eq!(said.code, 2);
}

#[test]
fn a_name_of_ones_own_is_said_once_and_comes_back() {
    let place = Place::new();
    let no_mask = changed(NOTEBOOK, &[NO_MASK]);
    place
        .python(&no_mask.replace("**locals()", "w_1=W2, **{k: v for k, v in locals().items() if k != 'W2'}"));
    let said = place.run(&["diagnose", "mine.npz", "--name", "w_1=W2", "--json"]);
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &json["first_wrong_stage"]), (1, &"dL_dh11".into()), "{}", said.out);
    let said = place.run(&["diagnose", "mine.npz", "--name", "w_9=W2"]);
    let message = "error: mine.npz, --name w_9=W2: there is no array 'w_9'; did you mean 'w_1'?\n";
    assert_eq!((said.code, said.err.as_str()), (2, message));
    let (place, said) = learner(NOTEBOOK, &[("np.savez", "Wa, Wb = W1, W2; del W1, W2; np.savez")]);
    let offer = "; by their shapes they could be: --name Wa=W1 --name Wb=W2\n";
    assert!(said.code == 2 && said.err.ends_with(offer) && said.err.lines().count() == 1, "{}", said.err);
    let said = place.run(&["diagnose", "mine.npz", "--name", "Wa=W1", "--name", "Wb=W2"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn a_dictionary_saved_whole_is_refused_with_the_line_that_saves_it() {
    let whole = "params = np.array({'W1': W1, 'W2': W2}, dtype=object); del W1, W2; np.savez";
    let (_, said) = learner(NOTEBOOK, &[("np.savez", whole)]);
    assert_eq!((said.code, said.err.lines().count()), (2, 1), "{}", said.err);
    assert!(said.err.contains("array 'params'") && said.err.contains("**params"), "{}", said.err);
}

#[test]
fn arrays_that_are_none_of_the_pass_are_ignored_and_listed() {
    let strays =
        "settings = {'hidden': 7}; title = 'my net'; ragged = np.array([1, 'two', None], dtype=object)
    mask = h11 > 0; losses = [3.0, 2.0]; np.savez";
    let (_, said) = learner(NOTEBOOK, &[("np.savez", strays)]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["ignored  losses, mask, ragged, settings, title"]);
}

#[test]
fn a_name_that_does_not_say_input_or_output_is_asked_about() {
    let (_, said) = learner(APART, &[("np.savez", "h1, dh1 = A1, dA1; np.savez")]);
    contains(
        &said,
        &["dh1: the INPUT of the nonlinearity or its OUTPUT? Save it as z1 or a1, and dz1 or da1"],
    );
}

#[test]
fn a_hole_of_the_template_is_ignored() {
    let (_, said) = learner(NOTEBOOK, &[("del N, e", "f = ...; del N, e")]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["ignored  f", "not given"]);
}

#[test]
fn inputs_may_carry_their_ones_or_not() {
    let (_, said) = learner(NOTEBOOK, &[]);
    contains(&said, &["the bias is the last row of W (X carries its ones)"]);
    let (_, said) = learner(NOTEBOOK, &[("np.savez", "X = X[:, :-1]; np.savez")]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["the bias is the last row of W (X has no ones, they are added)"]);
}

#[test]
fn the_notebooks_own_lines_overwrite_arrays_and_are_correct() {
    // probs and dL_df are one array, dL_dh11 is a view into dL_dh12.
    let in_place = [
        ("probs.copy()", "probs"),
        ("dL_dh12[:, :-1] * (h11 > 0)", "dL_dh12[:, :-1]\n    dL_dh11[h11 < 0] = 0"),
    ];
    let (_, said) = learner(NOTEBOOK, &in_place);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(
        &said,
        &[
            "probs was overwritten in place by dL_df: its own numbers are gone",
            "dL_dh12 was overwritten in place by dL_dh11: its own numbers are gone",
            "overwritten later, not judged",
            "Correct",
        ],
    );
    // .. and so were the weights, by their update.
    let updated = ("del N, e", "W1 = W1 - 0.5 * dL_dW1; W2 = W2 - 0.5 * dL_dW2; del N, e");
    let (_, said) = learner(NOTEBOOK, &[in_place[0], in_place[1], updated]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["the weights were saved after their update (step size 0.5)"]);
}

/// A training loop: minibatches, the mean taken late, arrays and weights written in place, all locals saved.
const LOOP: &str = r#"
import numpy as np

def train(steps=20, lr=0.5, reg=1e-2, batch=32):
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((200, 3)), rng.integers(0, 4, 200)
    W1, b1 = rng.standard_normal((3, 10)) * 0.5, np.zeros(10)
    W2, b2 = rng.standard_normal((10, 4)) * 0.5, np.zeros(4)
    losses = []
    for it in range(steps):
        idx = rng.choice(200, batch)
        xb, yb = X[idx], y[idx]
        z1 = xb @ W1 + b1
        a1 = np.maximum(z1, 0)
        scores = a1 @ W2 + b2
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(batch), yb]).sum() / batch + reg / 2 * ((W1**2).sum() + (W2**2).sum())
        losses.append(loss)
        dscores = p.copy()
        dscores[np.arange(batch), yb] -= 1
        dW2, db2 = a1.T @ dscores / batch + reg * W2, dscores.mean(axis=0)
        da1 = dscores @ W2.T
        dz1 = da1
        dz1[z1 < 0] = 0
        dW1, db1 = xb.T @ dz1 / batch + reg * W1, dz1.mean(axis=0)
        W1 -= lr * dW1
        b1 -= lr * db1
        W2 -= lr * dW2
        b2 -= lr * db2
    np.savez("mine.npz", **locals())

train()
"#;

#[test]
fn a_training_loop_saved_as_it_ends_is_understood() {
    let (_, said) = learner(LOOP, &[]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(
        &said,
        &[
            "the weights were saved after their update (step size 0.5)",
            "1/N comes late",
            "scores: a number was taken from each row, which softmax does not see",
            "da1 was overwritten in place by dz1",
            "32 rows",
        ],
    );
    let (_, said) = learner(LOOP, &[("z1 < 0", "a1 < 0"), ("dscores.mean(axis=0)", "dscores.sum(axis=0)")]);
    assert_eq!(said.code, 1, "{}", said.out);
    contains(
        &said,
        &["First wrong stage: db2", "mistake 54: one array lacks the late 1/N", "WRONG  mistake 40 or 41"],
    );
}

#[test]
fn what_only_the_loss_could_tell_is_ambiguous_and_ends_with_0() {
    let (place, said) = learner(NOTEBOOK, &[NO_MEAN, NO_LOSS]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    contains(
        &said,
        &[
            "the loss is a sum over rows, not a mean",
            "right, or mistake 1: see the question below",
            "Two readings: right by an accepted convention, or a mistake.",
            "is your loss a sum over the rows, or their mean?",
            "mistake 1: the division by N is missing",
        ],
    );
    let json = place.json();
    assert_eq!((&json["verdict"], &json["mistakes"][0]["id"]), (&"not known".into(), &1.into()));
    assert_eq!(json["questions"], serde_json::json!(["is your loss a sum over the rows, or their mean?"]));
    // The loss tells.
    assert_eq!(learner(NOTEBOOK, &[NO_MEAN]).1.code, 1);
    // The probe asks for a mean: a sum is named at the loss, and the derivatives are right for it.
    let (_, said) = learner(NOTEBOOK, &[NO_MEAN, ("-np.mean(", "-np.sum(")]);
    assert_eq!(said.code, 1, "{}", said.out);
    contains(&said, &["First wrong stage: loss", "mistake 121"]);
}

#[test]
fn the_first_number_that_is_none_is_named_with_its_stage() {
    let (_, said) = learner(NOTEBOOK, &[("    loss = ", "    probs[3, 1] = np.nan\n    loss = ")]);
    assert_eq!(said.code, 1);
    contains(&said, &["First wrong stage: probs", "probs[3, 1] is NaN, the first place that is no number"]);
    let overflow = [
        ("W1, W2, reg):", "W1, W2, reg):\n    W1 = 1e4 * W1"),
        ("import", "import warnings; warnings.simplefilter('ignore')\nimport"),
    ];
    let (_, said) = learner(NOTEBOOK, &overflow);
    contains(&said, &["First wrong stage: probs", "exp of it overflows, subtract each row's largest first"]);
    let (_, said) = learner(NOTEBOOK, &[("np.savez", "X[2, 1] = np.nan; np.savez")]);
    assert_eq!(said.code, 1);
    contains(&said, &["X[2, 1] is NaN: nothing computed from it can be right"]);
}

#[test]
fn shapes_that_a_mistake_explains_are_findings() {
    let (_, said) = learner(NOTEBOOK, &[("h12.T.dot(dL_df) + reg * W2", "dL_df.T.dot(h12) + reg * W2.T")]);
    contains(
        &said,
        &["WRONG  mistake 34", "the product is transposed", "its shape is (3, 8), it should be (8, 3)"],
    );
    assert_eq!(said.code, 1);
    // The bias's column stays, and the code stops before dL_dW1 is complete.
    let kept = [
        ("dL_dh12[:, :-1] * (h11 > 0)", "dL_dh12.copy(); dL_dh11[:, :-1][h11 <= 0] = 0"),
        ("    dL_dW1 = X.T.dot(dL_dh11) + reg * W1\n", ""),
    ];
    let (_, said) = learner(NOTEBOOK, &kept);
    contains(&said, &["WRONG  mistake 38", "the bias column is not dropped"]);
    let (_, said) = learner(APART, &[("db2 = dZ2.sum(axis=0)", "db2 = dZ2")]);
    contains(
        &said,
        &["WRONG  mistake 31", "db is not summed over the rows", "its shape is (17, 3), it should be (3,)"],
    );
}

#[test]
fn a_poor_probe_is_warned_about() {
    let check = |line: &str, words: &str| {
        let (_, said) = learner(NOTEBOOK, &[("    N = len(y)\n", &format!("    {line}\n    N = len(y)\n"))]);
        contains(&said, &[words]);
    };
    check("reg = 0.0", "reg is 0: no mistake of the penalty (19 to 25, 37) would show");
    check("W1[-1] = 0; W2[-1] = 0", "all biases are 0: mistakes 25 and 48 would not show");
    check(
        "X = X[:3]; y = np.array([0, 1, 2])",
        "N = K = 3: mistake 4 would not show, and 2 and 3 look the same",
    );
    check("X = np.abs(X); W1 = np.abs(W1)", "every unit of layer 1 is on for every row");
    check("y = np.minimum(y, 1)", "no row is of class 2: a wrong column there may not show");
    let (_, said) = learner(NOTEBOOK, &[]);
    assert!(!said.out.contains("note"), "{}", said.out);
}

#[test]
fn single_precision_and_whole_numbers() {
    let single = (
        "    N = len(y)\n",
        "    X, W1, W2, reg = (np.float32(a) for a in (X, W1, W2, reg))\n    N = len(y)\n",
    );
    let (_, said) = learner(NOTEBOOK, &[single, ("np.ones(N)]", "np.ones(N, np.float32)]")]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["float32: numbers are compared to 4 digits"]);
    let (_, said) = learner(NOTEBOOK, &[single, NO_MASK]);
    contains(&said, &["mistake 40 or 41"]);
    let whole = ("    N = len(y)\n", "    X = np.int64(np.round(3 * X)); X[:, -1] = 1\n    N = len(y)\n");
    let (_, said) = learner(NOTEBOOK, &[whole]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["X holds whole numbers: np.zeros_like of it is whole too", "use .astype(float)"]);
}

#[test]
fn the_stages_may_be_of_a_batch() {
    // The whole data set is in the file, and which rows the stages are of.
    let batch = |saved: &str| {
        let after = format!("X, y = data, labels; {saved}; np.savez");
        changed(
            NOTEBOOK,
            &[
                (
                    "    N = len(y)\n",
                    "    data, labels = X, y\n    chosen = np.array([3, 0, 16, 7, 2, 11, 9, 5])\n    X, y = X[chosen], y[chosen]\n    N = len(y)\n",
                ),
                ("del N, e", "del N, e"),
                ("np.savez", &after),
            ],
        )
    };
    let check = |saved: &str, code: i32, words: &str| {
        let place = Place::new();
        place.python(&batch(saved));
        let said = place.run(&["diagnose", "mine.npz"]);
        assert_eq!(said.code, code, "{saved}\n{}{}", said.out, said.err);
        assert!((said.out + &said.err).contains(words), "{saved}: {words}");
    };
    let given = "del data, labels";
    check(given, 0, "the stages are of 8 rows of X, those in chosen");
    check(&format!("{given}; other = chosen[::-1] + 0"), 0, "those in chosen");
    let mask = "picked = np.zeros(17, bool); picked[chosen] = True; h11, h12 = X[picked].dot(W1), h12[np.argsort(chosen)]";
    check(
        &format!(
            "{mask}; f, probs, dL_df, dL_dh12, dL_dh11 = (a[np.argsort(chosen)] for a in (f, probs, dL_df, dL_dh12, dL_dh11)); {given}, chosen"
        ),
        0,
        "those in picked",
    );
    check(
        &format!("{given}, chosen"),
        2,
        "error: mine.npz: h11 to dL_dh11 have 8 rows, X (17, 5) has 17; save the batch that they were computed on as \
         X_batch and y_batch, or its row numbers as rows\n",
    );
    check(
        &format!("{given}, h11, h12, f, probs; other = chosen[::-1] + 0"),
        2,
        "error: mine.npz: the rows could be those of chosen or of other; save the inputs and labels that you used as \
         X_batch and y_batch\n",
    );
    // As X_batch and y_batch.
    check("X_batch, y_batch = X[chosen], y[chosen]; del data, labels, chosen", 0, "Correct");
}

#[test]
fn the_weights_of_the_start_may_stand_beside_those_of_the_end() {
    let trained = ("del N, e", "W1_0, W2_0, W1, W2 = W1, W2, W1 + 1, W2 - 2; del N, e");
    let (_, said) = learner(NOTEBOOK, &[trained]);
    assert_eq!(said.code, 0, "{}", said.out);
    contains(&said, &["the weights are W1_0, W2_0: the rest follows from them"]);
    let (_, said) = learner(NOTEBOOK, &[trained, NO_MASK]);
    contains(&said, &["WRONG  mistake 40 or 41"]);
}

#[test]
fn the_golden_files_are_correct() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden");
    let mut files = 0;
    for entry in std::fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // A run's course is no pass.
        let course = name.starts_with("lbfgs_")
            || ["notebook_as_written.npz", "notebook_he.npz"].contains(&name.as_str());
        if !name.ends_with(".npz") || course {
            continue;
        }
        let said = Place::new().run(&["diagnose", path.to_str().unwrap()]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        files += 1;
    }
    assert!(files >= 9, "only {files} files");
}

#[test]
fn what_cannot_be_diagnosed_is_one_line() {
    let check = |line: &str, message: &str| {
        let (_, said) = learner(NOTEBOOK, &[("np.savez", &format!("{line}; np.savez"))]);
        assert_eq!(
            (said.code, said.out.as_str(), said.err.as_str()),
            (2, "", format!("error: {message}\n").as_str())
        );
    };
    const NEEDED: &str =
        "needed are X, y, W1, W2, .. (names of the notebook or of the design) and what you computed";
    let rest = "X, dL_dW1, dL_dW2, dL_df, dL_dh11, dL_dh12, f, h11, h12, loss, probs, reg, y";
    check("del W1, W2", &format!("mine.npz: found no weights W1 among {rest}; {NEEDED}"));
    check(
        "del y, f, h11, h12, probs, dL_df, dL_dh11, dL_dh12",
        &format!("mine.npz: found no labels y among W1, W2, X, dL_dW1, dL_dW2, loss, reg; {NEEDED}"),
    );
    check(
        "W1 = np.zeros((9, 7))",
        "mine.npz, W1: has shape (9, 7); (5, h) would fit, or (6, h) with the bias as last row, or these transposed \
         throughout",
    );
    check(
        "y = y + 5",
        "mine.npz: these do not fit together: X (17, 5), y (17,), W1 (5, 7), W2 (8, 3); X is (N, D), y is (N) whole \
         numbers from 0 to K-1 or one-hot (N, K), the last W has K columns",
    );
    check(
        "del h11, h12, f, probs, loss, dL_df, dL_dh11, dL_dh12, dL_dW1, dL_dW2",
        "mine.npz: found nothing that you computed; add any of h11 h12 f probs loss dL_df dL_dW2 dL_dh12 dL_dh11 \
         dL_dW1, or z1 a1 logits dw1 ..",
    );
    let (place, said) = learner(APART, &[("np.savez", "b1 = b1[1:]; np.savez")]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "error: mine.npz, b1: has shape (6,); (7,) or (1, 7) would fit\n")
    );
    let said = place.run(&["diagnose", "none.npz"]);
    let message = "error: none.npz: cannot read: there is no such file; check the path\n";
    assert_eq!((said.code, said.err.as_str()), (2, message));
    std::fs::write(place.path("empty.npz"), "").unwrap();
    let said = place.run(&["diagnose", "empty.npz"]);
    let message = "error: empty.npz: not a whole npz file: it is empty; save it again with np.savez\n";
    assert_eq!((said.code, said.err.as_str()), (2, message));
}

/// The template of the probe, its holes filled with the lines of the right code.
fn filled_in(place: &Place) -> String {
    let template = std::fs::read_to_string(place.path("probe.py")).unwrap();
    let mut program = String::new();
    for line in template.lines() {
        let own = line.split_once(" = ...").map(|(name, _)| {
            let mut lines = NOTEBOOK.lines().filter(|own| own.trim().starts_with(&format!("{name} = ")));
            let own = lines.next().unwrap_or_else(|| panic!("nothing computes {name}")).trim();
            match name {
                "probs" => format!("e = np.exp(f); {own}"),
                "dL_df" => format!("{own}; dL_df[range(N), y] -= 1; dL_df /= N"),
                _ => own.to_owned(),
            }
        });
        program.push_str(&own.unwrap_or_else(|| line.to_owned()));
        program.push('\n');
    }
    assert!(!program.contains("= ...\n"), "{program}");
    program
}

#[test]
fn the_template_filled_in_is_correct() {
    let place = Place::new();
    place.python(&filled_in(&place));
    let said = place.run(&["diagnose", "mine.npz"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    contains(&said, &["Correct", "ignored  e"]);
    assert!(!said.out.contains("not given") && !said.out.contains("note"), "{}", said.out);
}

#[test]
fn the_template_left_empty_or_in_part_can_be_diagnosed() {
    let place = Place::new();
    place.python(&std::fs::read_to_string(place.path("probe.py")).unwrap());
    let said = place.run(&["diagnose", "mine.npz"]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(
        said.err.starts_with("error: mine.npz: found nothing that you computed; add any of"),
        "{}",
        said.err
    );
    // With the bias's column still there the last line stops: what was there before it is saved.
    let program =
        filled_in(&place).replace("dL_dh12[:, :-1] * (h11 > 0)", "dL_dh12 * np.c_[h11 > 0, np.ones(N)]");
    let (above, below) = program.split_once("dL_dW1 = ").unwrap();
    let (_, save) = below.split_once('\n').unwrap();
    place.python(&format!("{above}\n{save}"));
    let said = place.run(&["diagnose", "mine.npz"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    contains(
        &said,
        &["mistake 38: the bias column is not dropped", "its shape is (17, 8), it should be (17, 7)"],
    );
}

#[test]
fn a_probe_overwrites_no_program_and_needs_a_name() {
    let place = Place::new();
    let said = place.run(&["probe", "probe.npz"]);
    let message = "error: probe.py: is there already, and may hold your own lines; move it away, or choose another name\n";
    assert_eq!((said.code, said.err.as_str()), (2, message));
    let said = place.run(&["probe", "probe"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "error: probe: is not called .npz; write 'clearprop probe probe.npz'\n")
    );
    // Another seed, other numbers.
    assert_eq!(place.run(&["probe", "second.npz", "--seed", "7"]).code, 0);
    let bytes = |name: &str| std::fs::read(place.path(name)).unwrap();
    assert_ne!(bytes("probe.npz"), bytes("second.npz"));
}

#[test]
fn the_readme_shows_what_is_really_said() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let shown = readme.split("```").find(|block| block.starts_with("text\nmine.npz: ")).unwrap();
    let (_, said) = learner(NOTEBOOK, &[NO_MASK]);
    let mut lines = said.out.lines();
    for line in shown.lines().skip(1).filter(|line| line.trim() != "...") {
        assert!(lines.any(|said| said == line), "'{line}' is not, or not there, in\n{}", said.out);
    }
}

/// The first screen: the lines of a program in `examples/`, and what is said of it.
#[test]
fn the_readmes_first_lines_are_wrong_as_it_says() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |name: &str| std::fs::read_to_string(format!("{root}/{name}")).unwrap();
    let (readme, program) = (read("README.md"), read("examples/sigmoid.py"));
    let blocks: Vec<&str> = readme.split("```").skip(1).step_by(2).take(2).collect();
    let lines = |kind: &str, block: &str| -> Vec<String> {
        let lines = block.strip_prefix(kind).unwrap().lines().skip(1);
        lines.filter(|line| line.trim() != "...").map(str::to_owned).collect()
    };
    let code = |line: &str| line.split('#').next().unwrap().trim_end().to_owned();
    for line in lines("py", blocks[0]) {
        assert!(program.lines().any(|known| code(known) == code(&line)), "{line} is not in the program");
    }
    assert!(lines("py", blocks[0]).iter().any(|line| code(line) == "dz2 = dp"));
    let commands: Vec<String> =
        readme.lines().skip_while(|line| *line != "**The answer above**:").map(code).collect();
    assert_eq!(commands[3..5], ["python examples/sigmoid.py", "clearprop diagnose mine.npz"]);
    let place = Place::new();
    place.python(&program);
    let said = place.run(&["diagnose", "mine.npz"]);
    let mut out = said.out.lines();
    for line in lines("text", blocks[1]) {
        assert!(out.any(|said| said == line), "'{line}' is not, or not there, in\n{}", said.out);
    }
    // With the right line that is shown it is right.
    let right = program.replace("dz2 = dp   ", "dz2 = dp * (p * (1 - p))   ");
    assert!(right != program);
    place.python(&right);
    let said = place.run(&["diagnose", "mine.npz"]);
    assert_eq!(said.code, 0, "{}", said.out);
}
