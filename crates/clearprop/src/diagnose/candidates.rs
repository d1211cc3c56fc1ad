//! What each mistake of the catalogue computes at its stage, from the values before it.

use super::case::{Bias, Case, Quantity, Values, column_sums, data_loss, with_ones};
use super::conventions::{Convention, PenaltyForm};
use crate::activation::Activation;
use crate::loss::{Loss, argmax};
use crate::network::Penalized;
use Quantity::{A, Da, Db, Dlogits, Dw, Dz, Probs, Z};
use ndarray::{Array2, Axis, Zip, s};

/// A value that a stage may have instead of the right one, and the mistakes that lead there.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// For each mistake made here the numbers under which it may go; empty for a convention.
    pub(super) parts: Vec<Vec<u8>>,
    /// What to say beside the mistake's own words: the factor, the step.
    pub(super) detail: String,
    /// The value.
    pub(super) value: Array2<f64>,
}

fn made(ids: &[u8], value: Array2<f64>) -> Candidate {
    Candidate { parts: vec![ids.to_vec()], detail: String::new(), value }
}

/// Step sizes that people use, tried where the file does not say one (mistake 35).
const STEPS: [f64; 14] = [1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 1e-4];

/// Slopes of the leaky rectifier that people use (mistake 49).
const LEAKS: [f64; 6] = [0.01, 0.1, 0.2, 0.3, 0.05, 0.001];

/// Everything that the catalogue knows to go wrong at this stage.
pub(super) fn candidates(case: &Case, convention: &Convention, values: &Values, quantity: Quantity) -> Vec<Candidate> {
    match quantity {
        Z(_) | A(_) => Some(Vec::new()),
        Probs => probs(case, values),
        Quantity::Loss => loss(case, convention, values),
        Dlogits => dlogits(case, convention, values),
        Dw(l) => dw(case, convention, values, l),
        Db(l) => db(case, convention, values, l),
        Da(l) => da(case, convention, values, l),
        Dz(l) => dz(case, values, l),
    }
    .unwrap_or_default()
}

/// 10, 11.
fn probs(case: &Case, values: &Values) -> Option<Vec<Candidate>> {
    if case.network.loss != Loss::Softmax {
        return None;
    }
    let logits = values.get(Z(case.layers()))?;
    let largest = logits.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
    let e = logits.mapv(|z| (z - largest).exp());
    let columns = column_sums(&e);
    Some(vec![made(&[10], &e / e.sum()), made(&[11], &e / &columns)])
}

/// 56, 57.
fn loss(case: &Case, convention: &Convention, values: &Values) -> Option<Vec<Candidate>> {
    let mean = data_loss(case, values)?;
    let penalty = convention.loss(case, 0.0);
    let one = |value: f64| Array2::from_elem((1, 1), value);
    let mut found = Vec::new();
    if case.network.loss == Loss::Softmax {
        found.push(made(&[57], one(f64::NAN)));
        let divided = convention.data_part(case, mean + case.rows().ln());
        found.push(made(&[57], one(divided + penalty)));
    }
    if case.network.outputs() == 1 && case.n() > 1 {
        let out = values.get(Probs)?;
        let pairs = out.iter().flat_map(|&p| case.target.iter().map(move |&y| (p, y)));
        let sum: f64 = match case.network.loss {
            Loss::Squared => pairs.map(|(p, y)| 0.5 * (p - y) * (p - y)).sum(),
            _ => pairs.map(|(p, y)| -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())).sum(),
        };
        let pairs = case.rows() * case.rows();
        for factor in [1.0, 2.0] {
            found.push(made(&[56], one(factor * sum / pairs + penalty)));
        }
    }
    Some(found)
}

