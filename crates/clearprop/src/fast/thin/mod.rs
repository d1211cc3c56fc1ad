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

mod gradient;
mod pass;
mod pruned;

use super::lanes::V;
use super::level::{Level, dispatch};
use super::team::{Pace, Team, with_team};
use super::update::{Step, Stretch, update};
use crate::activation::Activation;
use crate::data::{Batches, Data, Target};
use crate::loss::Loss;
use crate::network::{Network, Penalized};
use crate::optim::Optimiser;
use crate::params::Params;
use crate::real::Real;
use fearless_simd::{Simd, SimdBase, SimdFloat};
use pass::{BLOCK, Part};
use pruned::Cluster;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most differences q: each number of them has its own kernels.
const MOST_OUTPUTS: usize = 3;
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
pub(super) struct Thin<R> {
    level: Level,
    model: Model<R>,
    /// As `model.params`.
    grads: Vec<R>,
    moments: Vec<Vec<R>>,
    /// All rows, packed, if they are few.
    kept: Option<Rows<R>>,
    parts: Vec<Mutex<Part<R>>>,
}

/// Sizes and weights, in the order in which the kernels read them.
#[derive(Debug)]
struct Model<R> {
    d: usize,
    h: usize,
    k: usize,
    /// How many columns of dlogits are computed.
    q: usize,
    /// h, rounded up to whole vectors; what lies beyond h is zero.
    width: usize,
    loss: Loss,
    /// The rows of `w1~` (d + 1, width), then the columns of w2 (k, width), then b2 (rounded up).
    params: Vec<R>,
    /// v (q, width).
    v: Vec<R>,
    /// What is added to t: differences of b2; and NaN, if any weight is not finite, because a bit that
    /// says "not active" would hide it.
    bias: [R; MOST_OUTPUTS],
}

/// Inputs and answers of some rows: (d, stride) and (q, stride), or the class number of each row.
#[derive(Debug)]
struct Rows<R> {
    x: Vec<R>,
    y: Vec<R>,
    stride: usize,
    /// Around each vector of rows, if they are sorted into clusters.
    clusters: Vec<Cluster<R>>,
}

/// The rows of one step: these in this order, or all.
#[derive(Clone, Copy)]
struct Source<'a, R> {
    data: &'a Data<R>,
    order: Option<&'a [u32]>,
    kept: Option<&'a Rows<R>>,
}

/// q, the number of columns of dlogits from which the others follow.
fn differences(network: &Network) -> usize {
    network.outputs() - usize::from(network.loss == Loss::Softmax)
}

/// How many parts a step over so many rows has: the same with any number of threads.
fn parts(rows: usize, h: usize) -> usize {
    (rows.saturating_mul(h) / PART).clamp(1, MOST_PARTS)
}

impl<R: Real> Thin<R> {
    /// Whether this kind of network can be trained here.
    pub(super) fn fits(network: &Network) -> bool {
        let q = differences(network);
        network.layers() == 2
            && network.activations[0] == Activation::Relu
            && q <= MOST_OUTPUTS
            && q * (network.inputs() + 1) <= MOST_SUMS
    }

    /// How many threads can share a step over so many rows.
    pub(super) fn most_threads(network: &Network, rows: usize) -> usize {
        parts(rows, network.sizes[1])
    }

