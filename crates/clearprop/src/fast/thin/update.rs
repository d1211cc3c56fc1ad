//! From the sums of all parts to the gradient, and from the gradient to the weights: all lanes are units.

use super::super::lanes::V;
use super::pass::Part;
use super::{Model, lock};
use crate::loss::Loss;
use crate::optim::{AdamStep, Optimiser, Rule};
use crate::real::Real;
use fearless_simd::{Simd, SimdBase, SimdFloat};
use std::ops::Range;
use std::sync::Mutex;

/// The gradient of the data loss, in the order of `Model::params`; the parts are added in their order.
#[inline(always)]
pub(super) fn gradient<S: Simd, R: Real>(
    simd: S,
    model: &Model<R>,
    parts: &[Mutex<Part<R>>],
    grads: &mut [R],
) {
    let Model { d, k, q, width, .. } = *model;
    let zero = V::<S, R>::splat(simd, R::zero());
    let mut first = lock(&parts[0]);
    for part in &parts[1..] {
        let part = lock(part);
        for at in (0..q * (d + 1) * width).step_by(V::<S, R>::LEN) {
            let sum = V::<S, R>::from_slice(simd, &first.sums[at..at + V::<S, R>::LEN])
                + V::<S, R>::from_slice(simd, &part.sums[at..at + V::<S, R>::LEN]);
            sum.store_slice(&mut first.sums[at..at + V::<S, R>::LEN]);
        }
        for c in 0..q {
            first.db[c] += part.db[c];
        }
    }
    let (hidden, outputs) = grads.split_at_mut((d + 1) * width);
    let (outputs, bias) = outputs.split_at_mut(k * width);
    for j in (0..width).step_by(V::<S, R>::LEN) {
        // dw1[i,j] = sum_c S[j,c,i] v[j,c]
        for i in 0..=d {
            let mut dw1 = zero;
            for c in 0..q {
                let s = V::<S, R>::from_slice(
                    simd,
                    &first.sums[(c * (d + 1) + i) * width + j..][..V::<S, R>::LEN],
                );
                let v = V::<S, R>::from_slice(simd, &model.v[c * width + j..][..V::<S, R>::LEN]);
                dw1 = s.mul_add(v, dw1);
            }
            dw1.store_slice(&mut hidden[i * width + j..][..V::<S, R>::LEN]);
        }
        // dw2[j,c] = sum_i S[j,c,i] w1~[i,j]
        let mut others = zero;
        for c in 0..q {
            let mut dw2 = zero;
            for i in 0..=d {
                let s = V::<S, R>::from_slice(
                    simd,
                    &first.sums[(c * (d + 1) + i) * width + j..][..V::<S, R>::LEN],
                );
                let w = V::<S, R>::from_slice(simd, &model.params[i * width + j..][..V::<S, R>::LEN]);
                dw2 = s.mul_add(w, dw2);
            }
            dw2.store_slice(&mut outputs[c * width + j..][..V::<S, R>::LEN]);
            others += dw2;
        }
        if model.loss == Loss::Softmax {
            (-others).store_slice(&mut outputs[q * width + j..][..V::<S, R>::LEN]);
        }
    }
    let mut others = R::zero();
    for (bias, &db) in bias.iter_mut().zip(&first.db[..q]) {
        *bias = db;
        others += db;
    }
    if model.loss == Loss::Softmax {
        bias[q] = -others;
    }
}

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

/// Penalty, moments and update of a range of whole vectors in one pass; the sum of the squares of its
/// parameters before, or 0 if they are not penalised.
#[inline(always)]
pub(super) fn update<S: Simd, R: Real>(
    simd: S,
    step: &Step<R>,
    reg: R,
    params: &mut [R],
    grads: &[R],
    moments: &mut [Vec<R>],
    range: Range<usize>,
) -> f64 {
    let of = |value: R| V::<S, R>::splat(simd, value);
    let (params, grads) = (&mut params[range.clone()], &grads[range.clone()]);
    let mut squares = of(R::zero());
    let penalised = reg != R::zero();
    let each = params.chunks_exact_mut(V::<S, R>::LEN).zip(grads.chunks_exact(V::<S, R>::LEN)).enumerate();
    for (i, (p_place, g)) in each {
        let at = range.start + i * V::<S, R>::LEN;
        let mut p = V::<S, R>::from_slice(simd, p_place);
        let mut g = V::<S, R>::from_slice(simd, g);
        if penalised {
            squares = p.mul_add(p, squares);
            g = p.mul_add(of(reg), g);
        }
        match (*step, &mut *moments) {
            (Step::Sgd { step, mu, nesterov }, [velocity]) => {
                let place = &mut velocity[at..at + V::<S, R>::LEN];
                let v = of(mu) * V::<S, R>::from_slice(simd, place) - of(step) * g;
                v.store_slice(place);
                p += if nesterov { of(mu) * v - of(step) * g } else { v };
            }
            (Step::Adam { beta1, beta2, rate, epsilon }, [mean, square]) => {
                let (mean, square) =
                    (&mut mean[at..at + V::<S, R>::LEN], &mut square[at..at + V::<S, R>::LEN]);
                let m = of(beta1) * V::<S, R>::from_slice(simd, mean) + of(R::one() - beta1) * g;
                let v = of(beta2) * V::<S, R>::from_slice(simd, square) + of(R::one() - beta2) * g * g;
                m.store_slice(mean);
                v.store_slice(square);
                p -= of(rate) * m / (v.sqrt() + of(epsilon));
            }
            (Step::Gd { step }, _) => p -= of(step) * g,
            _ => unreachable!("the optimiser has as many moments as its rule keeps"),
        }
        p.store_slice(p_place);
    }
    squares.reduce_sum().f64()
}
