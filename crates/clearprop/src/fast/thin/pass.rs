//! Forward, loss and backward of some rows: the loops whose speed counts.
#![expect(unsafe_code, reason = "bounds checks in innermost loops cost a tenth of them; tests run with them")]
#![expect(clippy::needless_range_loop, reason = "closures of iterators may lose the vector instructions")]

use super::super::lanes::{V, exp, fold, ln, load, spread, store};
use super::{MOST_OUTPUTS, Model, Rows, Source};
use crate::loss::Loss;
use crate::real::Real;
use fearless_simd::{Select, Simd, SimdBase, SimdFloat, SimdMask};
use std::ops::Range;

/// Vectors of rows that go through forward and backward together: their products stay in the cache.
const TILE: usize = 48;
/// Units that are summed together, if there are registers for them.
pub(super) const UNITS: usize = 4;

/// What one part of the rows works in, and what it leaves behind.
#[derive(Debug)]
pub(super) struct Part<R> {
    tile: Rows<R>,
    /// For each unit and each vector of a tile, which of its rows are active (width, TILE).
    active: Vec<u16>,
    /// t for each vector of a tile (TILE, q, LEN).
    logits: Vec<R>,
    /// `d[c] x~[i]` for each vector of a tile (TILE, q (d + 1), LEN).
    products: Vec<R>,
    /// S (q (d + 1), width).
    pub(super) sums: Vec<R>,
    /// The sum of d[c] over the rows.
    pub(super) db: [R; MOST_OUTPUTS],
    pub(super) data_loss: f64,
}

/// Whether there are 32 registers, or only 16.
const fn many_registers<S: Simd>() -> bool {
    <S::f32s as SimdBase<S>>::LEN == 16 || cfg!(target_arch = "aarch64")
}

/// `a + b` where active, `a` elsewhere: one instruction on AVX-512, two elsewhere.
#[inline(always)]
fn add_active<S: Simd, R: Real>(
    simd: S,
    active: <V<S, R> as SimdBase<S>>::Mask,
    a: V<S, R>,
    b: V<S, R>,
) -> V<S, R> {
    if <S::f32s as SimdBase<S>>::LEN == 16 {
        active.select(a + b, a)
    } else {
        a + active.select(b, V::<S, R>::splat(simd, R::zero()))
    }
}

impl<R: Real> Part<R> {
    pub(super) fn new(model: &Model<R>, lanes: usize) -> Self {
        let sums = model.q * (model.d + 1);
        Self {
            tile: Rows::new(model, TILE * lanes),
            active: vec![0; model.width * TILE],
            logits: vec![R::zero(); TILE * model.q * lanes],
            products: vec![R::zero(); TILE * sums * lanes],
            sums: vec![R::zero(); sums * model.width],
            db: [R::zero(); MOST_OUTPUTS],
            data_loss: 0.0,
        }
    }

    /// Goes through these vectors of the `rows` rows of the source.
    #[inline(always)]
    pub(super) fn pass<S: Simd>(
        &mut self,
        simd: S,
        model: &Model<R>,
        source: &Source<'_, R>,
        rows: usize,
        vectors: Range<usize>,
    ) {
        self.db = [R::zero(); MOST_OUTPUTS];
        self.data_loss = 0.0;
        self.sums.fill(R::zero());
        let tiles = vectors.len().div_ceil(TILE);
        for tile in 0..tiles {
            let from = vectors.start + vectors.len() * tile / tiles;
            let to = vectors.start + vectors.len() * (tile + 1) / tiles;
            let lanes = V::<S, R>::LEN;
            let offset = if source.kept.is_some() {
                from * lanes
            } else {
                self.tile.fill(model, source, from * lanes, (to * lanes).min(rows));
                0
            };
            let mut each = Each {
                model,
                tile: source.kept.unwrap_or(&self.tile),
                offset,
                vectors: to - from,
                active: &mut self.active,
                logits: &mut self.logits,
                products: &mut self.products,
            };
            // With the notebook's two inputs, they stay in registers where there are enough.
            match (model.q, model.d == 2 && many_registers::<S>()) {
                (1, true) => each.forward::<S, 2, 1>(simd),
                (2, true) => each.forward::<S, 2, 2>(simd),
                (3, true) => each.forward::<S, 2, 3>(simd),
                (1, false) => each.forward::<S, 0, 1>(simd),
                (2, false) => each.forward::<S, 0, 2>(simd),
                _ => each.forward::<S, 0, 3>(simd),
            }
            // Of the last vector, some lanes are beyond the last row.
            let left = rows - from * lanes;
            let weight = R::one() / R::of(rows as f64);
            self.data_loss += match model.q {
                1 => each.answers::<S, 1>(simd, left, weight, &mut self.db),
                2 => each.answers::<S, 2>(simd, left, weight, &mut self.db),
                _ => each.answers::<S, 3>(simd, left, weight, &mut self.db),
            };
            self.backward(simd, model, to - from);
        }
    }

