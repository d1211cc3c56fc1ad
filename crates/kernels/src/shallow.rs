//! Networks with one hidden layer of rectifiers, few inputs and few outputs: the notebook's, in one pass.
//!
//! n = rows, d = inputs, h = hidden units, k = outputs.  The plain path writes six arrays of n x h numbers
//! a step; here none is ever in memory.  What remains of a hidden unit is one bit a row, whether it was
//! active, and this is how all derivatives follow from these bits.
//!
//! **Fewer outputs.**  Softmax does not change when the same number is taken from all logits of a row, so
//! take the last: with `v[j,c] = w2[j,c] - w2[j,k-1]` the q = k - 1 differences
//!
//! ```text
//! t[i,c] = sum_j a1[i,j] v[j,c] + b2[c] - b2[k-1],        a1[i,j] = max(0, z1[i,j])
//! ```
//!
//! have the same probabilities as the k logits.  (For the other losses v = w2 and q = k.)
//!
//! **Backward by the active rows.**  A rectifier's slope is 1 where it was active and 0 elsewhere.  Write
//! `x~ = [x, 1]`, the notebook's bias trick, and `d = dlogits`; a softmax row's d adds up to 0, so its
//! last column is minus the sum of the others, and only q columns need be known.  Collect for unit j
//!
//! ```text
//! S[j,c,:] = sum over rows i where j was active of d[i,c] x~[i,:]                       (h, q, d + 1)
//! ```
//!
//! Then both weight gradients are short sums over S.  With da1 = dlogits w2^T and dz1 = da1 where active:
//!
//! ```text
//! dw1[:,j] = sum_i x~[i,:] dz1[i,j] = sum_c S[j,c,:] v[j,c]
//! dw2[j,c] = sum_i a1[i,j] d[i,c]   = sum_c' S[j,c,c'] w1~[c',j]      as a1[i,j] = x~[i,:] . w1~[:,j]
//! ```
//!
//! and `db2[c] = sum_i d[i,c]`.  In the first line, `sum_c d[i,c] w2[j,c]` over all k columns is
//! `sum_c d[i,c] v[j,c]` over the first q, again because a row's d adds up to 0.
//!
//! **Backward by choices.**  S needs q (d + 1) additions for each row and unit.  But among four rows there are
//! only sixteen choices of active ones: add up `d x~` over each choice once, and every unit finds the sum of its
//! four bits in that table, all q (d + 1) numbers side by side.  (Arlazarov, Dinic, Kronrod and Faradzhev,
//! "On economical construction of the transitive closure of a directed graph", 1970.)
//!
//! So a row and a unit take d + q multiply-adds and a comparison forward, and backward a quarter of an
//! addition of one row of the table: where the plain path has 19 operations for the notebook.
//!
//! **Fewer pairs.**  With two inputs and full batches most pairs of row and unit need not be looked at one by
//! one, and nothing is approximated: [`pruned`].
//!
//! **Lanes.**  A vector holds one number of `LEN` rows.  Forward goes through all units for a few vectors of
//! rows, which stay in registers; backward goes through all rows for one unit, its lanes the numbers of S.
#![expect(unsafe_code, reason = "the update is shared with threads that have only pointers")]

mod clusters;
mod dense;
mod gradient;
mod model;
mod part;
mod pruned;
mod rows;
mod work;

use crate::activation::Activation;
use crate::float::Float;
use crate::level::{Level, dispatch};
use crate::loss::Loss;
use crate::mlp::{Batches, Data, Mlp, State};
use crate::team::{Pace, Team, with_team};
use crate::update::{Span, Update, update};
use fearless_simd::Simd;
use model::{MOST_OUTPUTS, Model, differences};
use part::{Part, lock, total};
use rows::{Rows, Source};
use std::sync::Mutex;
use work::BLOCK;

/// The most numbers q (d + 1) that are collected for a unit: beyond, the general engine does less work.
const MOST_SUMS: usize = 12;
/// The most parts that a step is cut into, and how many pairs of row and unit make a part worth while.
const MOST_PARTS: usize = 16;
const PART: usize = 50_000;
/// The packed inputs of all rows are kept if they are at most this many numbers.
const KEPT: usize = 1 << 20;
/// Fewer clusters than this are so large that most lines cross most of them.
const CLUSTERS: usize = 8;

/// A training run of such a network.
#[derive(Debug)]
pub struct Shallow<R> {
    mlp: Mlp,
    level: Level,
    threads: usize,
    pace: Pace,
    model: Model<R>,
    /// As `model.params`.
    grads: Vec<R>,
    moments: Vec<Vec<R>>,
    /// Whether the rows of a full batch are sorted into clusters, and how those of the last one were.
    clustered: bool,
    neighbours: Vec<u32>,
    parts: Vec<Mutex<Part<R>>>,
}

/// How many parts a step over so many rows has: the same with any number of threads.
fn parts(rows: usize, h: usize) -> usize {
    (rows.saturating_mul(h) / PART).clamp(1, MOST_PARTS)
}

impl<R: Float> Shallow<R> {
    /// Whether this kind of network can be trained here.
    #[must_use]
    pub fn fits(mlp: &Mlp) -> bool {
        let q = differences(mlp);
        mlp.layers() == 2
            && (mlp.loss == Loss::Softmax || !mlp.loss.takes_class())
            && mlp.activations == [Activation::Relu]
            && q <= MOST_OUTPUTS
            && q * (mlp.inputs() + 1) <= MOST_SUMS
    }

    /// How many threads can share a step over so many rows.
    #[must_use]
    pub fn most_threads(mlp: &Mlp, rows: usize) -> usize {
        parts(rows, mlp.sizes[1])
    }

