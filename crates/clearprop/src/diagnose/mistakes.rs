//! What each mistake of the catalogue computes at its stage: the right expression, transformed.

mod candidate;
mod forward;
mod hidden;
mod mutate;
mod outputs;
mod parameters;

pub(super) use candidate::Candidate;
pub(super) use mutate::{changes, mutants};

use super::convention::Convention;
use super::differentiate::right;
use super::expression::Expr;
use super::graph::{Graph, Pass, same};
use super::number::number;
use crate::mistake::MistakeId::{Factor, PartLeftOut, Sign, ZForOutput};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Beta, Gamma, Kept, Loss, Normed, Scaled, W, Z},
};
use candidate::{factor_words, made, projected, told};

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
        Of(Normed(l)) => normed(graph, convention, pass, l),
        Of(Kept(l)) => kept(graph, convention, pass, l),
        Of(Scaled(_)) | By(Normed(_) | Scaled(_) | Gamma(_) | Beta(_)) => {
            scaled(graph, convention, pass, quantity)
        }
        By(Z(l)) if normalised(l) => {
            let mut found = scaled(graph, convention, pass, quantity).unwrap_or_default();
            if let (Some(dn), Some(n), Some(z)) =
                (pass.get(By(Normed(l))), pass.get(Of(Normed(l))), pass.get(Of(Z(l))))
            {
                let norm = &graph.norms[&l];
                let slipped = |right: &Expr| {
                    n.value()
                        .zip(right.value())
                        .is_some_and(|(own, right)| !same(&own.data, &right.data, graph.tolerance, 0.0))
                };
                if slipped(&norm.normed(z)) {
                    let detail = || "it goes with your own normalisation, as it is".to_owned();
                    let after = norm.by_z_after_slips(dn, n, z).into_iter();
                    found.extend(after.map(|value| Candidate { parts: vec![], detail: detail(), value }));
                }
            }
            Some(found)
        }
        Of(Z(l)) => forward::affine(graph, convention, pass, l),
        Of(A(l)) if l == last => forward::outputs(graph, pass),
        Of(A(l)) => forward::activation(graph, pass, l),
        Of(Loss) => forward::loss(graph, convention, pass),
        By(A(l)) if l == last => outputs::by_outputs(graph, convention, pass),
        By(Z(l)) if l == last => outputs::by_logits(graph, convention, pass),
        By(W(l)) => parameters::dw(graph, convention, pass, l),
        By(B(l)) => parameters::db(graph, convention, pass, l),
        By(A(l)) if graph.masks.contains_key(&l) => unmasked(graph, convention, pass, l),
        By(A(l) | Kept(l)) => hidden::da(graph, convention, pass, quantity, l),
        By(Z(l)) => hidden::dz(graph, pass, l),
        _ => None,
    }
    .unwrap_or_default()
}

/// What dropout leaves: of z in the place of a, or without its mask.
fn kept(graph: &Graph, convention: &Convention, pass: &Pass, l: usize) -> Option<Vec<Candidate>> {
    let mask = graph.masks.get(&l)?;
    let z = pass.get(Of(graph.before(l)))?;
    let mut found = vec![made(&[ZForOutput], z.clone() * mask.clone())];
    found.extend(scaled(graph, convention, pass, Of(Kept(l)))?);
    Some(found)
}

/// The mask of dropout left out on the way back, perhaps with a factor of its own.
fn unmasked(graph: &Graph, convention: &Convention, pass: &Pass, l: usize) -> Option<Vec<Candidate>> {
    let kept = pass.get(By(Kept(l)))?;
    let mut found = vec![told(&[PartLeftOut], "the mask is left out", kept.clone())];
    if let Some(factor) = projected(graph.given.get(&By(A(l))).map(|given| given.value()), kept) {
        let words = format!("the mask is left out, the factor is {}", number(factor));
        found.push(told(&[PartLeftOut], words, kept.times(factor)));
    }
    found.extend(scaled(graph, convention, pass, By(A(l)))?);
    Some(found)
}

/// The slips of a normalisation.
fn normed(graph: &Graph, convention: &Convention, pass: &Pass, l: usize) -> Option<Vec<Candidate>> {
    let slips = graph.norms.get(&l)?.slips(pass.get(Of(Z(l)))?);
    let found = slips.into_iter().map(|slip| told(&[slip.id], slip.words, slip.value));
    Some(found.chain(scaled(graph, convention, pass, Of(Normed(l)))?).collect())
}

/// The right numbers with another sign, or times a constant.
fn scaled(graph: &Graph, convention: &Convention, pass: &Pass, quantity: Quantity) -> Option<Vec<Candidate>> {
    let right = right(graph, convention, pass, quantity)?;
    let mut found = vec![made(&[Sign], -right.clone())];
    if let Some(factor) = projected(graph.given.get(&quantity).map(|given| given.value()), &right) {
        let words = format!("the factor is {}", factor_words(graph, factor));
        found.push(told(&[Factor], words, right.times(factor)));
    }
    Some(found)
}
