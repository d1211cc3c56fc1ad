//! The objective: the number that training makes small, and its gradient.
//!
//! ```text
//! loss = data_loss + penalty
//! ```

use crate::backward::backward;
use crate::data::Data;
use crate::forward::{Pass, forward};
use crate::network::{Network, Penalized};
use crate::params::Params;
use crate::real::Real;
use crate::target::Weighted;

/// `loss` and the two numbers it is the sum of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// Mean over rows of the loss of each row, each as its weight says.
    pub data_loss: f64,
    /// `reg/2 * sum(w^2)`, over the weights or over weights and biases.
    pub penalty: f64,
}

impl Objective {
    /// `data_loss + penalty`.
    #[must_use]
    pub fn loss(self) -> f64 {
        self.data_loss + self.penalty
    }
}

/// The objective at the values of a forward pass.
#[must_use]
pub fn objective<'a, R: Real>(
    network: &Network,
    params: &Params<R>,
    pass: &Pass<R>,
    y: impl Into<Weighted<'a, R>>,
) -> Objective {
    Objective { data_loss: network.loss.data_loss(pass.logits(), y), penalty: penalty(network, params) }
}

/// `reg/2 * sum(w^2)`, over the weights or over weights and biases.
#[must_use]
pub fn penalty<R: Real>(network: &Network, params: &Params<R>) -> f64 {
    if network.penalty.reg == 0.0 {
        return 0.0;
    }
    let squares: f64 = (1..=network.layers())
        .map(|l| {
            let penalized = match network.penalty.over {
                Penalized::All => params.wb(l),
                Penalized::Weights => params.w(l),
            };
            penalized.iter().map(|w| w.f64() * w.f64()).sum::<f64>()
        })
        .sum();
    0.5 * network.penalty.reg * squares
}

/// Forward, loss, backward: the objective and its gradient by every weight and bias.
///
/// ```
/// use clearprop::{data::{Spirals, spirals}, init::Init, objective::loss_and_grad};
/// use clearprop::{activation::Activation, loss::Loss, network::{Network, Penalized, Penalty}};
/// let data = spirals::<f64>(&Spirals::default(), 0)?;
/// let penalty = Penalty { reg: 0.001, over: Penalized::All };
/// let network = Network::new(&[2, 200, 3], Activation::Relu, Loss::Softmax, penalty)?;
/// let params = Init::He.draw(&network, 0);
/// let (objective, grads) = loss_and_grad(&network, &params, &data);
/// assert!((objective.data_loss - 3.0_f64.ln()).abs() < 0.5); // three classes, nothing learnt yet
/// assert_eq!(grads.sizes(), params.sizes());
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Panics
/// If `params` or `data` do not have the network's sizes ([`Data::fits`] tells beforehand).
#[must_use]
pub fn loss_and_grad<R: Real>(
    network: &Network,
    params: &Params<R>,
    data: &Data<R>,
) -> (Objective, Params<R>) {
    let pass = forward(network, params, data.x.view());
    let objective = objective(network, params, &pass, data.answers());
    let (grads, _) = backward(network, params, &pass, data.answers());
    (objective, grads)
}
