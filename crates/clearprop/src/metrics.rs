//! How good predictions are: accuracy, confusion, precision and recall; R2 and RMSE.
//!
//! n = rows, k = classes or outputs.

mod curves;
mod trust;

use crate::loss::{Loss, argmax};
use crate::real::Real;
use crate::target::{Target, TargetKind};
pub use curves::{Bin, Point, calibration, precision_recall, roc};
use ndarray::{Array2, ArrayView2, Axis};
use serde::Serialize;
pub use trust::{Calibration, Trust, curve, temperature, trust};

/// The share of rows whose answer is right.
///
/// Classes: the largest of the k values is the right class's.  Several labels at once: every label of the
/// row is right (at 1/2).  Numbers: R2, the share of the variance explained, as for regression a person
/// would expect ([`r2`]).
#[must_use]
pub fn score<R: Real>(loss: Loss, probs: ArrayView2<'_, R>, y: &Target<R>) -> f64 {
    match (loss.takes(), y) {
        (_, Target::Classes(y)) => {
            let right = argmax(probs).iter().zip(y).filter(|(found, class)| found == class).count();
            share(right, y.len())
        }
        (TargetKind::Labels, Target::Values(y)) => {
            let half = R::of(0.5);
            let rows = probs.axis_iter(Axis(0)).zip(y.axis_iter(Axis(0)));
            let right =
                rows.filter(|(p, y)| p.iter().zip(y).all(|(&p, &y)| (p > half) == (y > half))).count();
            share(right, y.nrows())
        }
        (TargetKind::Classes | TargetKind::Counts | TargetKind::Numbers, Target::Values(y)) => {
            r2(probs, y.view())
        }
    }
}

/// What [`score`] is called: `accuracy`, or `R2`.
#[must_use]
pub fn score_name(loss: Loss) -> &'static str {
    match loss.takes() {
        TargetKind::Classes | TargetKind::Labels => "accuracy",
        TargetKind::Counts | TargetKind::Numbers => "R2",
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// `confusion[[i, j]]`: how many rows of class i were called class j.
#[must_use]
pub fn confusion(k: usize, predicted: &[u32], y: &[u32]) -> Array2<u64> {
    let mut confusion = Array2::zeros((k, k));
    for (&found, &class) in predicted.iter().zip(y) {
        confusion[[class as usize, found as usize]] += 1;
    }
    confusion
}

/// The figures of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassFigures {
    /// Of the rows called this class, the share that are; NaN if none was.
    pub precision: f64,
    /// Of the rows of this class, the share called so; NaN if there is none.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// Rows of this class.
    pub rows: u64,
}

/// Precision, recall and F1 of each of the k classes.
///
/// ```
/// use clearprop::metrics::class_figures;
/// let figures = class_figures(2, &[0, 1, 1, 1], &[0, 0, 1, 1]);
/// assert_eq!((figures[1].precision, figures[1].recall), (2.0 / 3.0, 1.0));
/// ```
#[must_use]
pub fn class_figures(k: usize, predicted: &[u32], y: &[u32]) -> Vec<ClassFigures> {
    // For each class: rows that are right, of it, called it.
    let mut counts = vec![(0u64, 0u64, 0u64); k];
    for (&found, &class) in predicted.iter().zip(y) {
        counts[class as usize].0 += u64::from(found == class);
        counts[class as usize].1 += 1;
        counts[found as usize].2 += 1;
    }
    let figures = |(right, rows, called): (u64, u64, u64)| {
        let (precision, recall) = (right as f64 / called as f64, right as f64 / rows as f64);
        // 2PR/(P+R), written so that P = R = 0 gives 0.
        let f1 = 2.0 * right as f64 / (called + rows) as f64;
        ClassFigures { precision, recall, f1, rows }
    };
    counts.into_iter().map(figures).collect()
}

/// `1 - sum((y - p)^2) / sum((y - mean y)^2)`, the mean over the k columns.  1 is perfect, 0 is what the
/// mean alone reaches.  A constant column counts 1 if it is met exactly, else 0.
#[must_use]
pub fn r2<R: Real>(predicted: ArrayView2<'_, R>, y: ArrayView2<'_, R>) -> f64 {
    let columns = predicted.axis_iter(Axis(1)).zip(y.axis_iter(Axis(1)));
    let each = columns.map(|(p, y)| {
        let mean = y.iter().map(|v| v.f64()).sum::<f64>() / y.len().max(1) as f64;
        let left: f64 = p.iter().zip(y).map(|(p, y)| (p.f64() - y.f64()).powi(2)).sum();
        let all: f64 = y.iter().map(|y| (y.f64() - mean).powi(2)).sum();
        match (all > 0.0, left > 0.0) {
            (true, _) => 1.0 - left / all,
            (false, true) => 0.0,
            (false, false) => 1.0,
        }
    });
    each.sum::<f64>() / y.ncols().max(1) as f64
}

/// `sqrt(mean((y - p)^2))` over all rows and columns, in the unit of y.
#[must_use]
pub fn rmse<R: Real>(predicted: ArrayView2<'_, R>, y: ArrayView2<'_, R>) -> f64 {
    let squares: f64 = predicted.iter().zip(y).map(|(p, y)| (p.f64() - y.f64()).powi(2)).sum();
    (squares / y.len().max(1) as f64).sqrt()
}

/// `mean(|y - p|)` over all rows and columns, in the unit of y.
#[must_use]
pub fn mae<R: Real>(predicted: ArrayView2<'_, R>, y: ArrayView2<'_, R>) -> f64 {
    let errors: f64 = predicted.iter().zip(y).map(|(p, y)| (p.f64() - y.f64()).abs()).sum();
    errors / y.len().max(1) as f64
}

/// The mean of some scores, and their standard deviation (over n - 1).
#[must_use]
pub fn mean_and_spread(scores: &[f64]) -> (f64, f64) {
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// The mean recall over the classes that have rows: accuracy if every class had as many rows.
#[must_use]
pub fn balanced_accuracy(figures: &[ClassFigures]) -> f64 {
    let recalls: Vec<f64> = figures.iter().filter(|f| f.rows > 0).map(|f| f.recall).collect();
    recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
}

/// How well scores tell two classes apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ranking {
    /// The area under the ROC curve: how often a row of the class has a larger score than one that is not,
    /// equal scores counted half; NaN without rows of both kinds.
    pub roc_auc: f64,
    /// `sum (R_i - R_{i-1}) P_i` over the thresholds, from the largest score down; NaN without a row of the
    /// class.
    pub average_precision: f64,
}

/// How well `scores` tell the rows that are `positive` from the others.
///
/// ```
/// use clearprop::metrics::ranking;
/// // scikit-learn: roc_auc_score 0.75, average_precision_score 0.8333..
/// let ranking = ranking(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]);
/// assert_eq!(ranking.roc_auc, 0.75);
/// assert!((ranking.average_precision - 5.0 / 6.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn ranking(scores: &[f64], positive: &[bool]) -> Ranking {
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(positive.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = positive.iter().filter(|&&is| is).count() as f64;
    let others = positive.len() as f64 - all;
    let (mut found, mut wrong, mut area, mut precision) = (0.0, 0.0, 0.0, 0.0);
    for equal in order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let right = equal.iter().filter(|(_, is)| *is).count() as f64;
        let not = equal.len() as f64 - right;
        area += not * (found + right / 2.0);
        (found, wrong) = (found + right, wrong + not);
        precision += right / all * found / (found + wrong);
    }
    Ranking { roc_auc: area / (all * others), average_precision: precision }
}
