//! Activations: the nonlinearity `a[l] = act(z[l])`, and its derivative.
//!
//! The question that the notebook asks at this place is *which of the two*: `z` is the **input** of
//! the nonlinearity, `a` its **output**.  Each derivative below says which of them it is written in.

use crate::error::{Error, ErrorKind, Result, nearest};
use crate::real::Real;
use serde::{Deserialize, Serialize};

/// The nonlinearity of the hidden layers; the last layer has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `a = z`: the network stays linear, however deep it is.
    Identity,
    /// `a = 1 / (1 + exp(-z))`, also called sigmoid.
    Logistic,
    /// `a = tanh(z)`.
    Tanh,
    /// `a = max(0, z)`, the rectifier of the notebook.
    Relu,
}

impl Activation {
    /// All of them, in the order in which help texts list them.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Logistic, Self::Tanh, Self::Relu];

    /// The output `a` for the input `z`.
    pub fn value<R: Real>(self, z: R) -> R {
        match self {
            Self::Identity => z,
            Self::Logistic => logistic(z),
            Self::Tanh => z.tanh(),
            // `max` would turn NaN into 0 and hide it.
            Self::Relu => {
                if z < R::zero() {
                    R::zero()
                } else {
                    z
                }
            }
        }
    }

    /// `da/dz`, the derivative of the **output** by the **input**, given both.
    ///
    /// ```
    /// use clearprop::activation::Activation;
    /// let z = 0.5_f64;
    /// let a = Activation::Tanh.value(z);
    /// let slope = (Activation::Tanh.value(z + 1e-6) - Activation::Tanh.value(z - 1e-6)) / 2e-6;
    /// assert!((Activation::Tanh.derivative(z, a) - slope).abs() < 1e-9);
    /// ```
    pub fn derivative<R: Real>(self, z: R, a: R) -> R {
        match self {
            Self::Identity => R::one(),
            // Written in the output a: the exponential is not computed twice.
            Self::Logistic => a * (R::one() - a),
            // Written in the output a, likewise.
            Self::Tanh => R::one() - a * a,
            // Written in the input z; 0 at the kink z = 0, as the frameworks do.
            Self::Relu => {
                if z > R::zero() {
                    R::one()
                } else {
                    R::zero()
                }
            }
        }
    }

    /// The name on the command line and in files: `identity`, `logistic`, `tanh`, `relu`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Logistic => "logistic",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
        }
    }
}

/// `1 / (1 + exp(-z))`, without overflow on either side.
pub(crate) fn logistic<R: Real>(z: R) -> R {
    if z >= R::zero() {
        R::one() / (R::one() + (-z).exp())
    } else {
        let e = z.exp();
        e / (R::one() + e)
    }
}

impl std::str::FromStr for Activation {
    type Err = Error;

    /// # Errors
    /// An unknown name, with the near one if there is one.
    fn from_str(name: &str) -> Result<Self> {
        by_name("activation", name, &Self::ALL, |a| a.name())
    }
}

/// The member of `all` that is called `name`, or an error that lists the names.
pub(crate) fn by_name<T: Copy>(
    what: &str,
    name: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
) -> Result<T> {
    if let Some(found) = all.iter().find(|&&one| name_of(one) == name) {
        return Ok(*found);
    }
    let names: Vec<&str> = all.iter().map(|&one| name_of(one)).collect();
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean '{near}'? There are: {}", names.join(", ")),
        None => format!("there are: {}", names.join(", ")),
    };
    Err(Error::new(ErrorKind::Setting, format!("unknown {what} '{name}'")).hint(hint))
}
