//! The rules of an update, and the usual mistakes in each.

use super::arrays::{Moment, Named, Parameter, Scalars, rounded};
use super::fit::{Fit, leaves_nothing, moved, project};
use super::moments::{Mean, mean};
use crate::diagnose::expression::{Binary, Expr};
use crate::diagnose::words::number;
use ndarray::Array2;

/// Something that the weights may have moved along.
struct Direction {
    rule: &'static str,
    along: Vec<Expr>,
    /// What one step size makes of the first direction; 0 where that is not known.
    slope: f64,
    numbers: Vec<String>,
    mistake: Option<u8>,
    evidence: Vec<String>,
    instead: Option<Expr>,
}

impl Direction {
    fn new(rule: &'static str, along: Vec<Expr>) -> Self {
        let (numbers, evidence) = (Vec::new(), Vec::new());
        Self { rule, along, slope: 1.0, numbers, mistake: None, evidence, instead: None }
    }
}

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
        Some(108) => 2,
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
        mistake: Some(110),
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
        if !(decay > 0.0) {
            return None;
        }
        one.numbers.push(format!("weight decay {}", number(decay)));
        if p.decay > 0.0 {
            one.mistake.get_or_insert(109);
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
        one.mistake = Some(101);
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
        one.mistake = Some(108);
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
                mistake: Some(103),
                evidence: vec![format!("moved along {}, the velocity of the step before", before.name)],
                instead: Some(after.e.clone()),
                ..Direction::new("momentum", vec![before.e.clone()])
            });
        }
    }
    all
}

/// `a / (sqrt(s) + epsilon)`: AdaGrad, RMSprop and Adam.
fn quotients(
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
        let sides = [(&second.after, None), (&second.before, Some(103))];
        for (s, late) in sides {
            let (Some(s), Some(current)) = (s, &second.after) else { continue };
            if s.e.value().is_none_or(|s| s.data.iter().any(|v| *v < 0.0)) {
                continue;
            }
            let firsts = p.moments.iter().enumerate().filter(|(other, _)| *other != at);
            let mut tops: Vec<(&'static str, &Named, Option<&Moment>, Option<u8>)> = vec![(
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
                    tops.push(("Adam", before, Some(first), Some(103)));
                }
            }
            for (rule, top, first, mistake) in tops {
                for epsilon in &epsilons {
                    let small = scalars.text(*epsilon);
                    let bottoms = [
                        (root(&s.e) + small.clone(), mistake),
                        (root(&(s.e.clone() + small.clone())), mistake),
                        (s.e.clone() + small.clone(), mistake.or(Some(106))),
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
                            Some(103) => {
                                vec![format!("moved along {}, divided by the root of {}", top.name, s.name)]
                            }
                            Some(106) => {
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
    let direction = |t: f64, of_m: bool, of_s: bool, mistake: Option<u8>| Direction {
        numbers: numbers(t),
        mistake,
        evidence: match mistake {
            Some(104) => vec![format!("the corrections are those of t = {}", number(t))],
            Some(105) => {
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
        let mistake = if right.is_empty() { None } else { Some(104) };
        if near(factor * c2(t).sqrt() / c1(t)) && scalars.rate().is_some() {
            all.push(direction(t, true, true, mistake));
        }
    }
    for &t in &right {
        if near(factor / c1(t)) {
            all.push(direction(t, true, false, Some(105)));
        }
        if near(factor * c2(t).sqrt()) {
            all.push(direction(t, false, true, Some(105)));
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