    /// Changes the strength of the penalty.
    pub fn set_reg(&mut self, reg: f64) {
        self.mlp.reg = reg;
    }

    /// See [`Shallow::new`].
    pub(crate) fn new_here(mlp: &Mlp, rows: usize, level: Level, threads: usize) -> Self {
        mlp.check();
        assert!(Self::fits(mlp), "{mlp:?} is not for these kernels");
        let lanes = level.lanes::<R>();
        let model = Model::new(mlp, lanes);
        let clustered = model.d == 2 && model.width <= pruned::MOST_UNITS && rows >= CLUSTERS * lanes;
        let parts: Vec<_> =
            (0..parts(rows, model.h)).map(|_| Mutex::new(Part::new(&model, lanes, clustered))).collect();
        Self {
            mlp: mlp.clone(),
            level,
            threads: threads.min(parts.len()),
            pace: Pace::default(),
            grads: vec![R::ZERO; model.params.len()],
            moments: Vec::new(),
            clustered,
            neighbours: Vec::new(),
            parts,
            model,
        }
    }

    /// See [`Shallow::advance`].
    pub(crate) fn advance_here(
        &mut self,
        state: &mut State<'_, R>,
        data: &Data<'_, R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        let n = data.rows(&self.mlp);
        assert!(data.weights.is_none(), "here every row counts the same");
        state.check(&self.mlp);
        let is_plain = state.shares.is_empty() && !state.has_scale(&self.mlp);
        assert!(is_plain, "these kernels know one step size and no scale of the inputs");
        self.model.pack(state.params);
        self.moments = state.moments.iter().map(|moment| self.model.packed(moment)).collect();
        let kept = match batches {
            Batches::Full { .. } => self.kept(data, n),
            Batches::Of { .. } => None,
        };
        let pace = std::mem::take(&mut self.pace);
        with_team(self.threads, &pace, |team| {
            let mut step = |rows, order, kept| {
                let (source, next) = (Source { data: *data, order, kept }, state.next());
                losses.push(dispatch!(self.level, simd => self.step(simd, team, &next, source, rows)));
            };
            match batches {
                Batches::Full { steps } => (0..steps).for_each(|_| step(n, None, kept.as_ref())),
                Batches::Of { rows, size } => {
                    rows.chunks(size.max(1)).for_each(|rows| step(rows.len(), Some(rows), None));
                }
            }
        });
        self.pace = pace;
        self.model.unpack(&self.model.params, state.params);
        for (moment, packed) in state.moments.iter_mut().zip(&self.moments) {
            self.model.unpack(packed, moment);
        }
    }

    /// All rows packed, and sorted into clusters, if they are few enough to be kept.
    fn kept(&mut self, data: &Data<'_, R>, n: usize) -> Option<Rows<R>> {
        let lanes = self.level.lanes::<R>();
        if n.saturating_mul(self.model.d + self.model.q) > KEPT {
            return None;
        }
        let mut kept = Rows::new(&self.model, n.next_multiple_of(lanes));
        let mut order = None;
        if self.clustered && n >= CLUSTERS * lanes {
            let x = data.x.as_chunks::<2>().0;
            // Which rows are neighbours is found once.  With other rows the rectangles become larger, no more.
            if self.neighbours.len() != n {
                self.neighbours = clusters::neighbours(x, lanes);
            }
            kept.clusters = clusters::clusters(x, &self.neighbours, lanes);
            order = Some(&self.neighbours[..]);
        }
        kept.fill(&self.model, &Source { data: *data, order, kept: None }, 0, n);
        Some(kept)
    }

    /// Forward, backward, update; the loss before.
    #[inline(always)]
    fn step<S: Simd>(
        &mut self,
        simd: S,
        team: &Team<'_>,
        next: &Update<R>,
        source: Source<'_, R>,
        rows: usize,
    ) -> f64 {
        self.model.differences(simd);
        let (model, parts) = (&self.model, &self.parts);
        let blocks = rows.div_ceil(BLOCK);
        team.each(parts.len(), &|part, _| {
            let from = blocks * part / parts.len() * BLOCK;
            let to = rows.min(blocks * (part + 1) / parts.len() * BLOCK);
            let mut part = lock(&parts[part]);
            simd.vectorize(
                #[inline(always)]
                || part.pass(simd, model, &source, rows, from..to),
            );
        });
        let data_loss = total(simd, model, &self.parts, &mut self.grads);
        let [reg, reg_bias] = self.mlp.regs();
        let [inputs, bias, outputs] = [self.model.d, 1, self.model.k].map(|rows| rows * self.model.width);
        let last = self.grads.len() - inputs - bias - outputs;
        let (mut start, mut squares) = (0, 0.0);
        for (len, reg) in [(inputs, reg), (bias, reg_bias), (outputs, reg), (last, reg_bias)] {
            let range = start..start + len;
            let mut moments = [std::ptr::null_mut(); 2];
            for (place, moment) in moments.iter_mut().zip(&mut self.moments) {
                *place = moment[range.clone()].as_mut_ptr();
            }
            let span = Span {
                rows: 1,
                p_row: 0,
                g_row: 0,
                len,
                p: self.model.params[range.clone()].as_mut_ptr(),
                g: self.grads[range].as_ptr(),
                parts: 1,
                apart: 0,
                moments,
                reg: R::narrow(reg),
            };
            // SAFETY: all of it was sliced just now, to `len` numbers, a multiple of the lanes; and the
            // optimiser has as many moments as its rule keeps.
            squares += reg * unsafe { update(simd, next, &span) };
            start += len;
        }
        if !next.keeps_zero() {
            self.model.clear_padding();
        }
        data_loss + 0.5 * squares
    }
}
