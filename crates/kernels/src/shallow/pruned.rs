//! With two inputs, most pairs of row and unit need not be looked at one by one.
//!
//! A hidden unit with two inputs is a line in the plane, `z1[:,j] = 0`: active on one side, not on the other.
//! Sort the rows into clusters of neighbours, as many as a vector has lanes; most lines miss most clusters.
//! Let c be the middle of the smallest rectangle around a cluster, and e the half of its sides.  For any row x
//! of the cluster, z at x differs from z at c by at most
//!
//! ```text
//! |w1[0,j]| e[0] + |w1[1,j]| e[1]
//! ```
//!
//! If z at c is greater, the unit is active in all rows of the cluster; if it is below the negative, in none;
//! else its line may cross the cluster.  The bound is taken a little larger than that, by more than rounding
//! can do, so a unit that is called active is so in every row, in floating point too: nothing is approximated.
//!
//! **Forward.**  The units that are active in all rows of a cluster add up to one linear function of x:
//!
//! ```text
//! sum over them of a1[i,j] v[j,c] = sum_j v[j,c] z_c[j] + (x[i,:] - c) . (sum_j v[j,c] w1[:,j])
//! ```
//!
//! three numbers for each of the q differences.  Only the lines that cross the cluster are evaluated row by row.
//!
//! **Backward.**  To the S of a unit that is active in all rows the whole cluster's sum of `d x~` is added,
//! computed once; where its line crosses, the sum over its active rows, by choices as in [`Work`].
//!
//! The rows do not move, so the clusters are made once.  Of the notebook's 38 x 200 pairs of cluster and unit
//! about one in seven is a crossing.

#![expect(unsafe_code, reason = "bounds checks in innermost loops cost a tenth of them; tests run with them")]
#![expect(clippy::needless_range_loop, reason = "closures of iterators may lose the vector instructions")]

use super::clusters::{Cluster, SLACK};
use super::model::Model;
use super::work::{BLOCK, Block, Work, add_chosen, few, room};
use crate::float::Float;
use crate::lanes::{Eight, V, load, spread};
use fearless_simd::{Select, Simd, SimdBase, SimdFloat, SimdMask, u16x8};
use std::ops::Range;

/// The units are written down in 16 bits.
pub(crate) const MOST_UNITS: usize = 1 << 16;

/// For each byte the places of its bits, lowest first: eight are written, as many as it has bits are kept, and
/// no branch has to be foreseen.
static PLACES: [[u16; 8]; 256] = {
    let mut places = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                places[byte][count] = bit;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    places
};

/// What the pass over a block leaves for its second half, and for the gradient.
#[derive(Debug)]
pub(crate) struct Pruned<R> {
    /// For each vector of the block, which units are active in all its rows (BLOCK / LEN, width / LEN).
    whole: Vec<u16>,
    /// The units whose lines may cross a vector's cluster, vector by vector; where those of each end.
    crossing: Vec<u16>,
    ends: Vec<usize>,
    /// The sum of the whole cluster's products (BLOCK / LEN, room).
    totals: Vec<R>,
    /// What units that are active in a whole cluster collect, one number of S after the other (q (d + 1), width).
    pub(crate) sums: Vec<R>,
}

impl<R: Float> Pruned<R> {
    /// Room for a block's clusters; none if there are none.
    pub(crate) fn new(model: &Model<R>, lanes: usize, has_clusters: bool) -> Self {
        let vectors = if has_clusters { BLOCK / lanes } else { 0 };
        Self {
            whole: vec![0; vectors * model.width / lanes],
            crossing: vec![0; vectors * model.width + 8],
            ends: vec![0; vectors],
            totals: vec![R::ZERO; vectors * room(model)],
            sums: vec![R::ZERO; vectors.min(1) * room(model) * model.width],
        }
    }
}

