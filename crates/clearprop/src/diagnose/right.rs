//! The right line of a stage: an expression in the person's layout, evaluated, then printed.

use super::convention::Convention;
use super::differentiate::{right, step};
use super::expression::{Expr, Keep, Op, Printer, Reduce};
use super::graph::{Bias, Graph, Pass, same};
use crate::network::Penalized;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Beta, Gamma, W, Z},
};

/// The right line for a stage; `None` if no line could be made that gives the right numbers.
pub(super) fn right_line(graph: &Graph, convention: &Convention, quantity: Quantity) -> Option<String> {
    let mut pass = Pass::default();
    for before in graph.order().into_iter().take_while(|q| *q != quantity) {
        step(graph, convention, &mut pass, before);
    }
    let plain = right(graph, convention, &pass, quantity)?;
    let own = graph.given.get(&quantity);
    let wide = own.is_some_and(|given| given.wide.is_some());
    let e = in_one_array(graph, convention, &pass, quantity, wide).unwrap_or_else(|| plain.clone());
    let right_value = e.value()?.data.clone();
    let wanted = wanted(graph, quantity, e.dim()?);
    let turned = match own {
        Some(given) if given.view.dim() == plain.dim() || given.wide.is_some() => given.turned,
        _ => turned(graph, quantity),
    };
    let e = if turned { e.t() } else { e };
    let right_value = if turned { right_value.reversed_axes() } else { right_value };
    let fits = |e: &Expr| {
        e.value().is_some_and(|value| {
            let shape_fits = wanted.as_ref().is_none_or(|wanted| {
                value.shape() == *wanted || value.data.len() == 1 && wanted.iter().product::<usize>() == 1
            });
            shape_fits
                && (same(&value.data, &right_value, 1e-9, 0.0)
                    || same(&value.data.t().to_owned(), &right_value, 1e-9, 0.0))
        })
    };
    let ways =
        [squeezed_to_number(&e), Some(e.clone()), Some(squeezed(&e)), Some(Expr::new(Op::Flat(e.clone())))];
    let chosen = ways.into_iter().flatten().find(|way| {
        fits(way) && (way.value().is_some_and(|v| v.ndim > 0) || wanted.as_ref().is_some_and(Vec::is_empty))
    })?;
    let taken = graph.arrays.iter().map(|(name, _)| name.clone());
    Printer::new(taken).line(&graph.name(quantity), &chosen)
}

/// What stands in one array of the file: weights with their bias, values with their ones.
fn in_one_array(
    graph: &Graph,
    convention: &Convention,
    pass: &Pass,
    quantity: Quantity,
    wide: bool,
) -> Option<Expr> {
    let input = |l: usize| -> Option<Expr> {
        if l == 1 && graph.x_wide.is_some() {
            return graph.x_wide.clone();
        }
        if let Some(given) = graph.given.get(&Of(A(l - 1))).filter(|_| l > 1)
            && given.wide.is_some()
        {
            return given.wide.clone();
        }
        Some(with_ones(graph, pass.a(graph, l - 1)?, l))
    };
    match quantity {
        Of(Z(l)) => Some(input(l)?.dot(graph.full[l].as_ref()?)),
        Of(A(l)) if wide => Some(with_ones(graph, &right(graph, convention, pass, quantity)?, l + 1)),
        By(W(l) | B(l)) => {
            let full = graph.full[l].as_ref()?;
            let data = convention.mean(graph, input(l)?.t().dot(pass.get(By(Z(l)))?));
            if convention.over == Penalized::All {
                return Some(convention.penalised(graph, data, full));
            }
            let none = Expr::new(Op::Fill(0.0, Expr::number(1.0), Expr::number(graph.sizes[l] as f64)));
            let part = match graph.bias[l] {
                Bias::First => Expr::join(0, &none, &graph.w[l]),
                _ => Expr::join(0, &graph.w[l], &none),
            };
            Some(convention.penalised(graph, data, &part))
        }
        By(A(l)) if l < graph.layers() => {
            let full = graph.full[l + 1].as_ref()?;
            let product = pass.get(By(Z(l + 1)))?.dot(&full.t());
            Some(if wide { product } else { product.slice(1, graph.bias[l + 1].parts().1) })
        }
        _ => None,
    }
}

/// With the column of ones that the bias of layer l wants.
fn with_ones(graph: &Graph, a: &Expr, l: usize) -> Expr {
    let ones = Expr::new(Op::Fill(1.0, graph.rows.clone(), Expr::number(1.0)));
    if graph.bias[l] == Bias::First { Expr::join(1, &ones, a) } else { Expr::join(1, a, &ones) }
}

fn turned(graph: &Graph, quantity: Quantity) -> bool {
    match quantity {
        By(W(_) | B(_)) => graph.turned.1,
        _ => graph.turned.0,
    }
}

/// The shape that the line has to give, where one is known.
fn wanted(graph: &Graph, quantity: Quantity, (rows, columns): (usize, usize)) -> Option<Vec<usize>> {
    let own = graph.given.get(&quantity);
    let size = rows * columns;
    if let Some(given) = own.filter(|given| {
        given.shape.iter().product::<usize>() == size && given.view.dim() == Some((rows, columns))
            || given.wide.is_some()
    }) {
        return Some(given.shape.clone());
    }
    let like = match quantity {
        By(W(l)) => graph.names.get(&W(l)),
        By(variable @ (B(_) | Gamma(_) | Beta(_))) => graph.names.get(&variable),
        _ => None,
    };
    let shape = like
        .and_then(|name| graph.arrays.iter().find(|(other, _)| other == name))
        .and_then(|(_, e)| e.value())
        .map(|v| v.shape());
    shape.filter(|shape| shape.iter().product::<usize>() == size)
}

/// Without the axes that were kept only to stand in line.
fn squeezed(e: &Expr) -> Expr {
    match e.op() {
        Op::Reduce(f, a, Some(axis), Keep::Axis) => {
            Expr::new(Op::Reduce(*f, a.clone(), Some(*axis), Keep::No))
        }
        Op::Row(a) | Op::Column(a) => a.clone(),
        Op::Binary(f, a, b) => Expr::binary(*f, &squeezed(a), &squeezed(b)),
        Op::Unary(f, a) => Expr::unary(*f, &squeezed(a)),
        Op::Absent(name, a) => Expr::new(Op::Absent(name.clone(), squeezed(a))),
        Op::Dot(a, b) => {
            let squeezed_a = if matches!(a.op(), Op::Row(_)) { squeezed(a) } else { a.clone() };
            let squeezed_b = if matches!(b.op(), Op::Column(_)) { squeezed(b) } else { b.clone() };
            squeezed_a.dot(&squeezed_b)
        }
        _ => e.clone(),
    }
}

/// One number: a sum over everything.
fn squeezed_to_number(e: &Expr) -> Option<Expr> {
    if e.dim()? != (1, 1) {
        return None;
    }
    Some(match e.op() {
        Op::Reduce(Reduce::Sum, a, Some(_), _) => a.total(),
        Op::Binary(f, a, b) => Expr::binary(
            *f,
            &squeezed_to_number(a).unwrap_or_else(|| a.clone()),
            &squeezed_to_number(b).unwrap_or_else(|| b.clone()),
        ),
        _ => return None,
    })
}
