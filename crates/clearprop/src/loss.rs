//! Losses: from logits to one number, and the derivative back to the logits.
//!
//! n = rows, k = classes or outputs.  Every loss is a mean over rows.  Value and derivative are
//! taken from the **logits** (the input of softmax), never from a clipped probability: softmax and
//! cross-entropy are differentiated together, which leaves `probs - onehot(y)` and cannot overflow.
//! Everything about a loss is a method of [`Loss`] that lists them all; how it is written stands in
//! `loss/formula.rs`, what kind of loss it is in `loss/kind.rs`.
//! Source: cs231n, *linear classification*, "Softmax classifier" and "Practical issues: Numeric stability".

mod formula;
mod kind;
mod terms;

pub use formula::{Line, Names};
pub use terms::argmax;
use terms::{cut, log_sum_exp, max};

use crate::activation::{log_one_plus_exp, logistic};
use crate::real::Real;
use crate::target::{Target, Weighted};
use ndarray::{Array1, Array2, ArrayView1, Zip};
use serde::{Deserialize, Serialize};

/// What is made small.
///
/// Written as a name, with a parameter behind a colon where it is not the usual one: `huber`, `huber:1.5`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Loss {
    /// Softmax cross-entropy, one class a row: `-log softmax(logits)[y]`.
    Softmax,
    /// Softmax cross-entropy with smoothed labels: the right class is wanted with `1 - smoothing + smoothing/k`, each of
    /// the others with `smoothing/k`, so that no logit need grow without end (Szegedy et al., *Rethinking the
    /// inception architecture for computer vision*, 2016).
    SmoothedSoftmax {
        /// What is taken from the right class and given to all; usually 0.1.
        smoothing: f64,
    },
    /// Logistic cross-entropy, several labels at once: for each of the k columns
    /// `-log p` where the label is 1 and `-log(1 - p)` where it is 0, added up.
    Logistic,
    /// Squared error, regression: `1/2 * sum((logits - y)^2)` over the k columns.
    Squared,
    /// Poisson regression of counts, with the logarithm as link: the outputs are `exp(logits)`, the loss is
    /// `sum(exp(logits) - y * logits)` over the k columns, the negative log-likelihood without the part that
    /// does not depend on the logits.  Infinite where `exp(logits)` is, from logits of 709 on (f32: 88).
    Poisson,
    /// Absolute error, regression: `sum(|logits - y|)`; what it finds is the median.
    Absolute,
    /// Huber's: squared error up to a distance of `delta`, `delta (distance - delta/2)` beyond (Huber, *Robust
    /// estimation of a location parameter*, 1964).
    Huber {
        /// The distance from which on it grows like a line; usually 1.
        delta: f64,
    },
    /// The multiclass SVM's, one class a row: `sum over j != y of max(0, logits[j] - logits[y] + 1)` (Weston and
    /// Watkins, *Support vector machines for multi-class pattern recognition*, 1999; cs231n, *linear classification*).
    /// Its outputs are the logits, called scores: no probabilities.
    Hinge,
    /// The same with `max(0, ..)^2`, cs231n's "squared hinge", which has no corners.
    SquaredHinge,
}

