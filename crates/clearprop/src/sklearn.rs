//! scikit-learn's minibatches: what its MLPs compute between two shuffles.
//!
//! Its objective is ours but for three conventions, and they stand here and nowhere else:
//!
//! ```text
//! penalty   alpha/2 * sum(w^2) / rows, rows being those of the batch: reg = alpha / rows, another for a short batch
//! loss      the mean over outputs where ours is the sum; the gradient is that of the sum all the same
//! poisson   y log(y / mu) - y + mu, ours without what does not depend on the logits
//! ```
//!
//! With row weights, `rows` in the penalty is the sum of the batch's weights, and the loss a weighted mean.
//! Source: scikit-learn 1.9, `neural_network/_multilayer_perceptron.py`, `_base.py`, `_stochastic_optimizers.py`.

use crate::data::{Batches, Data};
#[cfg(feature = "fast")]
use crate::fast;
use crate::loss::Loss;
use crate::network::Network;
use crate::objective::{loss_and_grad, penalty};
use crate::optim::Optimiser;
use crate::params::Params;
use crate::real::Real;
use crate::target::Target;

/// A network in training by scikit-learn's conventions.
#[derive(Debug)]
pub struct Minibatches<R> {
    /// The network; its penalty's `reg` is scikit-learn's `alpha`.
    network: Network,
    /// The weights.
    pub params: Params<R>,
    /// The rule, its step size, what it remembers.
    pub optimiser: Optimiser<R>,
    #[cfg_attr(not(feature = "fast"), expect(dead_code, reason = "the readable engine has one thread"))]
    threads: Option<usize>,
    /// The fast engine, for batches of so many rows (the last of an epoch may be shorter than the others).
    #[cfg(feature = "fast")]
    sessions: Vec<(usize, fast::Session<R>)>,
}

impl<R: Real> Minibatches<R> {
    /// From these weights on; `network.penalty.reg` is scikit-learn's `alpha`.
    #[must_use]
    pub fn new(network: Network, params: Params<R>, optimiser: Optimiser<R>, threads: Option<usize>) -> Self {
        Self {
            network,
            params,
            optimiser,
            threads,
            #[cfg(feature = "fast")]
            sessions: Vec::new(),
        }
    }

    /// The network; its penalty's `reg` is scikit-learn's `alpha`.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// One update for each batch of `size` rows, taken in the order of `rows`; the last batch may be short.
    /// Gives the sum over batches of loss times rows, as scikit-learn adds up an epoch's loss.
    ///
    /// # Panics
    /// If `data` do not fit the network ([`Data::fits`] tells beforehand), or `rows` names a row that is not there.
    pub fn run(&mut self, data: &Data<R>, rows: &[u32], size: usize) -> f64 {
        let whole = rows.len() - rows.len() % size.max(1);
        let (full, short) = rows.split_at(whole);
        self.batches(data, full, size) + self.batches(data, short, short.len())
    }

    /// Batches of one size, and so of one `reg`.
    fn batches(&mut self, data: &Data<R>, rows: &[u32], size: usize) -> f64 {
        if rows.is_empty() {
            return 0.0;
        }
        let mut network = self.network.clone();
        // Where scikit-learn's loss is another than ours, it is made from its parts, batch by batch; and batches of
        // rows with weights have each a penalty of their own.
        let differs = differs(&network);
        let at_once = if differs || data.weights.is_some() { size } else { rows.len() };
        let mut sum = 0.0;
        for rows in rows.chunks(at_once.max(1)) {
            let total = if data.weights.is_some() { data.weight_of(rows) } else { size as f64 };
            // A batch of which no row counts moves nothing.
            network.penalty.reg = if total > 0.0 { self.network.penalty.reg / total } else { 0.0 };
            let penalty = if differs { penalty(&network, &self.params) } else { 0.0 };
            let mut losses = Vec::new();
            self.advance(&network, data, Batches::Of { rows, size }, &mut losses);
            let loss: f64 = losses.iter().sum();
            let loss =
                if differs { theirs(&network, loss - penalty, data, Some(rows)) + penalty } else { loss };
            sum += size as f64 * loss;
        }
        sum
    }

    /// Takes the steps: by the fast engine if it has the kernels, else the readable way.
    fn advance(&mut self, network: &Network, data: &Data<R>, batches: Batches<'_>, losses: &mut Vec<f64>) {
        let Self { params, optimiser, .. } = self;
        #[cfg(feature = "fast")]
        if let Batches::Of { size, .. } = batches {
            if !self.sessions.iter().any(|(rows, _)| *rows == size) {
                let options = fast::Options { threads: self.threads, ..fast::Options::default() };
                self.sessions
                    .extend(fast::Session::new(network, size, options).map(|session| (size, session)));
            }
            if let Some((_, session)) = self.sessions.iter_mut().find(|(rows, _)| *rows == size) {
                session.set_reg(network.penalty.reg);
                return session.advance(params, optimiser, data, batches, losses);
            }
        }
        for step in 0..batches.steps() {
            let batch = batches.batch(step, data);
            let (objective, grads) = loss_and_grad(network, params, &batch);
            losses.push(objective.loss());
            optimiser.update(params, &grads);
        }
    }
}

/// scikit-learn's loss of all rows and its gradient, as its L-BFGS asks for them; `network.penalty.reg` is `alpha`.
///
/// # Panics
/// As [`loss_and_grad`].
#[must_use]
pub fn full_batch<R: Real>(network: &Network, params: &Params<R>, data: &Data<R>) -> (f64, Params<R>) {
    let mut network = network.clone();
    network.penalty.reg /= data.answers().total();
    let (objective, grads) = loss_and_grad(&network, params, data);
    (theirs(&network, objective.data_loss, data, None) + objective.penalty, grads)
}

/// Whether scikit-learn's loss of a batch is another number than ours.
fn differs(network: &Network) -> bool {
    network.loss == Loss::Poisson || (network.loss == Loss::Squared && network.outputs() > 1)
}

/// scikit-learn's data loss of some rows (None: all), from ours.
fn theirs<R: Real>(network: &Network, ours: f64, data: &Data<R>, rows: Option<&[u32]>) -> f64 {
    if network.loss == Loss::Squared {
        ours / network.outputs() as f64
    } else if network.loss == Loss::Poisson {
        ours + rows.map_or_else(|| constant(data), |rows| constant(&data.select(rows)))
    } else {
        ours
    }
}

/// What the Poisson deviance has beside the log-likelihood: the mean over rows of `y log y - y`.
fn constant<R: Real>(data: &Data<R>) -> f64 {
    let Target::Values(y) = &data.y else { return 0.0 };
    let of = |y: f64| if y > 0.0 { y * y.ln() - y } else { 0.0 };
    data.answers().mean(&y.rows().into_iter().map(|row| row.iter().map(|y| of(y.f64())).sum()).collect())
}
