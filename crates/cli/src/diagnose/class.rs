//! A class: one file a learner, a line each, and what to teach again.

use crate::paper::{Ink, Paper, length, padded, wrap};
use clearprop::diagnose::arrays::{Array, Values};
use clearprop::diagnose::{Diagnosis, StageFinding, Status, Verdict};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::mistake::MistakeId;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A file's name takes so much of a line and no more.
const WIDEST: usize = 24;

/// What is known of one learner's file.
pub(super) struct Row {
    file: String,
    answer: Result<Diagnosis>,
    /// How many of the asked arrays are there, how many were asked, and which are not there.
    there: usize,
    asked: usize,
    missing: Vec<String>,
    reason: String,
}

impl Row {
    /// Of a file's arrays and what is said of them; `require` are the arrays that were asked for.
    pub(super) fn new(file: String, arrays: &[Array], answer: Result<Diagnosis>, require: &[String]) -> Self {
        let has = |name: &String| arrays.iter().any(|array| array.name == *name);
        let (asked, missing): (usize, Vec<String>) = match &answer {
            _ if !require.is_empty() => {
                (require.len(), require.iter().filter(|name| !has(name)).cloned().collect())
            }
            Ok(diagnosis) => {
                let absent = diagnosis.stages.iter().filter(|stage| stage.shape.is_none());
                (diagnosis.stages.len(), absent.map(|stage| stage.name.clone()).collect())
            }
            Err(_) => (0, Vec::new()),
        };
        let reason = reason(&file, &answer, arrays, if require.is_empty() { &[] } else { &missing });
        Self { file, there: asked - missing.len(), asked, missing, reason, answer }
    }

    fn verdict(&self) -> String {
        match &self.answer {
            Err(_) => "unreadable".to_owned(),
            Ok(diagnosis) => word(diagnosis.verdict),
        }
    }

    fn first(&self) -> &str {
        let first = self.answer.as_ref().ok().and_then(|diagnosis| diagnosis.first_wrong_stage.as_deref());
        first.unwrap_or_default()
    }

    pub(super) fn is_wrong(&self) -> bool {
        self.answer.as_ref().is_ok_and(|diagnosis| diagnosis.verdict == Verdict::Wrong)
    }

    pub(super) fn into_error(self) -> Option<Error> {
        self.answer.err()
    }

    /// The answer as JSON, with the file, what is there, and the reason.
    pub(super) fn json(&self) -> serde_json::Result<Value> {
        let mut value = match &self.answer {
            Ok(diagnosis) => serde_json::to_value(diagnosis)?,
            Err(error) => json!({ "error": error.to_string() }),
        };
        value["file"] = self.file.as_str().into();
        value["given"] = json!({ "there": self.there, "asked": self.asked, "missing": self.missing });
        value["reason"] = self.reason.as_str().into();
        Ok(value)
    }
}

