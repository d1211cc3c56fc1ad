//! What activations are called: names with a parameter behind a colon, `leaky-relu:0.2`.

use super::Activation;
use crate::error::{Error, ErrorKind, Result, nearest};
use std::fmt;

impl Activation {
    /// One of each kind, with its usual parameter, in the order in which help texts list them.
    pub const ALL: [Self; 12] = [
        Self::Identity,
        Self::Logistic,
        Self::Tanh,
        Self::Relu,
        Self::LeakyRelu { slope: 0.01 },
        Self::Elu { alpha: 1.0 },
        Self::Selu,
        Self::Softplus,
        Self::Silu,
        Self::Gelu,
        Self::GeluTanh,
        Self::Mish,
    ];

    /// The name without a parameter: `leaky-relu`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Logistic => "logistic",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky-relu",
            Self::Elu { .. } => "elu",
            Self::Selu => "selu",
            Self::Softplus => "softplus",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu-tanh",
            Self::Mish => "mish",
        }
    }

    /// Its parameter, and the usual value of it.
    pub(super) fn parameter(self) -> Option<(f64, f64)> {
        match self {
            Self::LeakyRelu { slope } => Some((slope, 0.01)),
            Self::Elu { alpha } => Some((alpha, 1.0)),
            Self::Identity | Self::Logistic | Self::Tanh | Self::Relu | Self::Selu => None,
            Self::Softplus | Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => None,
        }
    }

    /// The same kind with another parameter.
    fn with(self, value: f64) -> Self {
        match self {
            Self::LeakyRelu { .. } => Self::LeakyRelu { slope: value },
            Self::Elu { .. } => Self::Elu { alpha: value },
            Self::Identity | Self::Logistic | Self::Tanh | Self::Relu | Self::Selu => self,
            Self::Softplus | Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => self,
        }
    }

    /// Whether the parameter is one that the activation can have.
    ///
    /// # Errors
    /// A slope that is not finite, an alpha that is negative or not finite.
    pub fn check(self) -> Result<()> {
        let wrong = |what: &str, value: f64, hint: &str| {
            Err(Error::new(ErrorKind::Setting, format!("{what} of {} is {value}", self.name())).hint(hint))
        };
        match self {
            Self::LeakyRelu { slope } if !slope.is_finite() => {
                wrong("the slope", slope, "give a number, like 0.01")
            }
            Self::Elu { alpha } if !(alpha >= 0.0 && alpha.is_finite()) => {
                wrong("the alpha", alpha, "give a number from 0 up, like 1")
            }
            Self::LeakyRelu { .. } | Self::Elu { .. } | Self::Identity | Self::Logistic => Ok(()),
            Self::Tanh | Self::Relu | Self::Selu | Self::Softplus => Ok(()),
            Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => Ok(()),
        }
    }

    /// One activation, or several separated by commas: `tanh,relu`.
    ///
    /// # Errors
    /// Those of the text of one.
    pub fn list(text: &str) -> Result<Vec<Self>> {
        text.split(',').map(|one| one.trim().parse()).collect()
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written(f, self.name(), self.parameter())
    }
}

impl std::str::FromStr for Activation {
    type Err = Error;

    /// # Errors
    /// An unknown name, with the near one if there is one; a parameter where there is none, or one that
    /// [`Activation::check`] refuses.
    fn from_str(text: &str) -> Result<Self> {
        let (name, value) = name_and_parameter("activation", text)?;
        let kind = by_name("activation", name, &Self::ALL, |a| a.name())?;
        let found = value.map_or(kind, |value| kind.with(value));
        if value.is_some() && kind.parameter().is_none() {
            return Err(no_parameter("activation", text, name));
        }
        found.check().map(|()| found)
    }
}

impl From<Activation> for String {
    fn from(activation: Activation) -> Self {
        activation.to_string()
    }
}

impl TryFrom<String> for Activation {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// `name`, or `name:parameter` where it is not the usual one.
pub(crate) fn written(f: &mut fmt::Formatter<'_>, name: &str, parameter: Option<(f64, f64)>) -> fmt::Result {
    match parameter {
        Some((value, usual)) if value != usual => write!(f, "{name}:{value}"),
        _ => f.write_str(name),
    }
}

/// `leaky-relu:0.2` in its two parts.
pub(crate) fn name_and_parameter<'a>(what: &str, text: &'a str) -> Result<(&'a str, Option<f64>)> {
    let Some((name, parameter)) = text.split_once(':') else { return Ok((text, None)) };
    match parameter.trim().parse() {
        Ok(value) => Ok((name.trim(), Some(value))),
        Err(_) => {
            Err(Error::new(ErrorKind::Setting, format!("the {what} '{text}' has no number behind its colon"))
                .hint(format!("write {name}, or {name}:0.5")))
        }
    }
}

/// The error of a parameter that has no meaning.
pub(crate) fn no_parameter(what: &str, text: &str, name: &str) -> Error {
    Error::new(ErrorKind::Setting, format!("the {what} '{text}' takes no parameter"))
        .hint(format!("write {name}"))
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
