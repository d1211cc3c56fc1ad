//! From the sums of all parts to the gradient.  Here the lanes of a vector are units.

use super::super::lanes::{V, rotate};
use super::pass::{Part, room};
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
    let lanes = V::<S, R>::LEN;
    let size = room(model);
    let mut first = lock(&parts[0]);
    let first = &mut first.work;
    for part in &parts[1..] {
        let part = &lock(part).work;
        for (sum, part) in
            first.sums.as_mut_slice().chunks_exact_mut(lanes).zip(part.sums.as_slice().chunks_exact(lanes))
        {
            (V::<S, R>::from_slice(simd, sum) + V::<S, R>::from_slice(simd, part)).store_slice(sum);
        }
        for c in 0..q {
            first.db[c] += part.db[c];
        }
    }
    let (hidden, outputs) = grads.split_at_mut((d + 1) * width);
    let (outputs, bias) = outputs.split_at_mut(k * width);
    for j in (0..width).step_by(lanes) {
        // S of so many units, a vector for each number, from unit by unit.
        let mut s = [zero; 16];
        for (s, sums) in
            s.iter_mut().zip(first.sums.as_slice()[j * size..(j + lanes) * size].chunks_exact(lanes))
        {
            *s = V::<S, R>::from_slice(simd, sums);
        }
        if size == 8 {
            rotate::<S, R>(&mut s, 8, lanes.ilog2());
        } else {
            rotate::<S, R>(&mut s, 16, lanes.ilog2());
        }
        // dw1[i,j] = sum_c S[j,c,i] v[j,c]
        for i in 0..=d {
            let mut dw1 = zero;
            for c in 0..q {
                let v = V::<S, R>::from_slice(simd, &model.v[c * width + j..][..lanes]);
                dw1 = s[c * (d + 1) + i].mul_add(v, dw1);
            }
            dw1.store_slice(&mut hidden[i * width + j..][..lanes]);
        }
        // dw2[j,c] = sum_i S[j,c,i] w1~[i,j]
        let mut others = zero;
        for c in 0..q {
            let mut dw2 = zero;
            for i in 0..=d {
                let w = V::<S, R>::from_slice(simd, &model.params[i * width + j..][..lanes]);
                dw2 = s[c * (d + 1) + i].mul_add(w, dw2);
            }
            dw2.store_slice(&mut outputs[c * width + j..][..lanes]);
            others += dw2;
        }
        if model.loss == Loss::Softmax {
            (-others).store_slice(&mut outputs[q * width + j..][..lanes]);
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
