//! Projection: the numbers with which some directions make a difference.

use super::arrays::{Parameter, Scalars, rounded};
use crate::diagnose::expression::Expr;
use crate::diagnose::graph::same;
use crate::diagnose::number::number;
use crate::mistake::MistakeId::{self, GradientAdded};
use ndarray::Array2;

/// A rule with the numbers that it fits with.
#[derive(Clone)]
pub(super) struct Fit {
    /// Which rule: `momentum`.
    pub(super) rule: String,
    /// What it moves along, and how far along each.
    pub(super) along: Vec<Expr>,
    pub(super) by: Vec<f64>,
    /// The step size.
    pub(super) rate: f64,
    /// Whether the step size is known: a velocity of which the one before is not in the file has it in itself.
    pub(super) has_step: bool,
    /// What the rule's numbers are, in words: `beta1 0.9`.
    pub(super) numbers: Vec<String>,
    pub(super) mistake: Option<MistakeId>,
    pub(super) evidence: Vec<String>,
    /// Where the mistake is another direction: the right one in place of the first.
    pub(super) instead: Option<Expr>,
    /// The step size that it should have.
    pub(super) wanted_rate: Option<f64>,
    /// Directions that should not be there, from this one on.
    pub(super) without: Option<usize>,
    /// More numbers than unknowns: the fit is no accident.
    pub(super) is_sure: bool,
}

impl Fit {
    /// `momentum with step size 0.1, mu 0.9`.
    pub(super) fn words(&self) -> String {
        let step = self.has_step.then(|| format!("step size {}", number(self.rate)));
        let parts: Vec<String> = step.into_iter().chain(self.numbers.iter().cloned()).collect();
        if parts.is_empty() { self.rule.clone() } else { format!("{} with {}", self.rule, parts.join(", ")) }
    }

    /// The same rule with another's numbers, for a parameter of too few numbers; with its sign turned it is mistake
    /// 101.
    pub(super) fn with(&self, model: &Self, p: &Parameter, tolerance: f64) -> Option<Self> {
        let target = moved(p)?;
        for sign in [1.0, -1.0] {
            let by: Vec<f64> = model.by.iter().map(|by| by * sign).collect();
            if by.len() == self.along.len() && leaves_nothing(&target, &self.along, &by, p, tolerance) {
                let numbers = model.numbers.clone();
                let mut fit = Self { by, rate: model.rate, mistake: model.mistake, numbers, ..self.clone() };
                if sign < 0.0 {
                    fit.mistake =
                        if model.mistake == Some(GradientAdded) { None } else { Some(GradientAdded) };
                }
                return Some(fit);
            }
        }
        None
    }

    /// The right expression for what the update makes.
    pub(super) fn right(&self, p: &Parameter, scalars: &Scalars) -> Option<Expr> {
        let mut e = p.before.e.clone();
        let turn = if self.mistake == Some(GradientAdded) { -1.0 } else { 1.0 };
        for (nth, (along, by)) in self.along.iter().zip(&self.by).enumerate() {
            if self.without.is_some_and(|from| nth >= from) {
                break;
            }
            let along = self.instead.as_ref().filter(|_| nth == 0).unwrap_or(along).clone();
            let by = match self.wanted_rate {
                Some(rate) if nth == 0 => by.signum() * rate,
                _ => by * turn,
            };
            let size = rounded(by.abs());
            let part = if (size - 1.0).abs() < 1e-6 { along } else { scalars.text(size) * along };
            e = if by < 0.0 { e - part } else { e + part };
        }
        e.value().is_some().then_some(e)
    }
}

/// `after - before`.
pub(super) fn moved(p: &Parameter) -> Option<Array2<f64>> {
    let (before, after) = (p.before.e.value()?, p.after.as_ref()?.e.value()?);
    (before.data.dim() == after.data.dim()).then(|| &after.data - &before.data)
}

/// The numbers that make the target of the directions, if they do.
pub(super) fn project(target: &Array2<f64>, along: &[Expr]) -> Option<Vec<f64>> {
    let values: Vec<Array2<f64>> =
        along.iter().map(|e| e.value().map(|value| value.data.clone())).collect::<Option<_>>()?;
    if values.iter().any(|value| value.dim() != target.dim()) {
        return None;
    }
    let size = |a: &Array2<f64>| (a * a).sum().sqrt();
    let sizes: Vec<f64> = values.iter().map(size).collect();
    if sizes.iter().any(|size| !(*size > 0.0 && size.is_finite())) {
        return None;
    }
    // The normal equations of directions of length 1.
    let count = values.len();
    let mut table = Array2::<f64>::zeros((count, count + 1));
    for i in 0..count {
        for j in 0..count {
            table[[i, j]] = (&values[i] * &values[j]).sum() / sizes[i] / sizes[j];
        }
        table[[i, count]] = (&values[i] * target).sum() / sizes[i];
    }
    for i in 0..count {
        let pivot = table[[i, i]];
        // Directions that are one and the same.
        if pivot.abs() < 1e-9 {
            return None;
        }
        for row in 0..count {
            if row != i {
                let factor = table[[row, i]] / pivot;
                for column in i..=count {
                    let above = table[[i, column]];
                    table[[row, column]] -= factor * above;
                }
            }
        }
    }
    let by: Vec<f64> = (0..count).map(|i| table[[i, count]] / table[[i, i]] / sizes[i]).collect();
    by.iter().all(|by| by.is_finite()).then_some(by)
}

/// Whether nothing is left of the target but rounding.
pub(super) fn leaves_nothing(
    target: &Array2<f64>,
    along: &[Expr],
    by: &[f64],
    p: &Parameter,
    tolerance: f64,
) -> bool {
    let mut made = Array2::<f64>::zeros(target.dim());
    for (e, by) in along.iter().zip(by) {
        match e.value() {
            Some(value) if value.data.dim() == target.dim() => made = made + &value.data * *by,
            _ => return false,
        }
    }
    // A difference of weights has their rounding.
    let largest = |a: &Array2<f64>| a.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let weights = p.before.e.value().map_or(0.0, |w| largest(&w.data));
    let rounding = weights * tolerance * 1e-8;
    same(&made, target, tolerance, 0.0) || largest(&(&made - target)) <= rounding
}
