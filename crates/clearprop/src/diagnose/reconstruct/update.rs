//! Weights that were saved after their update: taken back, if the person's own forward pass shows it.

use super::layers::readings;
use super::{Contents, Item};
use crate::diagnose::expression::{Expr, Op, Source};
use crate::diagnose::graph::{Graph, same};
use crate::diagnose::words::number;
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, B, W, Z},
};
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
    let mut steps = projected(graph);
    if let Some(step) = graph.step {
        steps.push(step);
        steps.push(step / graph.n());
    }
    for step in steps {
        let moved = taken_back(contents, graph, step)?;
        let mut graphs = readings(&moved).ok()?;
        let better = forward && misses(&graphs[0]) == 0;
        if better {
            for graph in &mut graphs {
                graph.step.get_or_insert(step);
                let words = if step > 0.0 {
                    format!(
                        "the weights were saved after their update (step size {}); it was taken back before comparing",
                        number(step)
                    )
                } else {
                    format!(
                        "the weights were saved after an update that ADDED the gradient (step size {}); it was taken back before comparing",
                        number(-step)
                    )
                };
                graph.understood.push(words);
                graph.names.clone_from(&found[0].names);
            }
            return Some(graphs);
        }
    }
    None
}

/// How many forward arrays do not follow from the weights.
pub(super) fn misses(graph: &Graph) -> usize {
    let usual = crate::diagnose::convention::Convention::usual(graph);
    let pass = super::outputs::forward(graph, &usual);
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
                && crate::diagnose::graph::right(graph, &usual, &pass, **quantity)
                    .and_then(|e| e.value().cloned())
                    .is_none_or(|right| {
                        // What was taken from a row, softmax does not see.
                        let last = **quantity == Of(Z(graph.layers()));
                        let seen = |e: Expr| if last { graph.functions[graph.layers()].apply(&e) } else { e };
                        let right = seen(crate::diagnose::expression::constant(right.data.clone()));
                        seen(given.view.clone())
                            .value()
                            .zip(right.value())
                            .is_none_or(|(own, right)| !same(&own.data, &right.data, graph.tolerance, 0.0))
                    })
        })
        .count()
}

/// The step that a layer shows whose input and z are known: z - (a w + b) = step * (a dw + db).
fn projected(graph: &Graph) -> Vec<f64> {
    let usual = crate::diagnose::convention::Convention::usual(graph);
    let pass = super::outputs::forward(graph, &usual);
    let mut found = Vec::new();
    for l in 1..=graph.layers() {
        let (Some(z), Some(a), Some(dw)) =
            (graph.given.get(&Of(Z(l))), pass.a(graph, l - 1), graph.given.get(&By(W(l))))
        else {
            continue;
        };
        let Some(now) = crate::diagnose::graph::right(graph, &usual, &pass, Of(Z(l))) else { continue };
        let mut moved = a.dot(&dw.view);
        if let Some(db) = graph.given.get(&By(B(l))) {
            moved = moved + db.view.clone();
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
fn taken_back(contents: &Contents, graph: &Graph, step: f64) -> Option<Contents> {
    let mut moved = contents.clone();
    let mut change = |name: &str, derivative: &str| -> Option<()> {
        let find = |items: &[Item], name: &str| items.iter().position(|item| item.name == name);
        let (at, by) = (find(&moved.items, name)?, find(&moved.items, derivative)?);
        let (w, dw) = (moved.items[at].e.value()?.clone(), moved.items[by].e.value()?.clone());
        if w.data.dim() != dw.data.dim() {
            return None;
        }
        let value = super::super::expression::Value { ndim: w.ndim, data: &w.data + &(&dw.data * step) };
        let source = Source { name: name.to_owned(), value: Rc::new(value), whole: false };
        moved.items[at].e = Expr::new(Op::Array(Rc::new(source)));
        Some(())
    };
    for l in 1..=graph.layers() {
        change(&graph.names[&W(l)], &graph.given[&By(W(l))].name)?;
        if !graph.bias[l].in_w()
            && let (Some(b), Some(db)) = (graph.names.get(&B(l)), graph.given.get(&By(B(l))))
        {
            change(b, &db.name);
        }
    }
    Some(moved)
}
