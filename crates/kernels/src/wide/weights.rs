//! `dw = a^T dz` of wide layers, and the update that follows it while it is in the cache.
#![expect(unsafe_code, reason = "threads share buffers by parts, and kernels take addresses")]

use super::cut::{depth, stretches, tile, width};
use crate::float::Float;
use crate::gemm::{Ahead, Finish, Product, Start, multiply};
use crate::level::dispatch;
use crate::pack;
use crate::panels::Panel;
use crate::plan::Tile;
use crate::scale::row_sums;
use crate::step::View;
use crate::team::Team;
use crate::update::{STRETCH, Span, Update, update_columns};
use crate::workspace::BLOCK;
use fearless_simd::Simd;
use std::ops::Range;

impl<R: Float> View<'_, R> {
    /// The gradient of all layers over these rows, added to what is there or not, and the update.
    pub(super) fn weights(&self, team: &Team<'_>, rows: usize, add: bool, next: Option<&Update<R>>) {
        let level = self.level;
        let mut parts = self.parts;
        for l in 1..=self.mlp.layers() {
            let panels = &self.layers.all[l - 1].w.panels;
            let (blocks, cuts) = (panels.len().div_ceil(self.layers.block), rows.div_ceil(BLOCK));
            team.each(blocks * cuts, &|part, _| {
                let (block, cut) = (part / cuts * self.layers.block, part % cuts);
                let panels = &panels[block..panels.len().min(block + self.layers.block)];
                // SAFETY: each part has columns of its own rows; nobody writes values.
                dispatch!(level, simd => unsafe { self.pack_dz(simd, l, panels, rows, cut) });
            });
            let count = parts.iter().take_while(|part| self.tiles[part.start].l == l).count();
            let (own, others) = parts.split_at(count);
            team.each(own.len(), &|part, member| {
                let part = own[part].clone();
                // SAFETY: each tile is in one part, each member has room to pack in, and nobody writes values.
                dispatch!(level, simd => unsafe {
                    self.part(simd, part, rows, add, next, member);
                });
            });
            parts = others;
        }
    }

    /// Copies dz of layer l, for some columns, in the order in which dw reads it: this one of the stretches of rows.
    #[inline(always)]
    unsafe fn pack_dz<S: Simd>(&self, simd: S, l: usize, panels: &[Panel], rows: usize, cut: usize) {
        let (first, width) = (panels[0].columns.start, width(panels));
        let stride = self.workspace.stride[l];
        let from = self.values.at(self.workspace.dz[l] + first);
        let Some((start, depth)) = stretches(rows, depth::<S>()).nth(cut) else { return };
        let to = self.packs.at(rows * first + start * width);
        // SAFETY: the caller's promise.
        unsafe { pack::whole_panels(simd, from.wrapping_add(start * stride), stride, panels, depth, to) };
    }

    /// `dw = a^T dz` of some tiles with the same rows, and at the end of the batch their update.
    #[inline(always)]
    unsafe fn part<S: Simd>(
        &self,
        simd: S,
        part: Range<usize>,
        rows: usize,
        add: bool,
        next: Option<&Update<R>>,
        member: usize,
    ) {
        let Tile { l, rows: ref k, .. } = self.tiles[part.start];
        let (fan_out, below) = (self.layers.all[l - 1].fan_out, self.workspace.stride[l - 1]);
        let panels = &self.layers.all[l - 1].w.panels;
        let a = self.room(member);
        let own = a.wrapping_add(rows * STRETCH);
        let a_from = self.values.at(self.workspace.a[l - 1] + k.start).cast_const();
        // SAFETY: the caller's promise.
        unsafe {
            pack::narrow_rows(simd, a_from, below, k.len(), rows, a);
            for u in part {
                let panel = self.tiles[u].panel;
                let panels = &panels[panel..panels.len().min(panel + self.layers.block)];
                let (first, width) = (panels[0].columns.start, width(panels));
                let dz = self.packs.at(rows * first);
                let dw =
                    if self.n > self.workspace.rows { self.grads.at(u * tile(self.layers)) } else { own };
                let at = self.layers.all[l - 1].flat.start + k.start * fan_out + first;
                let places = [&self.w, &self.moments[0], &self.moments[1]];
                let kept = next.map_or(0, |next| 1 + next.moments());
                for panel in panels {
                    let from = panel.columns.start - first;
                    let ahead = [0, 1, 2].map(|i| Ahead {
                        at: places[i].at(0).wrapping_add(at + from),
                        stride: fan_out,
                        len: panel.columns.len(),
                        rows: if i < kept { k.len() } else { 0 },
                    });
                    for (start, depth) in stretches(rows, depth::<S>()) {
                        let product = Product {
                            rows: k.len(),
                            depth,
                            vectors: panel.vectors,
                            a: a.wrapping_add(start * STRETCH),
                            a_row: 1,
                            a_step: STRETCH,
                            b: dz.wrapping_add(start * width + from * depth),
                            b_step: panel.width,
                            c: dw.wrapping_add(from),
                            c_row: width,
                            start: if add || start > 0 { Start::Sum } else { Start::Zero },
                            finish: Finish::Plain,
                            ahead: if start == 0 { ahead } else { [Ahead::NOTHING; 3] },
                        };
                        multiply(simd, &product);
                    }
                }
                if let Some(next) = next {
                    let columns = first..panels[panels.len() - 1].columns.end;
                    *self.squares.at(u) = self.update_wide(simd, u, columns, next, dw, width);
                }
            }
        }
    }

    /// Updates the rows of tile u, these columns; gives the sum of the squares of the penalised.
    #[inline(always)]
    unsafe fn update_wide<S: Simd>(
        &self,
        simd: S,
        u: usize,
        columns: Range<usize>,
        next: &Update<R>,
        dw: *const R,
        dw_row: usize,
    ) -> f64 {
        let Tile { l, rows: ref k, .. } = self.tiles[u];
        let (layer, lanes) = (&self.layers.all[l - 1], self.layers.lanes);
        let whole = columns.len() / lanes * lanes;
        let weights = k.start..k.end.min(layer.fan_in);
        let bias = k.start.max(layer.fan_in)..k.end;
        let mut squares = 0.0;
        for (i, (rows, reg)) in [weights, bias].into_iter().zip(self.mlp.regs()).enumerate() {
            if rows.is_empty() {
                continue;
            }
            let at = layer.flat.start + rows.start * layer.fan_out + columns.start;
            let g = dw.wrapping_add((rows.start - k.start) * dw_row);
            let moments = [0, 1].map(|i| self.moments[i].at(0).wrapping_add(at));
            let span = Span {
                rows: rows.len(),
                len: whole,
                p: self.w.at(at),
                p_row: layer.fan_out,
                g,
                g_row: dw_row,
                parts: 1,
                apart: 0,
                moments,
                reg: R::narrow(reg),
            };
            let rest = columns.len() - whole;
            // SAFETY: the caller's tile.
            unsafe {
                if let (1, 0, Some(scale)) = (l, i, &self.scale) {
                    row_sums(simd, &span, rest, scale.sums(u));
                }
                squares += update_columns(simd, &next.times(self.share(l, i)), &span, rest);
            }
        }
        squares
    }
}
