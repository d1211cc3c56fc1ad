//! Steps divided by the root of a mean of squares: AdaGrad, RMSprop and Adam, with its corrections for the start.

use super::arrays::{Moment, Named, Parameter, Scalars};
use super::direction::Direction;
use super::fit::{leaves_nothing, project};
use super::moments::{Mean, mean};
use crate::diagnose::expression::{Binary, Expr};
use crate::diagnose::number::number;
use crate::mistake::MistakeId::{self, NoRoot, OldMean, OneMeanCorrected, OtherT};
use ndarray::Array2;

/// `a / (sqrt(s) + epsilon)`.
pub(super) fn quotients(
    p: &Parameter,
    means: &[Option<Mean>],
    scalars: &Scalars,
    target: &Array2<f64>,
    tolerance: f64,
) -> Vec<Direction> {
    let mut all = Vec::new();
    let Some(g) = &p.gradient else { return all };
    let epsilon = scalars.epsilon();
    let epsilons: Vec<f64> = epsilon.map_or_else(|| vec![1e-8, 1e-7, 1e-6, 1e-5, 1e-10, 0.0], |e| vec![e]);
    let root = |e: &Expr| Expr::binary(Binary::Power, e, &Expr::number(0.5));
    for (at, (second, squares)) in p.moments.iter().zip(means).enumerate() {
        if squares.is_some_and(|mean| !mean.squares) && p.moments.len() == 1 && second.before.is_some() {
            // A mean of the gradient itself: the square was forgotten.
            continue;
        }
        let sides = [(&second.after, None), (&second.before, Some(OldMean))];
        for (s, late) in sides {
            let (Some(s), Some(current)) = (s, &second.after) else { continue };
            if s.e.value().is_none_or(|s| s.data.iter().any(|v| *v < 0.0)) {
                continue;
            }
            let firsts = p.moments.iter().enumerate().filter(|(other, _)| *other != at);
            let mut tops: Vec<(&'static str, &Named, Option<&Moment>, Option<MistakeId>)> = vec![(
                if squares.is_some_and(|mean| mean.kept == 1.0) { "AdaGrad" } else { "RMSprop" },
                g,
                None,
                late,
            )];
            for (_, first) in firsts {
                if let Some(after) = &first.after {
                    tops.push(("Adam", after, Some(first), late));
                }
                if let (Some(before), Some(_), None) = (&first.before, &first.after, late) {
                    tops.push(("Adam", before, Some(first), Some(OldMean)));
                }
            }
            for (rule, top, first, mistake) in tops {
                for epsilon in &epsilons {
                    let small = scalars.text(*epsilon);
                    let bottoms = [
                        (root(&s.e) + small.clone(), mistake),
                        (root(&(s.e.clone() + small.clone())), mistake),
                        (s.e.clone() + small.clone(), mistake.or(Some(NoRoot))),
                    ];
                    for (bottom, mistake) in bottoms {
                        let along = top.e.clone() / bottom;
                        // A first look leaves room for the corrections' part in epsilon.
                        let factors = near(p, target, &along);
                        if factors.is_empty() && target.len() > 3 {
                            continue;
                        }
                        let right = first.and_then(|first| first.after.as_ref()).unwrap_or(top);
                        let wanted = right.e.clone() / (root(&current.e) + small.clone());
                        let evidence = match mistake {
                            Some(OldMean) => {
                                vec![format!("moved along {}, divided by the root of {}", top.name, s.name)]
                            }
                            Some(NoRoot) => {
                                vec![format!("{} is divided by {} itself, not by its root", top.name, s.name)]
                            }
                            _ => vec![],
                        };
                        all.push(Direction {
                            numbers: decay_words(squares, "beta2"),
                            mistake,
                            evidence,
                            instead: mistake.map(|_| wanted),
                            ..Direction::new(rule, vec![along.clone()])
                        });
                        if rule == "Adam" && mistake.is_none() {
                            let kept = |moment: &Moment, default: f64, said: Option<f64>| {
                                let found = mean(p, moment, tolerance)
                                    .map(|mean| mean.kept)
                                    .filter(|kept| *kept > 0.0);
                                found.or(said).unwrap_or(default)
                            };
                            let beta1 = first.map_or(0.9, |first| kept(first, 0.9, scalars.beta1()));
                            let beta2 = kept(second, 0.999, scalars.beta2());
                            let parts = Corrected { top, s, beta1, beta2, epsilon: *epsilon };
                            all.extend(
                                factors
                                    .iter()
                                    .flat_map(|factor| corrected(*factor, &parts, scalars, first, second)),
                            );
                        }
                    }
                }
            }
        }
    }
    all
}

