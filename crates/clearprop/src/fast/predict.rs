//! Prediction: weights packed once, then rows as fast as they come, without allocating.

use super::{Level, Options, described};
use crate::loss::Loss;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use clearprop_kernels as kernels;
use ndarray::{Array2, ArrayView2};

/// A trained network, ready to predict.
///
/// ```
/// use clearprop::fast::{Options, Predictor};
/// use clearprop::{activation::Activation, forward::predict, init::Init, loss::Loss};
/// use clearprop::network::{Network, Penalized, Penalty};
/// let penalty = Penalty { reg: 0.0, over: Penalized::Weights };
/// let network = Network::new(&[2, 100, 3], Activation::Relu, Loss::Softmax, penalty)?;
/// let params = Init::He.draw::<f64>(&network, 0);
/// let mut predictor = Predictor::new(&network, &params, Options::default()).expect("all of it has kernels");
/// let x = ndarray::array![[0.5, -1.0]];
/// let mut probs = [0.0; 3];
/// predictor.predict(&[0.5, -1.0], &mut probs);
/// for (fast, plain) in probs.iter().zip(&predict(&network, &params, x.view())) {
///     assert!((fast - plain).abs() < 1e-15);
/// }
/// # Ok::<(), clearprop::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Predictor<R>(kernels::Predictor<R>);

/// A predictor may be made on one thread and used on another.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Predictor<f32>>();
    is_send::<Predictor<f64>>();
};

impl<R: Real> Predictor<R> {
    /// Packs the weights; `None` if there are no kernels for the network.  One thread, unless `options` say more.
    ///
    /// # Panics
    /// If `params` are not of the network's sizes.
    #[must_use]
    pub fn new(network: &Network, params: &Params<R>, options: Options) -> Option<Self> {
        assert_eq!(network.sizes, params.sizes(), "network and parameters");
        let (mlp, threads) = (described(network)?, options.threads.unwrap_or(1));
        // The scale of the inputs is no matter of its own once the weights are known.
        let folded = params.s().map(|_| params.folded());
        let values = folded.as_ref().unwrap_or(params).values();
        Some(Self(kernels::Predictor::new(&mlp, values, options.level, threads)))
    }

    /// Writes the probabilities (or what else the loss makes of the logits) of the rows `x`, both row by row.
    ///
    /// # Panics
    /// If `x` is not n times d numbers, or `probs` not n times k.
    pub fn predict(&mut self, x: &[R], probs: &mut [R]) {
        self.0.predict(x, probs);
    }
}

/// `logits` (n, k) of the rows `x` (n, d), as [`forward::logits`](crate::forward::logits) gives them; `None` if there
/// are no kernels for the network.
///
/// # Panics
/// If `params` or `x` do not have the network's sizes.
#[must_use]
pub fn logits<R: Real>(
    network: &Network,
    params: &Params<R>,
    x: ArrayView2<'_, R>,
    level: Level,
) -> Option<Array2<R>> {
    // What the squared error makes of logits is the logits themselves.
    let network = Network { loss: Loss::Squared, ..network.clone() };
    let mut predictor = Predictor::new(&network, params, Options { level, threads: None })?;
    let mut logits = Array2::zeros((x.nrows(), network.outputs()));
    let x = x.as_standard_layout();
    if let (Some(x), Some(logits)) = (x.as_slice(), logits.as_slice_mut()) {
        predictor.predict(x, logits);
    }
    Some(logits)
}
