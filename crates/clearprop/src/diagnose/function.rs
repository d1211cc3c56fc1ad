//! Functions that act on a layer: their value and their slope as expressions.

use super::expression::{Binary, Compare, Expr, Reduce, Unary};
use crate::activation::Activation;

/// What a layer does with z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Function {
    Identity,
    Logistic,
    Tanh,
    Relu,
    /// The slope below zero.
    Leaky(f64),
    /// The value far below zero, times -1.
    Elu(f64),
    Selu,
    Softplus,
    Silu,
    Gelu,
    GeluTanh,
    Mish,
    Softmax,
}

/// SELU's two numbers: Klambauer et al., *Self-Normalizing Neural Networks*.
const SELU: (f64, f64) = (1.050_700_987_355_480_5, 1.673_263_242_354_377_2);

fn one() -> Expr {
    Expr::number(1.0)
}

impl Function {
    /// Those without a parameter, the likely ones first.
    pub(super) const ALL: [Self; 13] = [
        Self::Relu,
        Self::Logistic,
        Self::Tanh,
        Self::Identity,
        Self::Softplus,
        Self::Leaky(0.01),
        Self::Elu(1.0),
        Self::Silu,
        Self::Selu,
        Self::GeluTanh,
        Self::Gelu,
        Self::Mish,
        Self::Leaky(0.1),
    ];

    pub(super) fn name(self) -> String {
        match self {
            Self::Identity => "identity".to_owned(),
            Self::Logistic => "logistic".to_owned(),
            Self::Tanh => "tanh".to_owned(),
            Self::Relu => "relu".to_owned(),
            Self::Leaky(slope) => format!("leaky relu with slope {}", super::number::number(slope)),
            Self::Elu(1.0) => "elu".to_owned(),
            Self::Elu(alpha) => format!("elu with alpha {}", super::number::number(alpha)),
            Self::Selu => "selu".to_owned(),
            Self::Softplus => "softplus".to_owned(),
            Self::Silu => "silu".to_owned(),
            Self::Gelu => "gelu".to_owned(),
            Self::GeluTanh => "gelu (tanh form)".to_owned(),
            Self::Mish => "mish".to_owned(),
            Self::Softmax => "softmax".to_owned(),
        }
    }

