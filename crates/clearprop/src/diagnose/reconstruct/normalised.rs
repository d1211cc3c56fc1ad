//! Batch and layer normalisation: a layer's z with mean 0 and variance 1, times gamma, plus beta.

use super::contents::{Contents, Item};
use super::followed::{Followed, taken};
use super::frame::views;
use crate::diagnose::expression::Expr;
use crate::diagnose::function::Function;
use crate::diagnose::graph::{Norm, same};
use crate::diagnose::hints::{Layer, Word};
use crate::quantity::{
    Quantity,
    Quantity::Of,
    Variable::{Beta, Gamma, Normed, Scaled},
};

/// What people add to the variance.
const EPS: [f64; 6] = [1e-5, 1e-8, 1e-3, 0.0, 1e-6, 1e-7];

/// Finds how layer l normalises z, if an array of the file shows it; what the nonlinearity then works on.
pub(super) fn follow(contents: &Contents, f: &mut Followed, l: usize, z: &Expr) -> Option<Expr> {
    let (gamma, beta) = (parameter(contents, f, Word::Gamma, l), parameter(contents, f, Word::Beta, l));
    let row = |at: Option<usize>| at.map(|at| contents.items[at].e.as_row());
    let mut ways: Vec<Norm> = Vec::new();
    let named = contents.items.iter().find(|item| item.name.to_ascii_lowercase().starts_with("eps"));
    let numbers = EPS.into_iter().map(Expr::number);
    for eps in
        named.filter(|item| item.number().is_some()).map(|item| item.e.clone()).into_iter().chain(numbers)
    {
        for axis in [0, 1] {
            ways.push(Norm { axis, eps: eps.clone(), gamma: row(gamma), beta: row(beta) });
        }
    }
    let dim = (f.frame.n, f.frame.sizes[l]);
    let shows = |norm: &Norm| {
        let normed = norm.normed(z);
        let scaled = norm.scaled(&normed);
        let holds = |e: &Expr| holding(contents, f, e, dim).is_some();
        holds(&normed)
            || norm.is_scaled() && (holds(&scaled) || Function::ALL.iter().any(|f| holds(&f.apply(&scaled))))
    };
    // Where none fits, gamma or the name of an array says that there is one.
    let said =
        gamma.is_some() || contents.items.iter().enumerate().any(|(at, i)| !f.used[at] && is_normed(i));
    let slips =
        |norm: &Norm| norm.slips(z).iter().any(|slip| holding(contents, f, &slip.value, dim).is_some());
    let norm = ways.iter().find(|norm| shows(norm));
    let norm = norm
        .or_else(|| ways.iter().find(|norm| said && slips(norm)))
        .or_else(|| ways.first().filter(|_| said));
    let norm = norm?.clone();
    for (at, variable) in [(gamma, Gamma(l)), (beta, Beta(l))] {
        if let Some(at) = at {
            f.used[at] = true;
            f.inputs.push((variable, contents.items[at].name.clone()));
        }
    }
    let mut before = norm.normed(z);
    before = take(contents, f, Of(Normed(l)), before, dim, &is_normed);
    if norm.is_scaled() {
        let scaled = norm.scaled(&before);
        before = take(contents, f, Of(Scaled(l)), scaled, dim, &is_scaled);
    }
    f.norms.insert(l, norm);
    Some(before)
}

/// The item of gamma or beta of a layer: its number in the name, or none where one layer has them.
fn parameter(contents: &Contents, f: &Followed, word: Word, l: usize) -> Option<usize> {
    let fits = |item: &Item| item.e.value().is_some_and(|value| value.data.len() == f.frame.sizes[l]);
    let at = |layer: Layer| {
        contents.items.iter().enumerate().position(|(at, item)| {
            !f.used[at] && item.is(false, word) && fits(item) && item.hint.is_some_and(|h| h.layer == layer)
        })
    };
    at(Layer::Number(l)).or_else(|| at(Layer::Unsaid))
}

fn is_normed(item: &Item) -> bool {
    let name: String =
        item.name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    matches!(
        name.as_str(),
        "xhat" | "zhat" | "znorm" | "xnorm" | "normed" | "normalized" | "xnormalized" | "znormalized"
    )
}

fn is_scaled(item: &Item) -> bool {
    let name: String =
        item.name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    matches!(name.as_str(), "bn" | "ztilde" | "bnout" | "zbn" | "outbn" | "ybn" | "scaled")
}

fn holding(contents: &Contents, f: &Followed, right: &Expr, dim: (usize, usize)) -> Option<usize> {
    contents.items.iter().enumerate().position(|(at, item)| {
        !f.used[at]
            && views(item, dim, None).into_iter().any(|(view, ..)| {
                view.value()
                    .zip(right.value())
                    .is_some_and(|(own, right)| same(&own.data, &right.data, contents.tolerance, 0.0))
            })
    })
}

/// The person's array of a value, by its numbers or its name; else what it follows from.
fn take(
    contents: &Contents,
    f: &mut Followed,
    quantity: Quantity,
    right: Expr,
    dim: (usize, usize),
    named: &dyn Fn(&Item) -> bool,
) -> Expr {
    let by_name = || contents.items.iter().enumerate().position(|(at, item)| !f.used[at] && named(item));
    let at = holding(contents, f, &right, dim).or_else(by_name);
    if let Some(at) = at
        && let Some((view, turned, _)) = views(&contents.items[at], dim, None).into_iter().next()
    {
        f.used[at] = true;
        f.given.insert(quantity, taken(&contents.items[at], view.clone(), turned, None));
        return view;
    }
    let last = f.frame.sizes.len() - 1;
    Expr::new(crate::diagnose::expression::Op::Absent(quantity.name(contents.habit, last), right))
}
