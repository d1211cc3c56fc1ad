//! One layer: which arrays are its z and its a, and by which function one makes the other.

use super::contents::{Contents, Item};
use super::followed::{Followed, resolve, taken};
use super::frame::views;
use super::functions::{function, is_some_softmax};
use super::{dropout, functions, normalised};
use crate::diagnose::expression::{Expr, Op};
use crate::diagnose::function::Function;
use crate::diagnose::graph::{Bias, same};
use crate::quantity::{
    Quantity,
    Quantity::Of,
    Variable::{A, Kept, Z},
};

/// Follows layer l from what it works on; `default` is its function where nothing shows one.  What the next layer works
/// on, and whether nothing showed this one's function.
pub(super) fn follow(
    contents: &Contents,
    f: &mut Followed,
    l: usize,
    below: &Expr,
    default: Option<Function>,
) -> (Expr, bool) {
    let last = f.frame.sizes.len() - 1;
    let product = below.dot(&f.frame.w[l]);
    let follows = if f.frame.bias[l] == Bias::None { product } else { product + f.frame.b[l].clone() };
    let (mut z, mut known) = find_z(contents, f, l, &follows);
    if l < last
        && let Some(normalised) = normalised::follow(contents, f, l, &z)
    {
        (z, known) = (normalised, true);
    }
    let mut function = find_a(contents, f, l, &mut z, (!known).then_some(&follows));
    if l == last {
        f.functions.push(function);
        return (z, false);
    }
    if function.is_none() && !f.given.contains_key(&Of(A(l))) {
        by_consequence(contents, f, l);
    }
    dropout::follow(contents, f, l, &z, &mut function);
    if function.is_none() && known && f.given.contains_key(&Of(A(l))) {
        // What a is not, its derivative may show that it was to be.
        let dim = (f.frame.n, f.frame.sizes[l]);
        let a = &f.given[&Of(A(l))].view;
        function =
            functions::by_slope(contents, &z, dim).or_else(|| functions::by_change(contents, &z, a, dim));
    }
    if function.is_none() {
        // What is left of one row shows it too.
        let row =
            |quantity| f.leftovers.iter().find(|(other, _)| *other == quantity).map(|(_, given)| &given.view);
        let (z, a) = (row(Of(Z(l))), row(Of(A(l))));
        function = z.zip(a).and_then(|(z, a)| functions::function(contents, z, a, false));
        function = function.filter(|f| *f != Function::Identity);
    }
    let open = function.is_none();
    if open {
        f.assumed = default;
        function = default;
    }
    f.functions.push(function);
    let absent = |quantity: Quantity, e| Expr::new(Op::Absent(quantity.name(contents.habit, last), e));
    let own = |quantity| f.given.get(&quantity).map(|given| given.view.clone());
    let a = own(Of(A(l))).unwrap_or_else(|| absent(Of(A(l)), function.unwrap_or(Function::Relu).apply(&z)));
    let next = match f.masks.get(&l) {
        Some(mask) => own(Of(Kept(l))).unwrap_or_else(|| absent(Of(Kept(l)), a * mask.clone())),
        None => a,
    };
    (next, open)
}

/// z[l]: by its numbers, which are those that follow, else by its name.  Also whether its numbers tell it.
fn find_z(contents: &Contents, f: &mut Followed, l: usize, follows: &Expr) -> (Expr, bool) {
    let last = f.frame.sizes.len() - 1;
    let dim = (f.frame.n, f.frame.sizes[l]);
    let wide = ones(f, l);
    let known = |view: &Expr| {
        follows
            .value()
            .zip(view.value())
            .is_some_and(|(right, own)| same(&own.data, &right.data, contents.tolerance, 0.0))
    };
    let mut by_numbers = Vec::new();
    for (at, item) in contents.items.iter().enumerate() {
        if f.used[at] || item.shape.is_empty() && item.hint.is_none() {
            continue;
        }
        // Called an output: it is the input all the same where another array is a function of it.
        let called_a = says(f, item) == Some(Of(A(l)));
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
            if known(&view) && (!called_a || leads_on(&view)) {
                by_numbers.push((says(f, item) != Some(Of(Z(l))), at, view, turned, full));
            }
        }
    }
    by_numbers.sort_by_key(|one| (one.0, one.1));
    if let Some((_, at, view, turned, full)) = by_numbers.first().cloned() {
        for (_, again, ..) in &by_numbers {
            f.used[*again] = true;
        }
        f.matched += 1;
        f.given.insert(Of(Z(l)), taken(&contents.items[at], view.clone(), turned, full));
        return (view, true);
    }
    by_name(contents, f, Of(Z(l)), None);
    if !f.given.contains_key(&Of(Z(l))) {
        // With the wrong sign it is z all the same.
        let turned = -follows.clone();
        let same_as = |view: &Expr| {
            turned.value().zip(view.value()).is_some_and(|(turned, own)| {
                own.data.len() > 1 && same(&own.data, &turned.data, contents.tolerance, 0.0)
            })
        };
        let free = contents.items.iter().enumerate().filter(|(at, _)| !f.used[*at]);
        let found = free
            .flat_map(|(at, item)| views(item, dim, None).into_iter().map(move |way| (at, way)))
            .find(|(_, (view, ..))| same_as(view));
        if let Some((at, (view, turned, full))) = found {
            f.used[at] = true;
            f.fitting += 1;
            f.given.insert(Of(Z(l)), taken(&contents.items[at], view, turned, full));
        }
    }
    let own = f.given.get(&Of(Z(l))).map(|given| given.view.clone());
    let absent = || Expr::new(Op::Absent(Of(Z(l)).name(contents.habit, last), follows.clone()));
    (own.unwrap_or_else(absent), false)
}

