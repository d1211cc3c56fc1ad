//! Mistakes in the derivatives by weights and biases.

use super::{Candidate, made};
use crate::activation::Activation;
use crate::diagnose::case::{Bias, Case, Quantity, Values, column_sums};
use crate::diagnose::conventions::{Convention, PenaltyForm};
use crate::network::Penalized;
use crate::params::with_ones;
use Quantity::{Da, Z};
use ndarray::{Array2, Axis, s};

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
pub(super) fn dw(case: &Case, convention: &Convention, values: &Values, l: usize) -> Option<Vec<Candidate>> {
    let (a, dz, w) = (values.a(case, l - 1)?, values.dz(case, l)?, &case.w[l]);
    if dz.dim() != (case.n(), w.ncols()) || a.dim() != (case.n(), w.nrows()) {
        return None;
    }
    let (n, mean, strength) = (case.rows(), convention.mean(case), convention.strength(case));
    let hidden_nonlinearity = l > 1 && case.network.activations[l - 2] != Activation::Identity;
    let product = |a: &Array2<f64>, dz: &Array2<f64>| a.t().dot(dz) * mean;
    let right = product(a, dz);
    let mut data: Vec<Part> =
        vec![(vec![], right.clone()), (vec![27, 2], &right / n), (vec![54], &right * n)];
    if hidden_nonlinearity
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
    found.push(Candidate {
        parts: vec![vec![34], vec![19]],
        detail: String::new(),
        value: full.0.reversed_axes(),
    });
    Some(found)
}

/// 25, 29 to 33, 51, 54, 55; with the bias as a row of W also the mistakes of `dw`.
pub(super) fn db(case: &Case, convention: &Convention, values: &Values, l: usize) -> Option<Vec<Candidate>> {
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
