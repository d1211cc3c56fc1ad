//! Arrays that no longer hold what they held when they were computed.
//!
//! `np.savez` after the pass sees what later lines left: in the notebook itself `dL_df` *is* `probs`,
//! edited in place, and `dL_dh11` is a view into `dL_dh12`.  Such arrays are said, not called wrong.

use crate::diagnose::expression::Expr;
use crate::diagnose::function::Function;
use crate::diagnose::graph::{Graph, same};
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

/// The first number that is none, as `[row, column]`.
pub(in crate::diagnose) fn first_nan(value: &Array2<f64>) -> Option<(usize, usize)> {
    value.indexed_iter().find(|(_, v)| !v.is_finite()).map(|(at, _)| at)
}
