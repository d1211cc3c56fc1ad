//! From the sums over the active rows to the gradient.  Here the lanes of a vector are units.

use super::super::lanes::{V, rotate};
use super::pass::{Part, Work, room};
use super::{Model, lock};
use crate::loss::Loss;
use crate::real::Real;
use fearless_simd::{Simd, SimdBase, SimdFloat};
use std::sync::Mutex;

impl<R: Real> Work<R> {
    /// What this part's rows add to dw1 and to the first q columns of dw2, in the order of `Model::params`.
    #[inline(always)]
    pub(super) fn gradient<S: Simd>(&mut self, simd: S, model: &Model<R>) {
        let Model { d, q, width, .. } = *model;
        let zero = V::<S, R>::splat(simd, R::zero());
        let lanes = V::<S, R>::LEN;
        let size = room(model);
        let (hidden, outputs) = self.grads.split_at_mut((d + 1) * width);
        for j in (0..width).step_by(lanes) {
            // S of so many units, a vector for each number, from unit by unit.
            let mut s = [zero; 16];
            let sums = &self.sums.as_slice()[j * size..(j + lanes) * size];
            for (s, sums) in s.iter_mut().zip(sums.chunks_exact(lanes)) {
                *s = V::<S, R>::from_slice(simd, sums);
            }
            if size == 8 {
                rotate::<S, R>(&mut s, 8, lanes.ilog2());
            } else {
                rotate::<S, R>(&mut s, 16, lanes.ilog2());
            }
            for (s, sums) in s.iter_mut().zip(self.pruned.sums.chunks_exact(width)) {
                *s += V::<S, R>::from_slice(simd, &sums[j..j + lanes]);
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
            for c in 0..q {
                let mut dw2 = zero;
                for i in 0..=d {
                    let w = V::<S, R>::from_slice(simd, &model.params[i * width + j..][..lanes]);
                    dw2 = s[c * (d + 1) + i].mul_add(w, dw2);
                }
                dw2.store_slice(&mut outputs[c * width + j..][..lanes]);
            }
        }
    }
}

/// The gradient of the data loss, in the order of `Model::params`, and the loss; the parts are added in their order.
#[inline(always)]
pub(super) fn total<S: Simd, R: Real>(
    simd: S,
    model: &Model<R>,
    parts: &[Mutex<Part<R>>],
    grads: &mut [R],
) -> f64 {
    let Model { d, k, q, width, .. } = *model;
    let lanes = V::<S, R>::LEN;
    let (grads, bias) = grads.split_at_mut((d + 1 + k) * width);
    let (known, others) = grads.split_at_mut((d + 1 + q) * width);
    known.fill(R::zero());
    bias.fill(R::zero());
    let mut data_loss = 0.0;
    for part in parts {
        let work = &lock(part).work;
        for (sum, part) in known.chunks_exact_mut(lanes).zip(work.grads.chunks_exact(lanes)) {
            (V::<S, R>::from_slice(simd, sum) + V::<S, R>::from_slice(simd, part)).store_slice(sum);
        }
        for (sum, &part) in bias.iter_mut().zip(&work.db[..q]) {
            *sum += part;
        }
        data_loss += work.data_loss;
    }
    if model.loss == Loss::Softmax {
        // A row of dlogits adds up to 0, and so does what is a sum over rows of it.
        for j in (0..width).step_by(lanes) {
            let mut sum = V::<S, R>::splat(simd, R::zero());
            for dw2 in known[(d + 1) * width..].chunks_exact(width) {
                sum += V::<S, R>::from_slice(simd, &dw2[j..j + lanes]);
            }
            (-sum).store_slice(&mut others[j..j + lanes]);
        }
        bias[q] = -bias[..q].iter().fold(R::zero(), |sum, &db| sum + db);
    }
    data_loss
}
