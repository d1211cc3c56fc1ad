//! A value that a stage may have instead of the right one.

use crate::diagnose::expression::Expr;
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
