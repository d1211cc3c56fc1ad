//! The engine for networks of any size: row blocks that stay in the cache through all layers.
//!
//! A step is two jobs for the team, and between them everybody waits for everybody once:
//!
//! ```text
//! rows      x ---> z1, a1 ---> .. ---> logits ---> loss
//!                                         |                 a few rows through all layers, forward and
//!           dz1 <--- .. <--- dz[L-1] <- dlogits             back: what one layer leaves is in the cache
//!                                                           when the next one reads it
//! weights   dw[l] = a[l-1]^T dz[l], penalty, update         a stretch of weights each
//! ```
//!
//! Where `dw` is summed decides what the threads have to tell each other:
//!
//! - [`Plan::Weights`], large layers: the rows job leaves all a and dz; in the weights job each thread
//!   sums its stretch of dw over all rows and updates it at once.  No gradient is ever in memory.  The first
//!   layer, the widest as a rule, is a job of its own, cut by panels of its weights and not by rows: so
//!   most weights are read by the thread that updates them, and stay in its cache.  (The inputs are copied
//!   before, by rows.)
//! - [`Plan::Rows`], many rows and small layers: the rows are cut into at most [`GROUPS`] groups, and
//!   each group sums its own dw while its a and dz are still in the cache.  The weights job adds the groups'
//!   sums in their order.
//!
//! Plan and groups follow from the sizes alone.  A row's numbers do not depend on the rows around it (see
//! [`gemm`](super::gemm)), and every sum over rows has its order: so the number of threads changes no bit.
//!
//! The bias needs no code of its own: a column of ones stands after the last column of each a, as in the
//! notebook's bias trick, and `db` is the last row of `a^T dz`.
#![expect(unsafe_code, reason = "the transposed weights are written as the threads do it")]

use super::layout::{Buffer, Layers};
use super::level::{Level, dispatch};
use super::plan::{GROUPS, Plan, STRETCH, Unit, parts, units};
use super::step::View;
use super::strip::{BLOCK, Strip};
use super::team::Team;
use crate::data::{Batches, Data, Target};
use crate::loss::Loss;
use crate::network::Network;
use crate::optim::Optimiser;
use crate::params::{Params, count};
use crate::real::Real;
use std::ops::Range;

/// Weights, gradients and scratch of a network in training.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    network: Network,
    level: Level,
    members: usize,
    /// The most rows of a batch.
    n: usize,
    layers: Layers,
    strip: Strip,
    plan: Plan,
    units: Vec<Unit>,
    /// Parts of the weights job: ranges of units.
    parts: Vec<Range<usize>>,
    w: Buffer<R>,
    wt: Buffer<R>,
    grads: Buffer<R>,
    moments: [Buffer<R>; 2],
    /// Strips: one for each member, or one for all rows.
    values: Buffer<R>,
    /// For each member room to transpose logits in.
    columns: Buffer<R>,
    /// Sums of the losses: of each group, or of each vector of rows.
    losses: Buffer<f64>,
    /// For each unit the sum of the squares of its penalised weights.
    squares: Buffer<f64>,
}

impl<R: Real> Blocks<R> {
    /// How many threads are worth their waiting for each other.
    pub(super) fn most_threads(network: &Network, rows: usize) -> usize {
        // A thread's share of a step should be some hundred microseconds.
        rows.saturating_mul(count(&network.sizes)) >> 20
    }

    /// Room to train `network` in batches of at most `n` rows, by at most `members` threads.
    pub(super) fn new(network: &Network, n: usize, level: Level, members: usize) -> Self {
        let layers = dispatch!(level, simd => Layers::new::<_, R>(simd, network));
        let plan = Plan::choose(network, &layers, n.max(1), size_of::<R>());
        Self::with_plan(network, layers, plan, n, level, members)
    }