impl Loss {
    /// What the network says (n, k), from `logits` (n, k): probabilities (softmax row by row, or the logistic
    /// function), expected counts (Poisson), or the logits themselves.
    #[must_use]
    pub fn outputs<R: Real>(self, logits: &Array2<R>) -> Array2<R> {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } => {
                let mut probs = logits.clone();
                for mut row in probs.rows_mut() {
                    // softmax does not change when a number is taken from all logits of a row;
                    // with the largest gone, exp cannot overflow.
                    let largest = max(row.view());
                    row.mapv_inplace(|logit| (logit - largest).exp());
                    let sum = row.sum();
                    row /= sum;
                }
                probs
            }
            Self::Logistic => logits.mapv(logistic),
            Self::Poisson => logits.mapv(R::exp),
            Self::Squared | Self::Absolute | Self::Huber { .. } => logits.clone(),
            Self::Hinge | Self::SquaredHinge => logits.clone(),
        }
    }

    /// The loss of each row (n), from `logits` (n, k) and the right answers.
    ///
    /// # Panics
    /// If the answers are not of the kind and shape that this loss is of: [`Data::fits`](crate::data::Data::fits) tells.
    #[must_use]
    pub fn row_losses<R: Real>(self, logits: &Array2<R>, y: &Target<R>) -> Array1<f64> {
        let sums = |term: &dyn Fn(R, R) -> R| {
            let row = |z: ArrayView1<'_, R>, y: ArrayView1<'_, R>| {
                z.iter().zip(y).map(|(&z, &y)| term(z, y).f64()).sum()
            };
            Zip::from(logits.rows()).and(y.values().rows()).map_collect(row)
        };
        match self {
            // -log softmax(z)[y] = log(sum_j exp(z[j])) - z[y]
            Self::Softmax => Zip::from(logits.rows())
                .and(y.classes())
                .map_collect(|z, &class| (log_sum_exp(z) - z[class as usize]).f64()),
            Self::SmoothedSoftmax { smoothing } => terms::smoothed_losses(logits, y, smoothing),
            // -y log p - (1-y) log(1-p) = log(1 + exp(z)) - y z
            Self::Logistic => sums(&|z, y| log_one_plus_exp(z) - y * z),
            Self::Squared => sums(&|z, y| R::of(0.5) * (z - y) * (z - y)),
            Self::Poisson => sums(&|z, y| z.exp() - y * z),
            Self::Absolute => sums(&|z, y| (z - y).abs()),
            Self::Huber { delta } => {
                let (delta, half) = (R::of(delta), R::of(0.5));
                sums(&|z, y| {
                    let distance = (z - y).abs();
                    if distance > delta {
                        delta * (distance - half * delta)
                    } else {
                        half * distance * distance
                    }
                })
            }
            Self::Hinge => terms::hinge_losses(logits, y, |over| over),
            Self::SquaredHinge => terms::hinge_losses(logits, y, |over| over * over),
        }
    }

    /// The mean of [`Self::row_losses`], of rows with weights `sum(w * loss) / sum(w)`.  0 for no rows.
    ///
    /// # Panics
    /// As [`Self::row_losses`].
    #[must_use]
    pub fn data_loss<'a, R: Real>(self, logits: &Array2<R>, y: impl Into<Weighted<'a, R>>) -> f64 {
        let y = y.into();
        y.mean(&self.row_losses(logits, y.y))
    }

    /// `dlogits` (n, k): the derivative of the data loss **by the logits**, from the `outputs`.
    ///
    /// ```text
    /// softmax                      (probs - onehot(y)) / n
    /// smoothed-softmax             (probs - (1 - smoothing) onehot(y) - smoothing/k) / n
    /// logistic, squared, poisson   (outputs - y) / n
    /// absolute                     sign(outputs - y) / n
    /// huber                        (outputs - y, cut at -delta and delta) / n
    /// hinge, j != y[i]             (1 where logits[j] - logits[y] + 1 > 0) / n; at y minus the sum of the others
    /// squared-hinge, j != y[i]     2 max(0, logits[j] - logits[y] + 1) / n;     at y minus the sum of the others
    /// ```
    /// The 1/n belongs to the mean and is applied here, once; of rows with weights it is `w[i] / sum(w)`.
    ///
    /// # Panics
    /// As [`Self::row_losses`].
    #[must_use]
    pub fn dlogits<'a, R: Real>(self, outputs: &Array2<R>, y: impl Into<Weighted<'a, R>>) -> Array2<R> {
        let y = y.into();
        y.slope_of_mean(self.row_slopes(outputs, y.y))
    }

    /// The derivative of each row's own loss by its logits (n, k): n times `dlogits` where every row counts 1.
    ///
    /// # Panics
    /// As [`Self::row_losses`].
    #[must_use]
    pub fn row_slopes<R: Real>(self, outputs: &Array2<R>, y: &Target<R>) -> Array2<R> {
        // A new array: the outputs stay what they are (the notebook's own line overwrites its probs).
        let mut slopes = outputs.clone();
        match self {
            Self::Softmax => {
                for (mut row, &class) in slopes.rows_mut().into_iter().zip(y.classes()) {
                    row[class as usize] -= R::one();
                }
            }
            Self::SmoothedSoftmax { smoothing } => terms::minus_smoothed(&mut slopes, y, smoothing),
            // The output is made so that the slope of its logit cancels.
            Self::Logistic | Self::Squared | Self::Poisson => slopes -= y.values(),
            Self::Absolute => {
                slopes -= y.values();
                slopes.mapv_inplace(|distance| cut(distance, R::zero(), R::one()));
            }
            Self::Huber { delta } => {
                slopes -= y.values();
                slopes.mapv_inplace(|distance| cut(distance, R::of(delta), R::of(delta)));
            }
            Self::Hinge => slopes = terms::hinge_slopes(outputs, y, |over| cut(over, R::zero(), R::one())),
            Self::SquaredHinge => slopes = terms::hinge_slopes(outputs, y, |over| over + over),
        }
        slopes
    }
}
