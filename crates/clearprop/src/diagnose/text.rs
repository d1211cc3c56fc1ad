//! A diagnosis for people: a line a stage with a mark, then what is wrong, why, and the right line.

use super::arrays::shape_text;
use super::catalogue::mistake;
use super::expression::NEXT;
use super::{Diagnosis, StageFinding, Status, Verdict};
use crate::mistake::MistakeId;
use crate::paper::{Ink, Paper, TIE, length, padded, wrap};

/// From this width on, a stage's line also says what the stage computes.
const WITH_ROLES: usize = 80;

/// What is said of a stage that is wrong only because of one before it.
const OWN_LINE: &str = ": its own line is right";

/// The whole answer for a person; `file` is what they called the arrays, empty where they have no name.
#[must_use]
pub fn text(diagnosis: &Diagnosis, file: &str, paper: Paper) -> String {
    let colon = if file.is_empty() { "" } else { ": " };
    let head = format!("{file}{colon}{}", tied(&diagnosis.head));
    let mut out = paper.ink(Ink::Bold, paper.wrap(&head, 0).trim_end());
    out.push('\n');
    for convention in &diagnosis.conventions {
        out.push_str(&entry(paper, "  read as", convention, 11));
    }
    for warning in &diagnosis.warnings {
        out.push_str(&entry(paper, "  note", warning, 11));
    }
    if !diagnosis.ignored.is_empty() {
        out.push_str(&entry(paper, "  ignored", &diagnosis.ignored.join(", "), 11));
    }
    out.push_str(&lines(diagnosis, paper));
    out.push('\n');
    out.push_str(&conclusion(diagnosis, paper));
    out
}

/// No line is broken between a number and what there are so many of.
fn tied(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let space = if word.parse::<usize>().is_ok() { TIE } else { " " };
        format!("{word}{space}")
    });
    words.collect::<String>().trim_end().to_owned()
}

/// The text in lines no wider than the paper: a label at the left of the first, the others indented.
fn entry(paper: Paper, label: &str, text: &str, indent: usize) -> String {
    let mut out = String::new();
    for (nth, line) in wrap(text, paper.width.saturating_sub(indent)).iter().enumerate() {
        let left = padded(if nth == 0 { label } else { "" }, indent);
        out.push_str(&format!("{}{line}\n", paper.ink(Ink::Faint, &left)));
    }
    out
}

