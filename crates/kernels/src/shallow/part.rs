//! Forward, loss and backward of a part of the rows, and the sum over all parts.

use super::model::{MOST_OUTPUTS, Model};
use super::pruned::Pruned;
use super::rows::{Rows, Source};
use super::work::{BLOCK, Block, Work};
use crate::float::Float;
use crate::lanes::V;
use crate::loss::Loss;
use fearless_simd::{Simd, SimdBase};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one part of the rows works in, and what it leaves behind.
#[derive(Debug)]
pub(crate) struct Part<R> {
    block: Rows<R>,
    pub(crate) work: Work<R>,
    pub(crate) pruned: Pruned<R>,
}

impl<R: Float> Part<R> {
    pub(crate) fn new(model: &Model<R>, lanes: usize, has_clusters: bool) -> Self {
        Self {
            block: Rows::new(model, BLOCK),
            work: Work::new(model, lanes),
            pruned: Pruned::new(model, lanes, has_clusters),
        }
    }

    /// Goes through these of the `n` rows of the source.
    #[inline(always)]
    pub(crate) fn pass<S: Simd>(
        &mut self,
        simd: S,
        model: &Model<R>,
        source: &Source<'_, R>,
        n: usize,
        rows: Range<usize>,
    ) {
        let Self { work, pruned, .. } = self;
        work.db = [R::ZERO; MOST_OUTPUTS];
        work.data_loss = 0.0;
        work.sums.as_mut_slice().fill(R::ZERO);
        pruned.sums.fill(R::ZERO);
        for from in rows.clone().step_by(BLOCK) {
            let len = BLOCK.min(rows.end - from);
            if source.kept.is_none() {
                self.block.fill(model, source, from, from + len);
            }
            let block = Block {
                model,
                rows: source.kept.unwrap_or(&self.block),
                offset: if source.kept.is_some() { from } else { 0 },
                len,
                weight: R::ONE / R::narrow(n as f64),
            };
            match (model.q, block.rows.clusters.is_empty()) {
                (1, true) => work.block::<S, 1>(simd, &block),
                (2, true) => work.block::<S, 2>(simd, &block),
                (_, true) => work.block::<S, 3>(simd, &block),
                (1, false) => pruned.block::<S, 1>(simd, work, &block),
                (2, false) => pruned.block::<S, 2>(simd, work, &block),
                (_, false) => pruned.block::<S, 3>(simd, work, &block),
            }
        }
        work.gradient(simd, model, &pruned.sums);
    }
}

/// The part; whoever panicked while holding it, the panic is on its way to the caller.
pub(crate) fn lock<R>(part: &Mutex<Part<R>>) -> MutexGuard<'_, Part<R>> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The gradient of the data loss, in the order of `Model::params`, and the loss; the parts are added in their order.
#[inline(always)]
pub(crate) fn total<S: Simd, R: Float>(
    simd: S,
    model: &Model<R>,
    parts: &[Mutex<Part<R>>],
    grads: &mut [R],
) -> f64 {
    let Model { d, k, q, width, .. } = *model;
    let lanes = V::<S, R>::LEN;
    let (grads, bias) = grads.split_at_mut((d + 1 + k) * width);
    let (known, others) = grads.split_at_mut((d + 1 + q) * width);
    known.fill(R::ZERO);
    bias.fill(R::ZERO);
    let mut data_loss = 0.0;
    for part in parts {
        let work = &lock(part).work;
        for (sum, part) in known.chunks_exact_mut(lanes).zip(work.grads.chunks_exact(lanes)) {
            (V::<S, R>::from_slice(simd, sum) + V::<S, R>::from_slice(simd, part)).store_slice(sum);
        }
        for (sum, &part) in bias.iter_mut().zip(&work.db[..q]) {
            *sum += part;
        }
        data_loss += work.data_loss;
    }
    if model.loss == Loss::Softmax {
        // A row of dlogits adds up to 0, and so does what is a sum over rows of it.
        for j in (0..width).step_by(lanes) {
            let mut sum = V::<S, R>::splat(simd, R::ZERO);
            for dw2 in known[(d + 1) * width..].chunks_exact(width) {
                sum += V::<S, R>::from_slice(simd, &dw2[j..j + lanes]);
            }
            (-sum).store_slice(&mut others[j..j + lanes]);
        }
        bias[q] = -bias[..q].iter().fold(R::ZERO, |sum, &db| sum + db);
    }
    data_loss
}
