//! Mistakes in the derivatives by the outputs and by the last z.

use super::candidate::{Candidate, made, told};
use crate::diagnose::convention::Convention;
use crate::diagnose::expression::{Compare, Expr, Reduce};
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::{Graph, Pass};
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, Z},
};

/// Derivatives by the outputs: the sign, the inner sign, a factor, a loss's other half.
pub(super) fn by_outputs(graph: &Graph, convention: &Convention, pass: &Pass) -> Option<Vec<Candidate>> {
    let last = graph.layers();
    let (p, y) = (pass.get(Of(A(last)))?, &graph.target);
    let right = graph.cost.by_output(p, y)?;
    let one = || Expr::number(1.0);
    let mut forms: Vec<(&[u8], Expr)> = vec![(&[], right)];
    if graph.cost == Cost::Binary {
        forms.push((&[78], -(y.clone() / p.clone()) - (one() - y.clone()) / (one() - p.clone())));
        forms.push((&[78], y.clone() / p.clone() + (one() - y.clone()) / (one() - p.clone())));
        forms.push((&[77], -(y.clone() / p.clone())));
        forms.push((&[79], p.clone() - y.clone()));
    }
    if graph.cost == Cost::CrossEntropy {
        forms.push((&[79], p.clone() - y.clone()));
    }
    Some(scaled(graph, convention, &forms))
}

/// 1 to 9 and 12 to 18: a form of the derivative times a scale.
pub(super) fn by_logits(graph: &Graph, convention: &Convention, pass: &Pass) -> Option<Vec<Candidate>> {
    let last = graph.layers();
    let (p, f, y) = (pass.get(Of(A(last)))?, pass.get(Of(Z(last)))?, &graph.target);
    if p.dim() != y.dim() || f.dim() != y.dim() {
        return None;
    }
    let function = graph.functions[last];
    let right = graph.cost.by_z(function, p, f, y)?;
    let scale = convention.scale(graph);
    let one = || Expr::number(1.0);
    let diff = p.clone() - y.clone();
    let slope_p = p.clone() * (one() - p.clone());
    let combined = matches!(
        (graph.cost, function),
        (Cost::CrossEntropy, Function::Softmax) | (Cost::Binary, Function::Logistic)
    );
    let mut forms: Vec<(&[u8], Expr)> = vec![(&[], right)];
    let plain = combined || (graph.cost, function) == (Cost::Squared, Function::Identity);
    if plain && scale != 1.0 {
        // Not multiplied by the scale below: only p is divided.
        forms.push((&[5], p.clone() - y.clone() / Expr::number(scale)));
    }
    if plain {
        forms.push((&[6], p.clone()));
    }
    match (graph.cost, function) {
        (Cost::CrossEntropy, Function::Softmax) => {
            let k = graph.outputs();
            let marked = y.reduce(Reduce::Max, Some(0));
            forms.push((&[8], p.clone() - marked));
            for by in [k - 1, 1] {
                if let Some(shifted) = moved(y, by) {
                    forms.push((&[9], p.clone() - shifted));
                }
            }
            forms.push((&[12], diff.clone() * y.clone()));
            forms.push((&[13], diff.clone() * slope_p));
            forms.push((&[14], -(y.clone() / p.clone())));
            let squared = p.clone() * (diff.clone() - (diff.clone() * p.clone()).sum(1));
            forms.push((&[16], squared.clone()));
            forms.push((&[16], squared.times(2.0)));
            let best = Expr::new(crate::diagnose::expression::Op::Compare(
                Compare::Equal,
                f.clone(),
                f.reduce(Reduce::Max, Some(1)),
            ));
            forms.push((&[17], best - y.clone()));
            forms.push((&[18], f.clone() - y.clone()));
        }
        (Cost::Binary, Function::Logistic) => {
            forms.push((&[13, 16], diff.clone() * slope_p.clone()));
            forms.push((&[16], (diff.clone() * slope_p.clone()).times(2.0)));
            forms.push((&[14], diff.clone() / slope_p));
            forms.push((&[17], Expr::compare(Compare::Greater, p, 0.5) - y.clone()));
            forms.push((&[18], f.clone() - y.clone()));
        }
        (_, Function::Identity) => {}
        (cost, function) => {
            // By way of the outputs: the derivative by them times a slope.
            if let Some(g) = cost.by_output(p, y) {
                forms.push((&[58], g.clone()));
                if function.is_rectifier() || function == Function::Softmax {
                    forms.push((&[47], g.clone() * slope_p));
                }
                for (ids, factor) in other_slopes(function, f, p) {
                    forms.push((ids, g.clone() * factor));
                }
                if cost != Cost::Squared {
                    forms.push((&[58, 79], diff.clone()));
                }
                forms.push((&[47], g.clone() * p.clone()));
            }
        }
    }
    let mut found = scaled(graph, convention, &forms);
    if graph.given.contains_key(&By(A(last)))
        && let (Some(dp), Some(slope)) = (pass.get(By(A(last))), function.slope(f, p))
        && function != Function::Identity
    {
        found.push(made(&[58, 40], dp.clone()));
        for (ids, factor) in other_slopes(function, f, p) {
            found.push(made(ids, dp.clone() * factor));
        }
        found.push(made(&[7], -(dp.clone() * slope)));
    }
    if graph.outputs() == 1 && graph.n > 1 {
        let square = p.clone() - y.t();
        found.push(made(&[56], convention.scaled(graph, square.clone())));
        found.push(made(&[56], convention.scaled(graph, p.t() - y.clone())));
        found.push(made(&[56], convention.scaled(graph, y.t() - p.clone())));
        found.push(made(&[56], convention.scaled(graph, y.clone() - p.t())));
        found.push(told(&[56], "", square));
    }
    Some(found)
}