    /// Its parameters, by name.
    pub(super) fn parameters(self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Leaky(slope) => vec![("slope", slope)],
            Self::Elu(alpha) => vec![("alpha", alpha)],
            _ => vec![],
        }
    }

    /// The same as the library's layers have it; softmax is no layer's.
    pub(super) fn activation(self) -> Option<Activation> {
        Some(match self {
            Self::Identity => Activation::Identity,
            Self::Logistic => Activation::Logistic,
            Self::Tanh => Activation::Tanh,
            Self::Relu => Activation::Relu,
            Self::Leaky(slope) => Activation::LeakyRelu { slope },
            Self::Elu(alpha) => Activation::Elu { alpha },
            Self::Selu => Activation::Selu,
            Self::Softplus => Activation::Softplus,
            Self::Silu => Activation::Silu,
            Self::Gelu => Activation::Gelu,
            Self::GeluTanh => Activation::GeluTanh,
            Self::Mish => Activation::Mish,
            Self::Softmax => return None,
        })
    }

    /// The function that a person's word means; also in the library's own text form, `leaky-relu:0.2`.
    pub(super) fn called(word: &str) -> Option<Self> {
        let (plain, parameter) = word_and_number(word);
        Some(match plain.as_str() {
            "identity" | "linear" | "none" => Self::Identity,
            "logistic" | "sigmoid" | "sigm" => Self::Logistic,
            "tanh" => Self::Tanh,
            "relu" | "rectifier" => Self::Relu,
            "leakyrelu" | "lrelu" => Self::Leaky(parameter.unwrap_or(0.01)),
            "elu" => Self::Elu(parameter.unwrap_or(1.0)),
            "selu" => Self::Selu,
            "softplus" => Self::Softplus,
            "silu" | "swish" => Self::Silu,
            "gelu" => Self::Gelu,
            "gelutanh" => Self::GeluTanh,
            "mish" => Self::Mish,
            "softmax" => Self::Softmax,
            _ => return None,
        })
    }

    /// The output for the input z.
    pub(super) fn apply(self, z: &Expr) -> Expr {
        match self {
            Self::Identity => z.clone(),
            Self::Logistic => z.logistic(),
            Self::Tanh => Expr::unary(Unary::Tanh, z),
            Self::Relu => Expr::unary(Unary::Positive, z),
            Self::Leaky(slope) => Expr::choose(&above(z), z, &z.times(slope)),
            Self::Elu(alpha) => Expr::choose(&above(z), z, &(z.exp() - one()).times(alpha)),
            Self::Selu => Expr::choose(&above(z), z, &(z.exp() - one()).times(SELU.1)).times(SELU.0),
            Self::Softplus => softplus(z),
            Self::Silu => z.clone() * z.logistic(),
            Self::Gelu => {
                let inner = z.clone() / Expr::number(std::f64::consts::SQRT_2);
                z.clone() * (one() + Expr::unary(Unary::Erf, &inner)) / Expr::number(2.0)
            }
            Self::GeluTanh => z.clone() * (one() + gelu_tanh(z)) / Expr::number(2.0),
            Self::Mish => z.clone() * Expr::unary(Unary::Tanh, &softplus(z)),
            Self::Softmax => z.softmax(Some(1)),
        }
    }

    /// The slope, from the input z and the output a; softmax has none.
    pub(super) fn slope(self, z: &Expr, a: &Expr) -> Option<Expr> {
        Some(match self {
            Self::Identity => one(),
            Self::Logistic => a.clone() * (one() - a.clone()),
            Self::Tanh => one() - a.squared(),
            Self::Relu => above(z),
            Self::Leaky(slope) => Expr::choose(&above(z), &one(), &Expr::number(slope)),
            Self::Elu(alpha) => Expr::choose(&above(z), &one(), &z.exp().times(alpha)),
            Self::Selu => Expr::choose(&above(z), &one(), &z.exp().times(SELU.1)).times(SELU.0),
            Self::Softplus => z.logistic(),
            Self::Silu => {
                let s = z.logistic();
                s.clone() * (one() + z.clone() * (one() - s))
            }
            Self::Gelu => {
                let inner = z.clone() / Expr::number(std::f64::consts::SQRT_2);
                let density = (-(z.squared() / Expr::number(2.0))).exp()
                    / Expr::number((2.0 * std::f64::consts::PI).sqrt());
                (one() + Expr::unary(Unary::Erf, &inner)) / Expr::number(2.0) + z.clone() * density
            }
            Self::GeluTanh => {
                let t = gelu_tanh(z);
                let inner = Expr::number(GELU.0) * (one() + (z.squared() * Expr::number(3.0 * GELU.1)));
                (one() + t.clone()) / Expr::number(2.0)
                    + z.clone() * (one() - t.squared()) * inner / Expr::number(2.0)
            }
            Self::Mish => {
                let t = Expr::unary(Unary::Tanh, &softplus(z));
                t.clone() + z.clone() * z.logistic() * (one() - t.squared())
            }
            Self::Softmax => return None,
        })
    }

    /// The slope in the other ways that people write it, in words: the same where a is what it should be.
    pub(super) fn other_slopes(self, z: &Expr, a: &Expr) -> Vec<(&'static str, Expr)> {
        let below = |on: &Expr, slope: Expr| Expr::choose(&above(on), &one(), &slope);
        match self {
            Self::Logistic => {
                let s = z.logistic();
                vec![("logistic(z)(1-logistic(z))", s.clone() * (one() - s))]
            }
            Self::Tanh => vec![("1-tanh(z)^2", one() - Expr::unary(Unary::Tanh, z).squared())],
            Self::Relu => vec![("a > 0", above(a))],
            Self::Leaky(slope) => vec![("the slope below a = 0", below(a, Expr::number(slope)))],
            Self::Elu(alpha) => {
                let slope = a.clone() + Expr::number(alpha);
                vec![
                    ("a + alpha below z = 0", below(z, slope.clone())),
                    ("a + alpha below a = 0", below(a, slope)),
                ]
            }
            Self::Softplus => vec![("1-exp(-a)", one() - (-a.clone()).exp())],
            Self::Silu => {
                let s = z.logistic();
                vec![("a + logistic(z)(1-a)", a.clone() + s * (one() - a.clone()))]
            }
            _ => vec![],
        }
    }

    /// Whether it is relu or one of its kin: positive where z is.
    pub(super) fn is_rectifier(self) -> bool {
        matches!(self, Self::Relu | Self::Leaky(_))
    }
}

