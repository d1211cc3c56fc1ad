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
//! - [`Plan::Wide`], layers larger than a core's own cache: see [`wide`].
//!
//! Plan and groups follow from the sizes alone.  A row's numbers do not depend on the rows around it (see
//! `gemm`), and every sum over rows has its order: so the number of threads changes no bit.
//!
//! The bias needs no code of its own: a column of ones stands after the last column of each a, as in the
//! notebook's bias trick, and `db` is the last row of `a^T dz`.
#![expect(unsafe_code, reason = "the transposed weights are written as the threads do it")]

use crate::buffer::{Buffer, Shared};
use crate::float::Float;
use crate::level::{Level, dispatch};
use crate::mlp::{Batches, Data, Mlp, State};
use crate::panels::Layers;
use crate::plan::{GROUPS, Plan, Tile, parts, tiles};
use crate::scale::Scale;
use crate::step::View;
use crate::team::{Pace, with_team};
use crate::update::STRETCH;
use crate::wide;
use crate::workspace::{BLOCK, Workspace};
use std::ops::Range;

/// Weights, gradients and scratch of a network in training.
#[derive(Debug)]
pub struct Blocks<R> {
    mlp: Mlp,
    level: Level,
    members: usize,
    pace: Pace,
    /// The most rows of a batch.
    n: usize,
    layers: Layers,
    workspace: Workspace,
    plan: Plan,
    tiles: Vec<Tile>,
    /// Parts of the weights job: ranges of tiles.
    parts: Vec<Range<usize>>,
    w: Buffer<R>,
    wt: Buffer<R>,
    grads: Buffer<R>,
    moments: [Buffer<R>; 2],
    /// For each member room to pack in.
    packs: Buffer<R>,
    /// Workspaces: one for each member, or one for all rows.
    values: Buffer<R>,
    /// For each member room to transpose logits in.
    columns: Buffer<R>,
    /// Sums of the losses: of each group, or of each vector of rows.
    losses: Buffer<f64>,
    /// For each tile the sum of the squares of its penalised weights.
    squares: Buffer<f64>,
    /// Room for a scale of the inputs.
    scale: Buffer<R>,
}

impl<R: Float> Blocks<R> {
    /// How many threads are worth their waiting for each other.
    #[must_use]
    pub fn most_threads(mlp: &Mlp, rows: usize) -> usize {
        // A second thread pays from some ten microseconds a step on; each further one should find some hundred.
        let work = rows.saturating_mul(mlp.count());
        if work < 1 << 19 { 1 } else { (work >> 20).max(2) }
    }

    /// Changes the strength of the penalty.
    pub fn set_reg(&mut self, reg: f64) {
        self.mlp.reg = reg;
    }

    /// See [`Blocks::new`].
    pub(crate) fn new_here(mlp: &Mlp, n: usize, level: Level, members: usize) -> Self {
        mlp.check();
        let layers = dispatch!(level, simd => Layers::new::<_, R>(simd, mlp));
        let plan = Plan::choose(mlp, &layers, n.max(1), size_of::<R>());
        Self::with_plan(mlp, layers, plan, n, level, members)
    }

    fn with_plan(mlp: &Mlp, layers: Layers, plan: Plan, n: usize, level: Level, members: usize) -> Self {
        let members = members.max(1);
        let is_wide = matches!(plan, Plan::Wide { .. });
        let (tiles, parts) = if is_wide {
            wide::tiles(&layers, members)
        } else {
            let tiles = tiles(&layers);
            let parts = parts(&tiles, &layers, plan);
            (tiles, parts)
        };
        let (rows, workspaces, grads, packs) = match plan {
            Plan::Rows { group, groups } => (group.min(BLOCK), members, groups * layers.w_len, 0),
            Plan::Weights { chunk } if chunk < n => (chunk, 1, layers.w_len, 0),
            Plan::Weights { chunk } => (chunk, 1, members * layers.largest_stretch(STRETCH), 0),
            Plan::Wide { chunk } => {
                let grads = if chunk < n { tiles.len() * wide::tile(&layers) } else { 0 };
                (chunk, 1, grads, wide::dz(&layers, chunk) + members * wide::pack(&layers, chunk))
            }
        };
        let workspace = Workspace::new::<R>(mlp, &layers, rows, true);
        // Wide layers' weights are read where they are.
        let (w_len, wt_len) = if is_wide { (0, 0) } else { (layers.w_len, layers.wt_len) };
        let last = &layers.all[mlp.layers() - 1];
        Self {
            w: Buffer::zeros(w_len),
            wt: Buffer::zeros(wt_len),
            packs: Buffer::zeros(packs),
            grads: Buffer::zeros(grads),
            moments: [Buffer::zeros(0), Buffer::zeros(0)],
            values: Buffer::zeros(workspaces * workspace.len),
            columns: Buffer::zeros(members * last.w.full_columns() * layers.lanes),
            losses: Buffer::zeros(GROUPS.max(workspace.rows / layers.lanes)),
            squares: Buffer::zeros(tiles.len()),
            scale: Buffer::zeros(0),
            mlp: mlp.clone(),
            level,
            members,
            pace: Pace::default(),
            n,
            layers,
            workspace,
            plan,
            tiles,
            parts,
        }
    }

