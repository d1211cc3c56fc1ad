//! Layers whose weights are larger than a core's own cache: one layer after the other, all rows of the batch.
//!
//! Weights and moments stay where they are, row by row.  What a product reads many times is copied before, in
//! the order in which it is read, a block of [`BLOCK_VECTORS`] vectors' width by as many terms as a sum has
//! before it is put down ([`depth`]):
//!
//! ```text
//! what             is cut by               and each part copies                       once for
//! z = a w + b      columns of z, rows      w (terms, columns)                         all its rows
//! da = dz w^T      columns of da, rows     w^T (terms, columns), transposed           all its rows; few: see turned
//! dw = a^T dz      rows and columns of w   a (rows, 48 of w); all of dz, before       its columns of w; all parts
//! ```
//!
//! So weights come from memory once for each product, and a tile of dw, in the cache still, is followed by its
//! update.  Each number is one sum in one order, however the parts are cut.
#![expect(unsafe_code, reason = "threads share buffers by parts, and kernels take addresses")]

mod cut;
mod turned;
mod weights;

pub(crate) use cut::{dz, pack, tile, tiles};

use crate::activation::{Activation, activate, times_slope};
use crate::float::Float;
use crate::gemm::{Ahead, Finish, Product, Start, multiply};
use crate::level::dispatch;
use crate::pack::{self, Turn};
use crate::panels::{BLOCK_VECTORS, Panel};
use crate::step::View;
use crate::team::Team;
use crate::update::Update;
use crate::workspace::BLOCK;
use cut::{DEEPEST, ENOUGH, depth, stretches, width};
use fearless_simd::Simd;
use std::ops::Range;

/// The most rows for which a block is copied once.
const ROWS: usize = 512;

/// What is done to a block of panels for some rows, by a member.
type Block<'a> = dyn Fn(&[Panel], Range<usize>, usize) + Sync + 'a;

