//! Which mistakes are named, where nothing but the other stages can tell them apart.

use super::convention::Deviation;
use super::graph::{Bias, Graph};
use super::judge::{Explanation, Finding};
use crate::mistake::MistakeId::{self, *};
use crate::quantity::{
    Quantity,
    Quantity::By,
    Variable::{A, B, W, Z},
};

/// The deviations from the usual that only the person's loss could vouch for, and did not.
pub(super) fn undecided(graph: &Graph, one: &Explanation) -> Vec<Deviation> {
    let vouched = |id: MistakeId| {
        if matches!(id, NoMean | MeanOverOutputsToo | FactorTwo) { one.vouched.0 } else { one.vouched.1 }
    };
    one.convention.deviations(graph).into_iter().filter(|d| d.id.is_some_and(|id| !vouched(id))).collect()
}

/// Where a mistake shows first that equals a convention.
pub(super) fn place_of(graph: &Graph, id: MistakeId) -> Quantity {
    let last = graph.layers();
    match id {
        NoMean | MeanOverOutputsToo | FactorTwo if graph.given.contains_key(&By(A(last))) => By(A(last)),
        NoMean | MeanOverOutputsToo | FactorTwo => By(Z(last)),
        BiasPenalty => By(B((1..=last).rev().find(|&l| graph.bias[l] != Bias::None).unwrap_or(last))),
        _ => By(W(last)),
    }
}

/// The numbers of the mistakes at each stage, without those that other stages speak against.
pub(super) fn resolved(graph: &Graph, one: &Explanation) -> Vec<(Quantity, Vec<MistakeId>)> {
    let mut found: Vec<(Quantity, Vec<MistakeId>)> = Vec::new();
    for (quantity, finding) in &one.findings {
        if let Finding::Mistakes(parts, _) = finding {
            found.extend(parts.iter().map(|ids| (*quantity, ids.clone())));
        }
    }
    let has = |found: &[(Quantity, Vec<MistakeId>)], at: Quantity, id: MistakeId| {
        found.iter().any(|(quantity, ids)| *quantity == at && ids.contains(&id))
    };
    // One wrong line for weights and bias has the same number at both.
    let before = found.clone();
    for (quantity, ids) in &mut found {
        match *quantity {
            By(B(l)) => {
                let shared: Vec<MistakeId> =
                    ids.iter().copied().filter(|&id| has(&before, By(W(l)), id)).collect();
                if shared.is_empty() {
                    ids.retain(|id| {
                        !matches!(
                            id,
                            MeanTwice | NoPenalty | DwDividedAgain | WholeDividedAgain | LastRowOnly
                        ) || before_only(ids_of(&before, *quantity), *id)
                    });
                } else {
                    *ids = shared;
                }
            }
            By(W(l)) if ids.contains(&MeanTwice) && !has(&before, By(B(l)), MeanTwice) => {
                ids.retain(|&id| id != MeanTwice)
            }
            By(W(l)) if ids == &[DwDividedAgain, MeanTwice] && !graph.bias[l].in_w() => {
                ids.retain(|&id| id == MeanTwice)
            }
            _ => {}
        }
    }
    // 24: one layer's penalty missing, and W1's perhaps there twice.
    let layers_with = |id: MistakeId| -> Vec<usize> {
        (1..=graph.layers()).filter(|&l| has(&found, By(W(l)), id)).collect()
    };
    let (missing, twice) = (layers_with(NoPenalty), layers_with(PenaltyFactor));
    if let ([missing], true) = (&missing[..], graph.layers() > 1) {
        let missing = *missing;
        let both = twice == [1];
        for (quantity, ids) in &mut found {
            let By(W(l) | B(l)) = *quantity else { continue };
            if both
                && ((l == missing && ids.contains(&NoPenalty)) || (l == 1 && ids.contains(&PenaltyFactor)))
            {
                *ids = vec![PenaltyOfOneLayer];
            } else if l == missing && ids == &[NoPenalty] {
                ids.push(PenaltyOfOneLayer);
            }
        }
    }
    found
}

fn ids_of(found: &[(Quantity, Vec<MistakeId>)], at: Quantity) -> &[MistakeId] {
    found.iter().find(|(quantity, _)| *quantity == at).map_or(&[], |(_, ids)| ids)
}

/// Whether an id is the only one at its place, so that it has to stay.
fn before_only(ids: &[MistakeId], id: MistakeId) -> bool {
    ids == [id]
}
