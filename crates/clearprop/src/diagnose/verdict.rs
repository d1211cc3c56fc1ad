//! From the explanations that the search found to what is said.

mod beyond;
mod conclude;
mod loops;
mod stages;

use super::arrays::Array;
use super::graph::Graph;
use super::judge::{Budget, Explanation, MISTAKE, explain, not_judged};
use super::read_as::ReadAs;
use super::reconstruct::readings;
use super::selection;
use crate::error::{Error, ErrorKind, Result};
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

/// What a search may compute: about a second's work.
const BUDGET: u64 = 100_000_000;

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
    let mut diagnosis = conclude::conclude(graph, examined.explanations, &Budget::new(BUDGET / 4));
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
    /// What the explanations cost.
    cost: u32,
}

/// Reads the arrays, and looks for the likeliest of the readings.
pub(super) fn examine(arrays: &[Array]) -> Result<Examined> {
    let rows = selection::rows(arrays);
    let arrays = rows.as_deref().unwrap_or(arrays);
    let mut found = at_moment(arrays, "");
    // Weights of another moment, where those of the plain names are none or do not explain the file.
    for moment in selection::moments(arrays) {
        if found.as_ref().is_ok_and(|found| found.cost < MISTAKE) {
            break;
        }
        if let Ok(mut other) = at_moment(arrays, &moment)
            && found.as_ref().map_or(true, |found| other.cost < found.cost)
        {
            other
                .graph
                .understood
                .push(format!("the weights are W1{moment}, W2{moment}, ..: the rest follows from them"));
            found = Ok(other);
        }
    }
    found
}

/// The same with the weights of one moment.
fn at_moment(arrays: &[Array], moment: &str) -> Result<Examined> {
    let budget = Budget::new(BUDGET);
    let mut graphs = readings(arrays, moment)?;
    graphs.sort_by_key(|graph| graph.oddity);
    if conclude::not_a_number(&graphs[0]).is_some() {
        return Ok(Examined { graph: graphs.swap_remove(0), explanations: Vec::new(), cost: u32::MAX });
    }
    let mut best: Option<(u32, Graph, Vec<Explanation>)> = None;
    let mut stopped = false;
    // First whatever explains the file without a mistake, then the likeliest readings with some.
    for most in [MISTAKE - 1, u32::MAX] {
        for (nth, graph) in graphs.iter().enumerate() {
            // A loss that no reading gives is one mistake at least.
            if most < MISTAKE && graph.has_odd_loss() {
                continue;
            }
            let enough = best.as_ref().is_some_and(|(cost, ..)| {
                *cost <= graph.oddity || most == u32::MAX && nth > 0 && *cost < 2 * MISTAKE
            });
            let odd = most < MISTAKE && graph.oddity >= MISTAKE && nth > 0;
            if enough || odd || stopped && best.is_some() {
                continue;
            }
            let (cost, found, ran_out) = explain(graph, &budget, most);
            stopped |= ran_out;
            let cost = cost.saturating_add(graph.oddity);
            if !found.is_empty() && best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, graph.clone(), found));
            }
        }
        if best.is_some() {
            break;
        }
    }
    let (cost, mut graph, explanations) = match best {
        Some(best) => best,
        None => (u32::MAX, graphs[0].clone(), vec![not_judged(&graphs[0])]),
    };
    if stopped {
        graph.warnings.push(
            "the search was stopped before its end: it may not have found the simplest explanation"
                .to_owned(),
        );
    }
    let explanations = conclude::in_order(&graph, explanations);
    Ok(Examined { graph, explanations, cost })
}