impl<R: Float> Model<R> {
    /// Adds unit j to t; in which rows it is active.
    #[inline(always)]
    fn unit<S: Simd, const Q: usize>(&self, simd: S, j: usize, x: [V<S, R>; 2], t: &mut [V<S, R>; Q]) -> u16 {
        let width = self.width;
        let (hidden, v) = (&self.params[..3 * width], &self.v[..Q * width]);
        assert!(j < width);
        // SAFETY: asserted; this is (3, width).
        let (w0, w1, b) = unsafe {
            let w0 = spread::<S, R>(simd, hidden, j);
            (w0, spread::<S, R>(simd, hidden, width + j), spread::<S, R>(simd, hidden, 2 * width + j))
        };
        let z = x[0].mul_add(w0, x[1].mul_add(w1, b));
        let active = z.simd_gt(V::<S, R>::splat(simd, R::ZERO));
        for c in 0..Q {
            // SAFETY: asserted; this is (Q, width).
            let v = unsafe { spread::<S, R>(simd, v, c * width + j) };
            t[c] = active.select(z.mul_add(v, t[c]), t[c]);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a vector has at most 16 lanes")]
        let bits = active.to_bitmask() as u16;
        bits
    }
}

impl<R: Float> Pruned<R> {
    /// Forward, loss, backward of a block whose rows lie in clusters.
    #[inline(always)]
    pub(crate) fn block<S: Simd, const Q: usize>(
        &mut self,
        simd: S,
        work: &mut Work<R>,
        block: &Block<'_, R>,
    ) {
        let lanes = V::<S, R>::LEN;
        let vectors = block.len.div_ceil(lanes);
        let mut end = 0;
        for vector in 0..vectors {
            let start = end;
            let row = block.offset + vector * lanes;
            let cluster = block.rows.clusters[row / lanes];
            let linear = self.whole::<S, Q>(simd, block.model, &cluster, vector, &mut end);
            self.ends[vector] = end;
            let (x0, x1) = block.rows.x.split_at(block.rows.stride);
            let x = [
                V::<S, R>::from_slice(simd, &x0[row..row + lanes]),
                V::<S, R>::from_slice(simd, &x1[row..row + lanes]),
            ];
            let mut t = [x[0]; Q];
            for c in 0..Q {
                let [w0, w1, at_centre] = linear[c];
                t[c] =
                    (x[0] - cluster.centre[0]).mul_add(w0, (x[1] - cluster.centre[1]).mul_add(w1, at_centre));
            }
            let t = self.crossing::<S, Q>(simd, &mut work.active, block.model, x, t, start..end);
            for c in 0..Q {
                t[c].store_slice(&mut work.logits[(vector * Q + c) * lanes..][..lanes]);
            }
        }
        work.answers::<S, Q>(simd, block, vectors);
        if room(block.model) == 8 {
            work.choices::<S, 1>(simd);
            self.collect_crossing::<S, 1>(simd, work, vectors);
        } else {
            work.choices::<S, 2>(simd);
            self.collect_crossing::<S, 2>(simd, work, vectors);
        }
        self.collect_whole::<S, Q>(simd, block.model, vectors);
    }

    /// Which units are active in the whole cluster, and which may cross it; of the former, the linear function
    /// that they add up to: its two slopes, and its value at the centre, t's bias included.  Lanes are units.
    #[inline(always)]
    fn whole<S: Simd, const Q: usize>(
        &mut self,
        simd: S,
        model: &Model<R>,
        cluster: &Cluster<R>,
        vector: usize,
        end: &mut usize,
    ) -> [[V<S, R>; 3]; Q] {
        let (lanes, width) = (V::<S, R>::LEN, model.width);
        let zero = V::<S, R>::splat(simd, R::ZERO);
        let (c0, c1) = (zero + cluster.centre[0], zero + cluster.centre[1]);
        let (e0, e1) = (zero + cluster.reach[0], zero + cluster.reach[1]);
        let slack = zero + R::narrow(SLACK) * R::ULP;
        let (hidden, v) = (&model.params[..3 * width], &model.v[..Q * width]);
        let chunks = width / lanes;
        let whole = &mut self.whole[vector * chunks..][..chunks];
        assert!(*end + width + 8 <= self.crossing.len());
        let mut linear = [[zero; 3]; Q];
        for chunk in 0..chunks {
            let j = chunk * lanes;
            // SAFETY: j + lanes <= width, and this is (3, width).
            let (w0, w1, b) = unsafe {
                let w0 = load::<S, R>(simd, hidden, j);
                (w0, load::<S, R>(simd, hidden, width + j), load::<S, R>(simd, hidden, 2 * width + j))
            };
            let z = c0.mul_add(w0, c1.mul_add(w1, b));
            let bound = w0.abs().mul_add(e0, w1.abs().mul_add(e1, b.abs() * slack));
            let active = z.simd_gt(bound);
            let inactive = z.simd_le(-bound);
            for c in 0..Q {
                // SAFETY: as above, and this is (Q, width).
                let v = unsafe { load::<S, R>(simd, v, c * width + j) };
                let terms = [w0, w1, z];
                for i in 0..3 {
                    linear[c][i] = active.select(terms[i].mul_add(v, linear[c][i]), linear[c][i]);
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "a vector has at most 16 lanes")]
            let bits = active.to_bitmask() as u16;
            whole[chunk] = bits;
            #[expect(clippy::cast_possible_truncation, reason = "a vector has at most 16 lanes")]
            let crossing = !(active | inactive).to_bitmask() as u16;
            for first in (0..lanes).step_by(8) {
                let bits = usize::from(crossing >> first) & ((1 << lanes.min(8)) - 1);
                #[expect(clippy::cast_possible_truncation, reason = "at most `MOST_UNITS`")]
                let units = u16x8::from_slice(simd, &PLACES[bits]) + (j + first) as u16;
                // SAFETY: asserted above: at most `width` units are kept, and there is room for eight more.
                units.store_slice(unsafe { self.crossing.get_unchecked_mut(*end..*end + 8) });
                *end += bits.count_ones() as usize;
            }
        }
        for c in 0..Q {
            for i in 0..3 {
                linear[c][i] = zero + linear[c][i].reduce_sum();
            }
            linear[c][2] += model.bias[c];
        }
        linear
    }

