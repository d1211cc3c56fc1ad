//! The rules of an update, and the usual mistakes in each.

use super::arrays::{Parameter, Scalars, rounded};
use super::direction::Direction;
use super::fit::{Fit, leaves_nothing, moved, project};
use super::moments::{Mean, mean};
use super::quotients::quotients;
use crate::diagnose::expression::Expr;
use crate::diagnose::number::number;
use crate::mistake::MistakeId::{DecayTwice, GradientAdded, NotMoved, OldMean, OtherRate};

/// The rules that give the step, the plain ones first.
pub(super) fn fits(p: &Parameter, scalars: &Scalars, tolerance: f64) -> Vec<Fit> {
    let Some(target) = moved(p) else { return vec![] };
    if target.iter().all(|v| *v == 0.0) {
        return unmoved(p, scalars).into_iter().collect();
    }
    let means: Vec<Option<Mean>> = p.moments.iter().map(|moment| mean(p, moment, tolerance)).collect();
    let mut all = plain(p, &means);
    all.extend(quotients(p, &means, scalars, &target, tolerance));
    let mut found: Vec<Fit> = Vec::new();
    for decays in [false, true] {
        for direction in &all {
            let mut along = direction.along.clone();
            if decays {
                along.push(p.before.e.clone());
            }
            let is_sure = target.len() >= along.len() + 2;
            let by = if is_sure {
                match project(&target, &along) {
                    Some(by) if leaves_nothing(&target, &along, &by, p, tolerance) => by,
                    _ => continue,
                }
            } else {
                vec![0.0; along.len()]
            };
            found.extend(fit(p, scalars, direction, along, by, is_sure, decays));
        }
    }
    // Another step size is said where nothing else explains the step.
    let rank = |fit: &Fit| match fit.mistake {
        None => 0,
        Some(OtherRate) => 2,
        Some(_) => 1,
    };
    found.sort_by_key(|fit| (rank(fit), fit.along.len()));
    found
}

fn unmoved(p: &Parameter, scalars: &Scalars) -> Option<Fit> {
    let g = p.gradient.as_ref()?;
    if g.e.value()?.data.iter().all(|v| *v == 0.0) {
        return None;
    }
    Some(Fit {
        rule: "gradient descent".to_owned(),
        along: vec![g.e.clone()],
        by: vec![-0.0],
        rate: 0.0,
        has_step: true,
        numbers: vec![],
        mistake: Some(NotMoved),
        evidence: vec![format!("equal to {}, though {} is not 0", p.before.name, g.name)],
        instead: None,
        wanted_rate: scalars.rate(),
        without: None,
        is_sure: true,
    })
}

/// A direction with its numbers: sign, step size and decay are looked at.
fn fit(
    p: &Parameter,
    scalars: &Scalars,
    direction: &Direction,
    along: Vec<Expr>,
    by: Vec<f64>,
    is_sure: bool,
    decays: bool,
) -> Option<Fit> {
    let has_step = direction.slope != 0.0;
    let rate = rounded(by[0].abs() * if has_step { direction.slope.abs() } else { 1.0 });
    let mut one = Fit {
        rule: direction.rule.to_owned(),
        along,
        rate,
        has_step,
        numbers: direction.numbers.clone(),
        mistake: direction.mistake,
        evidence: direction.evidence.clone(),
        instead: direction.instead.clone(),
        wanted_rate: None,
        without: None,
        is_sure,
        by,
    };
    if !is_sure {
        return Some(one);
    }
    match direction.rule {
        // v = mu v - step g: the weights move by mu times the new one more, and the old one's part less.
        "Nesterov" if one.by.len() >= 2 && direction.slope < 0.0 => {
            let mu = -one.by[0];
            if !((one.by[1] - 1.0 - mu).abs() < 1e-4 && (0.0..1.0).contains(&mu)) {
                return None;
            }
            one.rate = rounded(direction.slope.abs());
            one.numbers.push(format!("mu {}", number(mu)));
        }
        "Nesterov" => {
            let mu = one.by[1] / one.by[0];
            if !(0.0..1.0).contains(&mu) {
                return None;
            }
            one.numbers.push(format!("mu {}", number(mu)));
        }
        _ => {}
    }
    if decays {
        let last = one.by.len() - 1;
        let decay = -one.by[last] / one.rate;
        // What grows the weights is no decay.
        if decay.is_nan() || decay <= 0.0 {
            return None;
        }
        one.numbers.push(format!("weight decay {}", number(decay)));
        if p.decay > 0.0 {
            one.mistake.get_or_insert(DecayTwice);
            one.evidence.push(format!(
                "the derivative has {} * {} already, the update takes {} * {} away once more",
                number(p.decay),
                p.name,
                number(decay),
                p.name
            ));
            one.without = Some(last);
        }
    }
    let downhill = one.by[0] * direction.slope;
    if downhill > 0.0 && direction.rule != "Nesterov" {
        if direction.mistake.is_some() {
            return None;
        }
        one.mistake = Some(GradientAdded);
        one.evidence.push(format!(
            "{} times {} is added",
            number(one.by[0].abs()),
            "the direction of the gradient"
        ));
    }
    if let Some(wanted) =
        scalars.rate().filter(|wanted| has_step && (wanted - one.rate).abs() > 1e-4 * wanted)
        && one.mistake.is_none()
    {
        one.mistake = Some(OtherRate);
        one.evidence.push(format!(
            "moved with step size {}, the file's is {}",
            number(one.rate),
            number(wanted)
        ));
        // The factor of the first direction for the wanted step.
        one.wanted_rate = Some(wanted / direction.slope.abs());
    }
    Some(one)
}

/// Along the gradient, or a velocity.
fn plain(p: &Parameter, means: &[Option<Mean>]) -> Vec<Direction> {
    let mut all = Vec::new();
    let Some(g) = &p.gradient else { return all };
    all.push(Direction::new("gradient descent", vec![g.e.clone()]));
    for (moment, mean) in p.moments.iter().zip(means) {
        let Some(after) = &moment.after else { continue };
        if mean.is_some_and(|mean| mean.squares) {
            continue;
        }
        let numbers = |mean: &Option<Mean>| {
            mean.filter(|mean| mean.kept > 0.0)
                .map(|mean| format!("mu {}", number(mean.kept)))
                .into_iter()
                .collect()
        };
        // v = mu v - step g has the step size in it; of a mean or a sum of gradients it comes with the weights.
        let slope = match mean {
            None => 0.0,
            Some(mean) if mean.new < 0.0 => mean.new,
            Some(_) => 1.0,
        };
        all.push(Direction {
            slope,
            numbers: numbers(mean),
            ..Direction::new("momentum", vec![after.e.clone()])
        });
        all.push(Direction::new("Nesterov", vec![g.e.clone(), after.e.clone()]));
        if let Some(before) = &moment.before {
            if let Some(mean) = mean.filter(|mean| mean.new < 0.0) {
                let along = vec![before.e.clone(), after.e.clone()];
                all.push(Direction { slope: mean.new, ..Direction::new("Nesterov", along) });
            }
            all.push(Direction {
                slope,
                numbers: numbers(mean),
                mistake: Some(OldMean),
                evidence: vec![format!("moved along {}, the velocity of the step before", before.name)],
                instead: Some(after.e.clone()),
                ..Direction::new("momentum", vec![before.e.clone()])
            });
        }
    }
    all
}
