//! What a network is: its layers' sizes, its activation, its loss, its penalty.  Not its numbers:
//! those are [`Params`](crate::params::Params).

use crate::activation::{Activation, by_name};
use crate::error::{Error, ErrorKind, Result};
use crate::loss::Loss;
use serde::{Deserialize, Serialize};

/// A fully connected network, d inputs to k outputs:
///
/// ```text
/// a[0] = x                                            (n, d)
/// z[l] = a[l-1] w[l] + b[l]       l = 1..=L           (n, fan_out)
/// a[l] = activation(z[l])         l < L
/// logits = z[L]                                       (n, k)
/// loss = data_loss(logits, y) + reg/2 * sum(w^2)
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// `[d, h1, h2, .., k]`: L + 1 numbers.
    pub sizes: Vec<usize>,
    /// The nonlinearity of every layer but the last.
    pub activation: Activation,
    /// What is made small.
    pub loss: Loss,
    /// What is paid for large weights.
    pub penalty: Penalty,
}

/// L2 regularisation, `reg/2 * sum(w^2)`, beside the mean data loss.
///
/// The notebook's convention; scikit-learn's is `alpha/(2n) * sum(w^2)`, so `reg = alpha/n`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Penalty {
    /// Its strength, 0 for none (the notebook: 0.001).
    pub reg: f64,
    /// What it is taken over.
    pub over: Penalized,
}

/// What the penalty is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Penalized {
    /// The weights alone: the field's habit.
    Weights,
    /// Weights and biases: what the bias trick leads to, hence the notebook's default.
    All,
}

impl Penalized {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Weights, Self::All];

    /// The name on the command line: `weights` or `all`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::All => "all",
        }
    }
}

impl std::str::FromStr for Penalized {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        by_name("penalty", name, &Self::ALL, |p| p.name())
    }
}

/// The most parameters a network may have: beyond it a size is a slip of the keyboard.
const MOST_PARAMETERS: usize = 1 << 31;

/// The most classes or outputs: beyond it the answers are an ID or free text.
pub const MOST_OUTPUTS: usize = 1 << 16;

impl Network {
    /// A network of these sizes.
    ///
    /// ```
    /// use clearprop::{activation::Activation, loss::Loss, network::{Network, Penalized, Penalty}};
    /// let penalty = Penalty { reg: 0.001, over: Penalized::All };
    /// let network = Network::new(&[2, 200, 3], Activation::Relu, Loss::Softmax, penalty)?;
    /// assert_eq!((network.inputs(), network.layers(), network.outputs()), (2, 2, 3));
    /// assert!(Network::new(&[2, 0, 3], Activation::Relu, Loss::Softmax, penalty).is_err());
    /// # Ok::<(), clearprop::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fewer than two sizes, a size of 0, too many parameters for any machine or outputs, one softmax output,
    /// or a negative, infinite or NaN `reg`.
    pub fn new(sizes: &[usize], activation: Activation, loss: Loss, penalty: Penalty) -> Result<Self> {
        let setting = |found: String| Error::new(ErrorKind::Setting, found);
        if sizes.len() < 2 {
            return Err(setting(format!("a network needs inputs and outputs, found sizes {sizes:?}")));
        }
        if let Some(l) = sizes.iter().position(|&size| size == 0) {
            let what = match l {
                0 => "0 inputs".to_owned(),
                l if l == sizes.len() - 1 => "0 outputs".to_owned(),
                l => format!("hidden layer {l} has 0 units"),
            };
            return Err(setting(what).hint("every layer needs at least one unit"));
        }
        let count = sizes
            .windows(2)
            .try_fold(0usize, |sum, pair| pair[0].checked_add(1)?.checked_mul(pair[1])?.checked_add(sum));
        if count.is_none_or(|count| count > MOST_PARAMETERS) {
            return Err(setting(format!("a network of sizes {sizes:?} has too many parameters"))
                .hint("make the hidden layers smaller"));
        }
        if sizes[sizes.len() - 1] > MOST_OUTPUTS {
            let found =
                format!("{} classes or outputs, at most {MOST_OUTPUTS} are learnt", sizes[sizes.len() - 1]);
            return Err(Error::new(ErrorKind::Data, found).hint("is another column the target?"));
        }
        if loss == Loss::Softmax && sizes[sizes.len() - 1] < 2 {
            return Err(Error::new(ErrorKind::Data, "softmax over a single class")
                .hint("the label needs at least two different values"));
        }
        if !(penalty.reg >= 0.0 && penalty.reg.is_finite()) {
            return Err(setting(format!("reg is {}, expected a number from 0 up", penalty.reg)));
        }
        Ok(Self { sizes: sizes.to_vec(), activation, loss, penalty })
    }

    /// L, the number of layers with parameters.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// d, the number of inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.sizes[0]
    }

    /// k, the number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.sizes[self.layers()]
    }
}