    /// Adds to t the units whose lines may cross the cluster, and writes down in which rows they are active.
    #[inline(always)]
    fn crossing<S: Simd, const Q: usize>(
        &mut self,
        simd: S,
        active: &mut [u16],
        model: &Model<R>,
        x: [V<S, R>; 2],
        t: [V<S, R>; Q],
        pairs: Range<usize>,
    ) -> [V<S, R>; Q] {
        let mut units = self.crossing[pairs.clone()].chunks_exact(2);
        let mut bits = active[pairs].chunks_exact_mut(2);
        // Two sums, so that a unit need not wait for the one before.
        let (mut t, mut others) = (t, [V::<S, R>::splat(simd, R::ZERO); Q]);
        for (units, bits) in (&mut units).zip(&mut bits) {
            bits[0] = model.unit::<S, Q>(simd, units[0].into(), x, &mut t);
            bits[1] = model.unit::<S, Q>(simd, units[1].into(), x, &mut others);
        }
        for (&unit, bits) in units.remainder().iter().zip(bits.into_remainder()) {
            *bits = model.unit::<S, Q>(simd, unit.into(), x, &mut t);
        }
        for c in 0..Q {
            t[c] += others[c];
        }
        t
    }

    /// Adds to the sums of the units that cross a cluster what their bits choose; and for each cluster writes down
    /// the sum over all its rows, which is the choice of all four.
    #[inline(always)]
    fn collect_crossing<S: Simd, const E: usize>(&mut self, simd: S, work: &mut Work<R>, vectors: usize) {
        let few = few::<S, R>();
        let fours = V::<S, R>::LEN / few;
        let choices = work.choices.as_slice().as_chunks::<8>().0.chunks_exact((fours << few) * E);
        let totals = self.totals.chunks_exact_mut(E * 8);
        let sums = work.sums.as_mut_slice().as_chunks_mut::<8>().0.as_chunks_mut::<E>().0;
        let mut start = 0;
        for ((choices, totals), &end) in choices.zip(totals).zip(&self.ends[..vectors]) {
            for e in 0..E {
                let mut total = Eight::<S, R>::splat(simd, R::ZERO);
                for four in 0..fours {
                    total += Eight::<S, R>::from_slice(simd, &choices[(((four + 1) << few) - 1) * E + e]);
                }
                total.store_slice(&mut totals[e * 8..][..8]);
            }
            for (&j, &bits) in self.crossing[start..end].iter().zip(&work.active[start..end]) {
                debug_assert!(usize::from(j) < sums.len());
                // SAFETY: `whole` wrote units below the width, and there are sums for each.
                let sums = unsafe { sums.get_unchecked_mut(usize::from(j)) };
                add_chosen::<S, R, E>(simd, sums, choices, bits);
            }
            start = end;
        }
    }

