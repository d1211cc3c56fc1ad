//! What the losses are made of: sums of exponentials, smoothed labels, the margins of a support vector machine.
//!
//! n = rows, k = classes.

use crate::real::Real;
use crate::target::Target;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Zip};

/// `-sum over j of q[j] log softmax(logits)[j]` of each row, `q = (1 - smoothing) onehot(y) + smoothing/k`.
pub(super) fn smoothed_losses<R: Real>(logits: &Array2<R>, y: &Target<R>, smoothing: f64) -> Array1<f64> {
    // The wanted shares q add up to 1, so that log(sum) is taken once, as with softmax.
    Zip::from(logits.rows()).and(y.classes()).map_collect(|z, &class| {
        let right = R::of(1.0 - smoothing) * z[class as usize];
        (log_sum_exp(z) - right - R::of(smoothing / z.len() as f64) * z.sum()).f64()
    })
}

/// Takes q away from the probabilities (n, k).
pub(super) fn minus_smoothed<R: Real>(probs: &mut Array2<R>, y: &Target<R>, smoothing: f64) {
    let each = R::of(smoothing / probs.ncols().max(1) as f64);
    for (mut row, &class) in probs.rows_mut().into_iter().zip(y.classes()) {
        row[class as usize] -= R::of(1.0 - smoothing);
        row -= each;
    }
}

/// `sum over j != y of term(max(0, logits[j] - logits[y] + 1))` of each row.
pub(super) fn hinge_losses<R: Real>(logits: &Array2<R>, y: &Target<R>, term: impl Fn(R) -> R) -> Array1<f64> {
    let over = over_margins(logits, y);
    over.rows().into_iter().map(|row| row.iter().map(|&over| term(over).f64()).sum()).collect()
}

/// The derivative of that by the logits (n, k): `term'` of each, and at y minus the sum of the others.
pub(super) fn hinge_slopes<R: Real>(logits: &Array2<R>, y: &Target<R>, slope: impl Fn(R) -> R) -> Array2<R> {
    let mut slopes = over_margins(logits, y);
    for (mut row, &class) in slopes.rows_mut().into_iter().zip(y.classes()) {
        row.mapv_inplace(&slope);
        row[class as usize] = -row.sum();
    }
    slopes
}

/// `max(0, logits[j] - logits[y] + 1)` for j != y, and 0 at y; NaN stays NaN.
pub(super) fn over_margins<R: Real>(logits: &Array2<R>, y: &Target<R>) -> Array2<R> {
    let mut over = logits.clone();
    for (mut row, &class) in over.rows_mut().into_iter().zip(y.classes()) {
        let right = row[class as usize];
        row.mapv_inplace(|z| {
            let over = z - right + R::one();
            if over <= R::zero() { R::zero() } else { over }
        });
        row[class as usize] = R::zero();
    }
    over
}

/// The number of the largest of each row's k values; the first of equal ones.
#[must_use]
pub fn argmax<R: Real>(probs: ArrayView2<'_, R>) -> Vec<u32> {
    probs
        .axis_iter(Axis(0))
        .map(|row| {
            let mut best = 0;
            for j in 1..row.len() {
                if row[j] > row[best] {
                    best = j;
                }
            }
            u32::try_from(best).unwrap_or(u32::MAX)
        })
        .collect()
}

/// The largest of a row.
pub(super) fn max<R: Real>(row: ArrayView1<'_, R>) -> R {
    row.fold(R::neg_infinity(), |max, &v| if v > max { v } else { max })
}

/// `log(sum_j exp(z[j]))` with the largest z taken out first.
pub(super) fn log_sum_exp<R: Real>(z: ArrayView1<'_, R>) -> R {
    let largest = max(z);
    largest + z.iter().map(|&z| (z - largest).exp()).sum::<R>().ln()
}

/// `distance`, but `far` beyond `near` on either side; NaN stays NaN.
pub(super) fn cut<R: Real>(distance: R, near: R, far: R) -> R {
    if distance > near {
        far
    } else if distance < -near {
        -far
    } else {
        distance
    }
}
