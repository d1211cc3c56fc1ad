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
//! A layer's `w` has its bias as the last row, as in the flat parameters.  Gradients and
//! moments lie in the same way, so an update runs over all of them in one straight loop; the zeros stay
//! zero because their gradient is.  `wt`, the transposed weights that `da = dz w^T` reads, is a matrix of
//! its own, rewritten after each update.

use crate::activation::Activation;
use crate::float::Float;
use crate::gemm::widest;
use crate::lanes::V;
use crate::mlp::Mlp;
use crate::update::STRETCH;
use fearless_simd::{Simd, SimdBase};
use std::ops::Range;

/// The most vectors of a block of panels: a block's width is what wide layers are cut into.
pub(crate) const BLOCK_VECTORS: usize = 16;

/// A few vectors' width of a matrix.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// Its columns in the matrix.
    pub(crate) columns: Range<usize>,
    /// Its width in vectors.
    pub(crate) vectors: usize,
    /// Its width in numbers: what lies between two rows.
    pub(crate) width: usize,
    /// Where its first row begins.
    pub(crate) at: usize,
}

/// A matrix in panels.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) panels: Vec<Panel>,
}

impl Matrix {
    /// A matrix that begins at `at`, and where it ends.
    #[inline(always)]
    pub(crate) fn new<S: Simd, R: Float>(_: S, rows: usize, columns: usize, mut at: usize) -> (Self, usize) {
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
    pub(crate) fn full_columns(&self) -> usize {
        self.panels.iter().map(|panel| panel.width).sum()
    }

    /// From row-major order into panels.
    pub(crate) fn pack<R: Copy>(&self, from: &[R], to: &mut [R]) {
        for panel in &self.panels {
            for row in 0..self.rows {
                let from = &from[row * self.columns..][panel.columns.clone()];
                to[panel.at + row * panel.width..][..from.len()].copy_from_slice(from);
            }
        }
    }

    /// From panels into row-major order.
    pub(crate) fn unpack<R: Copy>(&self, from: &[R], to: &mut [R]) {
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
pub(crate) struct Layer {
    pub(crate) fan_in: usize,
    pub(crate) fan_out: usize,
    /// `w` with the bias as last row, (fan_in + 1, fan_out).
    pub(crate) w: Matrix,
    /// `w` transposed, (fan_out, fan_in), in a buffer of its own; without panels in layer 1, which passes
    /// nothing further down.
    pub(crate) wt: Matrix,
    /// Where its numbers lie in the flat parameters.
    pub(crate) flat: Range<usize>,
}

impl Layer {
    /// The rows of `w`, so many as are updated together.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = Range<usize>> {
        let rows = self.w.rows;
        (0..rows).step_by(STRETCH).map(move |row| row..rows.min(row + STRETCH))
    }
}

/// All layers, and the sizes of the buffers that they lie in.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    pub(crate) activations: Vec<Activation>,
    pub(crate) all: Vec<Layer>,
    pub(crate) lanes: usize,
    /// Panels that make a block of [`BLOCK_VECTORS`].
    pub(crate) block: usize,
    pub(crate) w_len: usize,
    pub(crate) wt_len: usize,
}

impl Layers {
    #[inline(always)]
    pub(crate) fn new<S: Simd, R: Float>(simd: S, mlp: &Mlp) -> Self {
        let sizes = &mlp.sizes;
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
        Self {
            activations: mlp.activations.clone(),
            all,
            lanes: V::<S, R>::LEN,
            block: BLOCK_VECTORS / widest::<S>(),
            w_len,
            wt_len,
        }
    }

    /// The widest row of a layer's outputs.
    pub(crate) fn widest(&self) -> usize {
        self.all.iter().map(|layer| layer.w.full_columns()).max().unwrap_or(0)
    }

    /// Numbers of the largest stretch of so many rows of a panel.
    pub(crate) fn largest_stretch(&self, rows: usize) -> usize {
        let widths = self.all.iter().flat_map(|layer| &layer.w.panels).map(|panel| panel.width);
        rows * widths.max().unwrap_or(0)
    }

    /// The flat parameters into panels.
    pub(crate) fn pack<R: Copy>(&self, flat: &[R], packed: &mut [R]) {
        for layer in &self.all {
            layer.w.pack(&flat[layer.flat.clone()], packed);
        }
    }

    /// And back.
    pub(crate) fn unpack<R: Copy>(&self, packed: &[R], flat: &mut [R]) {
        for layer in &self.all {
            layer.w.unpack(packed, &mut flat[layer.flat.clone()]);
        }
    }
}