    /// See [`Blocks::advance`].
    pub(crate) fn advance_here(
        &mut self,
        state: &mut State<'_, R>,
        data: &Data<'_, R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        // What kernels read and write without a check follows from these.
        let n = data.rows(&self.mlp);
        let largest = match batches {
            Batches::Full { .. } => n,
            Batches::Of { rows, size } => size.min(rows.len()),
        };
        assert!(largest <= self.n, "a batch of {largest} rows, not {}", self.n);
        state.check(&self.mlp);
        let is_wide = matches!(self.plan, Plan::Wide { .. });
        if !is_wide {
            self.layers.pack(state.params, self.w.as_mut_slice());
            for (moment, packed) in state.moments.iter().zip(&mut self.moments) {
                if packed.as_slice().is_empty() {
                    *packed = Buffer::zeros(self.layers.w_len);
                }
                self.layers.pack(moment, packed.as_mut_slice());
            }
        }
        let params = Shared::of(state.params);
        let mut moments = state.moments.iter_mut().map(|moment| Shared::of(moment));
        let moments = [(); 2].map(|()| moments.next().unwrap_or_else(|| Shared::of(&mut [])));
        let (inputs, behind) = (self.mlp.inputs(), self.mlp.count());
        let scale = state.has_scale(&self.mlp).then(|| {
            let moments = moments.map(|moment| moment.behind(behind));
            let tiles = self.tiles.iter().filter(|tile| tile.l == 1).count();
            Scale::new(params.behind(behind), moments, inputs, tiles, &mut self.scale)
        });
        let (w, moments) = match is_wide {
            true => (params, moments),
            false => (self.w.shared(), self.moments.each_mut().map(Buffer::shared)),
        };
        let mut view = View {
            layers: &self.layers,
            mlp: &self.mlp,
            workspace: &self.workspace,
            tiles: &self.tiles,
            parts: &self.parts,
            plan: self.plan,
            level: self.level,
            members: self.members,
            data: *data,
            rows: None,
            n,
            w,
            wt: self.wt.shared(),
            grads: self.grads.shared(),
            moments,
            shares: state.shares,
            scale,
            packs: self.packs.shared(),
            values: self.values.shared(),
            columns: self.columns.shared(),
            losses: self.losses.shared(),
            squares: self.squares.shared(),
        };
        for tile in view.tiles.iter().filter(|_| !is_wide) {
            // SAFETY: nobody else is at work yet.
            dispatch!(self.level, simd => unsafe { view.transpose(simd, tile) });
        }
        with_team(self.members, &self.pace, |team| match batches {
            Batches::Full { steps } => losses.extend((0..steps).map(|_| view.step(&state.next(), team))),
            Batches::Of { rows, size } => {
                for rows in rows.chunks(size.max(1)) {
                    (view.rows, view.n) = (Some(rows), rows.len());
                    losses.push(view.step(&state.next(), team));
                }
            }
        });
        if is_wide {
            return;
        }
        self.layers.unpack(self.w.as_slice(), state.params);
        for (moment, packed) in state.moments.iter_mut().zip(&self.moments) {
            self.layers.unpack(packed.as_slice(), moment);
        }
    }
}

#[cfg(test)]
mod tests;
