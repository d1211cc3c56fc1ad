//! The first weights.

use crate::activation::{Activation, by_name};
use crate::error::{Error, Result};
use crate::network::Network;
use crate::params::Params;
use crate::random::{Purpose, generator};
use crate::real::Real;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// How the first weights are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Weights normal with variance 2/fan_in, biases zero: what the notebook's text asks for
    /// (He et al., *Delving Deep into Rectifiers*, 2015; cs231n, *neural networks 2*).  For the activations
    /// beyond the notebook's gain/fan_in ([`Activation::gain`]).
    He,
    /// What the notebook's code computes.  `np.sqrt(2.0 / num_inputs + 1)` is `sqrt(2/fan_in + 1)`, not
    /// `sqrt(2/(fan_in + 1))`: the first layer starts sqrt(fan_in/2 + 1) times as large as He's.  The other
    /// layers get `sqrt(2/(fan_in + 1))`; the bias row is drawn like the weights.
    AsWritten,
    /// Weights uniform within ±sqrt(6/(fan_in + fan_out)), for `logistic` ±sqrt(2/(fan_in + fan_out)),
    /// biases zero (Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural
    /// networks*, 2010; the smaller bound as in scikit-learn).
    Glorot,
    /// Weights and biases uniform within Glorot's bound, as scikit-learn draws them: the kinks of rectifiers are spread,
    /// and do not all begin at the mean of the rows.
    Sklearn,
    /// Weights normal with variance 1/fan_in, biases normal with variance 1; the last layer zero, so that the first
    /// outputs are those of no knowledge (Holzmüller, Grinsztajn and Steinwart, *Better by default*, 2024).
    Ntk,
}

impl Init {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::He, Self::AsWritten, Self::Glorot, Self::Sklearn, Self::Ntk];

    /// The name on the command line: `he`, `as-written`, `glorot`, `sklearn`, `ntk`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::He => "he",
            Self::AsWritten => "as-written",
            Self::Glorot => "glorot",
            Self::Sklearn => "sklearn",
            Self::Ntk => "ntk",
        }
    }

    /// First weights for `network`, drawn at double precision layer by layer, row by row.
    #[must_use]
    pub fn draw<R: Real>(self, network: &Network, seed: u64) -> Params<R> {
        let mut random = generator(seed, Purpose::Weights);
        let mut params = Params::zeros(&network.sizes);
        for l in 1..=network.layers() {
            let activation = own_or_last(network, l);
            let (fan_in, fan_out) = (network.sizes[l - 1] as f64, network.sizes[l] as f64);
            let mut normal = |deviation: f64| R::of(deviation * random.sample::<f64, _>(StandardNormal));
            match self {
                Self::He => params.w_mut(l).mapv_inplace(|_| normal((activation.gain() / fan_in).sqrt())),
                Self::AsWritten if l == 1 => {
                    params.wb_mut(l).mapv_inplace(|_| normal((2.0 / fan_in + 1.0).sqrt()));
                }
                Self::AsWritten => params.wb_mut(l).mapv_inplace(|_| normal((2.0 / (fan_in + 1.0)).sqrt())),
                Self::Ntk if l == network.layers() => {}
                Self::Ntk => {
                    params.w_mut(l).mapv_inplace(|_| normal((1.0 / fan_in).sqrt()));
                    params.b_mut(l).mapv_inplace(|_| normal(1.0));
                }
                Self::Glorot | Self::Sklearn => {
                    let bound: f64 = (activation.glorot_factor() / (fan_in + fan_out)).sqrt();
                    let mut uniform = |_| R::of(random.random_range(-bound..=bound));
                    params.w_mut(l).mapv_inplace(&mut uniform);
                    if self == Self::Sklearn {
                        params.b_mut(l).mapv_inplace(&mut uniform);
                    }
                }
            }
        }
        params
    }
}

/// The activation of layer l; the last layer, which has none, is drawn like the one below it.
fn own_or_last(network: &Network, l: usize) -> Activation {
    let own = network.activations.get(l - 1).or(network.activations.last());
    own.copied().unwrap_or(Activation::Identity)
}

impl std::str::FromStr for Init {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("initialisation", name, &Self::ALL, |i| i.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Loss;
    use crate::network::{Penalized, Penalty};

    #[test]
    fn as_scikit_learn_does_biases_are_drawn_within_the_bound_of_the_weights() {
        let penalty = Penalty { reg: 0.0, over: Penalized::Weights };
        let network = Network::new(&[3, 50, 2], Activation::Relu, Loss::Softmax, penalty).unwrap();
        let (both, weights): (Params<f64>, Params<f64>) =
            (Init::Sklearn.draw(&network, 1), Init::Glorot.draw(&network, 1));
        let bound = (6.0_f64 / 53.0).sqrt();
        assert!(both.wb(1).iter().all(|p| p.abs() <= bound && *p != 0.0));
        assert_eq!(both.w(1), weights.w(1));
        assert!(both.b(1).iter().any(|b| b.abs() > bound / 2.0));
        assert!(weights.b(1).iter().all(|&b| b == 0.0));
    }
}
