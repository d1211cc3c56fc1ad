//! The gradient against central differences, of the fourth order so that a wide step can be taken:
//! `dloss/dp = (8 (loss(p + h) - loss(p - h)) - (loss(p + 2h) - loss(p - 2h))) / 12h`.
//!
//! The differences know nothing of `backward`.  A rectifier's kink is no error of the gradient: an entry
//! is left out, and counted, when a pre-activation of a hidden layer changes its sign between p - 2h
//! and p + 2h.

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
use clearprop::target::TargetKind;
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;

const H: f64 = 1e-4;

/// A network, weights and data, all random.
fn case() -> impl Strategy<Value = (Network, Params<f64>, Data<f64>)> {
    let sizes = prop::collection::vec(1usize..6, 2..=6);
    // One for each hidden layer, and more than there are.
    let activations = prop::collection::vec(prop::sample::select(Activation::ALL.to_vec()), 6);
    let loss = prop::sample::select(Loss::ALL.to_vec());
    let over = prop::sample::select(Penalized::ALL.to_vec());
    let reg = prop_oneof![Just(0.0), 1e-3..1.0];
    (sizes, activations, loss, over, reg, 1usize..8, any::<u64>()).prop_map(
        |(mut sizes, activations, loss, over, reg, rows, seed)| {
            let last = sizes.len() - 1;
            if loss.takes() == TargetKind::Classes {
                sizes[last] += 1;
            }
            let network = Network::new(&sizes, Activation::Relu, loss, Penalty { reg, over }).unwrap();
            let network = network.with_activations(&activations[..sizes.len() - 2]).unwrap();
            // As-written weights: its biases are not zero, so that no mistake in them can hide.
            let params = Init::AsWritten.draw(&network, seed);
            let x = Init::AsWritten.draw::<f64>(&network_of(&[rows, sizes[0]]), seed ^ 1).w(1).to_owned();
            let k = sizes[last];
            let y = match loss.takes() {
                TargetKind::Classes => {
                    Target::Classes(Array1::from_shape_fn(rows, |i| ((seed >> (i % 60)) % k as u64) as u32))
                }
                TargetKind::Labels => Target::Values(Array2::from_shape_fn((rows, k), |(i, j)| {
                    f64::from((seed >> ((3 * i + j) % 60)) as u32 & 1)
                })),
                TargetKind::Counts => {
                    Target::Values(Array2::from_shape_fn((rows, k), |(i, j)| ((i * 7 + j) % 5) as f64))
                }
                TargetKind::Numbers => Target::Values(
                    Init::AsWritten.draw::<f64>(&network_of(&[rows, k]), seed ^ 2).w(1).to_owned(),
                ),
            };
            let data = Data::new(x, y).unwrap();
            // Every other case has rows with weights, some of them 0.
            let weights = Array1::from_shape_fn(rows, |i| if i == 0 { 0.7 } else { (i % 3) as f64 });
            let data = if seed & 1 == 0 { data } else { data.with_weights(weights).unwrap() };
            // Every third has a scale of the inputs.
            let mut params = if seed % 3 == 0 { params.with_scale() } else { params };
            if let Some(mut s) = params.s_mut() {
                s.iter_mut().enumerate().for_each(|(i, s)| *s = 1.5 - i as f64 * 0.7);
            }
            (network, params, data)
        },
    )
}

fn network_of(sizes: &[usize]) -> Network {
    Network::new(sizes, Activation::Relu, Loss::Squared, Penalty { reg: 0.0, over: Penalized::All }).unwrap()
}

/// The loss, and on which side it is of every point where a slope jumps or bends.
fn loss_and_signs(network: &Network, params: &Params<f64>, data: &Data<f64>) -> (f64, Vec<bool>) {
    let pass = forward(network, params, data.x.view());
    let pieces = (1..).zip(&network.activations).filter(|(_, one)| one.is_piecewise());
    let mut signs: Vec<bool> = pieces.flat_map(|(l, _)| pass.z[l].iter().map(|&z| z > 0.0)).collect();
    signs.extend(network.loss.sides_of_kinks(pass.logits(), &data.y));
    (objective(network, params, &pass, data.answers()).loss(), signs)
}

