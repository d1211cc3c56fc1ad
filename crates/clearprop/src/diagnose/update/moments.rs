//! Running means: how a velocity or a mean of squares follows from the one before and the gradient.

use super::arrays::{Found, Moment, Named, Parameter, Scalars, Step, rounded};
use super::fit::project;
use crate::diagnose::expression::{Expr, Printer};
use crate::diagnose::graph::{difference, same};
use crate::diagnose::number::number;
use crate::mistake::MistakeId::{NoOneMinusBeta, VelocityNotKept};

/// How a running mean is made: `kept * before + new * of`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mean {
    pub(super) kept: f64,
    pub(super) new: f64,
    /// Of the squares.
    pub(super) squares: bool,
}

/// How a moment follows, if it is a running mean of the gradient or its square.
pub(super) fn mean(p: &Parameter, moment: &Moment, tolerance: f64) -> Option<Mean> {
    let (g, after) = (p.gradient.as_ref()?, moment.after.as_ref()?);
    let target = &after.e.value()?.data;
    let before = moment.before.as_ref().filter(|before| !is_zero(before));
    for squares in [false, true] {
        let of = if squares { g.e.squared() } else { g.e.clone() };
        let along: Vec<Expr> = before.map(|before| before.e.clone()).into_iter().chain([of]).collect();
        let Some(by) = project(target, &along) else { continue };
        let made = along
            .iter()
            .zip(&by)
            .try_fold(target * 0.0, |sum, (e, by)| Some(sum + &e.value()?.data * *by))?;
        if same(&made, target, tolerance, 0.0) && target.len() > along.len() {
            let clean = |v: f64| if v.abs() < 1e-9 { 0.0 } else { rounded(v) };
            return Some(match by[..] {
                [kept, new] => Mean { kept: clean(kept), new: clean(new), squares },
                _ => Mean { kept: 0.0, new: clean(by[0]), squares },
            });
        }
    }
    None
}

fn is_zero(array: &Named) -> bool {
    array.e.value().is_some_and(|value| value.data.iter().all(|v| *v == 0.0))
}

/// What is said of a parameter's running means: those of which the file has both sides, or that start from 0.
pub(super) fn judged(p: &Parameter, scalars: &Scalars, tolerance: f64) -> Vec<Step> {
    let means: Vec<Option<Mean>> = p.moments.iter().map(|moment| mean(p, moment, tolerance)).collect();
    let mut found = Vec::new();
    for (moment, mean) in p.moments.iter().zip(&means) {
        // Without the one before, any numbers may be right.
        let (Some(before), Some(after), Some(mean), Some(g)) =
            (&moment.before, &moment.after, mean, &p.gradient)
        else {
            continue;
        };
        let (mut mistake, mut evidence) = (None, Vec::new());
        let kept = scalars.kept().or(if mean.squares { scalars.beta2() } else { scalars.beta1() });
        if mean.kept == 0.0 && !is_zero(before) {
            mistake = Some(VelocityNotKept);
            evidence.push(format!(
                "{} has nothing of {}: it is {} times {}",
                after.name,
                before.name,
                number(mean.new),
                g.name
            ));
        } else if (mean.new - 1.0).abs() < 1e-6 && mean.squares && mean.kept < 1.0 - 1e-9 {
            mistake = Some(NoOneMinusBeta);
            evidence.push(format!(
                "{} has the squares with factor 1, {} would make it a mean",
                after.name,
                number(1.0 - mean.kept)
            ));
        }
        let right = mistake.and_then(|_| {
            let kept = kept.unwrap_or(if mean.kept == 0.0 { 0.9 } else { mean.kept });
            let of = if mean.squares { g.e.squared() } else { g.e.clone() };
            let old = scalars.text(kept) * before.e.clone();
            let e = if mean.squares {
                old + (Expr::number(1.0) - scalars.text(kept)) * of
            } else if mean.new < 0.0 {
                old - scalars.text(-mean.new) * of
            } else if (mean.new - 1.0).abs() < 1e-6 {
                old + of
            } else {
                old + scalars.text(mean.new) * of
            };
            let value = e.value()?;
            let own = after.e.value()?;
            (value.shape() == after.shape && difference(&own.data, &value.data, 0.0) > 1e-9)
                .then(|| Printer::new(p.taken.iter().cloned()).line(&after.name, &e))
                .flatten()
        });
        let words = || {
            let what = if mean.squares { "the gradient's squares" } else { "the gradient" };
            format!("each {} of the one before and {} times {what}", number(mean.kept), number(mean.new))
        };
        found.push(Step {
            name: after.name.clone(),
            layer: p.layer,
            role: format!("running mean for {}", p.name),
            shape: after.shape.clone(),
            verdict: mistake.map_or_else(|| Found::Right(words()), Found::Wrong),
            evidence,
            beside: vec![before.name.clone()],
            right,
        });
    }
    found
}