    fn with_plan(
        network: &Network,
        layers: Layers,
        plan: Plan,
        n: usize,
        level: Level,
        members: usize,
    ) -> Self {
        let members = members.max(1);
        let (rows, strips, grads) = match plan {
            Plan::Rows { group, groups } => (group.min(BLOCK), members, groups * layers.w_len),
            Plan::Weights { chunk } if chunk < n => (chunk, 1, layers.w_len),
            Plan::Weights { chunk } => (chunk, 1, members * layers.largest_stretch(STRETCH)),
        };
        let strip = Strip::new::<R>(network, &layers, rows, true);
        let units = units(&layers);
        let parts = parts(&units, &layers, plan);
        let last = &layers.all[network.layers() - 1];
        Self {
            w: Buffer::zeros(layers.w_len),
            wt: Buffer::zeros(layers.wt_len),
            grads: Buffer::zeros(grads),
            moments: [Buffer::zeros(0), Buffer::zeros(0)],
            values: Buffer::zeros(strips * strip.len),
            columns: Buffer::zeros(members * last.w.full_columns() * layers.lanes),
            losses: Buffer::zeros(GROUPS.max(strip.rows / layers.lanes)),
            squares: Buffer::zeros(units.len()),
            network: network.clone(),
            level,
            members,
            n,
            layers,
            strip,
            plan,
            units,
            parts,
        }
    }

    /// One update for each batch; adds the loss before each update to `losses`.
    ///
    /// # Panics
    /// If a batch has more rows than `new` was told, or sizes are not those of the network.
    pub(super) fn advance(
        &mut self,
        params: &mut Params<R>,
        optimiser: &mut Optimiser<R>,
        data: &Data<R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
        team: &Team<'_>,
    ) {
        // What kernels read and write without a check follows from these.
        let largest = match batches {
            Batches::Full { .. } => data.len(),
            Batches::Of { rows, size } => size.min(rows.len()),
        };
        assert!(largest <= self.n, "a batch of {largest} rows, not {}", self.n);
        assert_eq!(self.network.sizes, params.sizes(), "network and parameters");
        assert_eq!(optimiser.moments.len(), optimiser.rule.moments(), "the rule's moments");
        assert_eq!(data.x.ncols(), self.network.inputs(), "columns of x");
        match &data.y {
            Target::Classes(_) => assert_eq!(self.network.loss, Loss::Softmax, "the loss of classes"),
            Target::Values(y) => {
                assert_ne!(self.network.loss, Loss::Softmax, "the loss of values");
                assert_eq!(y.ncols(), self.network.outputs(), "columns of y");
            }
        }
        self.layers.pack(params.values(), self.w.as_mut_slice());
        for (moment, packed) in optimiser.moments.iter().zip(&mut self.moments) {
            if packed.as_slice().is_empty() {
                *packed = Buffer::zeros(self.layers.w_len);
            }
            self.layers.pack(moment.values(), packed.as_mut_slice());
        }
        let x = data.x.as_standard_layout();
        let x = x.as_slice().expect("it is in standard layout");
        let mut view = View {
            layers: &self.layers,
            network: &self.network,
            strip: &self.strip,
            units: &self.units,
            parts: &self.parts,
            plan: self.plan,
            level: self.level,
            members: self.members,
            x,
            y: &data.y,
            rows: None,
            n: data.len(),
            w: self.w.shared(),
            wt: self.wt.shared(),
            grads: self.grads.shared(),
            moments: self.moments.each_mut().map(Buffer::shared),
            values: self.values.shared(),
            columns: self.columns.shared(),
            losses: self.losses.shared(),
            squares: self.squares.shared(),
        };
        for unit in view.units {
            // SAFETY: nobody else is at work yet.
            unsafe { view.transpose(unit) };
        }
        match batches {
            Batches::Full { steps } => losses.extend((0..steps).map(|_| view.step(optimiser, team))),
            Batches::Of { rows, size } => {
                for rows in rows.chunks(size.max(1)) {
                    (view.rows, view.n) = (Some(rows), rows.len());
                    losses.push(view.step(optimiser, team));
                }
            }
        }
        self.layers.unpack(self.w.as_slice(), params.values_mut());
        for (moment, packed) in optimiser.moments.iter_mut().zip(&self.moments) {
            self.layers.unpack(packed.as_slice(), moment.values_mut());
        }
    }
}

#[cfg(test)]
mod tests;
