//! L-BFGS against SciPy's, step by step (`golden/make_lbfgs.py`).

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use clearprop::activation::Activation;
use clearprop::data::{Data, Target};
use clearprop::lbfgs::{Lbfgs, PAIRS, Step};
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::loss_and_grad;
use clearprop::params::Params;
use clearprop_files::npz::{self, Npz};
use std::fs::File;
use std::path::Path;

fn weights(file: &Npz, suffix: &str, sizes: &[usize]) -> Params<f64> {
    let mut params = Params::zeros(sizes);
    for l in 1..=2 {
        params.wb_mut(l).assign(&file.matrix::<f64>(&format!("W{l}{suffix}")).unwrap());
    }
    params
}

fn farthest(a: &Params<f64>, b: &Params<f64>) -> f64 {
    let largest = b.values().iter().fold(0.0f64, |most, b| most.max(b.abs()));
    a.values().iter().zip(b.values()).fold(0.0f64, |most, (a, b)| most.max((a - b).abs())) / largest
}

/// The first 20 steps within `1e-10` of SciPy's, then as near as SciPy is to itself on another machine; how many
/// steps and evaluations it takes in all, ours and SciPy's.
fn check(name: &str, activation: Activation, loss: Loss) -> [(usize, u64); 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name);
    let file = npz::read(File::open(path).unwrap(), name).unwrap();
    let y = match loss {
        Loss::Softmax => Target::Classes(file.whole("y").unwrap()),
        _ => Target::Values(file.matrix("y").unwrap()),
    };
    let data = Data::new(file.matrix::<f64>("X").unwrap(), y).unwrap();
    let shape = |name: &str| file.get(name).unwrap().shape.clone();
    let sizes = [shape("W1")[0] - 1, shape("W1")[1], shape("W2")[1]];
    let penalty = Penalty { reg: file.scalar("reg").unwrap(), over: Penalized::Weights };
    let network = Network::new(&sizes, activation, loss, penalty).unwrap();
    let losses = file.vector::<f64>("losses").unwrap();
    let mut params = weights(&file, "", &sizes);
    let mut lbfgs = Lbfgs::default();
    let mut steps = 0;
    loop {
        let step = lbfgs.step(&mut params, file.scalar("tolerance").unwrap(), |params| {
            let (objective, grads) = loss_and_grad(&network, params, &data);
            (objective.loss(), grads)
        });
        let Step::Taken { before, now } = step else { break };
        steps += 1;
        assert!(now < before, "{name}: step {steps} goes up");
        assert!(lbfgs.pairs().len() <= PAIRS);
        if steps <= 20 {
            for (ours, theirs) in [(before, losses[steps - 1]), (now, losses[steps])] {
                let error = (ours - theirs).abs() / theirs.abs();
                assert!(error <= 1e-10, "{name}: step {steps}: {ours}, SciPy {theirs}");
            }
        }
        if steps == 20 {
            let error = farthest(&params, &weights(&file, "_20", &sizes));
            assert!(error <= 1e-9, "{name}: after 20 steps the weights are {error:e} apart");
        }
    }
    let end = losses[losses.len() - 1];
    let (objective, _) = loss_and_grad(&network, &params, &data);
    assert!((objective.loss() - end).abs() < 1e-2 * end, "{name}: {}, SciPy {end}", objective.loss());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    let evaluations = file.scalar("nfev").unwrap() as u64;
    [(steps, lbfgs.evaluations()), (losses.len() - 1, evaluations)]
}

#[test]
fn a_smooth_network_takes_the_steps_that_scipy_takes() {
    let [ours, theirs] = check("lbfgs_tanh_softmax.npz", Activation::Tanh, Loss::Softmax);
    assert_eq!(ours, theirs);
}

#[test]
fn a_network_with_kinks_begins_as_scipy_does_and_ends_as_low() {
    check("lbfgs_relu_squared.npz", Activation::Relu, Loss::Squared);
}
