//! Mistakes in the derivatives by a hidden layer's output and input.

use super::{Candidate, made, told};
use crate::activation::{Activation, WrittenIn};
use crate::diagnose::case::{Bias, Case, Quantity, Values, fits};
use crate::diagnose::conventions::Convention;
use crate::diagnose::words::number;
use crate::params::with_ones;
use Quantity::{A, Da, Dw, Z};
use ndarray::{Array2, Axis, Zip, s};

/// Step sizes that people use, tried where the file does not say one (mistake 35).
const STEPS: [f64; 14] = [1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 1e-4];

/// Slopes of the leaky rectifier that people use (mistake 49).
const LEAKS: [f64; 6] = [0.01, 0.1, 0.2, 0.3, 0.05, 0.001];

/// 34 to 39.
pub(super) fn da(case: &Case, convention: &Convention, values: &Values, l: usize) -> Option<Vec<Candidate>> {
    let (dz, w, b) = (values.dz(case, l + 1)?, &case.w[l + 1], &case.b[l + 1]);
    if dz.ncols() != w.ncols() {
        return None;
    }
    let right = dz.dot(&w.t());
    let units = right.ncols();
    let mut found = Vec::new();
    let rows = dz.sum_axis(Axis(1)).insert_axis(Axis(1));
    found.push(made(&[36], Array2::from_shape_fn(right.dim(), |(i, _)| rows[[i, 0]])));
    if let Some(a) = values.a(case, l) {
        let strength = convention.strength(case);
        if strength != 0.0 && a.dim() == right.dim() {
            found.push(made(&[37], &right + &(a * strength)));
        }
    }
    if let Some(dw) = values.get(Dw(l + 1))
        && dw.dim() == w.dim()
    {
        let moved = dz.dot(&dw.t());
        let mut steps: Vec<f64> = case.step.into_iter().chain(STEPS).collect();
        if let Some(given) = case.given.get(&Da(l))
            && given.value.dim() == right.dim()
        {
            steps.insert(0, (&moved * &(&right - &given.value)).sum() / (&moved * &moved).sum());
        }
        for step in steps.into_iter().filter(|step| *step > 0.0 && step.is_finite()) {
            let detail = format!("with step size {}", number(step));
            let value = &right - &(&moved * step);
            found.push(Candidate { parts: vec![vec![35]], detail, value });
        }
    }
    if case.bias[l + 1] == Bias::Row {
        let wide = ndarray::concatenate(Axis(1), &[right.view(), dz.dot(&b.t()).view()]).ok()?;
        found.push(made(&[39], wide.slice(s![.., 1..]).to_owned()));
        found.push(made(&[38], wide));
    }
    if w.nrows() == w.ncols() {
        found.push(made(&[34], dz.dot(w)));
    }
    if case.n() != units {
        found.push(made(&[34], right.reversed_axes()));
    }
    Some(found)
}

/// A slope, from z and a.
type Slope = fn(f64, f64) -> f64;

/// The slopes of all activations, in the variables that people write them in.
#[rustfmt::skip] // a table
const SLOPES: [(&str, Slope); 8] = [
    ("a(1-a)", |_, a| a * (1.0 - a)),
    ("1-a^2", |_, a| 1.0 - a * a),
    ("z > 0", |z, _| if z > 0.0 { 1.0 } else { 0.0 }),
    ("z(1-z)", |z, _| z * (1.0 - z)),
    ("1-z^2", |z, _| 1.0 - z * z),
    ("logistic(z)(1-logistic(z))", |z, _| { let s = 1.0 / (1.0 + (-z).exp()); s * (1.0 - s) }),
    ("1-tanh(z)^2", |z, _| 1.0 - z.tanh().powi(2)),
    ("a > 0", |_, a| if a > 0.0 { 1.0 } else { 0.0 }),
];