/// `leaky-relu:0.2` as its letters and its number.
fn word_and_number(word: &str) -> (String, Option<f64>) {
    let (name, number) = word.split_once(':').unwrap_or((word, ""));
    let plain = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    (plain, number.trim().parse().ok())
}

/// `z > 0`
pub(super) fn above(z: &Expr) -> Expr {
    Expr::compare(Compare::Greater, z, 0.0)
}

/// The numbers of GELU's tanh form.
const GELU: (f64, f64) = (0.797_884_560_802_865_4, 0.044_715);

fn gelu_tanh(z: &Expr) -> Expr {
    let cube = Expr::binary(Binary::Power, z, &Expr::number(3.0));
    Expr::unary(Unary::Tanh, &(Expr::number(GELU.0) * (z.clone() + Expr::number(GELU.1) * cube)))
}

/// `log(1 + exp(z))`, without overflow: `max(0, z) + log1p(exp(-|z|))`.
fn softplus(z: &Expr) -> Expr {
    Expr::unary(Unary::Positive, z) + Expr::unary(Unary::Log1p, &(-Expr::unary(Unary::Abs, z)).exp())
}

/// A loss, without its reduction: what is summed over rows and outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cost {
    /// `-y log p`
    CrossEntropy,
    /// `-y log p - (1 - y) log(1 - p)`
    Binary,
    /// `1/2 (p - y)^2`
    Squared,
    /// `|p - y|`
    Absolute,
    /// Squared up to the given distance, then straight.
    Huber(f64),
    /// `exp(z) - y z`
    Poisson,
    /// cs231n's: `max(0, s[j] - s[y] + 1)` over the wrong classes j.
    Hinge,
    /// `max(0, 1 - y s)` with labels of -1 and 1.
    BinaryHinge,
}

