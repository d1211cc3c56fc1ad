//! What each mistake of the catalogue computes at its stage, from the values before it.

mod hidden;
mod parameters;

use super::case::{Case, Quantity, Values, column_sums, data_loss, right};
use super::conventions::Convention;
use crate::loss::{Loss, argmax};
use crate::target::Target;
use Quantity::{A, Da, Db, Dlogits, Dw, Dz, Probs, Z};
use ndarray::{Array1, Array2, Axis, s};

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

fn told(ids: &[u8], detail: impl Into<String>, value: Array2<f64>) -> Candidate {
    Candidate { parts: vec![ids.to_vec()], detail: detail.into(), value }
}

/// Everything that the catalogue knows to go wrong at this stage.
pub(super) fn candidates(
    case: &Case,
    convention: &Convention,
    values: &Values,
    quantity: Quantity,
) -> Vec<Candidate> {
    match quantity {
        Z(l) if l == case.layers() => shifted(case, convention, values),
        Z(_) | A(_) => None,
        Probs => probs(case, values),
        Quantity::Loss => loss(case, convention, values),
        Dlogits => dlogits(case, convention, values),
        Dw(l) => parameters::dw(case, convention, values, l),
        Db(l) => parameters::db(case, convention, values, l),
        Da(l) => hidden::da(case, convention, values, l),
        Dz(l) => hidden::dz(case, values, l),
    }
    .unwrap_or_default()
}

/// No mistake: softmax does not see a number that is taken from a whole row, as its largest is, in place.
fn shifted(case: &Case, convention: &Convention, values: &Values) -> Option<Vec<Candidate>> {
    let logits = Z(case.layers());
    let (given, right) = (&case.given.get(&logits)?.value, right(case, convention, values, logits)?);
    if case.network.loss != Loss::Softmax || given.dim() != right.dim() || right.ncols() < 2 {
        return None;
    }
    let shift = (given - &right).slice_move(s![.., ..1]);
    let detail = "a number was taken from each row, which softmax does not see".to_owned();
    Some(vec![Candidate { parts: vec![], detail, value: right + shift }])
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
        let logits = values.get(Z(case.layers()))?;
        let pairs = logits.iter().flat_map(|&z| case.target.iter().map(move |&y| (z, y)));
        let (z, y): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let column = |values: Vec<f64>| Array1::from(values).insert_axis(Axis(1));
        let sum = case.network.loss.row_losses(&column(z), &Target::Values(column(y))).sum();
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
    let diff = case.network.loss.row_slopes(p, &case.answers());
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
                Array2::from_shape_fn(
                    p.dim(),
                    |(i, j)| if (case.classes[i] + by) % width == j { 1.0 } else { 0.0 },
                )
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
        // No mistakes of their own are known.
        Loss::Squared | Loss::Poisson | Loss::Absolute | Loss::Huber { .. } => {}
        Loss::SmoothedSoftmax { .. } | Loss::Hinge | Loss::SquaredHinge => {}
    }
    let mut scales: Vec<(&[u8], f64)> = vec![(&[], 1.0), (&[3], 1.0 / k)];
    if !convention.late {
        // With a late mean, dlogits with its 1/N is the usual one, and the second 1/N comes in dW.
        scales.push((&[2], 1.0 / n));
    }
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
