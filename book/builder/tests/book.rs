//! The book holds: every number, every included function and line, every formula, every link.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use clearprop_book::book::Book;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src")
}

/// All chapters by file name, as they are written.
fn chapters() -> BTreeMap<String, String> {
    let files = std::fs::read_dir(source()).unwrap().flatten();
    let markdown = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "md"));
    markdown
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Chapters by file name, and the names of what none of them shows; or all faults.
type Expanded = Result<(BTreeMap<String, String>, Vec<String>), Vec<String>>;

/// The book and its expanded chapters, or all faults; measured once for all tests.
fn expanded() -> &'static Expanded {
    static EXPANDED: OnceLock<Expanded> = OnceLock::new();
    EXPANDED.get_or_init(|| {
        let book = Book::measure().map_err(|error| vec![error])?;
        let (mut done, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, chapter) in chapters() {
            match book.expand(&chapter) {
                Ok(text) => drop(done.insert(name, text)),
                Err(found) => faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}"))),
            }
        }
        if faults.is_empty() { Ok((done, book.unused())) } else { Err(faults) }
    })
}

#[test]
fn every_number_holds_and_everything_included_exists() {
    if let Err(faults) = expanded() {
        panic!("the book no longer holds:\n{}", faults.join("\n"));
    }
}

#[test]
fn nothing_is_measured_in_vain() {
    if let Ok((_, unused)) = expanded() {
        assert!(unused.is_empty(), "no chapter shows {unused:?}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let Ok((chapters, _)) = expanded() else { return };
    for (name, text) in chapters {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { name } else { file };
            let target = chapters.get(file).unwrap_or_else(|| panic!("{name} links to {link}: no such page"));
            let found = anchor.is_empty() || target.contains(&format!("{{#{anchor}}}"));
            assert!(found, "{name} links to {link}: {file} has no {{#{anchor}}}");
        }
    }
}

#[test]
fn every_chapter_is_in_the_summary_and_the_other_way_round() {
    let chapters = chapters();
    let summary = &chapters["SUMMARY.md"];
    for name in chapters.keys().filter(|name| *name != "SUMMARY.md") {
        assert!(summary.contains(&format!("({name})")), "SUMMARY.md does not list {name}");
    }
    for name in summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(chapters.contains_key(name), "SUMMARY.md lists {name}, which does not exist");
    }
}

#[test]
fn chapters_paste_no_code_and_no_decimal_number() {
    for (name, text) in chapters() {
        let mut outside = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            outside.push_str(before);
            rest = after.split_once("}}").unwrap().1;
        }
        outside.push_str(rest);
        assert!(!outside.contains("```"), "{name} holds a block of code: include it with {{{{code}}}}");
        // Settings that a text must name stand between backticks: what is printed is measured.
        let text: String = outside.split('`').step_by(2).collect();
        let decimal = text.char_indices().find(|(i, c)| {
            *c == '.'
                && text[..*i].ends_with(|c: char| c.is_ascii_digit())
                && text[i + 1..].starts_with(|c: char| c.is_ascii_digit())
        });
        if let Some((at, _)) = decimal {
            let start = text[..at].rfind('\n').map_or(0, |start| start + 1);
            panic!("{name} prints a number that nothing measures: {}", text[start..].lines().next().unwrap());
        }
    }
}

/// The pass of the first page, with what the lines of a stage need beside it: an activation where any is meant,
/// outputs where they are no probabilities.
const AROUND: &str = "
import numpy as np
exec(open('examples/pass.py').read())
N, onehot = 6, np.eye(3)[y]
ones, Ws, step_size, outputs, act, slope = np.ones((6, 1)), [W1, W2], 0.1, f, np.tanh, np.cos
";

/// Runs a program with the Python that the tests have, at the root of the repository.
fn python(code: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let python = std::env::var("CLEARPROP_PYTHON").unwrap_or(format!("{root}/target/venv/bin/python"));
    let output = std::process::Command::new(&python).current_dir(root).args(["-c", code]).output();
    let output = output.unwrap_or_else(|_| panic!("{python} is missing: cargo xtask test installs it"));
    assert!(output.status.success(), "{code}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_line_of_numpy_is_python_and_runs() {
    let mut lines = clearprop_book::stages::numpy_lines();
    lines.extend(clearprop_book::measure::RIGHT.map(|(array, line)| (array, line.to_owned())));
    assert!(lines.len() > 40, "{}", lines.len());
    let mut code = AROUND.to_owned();
    code.push_str(
        "
failed, start = [], dict(globals())
def runs(stage, line):
    for answers in (y, np.eye(3)[y]):
        try: return exec(line, dict(start, y=answers))
        except Exception as error: why = repr(error)
    failed.append((stage, line, why))
",
    );
    for (stage, line) in &lines {
        // Each from the same values, so that none depends on the line before; the right answers are classes, or
        // for a loss of numbers a row of them.
        code.push_str(&format!("runs({stage:?}, {line:?})\n"));
    }
    code.push_str("print(*failed, sep='\\n')\n");
    let failed = python(&code);
    assert_eq!(failed.trim(), "", "lines that do not run");
    println!("{} lines of NumPy run", lines.len());
}

#[test]
fn the_right_lines_of_the_second_network_run_and_give_its_numbers() {
    let mut code = format!("{}\nstart = dict(globals())\n", clearprop_book::measure::SECOND);
    for (array, line) in clearprop_book::measure::RIGHT_OF_SECOND {
        code.push_str(&format!("space = dict(start); exec({line:?}, space)\n"));
        // What the program itself has under that name; the loss with logarithms and the update it has not.
        code.push_str(&format!(
            "if {array:?} in start: assert np.allclose(space[{array:?}], start[{array:?}])\n"
        ));
    }
    python(&code);
    println!("{} right lines run", clearprop_book::measure::RIGHT_OF_SECOND.len());
}

#[test]
fn the_pass_of_the_first_page_is_right() {
    let slopes = "
exec(open('examples/pass.py').read())
def loss_at(W1, W2):
    h12 = np.c_[np.maximum(0, X @ W1), np.ones(6)]
    f = h12 @ W2
    return (np.log(np.exp(f).sum(1)) - f[range(6), y]).mean() + reg / 2 * ((W1**2).sum() + (W2**2).sum())
for k, (W, found) in enumerate([(W1, dL_dW1), (W2, dL_dW2)]):
    for at in np.ndindex(W.shape):
        step = np.zeros_like(W); step[at] = 1e-6
        ends = [loss_at(*[V + sign * step if i == k else V for i, V in enumerate([W1, W2])]) for sign in (1, -1)]
        assert abs((ends[0] - ends[1]) / 2e-6 - found[at]) < 1e-8, (k, at)
assert abs(loss - loss_at(W1, W2)) < 1e-12
";
    python(slopes);
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let pass = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/pass.py");
    let read = |name| std::fs::read_to_string(name).unwrap();
    assert!(read(readme).contains(&read(pass)), "the README shows another pass");
}

#[test]
fn a_number_that_does_not_hold_is_found_with_its_line() {
    let book = Book::measure();
    let faults = book
        .unwrap()
        .expand("first\n\n{{init.rows = 604}} {{init.rows = 603}} {{code loss.rs nosuch}}")
        .unwrap_err();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("line 3: init.rows is 603"), "{faults:?}");
    assert!(faults[1].contains("no function nosuch"), "{faults:?}");
}
