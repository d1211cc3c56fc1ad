//! One step of the block engine: what a member of the team does with a part of a job.
#![expect(unsafe_code, reason = "threads share buffers by parts, and kernels take addresses")]

use crate::buffer::Shared;
use crate::float::Float;
use crate::gemm::{Ahead, DEPTH, Finish, Product, Start, multiply};
use crate::level::{Level, dispatch};
use crate::loss::{Outputs, dlogits};
use crate::mlp::{Data, Mlp};
use crate::pack::{Turn, transposed};
use crate::panels::Layers;
use crate::plan::{Plan, Tile};
use crate::scale::{Scale, row_sums};
use crate::team::Team;
use crate::update::{STRETCH, Span, Update, update};
use crate::workspace::{BLOCK, Forward, Workspace, affine, backward, forward};
use fearless_simd::Simd;
use std::ops::Range;

/// What all members see during a step.
pub(crate) struct View<'a, R> {
    pub(crate) layers: &'a Layers,
    pub(crate) mlp: &'a Mlp,
    pub(crate) workspace: &'a Workspace,
    pub(crate) tiles: &'a [Tile],
    pub(crate) parts: &'a [Range<usize>],
    pub(crate) plan: Plan,
    pub(crate) level: Level,
    pub(crate) members: usize,
    pub(crate) data: Data<'a, R>,
    /// The batch: these rows, or all.
    pub(crate) rows: Option<&'a [u32]>,
    pub(crate) n: usize,
    pub(crate) w: Shared<R>,
    pub(crate) wt: Shared<R>,
    pub(crate) grads: Shared<R>,
    pub(crate) moments: [Shared<R>; 2],
    /// Which share of the step size each tensor takes, or nothing.
    pub(crate) shares: &'a [f64],
    /// The scale of the inputs, if one is learnt.
    pub(crate) scale: Option<Scale<R>>,
    /// For each member room to pack in.
    pub(crate) packs: Shared<R>,
    pub(crate) values: Shared<R>,
    pub(crate) columns: Shared<R>,
    pub(crate) losses: Shared<f64>,
    pub(crate) squares: Shared<f64>,
}

