//! The backward pass: the derivative of the loss by every value of the forward pass, last to first.
//!
//! One rule is used throughout, the chain rule with the question the notebook asks: **by which variable?**
//! `dq` is the derivative of `loss` **by q**; it has the shape of q; it is found from the derivative by
//! whatever q was turned into, which the step before has just computed.  Each stage below first quotes
//! the line of `forward` that it differentiates.
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.
//! Source: cs231n, *neural networks case study*, "Computing the analytic gradient with backpropagation".

use crate::activation::Activation;
use crate::forward::Pass;
use crate::network::{Network, Penalized};
use crate::params::Params;
use crate::real::Real;
use crate::target::Weighted;
use ndarray::{Array2, Axis};

/// The derivative of `loss` by every weight and bias, and by every value of the forward `pass`.
///
/// # Panics
/// If `pass` or `y` are not of this network.
#[must_use]
pub fn backward<'a, R: Real>(
    network: &Network,
    params: &Params<R>,
    pass: &Pass<R>,
    y: impl Into<Weighted<'a, R>>,
) -> (Params<R>, Pass<R>) {
    let Pass { z, a } = pass;
    let last = network.layers();
    let mut grads = params.zeros_like();
    let Pass { z: mut dz, a: mut da } = Pass::empty(last);

    // forward, softmax and loss:   probs = softmax(logits),   data_loss = mean of -log probs[i, y[i]]
    // by the logits, both at once: dlogits = (probs - onehot(y)) / n                          (n, k)
    dz[last] = network.loss.dlogits(pass.probs(), y);

    for l in (1..=last).rev() {
        // forward, affine[l]:      z[l] = a[l-1] w[l] + b[l]
        // by the weights:          dw[l] = a[l-1]^T dz[l]                            (fan_in, fan_out)
        grads.w_mut(l).assign(&a[l - 1].t().dot(&dz[l]));
        // by the bias, which every row used:  db[l] = sum over rows of dz[l]                 (fan_out)
        grads.b_mut(l).assign(&dz[l].sum_axis(Axis(0)));

        if l > 1 {
            // by the other factor, the layer's input, which is the OUTPUT of the nonlinearity below:
            //                      da[l-1] = dz[l] w[l]^T                                  (n, fan_in)
            da[l - 1] = dz[l].dot(&params.w(l).t());
            // forward, activate[l-1]:  a[l-1] = act(z[l-1]), each number for itself
            // by the INPUT of that nonlinearity:  dz[l-1] = da[l-1] * act'(z[l-1])         (n, fan_in)
            dz[l - 1] = &da[l - 1] * &slope(network.activations[l - 2], &z[l - 1], &a[l - 1]);
        }
    }

    if let Some(mut ds) = grads.s_mut() {
        // forward, scale:          a[0] = x * s, each input by a number of its own
        da[0] = dz[1].dot(&params.w(1).t());
        // by that number, which every row used:  ds = sum over rows of x * da[0]               (d)
        ds.assign(&(&z[0] * &da[0]).sum_axis(Axis(0)));
    }

    add_penalty_slope(network, params, &mut grads);
    (grads, Pass { z: dz, a: da })
}

/// Adds to `grads` the derivative of the penalty by every weight, and every bias if it is over all.
fn add_penalty_slope<R: Real>(network: &Network, params: &Params<R>, grads: &mut Params<R>) {
    // forward, penalty:            reg/2 * sum of w[l]^2 (and of b[l]^2, if over all)
    // by the weights, added:       dw[l] += reg * w[l]
    let reg = R::of(network.penalty.reg);
    for l in 1..=network.layers() {
        grads.w_mut(l).scaled_add(reg, &params.w(l));
        if network.penalty.over == Penalized::All {
            grads.b_mut(l).scaled_add(reg, &params.b(l));
        }
    }
}

/// `act'(z)`, number by number: how fast the nonlinearity's output `a` moves with its input `z`.
fn slope<R: Real>(activation: Activation, z: &Array2<R>, a: &Array2<R>) -> Array2<R> {
    ndarray::Zip::from(z).and(a).map_collect(|&z, &a| activation.derivative(z, a))
}
