//! Prediction: weights packed once, then rows as fast as they come, without allocating.
//!
//! Many rows go through the layers in blocks, as in training.  A single row has no second one to share a
//! load of the weights with, so its product is cut the other way: a few sums for each vector of outputs,
//! each over every few inputs, because one sum alone would wait for its own last multiply-add.
//!
//! ```text
//! inputs 0 2 4 ..  ->  | s00 | s01 | s02 | s03 |     two sums a vector, four vectors: eight multiply-adds
//! inputs 1 3 5 ..  ->  | s10 | s11 | s12 | s13 |     at work at any time; in the end  z = s0 + s1
//! ```
#![expect(unsafe_code, reason = "kernels take addresses")]
#![expect(
    clippy::needless_range_loop,
    reason = "closures of iterators need not be inlined, and then lose the instructions"
)]

use crate::activation::{Activation, activate};
use crate::buffer::{Buffer, Shared};
use crate::float::Float;
use crate::gemm::{load, store, widest};
use crate::lanes::V;
use crate::level::{Level, dispatch};
use crate::loss::{Loss, Outputs, probabilities};
use crate::math::{exp, exp_to_the_end};
use crate::mlp::Mlp;
use crate::panels::Layers;
use crate::team::{Pace, with_team};
use crate::workspace::{Forward, Workspace, forward};
use fearless_simd::{Select, Simd, SimdBase};

/// Rows that go through the layers together.
const BLOCK: usize = 96;
/// Blocks for each thread below which a thread is not worth starting.
const WORTH: usize = 16;

/// A trained network, ready to predict.
#[derive(Debug)]
pub struct Predictor<R> {
    mlp: Mlp,
    level: Level,
    members: usize,
    layers: Layers,
    workspace: Workspace,
    w: Buffer<R>,
    values: Buffer<R>,
    columns: Buffer<R>,
    pace: Pace,
}

impl<R: Float> Predictor<R> {
    /// See [`Predictor::new`].
    pub(crate) fn new_here(mlp: &Mlp, params: &[R], level: Level, threads: usize) -> Self {
        mlp.check();
        assert_eq!(params.len(), mlp.count(), "parameters");
        let members = threads.max(1);
        let layers = dispatch!(level, simd => Layers::new::<_, R>(simd, mlp));
        let mut w = Buffer::zeros(layers.w_len);
        layers.pack(params, w.as_mut_slice());
        let last = &layers.all[mlp.layers() - 1];
        if mlp.loss.is_softmax() {
            // The logits that fill up the last vector: exp makes nothing of them.
            for panel in &last.w.panels {
                let bias = panel.at + last.fan_in * panel.width;
                w.as_mut_slice()[bias + panel.columns.len()..bias + panel.width].fill(-R::INFINITY);
            }
        }
        let workspace = Workspace::new::<R>(mlp, &layers, BLOCK, false);
        Self {
            values: Buffer::zeros(members * workspace.len),
            columns: Buffer::zeros(members * last.w.full_columns() * layers.lanes),
            mlp: mlp.clone(),
            level,
            members,
            layers,
            workspace,
            w,
            pace: Pace::default(),
        }
    }

    /// See [`Predictor::predict`].
    pub(crate) fn predict_here(&mut self, x: &[R], probs: &mut [R]) {
        let (d, k) = (self.mlp.inputs(), self.mlp.outputs());
        let n = x.len() / d;
        assert_eq!((x.len(), probs.len()), (n * d, n * k), "numbers in x, in probs");
        let job = Job {
            mlp: &self.mlp,
            layers: &self.layers,
            workspace: &self.workspace,
            x,
            w: self.w.as_slice(),
            values: self.values.shared(),
            columns: self.columns.shared(),
            probs: Shared::of(probs),
        };
        let level = self.level;
        if n == 1 {
            // SAFETY: nobody else is at work.
            dispatch!(level, simd => unsafe { job.row(simd) });
            return;
        }
        let blocks = n.div_ceil(BLOCK);
        let block = |block: usize, member: usize| {
            // SAFETY: each block has rows of its own, each member values and columns.
            dispatch!(level, simd => unsafe { job.block(simd, block * BLOCK..n.min((block + 1) * BLOCK), member) });
        };
        let members = self.members.min(blocks / WORTH);
        if members > 1 {
            with_team(members, &self.pace, |team| team.each(blocks, &block));
        } else {
            (0..blocks).for_each(|i| block(i, 0));
        }
    }
}

struct Job<'a, R> {
    mlp: &'a Mlp,
    layers: &'a Layers,
    workspace: &'a Workspace,
    x: &'a [R],
    w: &'a [R],
    values: Shared<R>,
    columns: Shared<R>,
    probs: Shared<R>,
}