/// The verdict's word, the one of the JSON.
fn word(verdict: Verdict) -> String {
    serde_json::to_value(verdict).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Why the verdict is what it is, in a few words.
fn reason(file: &str, answer: &Result<Diagnosis>, arrays: &[Array], missing: &[String]) -> String {
    let diagnosis = match answer {
        Ok(diagnosis) => diagnosis,
        // The file stands in its own column.
        Err(error) => {
            return error.to_string().trim_start_matches(file).trim_start_matches([':', ',', ' ']).to_owned();
        }
    };
    let mut parts = Vec::new();
    let mut said = Vec::new();
    let worth_a_word = |stage: &&StageFinding| stage.status == Status::Wrong || !stage.mistakes.is_empty();
    for stage in diagnosis.stages.iter().filter(worth_a_word) {
        let named = diagnosis.mistakes.iter().find(|mistake| mistake.stage == stage.name);
        match named {
            Some(mistake) if said.contains(&mistake.id) => {}
            Some(mistake) => {
                said.push(mistake.id);
                parts.push(format!("{} {}", mistake.id, mistake.name));
            }
            None if said.is_empty() || stage.mistakes.is_empty() => {
                let found = stage.evidence.first().map_or("not in the catalogue", String::as_str);
                parts.push(format!("{}: {found}", stage.name));
            }
            None => {}
        }
    }
    let not_finite = |array: &&Array| match &array.values {
        Values::Numbers(values, _) => values.iter().any(|value| !value.is_finite()),
        _ => false,
    };
    let nan: Vec<&str> = arrays.iter().filter(not_finite).map(|array| array.name.as_str()).collect();
    if !nan.is_empty() {
        parts.push(format!("NaN or infinity in {}", nan.join(", ")));
    }
    if !missing.is_empty() {
        parts.push(format!("missing: {}", missing.join(", ")));
    }
    parts.join("; ")
}

/// Puts the inputs that were handed out beside what a learner saved.
///
/// # Errors
/// An input that the learner changed.
pub(super) fn handed_out(probe: &[Array], arrays: &mut Vec<Array>) -> Result<()> {
    for input in probe {
        match arrays.iter().find(|array| array.name == input.name) {
            None => arrays.push(input.clone()),
            Some(theirs) if alike(theirs, input) => {}
            Some(_) => {
                return Err(Error::new(ErrorKind::Data, "is not the one that was handed out")
                    .name(format!("array '{}'", input.name))
                    .hint("compute on the inputs of the probe, and save them unchanged"));
            }
        }
    }
    Ok(())
}

/// The same numbers, whatever their shape, to single precision.
fn alike(theirs: &Array, input: &Array) -> bool {
    match (&theirs.values, &input.values) {
        (Values::Numbers(theirs, _), Values::Numbers(input, _)) => {
            theirs.len() == input.len()
                && theirs.iter().zip(input).all(|(a, b)| (a - b).abs() <= 1e-6 * (1.0 + b.abs()))
        }
        (theirs, input) => theirs == input,
    }
}

/// One line a learner, then the totals; no line is wider than the paper.
pub(super) fn table(rows: &[Row], paper: Paper) -> String {
    let names: Vec<String> = short_names(rows);
    let widest =
        |least: usize, f: &dyn Fn(usize) -> usize| (0..rows.len()).map(f).max().unwrap_or(0).max(least);
    let files = widest(4, &|i| length(&names[i]));
    let verdicts = widest(7, &|i| length(&rows[i].verdict()));
    let given = widest(5, &|i| length(&there(&rows[i])));
    let firsts = widest(11, &|i| length(rows[i].first()));
    let columns = |name: &str, verdict: &str, there: &str, first: &str| {
        format!(
            "{}  {}  {}  {}  ",
            padded(name, files),
            padded(verdict, verdicts),
            padded(there, given),
            padded(first, firsts)
        )
    };
    let left = 2 + length(&columns("", "", "", ""));
    let mut out = format!("  {}why", columns("file", "verdict", "given", "first wrong"));
    out = paper.ink(Ink::Faint, out.trim_end()) + "\n";
    for (row, name) in rows.iter().zip(&names) {
        let (mark, ink) = match &row.answer {
            Err(_) => ("!", Ink::Alert),
            Ok(diagnosis) => match diagnosis.verdict {
                Verdict::Wrong => ("\u{2717}", Ink::Alert),
                Verdict::Correct => ("\u{2713}", Ink::Good),
                _ => ("?", Ink::Caution),
            },
        };
        let line = columns(name, &row.verdict(), &there(row), row.first());
        // A reason gets at least 24 columns; where there are fewer it stands below.
        let beside = paper.width >= left + 24;
        let (indent, room) =
            if beside { (left, paper.width - left) } else { (6, paper.width.saturating_sub(6)) };
        let mut reasons = wrap(&row.reason, room).into_iter();
        let first = if beside { reasons.next().unwrap_or_default() } else { String::new() };
        let line = format!("{line}{first}");
        out.push_str(&format!("{} {}\n", paper.ink(ink, mark), line.trim_end()));
        for reason in reasons.filter(|reason| !reason.is_empty()) {
            out.push_str(&format!("{}{reason}\n", " ".repeat(indent)));
        }
    }
    out.push('\n');
    out.push_str(&totals(rows, &names, paper));
    out
}

/// `10 of 10`.
fn there(row: &Row) -> String {
    if row.asked == 0 { "-".to_owned() } else { format!("{} of {}", row.there, row.asked) }
}

/// How many of each verdict, and each mistake with who made it, the most frequent first.
fn totals(rows: &[Row], names: &[String], paper: Paper) -> String {
    let mut verdicts = BTreeMap::<String, usize>::new();
    let mut mistakes = BTreeMap::<(MistakeId, &str), Vec<&str>>::new();
    for (row, name) in rows.iter().zip(names) {
        *verdicts.entry(row.verdict()).or_default() += 1;
        let Ok(diagnosis) = &row.answer else { continue };
        if diagnosis.verdict != Verdict::Wrong {
            continue;
        }
        // Where several mistakes give the numbers of one stage, the first stands for them.
        for stage in &diagnosis.stages {
            let Some(mistake) = diagnosis.mistakes.iter().find(|mistake| mistake.stage == stage.name) else {
                continue;
            };
            let who = mistakes.entry((mistake.id, mistake.name)).or_default();
            if !who.contains(&name.as_str()) {
                who.push(name);
            }
        }
    }
    let counts: Vec<String> = verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    let mut out = paper.wrap(
        &format!("{} file{}: {}", rows.len(), if rows.len() == 1 { "" } else { "s" }, counts.join(", ")),
        0,
    );
    let mut most: Vec<_> = mistakes.into_iter().collect();
    most.sort_by_key(|(mistake, who)| (std::cmp::Reverse(who.len()), *mistake));
    if !most.is_empty() {
        out.push_str("\nto teach again\n");
    }
    for ((id, name), who) in most {
        let text = format!("{} of {}  mistake {id}: {name} ({})", who.len(), rows.len(), who.join(", "));
        out.push_str(&paper.wrap(&text, 2));
    }
    out
}

/// The files' names without the folder that they share, and long ones cut in the middle.
fn short_names(rows: &[Row]) -> Vec<String> {
    let folder = |file: &str| file.rfind('/').map_or(0, |at| at + 1);
    let first = rows.first().map_or("", |row| &row.file[..folder(&row.file)]);
    let shared = rows.iter().all(|row| row.file.starts_with(first));
    let cut = |file: &str| {
        let letters: Vec<char> = file.chars().collect();
        if letters.len() <= WIDEST {
            return file.to_owned();
        }
        let half = (WIDEST - 1) / 2;
        let (start, end) = (&letters[..WIDEST - 1 - half], &letters[letters.len() - half..]);
        format!("{}\u{2026}{}", start.iter().collect::<String>(), end.iter().collect::<String>())
    };
    rows.iter().map(|row| cut(if shared { &row.file[first.len()..] } else { &row.file })).collect()
}

/// One line a learner for a spreadsheet.
pub(super) fn csv(rows: &[Row]) -> String {
    let mut out = "file,verdict,given,asked,first_wrong_stage,mistakes,reason\n".to_owned();
    for row in rows {
        let ids: Vec<String> = match &row.answer {
            Ok(diagnosis) => diagnosis.mistakes.iter().map(|mistake| mistake.id.to_string()).collect(),
            Err(_) => Vec::new(),
        };
        let cells = [
            row.file.clone(),
            row.verdict(),
            row.there.to_string(),
            row.asked.to_string(),
            row.first().to_owned(),
            ids.join(" "),
            row.reason.clone(),
        ];
        let quoted = |cell: &String| match cell.contains([',', '"', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        out.push_str(&cells.iter().map(quoted).collect::<Vec<_>>().join(","));
        out.push('\n');
    }
    out
}
