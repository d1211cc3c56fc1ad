//! A value that a stage may have instead of the right one.

use crate::diagnose::expression::Expr;
use crate::diagnose::graph::Graph;
use crate::diagnose::number::number;
use crate::mistake::MistakeId;

/// A value that a stage may have instead of the right one, and the mistakes that lead there.
#[derive(Clone)]
pub(in crate::diagnose) struct Candidate {
    /// For each mistake made here the numbers under which it may go; empty for a convention.
    pub(in crate::diagnose) parts: Vec<Vec<MistakeId>>,
    /// What to say beside the mistake's own words: the factor, the step.
    pub(in crate::diagnose) detail: String,
    /// The value.
    pub(in crate::diagnose) value: Expr,
}

pub(super) fn made(ids: &[MistakeId], value: Expr) -> Candidate {
    Candidate { parts: vec![ids.to_vec()], detail: String::new(), value }
}

pub(super) fn told(ids: &[MistakeId], detail: impl Into<String>, value: Expr) -> Candidate {
    Candidate { parts: vec![ids.to_vec()], detail: detail.into(), value }
}

/// Rows and columns; none where NumPy would stop.
pub(super) fn dim(e: &Expr) -> (usize, usize) {
    e.dim().unwrap_or((0, 0))
}

/// A constant factor between what is given and what is right.
pub(super) fn projected(given: Option<&ndarray::Array2<f64>>, right: &Expr) -> Option<f64> {
    let right = &right.value()?.data;
    let given = given.filter(|given| given.dim() == right.dim())?;
    let factor = (given * right).sum() / (right * right).sum();
    (factor.is_finite() && (factor - 1.0).abs() > 1e-3 && factor.abs() > 1e-9).then_some(factor)
}

/// A factor in words: what it could be made of.
pub(super) fn factor_words(graph: &Graph, factor: f64) -> String {
    let (n, k) = (graph.n(), graph.outputs() as f64);
    let known =
        [(n, "N"), (1.0 / n, "1/N"), (k, "K"), (1.0 / k, "1/K"), (n / k, "N/K"), (1.0 / (n * k), "1/(N K)")];
    let words = known.iter().find(|(value, _)| (value / factor - 1.0).abs() < 1e-6 && *value != 1.0);
    words.map_or_else(|| number(factor), |(_, words)| format!("{}, which is {words}", number(factor)))
}