impl<R: Float> View<'_, R> {
    /// One step: the loss before it.
    pub(crate) fn step(&self, next: &Update<R>, team: &Team<'_>) -> f64 {
        let (level, n, lanes) = (self.level, self.n, self.layers.lanes);
        let (total, mut sum) = (self.total(), 0.0);
        if let Some(scale) = &self.scale {
            // SAFETY: the team has nothing to do.
            unsafe { scale.take() };
        }
        match self.plan {
            Plan::Rows { group, .. } => {
                let groups = n.div_ceil(group);
                team.each(groups, &|g, member| {
                    let rows = g * group..n.min((g + 1) * group);
                    // SAFETY: group g has gradients and a loss of its own, each member a workspace and columns.
                    dispatch!(level, simd => unsafe { self.group(simd, g, rows, member, total) });
                });
                team.each(self.parts.len(), &|part, _| {
                    for u in self.parts[part].clone() {
                        let g = self.grads.at(self.place(u));
                        // SAFETY: each tile is in one part.
                        dispatch!(level, simd => unsafe { self.update(simd, u, next, g, groups) });
                    }
                });
                sum += self.sum_of_losses(groups);
            }
            Plan::Weights { chunk } => {
                let mut first = 0;
                while first < n {
                    let rows = n.min(first + chunk) - first;
                    // How the rows are cut changes no bit as long as vectors of rows stay together.
                    let part_rows = rows.div_ceil(self.members).next_multiple_of(lanes).min(BLOCK);
                    let parts = rows.div_ceil(part_rows);
                    let own = |part: usize| part * part_rows..rows.min((part + 1) * part_rows);
                    team.each(parts, &|part, _| {
                        // SAFETY: each part has rows of its own.
                        unsafe { self.gather(first, own(part), 0) };
                    });
                    // A panel of the first layer is read by the member that updates it, mostly.
                    let panels = self.layers.all[0].w.panels.len();
                    team.each(panels * parts, &|part, _| {
                        let (panel, own) = (part / parts, own(part % parts));
                        // SAFETY: each part has columns of its own, of its own rows.
                        dispatch!(level, simd => unsafe { self.first_layer(simd, own, panel) });
                    });
                    team.each(parts, &|part, member| {
                        let own = own(part);
                        // SAFETY: each part has rows of its own, each member columns.
                        dispatch!(level, simd => unsafe { self.rows_of_chunk(simd, own, member, total) });
                    });
                    sum += self.sum_of_losses(rows.div_ceil(lanes));
                    let is_last = first + rows == n;
                    team.each(self.parts.len(), &|part, member| {
                        for u in self.parts[part].clone() {
                            let own = member * self.layers.largest_stretch(STRETCH);
                            let g = self.grads.at(if n > chunk { self.place(u) } else { own });
                            // SAFETY: each tile is in one part, each member has room for one tile's gradient,
                            // and nobody writes values any more.
                            dispatch!(level, simd => unsafe {
                                self.tile(simd, u, rows, g, first > 0, is_last.then_some(next));
                            });
                        }
                    });
                    first += rows;
                }
            }
            Plan::Wide { chunk } => sum += self.wide(next, team, chunk),
        }
        if let Some(scale) = &self.scale {
            let next = next.times(self.shares.last().copied().unwrap_or(1.0));
            // SAFETY: as above.
            dispatch!(level, simd => unsafe { scale.update(simd, &next, self.tiles) });
        }
        // SAFETY: the team is done.
        let squares: f64 = (0..self.tiles.len()).map(|u| unsafe { *self.squares.at(u) }).sum();
        if total > 0.0 { sum / total + 0.5 * self.mlp.reg * squares } else { 0.5 * self.mlp.reg * squares }
    }

    /// The sum of the first losses, in their order.
    pub(crate) fn sum_of_losses(&self, count: usize) -> f64 {
        // SAFETY: the team is done; these were written by its parts.
        (0..count).map(|i| unsafe { *self.losses.at(i) }).sum()
    }

    /// All of a group: its rows through all layers, and its gradient.
    #[inline(always)]
    unsafe fn group<S: Simd>(&self, simd: S, g: usize, rows: Range<usize>, member: usize, total: f64) {
        let mut sum = 0.0;
        let workspace = member * self.workspace.len;
        for first in rows.clone().step_by(self.workspace.rows) {
            let count = rows.end.min(first + self.workspace.rows) - first;
            let mut losses = [0.0; BLOCK];
            let losses = &mut losses[..count.div_ceil(self.layers.lanes)];
            // SAFETY: the caller's promise.
            unsafe {
                self.gather(first, 0..count, workspace);
                self.forward_and_back(simd, 1, 0..count, [workspace, member], total, losses);
                for u in 0..self.tiles.len() {
                    let to = self.grads.at(g * self.layers.w_len + self.place(u));
                    self.gradient(simd, u, 0..count, workspace, to, first > rows.start);
                }
            }
            sum += losses.iter().sum::<f64>();
        }
        // SAFETY: the group's own.
        unsafe { *self.losses.at(g) = sum };
    }

    /// One panel of the first layer for rows `own` of the chunk.
    #[inline(always)]
    unsafe fn first_layer<S: Simd>(&self, simd: S, own: Range<usize>, panel: usize) {
        let rows = self.forward(own, 0);
        // One copy of it for all callers.
        simd.vectorize(
            #[inline(always)]
            // SAFETY: the caller's promise.
            || unsafe { affine(simd, &rows, 1, panel) },
        );
    }

    /// Rows `own` of the chunk, from their second layer on.
    #[inline(always)]
    unsafe fn rows_of_chunk<S: Simd>(&self, simd: S, own: Range<usize>, member: usize, total: f64) {
        let (start, count) = (own.start / self.layers.lanes, own.len().div_ceil(self.layers.lanes));
        // SAFETY: the part's own: parts begin at whole vectors of rows.
        unsafe {
            let losses = std::slice::from_raw_parts_mut(self.losses.at(start), count);
            self.forward_and_back(simd, 2, own, [0, member], total, losses);
        }
    }

    /// The gradient g of tile u over the chunk's rows, and at the end of the batch its update.
    #[inline(always)]
    unsafe fn tile<S: Simd>(
        &self,
        simd: S,
        u: usize,
        rows: usize,
        g: *mut R,
        add: bool,
        next: Option<&Update<R>>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            for first in (0..rows).step_by(DEPTH) {
                self.gradient(simd, u, first..rows.min(first + DEPTH), 0, g, add || first > 0);
            }
            if let Some(next) = next {
                self.update(simd, u, next, g, 1);
            }
        }
    }

    /// Where tile u begins among all weights.
    fn place(&self, u: usize) -> usize {
        let tile = &self.tiles[u];
        let panel = &self.layers.all[tile.l - 1].w.panels[tile.panel];
        panel.at + tile.rows.start * panel.width
    }

    /// Rows `own` of a workspace: forward from layer `from` on, loss, backward.
    #[inline(always)]
    unsafe fn forward_and_back<S: Simd>(
        &self,
        simd: S,
        from: usize,
        own: Range<usize>,
        [workspace, member]: [usize; 2],
        total: f64,
        losses: &mut [f64],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            forward(simd, &self.forward(own.clone(), workspace), from..self.mlp.layers() + 1);
            self.loss(simd, own.clone(), [workspace, member], total, losses);
            backward(simd, self.layers, self.workspace, self.wt.at(0), self.values.at(workspace), own);
        }
    }

    /// Rows `own` of a workspace: from logits to loss and dlogits.
    #[inline(always)]
    pub(crate) unsafe fn loss<S: Simd>(
        &self,
        simd: S,
        own: Range<usize>,
        [workspace, member]: [usize; 2],
        total: f64,
        losses: &mut [f64],
    ) {
        let last = self.mlp.layers();
        let values = self.values.at(workspace);
        let logits = &self.layers.all[last - 1];
        let stride = self.workspace.stride[last];
        let width = logits.w.full_columns();
        let outputs = Outputs {
            loss: self.mlp.loss,
            rows: own.len(),
            outputs: logits.fan_out,
            width,
            stride,
            logits: values.wrapping_add(self.workspace.a[last] + own.start * stride),
            columns: self.columns.at(member * width * self.layers.lanes),
        };
        let y = values.wrapping_add(self.workspace.y + own.start * self.columns_of_y());
        let dz = values.wrapping_add(self.workspace.dz[last] + own.start * stride);
        // Where nothing counts there is nothing to divide.
        let by_total = if total > 0.0 { 1.0 / total } else { 0.0 };
        // SAFETY: the caller's promise.
        unsafe { dlogits(simd, &outputs, y, dz, (self.data.weights.is_some(), by_total), losses) };
    }

    /// Rows `own` of a workspace, their inputs in it.
    #[inline(always)]
    fn forward(&self, own: Range<usize>, workspace: usize) -> Forward<'_, R> {
        let (stride, values) = (self.workspace.stride[0], self.values.at(workspace));
        let x = values.wrapping_add(self.workspace.a[0] + own.start * stride).cast_const();
        Forward {
            layers: self.layers,
            workspace: self.workspace,
            w: self.w.at(0),
            x: (x, stride),
            values,
            own,
        }
    }

    /// `dw = a^T dz` of tile u over some rows of a workspace.
    #[inline(always)]
    unsafe fn gradient<S: Simd>(
        &self,
        simd: S,
        u: usize,
        rows: Range<usize>,
        workspace: usize,
        dw: *mut R,
        add: bool,
    ) {
        let tile = &self.tiles[u];
        let (l, values) = (tile.l, self.values.at(workspace));
        let panel = &self.layers.all[l - 1].w.panels[tile.panel];
        let (stride, below) = (self.workspace.stride[l], self.workspace.stride[l - 1]);
        let product = Product {
            rows: tile.rows.len(),
            depth: rows.len(),
            vectors: panel.vectors,
            a: values.wrapping_add(self.workspace.a[l - 1] + rows.start * below + tile.rows.start),
            a_row: 1,
            a_step: below,
            b: values.wrapping_add(self.workspace.dz[l] + rows.start * stride + panel.columns.start),
            b_step: stride,
            c: dw,
            c_row: panel.width,
            start: if add { Start::Sum } else { Start::Zero },
            finish: Finish::Plain,
            ahead: [Ahead::NOTHING; 3],
        };
        // SAFETY: the caller's promise: dw is its own, and the workspace is not written.
        unsafe { multiply(simd, &product) };
    }

    /// Updates tile u from its gradient g, or those of several groups.
    #[inline(always)]
    unsafe fn update<S: Simd>(&self, simd: S, u: usize, next: &Update<R>, g: *const R, groups: usize) {
        let tile = &self.tiles[u];
        let layer = &self.layers.all[tile.l - 1];
        let panel = &layer.w.panels[tile.panel];
        let weights = tile.rows.start..tile.rows.end.min(layer.fan_in);
        let bias = tile.rows.start.max(layer.fan_in)..tile.rows.end;
        let mut squares = 0.0;
        for (i, (rows, reg)) in [weights, bias].into_iter().zip(self.mlp.regs()).enumerate() {
            let at = panel.at + rows.start * panel.width;
            let moment = |m: &Shared<R>| m.at(0).wrapping_add(at);
            let span = Span {
                rows: 1,
                len: rows.len() * panel.width,
                p: self.w.at(at),
                p_row: 0,
                g_row: 0,
                g: g.wrapping_add((rows.start - tile.rows.start) * panel.width),
                parts: groups,
                apart: self.layers.w_len,
                moments: [moment(&self.moments[0]), moment(&self.moments[1])],
                reg: R::narrow(reg),
            };
            // SAFETY: the tile is the caller's.
            unsafe {
                if let (1, 0, Some(scale)) = (tile.l, i, &self.scale) {
                    let (len, row) = (panel.width, panel.width);
                    let by_rows = Span { rows: rows.len(), len, p_row: row, g_row: row, ..span };
                    row_sums(simd, &by_rows, 0, scale.sums(u));
                }
                squares += update(simd, &next.times(self.share(tile.l, i)), &span);
            }
        }
        // SAFETY: as above.
        unsafe {
            *self.squares.at(u) = squares;
            if !next.keeps_zero() {
                for row in tile.rows.clone() {
                    for column in panel.columns.len()..panel.width {
                        *self.w.at(panel.at + row * panel.width + column) = R::ZERO;
                    }
                }
            }
            self.transpose(simd, tile);
        }
    }

    /// Which share of the step size the weights (0) or the bias (1) of layer l take.
    #[inline(always)]
    pub(crate) fn share(&self, l: usize, which: usize) -> f64 {
        self.shares.get(2 * (l - 1) + which).copied().unwrap_or(1.0)
    }

    /// Writes the tile's weights into `wt`.
    #[inline(always)]
    pub(crate) unsafe fn transpose<S: Simd>(&self, simd: S, tile: &Tile) {
        let layer = &self.layers.all[tile.l - 1];
        let from = &layer.w.panels[tile.panel];
        for to in &layer.wt.panels {
            let rows = tile.rows.start.max(to.columns.start)..tile.rows.end.min(to.columns.end);
            let turn = Turn {
                columns: rows.len(),
                depth: from.columns.len(),
                readable: from.width,
                stride: from.width,
                to_row: to.width,
            };
            let place = to.at + from.columns.start * to.width + rows.start.wrapping_sub(to.columns.start);
            if !rows.is_empty() {
                // SAFETY: the tile is the caller's, and these places belong to no other tile: tiles and panels
                // begin at whole vectors.
                unsafe {
                    let w = self.w.at(from.at + rows.start * from.width);
                    transposed(simd, turn, w, self.wt.at(place));
                }
            }
        }
    }
}
