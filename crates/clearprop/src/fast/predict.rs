//! Prediction: weights packed once, then rows as fast as they come, without allocating.

use super::{Level, Options, described};
use crate::loss::Loss;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use clearprop_kernels as kernels;
use ndarray::{Array2, ArrayView1, ArrayView2, Zip};

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

/// `probs` (n, k) of a few rows, by weights (fan_in, fan_out) and biases (fan_out) that lie where they lie: row by row,
/// so that nothing has to be packed.
///
/// # Panics
/// If `layers` or `x` do not have the network's sizes.
#[must_use]
pub fn predict_few<R: Real>(
    network: &Network,
    layers: &[(ArrayView2<'_, R>, ArrayView1<'_, R>)],
    x: ArrayView2<'_, R>,
) -> Array2<R> {
    let mut logits = Array2::zeros((x.nrows(), network.outputs()));
    for (mut logits, x) in logits.rows_mut().into_iter().zip(x.rows()) {
        let mut a = x.to_owned();
        for (l, (w, b)) in layers.iter().enumerate() {
            let mut z = b.to_owned();
            // Four inputs at a time, so that z is read and written once for them; the sums have the same order.
            let fours = a.len() / 4 * 4;
            for i in (0..fours).step_by(4) {
                let [a0, a1, a2, a3] = [a[i], a[i + 1], a[i + 2], a[i + 3]];
                let z = Zip::from(&mut z).and(w.row(i)).and(w.row(i + 1)).and(w.row(i + 2)).and(w.row(i + 3));
                z.for_each(|z, &w0, &w1, &w2, &w3| *z = *z + a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3);
            }
            for i in fours..a.len() {
                z.scaled_add(a[i], &w.row(i));
            }
            if let Some(activation) = network.activations.get(l) {
                z.mapv_inplace(|z| activation.value(z));
            }
            a = z;
        }
        logits.assign(&a);
    }
    network.loss.outputs(&logits)
}
