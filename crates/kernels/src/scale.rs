//! A scale of the inputs, learnt with the weights: `a[0] = x * s`.
//!
//! Rows are multiplied by s when they are copied, so the first layer's products are those of any other.  The
//! derivative by s needs none of its own:
//!
//! ```text
//! ds = sum over rows of x * (dz[1] w[1]^T)     and     dw[1] = (x * s)^T dz[1]
//! so  ds = (sum over units of w[1] * dw[1]) / s
//! ```
//!
//! and each stretch of `w[1]` has its part of that sum at hand when it is updated.
#![expect(unsafe_code, reason = "threads share buffers by parts, and kernels take addresses")]

use crate::buffer::{Buffer, Shared};
use crate::float::Float;
use crate::gemm::load;
use crate::lanes::V;
use crate::plan::Tile;
use crate::update::{STRETCH, Span, Update, update_columns};
use fearless_simd::{Simd, SimdBase, SimdFloat};

/// What a scale of 0 is taken for: no sum notices a product with it, and by it can be divided.
const TINY: f64 = 1e-20;

/// The scale while steps are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale<R> {
    s: Shared<R>,
    moments: [Shared<R>; 2],
    inputs: usize,
    /// What rows are multiplied by, then ds, then for each tile of `w[1]` the sums of its rows.
    work: Shared<R>,
}

impl<R: Float> Scale<R> {
    /// The scale that lies in front of these ends; `work` is made large enough for so many tiles.
    pub(crate) fn new(
        s: Shared<R>,
        moments: [Shared<R>; 2],
        inputs: usize,
        tiles: usize,
        work: &mut Buffer<R>,
    ) -> Self {
        if work.as_slice().is_empty() {
            *work = Buffer::zeros(2 * room(inputs) + tiles * STRETCH);
        }
        Self { s, moments, inputs, work: work.shared() }
    }

    /// What input `i` is multiplied by.
    #[inline(always)]
    pub(crate) fn factors(&self) -> *const R {
        self.work.at(0)
    }

    /// The sums of tile u.
    #[inline(always)]
    pub(crate) fn sums(&self, u: usize) -> *mut R {
        self.work.at(2 * room(self.inputs) + u * STRETCH)
    }

    fn ds(&self) -> *mut R {
        self.work.at(room(self.inputs))
    }

    /// Takes s for the rows of a step.
    ///
    /// # Safety
    /// Nobody else may be at work.
    pub(crate) unsafe fn take(&self) {
        let tiny = R::narrow(TINY);
        for i in 0..self.inputs {
            // SAFETY: the caller's promise.
            unsafe {
                let s = *self.s.at(i);
                let is_small = s < tiny && s > -tiny;
                *self.work.at(i) = match is_small {
                    true if s < R::ZERO => -tiny,
                    true => tiny,
                    false => s,
                };
            }
        }
    }

    /// Updates s from the sums that the first layer's tiles have left, the first of all.
    ///
    /// # Safety
    /// Nobody else may be at work.
    #[inline(always)]
    pub(crate) unsafe fn update<S: Simd>(&self, simd: S, next: &Update<R>, tiles: &[Tile]) {
        let lanes = V::<S, R>::LEN;
        // SAFETY: the caller's promise; each tile of the first layer has left its sums.
        unsafe {
            std::slice::from_raw_parts_mut(self.ds(), self.inputs).fill(R::ZERO);
            for (u, tile) in tiles.iter().enumerate().filter(|(_, tile)| tile.l == 1) {
                for (i, row) in (tile.rows.start..tile.rows.end.min(self.inputs)).enumerate() {
                    *self.ds().wrapping_add(row) += *self.sums(u).wrapping_add(i);
                }
            }
            for i in 0..self.inputs {
                *self.ds().wrapping_add(i) /= *self.work.at(i);
            }
            let span = Span {
                rows: 1,
                len: self.inputs / lanes * lanes,
                p: self.s.at(0),
                p_row: 0,
                g: self.ds(),
                g_row: 0,
                parts: 1,
                apart: 0,
                moments: self.moments.map(|moment| moment.at(0)),
                reg: R::ZERO,
            };
            update_columns(simd, next, &span, self.inputs % lanes);
        }
    }
}

/// Room for so many numbers, in whole vectors.
fn room(inputs: usize) -> usize {
    inputs.next_multiple_of(16)
}

/// For each row of parameters the sum of `p g`, `rest` more columns included that fill no vector.
///
/// # Safety
/// All of it must be there, nobody else may write it, and `sums` must be the caller's.
#[inline(always)]
pub(crate) unsafe fn row_sums<S: Simd, R: Float>(simd: S, on: &Span<R>, rest: usize, sums: *mut R) {
    simd.vectorize(
        #[inline(always)]
        || {
            for row in 0..on.rows {
                let (p, g) = (on.p.wrapping_add(row * on.p_row), on.g.wrapping_add(row * on.g_row));
                let mut sum = V::<S, R>::splat(simd, R::ZERO);
                // SAFETY: the caller's promise.
                unsafe {
                    for i in (0..on.len).step_by(V::<S, R>::LEN) {
                        let mut whole = load::<S, R>(simd, g.wrapping_add(i));
                        for part in 1..on.parts {
                            whole += load::<S, R>(simd, g.wrapping_add(i + part * on.apart));
                        }
                        sum = load::<S, R>(simd, p.wrapping_add(i)).mul_add(whole, sum);
                    }
                    let mut sum = sum.reduce_sum();
                    for i in on.len..on.len + rest {
                        sum += *p.wrapping_add(i) * *g.wrapping_add(i);
                    }
                    *sums.wrapping_add(row) = sum;
                }
            }
        },
    );
}
