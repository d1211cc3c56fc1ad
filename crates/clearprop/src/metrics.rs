//! How good predictions are: accuracy, confusion, precision and recall; R2 and RMSE.
//!
//! n = rows, k = classes or outputs.

use crate::loss::{Loss, argmax};
use crate::real::Real;
use crate::target::{Target, TargetKind};
use ndarray::{Array2, ArrayView2, Axis};

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
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// Precision, recall and F1 of each class, from the confusion matrix (k, k).
///
/// ```
/// use clearprop::metrics::{class_figures, confusion};
/// let figures = class_figures(&confusion(2, &[0, 1, 1, 1], &[0, 0, 1, 1]));
/// assert_eq!((figures[1].precision, figures[1].recall), (2.0 / 3.0, 1.0));
/// ```
#[must_use]
pub fn class_figures(confusion: &Array2<u64>) -> Vec<ClassFigures> {
    (0..confusion.nrows())
        .map(|class| {
            let right = confusion[[class, class]] as f64;
            let rows: u64 = confusion.row(class).sum();
            let called: u64 = confusion.column(class).sum();
            let (precision, recall) = (right / called as f64, right / rows as f64);
            // 2PR/(P+R), written so that P = R = 0 gives 0.
            let f1 = 2.0 * right / (called + rows) as f64;
            ClassFigures { precision, recall, f1, rows }
        })
        .collect()
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
