//! From the sums over the active rows to the gradient.  Here the lanes of a vector are units.

use super::model::Model;
use super::work::{Work, room};
use crate::float::Float;
use crate::lanes::{V, rotate};
use fearless_simd::{Simd, SimdBase, SimdFloat};

impl<R: Float> Work<R> {
    /// What these rows add to dw1 and to the first q columns of dw2, in the order of `Model::params`; `whole` are
    /// further sums, one number of S after the other.
    #[inline(always)]
    pub(crate) fn gradient<S: Simd>(&mut self, simd: S, model: &Model<R>, whole: &[R]) {
        let Model { d, q, width, .. } = *model;
        let zero = V::<S, R>::splat(simd, R::ZERO);
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
            for (s, sums) in s.iter_mut().zip(whole.chunks_exact(width)) {
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
