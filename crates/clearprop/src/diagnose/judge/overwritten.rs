//! Arrays that no longer hold what they held when they were computed.
//!
//! `np.savez` after the pass sees what later lines left: in the notebook itself `dL_df` *is* `probs`,
//! edited in place, and `dL_dh11` is a view into `dL_dh12`.  Such arrays are said, not called wrong.

use crate::diagnose::convention::Convention;
use crate::diagnose::expression::{Expr, Reduce};
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::{Graph, Pass, same};
use crate::quantity::{Quantity, Quantity::{By, Of}, Variable::{A, Z}};
use ndarray::Array2;

/// The name of the array that took this one's memory, if the numbers say so.
pub(super) fn by(graph: &Graph, quantity: Quantity, right: &Expr) -> Option<String> {
    let given = graph.given.get(&quantity)?.value();
    let last = graph.layers();
    let equal = |q: Quantity| graph.given.get(&q).filter(|other| other.value() == given).map(|other| other.name.clone());
    match quantity {
        Of(A(l)) if l == last => equal(By(Z(last))).or_else(|| {
            // Edited in place, and divided into another array.
            let target = &graph.target.value()?.data;
            let right = &right.value()?.data;
            if right.dim() != target.dim() {
                return None;
            }
            let edits = [right - target, right / graph.n(), (right - target) / graph.n()];
            edits
                .iter()
                .any(|edit| same(given, edit, graph.tolerance, 0.0))
                .then(|| format!("the first lines that make {}", graph.name(By(Z(last)))))
        }),
        By(A(l)) if l < last => equal(By(Z(l))),
        Of(Z(l)) if l < last => {
            let a = graph.functions[l].apply(right);
            let is_a = a.value().is_some_and(|a| same(given, &a.data, graph.tolerance, 0.0));
            (is_a && graph.functions[l] != Function::Identity).then(|| graph.name(Of(A(l))))
        }
        _ => None,
    }
}

/// The loss from the last z, where a probability is too small to be told from 0.
pub(super) fn without_overflow(graph: &Graph, convention: &Convention, pass: &Pass) -> Option<Expr> {
    let last = graph.layers();
    let (z, y) = (pass.get(Of(Z(last)))?, &graph.target);
    let sum = match (graph.cost, graph.functions[last]) {
        (Cost::CrossEntropy, Function::Softmax) => {
            let shifted = z.clone() - z.reduce(Reduce::Max, Some(1));
            (shifted.exp().sum(1).log() - (shifted * y.clone()).sum(1)).total()
        }
        (Cost::Binary, Function::Logistic) => (Function::Softplus.apply(z) - y.clone() * z.clone()).total(),
        _ => return None,
    };
    let mut plain = convention.scaled(graph, sum);
    if convention.ascent {
        plain = -plain;
    }
    Some(match convention.penalty_part(graph) {
        Some(penalty) => plain + penalty,
        None => plain,
    })
}

/// The first number that is none, as `[row, column]`.
pub(in crate::diagnose) fn first_nan(value: &Array2<f64>) -> Option<(usize, usize)> {
    value.indexed_iter().find(|(_, v)| !v.is_finite()).map(|(at, _)| at)
}
