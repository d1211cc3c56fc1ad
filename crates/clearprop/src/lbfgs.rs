//! L-BFGS (Liu and Nocedal, 1989): a full-batch method that learns from its last steps how the loss bends.
//!
//! `g` is the gradient, `s` a step that was taken, `y` the change of the gradient over it.  The direction
//! `d = -H g` comes from the last 10 pairs (s, y) by the two-loop recursion, the length of the step from the line
//! search of Moré and Thuente.  It ends when
//!
//! ```text
//! max |g| <= tolerance
//! f_before - f <= 2.2e-9 max(|f_before|, |f|, 1)
//! ```
//! Without bounds, step for step SciPy's `minimize(method="L-BFGS-B")`, and so scikit-learn's `solver="lbfgs"`.
//!
//! ```
//! use clearprop::{lbfgs::{Lbfgs, Step}, params::Params};
//! // (p - 3)^2 + 10 (q + 1)^2
//! let value = |p: &Params<f64>| {
//!     let (p, q) = (p.values()[0] - 3.0, p.values()[1] + 1.0);
//!     (p * p + 10.0 * q * q, Params::from_values(&[1, 1], vec![2.0 * p, 20.0 * q]).unwrap())
//! };
//! let mut params = Params::zeros(&[1, 1]);
//! let mut lbfgs = Lbfgs::default();
//! while let Step::Taken { .. } = lbfgs.step(&mut params, 1e-8, value) {}
//! assert!((params.values()[0] - 3.0).abs() < 1e-8 && (params.values()[1] + 1.0).abs() < 1e-8);
//! ```

mod search;

use crate::params::Params;
use crate::real::Real;
use search::{LONGEST, Search};

/// How many pairs are kept.
pub const PAIRS: usize = 10;
/// The most evaluations of one line search.
const EVALUATIONS: u64 = 20;
/// The loss counts as no longer falling below this relative decrease (SciPy's `ftol`).
const STANDS: f64 = 2.220_446_049_250_313e-9;

/// What the method knows of the steps before.
#[derive(Clone, Debug, PartialEq)]
pub struct Lbfgs<R> {
    /// The last pairs (s, y), the oldest first.
    pairs: Vec<[Params<R>; 2]>,
    /// Loss and gradient where the weights stand, once they are known.
    here: Option<(f64, Params<R>)>,
    iterations: u64,
    evaluations: u64,
    is_over: bool,
}

/// What [`Lbfgs::step`] did.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// The weights have moved.
    Taken {
        /// The loss before.
        before: f64,
        /// The loss now.
        now: f64,
    },
    /// They have not: they stand at a minimum, as far as can be told.
    Minimum,
}

impl<R> Default for Lbfgs<R> {
    fn default() -> Self {
        Self { pairs: Vec::new(), here: None, iterations: 0, evaluations: 0, is_over: false }
    }
}

impl<R: Real> Lbfgs<R> {
    /// Goes on from what [`Lbfgs::pairs`], [`Lbfgs::iterations`] and [`Lbfgs::is_over`] were, to the same bits.
    #[must_use]
    pub fn resume(pairs: Vec<[Params<R>; 2]>, iterations: u64, is_over: bool) -> Self {
        Self { pairs, here: None, iterations, evaluations: 0, is_over }
    }

    /// The last pairs (s, y), the oldest first.
    #[must_use]
    pub fn pairs(&self) -> &[[Params<R>; 2]] {
        &self.pairs
    }

    /// The steps taken.
    #[must_use]
    pub fn iterations(&self) -> u64 {
        self.iterations
    }

    /// How often loss and gradient were computed (since [`Lbfgs::resume`]).
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Whether a minimum has been reached.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// One step of `params`: a direction, and a line search along it.  `evaluate` gives loss and gradient.
    ///
    /// It ends, and stays, at a minimum: no entry of the gradient is larger than `tolerance`, or the loss has
    /// stopped falling, or no step along the gradient makes it smaller.
    pub fn step(
        &mut self,
        params: &mut Params<R>,
        tolerance: f64,
        mut evaluate: impl FnMut(&Params<R>) -> (f64, Params<R>),
    ) -> Step {
        if self.is_over {
            return Step::Minimum;
        }
        let (before, gradient) = self.here.take().unwrap_or_else(|| {
            self.evaluations += 1;
            evaluate(params)
        });
        if self.iterations == 0 && largest(&gradient) <= tolerance {
            return self.end(before, gradient);
        }
        let start = params.clone();
        loop {
            let direction = self.direction(&gradient);
            let slope = dot(&gradient, &direction);
            if slope < 0.0
                && let Some((t, now, new)) =
                    self.search(params, &start, &direction, (before, slope), &mut evaluate)
            {
                let end = dot(&new, &direction);
                self.remember(&start, params, &gradient, &new, t * (end - slope), t * -slope);
                self.iterations += 1;
                let still = before - now <= STANDS * before.abs().max(now.abs()).max(1.0);
                self.is_over = largest(&new) <= tolerance || still;
                self.here = Some((now, new));
                return Step::Taken { before, now };
            }
            params.values_mut().copy_from_slice(start.values());
            if self.pairs.is_empty() {
                // Not even the gradient itself leads down.
                return self.end(before, gradient);
            }
            // What was remembered misleads: begin anew with the gradient.
            self.pairs.clear();
        }
    }

