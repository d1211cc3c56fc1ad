//! A stage of the table as a section of a chapter.

use crate::pages::page;
use clearprop::mistake::MistakeId;
use clearprop::stage::{Formula, Piece, STAGES, Stage, Way, pieces, stage};
use std::fmt::Write;

/// The section of the stage `id`: what it computes, by which variable, the shape, where the formula comes from.
pub(crate) fn section(id: &str) -> Result<String, String> {
    let stage = stage(id).ok_or(format!("no stage is called {id}"))?;
    let mut out = String::new();
    let _ = write!(out, "\n\n{}\n\n$${}$$\n\n", stage.sentence, stage.general().tex);
    let by = if stage.way == Way::Backward { "by" } else { "depends on" };
    for (term, text) in [
        ("name", names(stage)),
        (by, typeset(stage.by)),
        ("undoes", undone(stage)),
        ("shape", format!("<code>{}</code>: {}", stage.shape, typeset(stage.shape_rule))),
    ] {
        if !text.is_empty() {
            let _ = writeln!(out, "<div class=\"fact\"><span>{term}</span><div>{text}</div></div>");
        }
    }
    out.push_str("\n\n<div class=\"derivation\">\n\n");
    for step in stage.steps() {
        let _ = writeln!(out, "1. {}", typeset(&step));
    }
    out.push_str("\n</div>\n");
    let _ = writeln!(out, "\nMistakes made here: {}.", links(stage.mistakes));
    let formulas = stage.formulas();
    if formulas.len() > 1 {
        out.push_str("\n| case | formula | NumPy, in the notebook's two layers |\n|---|---|---|\n");
        for Formula { case, tex, numpy, .. } in &formulas {
            let case = if case.is_empty() { "in general" } else { case };
            let _ = writeln!(
                out,
                "| {case} | ${}$ | `{}` |",
                tex.replace('|', "\\vert "),
                in_a_network(stage, numpy).replace('|', "\\|")
            );
        }
    } else {
        let numpy = in_a_network(stage, &stage.general().numpy);
        let _ = writeln!(out, "\nIn NumPy, in the notebook's two layers: `{numpy}`");
    }
    Ok(out)
}

/// A line of NumPy as it stands in the notebook's network of two layers, so that it runs.
fn in_a_network(stage: &Stage, numpy: &str) -> String {
    stage.fill(numpy, 1, 2)
}

/// Every line of NumPy that the sections of the stages show, with its stage, in the order of computation.
#[must_use]
pub fn numpy_lines() -> Vec<(&'static str, String)> {
    let lines = |stage: &'static Stage| {
        stage.formulas().into_iter().map(move |formula| (stage.id, in_a_network(stage, &formula.numpy)))
    };
    STAGES.iter().flat_map(lines).collect()
}

/// The forward stage that a backward stage undoes, with its formula; that of the layer below speaks of layer l-1.
fn undone(backward: &Stage) -> String {
    stage(backward.undoes).map_or(String::new(), |forward| {
        let tex = forward.general().tex;
        let below = backward.result.ends_with("[l-1]") && !tex.contains("_{l-1}");
        let tex = if below { tex.replace("_{l}", "_{l-1}") } else { tex };
        format!("<code>{}</code>: ${tex}$", forward.id)
    })
}

/// Words of a stage: the formulas between dollar signs, the rest safe in Markdown.
fn typeset(text: &str) -> String {
    let shown = |piece| match piece {
        Piece::Words(words) => plain(words),
        Piece::Formula(tex) => format!("${tex}$"),
    };
    pieces(text).into_iter().map(shown).collect()
}

/// Plain text, safe in Markdown.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '*' | '_' | '[' | ']' | '<' | '>' | '|' | '$' | '\\' | '`' | '&' | '#' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

/// The mistakes' numbers, each a link to its picture.
fn links(mistakes: &[MistakeId]) -> String {
    let link = |id: &MistakeId| {
        let page = page(*id);
        format!("[{id}](mistakes-{page}.md#mistake-{id})")
    };
    mistakes.iter().map(link).collect::<Vec<_>>().join(", ")
}

/// Both names: the design's and the notebook's.
fn names(stage: &Stage) -> String {
    let same = stage.result == stage.notebook;
    let notebook =
        if same { String::new() } else { format!(", in the notebook <code>{}</code>", stage.notebook) };
    format!("<code>{}</code>{notebook}", stage.result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_makes_a_section_whose_formulas_can_be_typeset() {
        for stage in STAGES {
            let section = section(stage.id).unwrap();
            let html = crate::math::typeset(&section).unwrap_or_else(|fault| panic!("{}: {fault}", stage.id));
            assert!(html.contains("<math"), "{}", stage.id);
        }
        assert!(section("affin").is_err());
    }
}
