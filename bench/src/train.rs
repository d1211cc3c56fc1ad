//! Training a workload.

use crate::clock::Clock;
use clearprop::activation::Activation;
use clearprop::data::{Data, Target};
use clearprop::engine::Engine;
use clearprop::error::Result;
use clearprop::evaluate::evaluate;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalty};
use clearprop::optim::Solver;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::settings::Settings;
use clearprop::train::{Trainer, train};
use clearprop_files::npz::Npz;
use serde_json::{Value, json};
use std::ops::ControlFlow;

/// Seconds of training alone (those of [`Clock`], and what a person waits), `repeats` times, and the mean data loss over
/// all rows at the end.
pub(crate) fn run<R: Real>(file: &Npz, threads: usize, repeats: usize, engine: Engine) -> Result<Value> {
    let (network, params) = network::<R>(file)?;
    let data = Data::new(file.matrix("X")?, Target::Classes(file.whole("y")?))?;
    let settings = Settings { engine, ..settings(file, &network, threads)? };
    let (mut seconds, mut waited, mut loss) = (Vec::new(), Vec::new(), f64::NAN);
    for _ in 0..repeats {
        let mut trainer =
            Trainer::new(network.clone(), params.clone(), data.clone(), None, settings.clone())?;
        let clock = Clock::start(threads);
        train(&mut trainer, |_, _| ControlFlow::Continue(()));
        seconds.push(clock.seconds());
        waited.push(clock.waited());
        loss = evaluate(settings.engine, &network, std::slice::from_ref(trainer.params()), &data).loss;
    }
    Ok(json!({ "seconds": seconds, "waited": waited, "loss": loss }))
}

/// The network of a workload file, and its first weights.
pub(crate) fn network<R: Real>(file: &Npz) -> Result<(Network, Params<R>)> {
    let sizes: Vec<usize> = file.whole("sizes")?.iter().map(|&size| size as usize).collect();
    let penalty = Penalty { reg: file.scalar("reg")?, over: file.text("penalize")?.parse()? };
    let activation = file.get("activation").map_or(Ok("relu"), |_| file.text("activation"))?;
    let network = Network::new(&sizes, activation.parse::<Activation>()?, Loss::Softmax, penalty)?;
    let mut params = Params::zeros(&sizes);
    for l in 1..=network.layers() {
        params.wb_mut(l).assign(&file.matrix::<R>(&format!("W{l}"))?);
    }
    Ok((network, params))
}

fn settings(file: &Npz, network: &Network, threads: usize) -> Result<Settings> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the workloads' small whole numbers"
    )]
    let count = |name: &str| -> Result<usize> { Ok(file.scalar(name)? as usize) };
    let (solver, momentum) = match file.text("solver")? {
        "gd" => (Solver::Gd, None),
        "sgd" => (Solver::Sgd, Some(file.scalar("momentum")?)),
        _ => (Solver::Adam, None),
    };
    let batch = count("batch")?;
    Ok(Settings {
        hidden: network.sizes[1..network.layers()].to_vec(),
        activation: network.activations.clone(),
        reg: network.penalty.reg,
        penalize: network.penalty.over,
        solver,
        momentum,
        nesterov: momentum.map(|_| false),
        step_size: file.scalar("step_size")?,
        steps: None,
        epochs: Some(count("epochs")? as u64),
        batch_size: (batch > 0).then_some(batch),
        threads: Some(threads),
        ..Settings::notebook()
    })
}
