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

use super::activate::{activate, times_slope};
use super::gemm::{DEPTH, Finish, Product, Start, multiply};
use super::layout::{Buffer, Layers, Shared};
use super::level::{Level, dispatch};
use super::softmax::{Outputs, dlogits};
use super::team::Team;
use super::update::{Step, Stretch, update};
use crate::activation::Activation;
use crate::data::{Batches, Data, Target};
use crate::network::{Network, Penalized};
use crate::optim::Optimiser;
use crate::params::Params;
use crate::real::Real;
use fearless_simd::Simd;
use std::ops::Range;

/// The most rows that go through the layers together.
pub(super) const BLOCK: usize = 128;
/// The most groups of rows with a gradient of their own.
const GROUPS: usize = 8;
/// Rows of a weight matrix that are updated together.
const STRETCH: usize = 48;
/// What the values of one job's rows, or the groups' gradients, may take.
const SCRATCH: usize = 8 << 20;

/// Where the values of a block of rows lie: for each row the inputs, then for each layer a, then dz, each
/// with room for its column of ones.  The last a are the logits.
#[derive(Clone, Debug)]
pub(super) struct Strip {
    /// How many rows there is room for.
    pub(super) rows: usize,
    /// From one row of `a[l]` or `dz[l]` to the next.
    pub(super) stride: Vec<usize>,
    /// Where `a[l]` begins, l = 0..=L.
    pub(super) a: Vec<usize>,
    /// Where `dz[l]` begins, l = 1..=L; nothing at 0.
    dz: Vec<usize>,
    /// Where the right answers begin.
    y: usize,
    /// How many numbers all of it takes.
    pub(super) len: usize,
}

impl Strip {
    /// The numbers that one row takes.
    fn row<R: Real>(network: &Network, layers: &Layers) -> usize {
        let strides: usize = (1..=network.layers()).map(|l| 2 * stride::<R>(network.sizes[l], layers)).sum();
        stride::<R>(network.sizes[0], layers) + strides + network.outputs()
    }

    pub(super) fn new<R: Real>(network: &Network, layers: &Layers, rows: usize, backward: bool) -> Self {
        let rows = rows.next_multiple_of(layers.lanes);
        let stride: Vec<usize> = network.sizes.iter().map(|&size| stride::<R>(size, layers)).collect();
        let mut len = 0;
        let mut place = |numbers: usize| {
            len += numbers.next_multiple_of(layers.lanes);
            len - numbers.next_multiple_of(layers.lanes)
        };
        let a = stride.iter().map(|stride| place(rows * stride)).collect();
        let used = if backward { 1 } else { 0 };
        let dz = stride.iter().enumerate().map(|(l, s)| place(used * l.min(1) * rows * s)).collect();
        let y = place(used * rows * network.outputs());
        Self { rows, stride, a, dz, y, len }
    }
}

/// The columns of a layer with their column of ones, in an odd number of cache lines: so any number of
/// rows spreads over the whole cache.
fn stride<R>(columns: usize, layers: &Layers) -> usize {
    let line = (64 / size_of::<R>()).max(layers.lanes);
    ((columns + 1).div_ceil(line) | 1) * line
}

/// A stretch of one layer's weights: rows `rows` of panel `panel`, the bias being the last row.
#[derive(Clone, Debug)]
struct Unit {
    l: usize,
    panel: usize,
    rows: Range<usize>,
}

/// Where `dw` is summed: see the head of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// In the rows job, by groups of so many rows.
    Rows { group: usize, groups: usize },
    /// In the weights job, after so many rows.
    Weights { chunk: usize },
}

