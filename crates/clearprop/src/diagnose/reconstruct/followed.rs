//! The pass as far as it was followed.

use super::contents::Item;
use super::frame::Frame;
use crate::diagnose::expression::Expr;
use crate::diagnose::function::Function;
use crate::diagnose::graph::{Given, Norm};
use crate::diagnose::hints::{Hint, Layer, Word};
use crate::quantity::{
    Quantity,
    Quantity::Of,
    Variable::{self, A, Z},
};
use std::collections::BTreeMap;

/// The pass as far as it was followed in one frame.
#[derive(Clone)]
pub(super) struct Followed {
    pub(super) frame: Frame,
    pub(super) functions: Vec<Option<Function>>,
    pub(super) given: BTreeMap<Quantity, Given>,
    /// Items that are one of these, or the same numbers again.
    pub(super) used: Vec<bool>,
    /// What a name's number is more than its layer, and whether z and a are exchanged.
    pub(super) naming: Naming,
    /// How many arrays hold just the numbers that follow.
    pub(super) matched: usize,
    /// How layers normalise z.
    pub(super) norms: BTreeMap<usize, Norm>,
    /// Names of gamma and beta.
    pub(super) inputs: Vec<(Variable, String)>,
    /// Masks of dropout that multiply a[l], with their factor.
    pub(super) masks: BTreeMap<usize, Expr>,
    /// The function that open layers were given.
    pub(super) assumed: Option<Function>,
    /// How many have the shape that their names ask for.
    pub(super) fitting: usize,
    /// Items that are x again, or a mask.
    pub(super) explained: Vec<usize>,
    pub(super) leftovers: Vec<(Quantity, Given)>,
}

/// How a person numbers and names the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Naming {
    /// z2 belongs to the first layer: 1.
    pub(super) shift: isize,
    /// A book's way: a is the input of the nonlinearity and z its output.
    pub(super) swapped: bool,
}

/// What a hint says in this naming; `None` where it says no value of a layer.
pub(super) fn resolve(hint: Hint, naming: Naming, last: usize) -> Option<Quantity> {
    let layer = |unsaid: Option<usize>| match hint.layer {
        Layer::Number(k) => {
            let l = isize::try_from(k).ok()? - naming.shift;
            usize::try_from(l).ok().filter(|l| (1..=last).contains(l))
        }
        Layer::Hidden => (last == 2).then_some(1),
        Layer::Last => Some(last),
        Layer::Unsaid => unsaid,
    };
    let value = match (hint.word, naming.swapped) {
        (Word::Z, false) | (Word::A, true) => Z(layer(Some(last))?),
        (Word::A, false) | (Word::Z, true) => A(layer((last == 1).then_some(1))?),
        (Word::Logits, _) => Z(last),
        (Word::Output, _) => A(last),
        _ => return None,
    };
    Some(Of(value))
}

/// An item as a quantity.
pub(super) fn taken(item: &Item, view: Expr, turned: bool, wide: Option<Expr>) -> Given {
    Given { name: item.name.clone(), shape: item.shape.clone(), view, turned, wide }
}
