//! `da = dz w^T` of wide layers for few rows, turned: so w is read where it is, once.
//!
//! ```text
//! da^T = w dz^T      instead of w the batch's dz and da are transposed, which are small beside it
//! ```
#![expect(unsafe_code, reason = "threads share buffers by parts, and kernels take addresses")]

use super::cut::{depth, stretches};
use crate::activation::{Activation, times_slope};
use crate::float::Float;
use crate::gemm::{Ahead, Finish, Product, Start, multiply, widest};
use crate::level::dispatch;
use crate::pack::{Turn, transposed};
use crate::panels::BLOCK_VECTORS;
use crate::step::View;
use crate::team::Team;
use crate::update::STRETCH;
use fearless_simd::Simd;
use std::ops::Range;

impl<R: Float> View<'_, R> {
    /// Whether the rows are few: a panel takes them.
    pub(super) fn are_few(&self, rows: usize) -> bool {
        rows <= BLOCK_VECTORS / self.layers.block * self.layers.lanes
    }

    /// `da = dz w^T` of layer l and `dz = da * act'(z)` of the layer below, for all of these rows.
    pub(super) fn back_turned(&self, team: &Team<'_>, l: usize, rows: usize) {
        let (level, layer, stride) = (self.level, &self.layers.all[l - 1], self.workspace.stride[l]);
        let (fan_in, to_row) = (layer.fan_in, rows.next_multiple_of(self.layers.lanes));
        let turn = Turn { columns: rows, depth: layer.fan_out, readable: layer.fan_out, stride, to_row };
        let dz = self.values.at(self.workspace.dz[l]);
        // SAFETY: the team has nothing to do, and dz of a layer has room among the packed.
        dispatch!(level, simd => unsafe { transposed(simd, turn, dz, self.packs.at(0)) });
        team.each(fan_in.div_ceil(STRETCH), &|part, member| {
            let k = part * STRETCH..fan_in.min((part + 1) * STRETCH);
            // SAFETY: each part has columns of its own, each member room to pack in.
            dispatch!(level, simd => unsafe { self.back_of(simd, l, k, rows, member) });
        });
    }

    /// Columns `k` of da, and of dz of the layer below.
    #[inline(always)]
    unsafe fn back_of<S: Simd>(&self, simd: S, l: usize, k: Range<usize>, rows: usize, member: usize) {
        let (layer, activation) = (&self.layers.all[l - 1], self.layers.activations[l - 2]);
        let (fan_out, lanes, below) = (layer.fan_out, self.layers.lanes, self.workspace.stride[l - 1]);
        let all = rows.next_multiple_of(lanes);
        let da_t = self.room(member);
        let da = self.values.at(self.workspace.dz[l - 1] + k.start);
        let a = self.values.at(self.workspace.a[l - 1] + k.start).cast_const();
        let w = self.w.at(layer.flat.start + k.start * fan_out).cast_const();
        for (start, depth) in stretches(fan_out, depth::<S>()) {
            let end = start + depth;
            // What follows of these rows of w, or the rows after them.
            let next = if end < fan_out { end } else { k.len() * fan_out };
            let ahead = Ahead { at: w.wrapping_add(next), stride: fan_out, len: depth, rows: k.len() };
            let product = Product {
                rows: k.len(),
                depth,
                vectors: all / lanes,
                a: w.wrapping_add(start),
                a_row: fan_out,
                a_step: 1,
                b: self.packs.at(start * all),
                b_step: all,
                c: da_t,
                c_row: all,
                start: if start == 0 { Start::Zero } else { Start::Sum },
                finish: Finish::Plain,
                ahead: [ahead, Ahead::NOTHING, Ahead::NOTHING],
            };
            // SAFETY: the caller's promise; w and the transposed dz are only read.
            unsafe { multiply(simd, &product) };
        }
        let turn = Turn { columns: k.len(), depth: rows, readable: all, stride: all, to_row: below };
        // SAFETY: the caller's promise, here and below: parts begin at whole vectors of columns.
        unsafe { transposed(simd, turn, da_t, da) };
        let vectors = k.len().div_ceil(lanes);
        if activation != Activation::Relu {
            let slopes =
                self.workspace.slopes[l - 1].map(|slopes| self.values.at(slopes + k.start).cast_const());
            // SAFETY: as above.
            unsafe { times_slope(simd, activation, da, a, slopes, [rows, vectors * lanes, below]) };
            return;
        }
        for first in (0..vectors).step_by(widest::<S>()) {
            // A product of no terms: what stands in da, times the slope.
            let slope = Product {
                rows,
                depth: 0,
                vectors: (vectors - first).min(widest::<S>()),
                a: da_t,
                a_row: 0,
                a_step: 0,
                b: da_t,
                b_step: 0,
                c: da.wrapping_add(first * lanes),
                c_row: below,
                start: Start::Sum,
                finish: Finish::ReluSlope(a.wrapping_add(first * lanes)),
                ahead: [Ahead::NOTHING; 3],
            };
            // SAFETY: as above.
            unsafe { multiply(simd, &slope) };
        }
    }
}
