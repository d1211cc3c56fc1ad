//! Which arrays belong to the update of which parameter.

use crate::diagnose::arrays::{Array, Values};
use crate::diagnose::expression::{Binary, Expr, Memo};
use crate::mistake::MistakeId;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What was found of one array that an update makes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::diagnose) struct Step {
    /// The array, in the person's name.
    pub(in crate::diagnose) name: String,
    /// The layer.
    pub(in crate::diagnose) layer: usize,
    /// Which variable moves.
    pub(in crate::diagnose) role: String,
    pub(in crate::diagnose) shape: Vec<usize>,
    pub(in crate::diagnose) verdict: Found,
    /// What can be said in numbers.
    pub(in crate::diagnose) evidence: Vec<String>,
    /// The running means that it was judged with.
    pub(in crate::diagnose) beside: Vec<String>,
    /// The line that would be right, evaluated before it is printed.
    pub(in crate::diagnose) right: Option<String>,
}

/// What is said of a step.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::diagnose) enum Found {
    /// By a rule, in words.
    Right(String),
    /// A mistake of the catalogue.
    Wrong(MistakeId),
    /// No known rule gives it.
    NotKnown,
}

/// The variable of a gradient, with its name and the name of its derivative.
pub(in crate::diagnose) struct Learnt {
    pub(in crate::diagnose) layer: usize,
    pub(in crate::diagnose) is_bias: bool,
    pub(in crate::diagnose) name: String,
    pub(in crate::diagnose) derivative: Option<String>,
    /// What the derivative has of the penalty: `dw` holds `decay * w`.
    pub(in crate::diagnose) decay: f64,
}

/// One array with its name.
#[derive(Clone)]
pub(in crate::diagnose) struct Named {
    pub(in crate::diagnose) name: String,
    pub(in crate::diagnose) shape: Vec<usize>,
    pub(in crate::diagnose) e: Expr,
}

/// A running mean: before and after the step, as far as the file has them.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) before: Option<Named>,
    pub(super) after: Option<Named>,
}

/// What moves, with all that the file has beside it.
pub(super) struct Parameter {
    pub(super) layer: usize,
    pub(super) is_bias: bool,
    pub(super) name: String,
    pub(super) before: Named,
    pub(super) gradient: Option<Named>,
    /// What the gradient has of the penalty.
    pub(super) decay: f64,
    pub(super) after: Option<Named>,
    pub(super) moments: Vec<Moment>,
    /// Names of the file.
    pub(super) taken: Vec<String>,
}

/// What stands in a name for the moment at which it was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Before,
    After,
    Unsaid,
}

/// The letters and digits of a name without the mark of its moment: `vW1_new` is `vw1`, after.
fn parts(name: &str) -> (String, When) {
    const AFTER: [&str; 6] = ["updated", "after", "next", "new", "upd", "post"];
    const BEFORE: [&str; 6] = ["before", "previous", "prev", "old", "last", "pre"];
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut when = When::Unsaid;
    let mut kept = Vec::new();
    for (nth, word) in words.iter().enumerate() {
        if AFTER.contains(&word.as_str()) {
            when = When::After;
        } else if BEFORE.contains(&word.as_str()) || (word == "0" && nth > 0) {
            when = When::Before;
        } else {
            kept.push(word.clone());
        }
    }
    let mut plain = kept.concat();
    // W1new, newW1
    if when == When::Unsaid {
        for (marks, said) in [(AFTER, When::After), (BEFORE, When::Before)] {
            let longer = |mark: &&&str| plain.len() > mark.len();
            if let Some(mark) = marks.iter().filter(longer).find(|mark| plain.ends_with(**mark)) {
                plain.truncate(plain.len() - mark.len());
                when = said;
            } else if let Some(mark) = marks.iter().filter(longer).find(|mark| plain.starts_with(**mark)) {
                plain.drain(..mark.len());
                when = said;
            }
        }
    }
    (plain, when)
}

