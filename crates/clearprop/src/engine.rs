//! Engines: who computes.  The plain one is the specification; the fast one must agree with it.

use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "fast")]
use crate::fast;
use crate::forward;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which engine computes.
///
/// ```
/// use clearprop::engine::Engine;
/// assert_eq!("plain".parse::<Engine>()?, Engine::Plain);
/// assert_eq!(Engine::default(), "fast".parse()?); // with the best vectors of this machine
/// # Ok::<(), clearprop::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Engine {
    /// The readable one: [`forward`](mod@crate::forward) and its neighbours.
    Plain,
    /// The fused one, with these vector instructions.
    #[cfg(feature = "fast")]
    Fast(fast::Level),
}

impl Default for Engine {
    /// The fast one with the best vectors of this machine; the plain one where it is not compiled in.
    fn default() -> Self {
        #[cfg(feature = "fast")]
        return Self::Fast(fast::Level::detect());
        #[cfg(not(feature = "fast"))]
        Self::Plain
    }
}

impl Engine {
    /// The engine that this network runs on: this one, or the plain one if there is no kernel for an activation
    /// or the loss.
    #[must_use]
    #[cfg_attr(
        not(feature = "fast"),
        expect(unused_variables, reason = "the plain engine runs every network")
    )]
    pub fn for_network(self, network: &Network) -> Self {
        match self {
            Self::Plain => Self::Plain,
            #[cfg(feature = "fast")]
            Self::Fast(_) if fast::has_kernels(network) => self,
            #[cfg(feature = "fast")]
            Self::Fast(_) => Self::Plain,
        }
    }

    /// `logits` (n, k) of the rows `x` (n, d).
    ///
    /// # Panics
    /// If `params` or `x` do not have the network's sizes.
    #[must_use]
    pub fn logits<R: Real>(self, network: &Network, params: &Params<R>, x: ArrayView2<'_, R>) -> Array2<R> {
        match self {
            Self::Plain => forward::logits(network, params, x),
            #[cfg(feature = "fast")]
            Self::Fast(level) => {
                fast::logits(network, params, x, level).unwrap_or_else(|| forward::logits(network, params, x))
            }
        }
    }

    /// `probs` (n, k) of the rows `x` (n, d).
    ///
    /// # Panics
    /// If `params` or `x` do not have the network's sizes.
    #[must_use]
    pub fn predict<R: Real>(self, network: &Network, params: &Params<R>, x: ArrayView2<'_, R>) -> Array2<R> {
        network.loss.outputs(&self.logits(network, params, x))
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("plain"),
            #[cfg(feature = "fast")]
            Self::Fast(level) => write!(f, "fast-{}", level.name()),
        }
    }
}

impl FromStr for Engine {
    type Err = Error;

    /// `plain`, `fast`, or `fast-avx2` and the like.
    ///
    /// # Errors
    /// Another word, or vector instructions that this machine does not have.
    fn from_str(name: &str) -> Result<Self> {
        match (name, name.strip_prefix("fast-")) {
            ("plain", _) => Ok(Self::Plain),
            ("fast", _) => Ok(Self::default()),
            #[cfg(feature = "fast")]
            (_, Some(name)) => fast::Level::named(name).map(Self::Fast).ok_or_else(|| {
                let names: Vec<_> = fast::Level::available().into_iter().map(fast::Level::name).collect();
                Error::new(ErrorKind::Setting, format!("this machine has no vector instructions '{name}'"))
                    .hint(format!("there are: {}", names.join(", ")))
            }),
            _ => Err(Error::new(ErrorKind::Setting, format!("unknown engine '{name}'"))
                .hint("there are: fast, plain")),
        }
    }
}

impl From<Engine> for String {
    fn from(engine: Engine) -> Self {
        engine.to_string()
    }
}

impl From<String> for Engine {
    /// What a file says; vectors that this machine does not have are replaced by its best.
    fn from(name: String) -> Self {
        name.parse().unwrap_or_default()
    }
}
