//! What every pass over a block of rows needs: from logits to loss and dlogits, and the choices of active rows.
#![expect(unsafe_code, reason = "bounds checks in innermost loops cost a tenth of them; tests run with them")]
#![expect(clippy::needless_range_loop, reason = "closures of iterators may lose the vector instructions")]

use super::model::{MOST_OUTPUTS, Model};
use super::rows::Rows;
use crate::buffer::Buffer;
use crate::float::Float;
use crate::lanes::{Eight, V, rotate};
use crate::loss::{Loss, of_output};
use crate::math::{exp, ln};
use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

/// Rows that go through forward and backward together: all that is kept of them stays in the fastest cache.
pub(crate) const BLOCK: usize = 64;

/// What a part of the rows works in, and what it leaves behind.
#[derive(Debug)]
pub(crate) struct Work<R> {
    /// For each unit and each vector of a block, which of its rows are active (width, BLOCK / LEN).
    pub(crate) active: Vec<u16>,
    /// t for each vector of a block (BLOCK / LEN, q, LEN).
    pub(crate) logits: Vec<R>,
    /// `d[c] x~[i]`, row by row (BLOCK, room).
    pub(crate) products: Buffer<R>,
    /// The sums of every choice among a few rows' products: see [`Work::choices`].
    pub(crate) choices: Buffer<R>,
    /// S, unit by unit (width, room).
    pub(crate) sums: Buffer<R>,
    /// See [`Work::gradient`] (d + 1 + q, width).
    pub(crate) grads: Vec<R>,
    /// The sum of d[c] over the rows.
    pub(crate) db: [R; MOST_OUTPUTS],
    pub(crate) data_loss: f64,
}

/// A block of rows, and the weights.
pub(crate) struct Block<'a, R> {
    pub(crate) model: &'a Model<R>,
    pub(crate) rows: &'a Rows<R>,
    /// The block's first row in `rows`.
    pub(crate) offset: usize,
    /// How many rows it has: of its last vector, some lanes are beyond the last row.
    pub(crate) len: usize,
    /// 1 / n.
    pub(crate) weight: R,
}

/// How many numbers there is room for in a row's products, of which q (d + 1) are used.
pub(crate) fn room<R>(model: &Model<R>) -> usize {
    if model.q * (model.d + 1) <= 8 { 8 } else { 16 }
}

/// Rows among which a choice is made: four, or as many as a vector has.
pub(crate) const fn few<S: Simd, R: Float>() -> usize {
    if V::<S, R>::LEN < 4 { V::<S, R>::LEN } else { 4 }
}

/// Adds to a unit's sums what its bits choose from the choices of a vector of rows: one for each four rows.
#[inline(always)]
pub(crate) fn add_chosen<S: Simd, R: Float, const E: usize>(
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

impl<R: Float> Work<R> {
    pub(crate) fn new(model: &Model<R>, lanes: usize) -> Self {
        let room = room(model);
        let few = lanes.min(4);
        Self {
            active: vec![0; model.width * (BLOCK / lanes)],
            logits: vec![R::ZERO; BLOCK * model.q],
            products: Buffer::zeros(BLOCK * room),
            choices: Buffer::zeros(((BLOCK / few) << few) * room),
            sums: Buffer::zeros(model.width * room),
            grads: vec![R::ZERO; (model.d + 1 + model.q) * model.width],
            db: [R::ZERO; MOST_OUTPUTS],
            data_loss: 0.0,
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
    pub(crate) fn choices<S: Simd, const E: usize>(&mut self, simd: S) {
        let (few, size) = (few::<S, R>(), E * 8);
        let products = self.products.as_slice().chunks_exact(few * size);
        let fours = products.zip(self.choices.as_mut_slice().chunks_exact_mut(size << few));
        for (products, choices) in fours {
            for e in (0..size).step_by(8) {
                let mut sums = [Eight::<S, R>::splat(simd, R::ZERO); 16];
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

    /// dlogits from t, their products with the inputs, and the loss.
    #[inline(always)]
    pub(crate) fn answers<S: Simd, const Q: usize>(&mut self, simd: S, block: &Block<'_, R>, vectors: usize) {
        // One copy of it for the dense pass and the pruned one.
        simd.vectorize(
            #[inline(always)]
            || {
                let lanes = V::<S, R>::LEN;
                let d = block.model.d;
                let size = if Q * (d + 1) <= 8 { 8 } else { 16 };
                let zero = V::<S, R>::splat(simd, R::ZERO);
                let (mut data_loss, mut sums) = (zero, [zero; Q]);
                for vector in 0..vectors {
                    let mut t = [zero; Q];
                    for c in 0..Q {
                        t[c] = V::<S, R>::from_slice(simd, &self.logits[(vector * Q + c) * lanes..][..lanes]);
                    }
                    let row = block.offset + vector * lanes;
                    let left = block.len.saturating_sub(vector * lanes);
                    let weight =
                        V::<S, R>::from_fn(simd, |lane| if lane < left { block.weight } else { R::ZERO });
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
                self.data_loss += data_loss.reduce_sum().widen();
            },
        );
    }
}

impl<R: Float> Block<'_, R> {
    /// n dlogits and the loss of each row of the vector at `row`.
    #[inline(always)]
    fn loss<S: Simd, const Q: usize>(&self, simd: S, t: [V<S, R>; Q], row: usize) -> ([V<S, R>; Q], V<S, R>) {
        let lanes = V::<S, R>::LEN;
        let of = |value: f64| V::<S, R>::splat(simd, R::narrow(value));
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
            _ => {
                let mut loss = zero;
                for c in 0..Q {
                    let [of_this, slope] = of_output::<S, R>(simd, self.model.loss, t[c], y(c));
                    loss += of_this;
                    d[c] = slope;
                }
                (d, loss)
            }
        }
    }
}
