//! Optimisers: how a gradient changes the weights.
//!
//! Each runs over the flat buffer of [`Params`] in one straight loop.  `g` is the gradient of the loss by
//! the parameter `p`, `t` counts the updates from 1.
//! Source: cs231n, *neural networks 3*, "Parameter updates".

use crate::activation::by_name;
use crate::error::{Error, ErrorKind, Result};
use crate::params::Params;
use crate::real::Real;
use crate::schedule::{Place, Schedule};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The rule by which weights are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Gradient descent over all rows at once, the notebook's: `p -= step_size * g`.
    Gd,
    /// Stochastic gradient descent over batches, with momentum `mu`: `v = mu v - step_size g`, then
    /// `p += v`, or with Nesterov's look ahead `p += mu v - step_size g`.
    Sgd,
    /// Adam (Kingma and Ba, 2015): `m` and `v` are running means of `g` and `g^2`;
    /// `p -= step_size * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
    Adam,
    /// L-BFGS over all rows at once, which searches along a line instead of following a rule (Liu and Nocedal,
    /// 1989).
    Lbfgs,
}

impl Solver {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gd, Self::Sgd, Self::Adam, Self::Lbfgs];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gd => "gd",
            Self::Sgd => "sgd",
            Self::Adam => "adam",
            Self::Lbfgs => "lbfgs",
        }
    }

    /// How far a step goes if nobody says otherwise.
    #[must_use]
    pub const fn step_size(self) -> f64 {
        match self {
            Self::Gd => 0.1,
            Self::Sgd => 0.01,
            Self::Adam => 0.001,
            // What the line search tries first.
            Self::Lbfgs => 1.0,
        }
    }

    /// Whether it takes batches; else all rows at once.
    #[must_use]
    pub const fn takes_batches(self) -> bool {
        match self {
            Self::Gd | Self::Lbfgs => false,
            Self::Sgd | Self::Adam => true,
        }
    }
}

impl std::str::FromStr for Solver {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("solver", name, &Self::ALL, |s| s.name())
    }
}

/// A rule with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// See [`Solver::Gd`].
    Gd,
    /// See [`Solver::Sgd`].
    Sgd {
        /// mu, the share of the last step that is kept, 0..1.
        momentum: f64,
        /// Whether to look ahead.
        nesterov: bool,
    },
    /// See [`Solver::Adam`].
    Adam {
        /// The decay of the mean of g, 0..1.
        beta1: f64,
        /// The decay of the mean of g^2, 0..1.
        beta2: f64,
        /// Keeps the quotient finite; about 1e-8.
        epsilon: f64,
        /// Whether epsilon is added to `sqrt(v)` as it is, without the correction for the start: the paper's
        /// "epsilon hat" (end of its section 2), which scikit-learn and TensorFlow compute.
        #[serde(default)]
        epsilon_hat: bool,
    },
}

impl Rule {
    /// Adam with the numbers of its paper.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilon_hat: false };

