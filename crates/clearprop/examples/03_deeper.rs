//! Deeper networks: any number of hidden layers, the same three verbs.
//!
//!     cargo run --release -p clearprop --example 03_deeper
//!
//! The second part looks at what depth does to the derivative: at the first step, how large is
//! `dz[l]`, layer by layer, with the logistic activation (slopes of at most 1/4) and with relu?

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use clearprop::activation::Activation;
use clearprop::backward::backward;
use clearprop::data::{Data, Spirals, spirals, split};
use clearprop::error::Result;
use clearprop::forward::forward;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::settings::Settings;
use clearprop::train::{Trainer, train};
use std::ops::ControlFlow;

const PENALTY: Penalty = Penalty { reg: 0.001, over: Penalized::Weights };

fn main() -> Result<()> {
    let data = spirals::<f64>(&Spirals::default(), 0)?;
    let (train_rows, test_rows) = split(data.len(), 0.33, 0)?;
    for hidden in [vec![], vec![20], vec![20, 20], vec![20, 20, 20]] {
        let accuracy = test_accuracy(&hidden, data.select(&train_rows), &data.select(&test_rows))?;
        println!("hidden layers {hidden:?}: test accuracy {accuracy:.3}");
    }

    for activation in [Activation::Logistic, Activation::Relu] {
        let network = Network::new(&[2, 20, 20, 20, 20, 3], activation, Loss::Softmax, PENALTY)?;
        let params = Init::He.draw(&network, 0);
        let pass = forward(&network, &params, data.x.view());
        let (_, derivatives) = backward(&network, &params, &pass, &data.y);
        for l in 1..=network.layers() {
            let largest = derivatives.z[l].iter().fold(0.0, |m: f64, d| m.max(d.abs()));
            println!("{}: largest |dz{l}| = {largest:.1e}", activation.name());
        }
    }
    Ok(())
}

/// Trains a network with these hidden layers for 2000 steps.
fn test_accuracy(hidden: &[usize], data: Data<f64>, test: &Data<f64>) -> Result<f64> {
    let settings = Settings {
        hidden: hidden.to_vec(),
        init: Init::He,
        penalize: Penalized::Weights,
        steps: Some(2000),
        ..Settings::notebook()
    };
    let network = settings.network(2, 3, Loss::Softmax)?;
    let params = settings.init.draw(&network, settings.seed);
    let mut trainer = Trainer::new(network, params, data, None, settings)?;
    train(&mut trainer, |_, _| ControlFlow::Continue(()));
    Ok(trainer.evaluate(test).score)
}
