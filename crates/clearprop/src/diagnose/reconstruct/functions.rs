//! Which function leads from one array to another.

use super::contents::Contents;
use super::frame::views;
use crate::diagnose::expression::{Expr, Reduce, constant};
use crate::diagnose::function::Function;
use crate::diagnose::graph::same;
use crate::diagnose::mistakes::changes;

/// The function that leads from z to a, number for number.
pub(super) fn function(contents: &Contents, z: &Expr, a: &Expr, output: bool) -> Option<Function> {
    let (zv, av) = (&z.value()?.data, &a.value()?.data);
    if zv.dim() != av.dim() {
        return None;
    }
    // Some rows rule most functions out.
    let some = ndarray::s![..zv.nrows().min(2), ..];
    let (few, own) = (constant(zv.slice(some).to_owned()), av.slice(some).to_owned());
    let size = crate::diagnose::graph::largest(av);
    let could = |f: Function| {
        f.apply(&few).value().is_some_and(|value| same(&own, &value.data, contents.tolerance, size))
    };
    let fits = |f: Function| {
        could(f) && f.apply(z).value().is_some_and(|value| same(av, &value.data, contents.tolerance, 0.0))
    };
    if let Some(said) = contents.activation.filter(|f| !output && fits(*f)) {
        return Some(said);
    }
    if output && zv.ncols() > 1 && fits(Function::Softmax) {
        return Some(Function::Softmax);
    }
    if let Some(found) = Function::ALL.into_iter().find(|f| fits(*f)) {
        return Some(found);
    }
    // A leak or an alpha is found by projection.
    let below: Vec<(f64, f64)> =
        zv.iter().zip(av).filter(|(z, _)| **z < 0.0).map(|(z, a)| (*z, *a)).collect();
    // One number is a multiple of any other.
    if below.len() < 2 {
        return None;
    }
    let project = |shape: &dyn Fn(f64) -> f64| {
        let (mut top, mut bottom) = (0.0, 0.0);
        for (z, a) in &below {
            top += a * shape(*z);
            bottom += shape(*z) * shape(*z);
        }
        // Rounded to a number that a person writes.
        let value: f64 = top / bottom;
        let short = (value * 1e6).round() / 1e6;
        if (short - value).abs() < 1e-5 * value.abs() { short } else { value }
    };
    let leak = project(&|z| z);
    let alpha = project(&|z| z.exp_m1());
    [Function::Leaky(leak), Function::Elu(alpha)]
        .into_iter()
        .find(|f| f.parameters()[0].1 > 0.0 && f.parameters()[0].1.is_finite() && fits(*f))
}

/// The function whose slope at z leads from one derivative of the file to another: what was meant, where no function
/// leads from z to a.
pub(super) fn by_slope(contents: &Contents, z: &Expr, dim: (usize, usize)) -> Option<Function> {
    let pairs = derivatives(contents, dim);
    let shown =
        |f: &Function| f.slope(z, &f.apply(z)).is_some_and(|slope| leads(&pairs, &slope, contents.tolerance));
    Function::ALL.into_iter().filter(|f| *f != Function::Identity).find(shown)
}

/// The function of which a is a slip, one thing in it changed, and the derivatives are not those of what it is now: else
/// it is a function of its own.
pub(super) fn by_change(contents: &Contents, z: &Expr, a: &Expr, dim: (usize, usize)) -> Option<Function> {
    const STEP: f64 = 1e-5;
    let pairs = derivatives(contents, dim);
    if pairs.is_empty() {
        return None;
    }
    let at = |step: f64| z.clone() + Expr::number(step);
    let holds = |e: &Expr| {
        e.value().zip(a.value()).is_some_and(|(e, a)| same(&a.data, &e.data, contents.tolerance, 0.0))
    };
    Function::ALL.into_iter().filter(|f| *f != Function::Identity).find(|f| {
        let changed = changes(&f.apply(z)).iter().position(holds);
        let value = |nth: usize, step: f64| changes(&f.apply(&at(step))).into_iter().nth(nth);
        changed
            .and_then(|nth| value(nth, STEP).zip(value(nth, -STEP)))
            .is_some_and(|(above, below)| !leads(&pairs, &((above - below) / Expr::number(2.0 * STEP)), 1e-6))
    })
}

/// Derivatives of the file with a layer's shape, each beside each other one.
fn derivatives(contents: &Contents, dim: (usize, usize)) -> Vec<(Expr, Expr)> {
    let items = contents.items.iter().filter(|item| item.hint.is_some_and(|hint| hint.derivative));
    let all: Vec<Expr> = items.flat_map(|item| views(item, dim, None)).map(|(view, ..)| view).collect();
    let differ = |a: &Expr, b: &Expr| a.value().map(|a| &a.data) != b.value().map(|b| &b.data);
    let pairs = all.iter().flat_map(|a| all.iter().map(move |b| (a, b)));
    pairs.filter(|(a, b)| differ(a, b)).map(|(a, b)| (a.clone(), b.clone())).collect()
}

/// Whether a slope leads from one derivative to another.
fn leads(pairs: &[(Expr, Expr)], slope: &Expr, tolerance: f64) -> bool {
    pairs.iter().any(|(da, dz)| {
        let made = da.clone() * slope.clone();
        made.value().zip(dz.value()).is_some_and(|(made, dz)| same(&dz.data, &made.data, tolerance, 0.0))
    })
}

/// The function of which a is a turned form: its value with the other sign, of the other z, or both (the mask of a
/// rectifier turned).
pub(super) fn turned(contents: &Contents, z: &Expr, a: &Expr, output: bool) -> Option<Function> {
    let (other_z, other_a) = (-z.clone(), -a.clone());
    [(z, &other_a), (&other_z, a), (&other_z, &other_a)]
        .into_iter()
        .find_map(|(z, a)| function(contents, z, a, output).filter(|f| *f != Function::Identity))
}

/// Softmax over the wrong axis or over everything, or divided by the mean, is softmax all the same.
pub(super) fn is_some_softmax(z: &Expr, a: &Expr, tolerance: f64) -> bool {
    let Some(av) = a.value() else { return false };
    let e = z.exp();
    let plain = e.clone() / e.reduce(Reduce::Sum, None);
    let by_mean = e.clone() / e.reduce(Reduce::Mean, Some(1));
    let of_columns = (z.clone() - z.reduce(Reduce::Max, Some(0))).exp();
    let of_columns = of_columns.clone() / of_columns.sum(1);
    [z.softmax(None), z.softmax(Some(0)), plain, by_mean, of_columns]
        .iter()
        .any(|e| e.value().is_some_and(|value| same(&av.data, &value.data, tolerance, 0.0)))
}
