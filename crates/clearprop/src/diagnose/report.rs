//! A diagnosis for people: a line a stage with a mark, then what is wrong, why, and the right line.

use super::arrays::shape_text;
use super::case::{Bias, Case, Quantity};
use super::catalogue::mistake;
use super::verdict::{Diagnosis, StageFinding, Status, Verdict};

/// A number as short as it can be told apart: four digits.
#[must_use]
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if (value - value.round()).abs() < 1e-9 * size && size < 1e6 {
        return format!("{}", value.round());
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    let mut digits = 4_usize;
    let mut limit = 1.0;
    while size >= limit && digits > 0 {
        digits -= 1;
        limit *= 10.0;
    }
    let mut leading = 0.1;
    while size < leading {
        digits += 1;
        leading /= 10.0;
    }
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The stage's id with its layer: `dz[1]`, `affine[2]`, `dlogits`.
#[must_use]
pub fn stage_id(quantity: Quantity, layers: usize) -> String {
    match quantity {
        Quantity::Probs | Quantity::Loss | Quantity::Dlogits => quantity.stage().to_owned(),
        other => format!("{}[{}]", other.stage(), other.layer(layers)),
    }
}

/// The network in one line.
pub(crate) fn head(case: &Case) -> String {
    let sizes = &case.network.sizes;
    let hidden: Vec<String> =
        sizes[1..case.layers()].iter().map(|h| format!("{h} {}", case.network.activation.name())).collect();
    let mut parts = vec![format!("{} inputs", sizes[0])];
    parts.extend(hidden);
    parts.push(format!("{} {}", case.network.outputs(), case.network.loss.name()));
    let bias = match case.bias[1] {
        Bias::Row => "bias in W",
        Bias::Separate => "bias apart",
        Bias::None => "no bias",
    };
    format!("{} rows, {}, {bias}, reg {}", case.n(), parts.join(" -> "), number(case.network.penalty.reg))
}

/// How a diagnosis is printed.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours (ANSI); the marks and words say the same without.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

#[derive(Clone, Copy)]
enum Ink {
    Good,
    Bad,
    Warn,
    Faint,
    Bold,
}

impl Style {
    fn ink(self, ink: Ink, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Good => "32",
            Ink::Bad => "1;31",
            Ink::Warn => "33",
            Ink::Faint => "2",
            Ink::Bold => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// The text in lines no wider than the terminal: a label at the left of the first, the others indented.
    fn wrapped(self, label: &str, text: &str, indent: usize) -> String {
        let room = self.width.max(indent + 24) - indent;
        let mut lines: Vec<String> = vec![String::new()];
        for word in text.split_whitespace() {
            let Some(line) = lines.last_mut() else { break };
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                lines.push(word.to_owned());
            } else {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        let mut out = String::new();
        for (nth, line) in lines.iter().enumerate() {
            let left = if nth == 0 { label } else { "" };
            let padding = " ".repeat(indent.saturating_sub(left.chars().count()));
            out.push_str(&format!("{}{padding}{line}\n", self.ink(Ink::Faint, left)));
        }
        out
    }
}

/// The whole answer for a person; `file` is what they called it.
#[must_use]
pub fn text(diagnosis: &Diagnosis, file: &str, style: Style) -> String {
    let mut out = format!("{}  {}\n", style.ink(Ink::Bold, file), style.ink(Ink::Faint, &diagnosis.head));
    for convention in &diagnosis.conventions {
        out.push_str(&style.wrapped("  read as", convention, 11));
    }
    for warning in &diagnosis.warnings {
        out.push_str(&style.wrapped("  note", warning, 11));
    }
    if !diagnosis.ignored.is_empty() {
        out.push_str(&style.wrapped("  ignored", &diagnosis.ignored.join(", "), 11));
    }
    out.push_str(&lines(diagnosis, style));
    out.push('\n');
    out.push_str(&conclusion(diagnosis, style));
    out
}

/// A line a stage: mark, name, shape, verdict.
fn lines(diagnosis: &Diagnosis, style: Style) -> String {
    let shape = |stage: &StageFinding| stage.shape.as_deref().map_or(String::new(), shape_text);
    let widest = |f: &dyn Fn(&StageFinding) -> usize| diagnosis.stages.iter().map(f).max().unwrap_or(0);
    let names = widest(&|stage| stage.name.chars().count());
    let shapes = widest(&|stage| shape(stage).chars().count());
    let mut out = String::new();
    let mut way = "";
    let mut cause: Option<String> = None;
    for stage in &diagnosis.stages {
        let now = if is_forward(stage) { "forward" } else { "backward" };
        if now != way {
            out.push_str(&format!("\n  {}\n", style.ink(Ink::Faint, now)));
            way = now;
        }
        // Nothing is computed from dw and db.
        let leads_on = !matches!(stage.quantity, Some(Quantity::Dw(_) | Quantity::Db(_)));
        if stage.status == Status::Wrong && leads_on {
            cause = Some(stage.name.clone());
        }
        let numbers: Vec<String> = stage.mistakes.iter().map(ToString::to_string).collect();
        let mistakes = match numbers.len() {
            0 => String::new(),
            1 => format!("  mistake {}", numbers[0]),
            _ => format!("  mistake {}", numbers.join(" or ")),
        };
        let (mark, ink, words) = match stage.status {
            Status::Right => ("\u{2713}", Ink::Good, "right".to_owned()),
            Status::Wrong if stage.shape.is_none() => {
                ("\u{2717}", Ink::Bad, format!("WRONG{mistakes}  (not given, seen in what follows)"))
            }
            Status::Wrong if stage.mistakes.is_empty() => {
                ("\u{2717}", Ink::Bad, "WRONG  no mistake of the catalogue gives these numbers".to_owned())
            }
            Status::Wrong => ("\u{2717}", Ink::Bad, format!("WRONG{mistakes}")),
            Status::Inherited => {
                let from = cause.as_deref().unwrap_or("what came before");
                ("~", Ink::Warn, format!("follows {from}: its own line is right"))
            }
            Status::Overwritten => ("=", Ink::Warn, "overwritten later, not judged".to_owned()),
            Status::NotJudged => ("?", Ink::Warn, "cannot be judged from what came before".to_owned()),
            Status::NotGiven => ("\u{b7}", Ink::Faint, "not given".to_owned()),
        };
        let ambiguous = diagnosis.verdict == Verdict::Ambiguous && !stage.mistakes.is_empty();
        let (mark, ink, words) = if ambiguous {
            ("?", Ink::Warn, format!("right, or {}: see the question below", mistakes.trim_start()))
        } else {
            (mark, ink, words)
        };
        let left = format!("{:names$}  {:shapes$}", stage.name, shape(stage));
        let left = if stage.status == Status::NotGiven { style.ink(Ink::Faint, &left) } else { left };
        out.push_str(&format!("  {} {left}  {}\n", style.ink(ink, mark), style.ink(ink, &words)));
    }
    out
}

fn is_forward(stage: &StageFinding) -> bool {
    ["affine", "activate", "softmax", "loss"].iter().any(|forward| stage.stage.starts_with(forward))
}

/// The first wrong stage, the mistakes, the evidence, why, and the right line.
fn conclusion(diagnosis: &Diagnosis, style: Style) -> String {
    let mut out = String::new();
    match (diagnosis.verdict, &diagnosis.first_wrong_stage) {
        (Verdict::Correct, _) => {
            out.push_str(&format!(
                "  {}\n",
                style.ink(Ink::Good, "Correct: every stage that you gave is right.")
            ));
            return out;
        }
        (Verdict::Ambiguous, _) => {
            let words = "Two readings: right by an accepted convention, or a mistake.  Your loss would tell (save it as loss).";
            out.push_str(&format!("  {}\n", style.ink(Ink::Warn, words)));
            for question in &diagnosis.questions {
                out.push_str(&style.wrapped("  question", question, 12));
            }
            out.push('\n');
        }
        (Verdict::Wrong, Some(first)) => {
            out.push_str(&format!(
                "  First wrong stage: {}{}\n\n",
                style.ink(Ink::Bad, first),
                by(diagnosis, first)
            ));
        }
        (Verdict::Wrong, None) => {}
    }
    let mut said: Vec<u8> = Vec::new();
    for stage in diagnosis.stages.iter().filter(|s| s.status == Status::Wrong || !s.mistakes.is_empty()) {
        let known = !stage.mistakes.is_empty() && stage.mistakes.iter().all(|id| said.contains(id));
        if known {
            let numbers: Vec<String> = stage.mistakes.iter().map(ToString::to_string).collect();
            out.push_str(&format!(
                "  {}  mistake {} again\n",
                style.ink(Ink::Bold, &stage.name),
                numbers.join(" or ")
            ));
            if let Some(right) = &stage.right {
                out.push_str(&format!("{}{right}\n", style.ink(Ink::Faint, "    right   ")));
            }
            out.push('\n');
            continue;
        }
        out.push_str(&one_stage(stage, style));
        said.extend(&stage.mistakes);
    }
    out
}

/// By which variable the stage differentiates.
fn by(diagnosis: &Diagnosis, first: &str) -> String {
    let Some(stage) = diagnosis.stages.iter().find(|stage| stage.name == *first) else {
        return String::new();
    };
    let words = match stage.quantity {
        Some(Quantity::Dlogits) => "the derivative of the loss by the scores, the INPUT of softmax",
        Some(Quantity::Dw(_)) => "the derivative of the loss by a layer's weights",
        Some(Quantity::Db(_)) => "the derivative of the loss by a layer's bias",
        Some(Quantity::Da(_)) => "the derivative of the loss by the OUTPUT of a nonlinearity",
        Some(Quantity::Dz(_)) => "the derivative of the loss by the INPUT of a nonlinearity",
        _ => return String::new(),
    };
    format!(", {words}")
}

fn one_stage(stage: &StageFinding, style: Style) -> String {
    const INDENT: usize = 12;
    let mut out = String::new();
    let name = style.ink(Ink::Bold, &stage.name);
    if stage.mistakes.is_empty() {
        out.push_str(&format!("  {name}  nothing in the catalogue gives these numbers\n"));
    }
    let evidence = stage.evidence.join("; ");
    for (nth, mistake) in stage.mistakes.iter().filter_map(|id| mistake(*id)).enumerate() {
        let or = if nth == 0 { "" } else { "or " };
        let title = style.ink(Ink::Bold, &format!("{or}mistake {}: {}", mistake.id, mistake.name));
        out.push_str(&format!("  {name}  {title}\n"));
        out.push_str(&style.wrapped("    sign", mistake.evidence, INDENT));
        if nth == 0 && !evidence.is_empty() {
            out.push_str(&style.wrapped("    found", &evidence, INDENT));
        }
        out.push_str(&style.wrapped("    why", mistake.why, INDENT));
    }
    if stage.mistakes.is_empty() && !evidence.is_empty() {
        out.push_str(&style.wrapped("    found", &evidence, INDENT));
    }
    if !stage.names.is_empty() && !stage.mistakes.is_empty() {
        let names: Vec<String> =
            stage.names.iter().map(|(letter, name)| format!("{letter} is {name}")).collect();
        out.push_str(&style.wrapped("    here", &names.join(", "), INDENT));
    }
    if let Some(right) = &stage.right {
        // Not wrapped: it is to be copied.
        out.push_str(&format!("{}{}\n", style.ink(Ink::Faint, "    right   "), style.ink(Ink::Good, right)));
    }
    out.push('\n');
    out
}

/// Several people's answers: a line each.
#[must_use]
pub fn table(answers: &[(String, Result<Diagnosis, crate::error::Error>)], style: Style) -> String {
    let widest = answers.iter().map(|(file, _)| file.chars().count()).max().unwrap_or(0);
    let stage = |diagnosis: &Diagnosis| diagnosis.first_wrong_stage.clone().unwrap_or_default();
    let stages = answers
        .iter()
        .filter_map(|(_, answer)| answer.as_ref().ok().map(|d| stage(d).chars().count()))
        .max()
        .unwrap_or(0)
        .max("first wrong".len());
    let mut out = style.ink(
        Ink::Faint,
        &format!("  {:widest$}  {:9}  {:stages$}  mistakes", "file", "verdict", "first wrong"),
    );
    out.push('\n');
    for (file, answer) in answers {
        let (mark, ink, rest) = match answer {
            Err(error) => ("!", Ink::Bad, format!("{:9}  {error}", "unreadable")),
            Ok(diagnosis) => {
                let (mark, ink, verdict) = match diagnosis.verdict {
                    Verdict::Correct => ("\u{2713}", Ink::Good, "correct"),
                    Verdict::Wrong => ("\u{2717}", Ink::Bad, "wrong"),
                    Verdict::Ambiguous => ("?", Ink::Warn, "ambiguous"),
                };
                let mut numbers: Vec<u8> = diagnosis.mistakes.iter().map(|named| named.id).collect();
                numbers.sort_unstable();
                numbers.dedup();
                let names: Vec<String> = match &diagnosis.mistakes[..] {
                    [] => vec![],
                    [one, ..] if numbers.len() == 1 => vec![format!("{} {}", one.id, one.name)],
                    _ => numbers.iter().map(ToString::to_string).collect(),
                };
                let first = stage(diagnosis);
                (mark, ink, format!("{verdict:9}  {first:stages$}  {}", names.join(", ")))
            }
        };
        out.push_str(&format!("{} {file:widest$}  {}\n", style.ink(ink, mark), rest.trim_end()));
    }
    out
}
