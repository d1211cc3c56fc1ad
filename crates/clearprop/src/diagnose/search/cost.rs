//! What an explanation costs: few mistakes are likelier than many, the usual likelier than the unusual.

use super::{Explanation, Finding};
use crate::diagnose::case::{Case, Quantity, Values};
use crate::diagnose::conventions::{Convention, PenaltyForm};
use ndarray::Array2;

/// What a mistake costs.
pub(super) const MISTAKE: u32 = 10;
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
pub(super) fn unvouched(path: &Explanation, case: &Case) -> u32 {
    let usual = Convention::usual(case);
    let c = &path.convention;
    let mut cost = 0;
    cost += if c.late { SAID } else { 0 };
    cost += if c.summed { if path.vouched.0 { SAID } else { UNUSUAL } } else { 0 };
    cost += if c.factor == 1.0 {
        0
    } else if path.vouched.0 {
        SAID
    } else {
        NEEDS_LOSS
    };
    cost += match c.penalty {
        PenaltyForm::Half => 0,
        _ if path.vouched.1 => SAID,
        PenaltyForm::Absent => NEEDS_LOSS,
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
pub(super) fn leads_on(case: &Case, quantity: Quantity, value: &Array2<f64>) -> bool {
    let (n, sizes) = (case.n(), &case.network.sizes);
    let (rows, columns) = value.dim();
    match quantity {
        Quantity::Z(l) | Quantity::A(l) => (rows, columns) == (n, sizes[l]),
        Quantity::Da(l) | Quantity::Dz(l) => rows == n && (columns == sizes[l] || columns == sizes[l] + 1),
        Quantity::Probs | Quantity::Dlogits => (rows, columns) == (n, case.network.outputs()),
        Quantity::Dw(l) => (rows, columns) == case.w[l].dim(),
        Quantity::Db(l) => (rows, columns) == case.b[l].dim(),
        Quantity::Loss => true,
    }
}

/// Whether two places can have one and the same wrong line.
pub(super) fn related(a: Quantity, b: Quantity) -> bool {
    let group = |q: Quantity| match q {
        Quantity::Dw(_) | Quantity::Db(_) => "parameters",
        Quantity::Da(_) | Quantity::Dz(_) => "hidden",
        other => other.stage(),
    };
    group(a) == group(b)
}

/// What mistakes cost beside those that were found before.
pub(super) fn price(parts: &[Vec<u8>], quantity: Quantity, path: &Explanation) -> u32 {
    let one = |ids: &Vec<u8>| {
        let mut least = MISTAKE;
        for (other, finding) in &path.findings {
            let Finding::Mistakes(before, _) = finding else { continue };
            if !related(*other, quantity) {
                continue;
            }
            let shared = before.iter().flatten().any(|id| ids.contains(id));
            // 24: W1's penalty twice, another layer's not at all.
            let twice = ids.contains(&20) && before.iter().flatten().any(|id| *id == 19);
            let same_layer = layer(*other) == layer(quantity);
            if shared && same_layer {
                least = 0;
            } else if shared || twice {
                least = least.min(AGAIN);
            }
        }
        least
    };
    parts.iter().map(one).sum()
}

pub(super) fn layer(quantity: Quantity) -> usize {
    quantity.layer(0)
}

/// Whether what a stage is computed from holds a number that is none.
pub(super) fn is_poisoned(case: &Case, values: &Values, quantity: Quantity) -> bool {
    let bad = |value: Option<&Array2<f64>>| value.is_some_and(|v| v.iter().any(|v| !v.is_finite()));
    let last = case.layers();
    match quantity {
        Quantity::Z(l) => bad(values.a(case, l - 1)),
        Quantity::A(l) => bad(values.get(Quantity::Z(l))),
        Quantity::Probs => bad(values.get(Quantity::Z(last))),
        Quantity::Loss | Quantity::Dlogits => {
            bad(values.get(Quantity::Probs)) || bad(values.get(Quantity::Z(last)))
        }
        Quantity::Dw(l) | Quantity::Db(l) => bad(values.dz(case, l)) || bad(values.a(case, l - 1)),
        Quantity::Da(l) => bad(values.dz(case, l + 1)),
        Quantity::Dz(l) => bad(values.get(Quantity::Da(l))) || bad(values.get(Quantity::Z(l))),
    }
}