    /// Room for steps over at most `batch_size` rows, or over all.
    pub(super) fn new(network: &Network, data: &Data<R>, batch_size: Option<usize>, level: Level) -> Self {
        let lanes = level.lanes::<R>();
        let [d, h, k] = [network.sizes[0], network.sizes[1], network.sizes[2]];
        let q = differences(network);
        let width = h.next_multiple_of(lanes);
        let count = (d + 1 + k) * width + k.next_multiple_of(lanes);
        let model = Model {
            d,
            h,
            k,
            q,
            width,
            loss: network.loss,
            params: vec![R::zero(); count],
            v: vec![R::zero(); q * width],
            bias: [R::zero(); MOST_OUTPUTS],
        };
        let parts = parts(batch_size.unwrap_or(data.len()), h);
        let kept = (batch_size.is_none() && data.len().saturating_mul(d + q) <= KEPT).then(|| {
            let mut kept = Rows::new(&model, data.len().next_multiple_of(lanes));
            let order = if d == 2 && width <= pruned::MOST_UNITS && data.len() >= CLUSTERS * lanes {
                let (order, clusters) = pruned::clusters(data, lanes);
                kept.clusters = clusters;
                Some(order)
            } else {
                None
            };
            kept.fill(&model, &Source { data, order: order.as_deref(), kept: None }, 0, data.len());
            kept
        });
        let has_clusters = kept.as_ref().is_some_and(|kept| !kept.clusters.is_empty());
        let parts = (0..parts).map(|_| Mutex::new(Part::new(&model, lanes, has_clusters))).collect();
        Self { level, grads: vec![R::zero(); count], moments: Vec::new(), kept, parts, model }
    }

    /// See [`Session::advance`](super::Session::advance).
    pub(super) fn advance(
        &mut self,
        network: &Network,
        (threads, pace): (usize, &Pace),
        (params, optimiser): (&mut Params<R>, &mut Optimiser<R>),
        data: &Data<R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        self.model.pack(params);
        let model = &self.model;
        self.moments = optimiser.moments.iter().map(|moment| model.packed(moment)).collect();
        let kept = self.kept.take();
        with_team(threads.min(self.parts.len()), pace, |team| {
            let mut step = |rows, order, kept| {
                let source = Source { data, order, kept };
                losses.push(dispatch!(self.level, simd => {
                    self.step(simd, network, team, optimiser, source, rows)
                }));
            };
            match batches {
                Batches::Full { steps } => (0..steps).for_each(|_| step(data.len(), None, kept.as_ref())),
                Batches::Of { rows, size } => {
                    rows.chunks(size.max(1)).for_each(|rows| step(rows.len(), Some(rows), None));
                }
            }
        });
        self.kept = kept;
        self.model.unpack(&self.model.params, params);
        for (moment, packed) in optimiser.moments.iter_mut().zip(&self.moments) {
            self.model.unpack(packed, moment);
        }
    }

    /// Forward, backward, update; the loss before.
    #[inline(always)]
    fn step<S: Simd>(
        &mut self,
        simd: S,
        network: &Network,
        team: &Team<'_>,
        optimiser: &mut Optimiser<R>,
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
        let data_loss = gradient::total(simd, model, &self.parts, &mut self.grads);
        let step = Step::next(optimiser);
        let [reg, reg_bias] = match network.penalty.over {
            Penalized::All => [network.penalty.reg; 2],
            Penalized::Weights => [network.penalty.reg, 0.0],
        };
        let [inputs, bias, outputs] = [self.model.d, 1, self.model.k].map(|rows| rows * self.model.width);
        let last = self.grads.len() - inputs - bias - outputs;
        let (mut start, mut squares) = (0, 0.0);
        for (len, reg) in [(inputs, reg), (bias, reg_bias), (outputs, reg), (last, reg_bias)] {
            let range = start..start + len;
            let mut moments = [std::ptr::null_mut(); 2];
            for (place, moment) in moments.iter_mut().zip(&mut self.moments) {
                *place = moment[range.clone()].as_mut_ptr();
            }
            let stretch = Stretch {
                len,
                p: self.model.params[range.clone()].as_mut_ptr(),
                g: self.grads[range].as_ptr(),
                parts: 1,
                apart: 0,
                moments,
                reg: R::of(reg),
            };
            // SAFETY: all of it was sliced just now, to `len` numbers, a multiple of the lanes; and the
            // optimiser has as many moments as its rule keeps.
            squares += reg * unsafe { update(simd, &step, &stretch) };
            start += len;
        }
        if !step.keeps_zero() {
            self.model.clear_padding();
        }
        data_loss + 0.5 * squares
    }
}

