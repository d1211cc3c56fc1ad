//! The optimisers' rules over a stretch of parameters: penalty, moments and update in one pass.
//!
//! The formulas are those of [`optim`](crate::optim); g is first put together:
//!
//! ```text
//! g = sum of the parts that row groups have left, in their order      then       g += reg * p
//! ```
#![expect(unsafe_code, reason = "parameters lie in memory that threads share by parts")]

use super::gemm::{load, store};
use super::lanes::V;
use crate::optim::{AdamStep, Optimiser, Rule};
use crate::real::Real;
use fearless_simd::{Simd, SimdBase, SimdFloat};

/// One update's numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<R> {
    Gd { step: R },
    Sgd { step: R, mu: R, nesterov: bool },
    Adam { beta1: R, beta2: R, rate: R, epsilon: R },
}

impl<R: Real> Step<R> {
    /// The numbers of the next update; counts it.
    pub(super) fn next(optimiser: &mut Optimiser<R>) -> Self {
        optimiser.t += 1;
        let step = R::of(optimiser.step_size);
        match optimiser.rule {
            Rule::Gd => Self::Gd { step },
            Rule::Sgd { momentum, nesterov } => Self::Sgd { step, mu: R::of(momentum), nesterov },
            Rule::Adam { beta1, beta2, epsilon } => {
                let adam = AdamStep::new(optimiser.step_size, beta1, beta2, epsilon, optimiser.t);
                let [beta1, beta2, rate, epsilon] =
                    [adam.beta1, adam.beta2, adam.rate, adam.epsilon].map(R::of);
                Self::Adam { beta1, beta2, rate, epsilon }
            }
        }
    }

    /// Whether a parameter that always was 0, with a gradient that always was 0, stays 0: adam without an
    /// epsilon divides 0 by 0.
    pub(super) fn keeps_zero(&self) -> bool {
        !matches!(self, Self::Adam { epsilon, .. } if *epsilon == R::zero())
    }
}

/// A stretch of parameters: as many whole vectors as `len` says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch<R> {
    pub(super) len: usize,
    /// The parameters.
    pub(super) p: *mut R,
    /// The first part of the gradient; the others follow `apart` from each other.
    pub(super) g: *const R,
    pub(super) parts: usize,
    pub(super) apart: usize,
    /// sgd: the velocity.  adam: the means m and v.
    pub(super) moments: [*mut R; 2],
    /// The penalty's strength, 0 for none.
    pub(super) reg: R,
}

/// Updates a stretch; gives the sum of the squares of its parameters before, or 0 if they are not penalised.
///
/// # Safety
/// All of it must be there, and nobody else may touch it.
#[inline(always)]
pub(super) unsafe fn update<S: Simd, R: Real>(simd: S, step: &Step<R>, on: &Stretch<R>) -> f64 {
    simd.vectorize(
        #[inline(always)]
        || {
            let of = |value: R| V::<S, R>::splat(simd, value);
            let reg = of(on.reg);
            let mut squares = of(R::zero());
            for i in (0..on.len).step_by(V::<S, R>::LEN) {
                // SAFETY: the caller's promise.
                unsafe {
                    let mut p = load::<S, R>(simd, on.p.wrapping_add(i));
                    let mut g = load::<S, R>(simd, on.g.wrapping_add(i));
                    for part in 1..on.parts {
                        g += load::<S, R>(simd, on.g.wrapping_add(i + part * on.apart));
                    }
                    if on.reg != R::zero() {
                        squares = p.mul_add(p, squares);
                        g = p.mul_add(reg, g);
                    }
                    let [first, second] = on.moments.map(|moment| moment.wrapping_add(i));
                    match *step {
                        Step::Gd { step } => p -= of(step) * g,
                        Step::Sgd { step, mu, nesterov } => {
                            let v = of(mu) * load::<S, R>(simd, first) - of(step) * g;
                            store::<S, R>(v, first);
                            p += if nesterov { of(mu) * v - of(step) * g } else { v };
                        }
                        Step::Adam { beta1, beta2, rate, epsilon } => {
                            let m = of(beta1) * load::<S, R>(simd, first) + of(R::one() - beta1) * g;
                            let v = of(beta2) * load::<S, R>(simd, second) + of(R::one() - beta2) * g * g;
                            store::<S, R>(m, first);
                            store::<S, R>(v, second);
                            p -= of(rate) * m / (v.sqrt() + of(epsilon));
                        }
                    }
                    store::<S, R>(p, on.p.wrapping_add(i));
                }
            }
            squares.reduce_sum().f64()
        },
    )
}
