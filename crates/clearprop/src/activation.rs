//! Activations: the nonlinearity `a[l] = act(z[l])`, and its derivative.
//!
//! The question that the notebook asks at this place is *which of the two*: `z` is the **input** of
//! the nonlinearity, `a` its **output**.  Each derivative below says which of them it is written in.
//!
//! Everything about an activation is a method of [`Activation`] that lists them all, so that the compiler
//! names what a new one still lacks; what it looks like on paper stands in
//! `activation/formula.rs`, what it is called in `activation/name.rs`.

mod formula;
mod name;

pub use formula::Notation;
pub(crate) use formula::{bracketed, filled};
pub(crate) use name::{by_name, name_and_parameter, no_parameter, written};

use crate::real::Real;
use serde::{Deserialize, Serialize};

/// The nonlinearity of a hidden layer; the last layer has none.
///
/// Written as a name, with a parameter behind a colon where it is not the usual one: `relu`, `leaky-relu`,
/// `leaky-relu:0.2`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Activation {
    /// `a = z`: the network stays linear, however deep it is.
    Identity,
    /// `a = 1 / (1 + exp(-z))`, also called sigmoid.
    Logistic,
    /// `a = tanh(z)`.
    Tanh,
    /// `a = max(0, z)`, the rectifier of the notebook.
    Relu,
    /// `a = z` above 0 and `slope * z` below (Maas et al., *Rectifier nonlinearities improve neural network
    /// acoustic models*, 2013).
    LeakyRelu {
        /// Its slope below 0; usually 0.01.
        slope: f64,
    },
    /// `a = z` above 0 and `alpha (exp(z) - 1)` below (Clevert et al., *Fast and accurate deep network
    /// learning by exponential linear units*, 2015).
    Elu {
        /// `-alpha` is what it falls to; usually 1.
        alpha: f64,
    },
    /// `a = 1.0507 z` above 0 and `1.0507 * 1.6733 (exp(z) - 1)` below: ELU with the two numbers that keep mean
    /// 0 and variance 1 from layer to layer (Klambauer et al., *Self-normalizing neural networks*, 2017).
    Selu,
    /// `a = log(1 + exp(z))`, a smooth rectifier.
    Softplus,
    /// `a = z / (1 + exp(-z))`, also called swish (Ramachandran et al., *Searching for activation functions*,
    /// 2017).
    Silu,
    /// `a = z P(Z <= z)` for a standard normal Z, which is `z/2 (1 + erf(z / sqrt(2)))` (Hendrycks and Gimpel,
    /// *Gaussian error linear units*, 2016).
    Gelu,
    /// [`Gelu`](Self::Gelu) with a tanh in the place of erf: `z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))`.
    GeluTanh,
    /// `a = z tanh(log(1 + exp(z)))` (Misra, *Mish: a self regularized non-monotonic activation function*, 2019).
    Mish,
}

/// SELU's factor (lambda in its paper).
pub(crate) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// SELU's alpha.
pub(crate) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
/// `sqrt(2/pi)`.
const SQRT_2_BY_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;

impl Activation {
    /// SELU's two numbers, its factor and its alpha.
    pub const SELU: (f64, f64) = (SELU_SCALE, SELU_ALPHA);

