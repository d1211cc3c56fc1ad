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
//!   sums its stretch of dw over all rows and updates it at once.  No gradient is ever in memory.
//! - [`Plan::Rows`], many rows and small layers: the rows are cut into at most [`GROUPS`] groups, and
//!   each group sums its own dw while its a and dz are still in the cache.  The weights job adds the groups'
//!   sums in their order.
//!
//! Plan and groups follow from the sizes alone.  A row's numbers do not depend on the rows around it (see
//! [`gemm`](super::gemm)), and every sum over rows has its order: so the number of threads changes no bit.
//!
//! The bias needs no code of its own: a column of ones stands after the last column of each a, as in the
//! notebook's bias trick, and `db` is the last row of `a^T dz`.
#![expect(unsafe_code, reason = "threads share buffers by parts, and kernels take addresses")]

use super::gemm::{DEPTH, Finish, Product, Start, multiply};
use super::layout::{Buffer, Layers, Shared};
use super::level::{Level, dispatch};
use super::plan::{GROUPS, Plan, STRETCH, Unit, parts, units};
use super::softmax::{Outputs, dlogits};
use super::strip::{BLOCK, Strip, backward, forward};
use super::team::Team;
use super::update::{Step, Stretch, update};
use crate::data::{Batches, Data, Target};
use crate::network::{Network, Penalized};
use crate::optim::Optimiser;
use crate::params::{Params, count};
use crate::real::Real;
use fearless_simd::Simd;
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

/// What all members see during a step.
struct View<'a, R> {
    layers: &'a Layers,
    network: &'a Network,
    strip: &'a Strip,
    units: &'a [Unit],
    x: &'a [R],
    y: &'a Target<R>,
    /// The batch: these rows, or all.
    rows: Option<&'a [u32]>,
    n: usize,
    w: Shared<R>,
    wt: Shared<R>,
    grads: Shared<R>,
    moments: [Shared<R>; 2],
    values: Shared<R>,
    columns: Shared<R>,
    losses: Shared<f64>,
    squares: Shared<f64>,
}

impl<R: Real> Blocks<R> {
    /// How many threads are worth their waiting for each other.
    pub(super) fn most_threads(network: &Network, rows: usize) -> usize {
        // A thread's share of a step should be some hundred microseconds.
        rows.saturating_mul(count(&network.sizes)) >> 22
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
            Batches::Full { steps } => {
                for _ in 0..steps {
                    let loss = step(&view, self.level, self.plan, self.members, &self.parts, optimiser, team);
                    losses.push(loss);
                }
            }
            Batches::Of { rows, size } => {
                for rows in rows.chunks(size.max(1)) {
                    (view.rows, view.n) = (Some(rows), rows.len());
                    let loss = step(&view, self.level, self.plan, self.members, &self.parts, optimiser, team);
                    losses.push(loss);
                }
            }
        }
        self.layers.unpack(self.w.as_slice(), params.values_mut());
        for (moment, packed) in optimiser.moments.iter_mut().zip(&self.moments) {
            self.layers.unpack(packed.as_slice(), moment.values_mut());
        }
    }
}

/// One step: the loss before it.
fn step<R: Real>(
    view: &View<'_, R>,
    level: Level,
    plan: Plan,
    members: usize,
    parts: &[Range<usize>],
    optimiser: &mut Optimiser<R>,
    team: &Team<'_>,
) -> f64 {
    let next = Step::next(optimiser);
    let n = view.n;
    let lanes = view.layers.lanes;
    let losses = |count: usize| -> f64 {
        // SAFETY: the team is done; these were written by its parts.
        (0..count).map(|i| unsafe { *view.losses.at(i) }).sum()
    };
    let mut sum = 0.0;
    match plan {
        Plan::Rows { group, .. } => {
            let groups = n.div_ceil(group);
            team.each(groups, &|g, member| {
                let rows = g * group..n.min((g + 1) * group);
                // SAFETY: group g has gradients and a loss of its own, each member a strip and columns.
                dispatch!(level, simd => unsafe { view.group(simd, g, rows, member) });
            });
            team.each(parts.len(), &|part, _| {
                for u in parts[part].clone() {
                    let g = view.grads.at(view.place(u));
                    // SAFETY: each unit is in one part.
                    dispatch!(level, simd => unsafe { view.update(simd, u, &next, g, groups) });
                }
            });
            sum += losses(groups);
        }
        Plan::Weights { chunk } => {
            let mut first = 0;
            while first < n {
                let rows = n.min(first + chunk) - first;
                // How the rows are cut changes no bit as long as vectors of rows stay together.
                let part_rows = rows.div_ceil(members).next_multiple_of(lanes).min(BLOCK);
                team.each(rows.div_ceil(part_rows), &|part, member| {
                    let own = part * part_rows..rows.min((part + 1) * part_rows);
                    // SAFETY: each part has rows of its own, each member columns.
                    dispatch!(level, simd => unsafe { view.rows_of_chunk(simd, first, own, member) });
                });
                sum += losses(rows.div_ceil(lanes));
                let is_last = first + rows == n;
                team.each(parts.len(), &|part, member| {
                    for u in parts[part].clone() {
                        let own = member * view.layers.largest_stretch(STRETCH);
                        let g = view.grads.at(if n > chunk { view.place(u) } else { own });
                        // SAFETY: each unit is in one part, each member has room for one unit's gradient,
                        // and nobody writes values any more.
                        dispatch!(level, simd => unsafe {
                            view.unit(simd, u, rows, g, first > 0, is_last.then_some(&next));
                        });
                    }
                });
                first += rows;
            }
        }
    }
    // SAFETY: the team is done.
    let squares: f64 = (0..view.units.len()).map(|u| unsafe { *view.squares.at(u) }).sum();
    sum / n.max(1) as f64 + 0.5 * view.network.penalty.reg * squares
}

