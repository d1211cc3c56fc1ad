//! A step of the block engine is a step of the plain path.

use super::*;
use crate::activation::Activation;
use crate::fast::team::{Pace, with_team};
use crate::loss::Loss;
use crate::network::Penalty;
use crate::objective::loss_and_grad;
use crate::optim::Rule;
use ndarray::{Array1, Array2};
use rand::RngExt;
use rand::SeedableRng;
use rand_pcg::Pcg64;

fn data<R: Real>(n: usize, d: usize, k: usize, loss: Loss, seed: u64) -> Data<R> {
    let mut generator = Pcg64::seed_from_u64(seed);
    let mut number = |_| R::of(generator.random_range(-1.0..1.0));
    let x = Array2::from_shape_fn((n, d), |_| number(()));
    let y = match loss {
        Loss::Softmax => {
            Target::Classes(Array1::from_shape_fn(n, |_| (number(()).f64().abs() * k as f64) as u32))
        }
        Loss::Logistic => Target::Values(Array2::from_shape_fn((n, k), |_| {
            if number(()) > R::zero() { R::one() } else { R::zero() }
        })),
        Loss::Squared => Target::Values(Array2::from_shape_fn((n, k), |_| number(()))),
    };
    Data { x, y }
}

/// A network, and parameters that are all different from 0.
fn network<R: Real>(
    sizes: &[usize],
    activation: Activation,
    loss: Loss,
    over: Penalized,
) -> (Network, Params<R>) {
    let network = Network::new(sizes, activation, loss, Penalty { reg: 0.01, over }).unwrap();
    let mut params = Params::zeros(sizes);
    let mut generator = Pcg64::seed_from_u64(7);
    for l in 1..=network.layers() {
        let scale = 1.5 / (sizes[l - 1] as f64).sqrt();
        params.wb_mut(l).mapv_inplace(|_| R::of(generator.random_range(-1.0..1.0) * scale));
    }
    (network, params)
}

fn far<R: Real>(a: &[R], b: &[R]) -> f64 {
    let largest = b.iter().map(|b| b.f64().abs()).fold(1e-300, f64::max);
    let off = a.iter().zip(b).map(|(a, b)| (a.f64() - b.f64()).abs());
    off.fold(0.0, |worst: f64, off| if off > worst || off.is_nan() { off } else { worst }) / largest
}

/// Takes steps on both paths and compares losses, parameters and moments.
fn compare<R: Real>(
    what: &str,
    level: Level,
    (network, params): &(Network, Params<R>),
    data: &Data<R>,
    rule: Rule,
    batches: Batches<'_>,
    tolerance: f64,
) {
    let (mut plain, mut fast) = (params.clone(), params.clone());
    let mut plain_optimiser =
        Optimiser::new(rule, if rule == Rule::Gd { 8.0 } else { 0.05 }, &network.sizes).unwrap();
    let mut fast_optimiser = plain_optimiser.clone();
    let mut plain_losses = Vec::new();
    for step in 0..batches.steps() {
        let batch = batches.batch(step, data);
        let (objective, grads) = loss_and_grad(network, &plain, &batch);
        plain_losses.push(objective.loss());
        plain_optimiser.update(&mut plain, &grads);
    }
    let n = match batches {
        Batches::Full { .. } => data.len(),
        Batches::Of { size, .. } => size,
    };
    let mut losses = Vec::new();
    with_team(1, &Pace::default(), |team| {
        Blocks::new(network, n, level, 1).advance(
            &mut fast,
            &mut fast_optimiser,
            data,
            batches,
            &mut losses,
            team,
        );
    });
    let near = |name: &str, off: f64| {
        assert!(off <= tolerance, "{what} {level:?} {} {:?}: {name} is off by {off}", R::NAME, network.sizes);
    };
    near("loss", far(&losses, &plain_losses));
    for l in 1..=network.layers() {
        let moved = |after: &Params<R>| -> Vec<R> {
            after.wb(l).iter().zip(params.wb(l).iter()).map(|(a, b)| *a - *b).collect()
        };
        near(&format!("update of layer {l}"), far(&moved(&fast), &moved(&plain)));
    }
    for (a, b) in fast_optimiser.moments.iter().zip(&plain_optimiser.moments) {
        near("moment", far(a.values(), b.values()));
    }
    assert_eq!(fast_optimiser.t, plain_optimiser.t);
}

#[test]
fn a_step_is_that_of_the_plain_path() {
    let (net, batch) = (&[5, 33, 17, 10], Batches::Full { steps: 1 });
    for level in Level::available() {
        for loss in Loss::ALL {
            for activation in Activation::ALL {
                let what = format!("{loss:?} {activation:?}");
                let rule = Rule::Gd;
                let (data32, data64) = (data(45, 5, 10, loss, 1), data(45, 5, 10, loss, 1));
                compare::<f32>(
                    &what,
                    level,
                    &network(net, activation, loss, Penalized::All),
                    &data32,
                    rule,
                    batch,
                    1e-5,
                );
                compare::<f64>(
                    &what,
                    level,
                    &network(net, activation, loss, Penalized::Weights),
                    &data64,
                    rule,
                    batch,
                    1e-12,
                );
            }
        }
    }
}
