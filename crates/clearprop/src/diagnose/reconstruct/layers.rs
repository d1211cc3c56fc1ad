//! Layer by layer: which arrays are z[l] and a[l], and by which function one makes the other.

use super::contents::{Contents, Item};
use super::followed::{Followed, Naming, resolve, taken};
use super::frame::{Frame, frames, views};
use super::functions::{function, is_some_softmax};
use super::{dropout, functions, normalised, outputs};
use crate::diagnose::expression::{Expr, Op};
use crate::diagnose::function::Function;
use crate::diagnose::graph::{Bias, Graph, same};
use crate::diagnose::hints::{Hint, Layer, Word};
use crate::error::Result;
use crate::quantity::{
    Quantity,
    Quantity::Of,
    Variable::{A, Kept, Z},
};
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
    let mut used: Vec<bool> =
        contents.items.iter().map(|item| matches!(item.hint, Some(Hint { derivative: true, .. }))).collect();
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
    let mut open = false;
    let tolerance = contents.tolerance;
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
    let mut a = frame.x.clone();
    for l in 1..=last {
        let product = a.dot(&frame.w[l]);
        let z_right = if frame.bias[l] == Bias::None { product } else { product + frame.b[l].clone() };
        let dim = (frame.n, frame.sizes[l]);
        let wide = frame.bias.get(l + 1).copied().filter(|bias| bias.in_w());
        let says = |item: &Item| item.hint.and_then(|hint| resolve(hint, naming, last));
        let known = |e: &Expr, view: &Expr| {
            e.value()
                .zip(view.value())
                .is_some_and(|(right, own)| same(&own.data, &right.data, tolerance, 0.0))
        };
        // z[l]: by its numbers, else by its name.
        let mut by_numbers = Vec::new();
        for (at, item) in contents.items.iter().enumerate() {
            if f.used[at] || item.shape.is_empty() && item.hint.is_none() {
                continue;
            }
            // Called an output: it is the input all the same where another array is a function of it.
            let called_a = says(item) == Some(Of(A(l)));
            let leads_on = |view: &Expr| {
                contents.items.iter().enumerate().any(|(other, item)| {
                    other != at
                        && !f.used[other]
                        && views(item, dim, wide).iter().any(|(a, ..)| {
                            function(contents, view, a, l == last)
                                .filter(|f| *f != Function::Identity)
                                .or_else(|| functions::turned(contents, view, a, l == last))
                                .is_some()
                        })
                })
            };
            for (view, turned, full) in views(item, dim, None) {
                if known(&z_right, &view) && (!called_a || leads_on(&view)) {
                    by_numbers.push((says(item) != Some(Of(Z(l))), at, view, turned, full));
                }
            }
        }
        by_numbers.sort_by_key(|one| (one.0, one.1));
        let mut z = Expr::new(Op::Absent(Of(Z(l)).name(contents.habit, last), z_right.clone()));
        let mut z_known = !by_numbers.is_empty();
        if let Some((_, at, view, turned, full)) = by_numbers.first().cloned() {
            for (_, again, ..) in &by_numbers {
                f.used[*again] = true;
            }
            f.matched += 1;
            z = view.clone();
            f.given.insert(Of(Z(l)), taken(&contents.items[at], view, turned, full));
        } else {
            by_name(contents, &mut f, Of(Z(l)), dim, None, &says);
            if let Some(given) = f.given.get(&Of(Z(l))) {
                z = given.view.clone();
            }
        }
        if l < last
            && let Some(normalised) = normalised::follow(contents, &mut f, l, &z)
        {
            z = normalised;
            z_known = true;
        }
        // a[l]
        let (mut by_numbers, mut odd) = (Vec::new(), Vec::new());
        for (at, item) in contents.items.iter().enumerate() {
            if f.used[at] || item.shape.is_empty() && item.hint.is_none() {
                continue;
            }
            for (view, turned, full) in views(item, dim, wide) {
                let named = says(item) == Some(Of(A(l)));
                // z may have been overwritten by a: then what it was tells the function.
                let from_right = if z_known {
                    None
                } else {
                    function(contents, &z_right, &view, l == last).filter(|f| *f != Function::Identity)
                };
                let found = from_right.or_else(|| function(contents, &z, &view, l == last));
                if let Some(found) = found.filter(|found| *found != Function::Identity || named) {
                    by_numbers.push((!named, at, view, turned, full, found));
                } else if let Some(found) = functions::turned(contents, &z, &view, l == last) {
                    // With the wrong sign it is that function all the same, if nothing is it as it should be.
                    odd.push((!named, at, view, turned, full, found));
                } else if l == last && is_some_softmax(&z, &view, tolerance) {
                    by_numbers.push((!named, at, view, turned, full, Function::Softmax));
                }
            }
        }
        by_numbers.sort_by_key(|one| (one.0, one.1));
        let mut function = if let Some((_, at, view, turned, full, found)) = by_numbers.first().cloned() {
            for (_, again, ..) in &by_numbers {
                f.used[*again] = true;
            }
            f.matched += 1;
            f.given.insert(Of(A(l)), taken(&contents.items[at], view, turned, full));
            Some(found)
        } else {
            let mut made = None;
            if l < last && !z_known && !f.given.contains_key(&Of(Z(l))) {
                // What leads on counts more than a name; and what it is made from is z.
                by_consequence(contents, &mut f, l);
                made = by_what_it_makes(contents, &mut f, l);
                z = f.given.get(&Of(Z(l))).map_or(z, |given| given.view.clone());
            }
            odd.sort_by_key(|one| (one.0, one.1));
            let own = f.given.get(&Of(A(l))).map(|given| given.name.clone());
            let fits = |at: usize| own.as_ref().is_none_or(|own| contents.items[at].name == *own);
            if made.is_none()
                && let Some((_, at, view, turned, full, found)) = odd.into_iter().find(|one| fits(one.1))
            {
                f.used[at] = true;
                f.fitting += 1;
                f.given.insert(Of(A(l)), taken(&contents.items[at], view, turned, full));
                made = Some(found);
            }
            if !f.given.contains_key(&Of(A(l))) {
                by_name(contents, &mut f, Of(A(l)), dim, wide, &says);
            }
            made
        };
        if l < last && function.is_none() && !f.given.contains_key(&Of(A(l))) {
            by_consequence(contents, &mut f, l);
        }
        if l < last {
            dropout::follow(contents, &mut f, l, &z, &mut function);
        }
        if function.is_none() && l < last {
            open = true;
            f.assumed = default;
            function = default;
        }
        f.functions.push(function);
        if l < last {
            let absent =
                |quantity: Quantity, e| Expr::new(Op::Absent(quantity.name(contents.habit, last), e));
            let own = |f: &Followed, quantity| f.given.get(&quantity).map(|given| given.view.clone());
            a = own(&f, Of(A(l)))
                .unwrap_or_else(|| absent(Of(A(l)), function.unwrap_or(Function::Relu).apply(&z)));
            if let Some(mask) = f.masks.get(&l) {
                a = own(&f, Of(Kept(l))).unwrap_or_else(|| absent(Of(Kept(l)), a * mask.clone()));
            }
        }
    }
    // Derivatives whose shapes fit speak for a frame too.
    for item in contents.items.iter().filter(|item| item.hint.is_some_and(|hint| hint.derivative)) {
        f.fitting += usize::from(derivative_fits(item, contents, &f, last));
    }
    (f, open)
}