/// `40`, `40 or 41`.
fn numbers(mistakes: &[MistakeId]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// A line a stage: mark, name, shape, what it is, verdict.
fn lines(diagnosis: &Diagnosis, paper: Paper) -> String {
    let shape = |stage: &StageFinding| stage.shape.as_deref().map_or(String::new(), shape_text);
    let widest = |f: &dyn Fn(&StageFinding) -> usize| diagnosis.stages.iter().map(f).max().unwrap_or(0);
    let names = widest(&|stage| length(&stage.name));
    let shapes = widest(&|stage| length(&shape(stage)));
    let roles = widest(&|stage| length(&stage.role));
    let mut marks = marks(diagnosis);
    let room = paper.width.saturating_sub(names + shapes + roles + 8);
    if paper.width >= WITH_ROLES && marks.iter().any(|(.., words)| length(words) > room) {
        // What follows from a wrong stage is marked `~`: that its own line is right can be left out.
        marks.iter_mut().for_each(|(.., words)| *words = words.replace(OWN_LINE, ""));
    }
    let mut out = String::new();
    let mut way = "";
    for (stage, (mark, ink, words)) in diagnosis.stages.iter().zip(marks) {
        let now = match (stage.role.starts_with("by "), paper.width < WITH_ROLES) {
            _ if stage.stage.starts_with("update") => "update",
            (false, _) => "forward",
            (_, true) => "backward",
            (_, false) => "backward: the derivative of the loss ..",
        };
        if now != way {
            out.push_str(&format!("\n  {}\n", paper.ink(Ink::Faint, now)));
            way = now;
        }
        let left = format!("{}  {}", padded(&stage.name, names), padded(&shape(stage), shapes));
        let left = if stage.status == Status::NotGiven { paper.ink(Ink::Faint, &left) } else { left };
        let role = match paper.width {
            WITH_ROLES.. => format!("  {}", paper.ink(Ink::Faint, &padded(&stage.role, roles))),
            _ => String::new(),
        };
        out.push_str(&format!("  {} {left}{role}  {}\n", paper.ink(ink, mark), paper.ink(ink, &words)));
    }
    out
}

/// Mark, colour and words of each stage.
#[must_use]
pub fn marks(diagnosis: &Diagnosis) -> Vec<(&'static str, Ink, String)> {
    let mut cause: Option<&str> = None;
    let mark = |stage: &StageFinding, cause| verdict_of(stage, diagnosis.verdict, cause);
    let mut marks = Vec::new();
    for stage in &diagnosis.stages {
        marks.push(mark(stage, cause));
        // Nothing is computed from dw and db.
        let leads_on = !stage.stage.starts_with("dw") && !stage.stage.starts_with("db");
        if stage.status == Status::Wrong && leads_on {
            cause = Some(&stage.name);
        }
    }
    marks
}

/// Mark, colour and words of one stage; `cause` is the wrong stage before it.
fn verdict_of(stage: &StageFinding, verdict: Verdict, cause: Option<&str>) -> (&'static str, Ink, String) {
    let mistakes = match stage.mistakes[..] {
        [] => String::new(),
        _ => format!("mistake {}", numbers(&stage.mistakes)),
    };
    if verdict == Verdict::NotKnown && !mistakes.is_empty() {
        return ("?", Ink::Caution, format!("right, or {mistakes}: see the question below"));
    }
    match stage.status {
        Status::Right => ("\u{2713}", Ink::Good, "right".to_owned()),
        Status::Wrong if mistakes.is_empty() => {
            ("\u{2717}", Ink::Alert, "WRONG  not in the catalogue".to_owned())
        }
        Status::Wrong => ("\u{2717}", Ink::Alert, format!("WRONG  {mistakes}")),
        Status::Inherited => {
            let from = cause.unwrap_or("what came before");
            ("~", Ink::Caution, format!("follows {from}{OWN_LINE}"))
        }
        Status::Overwritten => ("=", Ink::Caution, "overwritten later, not judged".to_owned()),
        Status::NotJudged => ("?", Ink::Caution, "cannot be judged from what came before".to_owned()),
        Status::NotKnown => ("?", Ink::Caution, "no known function gives these numbers".to_owned()),
        Status::NotGiven => ("\u{b7}", Ink::Faint, "not given".to_owned()),
    }
}

/// The verdict in a sentence, and its colour.
#[must_use]
pub fn summary(diagnosis: &Diagnosis) -> (Ink, String) {
    match (diagnosis.verdict, &diagnosis.first_wrong_stage) {
        (Verdict::Correct, _) => (Ink::Good, "Correct: every stage that you gave is right.".to_owned()),
        (Verdict::Incomplete, _) => (Ink::Good, "Right as far as it goes.  The next line:".to_owned()),
        (Verdict::NotKnown, _) if diagnosis.questions.is_empty() => {
            let words = "Not known: no function that this program knows gives the stages marked '?'.  What could be \
                         judged beside them is right.";
            (Ink::Caution, words.to_owned())
        }
        (Verdict::NotKnown, _) => {
            let words = "Two readings: right by an accepted convention, or a mistake.  Your loss would tell (save \
                         it as loss).";
            (Ink::Caution, words.to_owned())
        }
        (Verdict::Wrong, Some(first)) => {
            let stage = diagnosis.stages.iter().find(|stage| stage.name == *first);
            let role = stage.map_or("", |stage| stage.role.as_str());
            let what = match role.split(' ').next() {
                Some("by") => ", the derivative of the loss ",
                Some("INPUT" | "OUTPUT") => ", the ",
                Some("") | None => "",
                Some(_) => ", ",
            };
            (Ink::Alert, format!("First wrong stage: {first}{what}{role}"))
        }
        (Verdict::Wrong, None) => (Ink::Alert, "A stage is wrong.".to_owned()),
    }
}

/// The verdict, then the mistakes, the evidence, why, and the right lines.
fn conclusion(diagnosis: &Diagnosis, paper: Paper) -> String {
    let (ink, words) = summary(diagnosis);
    let mut out = paper.ink(ink, paper.wrap(&words, 2).trim_end()) + "\n";
    if diagnosis.verdict == Verdict::Incomplete {
        let next = diagnosis.stages.iter().find(|stage| stage.right.is_some());
        out.push_str(&next.map_or(String::new(), |next| right_line(next, paper)));
    }
    for question in &diagnosis.questions {
        out.push_str(&entry(paper, "  question", question, 12));
    }
    for hint in &diagnosis.hints {
        out.push_str(&entry(paper, "  hint", hint, 11));
    }
    let explains = diagnosis.verdict == Verdict::Wrong
        || diagnosis.verdict == Verdict::NotKnown && !diagnosis.questions.is_empty();
    if !explains {
        return out;
    }
    out.push('\n');
    let mut said: Vec<MistakeId> = Vec::new();
    // Beside what is wrong, what is only open is asked, and not told as a mistake.
    let wrong = |stage: &&StageFinding| match diagnosis.verdict {
        Verdict::Wrong => stage.status == Status::Wrong,
        _ => !stage.mistakes.is_empty(),
    };
    for stage in diagnosis.stages.iter().filter(wrong) {
        if !stage.mistakes.is_empty() && stage.mistakes.iter().all(|id| said.contains(id)) {
            let name = paper.ink(Ink::Bold, &stage.name);
            out.push_str(&format!("  {name}  mistake {} again\n", numbers(&stage.mistakes)));
            out.push_str(&right_line(stage, paper));
        } else {
            out.push_str(&one_stage(stage, diagnosis.verdict, paper));
            said.extend(&stage.mistakes);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn one_stage(stage: &StageFinding, verdict: Verdict, paper: Paper) -> String {
    const INDENT: usize = 12;
    let mut out = String::new();
    let mut found = stage.evidence.join("; ");
    let title = |title: &str, out: &mut String| {
        let title = paper.wrap(&format!("{}  {title}", stage.name), 2);
        out.push_str(&format!("{}\n", paper.ink(Ink::Bold, title.trim_end())));
    };
    for (nth, mistake) in stage.mistakes.iter().filter_map(|id| mistake(*id)).enumerate() {
        let or = match (nth, verdict) {
            (0, Verdict::NotKnown) => "perhaps ",
            (0, _) => "",
            _ => "or ",
        };
        title(&format!("{or}mistake {}: {}", mistake.id, mistake.name), &mut out);
        out.push_str(&entry(paper, "    sign", mistake.evidence, INDENT));
        if !found.is_empty() {
            out.push_str(&entry(paper, "    found", &std::mem::take(&mut found), INDENT));
        }
        out.push_str(&entry(paper, "    why", mistake.why, INDENT));
    }
    if stage.mistakes.is_empty() {
        title("nothing in the catalogue gives these numbers", &mut out);
        out.push_str(&entry(paper, "    found", &found, INDENT));
    } else if !stage.names.is_empty() {
        let verb = |letter: &str| if letter.ends_with('s') { "are" } else { "is" };
        let names = stage.names.iter().map(|(letter, name)| format!("{letter} {} {name}", verb(letter)));
        out.push_str(&entry(paper, "    here", &names.collect::<Vec<_>>().join(", "), INDENT));
    }
    out + &right_line(stage, paper)
}

/// The right line, a statement a line; not wrapped, since it is to be copied.
fn right_line(stage: &StageFinding, paper: Paper) -> String {
    let mut out = String::new();
    for (nth, statement) in stage.right.iter().flat_map(|right| right.split(NEXT)).enumerate() {
        let left = if nth == 0 { "    right   " } else { "            " };
        out.push_str(&format!("{}{}\n", paper.ink(Ink::Faint, left), paper.ink(Ink::Good, statement)));
    }
    out
}
