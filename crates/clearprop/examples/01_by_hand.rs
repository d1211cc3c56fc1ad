//! One row through a 3-2-1 network, every number by hand.
//!
//!     cargo run -p clearprop --example 01_by_hand
//!
//! x = [0.6, 0.8, 0.7], squared error with y = 1, rectifier, no penalty:
//!
//!     w1 = 0.1 0.2      z1 = 0.6*0.1 + 0.8*0.3 + 0.7*0.5 + 0.1 = 0.75
//!          0.3 0.1           0.6*0.2 + 0.8*0.1 + 0.7*0.0 - 0.4 = -0.20
//!          0.5 0.0      a1 = max(0, z1) = [0.75, 0]
//!     b1 = 0.1 -0.4
//!     w2 = 0.2          logits = 0.75*0.2 + 0*0.3 + 1.0 = 1.15
//!          0.3          loss = (1.15 - 1)^2 / 2 = 0.01125
//!     b2 = 1.0
//!
//! Backward, each time by which variable:
//!
//!     dlogits = 1.15 - 1                     = 0.15       by the output
//!     dw2     = a1 * dlogits                 = [0.1125, 0]    by the weights: its input times what came
//!     db2     = dlogits                      = 0.15
//!     da1     = dlogits * w2                 = [0.03, 0.045]  by the OUTPUT of the rectifier
//!     dz1     = da1 where z1 > 0             = [0.03, 0]      by its INPUT: the second unit was off
//!     dw1     = x * dz1                      = [0.018, 0.024, 0.021] in the first column, 0 in the second
//!     db1     = dz1                          = [0.03, 0]

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use clearprop::activation::Activation;
use clearprop::backward::backward;
use clearprop::data::Target;
use clearprop::error::Result;
use clearprop::forward::forward;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::objective;
use clearprop::params::Params;
use ndarray::{Array2, array};

fn main() -> Result<()> {
    let penalty = Penalty { reg: 0.0, over: Penalized::Weights };
    let network = Network::new(&[3, 2, 1], Activation::Relu, Loss::Squared, penalty)?;
    let mut params = Params::zeros(&network.sizes);
    params.wb_mut(1).assign(&array![[0.1, 0.2], [0.3, 0.1], [0.5, 0.0], [0.1, -0.4]]);
    params.wb_mut(2).assign(&array![[0.2], [0.3], [1.0]]);
    let (x, y) = (array![[0.6, 0.8, 0.7]], Target::Values(array![[1.0]]));

    let pass = forward(&network, &params, x.view());
    show("z1", &pass.z[1], &array![[0.75, -0.2]]);
    show("a1", &pass.a[1], &array![[0.75, 0.0]]);
    show("logits", pass.logits(), &array![[1.15]]);

    let loss = objective(&network, &params, &pass, &y).loss();
    show("loss", &array![[loss]], &array![[0.01125]]);

    let (grads, derivatives) = backward(&network, &params, &pass, &y);
    show("dlogits", derivatives.logits(), &array![[0.15]]);
    show("dw2, db2", &grads.wb(2).to_owned(), &array![[0.1125], [0.0], [0.15]]);
    show("da1", &derivatives.a[1], &array![[0.03, 0.045]]);
    show("dz1", &derivatives.z[1], &array![[0.03, 0.0]]);
    show("dw1, db1", &grads.wb(1).to_owned(), &array![[0.018, 0.0], [0.024, 0.0], [0.021, 0.0], [0.03, 0.0]]);
    Ok(())
}

/// Prints the computed values, which must be those found by hand.
fn show(name: &str, computed: &Array2<f64>, by_hand: &Array2<f64>) {
    println!("{name:>8}  {}", computed.to_string().replace('\n', ""));
    assert!((computed - by_hand).iter().all(|error| error.abs() < 1e-12), "{name}: by hand {by_hand}");
}