/// An array that the next layer works on, whatever it is called, is this layer's output.
fn by_consequence(contents: &Contents, f: &mut Followed, l: usize) {
    let dim = (f.frame.n, f.frame.sizes[l]);
    let found = contents.items.iter().enumerate().filter(|(at, _)| !f.used[*at]).find_map(|(at, item)| {
        let leads_on = |(view, ..): &(Expr, bool, Option<Expr>)| dropout::leads_on(contents, f, l, view);
        views(item, dim, None).into_iter().find(leads_on).map(|way| (at, way))
    });
    if let Some((at, (view, turned, full))) = found {
        f.used[at] = true;
        f.given.insert(Of(A(l)), taken(&contents.items[at], view, turned, full));
    }
}

/// An array of which this layer's output is a function is its z, though it does not follow from the weights.
fn by_what_it_makes(contents: &Contents, f: &mut Followed, l: usize) -> Option<Function> {
    let a = f.given.get(&Of(A(l)))?.view.clone();
    let dim = (f.frame.n, f.frame.sizes[l]);
    let free = contents.items.iter().enumerate().filter(|(at, _)| !f.used[*at]);
    let (at, view, turned, found) = free
        .flat_map(|(at, item)| {
            views(item, dim, None).into_iter().map(move |(view, turned, _)| (at, view, turned))
        })
        .find_map(|(at, view, turned)| {
            let found = function(contents, &view, &a, false).filter(|f| *f != Function::Identity)?;
            Some((at, view, turned, found))
        })?;
    f.used[at] = true;
    f.given.insert(Of(Z(l)), taken(&contents.items[at], view, turned, None));
    Some(found)
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

/// An item that its name calls this quantity.
fn by_name(
    contents: &Contents,
    f: &mut Followed,
    quantity: Quantity,
    dim: (usize, usize),
    wide: Option<Bias>,
    says: &dyn Fn(&Item) -> Option<Quantity>,
) {
    let columns = f.frame.columns;
    for (at, item) in contents.items.iter().enumerate() {
        if f.used[at] || says(item) != Some(quantity) {
            continue;
        }
        let mut ways = views(item, dim, wide);
        ways.sort_by_key(|(_, turned, _)| *turned != columns);
        if let Some((view, turned, full)) = ways.into_iter().next() {
            f.used[at] = true;
            f.fitting += 1;
            f.given.insert(quantity, taken(item, view, turned, full));
            return;
        }
        // One row's part: a loop over the samples leaves it behind.
        if let Some((view, turned, full)) =
            views(item, (1, dim.1), wide).into_iter().next().filter(|_| dim.0 > 1)
        {
            f.used[at] = true;
            f.leftovers.push((quantity, taken(item, view, turned, full)));
            return;
        }
        if item.shape.len() == 2 && item.e.value().is_some_and(|value| value.data.len() > 1) {
            // Its shape is wrong: it is judged as it stands.
            f.used[at] = true;
            let view = if columns { item.e.t() } else { item.e.clone() };
            f.given.insert(quantity, taken(item, view, columns, None));
            return;
        }
    }
}