impl<R: Float> Job<'_, R> {
    /// Some rows.
    #[inline(always)]
    unsafe fn block<S: Simd>(&self, simd: S, rows: std::ops::Range<usize>, member: usize) {
        let (d, k, last) = (self.mlp.inputs(), self.mlp.outputs(), self.mlp.layers());
        let x = &self.x[rows.start * d..rows.end * d];
        let values = self.values.at(member * self.workspace.len);
        let width = self.layers.all[last - 1].w.full_columns();
        let outputs = Outputs {
            loss: self.mlp.loss,
            rows: rows.len(),
            outputs: k,
            width,
            stride: self.workspace.stride[last],
            logits: values.wrapping_add(self.workspace.a[last]),
            columns: self.columns.at(member * width * self.layers.lanes),
        };
        // SAFETY: the caller's promise.
        unsafe {
            let (w, x, own) = (self.w.as_ptr(), (x.as_ptr(), d), 0..rows.len());
            let forwards = Forward { layers: self.layers, workspace: self.workspace, w, x, values, own };
            forward(simd, &forwards, 1..last + 1);
            probabilities(simd, &outputs);
            for (i, row) in rows.enumerate() {
                let probs = outputs.logits.wrapping_add(i * outputs.stride);
                std::ptr::copy_nonoverlapping(probs, self.probs.at(row * k), k);
            }
        }
    }

    /// One row.
    #[inline(always)]
    unsafe fn row<S: Simd>(&self, simd: S) {
        let values = self.values.at(0);
        let mut a = self.x.as_ptr();
        for (i, layer) in self.layers.all.iter().enumerate() {
            let z = values.wrapping_add(self.workspace.a[i + 1]);
            let activation = self.mlp.activations.get(i).copied();
            let relu = activation == Some(Activation::Relu);
            for panel in &layer.w.panels {
                let w = &self.w[panel.at..panel.at + layer.w.rows * panel.width];
                let z = z.wrapping_add(panel.columns.start);
                // SAFETY: z has room for the panel, a has as many numbers as w has rows without its bias.
                unsafe {
                    match panel.vectors {
                        1 => affine_row::<S, R, 1, 8>(simd, a, w, z, relu),
                        2 => affine_row::<S, R, 2, 4>(simd, a, w, z, relu),
                        3 if widest::<S>() > 2 => affine_row::<S, R, 3, 3>(simd, a, w, z, relu),
                        _ if widest::<S>() > 2 => affine_row::<S, R, 4, 2>(simd, a, w, z, relu),
                        vectors => unreachable!("a panel of {vectors} vectors"),
                    }
                }
            }
            let width = layer.w.full_columns();
            if let Some(activation) = activation {
                // SAFETY: the row just written.
                unsafe { activate(simd, activation, z, None, [1, width, width]) };
            }
            a = z;
        }
        let logits = a.cast_mut();
        let last = &self.layers.all[self.layers.all.len() - 1];
        // SAFETY: the row of logits, in whole vectors; `predict` has checked the room for probs.
        unsafe {
            match self.mlp.loss {
                Loss::Softmax | Loss::SmoothedSoftmax { .. } => {
                    softmax_row::<S, R>(simd, logits, last.w.full_columns());
                }
                Loss::Logistic => {
                    let width = last.w.full_columns();
                    activate(simd, Activation::Logistic, logits, None, [1, width, width]);
                }
                Loss::Poisson => {
                    for i in (0..last.w.full_columns()).step_by(V::<S, R>::LEN) {
                        let p = logits.wrapping_add(i);
                        store::<S, R>(exp_to_the_end::<S, R>(simd, load(simd, p)), p);
                    }
                }
                Loss::Squared | Loss::Absolute | Loss::Huber { .. } => {}
                Loss::Hinge | Loss::SquaredHinge => {}
            }
            std::ptr::copy_nonoverlapping(logits, self.probs.at(0), last.fan_out);
        }
    }
}

/// `z = a w + b` of one row and one panel of `NV` vectors, with `SUMS` sums for each.
///
/// # Safety
/// w is rows of `NV` vectors, the last of them b; a has a number for each of the others; z has room.
#[inline(always)]
unsafe fn affine_row<S: Simd, R: Float, const NV: usize, const SUMS: usize>(
    simd: S,
    a: *const R,
    w: &[R],
    z: *mut R,
    relu: bool,
) {
    let lanes = V::<S, R>::LEN;
    let fan_in = w.len() / (NV * lanes) - 1;
    let w = w.as_ptr();
    let zero = V::<S, R>::splat(simd, R::ZERO);
    let mut sums = [[zero; NV]; SUMS];
    // SAFETY: the caller's promise.
    unsafe {
        for v in 0..NV {
            sums[0][v] = load(simd, w.add((fan_in * NV + v) * lanes));
        }
        let mut k = 0;
        while k + SUMS <= fan_in {
            for s in 0..SUMS {
                let x = V::<S, R>::splat(simd, *a.add(k + s));
                for v in 0..NV {
                    let w = load::<S, R>(simd, w.add(((k + s) * NV + v) * lanes));
                    sums[s][v] = fearless_simd::SimdFloat::mul_add(x, w, sums[s][v]);
                }
            }
            k += SUMS;
        }
        while k < fan_in {
            let x = V::<S, R>::splat(simd, *a.add(k));
            for v in 0..NV {
                let w = load::<S, R>(simd, w.add((k * NV + v) * lanes));
                sums[0][v] = fearless_simd::SimdFloat::mul_add(x, w, sums[0][v]);
            }
            k += 1;
        }
        for v in 0..NV {
            let mut sum = sums[0][v];
            for s in 1..SUMS {
                sum += sums[s][v];
            }
            if relu {
                sum = sum.simd_lt(zero).select(zero, sum);
            }
            store::<S, R>(sum, z.add(v * lanes));
        }
    }
}

