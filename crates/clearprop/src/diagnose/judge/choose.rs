//! Which conventions and which candidates come into question.

use super::cost::price;
use super::explanation::{Explanation, Finding};
use crate::diagnose::convention::{Convention, PenaltyForm};
use crate::diagnose::differentiate::forward;
use crate::diagnose::expression::Expr;
use crate::diagnose::graph::{Graph, same};
use crate::diagnose::mistakes::{Candidate, candidates};
use crate::mistake::MistakeId::{self, Factor};
use crate::quantity::{Quantity, Quantity::Of, Variable::Loss};
use std::collections::BTreeMap;

/// The conventions that can explain the file: where its loss tells, those that give it.
pub(super) fn possible(graph: &Graph, deltas: bool) -> Vec<Convention> {
    let all = Convention::possible(graph, deltas);
    let pass = forward(graph, &Convention::usual(graph));
    let tolerance = graph.tolerance.clamp(1e-6, 1e-5);
    let own = graph.given.get(&Of(Loss));
    let is_own = |e: &Expr| {
        own.zip(e.value()).is_some_and(|(own, value)| same(own.value(), &value.data, tolerance, 0.0))
    };
    if own.is_none() || !graph.loss_is_known {
        // A known mistake of the loss shows which loss it was meant to be.
        let meant = |c: &Convention| {
            own.is_some()
                && candidates(graph, c, &pass, Of(Loss)).iter().any(|candidate| is_own(&candidate.value))
        };
        // Unusual factors need a loss that vouches for them.
        let usual = Convention::usual(graph);
        let common = |c: &Convention| {
            // A sum over the rows and a mean over the outputs together need one too: 1/K is rather a 1/N gone wrong.
            let mixed = c.summed && c.factor < 1.0;
            let plain = c.penalty == usual.penalty || c.penalty == PenaltyForm::Absent;
            !mixed && (c.factor == 1.0 || plain && c.over == usual.over)
        };
        return all.into_iter().filter(|c| common(c) || meant(c)).collect();
    }
    let fits = |e: Option<Expr>| e.as_ref().is_some_and(is_own);
    let some: Vec<Convention> = all
        .iter()
        .copied()
        .filter(|c| {
            fits(c.loss(graph, &pass))
                || fits(c.data_loss(graph, &pass))
                || c.other_losses(graph, &pass).into_iter().any(|e| fits(Some(e)))
        })
        .collect();
    if some.is_empty() { all } else { some }
}

/// What was found at a stage, by a mark of all that it follows from.
pub(super) type Known = BTreeMap<(Quantity, u64), Vec<Candidate>>;

/// What is known, or is found now: found without work left it is not kept, since more may be there.
pub(super) fn known(
    graph: &Graph,
    all: &mut Known,
    key: (Quantity, u64),
    find: impl FnOnce() -> Vec<Candidate>,
) -> Vec<Candidate> {
    if let Some(found) = all.get(&key) {
        return found.clone();
    }
    let found = find();
    if !graph.memo.is_spent() {
        all.insert(key, found.clone());
    }
    found
}

/// Candidates with what they cost, the cheapest first.
pub(super) fn priced(all: Vec<Candidate>, quantity: Quantity, path: &Explanation) -> Vec<(u32, Candidate)> {
    let mut priced: Vec<(u32, Candidate)> =
        all.into_iter().map(|candidate| (price(&candidate.parts, quantity, path), candidate)).collect();
    priced.sort_by_key(|(price, _)| *price);
    priced
}

/// One finding for candidates that give the same numbers.
pub(super) fn merged(fitting: Vec<Candidate>) -> Finding {
    let mut fitting = fitting.into_iter();
    let Some(mut first) = fitting.next() else { return Finding::Unknown };
    if first.parts.is_empty() {
        return Finding::Allowed(first.detail);
    }
    for other in fitting {
        if first.detail.is_empty() && first.parts == other.parts {
            first.detail = other.detail;
        }
        if let ([ids], [more]) = (&mut first.parts[..], &other.parts[..]) {
            // A projected factor says less than the mistake that has it.
            let new: Vec<MistakeId> =
                more.iter().filter(|id| !ids.contains(id) && **id < Factor).copied().collect();
            ids.extend(new);
        }
    }
    Finding::Mistakes(first.parts, first.detail)
}