impl<R: Real> View<'_, R> {
    /// All of a group: its rows through all layers, and its gradient.
    #[inline(always)]
    unsafe fn group<S: Simd>(&self, simd: S, g: usize, rows: Range<usize>, member: usize) {
        let mut sum = 0.0;
        let strip = member * self.strip.len;
        for first in rows.clone().step_by(self.strip.rows) {
            let count = rows.end.min(first + self.strip.rows) - first;
            let mut losses = [0.0; BLOCK];
            let losses = &mut losses[..count.div_ceil(self.layers.lanes)];
            // SAFETY: the caller's promise.
            unsafe {
                self.forward_and_back(simd, first, 0..count, strip, member, losses);
                for u in 0..self.units.len() {
                    let to = self.grads.at(g * self.layers.w_len + self.place(u));
                    self.gradient(simd, u, 0..count, strip, to, first > rows.start);
                }
            }
            sum += losses.iter().sum::<f64>();
        }
        // SAFETY: the group's own.
        unsafe { *self.losses.at(g) = sum };
    }

    /// Rows `own` of the chunk that begins at row `first` of the batch.
    #[inline(always)]
    unsafe fn rows_of_chunk<S: Simd>(&self, simd: S, first: usize, own: Range<usize>, member: usize) {
        let (start, count) = (own.start / self.layers.lanes, own.len().div_ceil(self.layers.lanes));
        // SAFETY: the part's own: parts begin at whole vectors of rows.
        unsafe {
            let losses = std::slice::from_raw_parts_mut(self.losses.at(start), count);
            self.forward_and_back(simd, first, own, 0, member, losses);
        }
    }

    /// The gradient g of unit u over the chunk's rows, and at the end of the batch its update.
    #[inline(always)]
    unsafe fn unit<S: Simd>(
        &self,
        simd: S,
        u: usize,
        rows: usize,
        g: *mut R,
        add: bool,
        next: Option<&Step<R>>,
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

    /// Where unit u begins among all weights.
    fn place(&self, u: usize) -> usize {
        let unit = &self.units[u];
        let panel = &self.layers.all[unit.l - 1].w.panels[unit.panel];
        panel.at + unit.rows.start * panel.width
    }

    /// Rows `own` of a strip: inputs, forward, loss, backward.  Row i of the strip is row `first + i` of
    /// the batch.
    #[inline(always)]
    unsafe fn forward_and_back<S: Simd>(
        &self,
        simd: S,
        first: usize,
        own: Range<usize>,
        strip: usize,
        member: usize,
        losses: &mut [f64],
    ) {
        let last = self.network.layers();
        // SAFETY: the caller's promise.
        unsafe {
            self.gather(first, own.clone(), strip);
            let values = self.values.at(strip);
            let x = values.wrapping_add(self.strip.a[0] + own.start * self.strip.stride[0]);
            let x = (x.cast_const(), self.strip.stride[0]);
            forward(simd, self.layers, self.strip, self.w.at(0), x, values, own.clone());
            let logits = &self.layers.all[last - 1];
            let stride = self.strip.stride[last];
            let width = logits.w.full_columns();
            let outputs = Outputs {
                loss: self.network.loss,
                rows: own.len(),
                outputs: logits.fan_out,
                width,
                stride,
                logits: values.wrapping_add(self.strip.a[last] + own.start * stride),
                columns: self.columns.at(member * width * self.layers.lanes),
            };
            let y = values.wrapping_add(self.strip.y + own.start * self.answers());
            let dz = values.wrapping_add(self.strip.dz[last] + own.start * stride);
            dlogits(simd, &outputs, y, dz, 1.0 / self.n as f64, losses);
            backward(simd, self.layers, self.strip, self.wt.at(0), values, own);
        }
    }

    /// Numbers of a right answer: one class or k values.
    #[inline(always)]
    fn answers(&self) -> usize {
        if matches!(self.y, Target::Classes(_)) { 1 } else { self.network.outputs() }
    }

    /// Copies inputs and right answers of rows `own` into the strip, the answers by vectors of rows.
    #[inline(always)]
    unsafe fn gather(&self, first: usize, own: Range<usize>, strip: usize) {
        let d = self.network.inputs();
        let lanes = self.layers.lanes;
        let stride = self.strip.stride[0];
        for i in own {
            let row = self.rows.map_or(first + i, |rows| rows[first + i] as usize);
            let x = &self.x[row * d..][..d];
            // SAFETY: the strip has room for its rows, and these are the caller's.
            unsafe {
                let to = self.values.at(strip + self.strip.a[0] + i * stride);
                std::ptr::copy_nonoverlapping(x.as_ptr(), to, d);
                *to.wrapping_add(d) = R::one();
                let y = |j: usize| {
                    self.values
                        .at(strip + self.strip.y + (i / lanes * self.answers() + j) * lanes + i % lanes)
                };
                match self.y {
                    Target::Classes(classes) => *y(0) = R::of(f64::from(classes[row])),
                    Target::Values(values) => {
                        for (j, &value) in values.row(row).iter().enumerate() {
                            *y(j) = value;
                        }
                    }
                }
            }
        }
    }

    /// `dw = a^T dz` of unit u over some rows of a strip.
    #[inline(always)]
    unsafe fn gradient<S: Simd>(
        &self,
        simd: S,
        u: usize,
        rows: Range<usize>,
        strip: usize,
        dw: *mut R,
        add: bool,
    ) {
        let unit = &self.units[u];
        let (l, values) = (unit.l, self.values.at(strip));
        let panel = &self.layers.all[l - 1].w.panels[unit.panel];
        let (stride, below) = (self.strip.stride[l], self.strip.stride[l - 1]);
        let product = Product {
            rows: unit.rows.len(),
            depth: rows.len(),
            vectors: panel.vectors,
            a: values.wrapping_add(self.strip.a[l - 1] + rows.start * below + unit.rows.start),
            a_row: 1,
            a_step: below,
            b: values.wrapping_add(self.strip.dz[l] + rows.start * stride + panel.columns.start),
            b_step: stride,
            c: dw,
            c_row: panel.width,
            start: if add { Start::Sum } else { Start::Zero },
            finish: Finish::Plain,
        };
        // SAFETY: the caller's promise: dw is its own, and the strip is not written.
        unsafe { multiply(simd, &product) };
    }

    /// Updates unit u from its gradient g, or those of several groups.
    #[inline(always)]
    unsafe fn update<S: Simd>(&self, simd: S, u: usize, next: &Step<R>, g: *const R, groups: usize) {
        let unit = &self.units[u];
        let layer = &self.layers.all[unit.l - 1];
        let panel = &layer.w.panels[unit.panel];
        let reg = R::of(self.network.penalty.reg);
        let weights = unit.rows.start..unit.rows.end.min(layer.fan_in);
        let bias = unit.rows.start.max(layer.fan_in)..unit.rows.end;
        let bias_reg = if self.network.penalty.over == Penalized::All { reg } else { R::zero() };
        let mut squares = 0.0;
        for (rows, reg) in [(weights, reg), (bias, bias_reg)] {
            let at = panel.at + rows.start * panel.width;
            let moment = |m: &Shared<R>| m.at(0).wrapping_add(at);
            let stretch = Stretch {
                len: rows.len() * panel.width,
                p: self.w.at(at),
                g: g.wrapping_add((rows.start - unit.rows.start) * panel.width),
                parts: groups,
                apart: self.layers.w_len,
                moments: [moment(&self.moments[0]), moment(&self.moments[1])],
                reg,
            };
            // SAFETY: the unit is the caller's.
            squares += unsafe { update(simd, next, &stretch) };
        }
        // SAFETY: as above.
        unsafe {
            *self.squares.at(u) = squares;
            if !next.keeps_zero() {
                for row in unit.rows.clone() {
                    for column in panel.columns.len()..panel.width {
                        *self.w.at(panel.at + row * panel.width + column) = R::zero();
                    }
                }
            }
            self.transpose(unit);
        }
    }

    /// Writes the unit's weights into `wt`.
    #[inline(always)]
    unsafe fn transpose(&self, unit: &Unit) {
        let layer = &self.layers.all[unit.l - 1];
        let from = &layer.w.panels[unit.panel];
        for to in &layer.wt.panels {
            for row in unit.rows.start.max(to.columns.start)..unit.rows.end.min(to.columns.end) {
                for j in from.columns.clone() {
                    // SAFETY: the unit is the caller's, and these places belong to no other unit.
                    unsafe {
                        *self.wt.at(to.at + j * to.width + row - to.columns.start) =
                            *self.w.at(from.at + row * from.width + j - from.columns.start);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
