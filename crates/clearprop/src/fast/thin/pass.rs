//! Forward, loss and backward of some rows: the loops whose speed counts.
#![expect(unsafe_code, reason = "bounds checks in innermost loops cost a tenth of them; tests run with them")]
#![expect(clippy::needless_range_loop, reason = "closures of iterators may lose the vector instructions")]

use super::super::lanes::{Eight, V, exp, ln, load, rotate, spread};
use super::super::layout::Buffer;
use super::pruned::Pruned;
use super::{MOST_OUTPUTS, Model, Rows, Source};
use crate::loss::Loss;
use crate::real::Real;
use fearless_simd::{Select, Simd, SimdBase, SimdFloat, SimdMask};
use std::ops::Range;

/// Rows that go through forward and backward together: all that is kept of them stays in the fastest cache.
pub(super) const BLOCK: usize = 64;
/// Vectors of rows whose t are in registers together.
const AT_ONCE: usize = 4;

/// What one part of the rows works in, and what it leaves behind.
#[derive(Debug)]
pub(super) struct Part<R> {
    block: Rows<R>,
    pub(super) work: Work<R>,
}

#[derive(Debug)]
pub(super) struct Work<R> {
    /// For each unit and each vector of a block, which of its rows are active (width, BLOCK / LEN).
    pub(super) active: Vec<u16>,
    /// t for each vector of a block (BLOCK / LEN, q, LEN).
    pub(super) logits: Vec<R>,
    /// `d[c] x~[i]`, row by row (BLOCK, room).
    products: Buffer<R>,
    /// The sums of every choice among a few rows' products: see [`Work::choices`].
    pub(super) choices: Buffer<R>,
    /// S, unit by unit (width, room).
    pub(super) sums: Buffer<R>,
    /// See [`Work::gradient`] (d + 1 + q, width).
    pub(super) grads: Vec<R>,
    /// The sum of d[c] over the rows.
    pub(super) db: [R; MOST_OUTPUTS],
    pub(super) data_loss: f64,
    pub(super) pruned: Pruned<R>,
}

/// A block of rows, and the weights.
pub(super) struct Block<'a, R> {
    pub(super) model: &'a Model<R>,
    pub(super) rows: &'a Rows<R>,
    /// The block's first row in `rows`.
    pub(super) offset: usize,
    /// How many rows it has: of its last vector, some lanes are beyond the last row.
    pub(super) len: usize,
    /// 1 / n.
    weight: R,
}

/// How many numbers there is room for in a row's products, of which q (d + 1) are used.
pub(super) fn room<R>(model: &Model<R>) -> usize {
    if model.q * (model.d + 1) <= 8 { 8 } else { 16 }
}

/// Rows among which a choice is made: four, or as many as a vector has.
pub(super) const fn few<S: Simd, R: Real>() -> usize {
    if V::<S, R>::LEN < 4 { V::<S, R>::LEN } else { 4 }
}

/// Adds to a unit's sums what its bits choose from the choices of a vector of rows: one for each four rows.
#[inline(always)]
pub(super) fn add_chosen<S: Simd, R: Real, const E: usize>(
    simd: S,
    sums: &mut [[R; 8]; E],
    choices: &[[R; 8]],
    bits: u16,
) {
    let few = few::<S, R>();
    let fours = V::<S, R>::LEN / few;
    debug_assert_eq!(choices.len(), (fours << few) * E);
    for (e, sums) in sums.iter_mut().enumerate() {
        let mut sum = Eight::<S, R>::from_slice(simd, sums);
        for four in 0..fours {
            let choice = usize::from(bits) >> (four * few) & ((1 << few) - 1);
            // SAFETY: a choice is less than 1 << few.
            let chosen = unsafe { choices.get_unchecked(((four << few) + choice) * E + e) };
            sum += Eight::<S, R>::from_slice(simd, chosen);
        }
        sum.store_slice(sums);
    }
}