impl<R: Float> View<'_, R> {
    /// One step: the sum of the losses before it.
    pub(crate) fn wide(&self, next: &Update<R>, team: &Team<'_>, chunk: usize) -> f64 {
        let (level, lanes, last) = (self.level, self.layers.lanes, self.mlp.layers());
        let (total, mut sum, mut first) = (self.total(), 0.0, 0);
        while first < self.n {
            let rows = self.n.min(first + chunk) - first;
            let own_of = |size: usize| move |part: usize| part * size..rows.min((part + 1) * size);
            let size = rows.div_ceil(self.members).next_multiple_of(lanes).min(BLOCK);
            let own = own_of(size);
            // SAFETY: each part has rows of its own.
            team.each(rows.div_ceil(size), &|part, _| unsafe { self.gather(first, own(part), 0) });
            for l in 1..=last {
                self.blocks(team, &self.layers.all[l - 1].w.panels, rows, &|panels, own, member| {
                    // SAFETY: each part has columns of its own rows, each member room to pack in.
                    dispatch!(level, simd => unsafe { self.affine(simd, l, panels, own, member) });
                });
            }
            team.each(rows.div_ceil(size), &|part, member| {
                let own = own(part);
                // SAFETY: as above; parts begin at whole vectors of rows.
                dispatch!(level, simd => unsafe {
                    let (start, count) = (own.start / lanes, own.len().div_ceil(lanes));
                    let losses = std::slice::from_raw_parts_mut(self.losses.at(start), count);
                    self.loss(simd, own, [0, member], total, losses);
                });
            });
            sum += self.sum_of_losses(rows.div_ceil(lanes));
            for l in (2..=last).rev() {
                if self.are_few(rows) {
                    self.back_turned(team, l, rows);
                    continue;
                }
                self.blocks(team, &self.layers.all[l - 1].wt.panels, rows, &|panels, own, member| {
                    // SAFETY: as above.
                    dispatch!(level, simd => unsafe { self.back(simd, l, panels, own, member) });
                });
            }
            let is_last = first + rows == self.n;
            self.weights(team, rows, first > 0, is_last.then_some(next));
            first += rows;
        }
        sum
    }

    /// Calls `job(panels, rows, member)` for each block of the panels and for rows of it, so many that the members
    /// find enough to do.
    fn blocks(&self, team: &Team<'_>, panels: &[Panel], rows: usize, job: &Block<'_>) {
        // Columns first: what is copied for some columns is copied once.
        let enough = if self.members > 1 { ENOUGH * self.members } else { 1 };
        let width = panels.len().div_ceil(enough).clamp(1, self.layers.block);
        let blocks = panels.len().div_ceil(width);
        let size = rows.div_ceil(enough.div_ceil(blocks)).clamp(BLOCK / 4, ROWS);
        let size = size.next_multiple_of(self.layers.lanes);
        let cuts = rows.div_ceil(size);
        team.each(blocks * cuts, &|part, member| {
            let (block, cut) = (part / cuts * width, part % cuts);
            let panels = &panels[block..panels.len().min(block + width)];
            job(panels, cut * size..rows.min((cut + 1) * size), member);
        });
    }

    /// Room of a member's to pack in.
    fn room(&self, member: usize) -> *mut R {
        let rows = self.workspace.rows;
        self.packs.at(dz(self.layers, rows) + member * pack(self.layers, rows))
    }

    /// `z = a w + b` and `a = act(z)` of layer l, for some columns and rows.
    #[inline(always)]
    unsafe fn affine<S: Simd>(&self, simd: S, l: usize, panels: &[Panel], own: Range<usize>, member: usize) {
        let (layer, room) = (&self.layers.all[l - 1], self.room(member));
        let (stride, below) = (self.workspace.stride[l], self.workspace.stride[l - 1]);
        let at = |l: usize| self.values.at(self.workspace.a[l] + own.start * self.workspace.stride[l]);
        let (a, z) = (at(l - 1), at(l));
        let activation = self.layers.activations.get(l - 1).copied();
        let first = panels[0].columns.start;
        let w = |row: usize| self.w.at(layer.flat.start + row * layer.fan_out + first).cast_const();
        let bias = room.wrapping_add(DEEPEST * BLOCK_VECTORS * self.layers.lanes);
        // SAFETY: the caller's promise; w is only read.
        unsafe {
            pack::panels(simd, w(layer.fan_in), 0, panels, 1, bias);
            for (start, depth) in stretches(layer.fan_in, depth::<S>()) {
                pack::panels(simd, w(start), layer.fan_out, panels, depth, room);
                let rest = (layer.fan_in - start - depth).min(depth).div_ceil(panels.len());
                for (i, panel) in panels.iter().enumerate() {
                    let from = panel.columns.start - first;
                    let product = Product {
                        rows: own.len(),
                        depth,
                        vectors: panel.vectors,
                        a: a.wrapping_add(start),
                        a_row: below,
                        a_step: 1,
                        b: room.wrapping_add(from * depth),
                        b_step: panel.width,
                        c: z.wrapping_add(panel.columns.start),
                        c_row: stride,
                        start: if start == 0 { Start::Bias(bias.wrapping_add(from)) } else { Start::Sum },
                        finish: match activation {
                            Some(Activation::Relu) if start + depth == layer.fan_in => Finish::Relu,
                            _ => Finish::Plain,
                        },
                        ahead: [
                            Ahead {
                                at: w(start + depth + i * rest),
                                stride: layer.fan_out,
                                len: width(panels),
                                rows: rest,
                            },
                            if i + 1 == panels.len() && rest > 0 {
                                Ahead {
                                    at: a.wrapping_add(start + depth),
                                    stride: below,
                                    len: depth,
                                    rows: own.len(),
                                }
                            } else {
                                Ahead::NOTHING
                            },
                            Ahead::NOTHING,
                        ],
                    };
                    multiply(simd, &product);
                }
            }
            let Some(activation) = activation else { return };
            let slopes =
                self.workspace.slopes[l].map(|slopes| self.values.at(slopes + own.start * stride + first));
            activate(simd, activation, z.wrapping_add(first), slopes, [own.len(), width(panels), stride]);
            if panels[panels.len() - 1].columns.end == layer.fan_out {
                for row in 0..own.len() {
                    *z.wrapping_add(row * stride + layer.fan_out) = R::ONE;
                }
            }
        }
    }

    /// `da = dz w^T` of layer l and `dz = da * act'(z)` of the layer below, for some columns and rows.
    #[inline(always)]
    unsafe fn back<S: Simd>(&self, simd: S, l: usize, panels: &[Panel], own: Range<usize>, member: usize) {
        let (layer, activation) = (&self.layers.all[l - 1], self.layers.activations[l - 2]);
        let (stride, below) = (self.workspace.stride[l], self.workspace.stride[l - 1]);
        let room = self.room(member);
        let dz = self.values.at(self.workspace.dz[l] + own.start * stride);
        let da = self.values.at(self.workspace.dz[l - 1] + own.start * below);
        let a = self.values.at(self.workspace.a[l - 1] + own.start * below).cast_const();
        let first = panels[0].columns.start;
        // SAFETY: the caller's promise; w is only read.
        unsafe {
            for (start, depth) in stretches(layer.fan_out, depth::<S>()) {
                let rest = (layer.fan_out - start - depth).min(depth);
                for (i, panel) in panels.iter().enumerate() {
                    let from = panel.columns.start;
                    let b = room.wrapping_add((from - first) * depth);
                    let w = self.w.at(layer.flat.start + from * layer.fan_out + start);
                    let turn = Turn {
                        columns: panel.columns.len(),
                        depth,
                        readable: depth,
                        stride: layer.fan_out,
                        to_row: panel.width,
                    };
                    pack::transposed(simd, turn, w, b);
                    let product = Product {
                        rows: own.len(),
                        depth,
                        vectors: panel.vectors,
                        a: dz.wrapping_add(start),
                        a_row: stride,
                        a_step: 1,
                        b,
                        b_step: panel.width,
                        c: da.wrapping_add(from),
                        c_row: below,
                        start: if start == 0 { Start::Zero } else { Start::Sum },
                        finish: match activation {
                            Activation::Relu if start + depth == layer.fan_out => {
                                Finish::ReluSlope(a.wrapping_add(from))
                            }
                            _ => Finish::Plain,
                        },
                        ahead: [
                            Ahead {
                                at: w.wrapping_add(depth),
                                stride: layer.fan_out,
                                len: rest,
                                rows: panel.columns.len(),
                            },
                            if i + 1 == panels.len() && rest > 0 {
                                Ahead {
                                    at: dz.wrapping_add(start + depth),
                                    stride,
                                    len: depth,
                                    rows: own.len(),
                                }
                            } else {
                                Ahead::NOTHING
                            },
                            Ahead::NOTHING,
                        ],
                    };
                    multiply(simd, &product);
                }
            }
            let sizes = [own.len(), width(panels), below];
            let slopes = self.workspace.slopes[l - 1]
                .map(|slopes| self.values.at(slopes + own.start * below + first).cast_const());
            times_slope(simd, activation, da.wrapping_add(first), a.wrapping_add(first), slopes, sizes);
        }
    }
}