impl Cost {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CrossEntropy => "cross-entropy",
            Self::Binary => "binary cross-entropy",
            Self::Squared => "squared error",
            Self::Absolute => "absolute error",
            Self::Huber(_) => "Huber",
            Self::Poisson => "Poisson",
            Self::Hinge | Self::BinaryHinge => "hinge",
        }
    }

    /// The loss and perhaps the output function that a person's word means.
    pub(super) fn called(word: &str) -> Option<(Self, Option<Function>)> {
        let (plain, parameter) = word_and_number(word);
        Some(match plain.as_str() {
            "softmax" | "softmaxcrossentropy" => (Self::CrossEntropy, Some(Function::Softmax)),
            "crossentropy" | "ce" | "categoricalcrossentropy" | "nll" => (Self::CrossEntropy, None),
            "logistic" | "sigmoid" => (Self::Binary, Some(Function::Logistic)),
            "bce" | "binarycrossentropy" | "binary" | "logloss" => (Self::Binary, None),
            "squared" => (Self::Squared, None),
            "mse" | "squarederror" | "meansquarederror" | "l2" | "sse" | "quadratic" => (Self::Squared, None),
            "absolute" | "mae" | "l1" | "meanabsoluteerror" => (Self::Absolute, None),
            "huber" => (Self::Huber(parameter.unwrap_or(1.0)), None),
            "poisson" => (Self::Poisson, None),
            "hinge" | "svm" => (Self::Hinge, None),
            _ => return None,
        })
    }

    /// Summed over rows and outputs, from the outputs p, the last z and the right answers y.
    pub(super) fn sum(self, p: &Expr, z: &Expr, y: &Expr) -> Expr {
        let zero_less = || one() - y.clone();
        match self {
            Self::CrossEntropy => -(y.clone() * p.log()).total(),
            Self::Binary => -(y.clone() * p.log() + zero_less() * (one() - p.clone()).log()).total(),
            Self::Squared => (p.clone() - y.clone()).squared().total().times(0.5),
            Self::Absolute => Expr::unary(Unary::Abs, &(p.clone() - y.clone())).total(),
            Self::Huber(delta) => {
                let off = p.clone() - y.clone();
                let size = Expr::unary(Unary::Abs, &off);
                let near = Expr::compare(Compare::AtMost, &size, delta);
                let straight = (size - Expr::number(delta / 2.0)).times(delta);
                Expr::choose(&near, &off.squared().times(0.5), &straight).total()
            }
            Self::Poisson => (z.exp() - y.clone() * z.clone()).total(),
            Self::Hinge => (Expr::unary(Unary::Positive, &margins(z, y)) * zero_less()).total(),
            Self::BinaryHinge => Expr::unary(Unary::Positive, &(one() - y.clone() * z.clone())).total(),
        }
    }

    /// The same with a small number under the logarithm, as people write it against log 0.
    pub(super) fn sum_with(self, p: &Expr, y: &Expr, epsilon: f64) -> Option<Expr> {
        let log = |e: Expr| (e + Expr::number(epsilon)).log();
        match self {
            Self::CrossEntropy => Some(-(y.clone() * log(p.clone())).total()),
            Self::Binary => {
                let other = (one() - y.clone()) * log(one() - p.clone());
                Some(-(y.clone() * log(p.clone()) + other).total())
            }
            _ => None,
        }
    }

    /// The derivative of [`Self::sum`] by the outputs p; `None` for a loss of the last z alone.
    pub(super) fn by_output(self, p: &Expr, y: &Expr) -> Option<Expr> {
        let off = || p.clone() - y.clone();
        Some(match self {
            Self::CrossEntropy => -(y.clone() / p.clone()),
            Self::Binary => (one() - y.clone()) / (one() - p.clone()) - y.clone() / p.clone(),
            Self::Squared => off(),
            Self::Absolute => Expr::unary(Unary::Sign, &off()),
            Self::Huber(delta) => {
                let near = Expr::compare(Compare::AtMost, &Expr::unary(Unary::Abs, &off()), delta);
                Expr::choose(&near, &off(), &Expr::unary(Unary::Sign, &off()).times(delta))
            }
            Self::Poisson | Self::Hinge | Self::BinaryHinge => return None,
        })
    }

    /// The derivative of [`Self::sum`] by the last z.
    pub(super) fn by_z(self, f: Function, p: &Expr, z: &Expr, y: &Expr) -> Option<Expr> {
        let off = p.clone() - y.clone();
        Some(match (self, f) {
            // Differentiated together, the two leave one difference.
            (Self::CrossEntropy, Function::Softmax) | (Self::Binary, Function::Logistic) => off,
            (Self::Poisson, _) => z.exp() - y.clone(),
            (Self::Hinge, _) => {
                let wrong = above(&margins(z, y)) * (one() - y.clone());
                wrong.clone() - y.clone() * wrong.sum(1)
            }
            (Self::BinaryHinge, _) => {
                -(y.clone() * Expr::compare(Compare::Less, &(y.clone() * z.clone()), 1.0))
            }
            (_, Function::Softmax) => {
                let g = self.by_output(p, y)?;
                p.clone() * (g.clone() - (g * p.clone()).sum(1))
            }
            (_, Function::Identity) => self.by_output(p, y)?,
            (_, f) => self.by_output(p, y)? * f.slope(z, p)?,
        })
    }
}

/// `s[j] - s[y] + 1` for every class j.
fn margins(z: &Expr, y: &Expr) -> Expr {
    z.clone() - (z.clone() * y.clone()).reduce(Reduce::Sum, Some(1)) + one()
}
