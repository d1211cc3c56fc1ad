//! a workspace: the values that they have in all layers, and their way through the layers and back.
//!
//! ```text
//! row 0 | x  1 | row 1 ..          a[0]: inputs, and the column of ones that the bias is multiplied by
//! row 0 | a1 .. 1 | row 1 ..       a[1], and so on up to a[L], the logits
//! row 0 | dz1 ..  | row 1 ..       dz[1] .. dz[L]; the last is dlogits
//! row 0 | slopes .. | row 1 ..     act'(z[l]) of layers that keep it
//! y of rows 0..lanes | ..          right answers by vectors of rows, as the losses read them
//! ```
//!
//! Columns are filled up to whole vectors.  What stands there is never read as a value: sums run over true
//! columns only.
#![expect(unsafe_code, reason = "kernels take addresses; threads share a workspace by rows")]

use crate::activation::Activation;
use crate::activation::{activate, times_slope};
use crate::float::Float;
use crate::gemm::{Ahead, DEPTH, Finish, Product, Start, multiply};
use crate::mlp::Mlp;
use crate::panels::Layers;
use fearless_simd::Simd;
use std::ops::Range;

/// Numbers of a right answer: one class or k values.
fn answers(mlp: &Mlp) -> usize {
    if mlp.loss.takes_class() { 1 } else { mlp.outputs() }
}

/// The most rows that go through the layers together.
pub(crate) const BLOCK: usize = 128;

/// Where the values of a block of rows lie: for each row the inputs, then for each layer a, then dz, each
/// with room for its column of ones.  The last a are the logits.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// How many rows there is room for.
    pub(crate) rows: usize,
    /// From one row of `a[l]` or `dz[l]` to the next.
    pub(crate) stride: Vec<usize>,
    /// Where `a[l]` begins, l = 0..=L.
    pub(crate) a: Vec<usize>,
    /// Where `dz[l]` begins, l = 1..=L; nothing at 0.
    pub(crate) dz: Vec<usize>,
    /// Where the slopes of layer l = 1..L begin, if they are kept; nothing at 0.
    pub(crate) slopes: Vec<Option<usize>>,
    /// Where the right answers begin.
    pub(crate) y: usize,
    /// How many numbers all of it takes.
    pub(crate) len: usize,
}

impl Workspace {
    /// The numbers that one row takes.
    pub(crate) fn row(mlp: &Mlp, layers: &Layers, bytes: usize) -> usize {
        let arrays = |l: usize| match mlp.activations.get(l - 1) {
            Some(activation) if activation.keeps_slope() => 3,
            _ => 2,
        };
        let strides: usize =
            (1..=mlp.layers()).map(|l| arrays(l) * stride(mlp.sizes[l], layers, bytes)).sum();
        stride(mlp.sizes[0], layers, bytes) + strides + answers(mlp)
    }

    pub(crate) fn new<R: Float>(mlp: &Mlp, layers: &Layers, rows: usize, backward: bool) -> Self {
        let rows = rows.next_multiple_of(layers.lanes);
        let stride: Vec<usize> = mlp.sizes.iter().map(|&size| stride(size, layers, size_of::<R>())).collect();
        let mut len = 0;
        let mut place = |numbers: usize| {
            len += numbers.next_multiple_of(layers.lanes);
            len - numbers.next_multiple_of(layers.lanes)
        };
        let a = stride.iter().map(|stride| place(rows * stride)).collect();
        let used = if backward { 1 } else { 0 };
        let dz = stride.iter().enumerate().map(|(l, s)| place(used * l.min(1) * rows * s)).collect();
        let kept =
            mlp.activations.iter().zip(&stride[1..]).map(|(activation, stride)| {
                (backward && activation.keeps_slope()).then(|| place(rows * stride))
            });
        let slopes = std::iter::once(None).chain(kept).collect();
        // And a weight.
        let y = place(used * rows * (answers(mlp) + 1));
        Self { rows, stride, a, dz, slopes, y, len }
    }
}

/// The columns of a layer with their column of ones, in an odd number of cache lines: so any number of
/// rows spreads over the whole cache.
fn stride(columns: usize, layers: &Layers, bytes: usize) -> usize {
    let line = (64 / bytes).max(layers.lanes);
    ((columns + 1).div_ceil(line) | 1) * line
}

/// Rows on their way forward: rows `own` of the workspace at `values`.
pub(crate) struct Forward<'a, R> {
    pub(crate) layers: &'a Layers,
    pub(crate) workspace: &'a Workspace,
    pub(crate) w: *const R,
    /// Where the rows' inputs are, and how far apart.
    pub(crate) x: (*const R, usize),
    pub(crate) values: *mut R,
    pub(crate) own: Range<usize>,
}