/// What stands before the parameter in a companion's name: `vw1` of `w1` is `v`, `sdw1` is `s`; `v1` goes with `w1` too.
fn stem(plain: &str, parameter: &str) -> Option<String> {
    let digits = |text: &str| text.chars().skip_while(|c| !c.is_ascii_digit()).collect::<String>();
    if let Some(stem) = plain.strip_suffix(parameter) {
        let stem = stem.strip_suffix('d').filter(|rest| !rest.is_empty()).unwrap_or(stem);
        return Some(stem.to_owned());
    }
    let layer = digits(parameter);
    let letter = plain.strip_suffix(layer.as_str()).unwrap_or("");
    (parameter.starts_with('w')
        && !layer.is_empty()
        && matches!(letter, "v" | "m" | "s" | "velocity" | "cache"))
    .then(|| letter.to_owned())
}

/// The arrays that hold numbers.
pub(super) fn named(all: &[Array], memo: &Rc<Memo>) -> Vec<Named> {
    let one = |array: &Array| {
        Some(Named { name: array.name.clone(), shape: array.shape.clone(), e: Expr::array(memo, array)? })
    };
    all.iter().filter_map(one).collect()
}

/// The parameters with what the file has beside them.
pub(super) fn parameters(all: &[Named], learnt: &[Learnt]) -> Vec<Parameter> {
    let find = |name: &str| all.iter().find(|array| array.name == name).cloned();
    let known =
        |name: &str| learnt.iter().any(|one| one.name == name || one.derivative.as_deref() == Some(name));
    let mut parameters = Vec::new();
    for one in learnt {
        let Some(before) = find(&one.name) else { continue };
        let (plain, _) = parts(&one.name);
        let mut after: Option<(When, Named)> = None;
        let mut companions: Vec<(String, When, Named)> = Vec::new();
        for array in all.iter().filter(|array| array.shape == before.shape && !known(&array.name)) {
            let (other, when) = parts(&array.name);
            let (Some(stem), array) = (stem(&other, &plain), array.clone()) else { continue };
            match stem.as_str() {
                "" => {
                    // The weights of before, in another place, are those of the pass.
                    if when != When::Before && after.as_ref().is_none_or(|(said, _)| *said != When::After) {
                        after = Some((when, array));
                    }
                }
                "d" | "dl" | "dld" | "grad" | "delta" | "nabla" | "theta" => {}
                _ => companions.push((stem, when, array)),
            }
        }
        let mut stems: Vec<String> = companions.iter().map(|(stem, ..)| stem.clone()).collect();
        stems.sort();
        stems.dedup();
        let moments = stems
            .iter()
            .map(|stem| {
                let of = |when: When| {
                    companions.iter().find(|c| c.0 == *stem && c.1 == when).map(|(.., array)| array.clone())
                };
                let unsaid = of(When::Unsaid);
                match (of(When::Before), of(When::After)) {
                    (Some(before), after) => Moment { before: Some(before), after: after.or(unsaid) },
                    (None, Some(after)) => Moment { before: unsaid, after: Some(after) },
                    (None, None) => Moment { before: None, after: unsaid },
                }
            })
            .collect();
        parameters.push(Parameter {
            layer: one.layer,
            is_bias: one.is_bias,
            name: one.name.clone(),
            gradient: one.derivative.as_deref().and_then(find).filter(|g| g.shape == before.shape),
            decay: one.decay,
            after: after.map(|(_, after)| after),
            moments,
            taken: all.iter().map(|array| array.name.clone()).collect(),
            before,
        });
    }
    parameters
}

/// What the weights may have moved along beside their gradient, by the parameters' names: each running mean, and the
/// quotients of Adam and RMSprop.
pub(in crate::diagnose) fn directions(
    all: &[Named],
    learnt: &[Learnt],
    epsilon: f64,
) -> Vec<(String, BTreeMap<String, Expr>)> {
    let parameters = parameters(all, learnt);
    let moments = parameters.iter().map(|p| p.moments.len()).max().unwrap_or(0);
    let new = |p: &Parameter, nth: usize| p.moments.get(nth).and_then(|moment| moment.after.clone());
    let mut found = Vec::new();
    let mut add = |what: String, of: &dyn Fn(&Parameter) -> Option<Expr>| {
        let along: BTreeMap<String, Expr> =
            parameters.iter().filter_map(|p| Some((p.name.clone(), of(p)?))).collect();
        if parameters.iter().filter(|p| !p.is_bias).all(|p| along.contains_key(&p.name)) {
            found.push((what, along));
        }
    };
    for nth in 0..moments {
        let Some(first) = parameters.first().and_then(|p| new(p, nth)) else { continue };
        add(format!("along {}", first.name), &|p| Some(new(p, nth)?.e));
        let root = |s: Expr| Expr::binary(Binary::Power, &s, &Expr::number(0.5)) + Expr::number(epsilon);
        add(format!("along the gradient over the root of {}", first.name), &|p| {
            Some(p.gradient.as_ref()?.e.clone() / root(new(p, nth)?.e))
        });
        for other in (0..moments).filter(|other| *other != nth) {
            let Some(top) = parameters.first().and_then(|p| new(p, other)) else { continue };
            add(format!("along {} over the root of {}", top.name, first.name), &|p| {
                Some(new(p, other)?.e / root(new(p, nth)?.e))
            });
        }
    }
    found
}