    /// The output `a` for the input `z`.  NaN stays NaN, and no z overflows on the way to an `a` that does not.
    pub fn value<R: Real>(self, z: R) -> R {
        let one = R::one();
        match self {
            Self::Identity => z,
            Self::Logistic => logistic(z),
            Self::Tanh => z.tanh(),
            Self::Relu => sides(z, z, R::zero()),
            Self::LeakyRelu { slope } => sides(z, z, R::of(slope) * z),
            Self::Elu { alpha } => sides(z, z, R::of(alpha) * z.exp_m1()),
            Self::Selu => sides(z, R::of(SELU_SCALE) * z, R::of(SELU_SCALE * SELU_ALPHA) * z.exp_m1()),
            Self::Softplus => log_one_plus_exp(z),
            Self::Silu => z * logistic(z),
            Self::Gelu => z * normal_below(z),
            // (1 + tanh(u))/2 = 1/(1 + exp(-2u)), which keeps its digits where it is small.
            Self::GeluTanh => z * logistic(gelu_tanh_argument(z, one)),
            Self::Mish => z * tanh_softplus(z)[0],
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
        let one = R::one();
        match self {
            Self::Identity => one,
            // Written in the output a: the exponential is not computed twice.
            Self::Logistic => a * (one - a),
            // Written in the output a, likewise.
            Self::Tanh => one - a * a,
            // Written in the input z; 0 at the kink z = 0, as the frameworks do.
            Self::Relu => sides(z, one, R::zero()),
            // Written in z; the lower slope at the kink.
            Self::LeakyRelu { slope } => sides(z, one, R::of(slope)),
            // Written in z and, below 0, in a: alpha exp(z) = a + alpha.
            Self::Elu { alpha } => sides(z, one, a + R::of(alpha)),
            Self::Selu => sides(z, R::of(SELU_SCALE), a + R::of(SELU_SCALE * SELU_ALPHA)),
            // Written in z, as all that follow.
            Self::Softplus => logistic(z),
            Self::Silu => {
                let p = logistic(z);
                p * (one + z * (one - p))
            }
            Self::Gelu => {
                let density = R::of(0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2)
                    * (-z * z / R::of(2.0)).exp();
                normal_below(z) + z * density
            }
            Self::GeluTanh => {
                let p = logistic(gelu_tanh_argument(z, one));
                let inner = R::of(2.0 * SQRT_2_BY_PI) * (one + R::of(3.0 * 0.044_715) * z * z);
                let curved = p * (one - p);
                // Far out it is flat: 0 times the infinite inner slope of a large z is 0.
                p + if curved == R::zero() { R::zero() } else { z * curved * inner }
            }
            Self::Mish => {
                let [t, one_less] = tanh_softplus(z);
                let curved = one_less * (one + t) * logistic(z);
                // Far out it is flat, likewise.
                t + if curved == R::zero() { R::zero() } else { z * curved }
            }
        }
    }

    /// Which of the two the derivative is written in.
    #[must_use]
    pub fn derivative_by(self) -> WrittenIn {
        match self {
            Self::Identity => WrittenIn::Neither,
            Self::Logistic | Self::Tanh => WrittenIn::Output,
            Self::Elu { .. } | Self::Selu => WrittenIn::Both,
            Self::Relu | Self::LeakyRelu { .. } => WrittenIn::Input,
            Self::Softplus | Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => WrittenIn::Input,
        }
    }

    /// Whether the derivative jumps at `z = 0`: there is none at that point.
    #[must_use]
    pub fn has_kink(self) -> bool {
        match self {
            Self::Relu | Self::Selu => true,
            Self::LeakyRelu { slope } => slope != 1.0,
            Self::Elu { alpha } => alpha != 1.0,
            Self::Identity | Self::Logistic | Self::Tanh => false,
            Self::Softplus | Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => false,
        }
    }

    /// Whether it is one formula above 0 and another below.
    #[must_use]
    pub fn is_piecewise(self) -> bool {
        match self {
            Self::Relu | Self::LeakyRelu { .. } | Self::Elu { .. } | Self::Selu => true,
            Self::Identity | Self::Logistic | Self::Tanh => false,
            Self::Softplus | Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => false,
        }
    }

    /// Whether a unit that is off passes no derivative at all: then its weights stay what they are.
    #[must_use]
    pub fn can_die(self) -> bool {
        match self {
            Self::Relu => true,
            Self::LeakyRelu { slope } => slope == 0.0,
            Self::Elu { alpha } => alpha == 0.0,
            Self::Identity | Self::Logistic | Self::Tanh | Self::Selu => false,
            Self::Softplus | Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => false,
        }
    }

    /// The gain of the weights before it, squared: what their variance times fan_in must be, so that the
    /// outputs are as large as the inputs.  He et al. (2015) have 2 for ReLU and `2/(1 + slope^2)` for its
    /// leaky form; the others are 1 over the mean of `a^2` for a standard normal z.
    /// For identity, logistic and tanh it is 2 as in the notebook, which asks for 2/fan_in whatever follows.
    #[must_use]
    pub fn gain(self) -> f64 {
        match self {
            Self::Identity | Self::Logistic | Self::Tanh | Self::Relu => 2.0,
            Self::LeakyRelu { slope } => 2.0 / (1.0 + slope * slope),
            // The mean of (exp(z) - 1)^2 over the half below 0 is 0.144945.
            Self::Elu { alpha } => 1.0 / (0.5 + 0.144_945 * alpha * alpha),
            // Its two numbers are made so.
            Self::Selu => 1.0,
            Self::Softplus => 1.085_49,
            Self::Silu => 2.810_76,
            Self::Gelu => 2.351_72,
            Self::GeluTanh => 2.351_87,
            Self::Mish => 2.207_78,
        }
    }

    /// The factor of Glorot's bound, `sqrt(factor / (fan_in + fan_out))`: 6, for logistic 2 as in scikit-learn.
    #[must_use]
    pub fn glorot_factor(self) -> f64 {
        match self {
            Self::Logistic => 2.0,
            Self::Identity | Self::Tanh | Self::Relu | Self::LeakyRelu { .. } | Self::Elu { .. } => 6.0,
            Self::Selu | Self::Softplus | Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => 6.0,
        }
    }
}

/// Which variable a derivative is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenIn {
    /// It is a constant.
    Neither,
    /// The input z.
    Input,
    /// The output a.
    Output,
    /// z above 0, a below.
    Both,
}

/// `above` for z > 0, `below` for z <= 0, and NaN for NaN.
fn sides<R: Real>(z: R, above: R, below: R) -> R {
    if z > R::zero() {
        above
    } else if z <= R::zero() {
        below
    } else {
        z
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

/// `log(1 + exp(z))` without overflow.
pub(crate) fn log_one_plus_exp<R: Real>(z: R) -> R {
    let positive = if z > R::zero() { z } else { R::zero() };
    positive + (-z.abs()).exp().ln_1p()
}

/// `P(Z <= z)` for a standard normal Z: `(1 + erf(z / sqrt(2))) / 2`, with all digits of a small one.
fn normal_below<R: Real>(z: R) -> R {
    R::of(0.5 * libm::erfc(-z.f64() * std::f64::consts::FRAC_1_SQRT_2))
}

/// `2u` for `u = sqrt(2/pi) (z + 0.044715 z^3)`.
fn gelu_tanh_argument<R: Real>(z: R, one: R) -> R {
    R::of(2.0 * SQRT_2_BY_PI) * z * (one + R::of(0.044_715) * z * z)
}

/// `t = tanh(log(1 + exp(z)))` and `1 - t`: with `e = exp(-|z|)`, `t = (1 + 2e) / (1 + 2e + 2e^2)` for z above 0 and
/// `(e^2 + 2e) / (e^2 + 2e + 2)` below, so that nothing overflows and nothing cancels.
fn tanh_softplus<R: Real>(z: R) -> [R; 2] {
    let e = (-z.abs()).exp();
    let (two, e2) = (R::of(2.0), e + e);
    let (top, rest) = if z > R::zero() { (R::one() + e2, e2 * e) } else { (e * e + e2, two) };
    [top / (top + rest), rest / (top + rest)]
}