/// How far the weights moved along a direction, alone or with a decay, if they did but for the corrections' part in
/// epsilon.
fn near(p: &Parameter, target: &Array2<f64>, along: &Expr) -> Vec<f64> {
    let both = [vec![along.clone()], vec![along.clone(), p.before.e.clone()]];
    let fits = |along: &Vec<Expr>| {
        let by = project(target, along)?;
        leaves_nothing(target, along, &by, p, 1e-2).then(|| by[0].abs())
    };
    both.iter().filter_map(fits).take(1).collect()
}

fn decay_words(mean: &Option<Mean>, name: &str) -> Vec<String> {
    mean.filter(|mean| mean.kept > 0.0 && mean.kept < 1.0)
        .map(|mean| format!("{name} {}", number(mean.kept)))
        .into_iter()
        .collect()
}

/// The parts of Adam's step.
struct Corrected<'a> {
    top: &'a Named,
    s: &'a Named,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

/// Adam with corrections for the start: the right ones, those of another t, and one of the two alone.
fn corrected(
    factor: f64,
    parts: &Corrected<'_>,
    scalars: &Scalars,
    first: Option<&Moment>,
    second: &Moment,
) -> Vec<Direction> {
    let zero = |moment: &Moment| {
        moment
            .before
            .as_ref()
            .is_some_and(|before| before.e.value().is_some_and(|value| value.data.iter().all(|v| *v == 0.0)))
    };
    let starts = first.is_some_and(zero) || zero(second);
    // Counted from 1, or from 0: then t + 1 is in the formula.
    let right: Vec<f64> = match (starts, scalars.time()) {
        (true, _) => vec![1.0],
        (false, Some(t)) => [t, t + 1.0].into_iter().filter(|t| *t >= 1.0).collect(),
        (false, None) => vec![],
    };
    let (c1, c2) = (|t: f64| 1.0 / (1.0 - parts.beta1.powf(t)), |t: f64| 1.0 / (1.0 - parts.beta2.powf(t)));
    let make = |t: f64, of_m: bool, of_s: bool| {
        let power = |beta: f64| {
            Expr::number(1.0) - Expr::binary(Binary::Power, &scalars.text(beta), &time(scalars, t))
        };
        let m = if of_m { parts.top.e.clone() / power(parts.beta1) } else { parts.top.e.clone() };
        let s = if of_s { parts.s.e.clone() / power(parts.beta2) } else { parts.s.e.clone() };
        m / (Expr::binary(Binary::Power, &s, &Expr::number(0.5)) + scalars.text(parts.epsilon))
    };
    let numbers = |t: f64| {
        vec![
            format!("beta1 {}", number(parts.beta1)),
            format!("beta2 {}", number(parts.beta2)),
            format!("t {}", number(t)),
        ]
    };
    let direction = |t: f64, of_m: bool, of_s: bool, mistake: Option<MistakeId>| Direction {
        numbers: numbers(t),
        mistake,
        evidence: match mistake {
            Some(OtherT) => vec![format!("the corrections are those of t = {}", number(t))],
            Some(OneMeanCorrected) => {
                vec![format!("only {} is corrected", if of_m { &parts.top.name } else { &parts.s.name })]
            }
            _ => vec![],
        },
        instead: mistake.and_then(|_| right.first().map(|t| make(*t, true, true))),
        ..Direction::new("Adam", vec![make(t, of_m, of_s)])
    };
    let mut all = Vec::new();
    let near = |rate: f64| {
        scalars.rate().map_or_else(|| is_short(rate), |wanted| (rate - wanted).abs() < 1e-3 * wanted)
    };
    for &t in &right {
        if near(factor * c2(t).sqrt() / c1(t)) {
            all.push(direction(t, true, true, None));
        }
    }
    if !all.is_empty() {
        return all;
    }
    if near(factor) {
        return vec![]; // without corrections
    }
    for t in (1..=200).map(f64::from) {
        let mistake = if right.is_empty() { None } else { Some(OtherT) };
        if near(factor * c2(t).sqrt() / c1(t)) && scalars.rate().is_some() {
            all.push(direction(t, true, true, mistake));
        }
    }
    for &t in &right {
        if near(factor / c1(t)) {
            all.push(direction(t, true, false, Some(OneMeanCorrected)));
        }
        if near(factor * c2(t).sqrt()) {
            all.push(direction(t, false, true, Some(OneMeanCorrected)));
        }
    }
    all
}

/// `t` as the file has it.
fn time(scalars: &Scalars, t: f64) -> Expr {
    scalars.text(t)
}

/// Whether a number has two digits that count, as a step size has.
fn is_short(value: f64) -> bool {
    let text = format!("{value:.1e}");
    text.parse::<f64>().is_ok_and(|short| (short - value).abs() < 1e-5 * value.abs())
}