    /// How many moments (buffers of the parameters' shape) the rule keeps: 0, 1 or 2.
    #[must_use]
    pub fn moments(self) -> usize {
        match self {
            Self::Gd => 0,
            Self::Sgd { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

/// A rule at work: its step size, and what it remembers of earlier gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimiser<R> {
    /// The rule.
    pub rule: Rule,
    /// How far a step goes, before the schedule.
    pub step_size: f64,
    /// How that changes during a run.
    pub schedule: Schedule,
    /// The run, as the schedule needs to know it.
    pub run: Place,
    /// Which share of the step size each tensor takes.
    pub shares: Shares,
    /// The number of updates done.
    pub t: u64,
    /// sgd: the velocity v.  adam: the means m and v.
    pub moments: Vec<Params<R>>,
}

impl<R: Real> Optimiser<R> {
    /// An optimiser that has seen no gradient yet, for parameters of these sizes.
    ///
    /// # Errors
    /// A step size that is not a positive number, momentum or a decay outside 0..1, an epsilon below 0.
    pub fn new(rule: Rule, step_size: f64, sizes: &[usize]) -> Result<Self> {
        let wrong = |key: &'static str, found: f64, expected: &str| {
            Err(Error::new(ErrorKind::Setting, format!("found {found}"))
                .setting(key)
                .hint(format!("give {expected}")))
        };
        if !(step_size > 0.0 && step_size.is_finite()) {
            return wrong("step_size", step_size, "a number above 0, like 0.1");
        }
        let share = 0.0..1.0;
        match rule {
            Rule::Sgd { momentum, .. } if !share.contains(&momentum) => {
                return wrong("momentum", momentum, "a number from 0 up to but not including 1");
            }
            Rule::Adam { beta1, .. } if !share.contains(&beta1) => {
                return wrong("beta1", beta1, "0 <= beta1 < 1");
            }
            Rule::Adam { beta2, .. } if !share.contains(&beta2) => {
                return wrong("beta2", beta2, "0 <= beta2 < 1");
            }
            Rule::Adam { epsilon, .. } if !(epsilon >= 0.0 && epsilon.is_finite()) => {
                return wrong("epsilon", epsilon, "a small number from 0 up");
            }
            _ => {}
        }
        let moments = vec![Params::zeros(sizes); rule.moments()];
        let (schedule, run) = (Schedule::Constant, Place::default());
        Ok(Self { rule, step_size, schedule, run, shares: Shares::Equal, t: 0, moments })
    }

    /// The same optimiser, which has seen no gradient yet, for parameters of this shape.
    #[must_use]
    pub fn shaped(self, params: &Params<R>) -> Self {
        Self { moments: vec![params.zeros_like(); self.rule.moments()], t: 0, ..self }
    }

    /// The same optimiser with a step size that changes during a run.
    #[must_use]
    pub fn scheduled(self, schedule: Schedule, run: Place) -> Self {
        Self { schedule, run, ..self }
    }

    /// One update of `params` by their gradient.
    ///
    /// ```
    /// use clearprop::{optim::{Optimiser, Rule}, params::Params};
    /// let mut params = Params::from_values(&[1, 1], vec![3.0, 0.0]).unwrap();
    /// let grads = Params::from_values(&[1, 1], vec![5.0, -1.0]).unwrap();
    /// Optimiser::new(Rule::Gd, 0.1, &[1, 1])?.update(&mut params, &grads);
    /// assert_eq!(params.values(), [3.0 - 0.1 * 5.0, 0.1]);
    /// # Ok::<(), clearprop::error::Error>(())
    /// ```
    ///
    /// # Panics
    /// If moments were taken out that the rule keeps.
    pub fn update(&mut self, params: &mut Params<R>, grads: &Params<R>) {
        let step_size = self.step_size * self.schedule.factor(self.t, self.run);
        self.t += 1;
        for (range, share) in self.shares.of(params) {
            self.update_range(range, step_size * share, params, grads);
        }
    }

    /// The same for a range of the flat buffer.
    fn update_range(
        &mut self,
        range: Range<usize>,
        step_size: f64,
        params: &mut Params<R>,
        grads: &Params<R>,
    ) {
        let step = R::of(step_size);
        let each = params.values_mut()[range.clone()].iter_mut().zip(&grads.values()[range.clone()]);
        match (self.rule, self.moments.as_mut_slice()) {
            (Rule::Gd, _) => {
                for (p, &g) in each {
                    *p -= step * g;
                }
            }
            (Rule::Sgd { momentum, nesterov }, [velocity]) => {
                let mu = R::of(momentum);
                for ((p, &g), v) in each.zip(&mut velocity.values_mut()[range]) {
                    *v = mu * *v - step * g;
                    *p += if nesterov { mu * *v - step * g } else { *v };
                }
            }
            (Rule::Adam { beta1, beta2, epsilon, epsilon_hat }, [mean, square]) => {
                let AdamStep { beta1, beta2, rate, epsilon } =
                    AdamStep::new(step_size, [beta1, beta2], epsilon, epsilon_hat, self.t);
                let [beta1, beta2, rate, epsilon] = [beta1, beta2, rate, epsilon].map(R::of);
                for (((p, &g), m), v) in
                    each.zip(&mut mean.values_mut()[range.clone()]).zip(&mut square.values_mut()[range])
                {
                    *m = beta1 * *m + (R::one() - beta1) * g;
                    *v = beta2 * *v + (R::one() - beta2) * g * g;
                    *p -= rate * *m / (v.sqrt() + epsilon);
                }
            }
            _ => unreachable!("new() has made as many moments as the rule keeps"),
        }
    }
}

/// Which share of the step size each tensor takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shares {
    /// All take it whole.
    Equal,
    /// `w[l]` takes `1 / sqrt(fan_in)` of it, `b[l]` a tenth, the scale of the inputs six times as much.
    ///
    /// With adam, whose steps do not depend on how large a gradient is, this is what equal steps are in the "neural
    /// tangent" parametrisation `z = a w / sqrt(fan_in) + b` (Jacot, Gabriel and Hongler, 2018) with weights of variance
    /// 1, and the factors of Holzmüller, Grinsztajn and Steinwart, *Better by default*, 2024.
    Ntk,
}

impl Shares {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Equal, Self::Ntk];

