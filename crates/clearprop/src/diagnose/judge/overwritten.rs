//! Arrays that no longer hold what they held when they were computed.
//!
//! `np.savez` after the pass sees what later lines left: in the notebook itself `dL_df` *is* `probs`,
//! edited in place, and `dL_dh11` is a view into `dL_dh12`.  Such arrays are said, not called wrong.

use crate::diagnose::convention::Convention;
use crate::diagnose::expression::{Expr, Reduce};
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::{Graph, Pass, same};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, Z},
};
use ndarray::Array2;

/// The name of the array that took this one's memory, if the numbers say so.
pub(super) fn by(graph: &Graph, quantity: Quantity, right: &Expr) -> Option<String> {
    let given = graph.given.get(&quantity)?.value();
    let last = graph.layers();
    let equal = |q: Quantity| {
        graph.given.get(&q).filter(|other| other.value() == given).map(|other| other.name.clone())
    };
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

/// The loss in other forms that are the same but for rounding: from the last z, where a probability is too small to be
/// told from 0, and with a small number under the logarithm.
pub(in crate::diagnose) fn other_forms(graph: &Graph, convention: &Convention, pass: &Pass) -> Vec<Expr> {
    const EPSILONS: [f64; 8] = [1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15];
    let last = graph.layers();
    let (Some(z), Some(p), y) = (pass.get(Of(Z(last))), pass.get(Of(A(last))), &graph.target) else {
        return vec![];
    };
    let mut sums = Vec::new();
    match (graph.cost, graph.functions[last]) {
        (Cost::CrossEntropy, Function::Softmax) => {
            let shifted = z.clone() - z.reduce(Reduce::Max, Some(1));
            sums.push((shifted.exp().sum(1).log() - (shifted * y.clone()).sum(1)).total());
        }
        (Cost::Binary, Function::Logistic) => {
            sums.push((Function::Softplus.apply(z) - y.clone() * z.clone()).total())
        }
        _ => {}
    }
    sums.extend(EPSILONS.iter().filter_map(|epsilon| graph.cost.sum_with(p, y, *epsilon)));
    let descent = Convention { ascent: false, late: false, ..*convention };
    let whole = |sum: Expr| {
        let data = descent.scaled(graph, sum);
        match convention.penalty_part(graph) {
            Some(penalty) => data + penalty,
            None => data,
        }
    };
    sums.into_iter().map(whole).collect()
}

/// The first number that is none, as `[row, column]`.
pub(in crate::diagnose) fn first_nan(value: &Array2<f64>) -> Option<(usize, usize)> {
    value.indexed_iter().find(|(_, v)| !v.is_finite()).map(|(at, _)| at)
}
