//! Which arrays are derivatives, and by what: by name, and where a name leaves it open, by their numbers.

mod names;
mod pass;
mod penalty;
mod take;
mod ways;

use super::contents::Contents;
use super::followed::Followed;
use crate::diagnose::graph::{Bias, Graph, Pass};
use crate::diagnose::hints::Word;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, W, Z},
};
use names::{beside, named_after, options};
use pass::pass;
use penalty::unsaid_penalty;
use take::{makes_dw, take};
use ways::{insert, proportional, ratio, ways};

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
        } else if !take(graph, &reference, item, &options, &[], followed) {
            left.push(at);
        }
    }
    // What can be one or another is told by those that are sure.
    for (nth, (at, options)) in open.iter().enumerate() {
        let others = open.iter().enumerate().filter(|(other, _)| *other != nth);
        let meant: Vec<Quantity> = others.filter_map(|(_, (_, options))| options.first().copied()).collect();
        if !take(graph, &reference, &contents.items[*at], options, &meant, followed) {
            left.push(*at);
        }
    }
    by_numbers(graph, contents, followed, &reference, left);
    graph.ascent = ascends(graph, contents, &reference).unwrap_or(graph.ascent);
    unsaid_penalty(graph, contents);
    // With a single row the derivative by b is the one by z, unless what is made from that is made from another.
    for l in (1..=last).filter(|_| graph.n == 1) {
        if graph.bias[l] == Bias::Separate
            && !graph.given.contains_key(&By(Z(l)))
            && let Some(given) = graph.given.get(&By(B(l))).cloned()
            && (!graph.given.contains_key(&By(W(l))) || makes_dw(graph, &pass(graph, true), &given, By(Z(l))))
        {
            graph.given.remove(&By(B(l)));
            graph.given.insert(By(Z(l)), given);
        }
    }
}

/// Names that say nothing: their numbers may.
fn by_numbers(
    graph: &mut Graph,
    contents: &Contents,
    followed: &Followed,
    reference: &Pass,
    mut left: Vec<usize>,
) {
    left.sort_unstable();
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
            let fit = [&own, reference].into_iter().find_map(|pass| {
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
}

/// Whether the derivatives are those of minus the loss: y minus the output, kept under the name of an error, of which
/// the descent is added to the weights.  `None` where no error is kept.
fn ascends(graph: &Graph, contents: &Contents, reference: &Pass) -> Option<bool> {
    let last = graph.layers();
    let given = graph.given.get(&By(A(last))).or_else(|| graph.given.get(&By(Z(last))))?;
    contents.items.iter().find(|item| item.name == given.name).filter(|item| item.is(true, Word::Error))?;
    let (p, y) = (reference.value(Of(A(last)))?, graph.target.value()?);
    if p.dim() != given.value().dim() {
        return None;
    }
    let off = &y.data - p;
    // Where it is neither, an error is what is missing to the answer.
    let turned = ratio(given.value(), &off, graph.tolerance).is_none_or(|r| r > 0.0);
    Some(turned && off.iter().any(|v| *v != 0.0))
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
