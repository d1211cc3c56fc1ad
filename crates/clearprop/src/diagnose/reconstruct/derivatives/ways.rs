//! Which array can be which derivative, by shape and by numbers.

use crate::diagnose::expression::Part;
use crate::diagnose::graph::{Given, Graph, Pass, same};
use crate::diagnose::reconstruct::contents::Item;
use crate::diagnose::reconstruct::followed::taken;
use crate::diagnose::reconstruct::frame::views;
use crate::quantity::{
    Quantity,
    Quantity::By,
    Variable::{self, A, B, Beta, Gamma, Normed, Scaled, W, Z},
};
use ndarray::Array2;

pub(super) fn width(graph: &Graph, quantity: Quantity) -> Option<usize> {
    match quantity.variable() {
        Z(l) | A(l) | Normed(l) | Scaled(l) | Variable::Kept(l) => Some(graph.sizes[l]),
        _ => None,
    }
}

/// Every way in which an item can be a quantity, by its shape.
pub(super) fn ways(graph: &Graph, item: &Item, quantity: Quantity) -> Vec<Given> {
    let sizes = &graph.sizes;
    let (dim, wide) = match quantity.variable() {
        Z(l) | Normed(l) | Scaled(l) => ((graph.n, sizes[l]), None),
        Gamma(l) | Beta(l) => ((1, sizes[l]), None),
        A(l) | Variable::Kept(l) => {
            ((graph.n, sizes[l]), graph.bias.get(l + 1).copied().filter(|bias| bias.in_w()))
        }
        W(l) if graph.bias[l].in_w() => ((sizes[l - 1] + 1, sizes[l]), None),
        W(l) => ((sizes[l - 1], sizes[l]), None),
        B(l) if graph.bias[l].in_w() => return vec![],
        B(l) => ((1, sizes[l]), None),
        _ => return vec![],
    };
    let like = match quantity.variable() {
        W(l) => graph
            .names
            .get(&W(l))
            .and_then(|name| graph.arrays.iter().find(|(other, _)| other == name))
            .and_then(|(_, e)| e.value())
            .map(|v| v.shape()),
        _ => None,
    };
    // A derivative by W lies as W does.
    if like.is_some_and(|like| like.len() == 2 && item.shape.len() == 2 && item.shape != like) {
        return vec![];
    }
    let mut found: Vec<Given> = views(item, dim, wide)
        .into_iter()
        .map(|(view, turned, full)| taken(item, view, turned, full))
        .collect();
    if let B(_) = quantity.variable() {
        // A column of as many numbers is a bias's too.
        if found.is_empty() && item.shape.len() == 2 && item.shape == [sizes[quantity.variable().layer(0)], 1]
        {
            found.push(taken(item, item.e.t(), true, None));
        }
    }
    found
}

/// The item as this quantity, if it is a multiple of the right numbers, and the factor.
pub(super) fn proportional(
    graph: &Graph,
    reference: &Pass,
    item: &Item,
    quantity: Quantity,
) -> Option<(Given, f64)> {
    let mut right = reference.value(quantity)?.clone();
    if let (W(l), By(_)) = (quantity.variable(), quantity)
        && graph.bias[l].in_w()
    {
        let bias = reference.value(By(B(l)))?;
        let parts = if graph.bias[l].parts().0 == Part::First {
            [bias.view(), right.view()]
        } else {
            [right.view(), bias.view()]
        };
        right = ndarray::concatenate(ndarray::Axis(0), &parts).ok()?;
    }
    ways(graph, item, quantity)
        .into_iter()
        .find_map(|given| ratio(given.value(), &right, 10.0 * graph.tolerance).map(|r| (given, r)))
}

/// The factor between two arrays, if there is one.
pub(in crate::diagnose) fn ratio(a: &Array2<f64>, b: &Array2<f64>, tolerance: f64) -> Option<f64> {
    if a.dim() != b.dim() {
        return None;
    }
    let ratio = (a * b).sum() / (b * b).sum();
    let fits = ratio.is_finite() && ratio != 0.0 && same(a, &(b * ratio), tolerance, 0.0);
    fits.then_some(ratio)
}

/// With the bias trick weights and bias are one array; they are judged apart.
pub(super) fn insert(graph: &mut Graph, quantity: Quantity, given: Given) {
    if let By(W(l)) = quantity
        && graph.bias[l].in_w()
        && given.view.dim() == Some((graph.sizes[l - 1] + 1, graph.sizes[l]))
    {
        let (bias, rest) = graph.bias[l].parts();
        let part =
            |of| Given { view: given.view.slice(0, of), wide: Some(given.view.clone()), ..given.clone() };
        graph.given.insert(By(B(l)), part(bias));
        graph.given.insert(By(W(l)), part(rest));
        return;
    }
    graph.given.insert(quantity, given);
}