#[test]
fn the_gradient_of_500_random_networks_agrees_with_central_differences() {
    let (entries, kinks) = (Cell::new(0u32), Cell::new(0u32));
    // The same 500 every time: a failure can be looked at again.
    let config = Config { cases: 500, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&case(), |(network, mut params, data)| {
        let (_, grads) = loss_and_grad(&network, &params, &data);
        let mut numeric = params.zeros_like();
        let mut left_out = vec![false; numeric.values().len()];
        for (i, left_out) in left_out.iter_mut().enumerate() {
            let p = params.values()[i];
            let mut loss_at = |steps: f64| {
                params.values_mut()[i] = p + steps * H;
                loss_and_signs(&network, &params, &data)
            };
            let [far_below, below, above, far_above] = [-2.0, -1.0, 1.0, 2.0].map(&mut loss_at);
            params.values_mut()[i] = p;
            numeric.values_mut()[i] = (8.0 * (above.0 - below.0) - (far_above.0 - far_below.0)) / (12.0 * H);
            *left_out = far_above.1 != far_below.1;
        }
        entries.set(entries.get() + left_out.len() as u32);
        kinks.set(kinks.get() + left_out.iter().filter(|&&kink| kink).count() as u32);
        // Within 1e-6 of each layer's largest entry; what is below the rounding of the differences
        // (about 1e-16 loss / h) cannot be told from 0.
        let (loss, _) = loss_and_signs(&network, &params, &data);
        let mut start = 0;
        for l in 1..=network.layers() + 1 {
            // Behind the last layer the scale, if there is one.
            let len = if l <= network.layers() { params.wb(l).len() } else { params.values().len() - start };
            let range = start..start + len;
            start = range.end;
            let largest = numeric.values()[range.clone()].iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for i in range.filter(|&i| !left_out[i]) {
                let error = (grads.values()[i] - numeric.values()[i]).abs();
                prop_assert!(
                    error <= 1e-6 * largest + 1e-11 * loss.max(1.0),
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
    assert!(kinks.get() * 50 < entries.get(), "more than 2 % of the entries were left out");
}

#[test]
fn a_kink_between_the_two_ends_is_seen() {
    let penalty = Penalty { reg: 0.0, over: Penalized::All };
    let network = Network::new(&[1, 1, 1], Activation::Relu, Loss::Squared, penalty).unwrap();
    let data = Data::new(ndarray::array![[1.0]], Target::Values(ndarray::array![[3.0]])).unwrap();
    // z1 = w1 + b1: 1.5 H above the kink, and 3 H above it.
    for (above, crossed) in [(1.5 * H, true), (3.0 * H, false)] {
        let signs = [-2.0, 2.0].map(|steps| {
            let params =
                Params::from_values(&[1, 1, 1], vec![1.0 + above + steps * H, -1.0, 1.0, 0.0]).unwrap();
            loss_and_signs(&network, &params, &data).1
        });
        assert_eq!(signs[0] != signs[1], crossed);
    }
}

#[test]
fn a_weight_that_cannot_be_is_refused_with_its_row() {
    let data = || Data::new(Array2::zeros((3, 2)), Target::Values(Array2::<f64>::zeros((3, 1)))).unwrap();
    for (weights, said) in [
        (vec![1.0, 2.0], "x has 3 rows, and there are 2 weights"),
        (vec![1.0, -2.0, 1.0], "found -2 at weights[1]"),
        (vec![1.0, 2.0, f64::NAN], "found NaN at weights[2]"),
        (vec![0.0; 3], "all weights are 0"),
    ] {
        let error = data().with_weights(weights.into()).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
    }
}

/// The central difference of the fourth order.
fn slope_at(x: f64, h: f64, f: impl Fn(f64) -> f64) -> f64 {
    (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h)
}

proptest! {
    #[test]
    fn the_derivative_of_every_activation_is_its_slope(z in -30.0..30.0f64, parameter in 0.01..3.0f64) {
        let parametrised = Activation::ALL.map(|one| match one {
            Activation::LeakyRelu { .. } => Activation::LeakyRelu { slope: parameter - 1.0 },
            Activation::Elu { .. } => Activation::Elu { alpha: parameter },
            other => other,
        });
        for activation in Activation::ALL.into_iter().chain(parametrised) {
            if activation.is_piecewise() && z.abs() < 2.0 * H {
                continue;
            }
            let slope = slope_at(z, H, |z| activation.value(z));
            let derivative = activation.derivative(z, activation.value(z));
            prop_assert!(
                (slope - derivative).abs() <= 1e-9 * slope.abs() + 1e-10,
                "{activation} at {z}: {derivative}, by differences {slope}"
            );
            // Single precision has the same value and the same slope.
            #[allow(clippy::cast_possible_truncation, reason = "on purpose")]
            let single = z as f32;
            let (value, wide) = (activation.value(single), f64::from(single));
            let (right, slope) = (activation.value(wide), activation.derivative(wide, activation.value(wide)));
            prop_assert!((f64::from(value) - right).abs() <= 1e-5 * right.abs().max(1e-3), "{activation} at {z}");
            let found = f64::from(activation.derivative(single, value));
            prop_assert!((found - slope).abs() <= 1e-5 * slope.abs().max(1.0), "{activation}' at {z}: {found}");
        }
    }

    #[test]
    fn the_derivative_of_every_loss_is_its_slope(
        logits in prop::collection::vec(-5.0..5.0f64, 3),
        numbers in prop::collection::vec(-5.0..5.0f64, 3),
        class in 0u32..3,
        parameter in 0.1..3.0f64,
    ) {
        let parametrised = Loss::ALL.map(|one| match one {
            Loss::Huber { .. } => Loss::Huber { delta: parameter },
            other => other,
        });
        for loss in Loss::ALL.into_iter().chain(parametrised) {
            let y = match loss.takes() {
                TargetKind::Classes => Target::Classes(Array1::from_elem(1, class)),
                TargetKind::Labels => {
                    Target::Values(Array2::from_shape_fn((1, 3), |(_, j)| f64::from(u8::from(numbers[j] > 0.0))))
                }
                TargetKind::Counts => Target::Values(Array2::from_shape_fn((1, 3), |(_, j)| numbers[j].abs())),
                TargetKind::Numbers => Target::Values(Array2::from_shape_fn((1, 3), |(_, j)| numbers[j])),
            };
            let at = |j: usize, z: f64| {
                let mut row = Array2::from_shape_fn((1, 3), |(_, j)| logits[j]);
                row[[0, j]] = z;
                row
            };
            let slopes = loss.row_slopes(&loss.outputs(&at(0, logits[0])), &y);
            for j in 0..3 {
                let (low, high) = (at(j, logits[j] - 2.0 * H), at(j, logits[j] + 2.0 * H));
                if loss.sides_of_kinks(&low, &y) != loss.sides_of_kinks(&high, &y) {
                    continue;
                }
                let slope = slope_at(logits[j], H, |z| loss.row_losses(&at(j, z), &y)[0]);
                prop_assert!(
                    (slope - slopes[[0, j]]).abs() <= 1e-8 * slope.abs().max(1.0),
                    "{loss} by logit {j} of {logits:?}: {}, by differences {slope}", slopes[[0, j]]
                );
            }
        }
    }
}
