//! What the name of a derivative can mean.

use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::Graph;
use crate::diagnose::hints::{Hint, Layer, Word, last_part, stems};
use crate::diagnose::reconstruct::contents::Contents;
use crate::diagnose::reconstruct::followed::Followed;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{self, A, B, DataLoss, Loss, Penalty, W, X, Y, Z},
};

/// The value of the file that a name says to be the derivative by: `dh` by the array `h`, whatever that is.
pub(super) fn named_after(graph: &Graph, name: &str) -> Option<Variable> {
    let values = || {
        let given = graph.given.iter().map(|(quantity, given)| (*quantity, given.name.as_str()));
        let left = graph.leftovers.iter().map(|(quantity, given)| (*quantity, given.name.as_str()));
        let inputs = graph.names.iter().map(|(variable, name)| (Of(*variable), name.as_str()));
        let all = given.chain(left).chain(inputs);
        all.filter(|(quantity, _)| !matches!(quantity, Of(X | Y | Loss | DataLoss | Penalty)))
    };
    let mut stems = stems(name).into_iter();
    stems.find_map(|stem| {
        let exact = values().find(|(_, other)| *other == stem || last_part(other) == stem);
        let alike = || values().find(|(_, other)| last_part(other).eq_ignore_ascii_case(&stem));
        exact.or_else(alike).map(|(quantity, _)| quantity.variable())
    })
}

/// The derivatives that may go by a value's name.
pub(super) fn beside(graph: &Graph, by: Variable) -> Vec<Quantity> {
    match by {
        // The bias in W is W's.
        B(l) if graph.bias[l].in_w() => vec![By(W(l))],
        // A1 * mask is often called A1 again, and its derivative too.
        Variable::Kept(l) if !graph.given.contains_key(&Of(A(l))) => vec![By(by), By(A(l))],
        _ => vec![By(by)],
    }
}

/// What a name can mean, the likeliest first; `by` is the value that it is named after.
pub(super) fn options(
    hint: Hint,
    by: Option<Variable>,
    graph: &Graph,
    contents: &Contents,
    followed: &Followed,
) -> Vec<Quantity> {
    let last = graph.layers();
    let layer = by.filter(|by| by.is_per_row()).map(|by| by.layer(last));
    let position = |unsaid: Option<usize>| match hint.layer {
        _ if layer.is_some() => layer,
        Layer::Number(k) => {
            let shift = followed.naming.shift;
            let l = isize::try_from(k).ok()? - shift;
            usize::try_from(l).ok().filter(|l| (1..=last).contains(l))
        }
        Layer::Hidden => (last == 2).then_some(1),
        Layer::Last => Some(last),
        Layer::Unsaid => unsaid,
    };
    let parameter = || contents.keys.iter().position(|key| *key == hint.layer).map(|at| at + 1);
    let sides = |l: Option<usize>, z_first: bool| -> Vec<Quantity> {
        let mut found: Vec<Quantity> = Vec::new();
        let others = match hint.layer {
            Layer::Number(k) if layer.is_none() => near(k, last),
            _ => vec![],
        };
        for l in l.into_iter().chain(others) {
            let both = if z_first { [By(Z(l)), By(A(l))] } else { [By(A(l)), By(Z(l))] };
            found.extend(both.into_iter().filter(|q| !found.contains(q)).collect::<Vec<_>>());
        }
        found
    };
    let swapped = followed.naming.swapped;
    let combined = matches!(
        (graph.cost, graph.functions[last]),
        (Cost::CrossEntropy, Function::Softmax) | (Cost::Binary, Function::Logistic)
    );
    match hint.word {
        Word::W => parameter().map(|l| By(W(l))).into_iter().collect(),
        Word::B => {
            parameter().or_else(|| position((last == 1).then_some(1))).map(|l| By(B(l))).into_iter().collect()
        }
        Word::Z if swapped => sides(position(Some(last)), false),
        Word::A if swapped => sides(position(None), true),
        Word::Z => position(Some(last)).map(|l| By(Z(l))).into_iter().collect(),
        Word::A => position((last == 1).then_some(1)).map(|l| By(A(l))).into_iter().collect(),
        Word::Logits => vec![By(Z(last))],
        Word::Output | Word::Y if by == Some(A(last)) && z_is_named(graph, contents) => vec![By(A(last))],
        Word::Output | Word::Y if combined => vec![By(Z(last)), By(A(last))],
        Word::Output | Word::Y => vec![By(A(last)), By(Z(last))],
        // Beside each other an error is the derivative by the output, a delta by z: also where both hold the same
        // numbers.  (p - y is both where loss and nonlinearity belong together.)
        Word::Delta | Word::Error => {
            let at = position(Some(last));
            let other = if hint.word == Word::Delta { Word::Error } else { Word::Delta };
            let beside = |also: Option<Layer>| {
                let there = |h: Hint| h.layer == hint.layer || Some(h.layer) == also;
                contents.items.iter().any(|item| item.is(true, other) && item.hint.is_some_and(there))
            };
            let together = combined && at == Some(last);
            match (hint.word, at) {
                (Word::Delta, Some(l)) if !together && beside(None) => vec![By(Z(l)), By(A(l))],
                (Word::Delta, _) => sides(at, true),
                (_, Some(l)) if !together && beside(None) => vec![By(A(l))],
                _ => sides(at, together && !beside(Some(Layer::Last))),
            }
        }
        _ => vec![],
    }
}

/// Whether another array is called the derivative by the last z.
fn z_is_named(graph: &Graph, contents: &Contents) -> bool {
    let last = graph.layers();
    contents.items.iter().any(|item| {
        item.is(true, Word::Logits)
            || item.hint.is_some_and(|hint| hint.derivative)
                && named_after(graph, &item.name) == Some(Z(last))
    })
}

/// Layers whose numbers people may mean: counted from 0, or with the inputs as the first.
fn near(k: usize, last: usize) -> Vec<usize> {
    [Some(k), k.checked_sub(1), Some(k + 1)]
        .into_iter()
        .flatten()
        .filter(|l| (1..=last).contains(l))
        .collect()
}
