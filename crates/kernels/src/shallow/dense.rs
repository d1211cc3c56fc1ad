//! Every pair of row and unit, one by one.
#![expect(unsafe_code, reason = "bounds checks in innermost loops cost a tenth of them; tests run with them")]
#![expect(clippy::needless_range_loop, reason = "closures of iterators may lose the vector instructions")]

use super::model::Model;
use super::work::{BLOCK, Block, Work, add_chosen, room};
use crate::float::Float;
use crate::lanes::{V, load, spread};
use fearless_simd::{Select, Simd, SimdBase, SimdFloat, SimdMask};

/// Vectors of rows whose t are in registers together.
const AT_ONCE: usize = 4;

impl<R: Float> Work<R> {
    /// Forward, loss, backward.
    #[inline(always)]
    pub(crate) fn block<S: Simd, const Q: usize>(&mut self, simd: S, block: &Block<'_, R>) {
        let vectors = block.len.div_ceil(V::<S, R>::LEN);
        if block.len < BLOCK {
            // No row of the missing vectors is active.
            self.active.fill(0);
        }
        let mut at = 0;
        while at + AT_ONCE <= vectors {
            self.forward::<S, Q, AT_ONCE>(simd, block, at);
            at += AT_ONCE;
        }
        while at < vectors {
            self.forward::<S, Q, 1>(simd, block, at);
            at += 1;
        }
        self.answers::<S, Q>(simd, block, vectors);
        if room(block.model) == 8 {
            self.choices::<S, 1>(simd);
            self.collect::<S, 1>(simd, block.model);
        } else {
            self.choices::<S, 2>(simd);
            self.collect::<S, 2>(simd, block.model);
        }
    }

    /// Adds to the sums of every unit what its bits choose.
    #[inline(always)]
    fn collect<S: Simd, const E: usize>(&mut self, simd: S, model: &Model<R>) {
        let vectors = BLOCK / V::<S, R>::LEN;
        let choices = self.choices.as_slice().as_chunks::<8>().0;
        let sums = self.sums.as_mut_slice().as_chunks_mut::<8>().0.as_chunks_mut::<E>().0;
        for (bits, sums) in self.active.chunks_exact(vectors).zip(sums).take(model.h) {
            for (&bits, choices) in bits.iter().zip(choices.chunks_exact(choices.len() / vectors)) {
                add_chosen::<S, R, E>(simd, sums, choices, bits);
            }
        }
    }

    /// All hidden units for `B` vectors of the block, from the given one.
    #[inline(always)]
    fn forward<S: Simd, const Q: usize, const B: usize>(&mut self, simd: S, block: &Block<'_, R>, at: usize) {
        let (lanes, model) = (V::<S, R>::LEN, block.model);
        let Model { d, h, width, .. } = *model;
        let (hidden, v) = (&model.params[..(d + 1) * width], &model.v[..Q * width]);
        let (stride, start) = (block.rows.stride, block.offset + at * lanes);
        let inputs = &block.rows.x[..];
        assert!(h <= width && start + B * lanes <= stride && d * stride <= inputs.len());
        let vectors = BLOCK / lanes;
        assert!(at + B <= vectors && h * vectors <= self.active.len());
        let zero = V::<S, R>::splat(simd, R::ZERO);
        // SAFETY: asserted above, with i < d and b < B.
        let input =
            |i: usize, b: usize| unsafe { load::<S, R>(simd, inputs, i * stride + start + b * lanes) };

        let mut t = [[zero; B]; Q];
        for c in 0..Q {
            t[c] = [V::<S, R>::splat(simd, model.bias[c]); B];
        }
        for j in 0..h {
            // SAFETY: j < h <= width; `hidden` is (d + 1, width), `v` is (Q, width), `active` (h, vectors).
            unsafe {
                // z1[i,j] = x~[i,:] . w1~[:,j]
                let mut z = [spread::<S, R>(simd, hidden, d * width + j); B];
                for i in 0..d {
                    let w = spread::<S, R>(simd, hidden, i * width + j);
                    for b in 0..B {
                        z[b] = input(i, b).mul_add(w, z[b]);
                    }
                }
                // t[i,c] += max(0, z1[i,j]) v[j,c]
                for b in 0..B {
                    let active = z[b].simd_gt(zero);
                    #[expect(clippy::cast_possible_truncation, reason = "a vector has at most 16 lanes")]
                    let bits = active.to_bitmask() as u16;
                    *self.active.get_unchecked_mut(j * vectors + at + b) = bits;
                    for c in 0..Q {
                        let v = spread::<S, R>(simd, v, c * width + j);
                        t[c][b] = if <S::f32s as SimdBase<S>>::LEN == 16 {
                            active.select(z[b].mul_add(v, t[c][b]), t[c][b])
                        } else {
                            active.select(z[b], zero).mul_add(v, t[c][b])
                        };
                    }
                }
            }
        }
        for c in 0..Q {
            for b in 0..B {
                t[c][b].store_slice(&mut self.logits[((at + b) * Q + c) * lanes..][..lanes]);
            }
        }
    }
}
