//! What each mistake of the catalogue computes at its stage: the right expression, transformed.

mod forward;
mod hidden;
mod mutate;
mod outputs;
mod parameters;

pub(super) use mutate::mutants;

use super::convention::Convention;
use super::expression::Expr;
use super::graph::{Graph, Pass, right};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Beta, Gamma, Kept, Loss, Normed, Scaled, W, Z},
};
use hidden::projected;

/// A value that a stage may have instead of the right one, and the mistakes that lead there.
#[derive(Clone)]
pub(super) struct Candidate {
    /// For each mistake made here the numbers under which it may go; empty for a convention.
    pub(super) parts: Vec<Vec<u8>>,
    /// What to say beside the mistake's own words: the factor, the step.
    pub(super) detail: String,
    /// The value.
    pub(super) value: Expr,
}

fn made(ids: &[u8], value: Expr) -> Candidate {
    Candidate { parts: vec![ids.to_vec()], detail: String::new(), value }
}

fn told(ids: &[u8], detail: impl Into<String>, value: Expr) -> Candidate {
    Candidate { parts: vec![ids.to_vec()], detail: detail.into(), value }
}

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

/// What another layer or stage has of a right shape, by name, to be found in the place of something.
fn dim(e: &Expr) -> (usize, usize) {
    e.dim().unwrap_or((0, 0))
}
