//! What each mistake of the catalogue computes at its stage: the right expression, transformed.

mod candidate;
mod forward;
mod hidden;
mod mutate;
mod outputs;
mod parameters;

pub(super) use candidate::Candidate;
pub(super) use mutate::mutants;

use super::convention::Convention;
use super::differentiate::right;
use super::graph::{Graph, Pass};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Beta, Gamma, Kept, Loss, Normed, Scaled, W, Z},
};
use candidate::{made, told};
use hidden::projected;

/// Everything that the catalogue knows to go wrong at this stage.
pub(super) fn candidates(
    graph: &Graph,
    convention: &Convention,
    pass: &Pass,
    quantity: Quantity,
) -> Vec<Candidate> {
    let last = graph.layers();
    let normalised = |l: usize| graph.norms.contains_key(&l);
    match quantity {
        Of(Normed(_) | Scaled(_)) | By(Normed(_) | Scaled(_) | Gamma(_) | Beta(_)) => {
            scaled(graph, convention, pass, quantity)
        }
        By(Z(l)) if normalised(l) => scaled(graph, convention, pass, quantity),
        Of(Z(l)) => forward::affine(graph, convention, pass, l),
        Of(A(l)) if l == last => forward::outputs(graph, pass),
        Of(A(l)) => forward::activation(graph, pass, l),
        Of(Loss) => forward::loss(graph, convention, pass),
        By(A(l)) if l == last => outputs::by_outputs(graph, convention, pass),
        By(Z(l)) if l == last => outputs::by_logits(graph, convention, pass),
        By(W(l)) => parameters::dw(graph, convention, pass, l),
        By(B(l)) => parameters::db(graph, convention, pass, l),
        By(A(l) | Kept(l)) => hidden::da(graph, convention, pass, l),
        By(Z(l)) => hidden::dz(graph, pass, l),
        _ => None,
    }
    .unwrap_or_default()
}

/// The right numbers with another sign, or times a constant.
fn scaled(graph: &Graph, convention: &Convention, pass: &Pass, quantity: Quantity) -> Option<Vec<Candidate>> {
    let right = right(graph, convention, pass, quantity)?;
    let mut found = vec![made(&[7], -right.clone())];
    if let Some(factor) = projected(graph.given.get(&quantity).map(|given| given.value()), &right) {
        let words = format!("the factor is {}", parameters::factor_words(graph, factor));
        found.push(told(&[55], words, right.times(factor)));
    }
    Some(found)
}
