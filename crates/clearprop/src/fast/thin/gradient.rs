//! From the sums of all parts to the gradient.  Here the lanes of a vector are units.

use super::super::lanes::V;
use super::pass::Part;
use super::{Model, lock};
use crate::loss::Loss;
use crate::real::Real;
use fearless_simd::{Simd, SimdBase, SimdFloat};
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