/// The single numbers of the file by what they are called.
pub(super) struct Scalars(Vec<(String, f64, Expr)>);

impl Scalars {
    pub(super) fn of(all: &[Array], memo: &Rc<Memo>) -> Self {
        let number = |array: &Array| match &array.values {
            Values::Numbers(values, _) if values.len() == 1 => {
                let plain: String =
                    array.name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
                Some((plain, values[0], Expr::array(memo, array)?))
            }
            _ => None,
        };
        Self(all.iter().filter_map(number).collect())
    }

    fn called(&self, names: &[&str]) -> Option<f64> {
        names
            .iter()
            .find_map(|name| self.0.iter().find(|(plain, ..)| plain == name))
            .map(|(_, value, _)| *value)
    }

    /// The step size.
    pub(super) fn rate(&self) -> Option<f64> {
        self.called(&["lr", "learningrate", "stepsize", "eta", "alpha"]).filter(|rate| *rate > 0.0)
    }

    pub(super) fn beta1(&self) -> Option<f64> {
        self.called(&["beta1", "b1", "betas1"])
    }

    pub(super) fn beta2(&self) -> Option<f64> {
        self.called(&["beta2", "b2", "betas2"])
    }

    pub(super) fn epsilon(&self) -> Option<f64> {
        self.called(&["eps", "epsilon"])
    }

    pub(super) fn time(&self) -> Option<f64> {
        self.called(&["t", "step", "iteration", "iter", "it", "k", "i"])
            .filter(|t| *t >= 0.0 && t.fract() == 0.0)
    }

    /// The share of a running mean that is kept.
    pub(super) fn kept(&self) -> Option<f64> {
        self.called(&["mu", "momentum", "beta", "rho", "gamma", "decayrate", "decay"])
    }

    /// A number as the file has it, else as it is.
    pub(super) fn text(&self, value: f64) -> Expr {
        let near = |other: f64| (other - value).abs() <= 1e-5 * value.abs();
        match self.0.iter().find(|(plain, other, _)| near(*other) && plain != "y" && plain != "loss") {
            Some((.., e)) if value != 1.0 => e.clone(),
            _ => Expr::number(rounded(value)),
        }
    }
}

/// A number that a person writes, where it is one but for rounding.
pub(super) fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let text = format!("{value:.3e}");
    text.parse().ok().filter(|short: &f64| (short - value).abs() < 1e-5 * value.abs()).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_moment_and_their_parameter() {
        assert_eq!(parts("vW1_new"), ("vw1".into(), When::After));
        assert_eq!(parts("W1new"), ("w1".into(), When::After));
        assert_eq!(parts("W_old"), ("w".into(), When::Before));
        assert_eq!(parts("W1_0"), ("w1".into(), When::Before));
        assert_eq!(parts("v['dW1']"), ("vdw1".into(), When::Unsaid));
        assert_eq!(stem("vw1", "w1").as_deref(), Some("v"));
        assert_eq!(stem("sdw1", "w1").as_deref(), Some("s"));
        assert_eq!(stem("dw1", "w1").as_deref(), Some("d"));
        assert_eq!(stem("m1", "w1").as_deref(), Some("m"));
        assert_eq!(stem("m1", "b1"), None);
        assert_eq!(stem("vw2", "w1"), None);
    }
}
