//! Evaluation: how good given weights are on given rows.

use crate::data::Data;
use crate::engine::Engine;
use crate::loss::argmax;
use crate::metrics::score;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::target::{Target, TargetKind, Weighted};
use ndarray::{Array2, ArrayView2, s};
use std::ops::Range;

/// The data loss, of rows with weights as they say, and the score of all rows alike ([`score`]: accuracy, or R2 for numbers) on some rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss a row, without the penalty.
    pub loss: f64,
    /// Accuracy, or R2 for numbers.
    pub score: f64,
}

/// Evaluates `params` on `data`.
///
/// # Panics
/// If `params` or `data` do not have the network's sizes.
#[must_use]
pub fn evaluate<R: Real>(
    engine: Engine,
    network: &Network,
    params: &Params<R>,
    data: &Data<R>,
) -> Evaluation {
    if let Target::Classes(y) = &data.y {
        let (mut loss, mut right) = (0.0, 0);
        let total = data.answers().total();
        each_block(engine, network, params, data.x.view(), |rows, logits| {
            let y = y.slice(s![rows.clone()]).to_owned();
            right += argmax(logits.view()).iter().zip(&y).filter(|(found, class)| found == class).count();
            let weights = data.weights.as_ref().map(|weights| weights.slice(s![rows]).to_owned());
            let block = Weighted { y: &Target::Classes(y), weights: weights.as_ref() };
            // As a mean of means, so that one block gives the loss of its rows to the last bit.
            loss += network.loss.data_loss(&logits, block) * (block.total() / total);
        });
        return Evaluation { loss, score: right as f64 / data.len().max(1) as f64 };
    }
    let logits = engine.logits(network, params, data.x.view());
    let loss = network.loss.data_loss(&logits, data.answers());
    // The largest logit is the largest probability.
    let score = match network.loss.takes() {
        TargetKind::Classes => score(network.loss, logits.view(), &data.y),
        TargetKind::Labels | TargetKind::Counts | TargetKind::Numbers => {
            score(network.loss, network.loss.outputs(&logits).view(), &data.y)
        }
    };
    Evaluation { loss, score }
}

/// The class that each row of `x` (n, d) is called: that of the largest logit.
#[must_use]
pub fn classify<R: Real>(
    engine: Engine,
    network: &Network,
    params: &Params<R>,
    x: ArrayView2<'_, R>,
) -> Vec<u32> {
    let mut called = Vec::with_capacity(x.nrows());
    each_block(engine, network, params, x, |_, logits| called.extend(argmax(logits.view())));
    called
}

/// Values of a layer that are in memory at once.
const BLOCK: usize = 1 << 22;

/// How many rows a network takes at once, so that memory does not grow with rows times classes.
#[must_use]
pub fn rows_at_once(network: &Network) -> usize {
    (BLOCK / network.sizes.iter().copied().max().unwrap_or(1).max(1)).max(1)
}

/// Shows the logits (rows, k) of the rows of `x`, block by block.
fn each_block<R: Real>(
    engine: Engine,
    network: &Network,
    params: &Params<R>,
    x: ArrayView2<'_, R>,
    mut show: impl FnMut(Range<usize>, Array2<R>),
) {
    for first in (0..x.nrows()).step_by(rows_at_once(network)) {
        let rows = first..x.nrows().min(first + rows_at_once(network));
        show(rows.clone(), engine.logits(network, params, x.slice(s![rows, ..])));
    }
}
