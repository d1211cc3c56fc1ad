//! Which arrays are derivatives, and by what: by name, and where a name leaves it open, by their numbers.

mod names;

use super::contents::{Contents, Item};
use super::followed::{Followed, taken};
use super::frame::views;
use crate::diagnose::convention::Convention;
use crate::diagnose::differentiate::{forward, right, step};
use crate::diagnose::expression::Expr;
use crate::diagnose::function::{Function, above};
use crate::diagnose::graph::{Bias, Given, Graph, Pass, same};
use crate::diagnose::hints::Word;
use crate::diagnose::number::number;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{self, A, B, Beta, Gamma, Normed, Scaled, W, Z},
};
use names::{beside, named_after, options};
use ndarray::Array2;

/// Gives each derivative of the file its quantity.
pub(super) fn assign(graph: &mut Graph, contents: &Contents, followed: &Followed) {
    let last = graph.layers();
    let reference = pass(graph, false);
    let mut left: Vec<usize> = Vec::new();
    let mut open: Vec<(usize, Vec<Quantity>)> = Vec::new();
    let mut used = followed.used.clone();
    let used_already: Vec<String> = graph
        .given
        .values()
        .chain(graph.leftovers.iter().map(|(_, g)| g))
        .map(|given| given.name.clone())
        .collect();
    for (at, item) in contents.items.iter().enumerate() {
        if used_already.contains(&item.name) || followed.explained.contains(&at) {
            continue;
        }
        let hint = item.hint.filter(|hint| hint.derivative);
        let by = if used[at] && hint.is_none() { None } else { named_after(graph, &item.name) };
        let options = match (hint, by) {
            // Of the outputs p - y may be meant, and who exchanges z and a may do so in the derivatives or not.
            (Some(hint), Some(by))
                if !matches!(hint.word, Word::Delta | Word::Error)
                    && by != A(graph.layers())
                    && !followed.naming.swapped =>
            {
                beside(graph, by)
            }
            (Some(hint), by) => options(hint, by, graph, contents, followed),
            (None, Some(by)) => beside(graph, by),
            (None, None) => vec![],
        };
        if hint.is_none() && options.is_empty() {
            if !used[at] {
                left.push(at);
            }
            continue;
        }
        used[at] = true;
        if options.len() > 1 {
            open.push((at, options));
        } else if !take(graph, &reference, item, &options, followed) {
            left.push(at);
        }
    }
    // What can be one or another is told by those that are sure.
    for (at, options) in open {
        if !take(graph, &reference, &contents.items[at], &options, followed) {
            left.push(at);
        }
    }
    left.sort_unstable();
    // Names that say nothing: their numbers may.
    for at in left {
        let item = &contents.items[at];
        let structural = matches!(
            item.hint.map(|hint| hint.word),
            Some(
                Word::Reg
                    | Word::Step
                    | Word::Rows
                    | Word::Loss
                    | Word::DataLoss
                    | Word::Penalty
                    | Word::X
                    | Word::Y
                    | Word::W
                    | Word::B
            )
        ) && !item.hint.is_some_and(|hint| hint.derivative);
        // A table of losses, or an array called like one, is not the loss.
        if structural && item.is(false, Word::Loss) && item.number().is_none() {
            graph.ignored.push(item.name.clone());
        }
        if structural || followed.explained.contains(&at) {
            continue;
        }
        let free = |q: &Quantity| matches!(q, By(_)) && !graph.given.contains_key(q);
        let fits = |q: &Quantity| free(q) && !ways(graph, item, *q).is_empty();
        let all: Vec<Quantity> = graph.order().into_iter().filter(fits).collect();
        let mut found = false;
        if !all.is_empty() && item.e.value().is_some_and(|value| value.data.len() > 1) {
            let own = pass(graph, true);
            let fit = [&own, &reference].into_iter().find_map(|pass| {
                all.iter().find_map(|q| proportional(graph, pass, item, *q).map(|(given, _)| (*q, given)))
            });
            if let Some((quantity, given)) = fit {
                insert(graph, quantity, given);
                found = true;
            }
        }
        if !found && !graph.ignored.contains(&item.name) {
            graph.ignored.push(item.name.clone());
        }
    }
    // y minus the output, kept under the name of an error: its descent is added to the weights.
    if let Some(given) = graph.given.get(&By(A(last))).or_else(|| graph.given.get(&By(Z(last))))
        && let Some(item) = contents.items.iter().find(|item| item.name == given.name)
        && item.is(true, Word::Error)
        && let (Some(p), Some(y)) = (reference.value(Of(A(last))), graph.target.value())
        && p.dim() == given.value().dim()
    {
        let off = &y.data - p;
        // Where it is neither, an error is what is missing to the answer.
        graph.ascent = ratio(given.value(), &off, graph.tolerance).is_none_or(|r| r > 0.0)
            && off.iter().any(|v| *v != 0.0);
    }
    unsaid_penalty(graph, contents);
    // With a single row the derivative by b is the one by z.
    for l in (1..=last).filter(|_| graph.n == 1) {
        if graph.bias[l] == Bias::Separate
            && !graph.given.contains_key(&By(Z(l)))
            && let Some(given) = graph.given.remove(&By(B(l)))
        {
            graph.given.insert(By(Z(l)), given);
        }
    }
}

