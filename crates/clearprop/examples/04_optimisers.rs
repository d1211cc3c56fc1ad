//! Optimisers: the same gradient, used in four ways.
//!
//!     cargo run --release -p clearprop --example 04_optimisers
//!
//! The loop is written out here, so that its verbs can be seen: loss and gradient, then update.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use clearprop::activation::Activation;
use clearprop::data::{Batches, Spirals, spirals};
use clearprop::engine::Engine;
use clearprop::error::Result;
use clearprop::evaluate::evaluate;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::loss_and_grad;
use clearprop::optim::{Optimiser, Rule};
use clearprop::random::{Purpose, shuffled};

fn main() -> Result<()> {
    let data = spirals::<f64>(&Spirals { points: 100, ..Spirals::default() }, 0)?;
    let penalty = Penalty { reg: 0.001, over: Penalized::Weights };
    let network = Network::new(&[2, 50, 3], Activation::Relu, Loss::Softmax, penalty)?;
    let rules = [
        ("gradient descent", Rule::Gd, 0.5, data.len()),
        ("momentum", Rule::Sgd { momentum: 0.9, nesterov: false }, 0.1, 30),
        ("Nesterov", Rule::Sgd { momentum: 0.9, nesterov: true }, 0.1, 30),
        ("Adam", Rule::ADAM, 0.01, 30),
    ];
    for (name, rule, step_size, size) in rules {
        let mut params = Init::He.draw(&network, 0);
        let mut optimiser = Optimiser::new(rule, step_size, &network.sizes)?;
        for epoch in 0..200 {
            let rows = shuffled(data.len(), 0, Purpose::Shuffle(epoch));
            let batches = Batches::Of { rows: &rows, size };
            for step in 0..batches.steps() {
                let (_, grads) = loss_and_grad(&network, &params, &batches.batch(step, &data));
                optimiser.update(&mut params, &grads);
            }
        }
        let end = evaluate(Engine::default(), &network, std::slice::from_ref(&params), &data);
        println!("{name:>16}: data loss {:.3}, accuracy {:.3} after 200 epochs", end.loss, end.score);
    }
    Ok(())
}
