//! Evaluation: how good given weights are on given rows.

use crate::data::Data;
use crate::engine::Engine;
use crate::metrics::score;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::target::TargetKind;

/// The data loss and the score ([`score`]: accuracy, or R2 for numbers) on some rows.
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
    let logits = engine.logits(network, params, data.x.view());
    let loss = network.loss.data_loss(&logits, &data.y);
    // The largest logit is the largest probability.
    let score = match network.loss.takes() {
        TargetKind::Classes => score(network.loss, logits.view(), &data.y),
        TargetKind::Labels | TargetKind::Counts | TargetKind::Numbers => {
            score(network.loss, network.loss.outputs(&logits).view(), &data.y)
        }
    };
    Evaluation { loss, score }
}
