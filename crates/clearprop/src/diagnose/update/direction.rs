//! Something that weights may have moved along.

use crate::diagnose::expression::Expr;
use crate::mistake::MistakeId;

/// Something that the weights may have moved along.
pub(super) struct Direction {
    pub(super) rule: &'static str,
    pub(super) along: Vec<Expr>,
    /// What one step size makes of the first direction; 0 where that is not known.
    pub(super) slope: f64,
    pub(super) numbers: Vec<String>,
    pub(super) mistake: Option<MistakeId>,
    pub(super) evidence: Vec<String>,
    pub(super) instead: Option<Expr>,
}

impl Direction {
    pub(super) fn new(rule: &'static str, along: Vec<Expr>) -> Self {
        let (numbers, evidence) = (Vec::new(), Vec::new());
        Self { rule, along, slope: 1.0, numbers, mistake: None, evidence, instead: None }
    }
}