/// 1 to 9 and 12 to 18: a form of the derivative times a scale.
fn dlogits(case: &Case, convention: &Convention, values: &Values) -> Option<Vec<Candidate>> {
    let (p, y) = (values.get(Probs)?, &case.target);
    if p.dim() != y.dim() {
        return None;
    }
    let f = values.get(Z(case.layers())).filter(|f| f.dim() == y.dim())?;
    let (n, k) = (case.rows(), case.network.outputs() as f64);
    let scale = convention.dlogits_scale(case);
    let diff = p - y;
    let mut forms: Vec<(&[u8], Array2<f64>)> = vec![(&[], diff.clone())];
    if scale != 1.0 {
        // Not multiplied by the scale below: only p is divided.
        forms.push((&[5], p - &(y / scale)));
    }
    forms.push((&[6], p.clone()));
    match case.network.loss {
        Loss::Softmax => {
            let width = p.ncols();
            let present: Vec<bool> = (0..width).map(|j| case.classes.contains(&j)).collect();
            let marked = Array2::from_shape_fn(p.dim(), |(_, j)| if present[j] { 1.0 } else { 0.0 });
            let shifted = |by: usize| {
                Array2::from_shape_fn(p.dim(), |(i, j)| if (case.classes[i] + by) % width == j { 1.0 } else { 0.0 })
            };
            forms.push((&[8], p - &marked));
            forms.push((&[9], p - &shifted(width - 1)));
            forms.push((&[9], p - &shifted(1)));
            forms.push((&[12], &diff * y));
            forms.push((&[13], &diff * p * &(1.0 - p)));
            forms.push((&[14], -y / p));
            let inner = (&diff * p).sum_axis(Axis(1)).insert_axis(Axis(1));
            let squared = p * &(&diff - &inner);
            forms.push((&[16], squared.clone()));
            forms.push((&[16], squared * 2.0));
            let best = argmax(f.view());
            let hard = Array2::from_shape_fn(p.dim(), |(i, j)| if best[i] as usize == j { 1.0 } else { 0.0 });
            forms.push((&[17], hard - y));
            forms.push((&[18], f - y));
        }
        Loss::Logistic => {
            forms.push((&[13, 16], &diff * p * &(1.0 - p)));
            forms.push((&[16], &diff * p * &(1.0 - p) * 2.0));
            forms.push((&[14], &diff / &(p * &(1.0 - p))));
            forms.push((&[17], p.mapv(|p| if p > 0.5 { 1.0 } else { 0.0 }) - y));
            forms.push((&[18], f - y));
        }
        Loss::Squared => {}
    }
    let mut scales: Vec<(&[u8], f64)> = vec![(&[], 1.0), (&[2], 1.0 / n), (&[3], 1.0 / k)];
    if !convention.late && !convention.summed {
        scales.push((&[1], n));
        scales.push((&[4], n / k));
    }
    scales.extend([(&[7][..], -1.0), (&[15], 2.0)]);
    let mut found = Vec::new();
    for (form, value) in &forms {
        for (by, factor) in &scales {
            let parts: Vec<Vec<u8>> =
                [form, by].into_iter().filter(|ids| !ids.is_empty()).map(|ids| ids.to_vec()).collect();
            if !parts.is_empty() {
                found.push(Candidate { parts, detail: String::new(), value: value * (scale * factor) });
            }
        }
    }
    if p.ncols() == 1 && case.n() > 1 {
        let row = y.t();
        let square = Array2::from_shape_fn((case.n(), case.n()), |(i, j)| (p[[i, 0]] - row[[0, j]]) * scale);
        found.push(made(&[56], square));
    }
    Some(found)
}

/// The data's part, or the penalty's, in the ways that people write it: numbers of the mistake (none if
/// right) and value.
type Part = (Vec<u8>, Array2<f64>);

/// 19 to 23: what stands in place of `strength * w`.
fn penalties(case: &Case, convention: &Convention, w: &Array2<f64>) -> Vec<Part> {
    let strength = convention.strength(case);
    let mut found = vec![(vec![], w * strength), (vec![19], w * 0.0)];
    if strength == 0.0 {
        found.truncate(1);
        let reg = case.network.penalty.reg;
        if reg != 0.0 {
            found.push((vec![20], w * reg)); // the loss has no penalty, the derivative has
        }
        return found;
    }
    found.push((vec![20], w * (2.0 * strength)));
    found.push((vec![20], w * (0.5 * strength)));
    let other_n = if convention.penalty == PenaltyForm::OverN { case.rows() } else { 1.0 / case.rows() };
    found.push((vec![21], w * (other_n * strength)));
    found.push((vec![22], w * -strength));
    found.push((vec![23], w.mapv(|_| strength)));
    found.push((vec![23], w.mapv(|w| strength * if w == 0.0 { 0.0 } else { w.signum() })));
    found
}

