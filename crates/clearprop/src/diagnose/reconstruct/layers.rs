//! Layer by layer: the ways in which the pass can be followed, and the best of them.

use super::contents::{Contents, Item};
use super::followed::{Followed, Naming};
use super::frame::{Frame, frames, views};
use super::functions::function;
use super::{layer, outputs};
use crate::diagnose::function::Function;
use crate::diagnose::graph::Graph;
use crate::diagnose::hints::{Hint, Layer, Word, stems};
use crate::error::Result;
use std::collections::BTreeMap;

/// The readings that explain most arrays.
pub(super) fn readings(contents: &Contents) -> Result<Vec<Graph>> {
    let best = best(contents)?;
    let mut graphs: Vec<Graph> =
        best.iter().flat_map(|followed| outputs::graphs(contents, followed)).collect();
    if graphs.iter().any(|graph| graph.loss_is_known) {
        graphs.retain(|graph| graph.loss_is_known);
    }
    Ok(graphs)
}

fn best(contents: &Contents) -> Result<Vec<Followed>> {
    let last = contents.weights.len();
    let mut best: Vec<Followed> = Vec::new();
    let mut keep = |one: Followed| {
        let score = |f: &Followed| f.matched * 100 + f.fitting;
        match best.first().map(score) {
            Some(now) if score(&one) < now => {}
            Some(now) if score(&one) == now => {
                // The first way wins, unless what stays open is one of them: a function, the bias's place, the answers.
                let differs = |other: &Followed| {
                    other.functions != one.functions
                        || other.frame.y_item != one.frame.y_item
                        || other.frame.bias != one.frame.bias
                };
                let first = &best[0];
                let same_lie = first.frame.columns == one.frame.columns
                    && first.frame.out_in == one.frame.out_in
                    && first.naming == one.naming
                    && first.frame.x_item == one.frame.x_item;
                if same_lie && best.iter().all(differs) {
                    best.push(one);
                }
            }
            _ => best = vec![one],
        }
    };
    let numbers: Vec<usize> = contents
        .items
        .iter()
        .filter_map(|item| item.hint)
        .filter(|h| !h.derivative && matches!(h.word, Word::Z | Word::A))
        .filter_map(|h| if let Layer::Number(k) = h.layer { Some(k) } else { None })
        .collect();
    let mut shifts = vec![0];
    if numbers.iter().any(|&k| k > last) {
        shifts.push(1);
    }
    if numbers.contains(&0) && !numbers.iter().any(|&k| k >= last) {
        shifts.push(-1);
    }
    for (nth, frame) in frames(contents)?.into_iter().enumerate() {
        // Out of work: what was found so far has to do.
        if nth > 0 && contents.memo.is_spent() {
            break;
        }
        for &shift in &shifts {
            let naming = Naming { shift, swapped: swapped(contents) };
            let (one, open) = follow(contents, &frame, naming, contents.activation);
            if !open {
                keep(one);
                continue;
            }
            let mut tried: Vec<Function> = contents.activation.into_iter().collect();
            if tried.is_empty() {
                tried.extend(&Function::ALL[..8]);
            }
            for (nth, f) in tried.into_iter().enumerate() {
                if nth > 0 && contents.memo.is_spent() {
                    break;
                }
                keep(follow(contents, &frame, naming, Some(f)).0);
            }
        }
    }
    Ok(best)
}

/// Whether the arrays called z are functions of those called a, and not the other way round.
fn swapped(contents: &Contents) -> bool {
    let of = |word: Word| contents.items.iter().filter(move |item| item.is(false, word));
    let makes = |from: &Item, to: &Item| {
        let (Some(z), Some(a)) = (from.e.value(), to.e.value()) else { return false };
        z.data.dim() == a.data.dim()
            && z.data.len() > 1
            && function(contents, &from.e, &to.e, false).is_some_and(|f| f != Function::Identity)
    };
    let mut votes = 0_i32;
    for z in of(Word::Z) {
        for a in of(Word::A) {
            if z.hint.map(|h| h.layer) == a.hint.map(|h| h.layer) {
                votes += i32::from(makes(a, z)) - i32::from(makes(z, a));
            }
        }
    }
    votes > 0
}