/// The part; whoever panicked while holding it, the panic is on its way to the caller.
fn lock<R>(part: &Mutex<Part<R>>) -> MutexGuard<'_, Part<R>> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Real> Model<R> {
    /// The places of layer 1's parameters row by row, then of layer 2's, as [`Params`] has them.
    fn places(&self) -> impl Iterator<Item = usize> {
        let (width, h, k, below) = (self.width, self.h, self.k, self.d + 1);
        let hidden = (0..below).flat_map(move |i| i * width..i * width + h);
        let outputs = (0..h).flat_map(move |j| (0..k).map(move |c| (below + c) * width + j));
        let bias = (below + k) * width..(below + k) * width + k;
        hidden.chain(outputs).chain(bias)
    }

    /// Parameters or moments in this order.
    fn packed(&self, params: &Params<R>) -> Vec<R> {
        let mut packed = vec![R::zero(); self.params.len()];
        self.places().zip(params.values()).for_each(|(place, &value)| packed[place] = value);
        packed
    }

    fn pack(&mut self, params: &Params<R>) {
        self.params = self.packed(params);
    }

    fn unpack(&self, packed: &[R], params: &mut Params<R>) {
        self.places().zip(params.values_mut()).for_each(|(place, value)| *value = packed[place]);
    }

    /// Zeros where no parameter is.
    fn clear_padding(&mut self) {
        let mut cleared = vec![R::zero(); self.params.len()];
        self.places().for_each(|place| cleared[place] = self.params[place]);
        self.params = cleared;
    }

    /// v and the bias of t from the weights as they are now.
    #[inline(always)]
    fn differences<S: Simd>(&mut self, simd: S) {
        let lanes = V::<S, R>::LEN;
        let (outputs, bias) = self.params[(self.d + 1) * self.width..].split_at(self.k * self.width);
        let softmax = self.loss == Loss::Softmax;
        let last = &outputs[(self.k - 1) * self.width..];
        for c in 0..self.q {
            let column = &outputs[c * self.width..(c + 1) * self.width];
            let v = &mut self.v[c * self.width..(c + 1) * self.width];
            for j in (0..v.len()).step_by(lanes) {
                let mut difference = V::<S, R>::from_slice(simd, &column[j..j + lanes]);
                if softmax {
                    difference -= V::<S, R>::from_slice(simd, &last[j..j + lanes]);
                }
                difference.store_slice(&mut v[j..j + lanes]);
            }
        }
        // 0 times a number is 0, unless it is not finite: then NaN.
        let mut hidden_by_bits = V::<S, R>::splat(simd, R::zero());
        let zero = hidden_by_bits;
        for at in (0..self.params.len()).step_by(lanes) {
            hidden_by_bits =
                V::<S, R>::from_slice(simd, &self.params[at..at + lanes]).mul_add(zero, hidden_by_bits);
        }
        let hidden_by_bits = hidden_by_bits.reduce_sum();
        for c in 0..self.q {
            let last = if softmax { bias[self.k - 1] } else { R::zero() };
            self.bias[c] = bias[c] - last + hidden_by_bits;
        }
    }
}

impl<R: Real> Rows<R> {
    /// Room for so many rows, a multiple of the lanes.
    fn new(model: &Model<R>, stride: usize) -> Self {
        let columns = if model.loss == Loss::Softmax { 1 } else { model.q };
        Self {
            x: vec![R::zero(); model.d * stride],
            y: vec![R::zero(); columns * stride],
            stride,
            clusters: Vec::new(),
        }
    }

    /// Takes rows `from..to` of the source; what lies beyond them, up to whole vectors, is finite.
    fn fill(&mut self, model: &Model<R>, source: &Source<'_, R>, from: usize, to: usize) {
        let stride = self.stride;
        for (at, row) in (from..to).enumerate() {
            let row = source.order.map_or(row, |order| order[row] as usize);
            for (i, &x) in source.data.x.row(row).iter().enumerate() {
                self.x[i * stride + at] = x;
            }
            match &source.data.y {
                Target::Classes(y) => self.y[at] = R::of(f64::from(y[row])),
                Target::Values(y) => {
                    for c in 0..model.q {
                        self.y[c * stride + at] = y[[row, c]];
                    }
                }
            }
        }
    }
}