/// Slopes that people take in place of the right one: of the wrong variable, or another function's.
pub(super) fn other_slopes(f: Function, z: &Expr, a: &Expr) -> Vec<(&'static [u8], Expr)> {
    let one = || Expr::number(1.0);
    let mut found: Vec<(&'static [u8], Expr)> = Vec::new();
    if matches!(f, Function::Logistic | Function::Tanh) {
        let again = f.apply(a);
        if let Some(slope) = f.slope(a, &again) {
            found.push((&[59], slope));
        }
    }
    let known: [(Function, Expr); 4] = [
        (Function::Logistic, z.clone() * (one() - z.clone())),
        (Function::Tanh, one() - z.squared()),
        (Function::Logistic, a.clone() * (one() - a.clone())),
        (Function::Tanh, one() - a.squared()),
    ];
    for (nth, (of, slope)) in known.into_iter().enumerate() {
        if nth < 2 || of != f {
            found.push((if nth < 2 && of == f { &[80, 47] } else { &[47] }, slope));
        }
    }
    if f != Function::Relu {
        found.push((&[47], crate::diagnose::function::above(z)));
    }
    found
}

/// One-hot labels moved by some classes.
fn moved(y: &Expr, by: usize) -> Option<Expr> {
    let value = y.value()?;
    let k = value.data.ncols();
    let shift = ndarray::Array2::from_shape_fn((k, k), |(i, j)| f64::from(u8::from((i + by) % k == j)));
    let matrix = crate::diagnose::expression::constant(shift);
    Some(y.dot(&matrix))
}

fn scaled(graph: &Graph, convention: &Convention, forms: &[(&[u8], Expr)]) -> Vec<Candidate> {
    let (n, k) = (graph.n(), graph.outputs() as f64);
    let mut scales: Vec<(&[u8], f64)> = vec![(&[], 1.0), (&[3], 1.0 / k)];
    if !convention.late {
        // With a late mean, dlogits with its 1/N is the usual one, and the second 1/N comes in dW.
        scales.push((&[2], 1.0 / n));
    }
    if !convention.late && !convention.summed {
        scales.push((&[1], n));
        scales.push((&[4], n / k));
        scales.push((&[1, 7], -n));
    }
    scales.extend([(&[7][..], -1.0), (&[15], 2.0)]);
    if graph.cost == Cost::Squared {
        scales.push((&[81], 0.5));
    }
    if graph.outputs() > 1 && convention.factor != 1.0 {
        scales.push((&[82], k));
        if !convention.late && !convention.summed {
            scales.push((&[1], n * k));
        }
    }
    let mut found = Vec::new();
    for (form, value) in forms {
        for (by, factor) in &scales {
            let mut parts: Vec<Vec<u8>> =
                [*form, *by].into_iter().filter(|ids| !ids.is_empty()).map(<[u8]>::to_vec).collect();
            if parts.last() == Some(&vec![1, 7]) {
                parts.pop();
                parts.extend([vec![1], vec![7]]);
            }
            if !parts.is_empty() && parts.len() < 3 {
                let value = convention.scaled(graph, value.clone()).times(*factor);
                found.push(Candidate { parts, detail: String::new(), value });
            }
        }
    }
    found
}
