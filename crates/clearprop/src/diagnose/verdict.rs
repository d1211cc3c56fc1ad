//! From the explanations that the search found to what is said.

mod beyond;
mod conclude;
mod loops;
mod stages;

use super::arrays::Array;
use super::expression::Memo;
use super::graph::Graph;
use super::judge::{Explanation, MISTAKE, explain, not_judged};
use super::read_as::ReadAs;
use super::reconstruct::readings;
use super::selection;
use crate::error::{Error, ErrorKind, Result};
use crate::quantity::Variable::W;
use serde::Serialize;

/// What is said of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Every stage that was given is right.
    #[serde(rename = "correct")]
    Correct,
    /// At least one stage is wrong under every convention.
    #[serde(rename = "wrong")]
    Wrong,
    /// Right as far as it goes: the next line is given.
    #[serde(rename = "incomplete")]
    Incomplete,
    /// A stage that no known function gives, or a choice that only the loss could tell; the rest was judged.
    #[serde(rename = "not known")]
    NotKnown,
}

/// What is said of one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The right numbers.
    Right,
    /// The array was not in the file.
    NotGiven,
    /// A later line wrote into it: it no longer holds what it held.
    Overwritten,
    /// Its own line is right; the numbers are off only because of what came before.
    Inherited,
    /// What it is computed from is not known or not a number.
    NotJudged,
    /// No known function gives these numbers.
    NotKnown,
    /// Its own line is wrong.
    Wrong,
}

/// A mistake, by its number in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its number, 1..=85.
    pub id: u8,
    /// A few words.
    pub name: &'static str,
    /// Where it was made, in the person's names.
    pub stage: String,
}

/// What was found at one stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageFinding {
    /// The person's name of what the stage computes.
    pub name: String,
    /// The stage, as in the table of stages: `dz[1]`.
    pub stage: String,
    /// Which nonlinearity's input or output it is; by which variable a derivative is taken.
    pub role: String,
    /// What is said of it.
    pub status: Status,
    /// The shape in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// The numbers of the mistakes that give these numbers.
    pub mistakes: Vec<u8>,
    /// What can be said in numbers.
    pub evidence: Vec<String>,
    /// The line of NumPy that would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// What the letters of the catalogue's sentences are called in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<(String, String)>,
}

/// How one array of the forward pass follows from others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// The array.
    pub name: String,
    /// What it follows from.
    pub from: Vec<String>,
    /// By which function.
    pub function: String,
    /// The function's parameters, as far as it has some.
    pub parameters: std::collections::BTreeMap<&'static str, f64>,
    /// The largest difference from what follows, relative to the largest number.
    pub residual: f64,
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// What is said of the whole.
    pub verdict: Verdict,
    /// The first stage whose own line is wrong, in the person's names.
    pub first_wrong_stage: Option<String>,
    /// The mistakes that reproduce the numbers, several at one stage where nothing tells them apart.
    pub mistakes: Vec<Named>,
    /// How the person's pass differs from the usual one without being wrong, and how it was read.
    pub conventions: Vec<String>,
    /// How the forward arrays of the file follow from others.
    pub forward: Vec<Edge>,
    /// Stage by stage, in the order of computation.
    pub stages: Vec<StageFinding>,
    /// What else the file shows where a person may be stuck.
    pub hints: Vec<String>,
    /// What decides between two readings.
    pub questions: Vec<String>,
    /// What may surprise, and what the probe cannot show.
    pub warnings: Vec<String>,
    /// Arrays of the file that were not used.
    pub ignored: Vec<String>,
    /// The network, the loss and the layout that the arrays were read as.
    pub read_as: ReadAs,
    /// The network in one line.
    #[serde(skip)]
    pub head: String,
}

/// What a diagnosis may compute, in numbers: less than two seconds' work.
const BUDGET: u64 = 1_500_000_000;

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