impl<R: Real> Part<R> {
    pub(super) fn new(model: &Model<R>, lanes: usize, has_clusters: bool) -> Self {
        let room = room(model);
        let few = lanes.min(4);
        Self {
            block: Rows::new(model, BLOCK),
            work: Work {
                active: vec![0; model.width * (BLOCK / lanes)],
                logits: vec![R::zero(); BLOCK * model.q],
                products: Buffer::zeros(BLOCK * room),
                choices: Buffer::zeros(((BLOCK / few) << few) * room),
                sums: Buffer::zeros(model.width * room),
                grads: vec![R::zero(); (model.d + 1 + model.q) * model.width],
                db: [R::zero(); MOST_OUTPUTS],
                data_loss: 0.0,
                pruned: Pruned::new(model, lanes, has_clusters),
            },
        }
    }

    /// Goes through these of the `n` rows of the source.
    #[inline(always)]
    pub(super) fn pass<S: Simd>(
        &mut self,
        simd: S,
        model: &Model<R>,
        source: &Source<'_, R>,
        n: usize,
        rows: Range<usize>,
    ) {
        let work = &mut self.work;
        work.db = [R::zero(); MOST_OUTPUTS];
        work.data_loss = 0.0;
        work.sums.as_mut_slice().fill(R::zero());
        work.pruned.sums.fill(R::zero());
        for from in rows.clone().step_by(BLOCK) {
            let len = BLOCK.min(rows.end - from);
            if source.kept.is_none() {
                self.block.fill(model, source, from, from + len);
            }
            let block = Block {
                model,
                rows: source.kept.unwrap_or(&self.block),
                offset: if source.kept.is_some() { from } else { 0 },
                len,
                weight: R::one() / R::of(n as f64),
            };
            match (model.q, block.rows.clusters.is_empty()) {
                (1, true) => work.block::<S, 1>(simd, &block),
                (2, true) => work.block::<S, 2>(simd, &block),
                (_, true) => work.block::<S, 3>(simd, &block),
                (1, false) => work.pruned_block::<S, 1>(simd, &block),
                (2, false) => work.pruned_block::<S, 2>(simd, &block),
                (_, false) => work.pruned_block::<S, 3>(simd, &block),
            }
        }
        work.gradient(simd, model);
    }
}

