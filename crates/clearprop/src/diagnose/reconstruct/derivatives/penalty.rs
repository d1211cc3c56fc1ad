//! A penalty whose strength the file does not hold.

use super::pass::pass;
use super::ways::ratio;
use crate::diagnose::convention::Convention;
use crate::diagnose::expression::Expr;
use crate::diagnose::graph::Graph;
use crate::diagnose::hints::Word;
use crate::diagnose::number::number;
use crate::diagnose::reconstruct::contents::Contents;
use crate::quantity::{
    Quantity::By,
    Variable::{W, Z},
};

/// The strength of a penalty that the file does not hold, if what every dW has beside the data's part is one and the
/// same multiple of W.
pub(super) fn unsaid_penalty(graph: &mut Graph, contents: &Contents) {
    if contents.first(Word::Reg).is_some() {
        return;
    }
    let own = pass(graph, true);
    let strength = |late: bool| -> Option<f64> {
        let convention = Convention { late, ..Convention::usual(graph) };
        let mut found: Option<f64> = None;
        for l in 1..=graph.layers() {
            let Some(given) = graph.given.get(&By(W(l))) else { continue };
            let w = &graph.w[l].value()?.data;
            let data = convention.mean(graph, own.a(graph, l - 1)?.t().dot(own.get(By(Z(l)))?));
            let data = data.value().filter(|data| data.data.dim() == w.dim())?;
            // One that has another shape says nothing of the penalty.
            if given.value().dim() != w.dim() {
                continue;
            }
            let rest = given.value() - &data.data;
            let here =
                ratio(&rest, w, 1e3 * graph.tolerance).filter(|ratio| *ratio > 1e-9 && *ratio < 10.0)?;
            if found.is_some_and(|before| (before / here - 1.0).abs() > 1e-3) {
                return None;
            }
            found = found.or(Some(here));
        }
        found
    };
    if let Some(reg) = strength(false).or_else(|| strength(true)) {
        // Rounded to a number that a person writes.
        let short = (reg * 1e6).round() / 1e6;
        graph.reg = if (short / reg - 1.0).abs() < 1e-4 { short } else { reg };
        graph.reg_text = Expr::number(graph.reg);
        let words = format!("reg is not in the file: your derivatives have {} * W", number(graph.reg));
        graph.warnings.retain(|warning| !warning.starts_with("reg is not in the file"));
        graph.understood.push(words);
    }
}
