//! The right answers, as people keep them: whole numbers, columns, one-hot, numbers.

use crate::loss::Loss;
use ndarray::Array2;

/// Labels in one form.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    /// The loss that fits them.
    pub(super) loss: Loss,
    /// (n, k), one-hot for classes.
    pub(super) target: Array2<f64>,
    /// The classes, for softmax.
    pub(super) classes: Vec<usize>,
    /// Whether the classes were counted from 1.
    pub(super) from_one: bool,
}

/// Reads labels for n rows and k outputs; `None` if they do not fit.
pub(super) fn read(
    y: &Array2<f64>,
    n: usize,
    k: usize,
    columns: bool,
    wanted: Option<Loss>,
    probs: Option<Array2<f64>>,
) -> Option<Labels> {
    let values =
        |loss: Loss, target: Array2<f64>| Labels { loss, target, classes: Vec::new(), from_one: false };
    let binary = y.iter().all(|&v| v == 0.0 || v == 1.0);
    if y.len() == n && (y.nrows() == 1 || y.ncols() == 1) {
        let column = Array2::from_shape_vec((n, 1), y.iter().copied().collect()).ok()?;
        if k == 1 {
            let by_values = if binary { Loss::Logistic } else { Loss::Squared };
            let loss = wanted.filter(|&loss| loss != Loss::Softmax).unwrap_or(by_values);
            return Some(values(loss, column));
        }
        if wanted.is_some_and(|loss| loss != Loss::Softmax) {
            return None;
        }
        return classes(y.iter().copied(), k);
    }
    let turned = if columns { y.t().to_owned() } else { y.clone() };
    if turned.dim() != (n, k) {
        return None;
    }
    let one_hot = binary && turned.rows().into_iter().all(|row| row.sum() == 1.0);
    let competing = probs.is_none_or(|p| {
        p.dim() != (n, k)
            || p.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-3)
            || p.iter().any(|&p| p < 0.0)
    });
    let loss = wanted.unwrap_or(match (one_hot && competing, binary) {
        (true, _) => Loss::Softmax,
        (false, true) => Loss::Logistic,
        _ => Loss::Squared,
    });
    if loss == Loss::Softmax {
        if !one_hot {
            return None;
        }
        let of = turned.rows().into_iter().map(|row| row.iter().position(|&v| v == 1.0).unwrap_or(0) as f64);
        return classes(of.collect::<Vec<_>>().into_iter(), k);
    }
    Some(values(loss, turned))
}

/// Whole numbers 0..k, or 1..=k.
fn classes(y: impl Iterator<Item = f64> + Clone, k: usize) -> Option<Labels> {
    let least = y.clone().fold(f64::INFINITY, f64::min);
    let most = y.clone().fold(f64::NEG_INFINITY, f64::max);
    let from_one = least >= 1.0 && most == k as f64;
    let first = if from_one { 1.0 } else { 0.0 };
    let classes: Vec<usize> =
        y.map(|v| (0..k).find(|&class| v - first == class as f64)).collect::<Option<_>>()?;
    let target = Array2::from_shape_fn((classes.len(), k), |(i, j)| if classes[i] == j { 1.0 } else { 0.0 });
    Some(Labels { loss: Loss::Softmax, target, classes, from_one })
}