/// Weights, gradients and scratch of a network in training.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    network: Network,
    level: Level,
    members: usize,
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
    blocks: &'a Layers,
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
    /// Room to train `network` in batches of at most `n` rows, by at most `members` threads.
    pub(super) fn new(network: &Network, n: usize, level: Level, members: usize) -> Self {
        let layers = dispatch!(level, simd => Layers::new::<_, R>(simd, &network.sizes));
        let members = members.max(1);
        let n = n.max(1);
        let row = Strip::row::<R>(network, &layers);
        let plan = Plan::choose(n, row * size_of::<R>(), layers.w_len * size_of::<R>(), layers.lanes);
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
            layers,
            strip,
            plan,
            units,
            parts,
        }
    }

    /// One update for each batch; adds the loss before each update to `losses`.
    pub(super) fn advance(
        &mut self,
        params: &mut Params<R>,
        optimiser: &mut Optimiser<R>,
        data: &Data<R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
        team: &Team<'_>,
    ) {
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
            blocks: &self.layers,
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

impl Plan {
    /// For batches of n rows, `row` bytes of values a row, and `weights` bytes of weights.
    fn choose(n: usize, row: usize, weights: usize, lanes: usize) -> Self {
        let groups = n.div_ceil(BLOCK).clamp(1, GROUPS).min(SCRATCH / weights.max(1));
        // Both ways the other threads read what one has written: the values of all rows, or the
        // gradients of all groups.
        if groups > 1 && groups * weights < n * row {
            let group = n.div_ceil(groups).next_multiple_of(lanes);
            return Self::Rows { group, groups: n.div_ceil(group) };
        }
        Self::Weights { chunk: n.min((SCRATCH / row).max(BLOCK)).next_multiple_of(lanes) }
    }
}

fn units(layers: &Layers) -> Vec<Unit> {
    let mut units = Vec::new();
    for (i, layer) in layers.all.iter().enumerate() {
        for panel in 0..layer.w.panels.len() {
            let starts = (0..layer.w.rows).step_by(STRETCH);
            units.extend(starts.map(|row| Unit { l: i + 1, panel, rows: row..layer.w.rows.min(row + STRETCH) }));
        }
    }
    units
}

/// Units put together until a part is worth handing out.
fn parts(units: &[Unit], layers: &Layers, plan: Plan) -> Vec<Range<usize>> {
    // An update alone takes a fraction of a nanosecond a weight, a gradient some hundred times as long.
    let enough = if matches!(plan, Plan::Rows { .. }) { 4096 } else { 512 };
    let (mut parts, mut first, mut weights) = (Vec::new(), 0, 0);
    for (i, unit) in units.iter().enumerate() {
        weights += unit.rows.len() * layers.all[unit.l - 1].w.panels[unit.panel].width;
        if weights >= enough || i + 1 == units.len() {
            parts.push(first..i + 1);
            (first, weights) = (i + 1, 0);
        }
    }
    parts
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
    let lanes = view.blocks.lanes;
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
                    // SAFETY: each unit is in one part.
                    let g = view.grads.at(view.place(u));
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
                        let own = member * view.blocks.largest_stretch(STRETCH);
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
            let losses = &mut losses[..count.div_ceil(self.blocks.lanes)];
            // SAFETY: the caller's promise.
            unsafe {
                self.forward_and_back(simd, first, 0..count, strip, member, losses);
                for u in 0..self.units.len() {
                    let to = self.grads.at(g * self.blocks.w_len + self.place(u));
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
        let (start, count) = (own.start / self.blocks.lanes, own.len().div_ceil(self.blocks.lanes));
        // SAFETY: the part's own: parts begin at whole vectors of rows.
        unsafe {
            let losses = std::slice::from_raw_parts_mut(self.losses.at(start), count);
            self.forward_and_back(simd, first, own, 0, member, losses);
        }
    }

    /// The gradient g of unit u over the chunk's rows, and at the end of the batch its update.
    #[inline(always)]
    unsafe fn unit<S: Simd>(&self, simd: S, u: usize, rows: usize, g: *mut R, add: bool, next: Option<&Step<R>>) {
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
        let panel = &self.blocks.all[unit.l - 1].w.panels[unit.panel];
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
            forward(simd, self.network, self.blocks, self.strip, self.w.at(0), x, values, own.clone());
            let logits = &self.blocks.all[last - 1];
            let stride = self.strip.stride[last];
            let width = logits.w.full_columns();
            let outputs = Outputs {
                loss: self.network.loss,
                rows: own.len(),
                outputs: logits.fan_out,
                width,
                stride,
                logits: values.wrapping_add(self.strip.a[last] + own.start * stride),
                columns: self.columns.at(member * width * self.blocks.lanes),
            };
            let y = values.wrapping_add(self.strip.y + own.start * self.answers());
            let dz = values.wrapping_add(self.strip.dz[last] + own.start * stride);
            dlogits(simd, &outputs, y, dz, 1.0 / self.n as f64, losses);
            self.backward(simd, strip, own);
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
        let lanes = self.blocks.lanes;
        let stride = self.strip.stride[0];
        for i in own {
            let row = self.rows.map_or(first + i, |rows| rows[first + i] as usize);
            let x = &self.x[row * d..][..d];
            // SAFETY: the strip has room for its rows, and these are the caller's.
            unsafe {
                let to = self.values.at(strip + self.strip.a[0] + i * stride);
                std::ptr::copy_nonoverlapping(x.as_ptr(), to, d);
                *to.wrapping_add(d) = R::one();
                let y = |j: usize| self.values.at(strip + self.strip.y + (i / lanes * self.answers() + j) * lanes + i % lanes);
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

    /// From dlogits down to dz[1].
    #[inline(always)]
    unsafe fn backward<S: Simd>(&self, simd: S, strip: usize, own: Range<usize>) {
        let values = self.values.at(strip);
        let activation = self.network.activation;
        for l in (2..=self.network.layers()).rev() {
            let layer = &self.blocks.all[l - 1];
            let (stride, below) = (self.strip.stride[l], self.strip.stride[l - 1]);
            let dz = values.wrapping_add(self.strip.dz[l] + own.start * stride);
            let da = values.wrapping_add(self.strip.dz[l - 1] + own.start * below);
            let a = values.wrapping_add(self.strip.a[l - 1] + own.start * below).cast_const();
            for panel in &layer.wt.panels {
                for (start, depth) in depths(layer.fan_out) {
                    let to = panel.columns.start;
                    let ends = start + depth == layer.fan_out;
                    let product = Product {
                        rows: own.len(),
                        depth,
                        vectors: panel.vectors,
                        a: dz.wrapping_add(start),
                        a_row: stride,
                        a_step: 1,
                        b: self.wt.at(panel.at + start * panel.width),
                        b_step: panel.width,
                        c: da.wrapping_add(to),
                        c_row: below,
                        start: if start == 0 { Start::Zero } else { Start::Sum },
                        finish: match activation {
                            Activation::Relu if ends => Finish::ReluSlope(a.wrapping_add(to)),
                            _ => Finish::Plain,
                        },
                    };
                    // SAFETY: rows of the caller's, in a strip laid out for them.
                    unsafe { multiply(simd, &product) };
                }
            }
            let width = self.blocks.all[l - 2].w.full_columns();
            // SAFETY: as above.
            unsafe { times_slope(simd, activation, da, a, [own.len(), width, below]) };
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
        let panel = &self.blocks.all[l - 1].w.panels[unit.panel];
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
        let layer = &self.blocks.all[unit.l - 1];
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
                apart: self.blocks.w_len,
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
        let layer = &self.blocks.all[unit.l - 1];
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

/// A sum of so many terms, cut where every sum is cut: first term and number of terms.
fn depths(terms: usize) -> impl Iterator<Item = (usize, usize)> {
    let size = terms.div_ceil(terms.div_ceil(DEPTH));
    (0..terms).step_by(size).map(move |start| (start, size.min(terms - start)))
}

/// Rows `own` of the strip at `values`, from the inputs to the logits.  `x` is where their inputs are, and
/// how far apart.
///
/// # Safety
/// Nobody else may touch these rows, or write inputs or weights.
#[inline(always)]
pub(super) unsafe fn forward<S: Simd, R: Real>(
    simd: S,
    network: &Network,
    layers: &Layers,
    strip: &Strip,
    w: *const R,
    x: (*const R, usize),
    values: *mut R,
    own: Range<usize>,
) {
    let (mut a, mut below) = x;
    for (i, layer) in layers.all.iter().enumerate() {
        let stride = strip.stride[i + 1];
        let z = values.wrapping_add(strip.a[i + 1] + own.start * stride);
        let hidden = i + 1 < layers.all.len();
        for panel in &layer.w.panels {
            for (start, depth) in depths(layer.fan_in) {
                let ends = start + depth == layer.fan_in;
                let row = |row: usize| w.wrapping_add(panel.at + row * panel.width);
                let product = Product {
                    rows: own.len(),
                    depth,
                    vectors: panel.vectors,
                    a: a.wrapping_add(start),
                    a_row: below,
                    a_step: 1,
                    b: row(start),
                    b_step: panel.width,
                    c: z.wrapping_add(panel.columns.start),
                    c_row: stride,
                    start: if start == 0 { Start::Bias(row(layer.fan_in)) } else { Start::Sum },
                    finish: match network.activation {
                        Activation::Relu if hidden && ends => Finish::Relu,
                        _ => Finish::Plain,
                    },
                };
                // SAFETY: the caller's promise, in a strip laid out for these layers.
                unsafe { multiply(simd, &product) };
            }
        }
        if hidden {
            let size = [own.len(), layer.w.full_columns(), stride];
            // SAFETY: as above; the column of ones is in the strip.
            unsafe {
                activate(simd, network.activation, z, size);
                for row in 0..own.len() {
                    *z.wrapping_add(row * stride + layer.fan_out) = R::one();
                }
            }
        }
        (a, below) = (z, stride);
    }
}

#[cfg(test)]
mod tests {
    use super::super::team::{Pace, with_team};
    use super::*;
    use crate::loss::Loss;
    use crate::network::Penalty;
    use crate::objective::loss_and_grad;
    use crate::optim::Rule;
    use ndarray::{Array1, Array2};
    use rand::RngExt;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    fn data<R: Real>(n: usize, d: usize, k: usize, loss: Loss, seed: u64) -> Data<R> {
        let mut generator = Pcg64::seed_from_u64(seed);
        let mut number = |_| R::of(generator.random_range(-1.0..1.0));
        let x = Array2::from_shape_fn((n, d), |_| number(()));
        let y = match loss {
            Loss::Softmax => {
                Target::Classes(Array1::from_shape_fn(n, |_| (number(()).f64().abs() * k as f64) as u32))
            }
            Loss::Logistic => Target::Values(Array2::from_shape_fn((n, k), |_| {
                if number(()) > R::zero() { R::one() } else { R::zero() }
            })),
            Loss::Squared => Target::Values(Array2::from_shape_fn((n, k), |_| number(()))),
        };
        Data { x, y }
    }

    /// A network, and parameters that are all different from 0.
    fn network<R: Real>(
        sizes: &[usize],
        activation: Activation,
        loss: Loss,
        over: Penalized,
    ) -> (Network, Params<R>) {
        let network = Network::new(sizes, activation, loss, Penalty { reg: 0.01, over }).unwrap();
        let mut params = Params::zeros(sizes);
        let mut generator = Pcg64::seed_from_u64(7);
        for l in 1..=network.layers() {
            let scale = 1.5 / (sizes[l - 1] as f64).sqrt();
            params.wb_mut(l).mapv_inplace(|_| R::of(generator.random_range(-1.0..1.0) * scale));
        }
        (network, params)
    }

    fn far<R: Real>(a: &[R], b: &[R]) -> f64 {
        let largest = b.iter().map(|b| b.f64().abs()).fold(1e-300, f64::max);
        let off = a.iter().zip(b).map(|(a, b)| (a.f64() - b.f64()).abs());
        off.fold(0.0, |worst: f64, off| if off > worst || off.is_nan() { off } else { worst }) / largest
    }

    /// Takes steps on both paths and compares losses, parameters and moments.
    fn compare<R: Real>(
        what: &str,
        level: Level,
        (network, params): &(Network, Params<R>),
        data: &Data<R>,
        rule: Rule,
        batches: Batches<'_>,
        tolerance: f64,
    ) {
        let (mut plain, mut fast) = (params.clone(), params.clone());
        let mut plain_optimiser = Optimiser::new(rule, if rule == Rule::Gd { 8.0 } else { 0.05 }, &network.sizes).unwrap();
        let mut fast_optimiser = plain_optimiser.clone();
        let mut plain_losses = Vec::new();
        for step in 0..batches.steps() {
            let batch = batches.batch(step, data);
            let (objective, grads) = loss_and_grad(network, &plain, &batch);
            plain_losses.push(objective.loss());
            plain_optimiser.update(&mut plain, &grads);
        }
        let n = match batches {
            Batches::Full { .. } => data.len(),
            Batches::Of { size, .. } => size,
        };
        let mut losses = Vec::new();
        with_team(1, &Pace::default(), |team| {
            Blocks::new(network, n, level, 1)
                .advance(&mut fast, &mut fast_optimiser, data, batches, &mut losses, team);
        });
        let near = |name: &str, off: f64| {
            assert!(off <= tolerance, "{what} {level:?} {} {:?}: {name} is off by {off}", R::NAME, network.sizes);
        };
        near("loss", far(&losses, &plain_losses));
        for l in 1..=network.layers() {
            let moved = |after: &Params<R>| -> Vec<R> {
                after.wb(l).iter().zip(params.wb(l).iter()).map(|(a, b)| *a - *b).collect()
            };
            near(&format!("update of layer {l}"), far(&moved(&fast), &moved(&plain)));
        }
        for (a, b) in fast_optimiser.moments.iter().zip(&plain_optimiser.moments) {
            near("moment", far(a.values(), b.values()));
        }
        assert_eq!(fast_optimiser.t, plain_optimiser.t);
    }

    #[test]
    fn a_step_is_that_of_the_plain_path() {
        let (net, batch) = (&[5, 33, 17, 10], Batches::Full { steps: 1 });
        for level in Level::available() {
            for loss in Loss::ALL {
                for activation in Activation::ALL {
                    let what = format!("{loss:?} {activation:?}");
                    let rule = Rule::Gd;
                    let (data32, data64) = (data(45, 5, 10, loss, 1), data(45, 5, 10, loss, 1));
                    compare::<f32>(&what, level, &network(net, activation, loss, Penalized::All), &data32, rule, batch, 1e-5);
                    compare::<f64>(&what, level, &network(net, activation, loss, Penalized::Weights), &data64, rule, batch, 1e-12);
                }
            }
        }
    }
}
