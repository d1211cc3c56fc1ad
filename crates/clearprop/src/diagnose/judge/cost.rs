//! What an explanation costs: few mistakes are likelier than many, the usual likelier than the unusual.

use super::explanation::{Explanation, Finding};
use crate::diagnose::convention::{Convention, PenaltyForm};
use crate::diagnose::expression::Expr;
use crate::diagnose::graph::{Graph, Pass};
use crate::mistake::MistakeId::{self, Factor, NoPenalty, OtherOperation, PartLeftOut, PenaltyFactor};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Kept, Loss, Normed, Scaled, W, Z},
};

/// What a mistake costs.
pub(in crate::diagnose) const MISTAKE: u32 = 10;
/// The same mistake in one more layer: a habit, not a second mistake.
pub(super) const AGAIN: u32 = 1;
/// A convention that the person's loss does not vouch for.
pub(super) const UNUSUAL: u32 = 5;
/// A convention that it does, or an array that was overwritten.
pub(super) const SAID: u32 = 1;
/// A wrong stage that nothing explains: more than two mistakes.
pub(super) const UNKNOWN: u32 = 25;
/// A choice that only the loss can vouch for.
pub(super) const NEEDS_LOSS: u32 = 40;

/// What the choices cost that the loss does not vouch for.
pub(super) fn unvouched(path: &Explanation, graph: &Graph) -> u32 {
    let usual = Convention::usual(graph);
    let c = &path.convention;
    let mut cost = 0;
    cost += if c.late { SAID } else { 0 };
    cost += if c.summed { if path.vouched.0 { SAID } else { UNUSUAL } } else { 0 };
    cost += if c.factor == 1.0 {
        0
    } else if path.vouched.0 {
        SAID
    } else if c.is_common_factor(graph) {
        UNUSUAL
    } else {
        NEEDS_LOSS
    };
    cost += match c.penalty {
        PenaltyForm::Half => 0,
        _ if path.vouched.1 => SAID,
        PenaltyForm::Absent | PenaltyForm::FullOverN => NEEDS_LOSS,
        _ => UNUSUAL,
    };
    cost + if c.over == usual.over {
        0
    } else if path.vouched.1 {
        SAID
    } else {
        UNUSUAL
    }
}

/// Whether a value can be computed with: it has the shape of its quantity, or the one shape more that lets a
/// person's code run on, a hidden derivative with the bias's column (mistake 38).
pub(super) fn leads_on(graph: &Graph, quantity: Quantity, value: &Expr) -> bool {
    let (n, sizes) = (graph.n, &graph.sizes);
    let Some((rows, columns)) = value.dim() else { return false };
    match quantity {
        Of(Z(l) | A(l) | Kept(l) | Normed(l) | Scaled(l)) | By(Normed(l) | Scaled(l)) => {
            (rows, columns) == (n, sizes[l])
        }
        By(A(l) | Z(l) | Kept(l)) if l < graph.layers() => {
            rows == n && (columns == sizes[l] || columns == sizes[l] + 1)
        }
        // What a broadcast made goes on as NumPy lets it.
        By(A(l) | Z(l)) => rows == n && (columns == sizes[l] || columns == n),
        By(W(l)) => Some((rows, columns)) == graph.w[l].dim(),
        By(B(l)) => Some((rows, columns)) == graph.b[l].dim(),
        _ => true,
    }
}

/// Whether two places can have one and the same wrong line.
fn related(a: Quantity, b: Quantity) -> bool {
    let group = |q: Quantity| match q {
        By(W(_) | B(_)) => 1,
        By(A(_) | Z(_) | Kept(_)) => 2,
        Of(Loss) => 3,
        Of(_) => 4,
        By(_) => 5,
    };
    group(a) == group(b)
}

/// The least that a mistake at this place can cost beside those that were found before.
pub(super) fn least(quantity: Quantity, path: &Explanation) -> u32 {
    let shared = path
        .findings
        .iter()
        .any(|(other, finding)| matches!(finding, Finding::Mistakes(..)) && related(*other, quantity));
    if shared { 0 } else { MISTAKE }
}

/// What mistakes cost beside those that were found before.
pub(super) fn price(parts: &[Vec<MistakeId>], quantity: Quantity, path: &Explanation) -> u32 {
    let layer = |q: Quantity| q.variable().layer(0);
    let one = |ids: &Vec<MistakeId>| {
        let mut least = MISTAKE;
        for (other, finding) in &path.findings {
            let Finding::Mistakes(before, _) = finding else { continue };
            if !related(*other, quantity) {
                continue;
            }
            let shared = before.iter().flatten().any(|id| ids.contains(id));
            // 24: W1's penalty twice, another layer's not at all.
            let twice = ids.contains(&PenaltyFactor) && before.iter().flatten().any(|id| *id == NoPenalty);
            let same_layer = layer(*other) == layer(quantity);
            if shared && same_layer {
                least = 0;
            } else if shared || twice {
                least = least.min(AGAIN);
            }
        }
        // A factor that is only fitted, or a change that no catalogue lists, is the last thing to believe.
        let plain = ids.iter().any(|id| !matches!(id, Factor | OtherOperation | PartLeftOut));
        if plain { least } else { least + 2 }
    };
    parts.iter().map(one).sum()
}

/// Whether what a stage is computed from holds a number that is none.
pub(super) fn is_poisoned(graph: &Graph, pass: &Pass, quantity: Quantity) -> bool {
    let bad =
        |e: Option<&Expr>| e.and_then(Expr::value).is_some_and(|v| v.data.iter().any(|v| !v.is_finite()));
    let last = graph.layers();
    match quantity {
        Of(Z(l)) => bad(pass.a(graph, l - 1)),
        Of(A(l)) => bad(pass.get(Of(Z(l)))),
        Of(Kept(l)) => bad(pass.get(Of(A(l)))),
        Of(Loss) | By(A(_) | Z(_)) if quantity.variable().layer(last) == last => {
            bad(pass.get(Of(A(last)))) || bad(pass.get(Of(Z(last))))
        }
        By(W(l) | B(l)) => bad(pass.get(By(Z(l)))) || bad(pass.a(graph, l - 1)),
        By(A(l) | Kept(l)) => bad(pass.get(By(Z(l + 1)))),
        By(Z(l)) => bad(pass.get(By(A(l)))) || bad(pass.get(Of(Z(l)))),
        _ => false,
    }
}