/// Through some of the layers.
///
/// # Safety
/// Nobody else may touch these rows, or write inputs or weights.
#[inline(always)]
pub(crate) unsafe fn forward<S: Simd, R: Float>(simd: S, rows: &Forward<'_, R>, through: Range<usize>) {
    // One copy of it for all callers.
    simd.vectorize(
        #[inline(always)]
        || {
            for l in through {
                for panel in 0..rows.layers.all[l - 1].w.panels.len() {
                    // SAFETY: the caller's promise.
                    unsafe { affine(simd, rows, l, panel) };
                }
            }
        },
    )
}

/// As [`forward`], one panel's columns of layer l.
///
/// # Safety
/// As [`forward`]; others may touch other columns.
#[inline(always)]
pub(crate) unsafe fn affine<S: Simd, R: Float>(simd: S, rows: &Forward<'_, R>, l: usize, panel: usize) {
    let Forward { layers, workspace, w, x, values, ref own } = *rows;
    let layer = &layers.all[l - 1];
    let panel = &layer.w.panels[panel];
    let activation = layers.activations.get(l - 1).copied();
    let at = |l: usize| values.wrapping_add(workspace.a[l] + own.start * workspace.stride[l]);
    let (a, below) = if l == 1 { x } else { (at(l - 1).cast_const(), workspace.stride[l - 1]) };
    let (z, stride) = (at(l).wrapping_add(panel.columns.start), workspace.stride[l]);
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
            c: z,
            c_row: stride,
            start: if start == 0 { Start::Bias(row(layer.fan_in)) } else { Start::Sum },
            finish: match activation {
                Some(Activation::Relu) if ends => Finish::Relu,
                _ => Finish::Plain,
            },
            ahead: [Ahead::NOTHING; 3],
        };
        // SAFETY: the caller's promise, in a workspace laid out for these layers.
        unsafe { multiply(simd, &product) };
    }
    if let Some(activation) = activation {
        let slopes = workspace.slopes[l]
            .map(|slopes| values.wrapping_add(slopes + own.start * stride + panel.columns.start));
        // SAFETY: as above.
        unsafe { activate(simd, activation, z, slopes, [own.len(), panel.width, stride]) };
        if panel.columns.end == layer.fan_out {
            for row in 0..own.len() {
                // SAFETY: as above; the column of ones is in the workspace.
                unsafe { *at(l).wrapping_add(row * stride + layer.fan_out) = R::ONE };
            }
        }
    }
}

/// Rows `own` of the workspace at `values`, from dlogits down to dz[1].
///
/// # Safety
/// Nobody else may touch these rows, or write weights.
#[inline(always)]
pub(crate) unsafe fn backward<S: Simd, R: Float>(
    simd: S,
    layers: &Layers,
    workspace: &Workspace,
    wt: *const R,
    values: *mut R,
    own: Range<usize>,
) {
    // One copy of it for all callers.
    simd.vectorize(
        #[inline(always)]
        || {
            for l in (2..=layers.all.len()).rev() {
                let (layer, activation) = (&layers.all[l - 1], layers.activations[l - 2]);
                let (stride, below) = (workspace.stride[l], workspace.stride[l - 1]);
                let dz = values.wrapping_add(workspace.dz[l] + own.start * stride);
                let da = values.wrapping_add(workspace.dz[l - 1] + own.start * below);
                let a = values.wrapping_add(workspace.a[l - 1] + own.start * below).cast_const();
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
                            b: wt.wrapping_add(panel.at + start * panel.width),
                            b_step: panel.width,
                            c: da.wrapping_add(to),
                            c_row: below,
                            start: if start == 0 { Start::Zero } else { Start::Sum },
                            finish: match activation {
                                Activation::Relu if ends => Finish::ReluSlope(a.wrapping_add(to)),
                                _ => Finish::Plain,
                            },
                            ahead: [Ahead::NOTHING; 3],
                        };
                        // SAFETY: rows of the caller's, in a workspace laid out for them.
                        unsafe { multiply(simd, &product) };
                    }
                }
                let width = layers.all[l - 2].w.full_columns();
                let slopes = workspace.slopes[l - 1]
                    .map(|slopes| values.wrapping_add(slopes + own.start * below).cast_const());
                // SAFETY: as above.
                unsafe { times_slope(simd, activation, da, a, slopes, [own.len(), width, below]) };
            }
        },
    )
}

/// A sum of so many terms, cut where every sum is cut: first term and number of terms.
fn depths(terms: usize) -> impl Iterator<Item = (usize, usize)> {
    let size = terms.div_ceil(terms.div_ceil(DEPTH));
    (0..terms).step_by(size).map(move |start| (start, size.min(terms - start)))
}
