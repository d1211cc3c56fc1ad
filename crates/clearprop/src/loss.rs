//! Losses: from logits to one number, and the derivative back to the logits.
//!
//! n = rows, k = classes or outputs.  Every loss is a mean over rows.  Value and derivative are
//! taken from the **logits** (the input of softmax), never from a clipped probability: softmax and
//! cross-entropy are differentiated together, which leaves `probs - onehot(y)` and cannot overflow.
//! Source: cs231n, *linear classification*, "Softmax classifier" and "Practical issues: Numeric stability".

use crate::activation::{by_name, logistic};
use crate::error::{Error, Result};
use crate::real::Real;
use crate::target::Target;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Zip};
use serde::{Deserialize, Serialize};

/// What is made small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Softmax cross-entropy, one class a row: `-log softmax(logits)[y]`.
    Softmax,
    /// Logistic cross-entropy, several labels at once: for each of the k columns
    /// `-log p` where the label is 1 and `-log(1 - p)` where it is 0, added up.
    Logistic,
    /// Squared error, regression: `1/2 * sum((logits - y)^2)` over the k columns.
    Squared,
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Softmax, Self::Logistic, Self::Squared];

    /// The name on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Logistic => "logistic",
            Self::Squared => "squared",
        }
    }

    /// `probs` (n, k): what the network says, from `logits` (n, k).
    /// Softmax row by row, the logistic function, or (squared error) the logits themselves.
    #[must_use]
    pub fn probs<R: Real>(self, logits: &Array2<R>) -> Array2<R> {
        match self {
            Self::Softmax => {
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
            Self::Squared => logits.clone(),
        }
    }

    /// The mean over rows, from `logits` (n, k) and the right answers.  0 for no rows.
    ///
    /// # Panics
    /// If the answers are not of the kind and shape that this loss is of: [`Data::fits`](crate::data::Data::fits) tells.
    #[must_use]
    pub fn data_loss<R: Real>(self, logits: &Array2<R>, y: &Target<R>) -> f64 {
        let n = logits.nrows().max(1) as f64;
        let sum: f64 = match (self, y) {
            // -log softmax(z)[y] = log(sum_j exp(z[j])) - z[y]
            (Self::Softmax, Target::Classes(y)) => Zip::from(logits.rows())
                .and(y)
                .fold(0.0, |sum, z, &class| sum + (log_sum_exp(z) - z[class as usize]).f64()),
            // -y log p - (1-y) log(1-p) = log(1 + exp(z)) - y z
            (Self::Logistic, Target::Values(y)) => {
                Zip::from(logits).and(y).fold(0.0, |sum, &z, &y| sum + (log_one_plus_exp(z) - y * z).f64())
            }
            (Self::Squared, Target::Values(y)) => {
                Zip::from(logits).and(y).fold(0.0, |sum, &z, &y| sum + 0.5 * ((z - y) * (z - y)).f64())
            }
            _ => unreachable!("Data::fits has matched loss and target"),
        };
        sum / n
    }

    /// `dlogits` (n, k): the derivative of the data loss **by the logits**.
    ///
    /// ```text
    /// softmax    (probs - onehot(y)) / n
    /// logistic   (probs - y) / n
    /// squared    (logits - y) / n
    /// ```
    /// The 1/n belongs to the mean and is applied here, once.
    ///
    /// # Panics
    /// As [`Self::data_loss`].
    #[must_use]
    pub fn dlogits<R: Real>(self, probs: &Array2<R>, y: &Target<R>) -> Array2<R> {
        // A new array: probs stay what they are (the notebook's own line overwrites them).
        let mut dlogits = probs.clone();
        match y {
            Target::Classes(y) => {
                for (mut row, &class) in dlogits.rows_mut().into_iter().zip(y) {
                    row[class as usize] -= R::one();
                }
            }
            Target::Values(y) => dlogits -= y,
        }
        dlogits / R::of(probs.nrows().max(1) as f64)
    }
}

impl std::str::FromStr for Loss {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("loss", name, &Self::ALL, |l| l.name())
    }
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

fn max<R: Real>(row: ArrayView1<'_, R>) -> R {
    row.fold(R::neg_infinity(), |max, &v| if v > max { v } else { max })
}

/// `log(sum_j exp(z[j]))` with the largest z taken out first.
fn log_sum_exp<R: Real>(z: ArrayView1<'_, R>) -> R {
    let largest = max(z);
    largest + z.iter().map(|&z| (z - largest).exp()).sum::<R>().ln()
}

/// `log(1 + exp(z))` without overflow.
fn log_one_plus_exp<R: Real>(z: R) -> R {
    let positive = if z > R::zero() { z } else { R::zero() };
    positive + (-z.abs()).exp().ln_1p()
}
