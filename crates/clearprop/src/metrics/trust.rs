//! Probabilities that can be taken at their word: how far they can, and the one temperature that helps.
//!
//! Logits are divided by a temperature T, the same for all rows and classes: above 1 it makes a model less sure, below
//! 1 surer.  T is the one with the least log loss on rows that the model was not trained on.
//! Source: Guo, Pleiss, Sun and Weinberger, *On calibration of modern neural networks*, 2017.

use super::curves::{Bin, calibration};
use crate::loss::{Loss, argmax};
use crate::real::Real;
use crate::target::Target;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// Parts of 0 to 1 in a calibration curve.
const BINS: usize = 10;
/// No temperature is farther from 1 than by this factor.
const FARTHEST: f64 = 8.0;
/// Each step of the search leaves 0.62 of the interval: these leave a millionth.
const SEARCH: usize = 32;

/// How far probabilities can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    /// The mean of `-log p` of the right answers.
    pub log_loss: f64,
    /// How far the probabilities of a calibration curve are from the shares, in the mean over the rows.
    pub calibration_error: f64,
}

/// A temperature, and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What the logits are divided by.
    pub temperature: f64,
    /// On so many rows that were not trained on:
    pub rows: usize,
    /// without it,
    pub before: Trust,
    /// and with it.
    pub after: Trust,
}

/// How often what is said with a probability is so ([`calibration`]).  Of two classes it is the probability of the
/// second, of more that of the class that is called, of labels that of every label; empty where the outputs are no
/// probabilities.
#[must_use]
pub fn curve<R: Real>(loss: Loss, outputs: ArrayView2<'_, R>, y: &Target<R>) -> Vec<Bin> {
    let of = |scores: Vec<f64>, is: Vec<bool>| calibration(&scores, &is, BINS);
    match (loss, y) {
        (Loss::Softmax | Loss::SmoothedSoftmax { .. }, Target::Classes(y)) if outputs.ncols() == 2 => of(
            outputs.column(1).iter().map(|p| p.f64()).collect(),
            y.iter().map(|&class| class == 1).collect(),
        ),
        (Loss::Softmax | Loss::SmoothedSoftmax { .. }, Target::Classes(y)) => {
            let called = argmax(outputs);
            let said = |(row, &class): (ndarray::ArrayView1<'_, R>, &u32)| row[class as usize].f64();
            let scores = outputs.rows().into_iter().zip(&called).map(said).collect();
            of(scores, called.iter().zip(y).map(|(called, class)| called == class).collect())
        }
        (Loss::Logistic, Target::Values(y)) => {
            let half = R::of(0.5);
            of(outputs.iter().map(|p| p.f64()).collect(), y.iter().map(|&y| y > half).collect())
        }
        _ => Vec::new(),
    }
}

/// How far the probabilities `outputs` (n, k) can be trusted.
#[must_use]
pub fn trust<R: Real>(loss: Loss, outputs: &Array2<R>, y: &Target<R>) -> Trust {
    let bins = curve(loss, outputs.view(), y);
    let rows: usize = bins.iter().map(|bin| bin.rows).sum();
    let off: f64 = bins.iter().map(|bin| bin.rows as f64 * (bin.score - bin.share).abs()).sum();
    let log_loss = loss.data_loss(&loss.logits(outputs), y);
    Trust { log_loss, calibration_error: off / rows.max(1) as f64 }
}

/// The temperature for the mean of members that say these `logits` (n, k) of rows; `None` where the outputs are no
/// probabilities, or there is no row.
///
/// ```
/// use clearprop::{loss::Loss, metrics::temperature, target::Target};
/// // Four times in five it is right, and says so with 98 %: logits of 4 should be those of log(4).
/// let logits = ndarray::Array2::from_shape_fn((1000, 2), |(_, j)| [4.0, 0.0][j]);
/// let y = Target::Classes((0..1000).map(|i| u32::from(i % 5 == 0)).collect());
/// let found = temperature(Loss::Softmax, &[logits], &y).unwrap();
/// assert!((found.temperature - 4.0 / 4_f64.ln()).abs() < 0.02, "{found:?}");
/// assert!((found.before.calibration_error - (0.98201 - 0.8)).abs() < 1e-4);
/// assert!(found.after.calibration_error < 0.002);
/// ```
#[must_use]
pub fn temperature<R: Real>(loss: Loss, logits: &[Array2<R>], y: &Target<R>) -> Option<Calibration> {
    let (rows, k) = logits.first()?.dim();
    let probabilities = matches!(loss, Loss::Softmax | Loss::Logistic);
    if !probabilities || rows == 0 {
        return None;
    }
    // Else no number were large enough for rows that all are right: they count as with one row more, of which
    // nothing is known (Platt, *Probabilities for SV machines*, 2000).
    let (labels, classes) = (2.0 / (rows + 2) as f64, k as f64 / (rows + k) as f64);
    let careful = match y {
        Target::Values(y) => Target::Values(y.mapv(|y| R::of((1.0 - labels) * y.f64() + labels / 2.0))),
        Target::Classes(_) => y.clone(),
    };
    let judge = if loss == Loss::Logistic { loss } else { Loss::SmoothedSoftmax { smoothing: classes } };
    let outputs = |temperature: f64| {
        let each = logits.iter().map(|logits| loss.outputs(&(logits / R::of(temperature))));
        let sum = each.reduce(|sum, outputs| sum + outputs).unwrap_or_default();
        sum / R::of(logits.len() as f64)
    };
    let cost = |log: f64| judge.data_loss(&loss.logits(&outputs(log.exp())), &careful);
    let temperature = lowest(cost, -FARTHEST.ln(), FARTHEST.ln()).exp();
    let [before, after] = [1.0, temperature].map(|one| trust(loss, &outputs(one), y));
    Some(match after.log_loss < before.log_loss {
        true => Calibration { temperature, rows, before, after },
        false => Calibration { temperature: 1.0, rows, before, after: before },
    })
}

/// Where a function of one valley is lowest (golden-section search: Kiefer, 1953).
fn lowest(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let golden = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (f(a), f(b));
    for _ in 0..SEARCH {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = f(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = f(b);
        }
    }
    f64::midpoint(low, high)
}