    /// Adds the products of a tile's active rows to the sums of every unit.
    #[inline(always)]
    fn backward<S: Simd>(&mut self, simd: S, model: &Model<R>, vectors: usize) {
        let count = model.q * (model.d + 1);
        // At most 6 products at a time, as evenly as can be.
        let groups = count.div_ceil(6);
        for group in 0..groups {
            let from = count * group / groups;
            let to = count * (group + 1) / groups;
            match to - from {
                1 => self.collect::<S, 1>(simd, model, vectors, from),
                2 => self.collect::<S, 2>(simd, model, vectors, from),
                3 => self.collect::<S, 3>(simd, model, vectors, from),
                4 => self.collect::<S, 4>(simd, model, vectors, from),
                5 => self.collect::<S, 5>(simd, model, vectors, from),
                _ => self.collect::<S, 6>(simd, model, vectors, from),
            }
        }
    }

    /// `G` products, from the given one.
    #[inline(always)]
    fn collect<S: Simd, const G: usize>(&mut self, simd: S, model: &Model<R>, vectors: usize, from: usize) {
        let lanes = V::<S, R>::LEN;
        let count = model.q * (model.d + 1);
        let zero = V::<S, R>::splat(simd, R::zero());
        for j in (0..model.width).step_by(lanes) {
            // The sums of as many units as a vector has lanes, still spread over the lanes of rows.
            let mut spread = [[zero; 8]; G];
            let apart = if many_registers::<S>() && lanes >= UNITS { lanes / UNITS } else { lanes / 2 };
            for unit in 0..apart {
                let folded = if many_registers::<S>() && lanes >= UNITS {
                    self.units::<S, G, UNITS>(simd, vectors, count, from, j + unit)
                } else {
                    self.units::<S, G, 2>(simd, vectors, count, from, j + unit)
                };
                for g in 0..G {
                    spread[g][unit] = folded[g];
                }
            }
            for g in 0..G {
                let at = (from + g) * model.width + j;
                // SAFETY: S is (q (d + 1), width), the group lies within q (d + 1) and j within width.
                unsafe {
                    let sum = load::<S, R>(simd, &self.sums, at) + fold::<S, R, 8>(spread[g], apart);
                    store::<S, R>(sum, &mut self.sums, at);
                }
            }
        }
    }

    /// The sums of `U` units, of unit j and each `LEN / U` after it, folded into one vector a product.
    #[inline(always)]
    fn units<S: Simd, const G: usize, const U: usize>(
        &self,
        simd: S,
        vectors: usize,
        count: usize,
        from: usize,
        j: usize,
    ) -> [V<S, R>; G] {
        let lanes = V::<S, R>::LEN;
        let mut sums = [[V::<S, R>::splat(simd, R::zero()); U]; G];
        let active = &self.active[j * TILE..];
        let apart = lanes / U * TILE;
        assert!(vectors <= TILE && (U - 1) * apart + TILE <= active.len());
        assert!(from + G <= count && vectors * count * lanes <= self.products.len());
        for vector in 0..vectors {
            // The masks of all units first: they take fewer registers than the products would.
            let mut masks = [<V<S, R> as SimdBase<S>>::Mask::splat(simd, false); U];
            for u in 0..U {
                // SAFETY: asserted above.
                let bits = unsafe { *active.get_unchecked(u * apart + vector) };
                masks[u] = <V<S, R> as SimdBase<S>>::Mask::from_bitmask(simd, u64::from(bits));
            }
            for g in 0..G {
                // SAFETY: asserted above.
                let product =
                    unsafe { load::<S, R>(simd, &self.products, (vector * count + from + g) * lanes) };
                for u in 0..U {
                    sums[g][u] = add_active::<S, R>(simd, masks[u], sums[g][u], product);
                }
            }
        }
        let mut folded = [sums[0][0]; G];
        for g in 0..G {
            folded[g] = fold::<S, R, U>(sums[g], U);
        }
        folded
    }
}

/// What the forward pass of a tile reads and writes.
struct Each<'a, R> {
    model: &'a Model<R>,
    tile: &'a Rows<R>,
    /// The tile's first row in `tile`.
    offset: usize,
    /// How many vectors the tile has.
    vectors: usize,
    active: &'a mut [u16],
    logits: &'a mut [R],
    products: &'a mut [R],
}

