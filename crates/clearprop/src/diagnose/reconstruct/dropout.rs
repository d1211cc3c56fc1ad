//! Dropout: a layer's output times a mask that is in the file, with the factor 1/keep or without.

use super::contents::Contents;
use super::followed::{Followed, taken};
use super::frame::views;
use super::functions::function;
use crate::diagnose::expression::{Expr, Op};
use crate::diagnose::function::{Function, above};
use crate::diagnose::graph::same;
use crate::diagnose::hints::Word;
use crate::quantity::{
    Quantity::Of,
    Variable::{A, Kept},
};

/// Finds the mask of layer l and what it left, if the numbers show one; also the layer's function where its output
/// was overwritten by what the mask left.
pub(super) fn follow(
    contents: &Contents,
    f: &mut Followed,
    l: usize,
    z: &Expr,
    found: &mut Option<Function>,
) {
    let dim = (f.frame.n, f.frame.sizes[l]);
    let masks: Vec<(usize, Expr)> = contents
        .items
        .iter()
        .enumerate()
        // D1 is a mask as often as a delta.
        .filter(|(at, item)| {
            !f.used[*at] || item.hint.is_some_and(|hint| hint.derivative && hint.word == Word::Delta)
        })
        .flat_map(|(at, item)| views(item, dim, None).into_iter().map(move |(view, ..)| (at, view)))
        // (The mask of the rectifier itself is none of dropout.)
        .filter(|(_, view)| is_mask(view) && !is_pattern_of(view, &above(z)))
        .collect();
    if masks.is_empty() {
        return;
    }
    let known = f.given.get(&Of(A(l))).filter(|_| found.is_some()).map(|given| given.view.clone());
    let outputs: Vec<(Function, Expr)> = match (&known, *found) {
        // (z in the place of the output is a mistake that people make.)
        (Some(a), Some(f)) => vec![(f, a.clone()), (f, z.clone())],
        // (So is the wrong sign.)
        _ => Function::ALL
            .into_iter()
            .flat_map(|f| [(f, f.apply(z)), (f, -f.apply(z))])
            .filter(|(f, a)| *f != Function::Identity || !matches!(a.op(), Op::Unary(..)))
            .collect(),
    };
    for (mask_at, mask) in masks {
        for scaled in scaled(contents, &mask) {
            for (function, a) in &outputs {
                let kept = a.clone() * scaled.clone();
                // The mask of the rectifier itself changes nothing.
                if kept.value().zip(a.value()).is_some_and(|(kept, a)| kept.data == a.data) {
                    continue;
                }
                let held = |kept: &Expr| holding(contents, f, kept, dim, mask_at, known.is_none());
                // (So is the wrong sign here.)
                if let Some(at) = held(&kept).or_else(|| known.as_ref().and_then(|_| held(&-kept.clone()))) {
                    let (view, turned, _) = views(&contents.items[at], dim, None).swap_remove(0);
                    // The layer's output took the name of what the mask left of it.
                    f.given.retain(|_, given| given.name != contents.items[at].name);
                    f.given.insert(Of(Kept(l)), taken(&contents.items[at], view, turned, None));
                    f.used[at] = true;
                    f.used[mask_at] = true;
                    f.explained.push(mask_at);
                    f.masks.insert(l, scaled);
                    *found = Some(*function);
                    return;
                }
                if known.is_some() && leads_on(contents, f, l, &kept) {
                    f.used[mask_at] = true;
                    f.explained.push(mask_at);
                    f.masks.insert(l, scaled);
                    return;
                }
            }
        }
    }
}

/// Whether one is 0 where the other is, and nowhere else.
fn is_pattern_of(mask: &Expr, on: &Expr) -> bool {
    mask.value().zip(on.value()).is_some_and(|(mask, on)| {
        mask.data.iter().zip(&on.data).all(|(mask, on)| (*mask != 0.0) == (*on != 0.0))
    })
}

/// Zeros and one other number, both of them.
fn is_mask(view: &Expr) -> bool {
    let Some(value) = view.value() else { return false };
    let on = value.data.fold(0.0_f64, |m, &v| m.max(v));
    on > 0.0 && value.data.iter().all(|&v| v == 0.0 || v == on) && value.data.iter().any(|&v| v == 0.0)
}

/// The mask as it is, and divided by a number of the file that may be the share that is kept.
fn scaled(contents: &Contents, mask: &Expr) -> Vec<Expr> {
    let mut found = vec![mask.clone()];
    // A mask that carries its factor, of which only the zeros were used.
    if mask.value().is_some_and(|value| value.data.iter().any(|&v| v != 0.0 && v != 1.0)) {
        found.push(above(mask));
    }
    for item in &contents.items {
        let structural =
            item.hint.is_some_and(|hint| matches!(hint.word, Word::Reg | Word::Step | Word::Loss));
        if let (Some(share), false) = (item.number(), structural)
            && share > 0.0
            && share < 1.0
        {
            found.push(mask.clone() / item.e.clone());
            found.push(mask.clone() / (Expr::number(1.0) - item.e.clone()));
        }
    }
    let share = mask.value().map_or(1.0, |value| {
        value.data.iter().filter(|v| **v != 0.0).count() as f64 / value.data.len() as f64
    });
    // Nothing says the share that is kept: the usual ones.
    for tenths in [5.0, 8.0, 9.0, 7.0, 6.0] {
        if (share - tenths / 10.0_f64).abs() < 0.35 {
            found.push(mask.clone() / Expr::number(tenths / 10.0));
        }
    }
    found
}

/// The item that holds these numbers.
fn holding(
    contents: &Contents,
    f: &Followed,
    kept: &Expr,
    dim: (usize, usize),
    mask: usize,
    overwritten: bool,
) -> Option<usize> {
    let right = &kept.value()?.data;
    contents.items.iter().enumerate().position(|(at, item)| {
        let named = f.given.iter().any(|(q, given)| matches!(q, Of(A(_))) && given.name == item.name);
        at != mask
            && (!f.used[at] || overwritten && named)
            && views(item, dim, None)
                .first()
                .and_then(|(view, ..)| view.value())
                .is_some_and(|own| same(&own.data, right, contents.tolerance, 0.0))
    })
}

/// Whether an array of the file is the next layer's z, or a function of it, with these numbers as input.
pub(super) fn leads_on(contents: &Contents, f: &Followed, l: usize, kept: &Expr) -> bool {
    let z = kept.dot(&f.frame.w[l + 1]) + f.frame.b[l + 1].clone();
    let Some(right) = z.value() else { return false };
    let dim = (f.frame.n, f.frame.sizes[l + 1]);
    contents.items.iter().enumerate().filter(|(at, _)| !f.used[*at]).any(|(_, item)| {
        views(item, dim, None).into_iter().any(|(view, ..)| {
            view.value().is_some_and(|own| same(&own.data, &right.data, contents.tolerance, 0.0))
                || l + 2 == f.frame.sizes.len() && function(contents, &z, &view, true).is_some()
        })
    })
}
