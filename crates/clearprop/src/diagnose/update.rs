//! A room of its own: the step from the weights before an update to those after it.
//!
//! Where a file holds both (`W1` and `W1_new`, `W1_old` and `W1`, ..), perhaps with running means of the gradient
//! (`vW1`, `m_W1`, `v_W1`, `cache_W1`), the rule is found among gradient descent, momentum, Nesterov, AdaGrad, RMSprop
//! and Adam, with or without weight decay.  Its numbers are found by projection:
//! `W_new - W = sum of c[i] * direction[i]`, with the c that make the difference least; a rule fits if nothing is left.
//! Source of the rules: cs231n, *neural networks 3*, "Parameter updates"; Kingma and Ba, *Adam*, 2015; Loshchilov and
//! Hutter, *Decoupled weight decay regularization*, 2019.

mod arrays;
mod direction;
mod fit;
mod moments;
mod quotients;
mod rules;

use super::arrays::{Array, Stored, Values};
use super::expression::{Expr, Memo, Printer};
use super::number::number;
use crate::mistake::MistakeId::OtherRate;
pub(super) use arrays::{Found, Learnt, Named, Step, directions};
use arrays::{Parameter, Scalars, named, parameters};
use fit::Fit;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What the file shows of its update; nothing where it holds no weights after one.
pub(super) fn steps(all: &[Array], learnt: &[Learnt], memo: &Rc<Memo>) -> Vec<Step> {
    let scalars = Scalars::of(all, memo);
    let single = all.iter().any(|array| matches!(array.values, Values::Numbers(_, Stored::Single)));
    let tolerance = if single { 1e-3 } else { 1e-6 };
    let parameters = parameters(&named(all, memo), learnt);
    let mut found = Vec::new();
    for p in &parameters {
        found.extend(moments::judged(p, &scalars, tolerance));
    }
    let after: Vec<&Parameter> = parameters.iter().filter(|p| p.after.is_some()).collect();
    let fits: Vec<Vec<Fit>> = after.iter().map(|p| rules::fits(p, &scalars, tolerance)).collect();
    // One rule for all layers: the one that explains most of them with the fewest mistakes.
    let mut votes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for fits in &fits {
        for (rank, fit) in fits.iter().filter(|fit| fit.is_sure).enumerate() {
            let vote = votes.entry(fit.rule.as_str()).or_default();
            vote.0 += 1;
            vote.1 += rank + usize::from(fit.mistake.is_some()) * 10;
        }
    }
    let rule = votes
        .iter()
        .max_by_key(|(_, (count, cost))| (*count, std::cmp::Reverse(*cost)))
        .map(|(rule, _)| (*rule).to_owned());
    let model = rule.as_deref().and_then(|rule| {
        let of_rule = || fits.iter().flatten().filter(|fit| fit.is_sure && fit.rule == rule);
        of_rule().find(|fit| fit.mistake.is_none()).or_else(|| of_rule().next()).cloned()
    });
    for (p, fits) in after.iter().zip(&fits) {
        found.push(judged(p, fits, rule.as_deref(), model.as_ref(), &scalars, tolerance));
    }
    found
}

/// One parameter's step, where the rule of the others is known.
fn judged(
    p: &Parameter,
    fits: &[Fit],
    rule: Option<&str>,
    model: Option<&Fit>,
    scalars: &Scalars,
    tolerance: f64,
) -> Step {
    let (name, shape) =
        p.after.as_ref().map_or((String::new(), vec![]), |after| (after.name.clone(), after.shape.clone()));
    let means = p.moments.iter().flat_map(|mean| [&mean.before, &mean.after]).flatten();
    let moments: Vec<String> = means.map(|mean| mean.name.clone()).collect();
    let step = |verdict: Found, evidence: Vec<String>, right: Option<String>| Step {
        name: name.clone(),
        layer: p.layer,
        role: format!("{} after its update", p.name),
        shape: shape.clone(),
        verdict,
        evidence,
        beside: moments.clone(),
        right,
    };
    let own = fits
        .iter()
        .find(|fit| fit.is_sure && rule.is_none_or(|rule| fit.rule == rule))
        .or_else(|| fits.iter().find(|fit| fit.is_sure));
    let chosen = match (own, model) {
        (Some(own), _) => own.clone(),
        // Too few numbers to find a rule by: that of the others, or its mirror.
        (None, Some(model)) => {
            let mut same = fits.iter().filter(|fit| fit.rule == model.rule);
            match same.find_map(|fit| fit.with(model, p, tolerance)) {
                Some(fit) => fit,
                None => {
                    let words = format!("it does not follow by {}, as the others do", model.words());
                    return step(Found::NotKnown, vec![words], None);
                }
            }
        }
        (None, None) => {
            let words = "no known rule leads there from the weights and derivatives of the file".to_owned();
            return step(Found::NotKnown, vec![words], None);
        }
    };
    let mut chosen = chosen;
    // One step size for all layers.
    if let Some(model) =
        model.filter(|model| chosen.mistake.is_none() && model.rule == chosen.rule && chosen.has_step)
        && (model.rate - chosen.rate).abs() > 1e3 * tolerance * model.rate.abs()
    {
        chosen.mistake = Some(OtherRate);
        chosen.evidence.push(format!(
            "moved with step size {}, other weights with {}",
            number(chosen.rate),
            number(model.rate)
        ));
        chosen.wanted_rate = Some(model.rate);
    }
    match chosen.mistake {
        None => step(Found::Right(chosen.words()), chosen.evidence.clone(), None),
        Some(mistake) => {
            let right = chosen.right(p, scalars).and_then(|e| line(p, &name, &e));
            step(Found::Wrong(mistake), chosen.evidence.clone(), right)
        }
    }
}

/// The line, if its value has the array's shape and is not what the person has.
fn line(p: &Parameter, name: &str, e: &Expr) -> Option<String> {
    let after = p.after.as_ref()?;
    let value = e.value()?;
    let own = after.e.value()?;
    let differs = super::graph::difference(&own.data, &value.data, 0.0) > 1e-9;
    (value.shape() == after.shape && differs)
        .then(|| Printer::new(p.taken.iter().cloned()).line(name, e))
        .flatten()
}
