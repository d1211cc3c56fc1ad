//! Inputs whose few far values do not count: a robust scale and a smooth clip.
//!
//! ```text
//! x <- s (x - median)            s = 1 / (q75 - q25); where that is 1/0, 2 / (max - min); where that is too, 0
//! x <- x / sqrt(1 + (x/3)^2)     about x near 0, within -3 and 3 wherever it was
//! ```
//!
//! Over the training rows, for every input alike, those of categories too.
//! Source: Holzmüller, Grinsztajn and Steinwart, *Better by default: strong pre-tuned MLPs and boosted trees on tabular
//! data*, 2024, section 3.

use crate::real::Real;
use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

/// What is taken from each input, and what the rest is multiplied by, before the clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Robust {
    /// The medians (d).
    pub medians: Vec<f64>,
    /// The factors s (d).
    pub factors: Vec<f64>,
}

impl Robust {
    /// Learns the next input from its values on the training rows.
    pub(super) fn learn(&mut self, mut values: Vec<f64>) {
        values.sort_unstable_by(f64::total_cmp);
        let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(&values, share));
        let (width, span) = (high - low, quantile(&values, 1.0) - quantile(&values, 0.0));
        let factor = match (width > 0.0, span > 0.0) {
            (true, _) => 1.0 / width,
            (false, true) => 2.0 / span,
            (false, false) => 0.0,
        };
        self.medians.push(median);
        self.factors.push(factor);
    }

    /// Scales and clips inputs (rows, width), of which the first is input number `first`.
    pub(super) fn apply<R: Real>(&self, first: usize, x: &mut ArrayViewMut2<'_, R>) {
        for (j, mut column) in (first..).zip(x.columns_mut()) {
            let (median, factor) = (self.medians[j], self.factors[j]);
            column.mapv_inplace(|value| {
                let x = factor * (value.f64() - median);
                R::of(x / 1f64.hypot(x / 3.0))
            });
        }
    }
}

/// The quantile of sorted values, straight between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let (below, above) = (place.floor(), place.ceil());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the values")]
    let at = |place: f64| sorted.get(place as usize).copied().unwrap_or(0.0);
    at(below) + (place - below) * (at(above) - at(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_values_come_near_and_what_never_varies_is_nothing() {
        let mut robust = Robust::default();
        robust.learn(vec![1.0, 2.0, 3.0, 4.0, 1e9]);
        // Rare ones: no width between the quartiles.
        robust.learn(vec![0.0, 0.0, 0.0, 0.0, 1.0]);
        robust.learn(vec![7.0; 5]);
        assert_eq!(robust.medians, [3.0, 0.0, 7.0]);
        assert_eq!(robust.factors, [0.5, 2.0, 0.0]);
        let mut x = ndarray::array![[3.0, 0.0, 7.0], [5.0, 1.0, 8.0], [1e9, 0.0, 7.0], [-1e300, 0.0, 7.0]];
        robust.apply(0, &mut x.view_mut());
        let clipped = |x: f64| x / (1.0 + x * x / 9.0).sqrt();
        assert_eq!(x.row(0).to_vec(), [0.0; 3]);
        assert!((x[[1, 0]] - clipped(1.0)).abs() < 1e-15 && (x[[1, 1]] - clipped(2.0)).abs() < 1e-15);
        assert_eq!(x[[1, 2]], 0.0);
        assert!((x[[2, 0]] - 3.0).abs() < 1e-9 && x[[2, 0]] <= 3.0);
        assert!((-3.0..=-2.99).contains(&x[[3, 0]]), "{}", x[[3, 0]]);
    }
}