    /// The name: `equal`, `ntk`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Ntk => "ntk",
        }
    }

    /// Ranges of the flat buffer, each with its share.
    pub(crate) fn of<R: Real>(self, params: &Params<R>) -> Vec<(Range<usize>, f64)> {
        let all = params.values().len();
        match self {
            Self::Equal => vec![(0..all, 1.0)],
            Self::Ntk => {
                let (mut start, mut ranges) = (0, Vec::new());
                let mut add = |len: usize, share: f64| {
                    ranges.push((start..start + len, share));
                    start += len;
                };
                for pair in params.sizes().windows(2) {
                    add(pair[0] * pair[1], 1.0 / (pair[0] as f64).sqrt());
                    add(pair[1], 0.1);
                }
                if start < all {
                    ranges.push((start..all, 6.0));
                }
                ranges
            }
        }
    }
}

impl std::str::FromStr for Shares {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("shares of the step size", name, &Self::ALL, |one| one.name())
    }
}

/// Adam's numbers at update t, with both corrections for the start folded into two of them:
/// `step_size m/c1 / (sqrt(v/c2) + epsilon) = rate m / (sqrt(v) + epsilon sqrt(c2))`
/// where `c1 = 1 - beta1^t`, `c2 = 1 - beta2^t`, `rate = step_size sqrt(c2)/c1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// The decay of the mean of g.
    pub beta1: f64,
    /// The decay of the mean of g^2.
    pub beta2: f64,
    /// `step_size sqrt(1 - beta2^t) / (1 - beta1^t)`.
    pub rate: f64,
    /// `epsilon sqrt(1 - beta2^t)`, or epsilon as it is ([`Rule::Adam`]'s `epsilon_hat`).
    pub epsilon: f64,
}

impl AdamStep {
    /// The numbers of update t, counted from 1.
    #[must_use]
    pub fn new(step_size: f64, [beta1, beta2]: [f64; 2], epsilon: f64, epsilon_hat: bool, t: u64) -> Self {
        let power = i32::try_from(t).unwrap_or(i32::MAX);
        let (c1, c2) = (1.0 - beta1.powi(power), 1.0 - beta2.powi(power));
        let epsilon = if epsilon_hat { epsilon } else { epsilon * c2.sqrt() };
        Self { beta1, beta2, rate: step_size * c2.sqrt() / c1, epsilon }
    }
}