fn sums(data: Vec<Part>, penalties: &[Part]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (data_ids, data) in data {
        for (penalty_ids, penalty) in penalties {
            let parts: Vec<Vec<u8>> =
                [&data_ids, penalty_ids].into_iter().filter(|ids| !ids.is_empty()).cloned().collect();
            if !parts.is_empty() {
                found.push(Candidate { parts, detail: String::new(), value: &data + penalty });
            }
        }
    }
    found
}

fn positive(w: &Array2<f64>) -> Array2<f64> {
    w.mapv(|w| if w > 0.0 { 1.0 } else { 0.0 })
}

/// 19 to 24, 26 to 28, 34, 51 to 55.
fn dw(case: &Case, convention: &Convention, values: &Values, l: usize) -> Option<Vec<Candidate>> {
    let (a, dz, w) = (values.a(case, l - 1)?, values.dz(case, l)?, &case.w[l]);
    if dz.dim() != (case.n(), w.ncols()) || a.dim() != (case.n(), w.nrows()) {
        return None;
    }
    let (n, mean, strength) = (case.rows(), convention.mean(case), convention.strength(case));
    let hidden_nonlinearity = case.network.activation != Activation::Identity;
    let product = |a: &Array2<f64>, dz: &Array2<f64>| a.t().dot(dz) * mean;
    let right = product(a, dz);
    let mut data: Vec<Part> = vec![(vec![], right.clone()), (vec![27, 2], &right / n), (vec![54], &right * n)];
    if l > 1 && hidden_nonlinearity
        && let Some(z) = values.get(Z(l - 1))
        && z.dim() == a.dim()
    {
        data.push((vec![26], product(z, dz)));
    }
    if l < case.layers()
        && let Some(da) = values.get(Da(l))
        && da.dim() == dz.dim()
    {
        data.push((vec![51], product(a, da)));
        data.push((vec![52], product(a, da) * positive(w)));
    }
    let last = s![-1.., ..];
    data.push((vec![53], a.slice(last).t().dot(&dz.slice(last)) * mean));
    data.push((vec![52], &right * &positive(w)));
    if w.nrows() == w.ncols() {
        data.push((vec![34], right.t().to_owned()));
    }
    let whole = &right + &(w * strength);
    let mut found = sums(data, &penalties(case, convention, w));
    found.push(made(&[28], &whole / n));
    for factor in [2.0, 4.0] {
        found.push(made(&[55], &whole * factor));
    }
    found.push(made(&[52], &whole * &positive(w)));
    if l < case.layers()
        && let Some(da) = values.get(Da(l))
        && da.dim() == dz.dim()
    {
        found.push(made(&[52], (product(a, da) + w * strength) * positive(w)));
    }
    // Transposed as a whole: another shape, unless the sizes coincide.
    let full = match case.bias[l] {
        Bias::Row => {
            let all = ndarray::concatenate(Axis(0), &[w.view(), case.b[l].view()]).ok()?;
            let mut penalty = all * strength;
            if convention.over == Penalized::Weights {
                penalty.slice_mut(last).fill(0.0);
            }
            (product(&with_ones(a), dz), penalty)
        }
        _ => (right, w * strength),
    };
    found.push(made(&[34], (&full.0 + &full.1).reversed_axes()));
    found.push(Candidate { parts: vec![vec![34], vec![19]], detail: String::new(), value: full.0.reversed_axes() });
    Some(found)
}

