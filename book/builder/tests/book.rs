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
