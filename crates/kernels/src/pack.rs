//! Copies of parts of a matrix in the order in which a product reads them.
#![expect(unsafe_code, reason = "kernels take addresses")]
#![expect(
    clippy::needless_range_loop,
    reason = "closures of iterators need not be inlined, and then lose the instructions"
)]

use crate::float::Float;
use crate::gemm::{load, store};
use crate::lanes::{V, rotate};
use crate::panels::Panel;
use crate::update::STRETCH;
use fearless_simd::{Simd, SimdBase};

/// Copies `rows` rows of these panels' columns, `stride` apart, to panel after panel, filled up with zeros.
///
/// # Safety
/// The columns of all rows must be at `from`, and room for whole panels at `to`.
#[inline(always)]
pub(crate) unsafe fn panels<S: Simd, R: Float>(
    simd: S,
    from: *const R,
    stride: usize,
    columns: &[Panel],
    rows: usize,
    to: *mut R,
) {
    let last = &columns[columns.len() - 1];
    let whole = if last.columns.len() == last.width { columns } else { &columns[..columns.len() - 1] };
    // SAFETY: the caller's promise.
    unsafe {
        whole_panels(simd, from, stride, whole, rows, to);
        if whole.len() < columns.len() {
            let first = last.columns.start - columns[0].columns.start;
            for row in 0..rows {
                let to = to.wrapping_add(first * rows + row * last.width);
                let count = last.columns.len();
                std::ptr::copy_nonoverlapping(from.wrapping_add(row * stride + first), to, count);
                std::slice::from_raw_parts_mut(to.wrapping_add(count), last.width - count).fill(R::ZERO);
            }
        }
    }
}

/// As [`panels`], where whole panels can be read.
///
/// # Safety
/// As [`panels`], for whole panels.
#[inline(always)]
pub(crate) unsafe fn whole_panels<S: Simd, R: Float>(
    simd: S,
    from: *const R,
    stride: usize,
    columns: &[Panel],
    rows: usize,
    to: *mut R,
) {
    let lanes = V::<S, R>::LEN;
    for row in 0..rows {
        for panel in columns {
            let first = panel.columns.start - columns[0].columns.start;
            let (from, to) =
                (from.wrapping_add(row * stride + first), to.wrapping_add(first * rows + row * panel.width));
            for i in 0..panel.vectors {
                // SAFETY: the caller's promise.
                unsafe {
                    store::<S, R>(load(simd, from.wrapping_add(i * lanes)), to.wrapping_add(i * lanes))
                };
            }
        }
    }
}

/// Copies `columns` numbers of each row to rows that lie [`STRETCH`] apart.
///
/// # Safety
/// Whole vectors of all rows must be at `from`, and room at `to`.
#[inline(always)]
pub(crate) unsafe fn narrow_rows<S: Simd, R: Float>(
    simd: S,
    from: *const R,
    stride: usize,
    columns: usize,
    rows: usize,
    to: *mut R,
) {
    for row in 0..rows {
        for i in (0..columns).step_by(V::<S, R>::LEN) {
            // SAFETY: the caller's promise.
            unsafe {
                let numbers = load::<S, R>(simd, from.wrapping_add(row * stride + i));
                store::<S, R>(numbers, to.wrapping_add(row * STRETCH + i));
            }
        }
    }
}

/// What [`transposed`] copies: `columns` rows of `depth` numbers that lie `stride` apart, to `depth` rows of as many
/// columns that lie `to_row` apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) columns: usize,
    pub(crate) depth: usize,
    /// How many numbers of a row can be read: `depth` or more.
    pub(crate) readable: usize,
    pub(crate) stride: usize,
    pub(crate) to_row: usize,
}

/// Copies the transpose of a matrix, its columns filled up with zeros to whole vectors.
///
/// # Safety
/// All of these numbers must be at `from`, and room for whole vectors in each row at `to`.
#[inline(always)]
pub(crate) unsafe fn transposed<S: Simd, R: Float>(simd: S, turn: Turn, from: *const R, to: *mut R) {
    let lanes = V::<S, R>::LEN;
    let zero = V::<S, R>::splat(simd, R::ZERO);
    for column in (0..turn.columns).step_by(lanes) {
        let count = (turn.columns - column).min(lanes);
        let from = from.wrapping_add(column * turn.stride);
        let to = to.wrapping_add(column);
        let mut j = 0;
        // SAFETY: the caller's promise.
        unsafe {
            while j < turn.depth && j + lanes <= turn.readable {
                let mut v = [zero; 16];
                for i in 0..count {
                    v[i] = load(simd, from.wrapping_add(i * turn.stride + j));
                }
                rotate::<S, R>(&mut v, lanes, lanes.ilog2());
                for i in 0..lanes.min(turn.depth - j) {
                    store::<S, R>(v[i], to.wrapping_add((j + i) * turn.to_row));
                }
                j += lanes;
            }
            for j in j..turn.depth {
                for i in 0..lanes {
                    *to.wrapping_add(j * turn.to_row + i) =
                        if i < count { *from.wrapping_add(i * turn.stride + j) } else { R::ZERO };
                }
            }
        }
    }
}