/// 25, 29 to 33, 51, 54, 55; with the bias as a row of W also the mistakes of `dw`.
fn db(case: &Case, convention: &Convention, values: &Values, l: usize) -> Option<Vec<Candidate>> {
    let (a, dz, b) = (values.a(case, l - 1)?, values.dz(case, l)?, &case.b[l]);
    if dz.dim() != (case.n(), b.ncols()) || a.nrows() != case.n() {
        return None;
    }
    let (n, mean, strength) = (case.rows(), convention.mean(case), convention.strength(case));
    let row = case.bias[l] == Bias::Row;
    let right = column_sums(dz) * mean;
    let last = dz.slice(s![-1.., ..]).to_owned() * mean;
    let mut data: Vec<Part> = vec![
        (vec![], right.clone()),
        (if row { vec![29, 2, 27] } else { vec![29, 2] }, &right / n),
        (vec![30], right.mapv(|_| dz.sum() * mean)),
        (if row { vec![31, 53] } else { vec![31] }, last),
        (vec![32], column_sums(&a.t().dot(dz)) * mean),
        (vec![54], &right * n),
    ];
    if l < case.layers()
        && let Some(da) = values.get(Da(l))
        && da.dim() == dz.dim()
    {
        data.push((vec![51], column_sums(da) * mean));
    }
    if row {
        data.push((vec![52], &right * &positive(b)));
    }
    let penalties: Vec<Part> = if convention.over == Penalized::All {
        let mut all = penalties(case, convention, b);
        for (ids, _) in &mut all {
            if ids == &[19] {
                ids.push(25);
            }
        }
        all
    } else {
        vec![(vec![], b * 0.0), (vec![25], b * strength)]
    };
    let whole = &right + &penalties[0].1;
    let mut found = sums(data, &penalties);
    found.push(made(&[33], b * 0.0));
    found.push(made(if row { &[28] } else { &[28, 29] }, &whole / n));
    for factor in [4.0, 2.0] {
        found.push(made(&[55], &whole * factor));
    }
    if row {
        found.push(made(&[52], &whole * &positive(b)));
    }
    // Shapes that are not a bias's.
    found.push(made(&[31], dz * mean + &penalties[0].1));
    found.push(made(&[31], dz * mean));
    found.push(made(&[30], Array2::from_elem((1, 1), dz.sum() * mean)));
    Some(found)
}

/// 34 to 39.
fn da(case: &Case, convention: &Convention, values: &Values, l: usize) -> Option<Vec<Candidate>> {
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
            let detail = format!("with step size {}", super::report::number(step));
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

/// The slopes of all activations, in the variables that people write them in.
#[rustfmt::skip] // a table
const SLOPES: [(&str, fn(f64, f64) -> f64); 8] = [
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
fn dz(case: &Case, values: &Values, l: usize) -> Option<Vec<Candidate>> {
    let (z, a, da) = (values.get(Z(l))?, values.get(A(l))?, values.get(Da(l))?);
    let activation = case.network.activation;
    if z.dim() != a.dim() {
        return None;
    }
    if da.dim() != z.dim() {
        // The bias's column is still there: the mask of ones lets it pass.
        let wide = da.ncols() == z.ncols() + 1;
        return wide.then(|| vec![made(&[38], &with_ones(&slope(activation, z, a)) * da)]);
    }
    let relu = activation == Activation::Relu;
    let times = |f: &dyn Fn(f64, f64) -> f64| Zip::from(da).and(z).and(a).map_collect(|&d, &z, &a| d * f(z, a));
    let each = |f: &dyn Fn(f64, f64) -> f64| Zip::from(da).and(z).map_collect(|&d, &z| f(d, z));
    let overwritten =
        case.given.get(&Z(l)).is_some_and(|given| given.value.dim() == a.dim() && given.value == *a && *a != *z);
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
    found.push(made(&[46], times(&|_, a| a)));
    found.push(made(&[46], times(&|z, _| z)));
    for (words, f) in SLOPES {
        let is_right = match activation {
            Activation::Relu => words == "z > 0" || words == "a > 0",
            Activation::Tanh => words == "1-a^2" || words == "1-tanh(z)^2",
            Activation::Logistic => words == "a(1-a)" || words == "logistic(z)(1-logistic(z))",
            Activation::Identity => false,
        };
        if !is_right {
            found.push(Candidate { parts: vec![vec![47]], detail: format!("times {words}"), value: times(&f) });
        }
    }
    if matches!(activation, Activation::Tanh | Activation::Logistic) {
        // z was overwritten by a: the slope is taken at the wrong place.
        let ids: &[u8] = if overwritten { &[50] } else { &[50, 47] };
        found.push(made(ids, times(&|_, a| activation.derivative(a, activation.value(a)))));
    }
    if let Some(below) = values.a(case, l - 1) {
        let bare = super::case::fits(below, &case.w[l]).filter(|bare| bare.dim() == da.dim())?;
        let value = Zip::from(da)
            .and(&bare)
            .map_collect(|&d, &z| d * activation.derivative(z, activation.value(z)));
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
    let at_one = match activation {
        Activation::Relu | Activation::Identity => 1.0,
        // a(1-a) and 1-a^2 at a = 1
        Activation::Tanh | Activation::Logistic => 0.0,
    };
    wide.column_mut(z.ncols()).fill(at_one);
    wide
}

