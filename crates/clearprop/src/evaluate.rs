//! Evaluation: how good given weights are on given rows, or the mean of several.

use crate::data::Data;
use crate::engine::Engine;
use crate::loss::argmax;
use crate::metrics::score;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::target::{Target, TargetKind, Weighted};
use ndarray::{Array2, ArrayView2, Axis, s};
use std::ops::Range;

/// The data loss, of rows with weights as they say, and the score of all rows alike ([`score`]: accuracy, or R2 for numbers) on some rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss a row, without the penalty.
    pub loss: f64,
    /// Accuracy, or R2 for numbers.
    pub score: f64,
}

/// What the members of a model say of the rows of `x` (n, d) together: the mean of their outputs (n, k), which are
/// probabilities, counts or numbers.
///
/// # Panics
/// If there is no member, or `x` or one of them does not have the network's sizes.
#[must_use]
pub fn outputs<R: Real>(
    engine: Engine,
    network: &Network,
    members: &[Params<R>],
    x: ArrayView2<'_, R>,
) -> Array2<R> {
    mean(members.iter().map(|params| engine.predict(network, params, x)), members.len())
}

/// The logits (n, k) of the rows of `x` (n, d), each member's of the rows that have its number in `fold`.
///
/// # Panics
/// If `x` or a member does not have the network's sizes.
#[must_use]
pub fn out_of_fold<R: Real>(
    engine: Engine,
    network: &Network,
    (members, fold): (&[Params<R>], &[u32]),
    x: ArrayView2<'_, R>,
) -> Array2<R> {
    let mut logits = Array2::zeros((x.nrows(), network.outputs()));
    for (params, member) in members.iter().zip(0..) {
        let rows: Vec<usize> = (0..x.nrows()).filter(|&row| fold[row] == member).collect();
        let own = engine.logits(network, params, x.select(Axis(0), &rows).view());
        rows.iter().zip(own.rows()).for_each(|(&row, own)| logits.row_mut(row).assign(&own));
    }
    logits
}

/// What they say of them (n, k): the mean over the sets of members, each of which has one for every one of `folds`.
///
/// # Panics
/// As [`out_of_fold`], or if there is no member.
#[must_use]
pub fn outputs_out_of_fold<R: Real>(
    engine: Engine,
    network: &Network,
    (members, folds, fold): (&[Params<R>], usize, &[u32]),
    x: ArrayView2<'_, R>,
) -> Array2<R> {
    let sets = members.chunks(folds.max(1));
    let count = sets.len();
    let each = sets.map(|set| network.loss.outputs(&out_of_fold(engine, network, (set, fold), x)));
    mean(each, count)
}

/// The mean of so many outputs; of one itself.
fn mean<R: Real>(mut each: impl Iterator<Item = Array2<R>>, count: usize) -> Array2<R> {
    let first = each.next().expect("a model has a member");
    match count {
        1 => first,
        count => each.fold(first, |sum, outputs| sum + outputs) / R::of(count as f64),
    }
}

/// The logits (n, k) of what the members say together: of one its own, of several those of their mean
/// ([`Loss::logits`](crate::loss::Loss::logits)).
///
/// # Panics
/// As [`outputs`].
#[must_use]
pub fn logits<R: Real>(
    engine: Engine,
    network: &Network,
    members: &[Params<R>],
    x: ArrayView2<'_, R>,
) -> Array2<R> {
    match members {
        [params] => engine.logits(network, params, x),
        _ => network.loss.logits(&outputs(engine, network, members, x)),
    }
}

/// Evaluates the mean of `members` on `data`.
///
/// # Panics
/// If there is no member, or `data` or one of them does not have the network's sizes.
#[must_use]
pub fn evaluate<R: Real>(
    engine: Engine,
    network: &Network,
    members: &[Params<R>],
    data: &Data<R>,
) -> Evaluation {
    if let Target::Classes(y) = &data.y {
        let (mut loss, mut right) = (0.0, 0);
        let total = data.answers().total();
        each_block(engine, network, members, data.x.view(), |rows, logits| {
            let y = y.slice(s![rows.clone()]).to_owned();
            right += argmax(logits.view()).iter().zip(&y).filter(|(found, class)| found == class).count();
            let weights = data.weights.as_ref().map(|weights| weights.slice(s![rows]).to_owned());
            let block = Weighted { y: &Target::Classes(y), weights: weights.as_ref() };
            // As a mean of means, so that one block gives the loss of its rows to the last bit.
            loss += network.loss.data_loss(&logits, block) * (block.total() / total);
        });
        return Evaluation { loss, score: right as f64 / data.len().max(1) as f64 };
    }
    let logits = logits(engine, network, members, data.x.view());
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
    members: &[Params<R>],
    x: ArrayView2<'_, R>,
) -> Vec<u32> {
    let mut called = Vec::with_capacity(x.nrows());
    each_block(engine, network, members, x, |_, logits| called.extend(argmax(logits.view())));
    called
}

/// Values of a layer that are in memory at once.
const BLOCK: usize = 3 << 17;

/// How many rows a network takes at once, so that memory does not grow with rows times classes.
#[must_use]
pub fn rows_at_once(network: &Network) -> usize {
    (BLOCK / network.sizes.iter().copied().max().unwrap_or(1).max(1)).max(1)
}

/// Shows the logits (rows, k) of the rows of `x`, block by block.
fn each_block<R: Real>(
    engine: Engine,
    network: &Network,
    members: &[Params<R>],
    x: ArrayView2<'_, R>,
    mut show: impl FnMut(Range<usize>, Array2<R>),
) {
    for first in (0..x.nrows()).step_by(rows_at_once(network)) {
        let rows = first..x.nrows().min(first + rows_at_once(network));
        show(rows.clone(), logits(engine, network, members, x.slice(s![rows, ..])));
    }
}
