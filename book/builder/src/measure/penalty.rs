//! The penalty: three conventions and their derivatives, and what the bias row changes.

use super::golden;
use super::measured::Measured;
use clearprop::error::Result;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::{loss_and_grad, penalty};
use clearprop::optim::{Optimiser, Rule};
use clearprop::params::Params;

/// How long each run is.
const STEPS: usize = 2000;

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    // reg/2 w^2 at w = 3, reg = 0.1, beside its derivative.
    let one = |w: f64| -> Result<f64> {
        let network = with(&[1, 1], 0.1, Penalized::Weights)?;
        let params = Params::from_values(&[1, 1], vec![w, 5.0]).unwrap_or_else(|| Params::zeros(&[1, 1]));
        Ok(penalty(&network, &params))
    };
    m.set("penalty.at_3", one(3.0)?);
    m.set("penalty.slope_at_3", (one(3.0 + 1e-6)? - one(3.0 - 1e-6)?) / 2e-6);

    // The small golden spirals, with other strengths of the penalty.
    let small = golden::read("notebook_small_stages")?;
    for (name, reg, over) in [
        ("none", 0.0, Penalized::All),
        ("notebook", 0.001, Penalized::All),
        ("strong", 0.1, Penalized::All),
        ("weights", 0.001, Penalized::Weights),
    ] {
        let network = with(&small.network.sizes, reg, over)?;
        let mut params = small.start.clone();
        let mut optimiser = Optimiser::new(Rule::Gd, small.step_size, &network.sizes)?;
        for _ in 0..STEPS {
            let (_, grads) = loss_and_grad(&network, &params, &small.train);
            optimiser.update(&mut params, &grads);
        }
        let (end, _) = loss_and_grad(&network, &params, &small.train);
        m.set(format!("penalty.{name}.data_loss"), end.data_loss);
        m.set(format!("penalty.{name}.size"), params.values().iter().map(|w| w * w).sum::<f64>().sqrt());
    }
    m.set("penalty.steps", STEPS as f64);
    m.set("penalty.rows", small.train.len() as f64);
    Ok(())
}

fn with(sizes: &[usize], reg: f64, over: Penalized) -> Result<Network> {
    let loss = if sizes[sizes.len() - 1] == 1 {
        clearprop::loss::Loss::Squared
    } else {
        clearprop::loss::Loss::Softmax
    };
    Network::new(sizes, clearprop::activation::Activation::Relu, loss, Penalty { reg, over })
}
