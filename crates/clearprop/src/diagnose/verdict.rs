//! From the explanations that the search found to what is said.

mod beyond;
mod conclude;
mod loops;
mod stages;

use super::arrays::Array;
use super::diagnosis::Diagnosis;
use super::expression::Memo;
use super::graph::Graph;
use super::judge::{Explanation, MISTAKE, explain, not_judged};
use super::reconstruct::readings;
use super::selection;
use crate::error::{Error, ErrorKind, Result};
use crate::quantity::Variable::W;

/// What a diagnosis may compute, in numbers: less than two seconds' work.
const BUDGET: u64 = 2_000_000_000;

/// Compares what a person computed with what is right.
///
/// # Errors
/// Arrays from which no pass can be read: no weights, inputs or answers among them, or shapes that fit in no way.
pub fn diagnose(arrays: &[Array]) -> Result<Diagnosis> {
    let examined = examine(arrays)?;
    let graph = &examined.graph;
    if graph.given.is_empty() && graph.leftovers.is_empty() {
        return Err(Error::new(ErrorKind::Data, "found nothing that you computed").hint(
            "add any of h11 h12 f probs loss dL_df dL_dW2 dL_dh12 dL_dh11 dL_dW1, or z1 a1 logits dw1 ..",
        ));
    }
    if let Some(diagnosis) = conclude::not_a_number(graph) {
        return Ok(diagnosis);
    }
    let main = examined.explanations.first().cloned();
    let mut diagnosis = conclude::conclude(graph, examined.explanations);
    if let Some(main) = main {
        beyond::add(&mut diagnosis, graph, &main, arrays);
    }
    Ok(diagnosis)
}

/// The reading of a person's arrays that needs the fewest mistakes, with all explanations of that cost.
pub(super) struct Examined {
    pub(super) graph: Graph,
    /// At least one, unless an input is not a number.
    pub(super) explanations: Vec<Explanation>,
}

/// What explains a file with the least cost: the cost, the reading, the explanations.
type Best = (u32, Graph, Vec<Explanation>);

/// Reads the arrays, and looks for the likeliest of the readings.
pub(super) fn examine(arrays: &[Array]) -> Result<Examined> {
    let rows = selection::rows(arrays);
    let arrays = rows.as_deref().unwrap_or(arrays);
    let memo = Memo::new(BUDGET);
    let mut best: Option<Best> = None;
    let mut all: Vec<Result<Vec<Graph>>> = Vec::new();
    // First whatever explains the file without a mistake: the weights of the plain names, else those of a moment.
    for moment in std::iter::once(String::new()).chain(selection::moments(arrays)) {
        let mut graphs = readings(arrays, &moment, &memo);
        for graph in graphs.iter_mut().flatten().filter(|_| !moment.is_empty()) {
            let names: Vec<&str> =
                (1..=graph.layers()).filter_map(|l| Some(graph.names.get(&W(l))?.as_str())).collect();
            let words = format!("the weights are {}: the rest follows from them", names.join(", "));
            graph.understood.push(words);
        }
        if let Ok(graphs) = &mut graphs {
            graphs.sort_by_key(|graph| graph.oddity);
            best = least(best, graphs, MISTAKE - 1);
        }
        all.push(graphs);
        if best.as_ref().is_some_and(|(cost, ..)| *cost < MISTAKE) {
            break;
        }
    }
    // Then the likeliest readings with some.
    if best.is_none() {
        best = all.iter().flatten().fold(None, |best, graphs| least(best, graphs, u32::MAX));
    }
    let (mut graph, explanations) = match best {
        Some((_, graph, explanations)) => {
            let explanations = conclude::in_order(&graph, explanations);
            (graph, explanations)
        }
        None => {
            let first = all.iter().position(Result::is_ok).unwrap_or(0);
            let graph = all.swap_remove(first)?.swap_remove(0);
            let explanations = match conclude::not_a_number(&graph) {
                Some(_) => Vec::new(),
                None => conclude::in_order(&graph, vec![not_judged(&graph)]),
            };
            (graph, explanations)
        }
    };
    if memo.is_spent() {
        graph.warnings.push(
            "the search was stopped before its end: it may not have found the simplest explanation"
                .to_owned(),
        );
    }
    Ok(Examined { graph, explanations })
}

/// The better of the best so far and what these readings, in order, give with mistakes of at most this cost.
fn least(mut best: Option<Best>, graphs: &[Graph], most: u32) -> Option<Best> {
    if conclude::not_a_number(&graphs[0]).is_some() {
        return best;
    }
    // What this moment's weights give: whether to go on is asked of that alone.
    let mut own: Option<u32> = None;
    for (nth, graph) in graphs.iter().enumerate() {
        // A loss that no reading gives is one mistake at least.
        if most < MISTAKE && graph.has_odd_loss() {
            continue;
        }
        let enough =
            own.is_some_and(|cost| cost <= graph.oddity || most == u32::MAX && nth > 0 && cost < 2 * MISTAKE);
        let odd = most < MISTAKE && graph.oddity >= MISTAKE && nth > 0;
        if enough || odd || graph.memo.is_spent() && best.is_some() {
            continue;
        }
        let (cost, found) = explain(graph, most);
        if found.is_empty() {
            continue;
        }
        let cost = cost.saturating_add(graph.oddity);
        own = Some(own.map_or(cost, |own| own.min(cost)));
        if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
            best = Some((cost, graph.clone(), found));
        }
    }
    best
}
