//! Takes an array for one of the derivatives that its name can mean.

use super::pass::pass;
use super::ways::{insert, proportional, ways, width};
use crate::diagnose::convention::Convention;
use crate::diagnose::differentiate::right;
use crate::diagnose::expression::Expr;
use crate::diagnose::function::{Function, above};
use crate::diagnose::graph::{Given, Graph, Pass, same};
use crate::diagnose::hints::Word;
use crate::diagnose::reconstruct::contents::Item;
use crate::diagnose::reconstruct::followed::{Followed, taken};
use crate::diagnose::reconstruct::frame::views;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, Kept, W, Z},
};

/// Takes an item for one of the quantities: the one that it is proportional to, else the first that its shape fits;
/// `meant` are those that other items mean first of all.
pub(super) fn take(
    graph: &mut Graph,
    reference: &Pass,
    item: &Item,
    options: &[Quantity],
    meant: &[Quantity],
    followed: &Followed,
) -> bool {
    let free: Vec<Quantity> = options.iter().copied().filter(|q| !graph.given.contains_key(q)).collect();
    if let [By(Kept(l)), by_a] = free[..]
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
                    let used_so = *quantity != by_z
                        && free.contains(&by_z)
                        && !meant.contains(&by_z)
                        && makes_dw(graph, &own, &given, by_z);
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
pub(super) fn makes_dw(graph: &Graph, own: &Pass, given: &Given, by_z: Quantity) -> bool {
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
    let kept = pass.get(Of(Kept(l))).map(|kept| given.view.clone() * above(kept));
    let kept = kept.filter(|_| graph.functions[l] == Function::Relu);
    made.into_iter().chain(kept).any(|made| {
        made.value()
            .zip(graph.given.get(&by))
            .is_some_and(|(made, dz)| same(dz.value(), &made.data, graph.tolerance, 0.0))
    })
}