/// Follows the pass in a frame; `default` is what a layer does whose function nothing shows.  Also whether there was
/// such a layer below the last.
fn follow(contents: &Contents, frame: &Frame, naming: Naming, default: Option<Function>) -> (Followed, bool) {
    let last = frame.sizes.len() - 1;
    // `dbn` beside `bn` is no value of the forward pass, whatever numbers it holds.
    let by_another: Vec<usize> =
        (0..contents.items.len()).filter(|&at| is_named_after_another(contents, at)).collect();
    let mut used: Vec<bool> =
        contents.items.iter().map(|item| matches!(item.hint, Some(Hint { derivative: true, .. }))).collect();
    by_another.iter().for_each(|&at| used[at] = true);
    for at in [frame.x_item, frame.y_item]
        .into_iter()
        .chain(contents.weights.iter().copied())
        .chain(contents.biases.iter().flatten().copied())
    {
        used[at] = true;
    }
    let mut f = Followed {
        frame: frame.clone(),
        functions: vec![Some(Function::Identity)],
        given: BTreeMap::new(),
        used,
        naming,
        matched: 0,
        norms: BTreeMap::new(),
        inputs: Vec::new(),
        masks: BTreeMap::new(),
        assumed: None,
        fitting: 0,
        explained: Vec::new(),
        leftovers: Vec::new(),
    };
    // x again, with its ones or without.
    for (at, item) in contents.items.iter().enumerate() {
        if f.used[at] || item.shape.len() != 2 {
            continue;
        }
        let dim = (frame.n, frame.sizes[0]);
        let place = if frame.bias[1].in_w() { Some(frame.bias[1]) } else { None };
        let again = views(item, dim, place)
            .into_iter()
            .any(|(view, ..)| view.value().zip(frame.x.value()).is_some_and(|(a, b)| a.data == b.data));
        if again {
            f.used[at] = true;
            f.explained.push(at);
            f.matched += 1;
        }
    }
    let (mut a, mut open) = (frame.x.clone(), false);
    for l in 1..=last {
        let (next, is_open) = layer::follow(contents, &mut f, l, &a, default);
        open |= is_open;
        a = next;
    }
    by_another.iter().for_each(|&at| f.used[at] = false);
    // Derivatives whose shapes fit speak for a frame too.
    for item in contents.items.iter().filter(|item| item.hint.is_some_and(|hint| hint.derivative)) {
        f.fitting += usize::from(derivative_fits(item, contents, &f, last));
    }
    (f, open)
}

/// Whether an array whose name says nothing by itself is called the derivative by another array of the file.
fn is_named_after_another(contents: &Contents, at: usize) -> bool {
    let item = &contents.items[at];
    let there =
        |stem: &String| contents.items.iter().any(|other| other.name == *stem && other.name != item.name);
    item.hint.is_none() && stems(&item.name).iter().any(there)
}

fn derivative_fits(item: &Item, contents: &Contents, f: &Followed, last: usize) -> bool {
    let Some(hint) = item.hint else { return false };
    let sizes = &f.frame.sizes;
    match hint.word {
        Word::W => {
            let Some(l) = contents.keys.iter().position(|key| *key == hint.layer).map(|at| at + 1) else {
                return false;
            };
            let item_w = &contents.items[contents.weights[l - 1]];
            item.shape == item_w.shape
        }
        Word::Z | Word::A | Word::Delta | Word::Error => (1..=last).any(|l| {
            item.shape == [f.frame.n, sizes[l]] && !f.frame.columns
                || item.shape == [sizes[l], f.frame.n] && f.frame.columns
        }),
        _ => false,
    }
}
