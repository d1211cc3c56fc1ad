//! `clearprop explain`: a stage or a mistake, in words.

use crate::outcome::Outcome;
use crate::paper::{self, Ink, Paper, length, padded};
use crate::screen;
use clap::Args;
use clearprop::diagnose::catalogue::mistake;
use clearprop::diagnose::stage_called;
use clearprop::error::{Error, ErrorKind, Result, nearest};
use clearprop::mistake::MistakeId;
use clearprop::stage::{STAGES, Stage, Way, find, stage};

/// Explain a stage of a training step, or a mistake by its number
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop explain           all stages, in order
  clearprop explain dz        one of them: formula, derivation, shape, usual mistakes
  clearprop explain dL_dh11   the same by the notebook's name
  clearprop explain W1_grad   or by yours
  clearprop explain 40        a mistake of the catalogue")]
pub(crate) struct Explain {
    /// A stage (affine, activate, softmax, loss, penalty, dlogits, dw, db, da, dz, dpenalty, update), a
    /// quantity (z1, dL_dW2) or the number of a mistake
    #[arg(value_name = "STAGE|MISTAKE")]
    what: Option<String>,
}

pub(crate) fn run(options: &Explain) -> Result<Outcome> {
    let paper = paper::of_stdout();
    let text = match &options.what {
        None => all(paper),
        Some(what) => explained(what, paper)?,
    };
    screen::print(&text)?;
    Ok(Outcome::Done)
}

/// What a person wants to know about.
fn explained(what: &str, paper: Paper) -> Result<String> {
    let number = what.trim().trim_start_matches('#');
    if let Ok(number) = number.parse::<u32>() {
        let id = u8::try_from(number).ok().and_then(MistakeId::from_number);
        return id.and_then(|id| of_mistake(id, paper)).ok_or_else(|| {
            Error::new(ErrorKind::Setting, format!("no mistake has the number {number}"))
                .hint("they are numbered from 1 to 86, those of updates from 101 to 110")
        });
    }
    let theirs = || stage_called(what).and_then(|(id, layer)| Some((stage(id)?, layer)));
    if let Some((stage, layer)) = find(what).or_else(theirs) {
        return Ok(of_stage(stage, layer, paper));
    }
    let ids: Vec<&str> = STAGES.iter().map(|stage| stage.id).collect();
    let hint = match nearest(what, ids.iter().copied()) {
        Some(near) => format!("did you mean '{near}'? There are: {}", ids.join(", ")),
        None => format!("there are: {}, and the numbers of mistakes, 1 to 86 and 101 to 110", ids.join(", ")),
    };
    Err(Error::new(ErrorKind::Setting, format!("nothing is called '{what}'")).hint(hint))
}

/// Every stage in a line, in the order in which a step goes through them.
fn all(paper: Paper) -> String {
    let mut out = String::new();
    for (way, title) in [
        (Way::Forward, "Forward, from the inputs to the loss"),
        (Way::Backward, "Backward: by which variable is the derivative taken?"),
        (Way::Update, "Update"),
    ] {
        out.push_str(&paper.ink(Ink::Bold, title));
        out.push('\n');
        for stage in STAGES.iter().filter(|stage| stage.way == way) {
            let id = padded(stage.id, 9);
            let ink = if way == Way::Forward { Ink::Forward } else { Ink::Backward };
            let formula = stage.general().plain;
            out.push_str(&format!("  {} {formula}\n", paper.ink(ink, &id)));
        }
        out.push('\n');
    }
    out.push_str(
        &paper.wrap("'clearprop explain dz' tells more of one; 'clearprop explain 40' of a mistake", 0),
    );
    out
}

/// A stage: formula, derivation, shape rule, the usual mistakes.
fn of_stage(stage: &Stage, layer: Option<usize>, paper: Paper) -> String {
    // Without a layer the formulas keep their [l]; with one, it is some layer that is not the last.
    let fill = |text: &str| layer.map_or_else(|| text.to_owned(), |l| stage.fill(text, l, usize::MAX));
    let heading = |text: &str| format!("\n{}\n", paper.ink(Ink::Bold, text));
    let name = layer.map_or_else(|| stage.id.to_owned(), |l| stage.id_at(l));
    let mut out =
        format!("{}: {} ({})\n", paper.ink(Ink::Bold, &name), fill(stage.result), fill(stage.notebook));
    out.push_str(&paper.wrap(&fill(stage.sentence), 0));
    let by = if stage.way == Way::Backward { "The loss is differentiated by" } else { "It depends on" };
    if stage.way != Way::Update {
        out.push_str(&paper.wrap(&format!("{by} {}.", fill(stage.by)), 0));
    }
    if !stage.undoes.is_empty()
        && let Some(undone) = clearprop::stage::stage(stage.undoes)
    {
        // da[l] comes back through the layer above it; the others belong to one layer.
        let layer = layer.map(|l| if stage.id == "da" { l + 1 } else { l });
        let formula = undone.general().plain;
        let formula = layer.map_or_else(|| formula.clone(), |l| undone.fill(&formula, l, usize::MAX));
        out.push_str(&paper.wrap(&format!("It undoes {}: {formula}", undone.id), 0));
    }
    out.push_str(&heading("Formula"));
    let formulas = stage.formulas();
    let width = formulas.iter().map(|f| length(&f.case)).max().unwrap_or(0);
    for formula in &formulas {
        let case = if width > 0 { padded(&formula.case, width) + "  " } else { String::new() };
        out.push_str(&paper.wrap(&format!("{case}{}", fill(&formula.plain)), 2));
        let numpy = paper.wrap(&python(stage, &formula.numpy, layer), 2 + length(&case));
        out.push_str(&paper.ink(Ink::Faint, numpy.trim_end_matches('\n')));
        out.push('\n');
    }
    out.push_str(&heading("Where it comes from"));
    for line in stage.derivation {
        out.push_str(&paper.wrap(&fill(line), 2));
    }
    out.push_str(&heading("Shape"));
    out.push_str(&paper.wrap(&format!("{}: {}", stage.shape, fill(stage.shape_rule)), 2));
    out.push_str(&heading("Usual mistakes"));
    for mistake in stage.mistakes.iter().filter_map(|&id| mistake(id)) {
        out.push_str(&paper.wrap(&format!("{:>2} {}", mistake.id, mistake.name), 2));
    }
    out
}