impl<R: Real> Work<R> {
    /// Forward, loss, backward.
    #[inline(always)]
    fn block<S: Simd, const Q: usize>(&mut self, simd: S, block: &Block<'_, R>) {
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

    /// Writes down, for each four rows, the sums of their products over every choice among the four:
    ///
    /// ```text
    /// choice  0000  0001  0010    0011    0100    0101  ..      1111
    /// sum     0     p0    p1      p0+p1   p2      p0+p2         p0+p1+p2+p3
    /// ```
    ///
    /// Each is one addition to an earlier one.  `E` eights of numbers are a row's products.
    #[inline(always)]
    pub(super) fn choices<S: Simd, const E: usize>(&mut self, simd: S) {
        let (few, size) = (few::<S, R>(), E * 8);
        let products = self.products.as_slice().chunks_exact(few * size);
        let fours = products.zip(self.choices.as_mut_slice().chunks_exact_mut(size << few));
        for (products, choices) in fours {
            for e in (0..size).step_by(8) {
                let mut sums = [Eight::<S, R>::splat(simd, R::zero()); 16];
                for row in 0..few {
                    let product = Eight::<S, R>::from_slice(simd, &products[row * size + e..][..8]);
                    for choice in 0..1 << row {
                        sums[(1 << row) + choice] = sums[choice] + product;
                    }
                }
                for choice in 0..1 << few {
                    sums[choice].store_slice(&mut choices[choice * size + e..][..8]);
                }
            }
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
        let zero = V::<S, R>::splat(simd, R::zero());
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

    /// dlogits from t, their products with the inputs, and the loss.
    #[inline(always)]
    pub(super) fn answers<S: Simd, const Q: usize>(&mut self, simd: S, block: &Block<'_, R>, vectors: usize) {
        let lanes = V::<S, R>::LEN;
        let d = block.model.d;
        let size = if Q * (d + 1) <= 8 { 8 } else { 16 };
        let zero = V::<S, R>::splat(simd, R::zero());
        let (mut data_loss, mut sums) = (zero, [zero; Q]);
        for vector in 0..vectors {
            let mut t = [zero; Q];
            for c in 0..Q {
                t[c] = V::<S, R>::from_slice(simd, &self.logits[(vector * Q + c) * lanes..][..lanes]);
            }
            let row = block.offset + vector * lanes;
            let left = block.len.saturating_sub(vector * lanes);
            let weight = V::<S, R>::from_fn(simd, |lane| if lane < left { block.weight } else { R::zero() });
            let (dlogits, loss) = block.loss::<S, Q>(simd, t, row);
            data_loss = loss.mul_add(weight, data_loss);
            let mut products = [zero; 16];
            for c in 0..Q {
                let dlogits = dlogits[c] * weight;
                sums[c] += dlogits;
                for i in 0..d {
                    let x = &block.rows.x[i * block.rows.stride + row..][..lanes];
                    products[c * (d + 1) + i] = V::<S, R>::from_slice(simd, x) * dlogits;
                }
                products[c * (d + 1) + d] = dlogits;
            }
            // Row by row, from a vector for each product.
            if size == 8 {
                rotate::<S, R>(&mut products, 8, 3);
            } else {
                rotate::<S, R>(&mut products, 16, 4);
            }
            let to = self.products.as_mut_slice()[vector * lanes * size..].chunks_exact_mut(lanes);
            for (product, to) in products[..size].iter().zip(to) {
                product.store_slice(to);
            }
        }
        for c in 0..Q {
            self.db[c] += sums[c].reduce_sum();
        }
        self.data_loss += data_loss.reduce_sum().f64();
    }
}

impl<R: Real> Block<'_, R> {
    /// n dlogits and the loss of each row of the vector at `row`.
    #[inline(always)]
    fn loss<S: Simd, const Q: usize>(&self, simd: S, t: [V<S, R>; Q], row: usize) -> ([V<S, R>; Q], V<S, R>) {
        let lanes = V::<S, R>::LEN;
        let of = |value: f64| V::<S, R>::splat(simd, R::of(value));
        let (zero, one) = (of(0.0), of(1.0));
        let y = |c: usize| V::<S, R>::from_slice(simd, &self.rows.y[c * self.rows.stride + row..][..lanes]);
        let mut d = [zero; Q];
        match self.model.loss {
            Loss::Softmax => {
                // The last logit is 0 after it was taken from all; the largest is taken out for exp.
                let mut largest = zero;
                for c in 0..Q {
                    largest = t[c].simd_gt(largest).select(t[c], largest);
                }
                let mut sum = exp::<S, R>(simd, -largest);
                for c in 0..Q {
                    d[c] = exp::<S, R>(simd, t[c] - largest);
                    sum += d[c];
                }
                let share = one / sum;
                let class = y(0);
                let mut right = zero;
                for c in 0..Q {
                    let here = class.simd_eq(of(c as f64));
                    right = here.select(t[c], right);
                    d[c] = d[c] * share - here.select(one, zero);
                }
                (d, largest - right + ln::<S, R>(simd, sum))
            }
            Loss::Logistic => {
                let mut loss = zero;
                for c in 0..Q {
                    // log(1 + exp(t)) - y t, and 1/(1 + exp(-t)) - y, with an exp that cannot overflow
                    let positive = t[c].simd_gt(zero);
                    let small = exp::<S, R>(simd, -t[c].abs());
                    let sum = one + small;
                    loss += positive.select(t[c], zero) + ln::<S, R>(simd, sum) - y(c) * t[c];
                    d[c] = positive.select(one, small) / sum - y(c);
                }
                (d, loss)
            }
            Loss::Squared => {
                let mut loss = zero;
                for c in 0..Q {
                    d[c] = t[c] - y(c);
                    loss = d[c].mul_add(d[c] * of(0.5), loss);
                }
                (d, loss)
            }
            other => unreachable!("{other} has no kernel: Network::has_kernels tells"),
        }
    }
}