/// a[l]: a function of z, else what its name or what follows tells; then z may be another array than its name says.
/// `follows` is what z should be, where its numbers do not tell it.
fn find_a(
    contents: &Contents,
    f: &mut Followed,
    l: usize,
    z: &mut Expr,
    follows: Option<&Expr>,
) -> Option<Function> {
    let last = f.frame.sizes.len() - 1;
    let dim = (f.frame.n, f.frame.sizes[l]);
    let (mut by_numbers, mut odd) = (Vec::new(), Vec::new());
    for (at, item) in contents.items.iter().enumerate() {
        if f.used[at] || item.shape.is_empty() && item.hint.is_none() {
            continue;
        }
        for (view, turned, full) in views(item, dim, ones(f, l)) {
            let named = says(f, item) == Some(Of(A(l)));
            // z may have been overwritten by a: then what it was tells the function.
            let from_right = follows
                .and_then(|follows| function(contents, follows, &view, l == last))
                .filter(|f| *f != Function::Identity);
            let found = from_right.or_else(|| function(contents, z, &view, l == last));
            if let Some(found) = found.filter(|found| *found != Function::Identity || named) {
                by_numbers.push((!named, at, view, turned, full, found));
            } else if let Some(found) = functions::turned(contents, z, &view, l == last) {
                // With the wrong sign it is that function all the same, if nothing is it as it should be.
                odd.push((!named, at, view, turned, full, found));
            } else if l == last && is_some_softmax(z, &view, contents.tolerance) {
                by_numbers.push((!named, at, view, turned, full, Function::Softmax));
            }
        }
    }
    by_numbers.sort_by_key(|one| (one.0, one.1));
    if let Some((_, at, view, turned, full, found)) = by_numbers.first().cloned() {
        for (_, again, ..) in &by_numbers {
            f.used[*again] = true;
        }
        f.matched += 1;
        f.given.insert(Of(A(l)), taken(&contents.items[at], view, turned, full));
        return Some(found);
    }
    let mut made = None;
    if l < last && follows.is_some() && !f.given.contains_key(&Of(Z(l))) {
        // What leads on counts more than a name; and what it is made from is z.
        by_consequence(contents, f, l);
        made = by_what_it_makes(contents, f, l);
        if let Some(given) = f.given.get(&Of(Z(l))) {
            *z = given.view.clone();
        }
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
        by_name(contents, f, Of(A(l)), ones(f, l));
    }
    made
}

/// Where a[l] may have the ones of the next layer's bias.
fn ones(f: &Followed, l: usize) -> Option<Bias> {
    f.frame.bias.get(l + 1).copied().filter(|bias| bias.in_w())
}

/// The value that an item's name says.
fn says(f: &Followed, item: &Item) -> Option<Quantity> {
    item.hint.and_then(|hint| resolve(hint, f.naming, f.frame.sizes.len() - 1))
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

/// An item that its name calls this quantity.
fn by_name(contents: &Contents, f: &mut Followed, quantity: Quantity, wide: Option<Bias>) {
    let columns = f.frame.columns;
    let dim = (f.frame.n, f.frame.sizes[quantity.variable().layer(0)]);
    for (at, item) in contents.items.iter().enumerate() {
        if f.used[at] || says(f, item) != Some(quantity) {
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