/// The strength of a penalty that the file does not hold, if what every dW has beside the data's part is one and the
/// same multiple of W.
fn unsaid_penalty(graph: &mut Graph, contents: &Contents) {
    if contents.first(Word::Reg).is_some() {
        return;
    }
    let own = pass(graph, true);
    let strength = |late: bool| -> Option<f64> {
        let convention = Convention { late, ..Convention::usual(graph) };
        let mut found: Option<f64> = None;
        for l in 1..=graph.layers() {
            let Some(given) = graph.given.get(&By(W(l))) else { continue };
            let w = &graph.w[l].value()?.data;
            let data = convention.mean(graph, own.a(graph, l - 1)?.t().dot(own.get(By(Z(l)))?));
            let data = data.value().filter(|data| data.data.dim() == w.dim())?;
            // One that has another shape says nothing of the penalty.
            if given.value().dim() != w.dim() {
                continue;
            }
            let rest = given.value() - &data.data;
            let here =
                ratio(&rest, w, 1e3 * graph.tolerance).filter(|ratio| *ratio > 1e-9 && *ratio < 10.0)?;
            if found.is_some_and(|before| (before / here - 1.0).abs() > 1e-3) {
                return None;
            }
            found = found.or(Some(here));
        }
        found
    };
    if let Some(reg) = strength(false).or_else(|| strength(true)) {
        // Rounded to a number that a person writes.
        let short = (reg * 1e6).round() / 1e6;
        graph.reg = if (short / reg - 1.0).abs() < 1e-4 { short } else { reg };
        graph.reg_text = Expr::number(graph.reg);
        let words = format!("reg is not in the file: your derivatives have {} * W", number(graph.reg));
        graph.warnings.retain(|warning| !warning.starts_with("reg is not in the file"));
        graph.understood.push(words);
    }
}

/// Takes an item for one of the quantities: the one that it is proportional to, else the first that its shape fits.
fn take(graph: &mut Graph, reference: &Pass, item: &Item, options: &[Quantity], followed: &Followed) -> bool {
    let free: Vec<Quantity> = options.iter().copied().filter(|q| !graph.given.contains_key(q)).collect();
    if let [By(Variable::Kept(l)), by_a] = free[..]
        && let Some(given) = ways(graph, item, by_a).into_iter().find(|given| makes_dz(graph, given, l))
    {
        insert(graph, by_a, given);
        return true;
    }
    if free.len() > 1 {
        // From the person's own values before it, else from a pass without any mistake.
        let own = pass(graph, true);
        for pass in [&own, reference] {
            for quantity in &free {
                if let Some((given, _)) = proportional(graph, pass, item, *quantity) {
                    let by_z = By(Z(quantity.variable().layer(0)));
                    let used_so =
                        *quantity != by_z && free.contains(&by_z) && makes_dw(graph, &own, &given, by_z);
                    insert(graph, if used_so { by_z } else { *quantity }, given);
                    return true;
                }
            }
        }
    }
    for quantity in &free {
        let mut ways = ways(graph, item, *quantity);
        let columns = followed.frame.columns;
        let per_row = quantity.variable().is_per_row();
        ways.sort_by_key(|given| given.turned != if per_row { columns } else { followed.frame.out_in });
        // Where both ways fit, numbers decide.
        if ways.len() > 1
            && let Some((given, _)) = proportional(graph, reference, item, *quantity)
        {
            insert(graph, *quantity, given);
            return true;
        }
        if let Some(given) = ways.into_iter().next() {
            insert(graph, *quantity, given);
            return true;
        }
    }
    // What is left of one row.
    for quantity in &free {
        // (Where the value is there for all rows, no loop over single rows made its derivative.)
        let whole = graph.given.contains_key(&Of(quantity.variable()));
        if let (true, Some(width)) =
            (quantity.variable().is_per_row() && graph.n > 1 && !whole, width(graph, *quantity))
            && let Some((view, turned, wide)) = views(item, (1, width), None).into_iter().next()
        {
            graph.leftovers.push((*quantity, taken(item, view, turned, wide)));
            return true;
        }
    }
    // Its shape is wrong: it is judged as it stands, where its name leaves no doubt or it is a broadcast's.
    let sure = item.hint.is_none_or(|hint| !matches!(hint.word, Word::Delta | Word::Error))
        || item.shape == [graph.n, graph.n];
    if let (Some(quantity), true) = (
        free.first(),
        sure && (item.e.value().is_some_and(|value| value.data.len() > 1)
            || item.hint.is_some_and(|hint| {
                hint.derivative && matches!(hint.word, Word::W | Word::B | Word::Gamma | Word::Beta)
            })),
    ) {
        let per_row = quantity.variable().is_per_row();
        let turned =
            item.shape.len() == 2 && if per_row { followed.frame.columns } else { followed.frame.out_in };
        let view = if turned { item.e.t() } else { item.e.clone() };
        insert(graph, *quantity, taken(item, view, turned, None));
        return true;
    }
    false
}