    fn end(&mut self, loss: f64, gradient: Params<R>) -> Step {
        self.here = Some((loss, gradient));
        self.is_over = true;
        Step::Minimum
    }

    /// `-H g` by the two-loop recursion; `H` begins as `s'y / y'y` of the last pair.
    fn direction(&self, gradient: &Params<R>) -> Params<R> {
        let mut q = gradient.clone();
        let mut kept = Vec::with_capacity(self.pairs.len());
        for [s, y] in self.pairs.iter().rev() {
            let rho = 1.0 / dot(s, y);
            let alpha = rho * dot(s, &q);
            add(&mut q, -alpha, y);
            kept.push((rho, alpha));
        }
        if let Some([s, y]) = self.pairs.last() {
            let gamma = R::of(dot(s, y) / dot(y, y));
            q.values_mut().iter_mut().for_each(|q| *q *= gamma);
        }
        for ([s, y], (rho, alpha)) in self.pairs.iter().zip(kept.into_iter().rev()) {
            let beta = rho * dot(y, &q);
            add(&mut q, alpha - beta, s);
        }
        q.values_mut().iter_mut().for_each(|q| *q = -*q);
        q
    }

    /// Moves `params` along `direction` as far as the line search says: the step, and loss and gradient there.
    fn search(
        &mut self,
        params: &mut Params<R>,
        start: &Params<R>,
        direction: &Params<R>,
        (before, slope): (f64, f64),
        evaluate: &mut impl FnMut(&Params<R>) -> (f64, Params<R>),
    ) -> Option<(f64, f64, Params<R>)> {
        let first =
            if self.iterations == 0 { (1.0 / dot(direction, direction).sqrt()).min(LONGEST) } else { 1.0 };
        let mut search = Search::new(before, slope, first);
        for _ in 0..EVALUATIONS {
            let t = search.t;
            params.values_mut().copy_from_slice(start.values());
            add(params, t, direction);
            self.evaluations += 1;
            let (f, gradient) = evaluate(params);
            if search.ends(f, dot(&gradient, direction)) {
                return Some((t, f, gradient));
            }
        }
        None
    }

    /// Keeps the pair of the step just taken, unless the loss does not bend upwards along it: `bend` is s'y,
    /// `gain` what it is measured against.
    fn remember(
        &mut self,
        start: &Params<R>,
        end: &Params<R>,
        before: &Params<R>,
        now: &Params<R>,
        bend: f64,
        gain: f64,
    ) {
        if bend <= f64::EPSILON * gain {
            return;
        }
        let pair = [difference(end, start), difference(now, before)];
        // In single precision the rounded pair may say otherwise.
        if dot(&pair[0], &pair[1]) <= 0.0 {
            return;
        }
        if self.pairs.len() == PAIRS {
            self.pairs.remove(0);
        }
        self.pairs.push(pair);
    }
}

fn dot<R: Real>(a: &Params<R>, b: &Params<R>) -> f64 {
    a.values().iter().zip(b.values()).map(|(a, b)| a.f64() * b.f64()).sum()
}

/// `to += factor * what`.
fn add<R: Real>(to: &mut Params<R>, factor: f64, what: &Params<R>) {
    let factor = R::of(factor);
    to.values_mut().iter_mut().zip(what.values()).for_each(|(to, &what)| *to += factor * what);
}

fn difference<R: Real>(a: &Params<R>, b: &Params<R>) -> Params<R> {
    let mut difference = a.clone();
    add(&mut difference, -1.0, b);
    difference
}

fn largest<R: Real>(gradient: &Params<R>) -> f64 {
    gradient.values().iter().fold(0.0, |most: f64, g| most.max(g.f64().abs()))
}