impl<R: Real> Each<'_, R> {
    /// The active bits and t of a tile.  `D` is d, or 0 if it is known only now.
    #[inline(always)]
    fn forward<S: Simd, const D: usize, const Q: usize>(&mut self, simd: S) {
        let mut at = 0;
        if many_registers::<S>() {
            while at + 6 <= self.vectors {
                self.hidden::<S, D, Q, 6>(simd, at);
                at += 6;
            }
        } else {
            while at + 3 <= self.vectors {
                self.hidden::<S, D, Q, 3>(simd, at);
                at += 3;
            }
        }
        while at < self.vectors {
            self.hidden::<S, D, Q, 1>(simd, at);
            at += 1;
        }
    }

    /// All hidden units for `B` vectors of the tile, from the given one.
    #[inline(always)]
    fn hidden<S: Simd, const D: usize, const Q: usize, const B: usize>(&mut self, simd: S, at: usize) {
        let lanes = V::<S, R>::LEN;
        let Model { d, h, width, .. } = *self.model;
        let d = if D == 0 { d } else { D };
        let (hidden, v) = (&self.model.params[..(d + 1) * width], &self.model.v[..Q * width]);
        let (stride, start) = (self.tile.stride, self.offset + at * lanes);
        let inputs = &self.tile.x[..];
        assert!(h <= width && start + B * lanes <= stride && d * stride <= inputs.len());
        assert!(at + B <= TILE && h * TILE <= self.active.len());
        let zero = V::<S, R>::splat(simd, R::zero());
        // SAFETY: asserted above, with i < d and b < B.
        let input =
            |i: usize, b: usize| unsafe { load::<S, R>(simd, inputs, i * stride + start + b * lanes) };

        let mut x = [[zero; B]; D];
        for i in 0..D {
            for b in 0..B {
                x[i][b] = input(i, b);
            }
        }
        let mut t = [[zero; B]; Q];
        for c in 0..Q {
            t[c] = [V::<S, R>::splat(simd, self.model.bias[c]); B];
        }
        for j in 0..h {
            // SAFETY: j < h <= width; `hidden` is (d + 1, width), `v` is (Q, width), `active` has h TILE.
            unsafe {
                // z1[i,j] = x~[i,:] . w1~[:,j]
                let mut z = [spread::<S, R>(simd, hidden, d * width + j); B];
                for i in 0..d {
                    let w = spread::<S, R>(simd, hidden, i * width + j);
                    for b in 0..B {
                        let x = if D == 0 { input(i, b) } else { x[i % D.max(1)][b] };
                        z[b] = x.mul_add(w, z[b]);
                    }
                }
                // t[i,c] += max(0, z1[i,j]) v[j,c]
                for b in 0..B {
                    let active = z[b].simd_gt(zero);
                    #[expect(clippy::cast_possible_truncation, reason = "a vector has at most 16 lanes")]
                    let bits = active.to_bitmask() as u16;
                    *self.active.get_unchecked_mut(j * TILE + at + b) = bits;
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

    /// dlogits from t, and their products with the inputs; the loss of the tile's rows, each by its weight.
    #[inline(always)]
    fn answers<S: Simd, const Q: usize>(
        &mut self,
        simd: S,
        left: usize,
        weight: R,
        db: &mut [R; MOST_OUTPUTS],
    ) -> f64 {
        let lanes = V::<S, R>::LEN;
        let d = self.model.d;
        let zero = V::<S, R>::splat(simd, R::zero());
        let (mut data_loss, mut sums) = (zero, [zero; Q]);
        for vector in 0..self.vectors {
            let mut t = [zero; Q];
            for c in 0..Q {
                t[c] = V::<S, R>::from_slice(simd, &self.logits[(vector * Q + c) * lanes..][..lanes]);
            }
            let row = self.offset + vector * lanes;
            let left = left.saturating_sub(vector * lanes);
            let weight = V::<S, R>::from_fn(simd, |lane| if lane < left { weight } else { R::zero() });
            let (dlogits, loss) = self.loss::<S, Q>(simd, t, row);
            data_loss = loss.mul_add(weight, data_loss);
            for c in 0..Q {
                let dlogits = dlogits[c] * weight;
                sums[c] += dlogits;
                let place = (vector * Q + c) * (d + 1) * lanes;
                let products = &mut self.products[place..place + (d + 1) * lanes];
                for i in 0..d {
                    let x = V::<S, R>::from_slice(simd, &self.tile.x[i * self.tile.stride + row..][..lanes]);
                    (x * dlogits).store_slice(&mut products[i * lanes..(i + 1) * lanes]);
                }
                dlogits.store_slice(&mut products[d * lanes..]);
            }
        }
        for c in 0..Q {
            db[c] += sums[c].reduce_sum();
        }
        data_loss.reduce_sum().f64()
    }

    /// n dlogits and the loss of each row of the vector at `row`.
    #[inline(always)]
    fn loss<S: Simd, const Q: usize>(&self, simd: S, t: [V<S, R>; Q], row: usize) -> ([V<S, R>; Q], V<S, R>) {
        let lanes = V::<S, R>::LEN;
        let of = |value: f64| V::<S, R>::splat(simd, R::of(value));
        let (zero, one) = (of(0.0), of(1.0));
        let y = |c: usize| V::<S, R>::from_slice(simd, &self.tile.y[c * self.tile.stride + row..][..lanes]);
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
        }
    }
}
