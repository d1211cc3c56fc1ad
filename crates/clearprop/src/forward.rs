//! The forward pass: from a row's inputs to its logits and probabilities, every value kept.
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.
//! Weights are (fan_in, fan_out).

use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use ndarray::{Array2, ArrayView2, Axis};

/// Every value of one forward pass, or (the same type) the derivative of the loss by every value.
///
/// | field | in a forward pass | in a backward pass | in the notebook |
/// |---|---|---|---|
/// | `z[l]` (n, fan_out) | **input** of layer l's nonlinearity | `dz[l]` | `h11`, `dL_dh11` |
/// | `a[l]` (n, fan_out) | **output** of layer l's nonlinearity | `da[l]` | `h12`, `dL_dh12` |
/// | `a[0]` (n, d) | the inputs x | empty: data do not learn | `X` |
/// | with a scale: `z[0]`, `a[0]` (n, d) | the inputs x, and `x * s` | empty, and `da[0]` | - |
/// | `z[L]` (n, k) | `logits` | `dlogits` | `f`, `dL_df` |
/// | `a[L]` (n, k) | `probs` | empty: softmax and loss are differentiated together | `probs` |
///
/// Without a scale of the inputs there is no `z[0]`; an empty array holds its place, so that layer l's values stand at
/// index l.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass<R> {
    /// Inputs of the nonlinearities, `z[1..=L]`, and of the scale, `z[0]`, if there is one.
    pub z: Vec<Array2<R>>,
    /// Outputs of the nonlinearities, `a[0..=L]`.
    pub a: Vec<Array2<R>>,
}

impl<R: Real> Pass<R> {
    /// Room for the values of L layers.
    pub(crate) fn empty(layers: usize) -> Self {
        Self { z: vec![Array2::zeros((0, 0)); layers + 1], a: vec![Array2::zeros((0, 0)); layers + 1] }
    }

    /// L, the number of layers.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.z.len() - 1
    }

    /// `logits = z[L]` (n, k); in a backward pass `dlogits`.
    #[must_use]
    pub fn logits(&self) -> &Array2<R> {
        &self.z[self.layers()]
    }

    /// `probs = a[L]` (n, k).
    #[must_use]
    pub fn probs(&self) -> &Array2<R> {
        &self.a[self.layers()]
    }
}

/// One forward pass of the rows `x` (n, d), every value kept.
///
/// ```
/// use clearprop::{activation::Activation, forward::forward, loss::Loss, params::Params};
/// use clearprop::network::{Network, Penalized, Penalty};
/// use ndarray::array;
/// let penalty = Penalty { reg: 0.0, over: Penalized::Weights };
/// let network = Network::new(&[2, 1, 2], Activation::Relu, Loss::Softmax, penalty)?;
/// // w1 = [1, 2]^T, b1 = 3, w2 = [1, -1], b2 = [0, 0]
/// let params = Params::from_values(&[2, 1, 2], vec![1.0, 2.0, 3.0, 1.0, -1.0, 0.0, 0.0]).unwrap();
/// let pass = forward(&network, &params, array![[1.0, -3.0]].view());
/// assert_eq!(pass.z[1], array![[-2.0]]); //  1*1 - 3*2 + 3, the input of the nonlinearity
/// assert_eq!(pass.a[1], array![[0.0]]); //   max(0, -2), its output
/// assert_eq!(*pass.probs(), array![[0.5, 0.5]]);
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Panics
/// If `params` or `x` do not have the network's sizes.
#[must_use]
pub fn forward<R: Real>(network: &Network, params: &Params<R>, x: ArrayView2<'_, R>) -> Pass<R> {
    let last = network.layers();
    let mut pass = Pass::empty(last);
    pass.a[0] = x.to_owned();
    // scale:        a[0] = x * s, each input by a number of its own, where there is one
    if let Some(s) = params.s() {
        pass.a[0] = &x * &s;
        pass.z[0] = x.to_owned();
    }
    for l in 1..=last {
        // affine[l]:    z[l] = a[l-1] w[l] + b[l]
        pass.z[l] = pass.a[l - 1].dot(&params.w(l)) + params.b(l);
        // activate[l]:  a[l] = act(z[l])
        if l < last {
            pass.a[l] = pass.z[l].mapv(|z| network.activations[l - 1].value(z));
        }
    }
    // softmax:      probs = softmax(logits), row by row
    pass.a[last] = network.loss.outputs(&pass.z[last]);
    pass
}

/// `probs` (n, k) for any number of rows, without keeping the values between.
///
/// # Panics
/// If `params` or `x` do not have the network's sizes.
#[must_use]
pub fn predict<R: Real>(network: &Network, params: &Params<R>, x: ArrayView2<'_, R>) -> Array2<R> {
    network.loss.outputs(&logits(network, params, x))
}

/// `logits` (n, k) for any number of rows, likewise.
///
/// # Panics
/// If `params` or `x` do not have the network's sizes.
#[must_use]
pub fn logits<R: Real>(network: &Network, params: &Params<R>, x: ArrayView2<'_, R>) -> Array2<R> {
    // The values of this many rows fit into the processor's cache.
    const ROWS: usize = 1024;
    let mut logits = Array2::zeros((x.nrows(), network.outputs()));
    for (mut logits, x) in logits.axis_chunks_iter_mut(Axis(0), ROWS).zip(x.axis_chunks_iter(Axis(0), ROWS)) {
        logits.assign(forward(network, params, x).logits());
    }
    logits
}
