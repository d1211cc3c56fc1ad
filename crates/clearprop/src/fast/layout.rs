//! How weights lie in memory while they are being trained: in panels, as the products read them.
//!
//! A matrix (rows, columns) is cut into panels of a few vectors' width, and each panel is stored row after
//! row without gaps.  Columns are filled up with zeros to whole vectors.
//!
//! ```text
//! 100 columns, 16 lanes: 7 vectors, panels of 4 and 3
//!      | panel 0: 64 columns  | panel 1: 48 columns    |        in memory: row 0 of panel 0, row 1 of
//! row 0| v v v v              | v v v                  |        panel 0, .., last row of panel 0,
//! row 1| v v v v              | v v v (4 used, 12 zero)|        row 0 of panel 1, ..
//! ```
//!
//! A layer's `w` has its bias as the last row, as in [`Params`](crate::params::Params).  Gradients and
//! moments lie in the same way, so an update runs over all of them in one straight loop; the zeros stay
//! zero because their gradient is.  `wt`, the transposed weights that `da = dz w^T` reads, is a matrix of
//! its own, rewritten after each update.
#![expect(unsafe_code, reason = "memory whose parts several threads write")]

use super::gemm::widest;
use super::lanes::{Lanes, V};
use crate::activation::Activation;
use crate::network::Network;
use fearless_simd::{Simd, SimdBase};
use std::ops::Range;

/// A few vectors' width of a matrix.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// Its columns in the matrix.
    pub(super) columns: Range<usize>,
    /// Its width in vectors.
    pub(super) vectors: usize,
    /// Its width in numbers: what lies between two rows.
    pub(super) width: usize,
    /// Where its first row begins.
    pub(super) at: usize,
}

/// A matrix in panels.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) panels: Vec<Panel>,
}

impl Matrix {
    /// A matrix that begins at `at`, and where it ends.
    #[inline(always)]
    pub(super) fn new<S: Simd, R: Lanes>(_: S, rows: usize, columns: usize, mut at: usize) -> (Self, usize) {
        let lanes = V::<S, R>::LEN;
        let vectors = columns.div_ceil(lanes);
        // As few panels as possible, and as equal as possible.
        let n = vectors.div_ceil(widest::<S>());
        let mut panels = Vec::with_capacity(n);
        let mut first = 0;
        for i in 0..n {
            let vectors = vectors / n + usize::from(i < vectors % n);
            let width = vectors * lanes;
            panels.push(Panel { columns: first..columns.min(first + width), vectors, width, at });
            first += width;
            at += rows * width;
        }
        (Self { rows, columns, panels }, at)
    }

    /// The columns with those that fill up the last vector.
    pub(super) fn full_columns(&self) -> usize {
        self.panels.iter().map(|panel| panel.width).sum()
    }

    /// From row-major order into panels.
    pub(super) fn pack<R: Copy>(&self, from: &[R], to: &mut [R]) {
        for panel in &self.panels {
            for row in 0..self.rows {
                let from = &from[row * self.columns..][panel.columns.clone()];
                to[panel.at + row * panel.width..][..from.len()].copy_from_slice(from);
            }
        }
    }

    /// From panels into row-major order.
    pub(super) fn unpack<R: Copy>(&self, from: &[R], to: &mut [R]) {
        for panel in &self.panels {
            for row in 0..self.rows {
                let to = &mut to[row * self.columns..][panel.columns.clone()];
                to.copy_from_slice(&from[panel.at + row * panel.width..][..to.len()]);
            }
        }
    }
}

/// One layer: z = a w + b.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) fan_in: usize,
    pub(super) fan_out: usize,
    /// `w` with the bias as last row, (fan_in + 1, fan_out).
    pub(super) w: Matrix,
    /// `w` transposed, (fan_out, fan_in), in a buffer of its own; without panels in layer 1, which passes
    /// nothing further down.
    pub(super) wt: Matrix,
    /// Where its numbers lie in the flat buffer of `Params`.
    pub(super) flat: Range<usize>,
}

