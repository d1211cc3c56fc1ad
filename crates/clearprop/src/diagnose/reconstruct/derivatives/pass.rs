//! The derivatives that an array is held against while nobody knows which it is.

use crate::diagnose::convention::Convention;
use crate::diagnose::differentiate::{forward, step};
use crate::diagnose::graph::{Graph, Pass};
use crate::quantity::Quantity::{By, Of};

/// A pass in which every derivative is right, from the person's own forward values; with `own` from their own
/// derivatives too.
pub(super) fn pass(graph: &Graph, own: bool) -> Pass {
    let usual = Convention::usual(graph);
    let mut pass = forward(graph, &usual);
    let mut bare = graph.clone();
    bare.given.retain(|quantity, _| own || matches!(quantity, Of(_)));
    bare.reg = 0.0;
    for quantity in graph.order().into_iter().filter(|q| matches!(q, By(_))) {
        step(&bare, &usual, &mut pass, quantity);
    }
    pass
}