/// 38 to 50.
pub(super) fn dz(case: &Case, values: &Values, l: usize) -> Option<Vec<Candidate>> {
    let (z, a, da) = (values.get(Z(l))?, values.get(A(l))?, values.get(Da(l))?);
    let activation = case.network.activations[l - 1];
    if z.dim() != a.dim() {
        return None;
    }
    if da.dim() != z.dim() {
        // The bias's column is still there: the mask of ones lets it pass.
        let wide = da.ncols() == z.ncols() + 1;
        return wide.then(|| vec![made(&[38], &with_ones(&slope(activation, z, a)) * da)]);
    }
    let relu = activation == Activation::Relu;
    let times =
        |f: &dyn Fn(f64, f64) -> f64| Zip::from(da).and(z).and(a).map_collect(|&d, &z, &a| d * f(z, a));
    let each = |f: &dyn Fn(f64, f64) -> f64| Zip::from(da).and(z).map_collect(|&d, &z| f(d, z));
    let overwritten = case
        .given
        .get(&Z(l))
        .is_some_and(|given| given.value.dim() == a.dim() && given.value == *a && *a != *z);
    let mut found = Vec::new();
    if activation != Activation::Identity {
        let ids: &[u8] = match (relu, overwritten) {
            (true, true) => &[50, 40, 41],
            (true, false) => &[40, 41],
            _ => &[40],
        };
        found.push(made(ids, da.clone()));
    }
    if relu {
        found.push(made(&[42], each(&|d, _| d.max(0.0))));
        found.push(made(&[43], each(&|d, z| if z > 0.0 { d.max(0.0) } else { 0.0 })));
        found.push(made(&[44], each(&|d, z| if z > 0.0 { 0.0 } else { d })));
        found.push(made(&[45], each(&|_, z| if z > 0.0 { 1.0 } else { 0.0 })));
        for leak in LEAKS {
            let value = each(&|d, z| if z > 0.0 { d } else { leak * d });
            let detail = format!("with slope {leak}");
            found.push(Candidate { parts: vec![vec![49]], detail, value });
        }
        if z.iter().any(|&z| z == 0.0) {
            let value = each(&|d, z| if z >= 0.0 { d } else { 0.0 });
            let detail = "ReLU'(0) is taken as 1".to_owned();
            found.push(Candidate { parts: vec![], detail, value });
        }
    }
    found.push(told(&[46], "dz / da is a, the output", times(&|_, a| a)));
    found.push(told(&[46], "dz / da is z, the input", times(&|z, _| z)));
    for (words, f) in SLOPES {
        let is_right = match activation {
            Activation::Relu => words == "z > 0" || words == "a > 0",
            Activation::Tanh => words == "1-a^2" || words == "1-tanh(z)^2",
            Activation::Logistic => words == "a(1-a)" || words == "logistic(z)(1-logistic(z))",
            // Whichever of these comes to the same as their own slope.
            _ => times(&f) == times(&|z, a| activation.derivative(z, a)),
        };
        if !is_right {
            found.push(Candidate {
                parts: vec![vec![47]],
                detail: format!("times {words}"),
                value: times(&f),
            });
        }
    }
    if matches!(activation, Activation::Tanh | Activation::Logistic) {
        // z was overwritten by a: the slope is taken at the wrong place.
        let ids: &[u8] = if overwritten { &[50] } else { &[50, 47] };
        found.push(made(ids, times(&|_, a| activation.derivative(a, activation.value(a)))));
    }
    if let Some(below) = values.a(case, l - 1) {
        let bare = fits(below, &case.w[l]).filter(|bare| bare.dim() == da.dim())?;
        let value =
            Zip::from(da).and(&bare).map_collect(|&d, &z| d * activation.derivative(z, activation.value(z)));
        found.push(made(&[48], value));
    }
    if case.bias[l + 1] == Bias::Row {
        let extra = values.dz(case, l + 1).filter(|dz| dz.dim() == (da.nrows(), case.b[l + 1].ncols()));
        if let Some(dz) = extra {
            let wide = ndarray::concatenate(Axis(1), &[da.view(), dz.dot(&case.b[l + 1].t()).view()]).ok()?;
            found.push(made(&[39], &wide.slice(s![.., 1..]) * &slope(activation, z, a)));
            found.push(made(&[38], &wide * &wide_slope(activation, z, a)));
        }
    }
    Some(found)
}

fn slope(activation: Activation, z: &Array2<f64>, a: &Array2<f64>) -> Array2<f64> {
    Zip::from(z).and(a).map_collect(|&z, &a| activation.derivative(z, a))
}

/// The slope computed from `a` with its column of ones (mistake 38).
fn wide_slope(activation: Activation, z: &Array2<f64>, a: &Array2<f64>) -> Array2<f64> {
    let mut wide = with_ones(&slope(activation, z, a));
    let at_one = match activation.derivative_by() {
        // a(1-a) and 1-a^2 at a = 1
        WrittenIn::Output => activation.derivative(1.0, 1.0),
        WrittenIn::Neither | WrittenIn::Input | WrittenIn::Both => {
            activation.derivative(1.0, activation.value(1.0))
        }
    };
    wide.column_mut(z.ncols()).fill(at_one);
    wide
}