/// All layers, and the sizes of the buffers that they lie in.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    pub(super) activation: Activation,
    pub(super) all: Vec<Layer>,
    pub(super) lanes: usize,
    pub(super) w_len: usize,
    pub(super) wt_len: usize,
}

impl Layers {
    #[inline(always)]
    pub(super) fn new<S: Simd, R: Lanes>(simd: S, network: &Network) -> Self {
        let sizes = &network.sizes;
        let (mut w_len, mut wt_len, mut flat) = (0, 0, 0);
        let mut all = Vec::with_capacity(sizes.len() - 1);
        for (l, pair) in sizes.windows(2).enumerate() {
            let (fan_in, fan_out) = (pair[0], pair[1]);
            let (w, w_end) = Matrix::new::<S, R>(simd, fan_in + 1, fan_out, w_len);
            let (wt, wt_end) = Matrix::new::<S, R>(simd, fan_out, if l == 0 { 0 } else { fan_in }, wt_len);
            let end = flat + (fan_in + 1) * fan_out;
            all.push(Layer { fan_in, fan_out, w, wt, flat: flat..end });
            (w_len, wt_len, flat) = (w_end, wt_end, end);
        }
        let activation = network.activations.first().copied().unwrap_or(Activation::Identity);
        Self { activation, all, lanes: V::<S, R>::LEN, w_len, wt_len }
    }

    /// Numbers of the largest stretch of so many rows of a panel.
    pub(super) fn largest_stretch(&self, rows: usize) -> usize {
        let widths = self.all.iter().flat_map(|layer| &layer.w.panels).map(|panel| panel.width);
        rows * widths.max().unwrap_or(0)
    }

    /// The flat buffer of `Params` into panels.
    pub(super) fn pack<R: Copy>(&self, flat: &[R], packed: &mut [R]) {
        for layer in &self.all {
            layer.w.pack(&flat[layer.flat.clone()], packed);
        }
    }

    /// And back.
    pub(super) fn unpack<R: Copy>(&self, packed: &[R], flat: &mut [R]) {
        for layer in &self.all {
            layer.w.unpack(packed, &mut flat[layer.flat.clone()]);
        }
    }
}

/// Memory that begins at a cache line, zeroed.
#[derive(Debug)]
pub(super) struct Buffer<R> {
    lines: Vec<Line>,
    len: usize,
    kind: std::marker::PhantomData<R>,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([u8; 64]);

impl<R: Lanes> Buffer<R> {
    pub(super) fn zeros(len: usize) -> Self {
        let lines = (len * size_of::<R>()).div_ceil(size_of::<Line>());
        Self { lines: vec![Line([0; 64]); lines], len, kind: std::marker::PhantomData }
    }

    pub(super) fn as_slice(&self) -> &[R] {
        // SAFETY: the lines hold `len` numbers; all zero bytes are a number, and so is what was written.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [R] {
        // SAFETY: as above, and nobody else has it.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }

    /// For threads that write disjoint parts.
    pub(super) fn shared(&mut self) -> Shared<R> {
        Shared { at: self.lines.as_mut_ptr().cast(), len: self.len }
    }
}

/// Memory that several threads use; who may touch what is settled where it is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<R> {
    at: *mut R,
    len: usize,
}

// SAFETY: a pointer alone does nothing; each use of it states why no other thread is in the way.
unsafe impl<R: Send> Send for Shared<R> {}
// SAFETY: as above.
unsafe impl<R: Send> Sync for Shared<R> {}

impl<R> Shared<R> {
    /// All of a slice, which is borrowed for as long as this is used.
    pub(super) fn of(slice: &mut [R]) -> Self {
        Self { at: slice.as_mut_ptr(), len: slice.len() }
    }

    /// The address of number `i`.
    #[inline(always)]
    pub(super) fn at(&self, i: usize) -> *mut R {
        debug_assert!(i <= self.len, "{i} is beyond {}", self.len);
        self.at.wrapping_add(i)
    }
}