/// `probs = softmax(logits)` of one row, filled up with minus infinity.
///
/// # Safety
/// A row of `width` numbers, in whole vectors, must be there and nobody else's.
#[inline(always)]
unsafe fn softmax_row<S: Simd, R: Float>(simd: S, row: *mut R, width: usize) {
    let lanes = V::<S, R>::LEN;
    // SAFETY: the caller's promise.
    unsafe {
        let mut largest = load::<S, R>(simd, row);
        for i in (lanes..width).step_by(lanes) {
            let z = load::<S, R>(simd, row.add(i));
            largest = z.simd_gt(largest).select(z, largest);
        }
        let largest = V::<S, R>::splat(simd, largest.reduce_max());
        let mut sum = V::<S, R>::splat(simd, R::ZERO);
        for i in (0..width).step_by(lanes) {
            let e = exp::<S, R>(simd, load::<S, R>(simd, row.add(i)) - largest);
            sum += e;
            store::<S, R>(e, row.add(i));
        }
        let share = V::<S, R>::splat(simd, R::ONE / sum.reduce_sum());
        for i in (0..width).step_by(lanes) {
            store::<S, R>(load::<S, R>(simd, row.add(i)) * share, row.add(i));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{self, Rows, network};

    fn compare<R: Float>(level: Level, activation: Activation, loss: Loss, sizes: &[usize], tolerance: f64) {
        let (mlp, params) = network::<R>(sizes, activation, loss);
        for (n, threads) in [(0, 1), (1, 1), (2, 1), (5, 1), (95, 1), (96, 1), (97, 1), (3300, 2)] {
            let x = Rows::random(&mlp, n, 8).x;
            let right = reference::predict(&mlp, &params, &x);
            let mut probs = vec![R::ZERO; right.len()];
            Predictor::new_here(&mlp, &params, level, threads).predict_here(&x, &mut probs);
            let largest = right.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            for (p, right) in probs.iter().zip(&right) {
                let off = (p.widen() - right).abs();
                let what = format!("{level:?} {loss:?} {activation:?} {n} of {sizes:?}");
                assert!(off <= tolerance * largest, "{what}: off by {off} of {largest}");
            }
        }
    }

    #[test]
    fn predictions_are_those_of_the_reference() {
        for level in Level::available() {
            let both = |activation, loss, sizes: &[usize]| {
                compare::<f32>(level, activation, loss, sizes, 1e-5);
                compare::<f64>(level, activation, loss, sizes, 1e-12);
            };
            // What the output layer does knows nothing of the layers before it.
            for loss in Loss::ALL {
                both(Activation::Relu, loss, &[7, 33, 10]);
            }
            for loss in [Loss::Softmax, Loss::Squared] {
                for activation in Activation::ALL {
                    both(activation, loss, &[7, 33, 10]);
                }
                for sizes in [&[1, 1, 2][..], &[64, 100, 10], &[130, 17, 65, 33], &[9, 2], &[3, 20, 70]] {
                    both(Activation::Relu, loss, sizes);
                }
            }
        }
    }

    #[test]
    fn a_row_that_is_not_finite_is_not_a_number_and_stays_alone() {
        let (mlp, mut params) = network::<f32>(&[3, 20, 4], Activation::Relu, Loss::Softmax);
        params.fill(0.1);
        for level in Level::available() {
            let mut predictor = Predictor::new_here(&mlp, &params, level, 1);
            let mut probs = [0.0; 8];
            predictor.predict_here(&[1.0, f32::NAN, 1.0], &mut probs[..4]);
            assert!(probs[..4].iter().all(|p| p.is_nan()), "{level:?}: {probs:?}");
            predictor.predict_here(&[1.0, f32::NAN, 1.0, 1.0, 1.0, 1.0], &mut probs);
            assert!(probs[..4].iter().all(|p| p.is_nan()), "{level:?}: {probs:?}");
            assert_eq!(probs[4..], [0.25; 4], "{level:?}");
        }
    }

    #[test]
    #[should_panic(expected = "numbers in x, in probs")]
    fn too_little_room_is_refused() {
        let (mlp, params) = network::<f32>(&[3, 4], Activation::Relu, Loss::Softmax);
        Predictor::new_here(&mlp, &params, Level::detect(), 1).predict_here(&[0.0; 6], &mut [0.0; 7]);
    }
}
