//! The gradient against central differences: `dloss/dp = (loss(p + h) - loss(p - h)) / 2h`.
//!
//! The differences know nothing of `backward`.  A rectifier's kink is no error of the gradient: an entry
//! is left out, and counted, when a pre-activation of a hidden layer changes its sign between p - h and
//! p + h.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed, as it should"
)]

use clearprop::activation::Activation;
use clearprop::data::{Data, Target};
use clearprop::forward::forward;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::{loss_and_grad, objective};
use clearprop::params::Params;
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;

const H: f64 = 1e-5;

/// A network, weights and data, all random.
fn case() -> impl Strategy<Value = (Network, Params<f64>, Data<f64>)> {
    let sizes = prop::collection::vec(1usize..6, 2..=6);
    let activation = prop::sample::select(Activation::ALL.to_vec());
    let loss = prop::sample::select(Loss::ALL.to_vec());
    let over = prop::sample::select(Penalized::ALL.to_vec());
    let reg = prop_oneof![Just(0.0), 1e-3..1.0];
    (sizes, activation, loss, over, reg, 1usize..8, any::<u64>()).prop_map(
        |(mut sizes, activation, loss, over, reg, rows, seed)| {
            let last = sizes.len() - 1;
            if loss == Loss::Softmax {
                sizes[last] += 1;
            }
            let network = Network::new(&sizes, activation, loss, Penalty { reg, over }).unwrap();
            // As-written weights: its biases are not zero, so that no mistake in them can hide.
            let params = Init::AsWritten.draw(&network, seed);
            let x = Init::AsWritten.draw::<f64>(&network_of(&[rows, sizes[0]]), seed ^ 1).w(1).to_owned();
            let k = sizes[last];
            let y = match loss {
                Loss::Softmax => {
                    Target::Classes(Array1::from_shape_fn(rows, |i| ((seed >> (i % 60)) % k as u64) as u32))
                }
                Loss::Logistic => Target::Values(Array2::from_shape_fn((rows, k), |(i, j)| {
                    f64::from((seed >> ((3 * i + j) % 60)) as u32 & 1)
                })),
                Loss::Squared => Target::Values(
                    Init::AsWritten.draw::<f64>(&network_of(&[rows, k]), seed ^ 2).w(1).to_owned(),
                ),
            };
            (network, params, Data::new(x, y).unwrap())
        },
    )
}

fn network_of(sizes: &[usize]) -> Network {
    Network::new(sizes, Activation::Relu, Loss::Squared, Penalty { reg: 0.0, over: Penalized::All }).unwrap()
}

/// The loss, and the signs of all hidden pre-activations.
fn loss_and_signs(network: &Network, params: &Params<f64>, data: &Data<f64>) -> (f64, Vec<bool>) {
    let pass = forward(network, params, data.x.view());
    let signs = pass.z[1..network.layers()].iter().flatten().map(|&z| z > 0.0).collect();
    (objective(network, params, &pass, &data.y).loss(), signs)
}

#[test]
fn the_gradient_of_500_random_networks_agrees_with_central_differences() {
    let (entries, kinks) = (Cell::new(0u32), Cell::new(0u32));
    let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
    let result = runner.run(&case(), |(network, mut params, data)| {
        let (_, grads) = loss_and_grad(&network, &params, &data);
        let mut numeric = Params::<f64>::zeros(&network.sizes);
        let mut left_out = vec![false; numeric.values().len()];
        for (i, left_out) in left_out.iter_mut().enumerate() {
            let p = params.values()[i];
            params.values_mut()[i] = p + H;
            let (above, signs_above) = loss_and_signs(&network, &params, &data);
            params.values_mut()[i] = p - H;
            let (below, signs_below) = loss_and_signs(&network, &params, &data);
            params.values_mut()[i] = p;
            numeric.values_mut()[i] = (above - below) / (2.0 * H);
            *left_out = network.activation == Activation::Relu && signs_above != signs_below;
        }
        entries.set(entries.get() + left_out.len() as u32);
        kinks.set(kinks.get() + left_out.iter().filter(|&&kink| kink).count() as u32);
        // Within 1e-6 of each layer's largest entry; what is below the rounding of the differences
        // (about 1e-16 loss / h) cannot be told from 0.
        let (loss, _) = loss_and_signs(&network, &params, &data);
        let mut start = 0;
        for l in 1..=network.layers() {
            let range = start..start + params.wb(l).len();
            start = range.end;
            let largest = numeric.values()[range.clone()].iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for i in range.filter(|&i| !left_out[i]) {
                let error = (grads.values()[i] - numeric.values()[i]).abs();
                prop_assert!(
                    error <= 1e-6 * largest + 1e-10 * loss.max(1.0),
                    "layer {l}: {} by backward, {} by differences",
                    grads.values()[i],
                    numeric.values()[i],
                );
            }
        }
        Ok(())
    });
    println!("{} entries compared, {} left out at kinks", entries.get() - kinks.get(), kinks.get());
    result.unwrap();
    assert!(kinks.get() * 100 < entries.get(), "more than 1 % of the entries were left out");
}