/// Whether the file's `dw[l]` is made from these numbers in the place of `dz[l]`: then they were meant to be that.
fn makes_dw(graph: &Graph, own: &Pass, given: &Given, by_z: Quantity) -> bool {
    let by_w = By(W(by_z.variable().layer(0)));
    let mut pass = own.clone();
    pass.0.insert(by_z, given.view.clone());
    [false, true].into_iter().any(|late| {
        let convention = Convention { late, ..Convention::usual(graph) };
        let made = right(graph, &convention, &pass, by_w);
        made.as_ref()
            .and_then(Expr::value)
            .zip(graph.given.get(&by_w))
            .is_some_and(|(made, dw)| same(dw.value(), &made.data, graph.tolerance, 0.0))
    })
}

/// Whether the file's derivative by what layer l's nonlinearity works on is made from these numbers as they are, with
/// no mask of dropout in between: then the mask is in them, or should be.
fn makes_dz(graph: &Graph, given: &Given, l: usize) -> bool {
    let by = By(graph.before(l));
    let mut pass = pass(graph, true);
    pass.0.insert(By(A(l)), given.view.clone());
    let made = right(graph, &Convention::usual(graph), &pass, by);
    let kept = pass.get(Of(Variable::Kept(l))).map(|kept| given.view.clone() * above(kept));
    let kept = kept.filter(|_| graph.functions[l] == Function::Relu);
    made.into_iter().chain(kept).any(|made| {
        made.value()
            .zip(graph.given.get(&by))
            .is_some_and(|(made, dz)| same(dz.value(), &made.data, graph.tolerance, 0.0))
    })
}

fn width(graph: &Graph, quantity: Quantity) -> Option<usize> {
    match quantity.variable() {
        Z(l) | A(l) | Normed(l) | Scaled(l) | Variable::Kept(l) => Some(graph.sizes[l]),
        _ => None,
    }
}

/// Every way in which an item can be a quantity, by its shape.
fn ways(graph: &Graph, item: &Item, quantity: Quantity) -> Vec<Given> {
    let sizes = &graph.sizes;
    let (dim, wide) = match quantity.variable() {
        Z(l) | Normed(l) | Scaled(l) => ((graph.n, sizes[l]), None),
        Gamma(l) | Beta(l) => ((1, sizes[l]), None),
        A(l) | Variable::Kept(l) => {
            ((graph.n, sizes[l]), graph.bias.get(l + 1).copied().filter(|bias| bias.in_w()))
        }
        W(l) if graph.bias[l].in_w() => ((sizes[l - 1] + 1, sizes[l]), None),
        W(l) => ((sizes[l - 1], sizes[l]), None),
        B(l) if graph.bias[l].in_w() => return vec![],
        B(l) => ((1, sizes[l]), None),
        _ => return vec![],
    };
    let like = match quantity.variable() {
        W(l) => graph
            .names
            .get(&W(l))
            .and_then(|name| graph.arrays.iter().find(|(other, _)| other == name))
            .and_then(|(_, e)| e.value())
            .map(|v| v.shape()),
        _ => None,
    };
    // A derivative by W lies as W does.
    if like.is_some_and(|like| like.len() == 2 && item.shape.len() == 2 && item.shape != like) {
        return vec![];
    }
    let mut found: Vec<Given> = views(item, dim, wide)
        .into_iter()
        .map(|(view, turned, full)| taken(item, view, turned, full))
        .collect();
    if let B(_) = quantity.variable() {
        // A column of as many numbers is a bias's too.
        if found.is_empty() && item.shape.len() == 2 && item.shape == [sizes[quantity.variable().layer(0)], 1]
        {
            found.push(taken(item, item.e.t(), true, None));
        }
    }
    found
}