/// A stage's line as Python has it: without a layer, that of a network with two.
fn python(stage: &Stage, line: &str, layer: Option<usize>) -> String {
    match layer {
        Some(layer) => stage.fill(line, layer, usize::MAX),
        None if matches!(stage.id, "dw" | "db" | "dpenalty" | "update") => stage.fill(line, 2, 2),
        None => stage.fill(line, 1, 2),
    }
}

/// A mistake: where it is made, how it shows, why it is wrong, and the right line.
fn of_mistake(id: MistakeId, paper: Paper) -> Option<String> {
    let mistake = mistake(id)?;
    let stage = stage(mistake.stage)?;
    let heading = |text: &str| format!("\n{}\n", paper.ink(Ink::Bold, text));
    let mut out = format!("{}: {}\n", paper.ink(Ink::Bold, &format!("Mistake {id}")), mistake.name);
    out.push_str(&paper.wrap(&format!("It is made in {}: {}", stage.id, stage.sentence), 0));
    for (title, text) in [("How it shows", mistake.evidence), ("Why it is wrong", mistake.why)] {
        out.push_str(&heading(title));
        out.push_str(&paper.wrap(text, 2));
    }
    out.push_str(&heading("The right line"));
    let formula = stage.general();
    out.push_str(&paper.wrap(&formula.plain, 2));
    out.push_str(&paper.wrap(&python(stage, &formula.numpy, None), 2));
    out.push_str(&format!("\n'clearprop explain {}' derives it.\n", stage.id));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: Paper = Paper { width: 80, colour: false };

    #[test]
    fn every_stage_is_explained_within_the_paper() {
        for width in [60, 100] {
            let paper = Paper { width, ..PAPER };
            for stage in STAGES {
                let text = explained(stage.id, paper).unwrap();
                assert!(text.contains("Where it comes from") && text.contains(stage.shape), "{text}");
                // Code may hold a word longer than the paper, on a line of its own.
                let lines = text.lines().filter(|line| line.trim().contains(' '));
                let widest = lines.map(length).max().unwrap_or(0);
                assert!(widest <= width + 2, "{widest} of {width}: {text}");
            }
        }
        let all = all(PAPER);
        assert!(STAGES.iter().all(|stage| all.contains(&stage.general().plain)));
    }

    #[test]
    fn a_quantity_leads_to_its_stage_with_its_layer() {
        let text = explained("dL_dh11", PAPER).unwrap();
        assert!(text.starts_with("dz[1]: dz1 (dL_dh11)"), "{text}");
        assert!(text.contains("dz1 = da1 * (z1 > 0)") && !text.contains("[l"), "{text}");
    }

    #[test]
    fn a_persons_own_names_lead_to_stages_too() {
        for (name, stage, line) in [
            ("W1_grad", "dw[1]", "dL_dW1 = X.T.dot(dL_dh11)"),
            ("dZ2", "dz[2]", "dL_dh21 = dL_dh22[:, :-1] * (h21 > 0)"),
            ("delta_hidden", "dz[1]", "dL_dh11 = dL_dh12[:, :-1] * (h11 > 0)"),
            ("y_hat", "softmax", "probs = np.exp(f)"),
            ("dw", "dw", "dL_dW2 = h12.T.dot(dL_df)"),
        ] {
            let text = explained(name, Paper { width: 140, ..PAPER }).unwrap();
            assert!(text.starts_with(&format!("{stage}:")) && text.contains(line), "{name}: {text}");
        }
    }

    #[test]
    fn every_line_of_code_has_its_layers_filled_in() {
        for stage in STAGES {
            for layer in [None, Some(1), Some(2)] {
                for formula in stage.formulas() {
                    let line = python(stage, &formula.numpy, layer);
                    assert!(!line.contains("[l"), "{}: {line}", stage.id);
                }
            }
        }
    }

    #[test]
    fn every_mistake_is_explained() {
        for id in (1..=86).chain(101..=110).chain(121..=125) {
            let text = explained(&id.to_string(), PAPER).unwrap();
            assert!(
                text.starts_with(&format!("Mistake {id}: ")) && text.contains("Why it is wrong"),
                "{text}"
            );
        }
        assert!(explained("dz", PAPER).unwrap().contains("40 "));
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        let check = |what: &str, expected: &str| {
            let error = explained(what, PAPER).unwrap_err().to_string();
            assert!(error.contains(expected), "{what}\nexpected {expected}\n   found {error}");
        };
        check("softmx", "did you mean 'softmax'?");
        check("backprop", "there are: affine");
        check("99", "no mistake has the number 99");
        check("0", "no mistake has the number 0");
    }
}