    /// Adds a cluster's total to the sums of the units that are active in all its rows.  Lanes are units.
    #[inline(always)]
    fn collect_whole<S: Simd, const Q: usize>(&mut self, simd: S, model: &Model<R>, vectors: usize) {
        let (lanes, width, size) = (V::<S, R>::LEN, model.width, room(model));
        let chunks = width / lanes;
        let Self { whole, totals, sums, .. } = self;
        assert!(vectors * chunks <= whole.len() && vectors * size <= totals.len() && 3 * Q <= size);
        for chunk in 0..chunks {
            let place = |i: usize| i * width + chunk * lanes;
            let mut s = [[V::<S, R>::splat(simd, R::ZERO); 3]; Q];
            for c in 0..Q {
                for i in 0..3 {
                    s[c][i] = V::<S, R>::from_slice(simd, &sums[place(c * 3 + i)..][..lanes]);
                }
            }
            for vector in 0..vectors {
                // SAFETY: asserted above.
                let bits = unsafe { *whole.get_unchecked(vector * chunks + chunk) };
                let active = <V<S, R> as SimdBase<S>>::Mask::from_bitmask(simd, u64::from(bits));
                for c in 0..Q {
                    for i in 0..3 {
                        // SAFETY: asserted above.
                        let total = unsafe { spread::<S, R>(simd, totals, vector * size + c * 3 + i) };
                        s[c][i] = active.select(s[c][i] + total, s[c][i]);
                    }
                }
            }
            for c in 0..Q {
                for i in 0..3 {
                    s[c][i].store_slice(&mut sums[place(c * 3 + i)..][..lanes]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clusters::{clusters, neighbours};
    use super::*;
    use crate::activation::Activation;
    use crate::level::{Level, dispatch};
    use crate::loss::Loss;
    use crate::reference::network;

    /// For each cluster and unit of a step: what `whole` says, or that the line may cross; and in how many rows the
    /// unit is active one by one.
    #[inline(always)]
    fn pairs<S: Simd>(simd: S, model: &Model<f32>, x: &[[f32; 2]]) -> Vec<(Option<bool>, u32)> {
        let lanes = V::<S, f32>::LEN;
        let order = neighbours(x, lanes);
        let mut pruned = Pruned::new(model, lanes, true);
        let mut pairs = Vec::new();
        for (rows, cluster) in order.chunks_exact(lanes).zip(clusters(x, &order, lanes)) {
            let mut end = 0;
            pruned.whole::<S, 2>(simd, model, &cluster, 0, &mut end);
            let x = [0, 1].map(|i| V::<S, f32>::from_fn(simd, |lane| x[rows[lane] as usize][i]));
            let mut t = [x[0]; 2];
            for j in 0..model.h {
                let active = pruned.whole[j / lanes] >> (j % lanes) & 1 == 1;
                let crosses = pruned.crossing[..end].iter().any(|&unit| usize::from(unit) == j);
                let rows = model.unit::<S, 2>(simd, j, x, &mut t).count_ones();
                pairs.push(((!crosses).then_some(active), rows));
            }
        }
        pairs
    }

    /// A network of two inputs and these units, its weights packed.
    fn model(level: Level, h: usize, params: &[f32]) -> Model<f32> {
        let (mlp, _) = network::<f32>(&[2, h, 3], Activation::Relu, Loss::Softmax);
        let mut model = Model::new(&mlp, level.lanes::<f32>());
        model.pack(params);
        model
    }

    #[test]
    fn a_unit_that_is_called_active_is_so_in_every_row_however_it_is_rounded() {
        let x: Vec<[f32; 2]> =
            (0..256).map(|row| [row * 7, row * 7 + 3].map(|i| (i as f32 * 1.7).sin())).collect();
        // Lines through rows, or a rounding error beside them.
        let mut params = network::<f32>(&[2, 400, 3], Activation::Relu, Loss::Softmax).1;
        for j in 0..400 {
            let row = x[j % 256];
            let z = params[j] * row[0] + params[400 + j] * row[1];
            params[800 + j] = -z * (1.0 + (j % 5) as f32 * f32::EPSILON - 2.0 * f32::EPSILON);
        }
        for level in Level::available() {
            let lanes = u32::try_from(level.lanes::<f32>()).unwrap();
            let model = model(level, 400, &params);
            let pairs = dispatch!(level, simd => pairs(simd, &model, &x));
            for (all, rows) in &pairs {
                assert!(
                    all.is_none_or(|active| *rows == if active { lanes } else { 0 }),
                    "{level:?} {all:?} {rows}"
                );
            }
            assert!(
                pairs.iter().any(|(all, _)| *all == Some(true)) && pairs.iter().any(|(all, _)| all.is_none())
            );
        }
    }

    #[test]
    fn most_lines_miss_most_clusters_of_a_spiral() {
        let x: Vec<[f32; 2]> = (0..608_u16)
            .map(|i| {
                let (r, t) = (f32::from(i % 304) / 304.0, f32::from(i) / 38.0);
                [r * t.sin(), r * t.cos()]
            })
            .collect();
        let mut params = network::<f32>(&[2, 200, 3], Activation::Relu, Loss::Softmax).1;
        params[400..600].fill(0.01);
        for level in Level::available() {
            let model = model(level, 200, &params);
            let pairs = dispatch!(level, simd => pairs(simd, &model, &x));
            let share = pairs.iter().filter(|(all, _)| all.is_none()).count() as f64 / pairs.len() as f64;
            assert!(share < 0.25, "{level:?}: {share} of all pairs are crossings");
        }
    }
}
