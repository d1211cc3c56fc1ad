//! What a network is: its layers' sizes, its activation, its loss, its penalty.  Not its numbers:
//! those are [`Params`](crate::params::Params).

use crate::activation::{Activation, by_name};
use crate::error::{Error, ErrorKind, Result};
use crate::loss::Loss;
use crate::params::checked_count;
use crate::target::TargetKind;
use serde::{Deserialize, Serialize};

/// A fully connected network, d inputs to k outputs:
///
/// ```text
/// a[0] = x                                            (n, d)
/// z[l] = a[l-1] w[l] + b[l]       l = 1..=L           (n, fan_out)
/// a[l] = activations[l](z[l])     l < L
/// logits = z[L]                                       (n, k)
/// loss = data_loss(logits, y) + reg/2 * sum(w^2)
/// ```
/// The text form holds `activation`: one name for all hidden layers, or a list with one for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Network {
    /// `[d, h1, h2, .., k]`: L + 1 numbers.
    pub sizes: Vec<usize>,
    /// The nonlinearity of each layer but the last, layer 1 first: L - 1 of them.
    pub activations: Vec<Activation>,
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
    /// A network of these sizes, with one activation for all hidden layers.
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
    /// Fewer than two sizes, a size of 0, too many parameters for any machine or outputs, a single class,
    /// a parameter that the activation or the loss cannot have, or a negative, infinite or NaN `reg`.
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
        if checked_count(sizes).is_none_or(|count| count > MOST_PARAMETERS) {
            return Err(setting(format!("a network of sizes {sizes:?} has too many parameters"))
                .hint("make the hidden layers smaller"));
        }
        if sizes[sizes.len() - 1] > MOST_OUTPUTS {
            let found =
                format!("{} classes or outputs, at most {MOST_OUTPUTS} are learnt", sizes[sizes.len() - 1]);
            return Err(Error::new(ErrorKind::Data, found).hint("is another column the target?"));
        }
        if loss.takes() == TargetKind::Classes && sizes[sizes.len() - 1] < 2 {
            return Err(Error::new(ErrorKind::Data, format!("{loss} over a single class"))
                .hint("the label needs at least two different values"));
        }
        if !(penalty.reg >= 0.0 && penalty.reg.is_finite()) {
            return Err(setting(format!("reg is {}, expected a number from 0 up", penalty.reg)));
        }
        activation.check()?;
        loss.check()?;
        let activations = vec![activation; sizes.len() - 2];
        Ok(Self { sizes: sizes.to_vec(), activations, loss, penalty })
    }

    /// The same network with an activation for each hidden layer, or one for all.
    ///
    /// # Errors
    /// Neither one nor as many as there are hidden layers, or a parameter that one of them cannot have.
    pub fn with_activations(mut self, activations: &[Activation]) -> Result<Self> {
        let hidden = self.layers() - 1;
        activations.iter().try_for_each(|activation| activation.check())?;
        self.activations = match activations {
            [one] => vec![*one; hidden],
            each if each.len() == hidden => each.to_vec(),
            each => {
                let found = format!("{} activations for {hidden} hidden layers", each.len());
                return Err(Error::new(ErrorKind::Setting, found).hint("give one for all, or one for each"));
            }
        };
        Ok(self)
    }

    /// The activations as a person writes them: `relu` if all are, else `tanh,relu`; `identity` if there is none.
    #[must_use]
    pub fn activation_text(&self) -> String {
        let names: Vec<String> = self.activations.iter().map(Activation::to_string).collect();
        match names.first() {
            None => Activation::Identity.to_string(),
            Some(first) if names.iter().all(|name| name == first) => first.clone(),
            Some(_) => names.join(","),
        }
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

/// A network as files have it.
#[derive(Serialize, Deserialize)]
struct Written {
    sizes: Vec<usize>,
    activation: OneOrEach,
    loss: Loss,
    penalty: Penalty,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrEach {
    One(Activation),
    Each(Vec<Activation>),
}

impl From<Network> for Written {
    fn from(network: Network) -> Self {
        let Network { sizes, activations, loss, penalty } = network;
        let activation = match activations.first() {
            None => OneOrEach::One(Activation::Identity),
            Some(&first) if activations.iter().all(|&one| one == first) => OneOrEach::One(first),
            Some(_) => OneOrEach::Each(activations),
        };
        Self { sizes, activation, loss, penalty }
    }
}

impl TryFrom<Written> for Network {
    type Error = Error;

    /// A file may say anything: the constructor checks what the fields promise.
    fn try_from(written: Written) -> Result<Self> {
        let Written { sizes, activation, loss, penalty } = written;
        let network = Self::new(&sizes, Activation::Identity, loss, penalty)?;
        match activation {
            OneOrEach::One(one) => network.with_activations(&[one]),
            OneOrEach::Each(each) => network.with_activations(&each),
        }
    }
}