/// The item as this quantity, if it is a multiple of the right numbers, and the factor.
fn proportional(graph: &Graph, reference: &Pass, item: &Item, quantity: Quantity) -> Option<(Given, f64)> {
    let mut right = reference.value(quantity)?.clone();
    if let (W(l), By(_)) = (quantity.variable(), quantity)
        && graph.bias[l].in_w()
    {
        let bias = reference.value(By(B(l)))?;
        let parts = if graph.bias[l].parts().0 == crate::diagnose::expression::Part::First {
            [bias.view(), right.view()]
        } else {
            [right.view(), bias.view()]
        };
        right = ndarray::concatenate(ndarray::Axis(0), &parts).ok()?;
    }
    ways(graph, item, quantity)
        .into_iter()
        .find_map(|given| ratio(given.value(), &right, 10.0 * graph.tolerance).map(|r| (given, r)))
}

/// The factor between two arrays, if there is one.
pub(in crate::diagnose) fn ratio(a: &Array2<f64>, b: &Array2<f64>, tolerance: f64) -> Option<f64> {
    if a.dim() != b.dim() {
        return None;
    }
    let ratio = (a * b).sum() / (b * b).sum();
    let fits =
        ratio.is_finite() && ratio != 0.0 && crate::diagnose::graph::same(a, &(b * ratio), tolerance, 0.0);
    fits.then_some(ratio)
}

/// A pass in which every derivative is right, from the person's own forward values; with `own` from their own
/// derivatives too.
fn pass(graph: &Graph, own: bool) -> Pass {
    let usual = Convention::usual(graph);
    let mut pass = forward(graph, &usual);
    let mut bare = graph.clone();
    bare.given.retain(|quantity, _| own || matches!(quantity, Of(_)));
    bare.reg = 0.0;
    for quantity in graph.order().into_iter().filter(|q| matches!(q, By(_))) {
        step(&bare, &usual, &mut pass, quantity);
    }
    pass
}

/// With the bias trick weights and bias are one array; they are judged apart.
fn insert(graph: &mut Graph, quantity: Quantity, given: Given) {
    if let By(W(l)) = quantity
        && graph.bias[l].in_w()
        && given.view.dim() == Some((graph.sizes[l - 1] + 1, graph.sizes[l]))
    {
        let (bias, rest) = graph.bias[l].parts();
        let part =
            |of| Given { view: given.view.slice(0, of), wide: Some(given.view.clone()), ..given.clone() };
        graph.given.insert(By(B(l)), part(bias));
        graph.given.insert(By(W(l)), part(rest));
        return;
    }
    graph.given.insert(quantity, given);
}

/// What is left of the file: said to be ignored.
pub(super) fn leave(graph: &mut Graph, contents: &Contents) {
    graph.ignored.extend(contents.ignored.iter().cloned());
    let known = |name: &str| {
        graph.given.values().any(|given| given.name == name)
            || graph.leftovers.iter().any(|(_, given)| given.name == name)
    };
    let ignored: Vec<String> = graph.ignored.iter().filter(|name| !known(name)).cloned().collect();
    graph.ignored = ignored;
    graph.ignored.sort();
    graph.ignored.dedup();
    let no_side: Vec<&str> = graph
        .ignored
        .iter()
        .map(String::as_str)
        .filter(|name| crate::diagnose::hints::says_no_side(name))
        .collect();
    if !no_side.is_empty() {
        graph.warnings.push(format!(
            "{}: the INPUT of the nonlinearity or its OUTPUT? Save it as z1 or a1, and dz1 or da1",
            no_side.join(", ")
        ));
    }
}
