//! Weights that were saved after their update: taken back, if the person's own forward pass shows it.

use super::contents::Contents;
use super::layers::readings;
use crate::diagnose::convention::Convention;
use crate::diagnose::differentiate::{forward, right};
use crate::diagnose::expression::{Expr, Op, Source, Value};
use crate::diagnose::graph::{Graph, same};
use crate::diagnose::number::number;
use crate::diagnose::update::{Learnt, Named, directions};
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, B, W, Z},
};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The readings with the weights as they were before `w -= step * dw`; `None` if nothing speaks for an update.
pub(super) fn before(contents: &Contents, found: &[Graph]) -> Option<Vec<Graph>> {
    let graph = found.first()?;
    let last = graph.layers();
    if (1..=last).any(|l| !graph.given.contains_key(&By(W(l)))) {
        return None;
    }
    let off = misses(graph);
    let forward = graph.given.keys().any(|q| matches!(q, Of(Z(_) | A(_))));
    if off == 0 && forward {
        return None;
    }
    const EPSILON: f64 = 1e-8;
    let learnt = learnt(graph);
    let gradient: BTreeMap<String, Expr> = learnt
        .iter()
        .filter_map(|one| Some((one.name.clone(), contents.called(one.derivative.as_ref()?)?)))
        .collect();
    let all: Vec<Named> = contents
        .items
        .iter()
        .map(|item| Named { name: item.name.clone(), shape: item.shape.clone(), e: item.e.clone() })
        .collect();
    let mut ways = vec![(String::new(), gradient)];
    ways.extend(directions(&all, &learnt, EPSILON));
    for (words, along) in ways {
        let mut steps = projected(graph, &along);
        if let (Some(step), true) = (graph.step, words.is_empty()) {
            steps.push(step);
            steps.push(step / graph.n());
        }
        for step in steps {
            if contents.memo.is_spent() {
                return None;
            }
            let Some(moved) = taken_back(contents, &learnt, step, &along) else { continue };
            let Ok(mut graphs) = readings(&moved) else { continue };
            if !(forward && misses(&graphs[0]) == 0 && values(&graphs[0]) >= values(graph)) {
                continue;
            }
            for graph in &mut graphs {
                let what = if !words.is_empty() {
                    format!("their update {words} (times {})", number(-step))
                } else if step > 0.0 {
                    format!("their update (step size {})", number(step))
                } else {
                    format!("an update that ADDED the gradient (step size {})", number(-step))
                };
                if words.is_empty() {
                    graph.step.get_or_insert(step);
                }
                graph
                    .understood
                    .push(format!("the weights were saved after {what}; it was taken back before comparing"));
                graph.names.clone_from(&found[0].names);
            }
            return Some(graphs);
        }
    }
    None
}

/// What is learnt, with the names of its derivatives.
fn learnt(graph: &Graph) -> Vec<Learnt> {
    let mut all = Vec::new();
    for l in 1..=graph.layers() {
        for variable in [W(l), B(l)] {
            let is_bias = matches!(variable, B(_));
            let in_w = is_bias && graph.bias[l].in_w();
            let Some(name) = graph.names.get(&variable).filter(|_| !in_w) else { continue };
            all.push(Learnt {
                layer: l,
                is_bias,
                name: name.clone(),
                derivative: graph.given.get(&By(variable)).map(|given| given.name.clone()),
                decay: 0.0,
            });
        }
    }
    all
}

/// How many forward arrays there are.
fn values(graph: &Graph) -> usize {
    graph.given.keys().filter(|quantity| matches!(quantity, Of(Z(_) | A(_)))).count()
}

/// How many forward arrays do not follow from the weights.
pub(super) fn misses(graph: &Graph) -> usize {
    let usual = Convention::usual(graph);
    let pass = forward(graph, &usual);
    graph
        .given
        .iter()
        .filter(|(quantity, given)| {
            let from_weights = match quantity {
                Of(Z(_)) => true,
                // The outputs beside their z say nothing of W, and may have been edited in place.
                Of(A(l)) => !graph.given.contains_key(&Of(Z(*l))),
                _ => false,
            };
            from_weights
                && right(graph, &usual, &pass, **quantity).is_none_or(|right| {
                    // What was taken from a row, softmax does not see.
                    let last = **quantity == Of(Z(graph.layers()));
                    let seen = |e: Expr| if last { graph.functions[graph.layers()].apply(&e) } else { e };
                    let right = seen(right);
                    seen(given.view.clone())
                        .value()
                        .zip(right.value())
                        .is_none_or(|(own, right)| !same(&own.data, &right.data, graph.tolerance, 0.0))
                })
        })
        .count()
}

/// The step that a layer shows whose input and z are known: z - (a w + b) = step * (a d + e), where the weights moved
/// along d and the bias along e.
fn projected(graph: &Graph, along: &BTreeMap<String, Expr>) -> Vec<f64> {
    let usual = Convention::usual(graph);
    let pass = forward(graph, &usual);
    let mut found = Vec::new();
    for l in 1..=graph.layers() {
        let of = |variable| graph.names.get(&variable).and_then(|name| along.get(name));
        let (Some(z), Some(a), Some(d)) = (graph.given.get(&Of(Z(l))), pass.a(graph, l - 1), of(W(l))) else {
            continue;
        };
        let Some(now) = right(graph, &usual, &pass, Of(Z(l))) else { continue };
        let d = if graph.turned.1 { d.t() } else { d.clone() };
        let (d, e) = if graph.bias[l].in_w() {
            let (part, rest) = graph.bias[l].parts();
            (d.slice(0, rest), Some(d.slice(0, part)))
        } else {
            (d, of(B(l)).map(|e| Expr::new(Op::Row(e.clone()))))
        };
        let mut moved = a.dot(&d);
        if let Some(e) = e {
            moved = moved + e;
        }
        let (Some(now), Some(moved)) = (now.value(), moved.value()) else { continue };
        if z.value().dim() != now.data.dim() || moved.data.dim() != now.data.dim() {
            continue;
        }
        let fit = (&moved.data * &(z.value() - &now.data)).sum() / (&moved.data * &moved.data).sum();
        if fit.is_finite() && fit != 0.0 {
            found.push(fit);
        }
    }
    found
}

/// The file with its weights as they were.
fn taken_back(
    contents: &Contents,
    learnt: &[Learnt],
    step: f64,
    along: &BTreeMap<String, Expr>,
) -> Option<Contents> {
    let mut moved = contents.clone();
    for one in learnt {
        let item = moved.items.iter_mut().find(|item| item.name == one.name)?;
        let (w, d) = (item.e.value()?.clone(), along.get(&one.name).and_then(|d| d.value().cloned()));
        let Some(d) = d.filter(|d| d.data.dim() == w.data.dim()) else {
            // A bias may stand still; weights that do not move tell of no update.
            if one.is_bias {
                continue;
            }
            return None;
        };
        let value = Value { ndim: w.ndim, data: &w.data + &(&d.data * step) };
        let source = Source { name: one.name.clone(), value: Rc::new(value), whole: false };
        item.e = Expr::new(Op::Array(Rc::new(source)));
    }
    Some(moved)
}
