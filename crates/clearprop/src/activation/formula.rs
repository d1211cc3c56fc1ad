//! Activations on paper: the formula of each and of its slope, as one types it, in TeX and in NumPy.

use super::Activation;

/// A way of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// As one types it: `max(0, z1)`.
    Plain,
    /// As one prints it: `\max(0, z_{1})`.
    Tex,
    /// As NumPy code that needs `np` alone: `np.maximum(0, z1)`.
    Numpy,
}

/// Value and slope, each in the three notations; Z is the input, A the output, # the parameter.
type Texts = ([&'static str; 3], [&'static str; 3]);

impl Activation {
    fn texts(self) -> Texts {
        match self {
            Self::Identity => (["Z", "Z", "Z"], ["1", "1", "1"]),
            Self::Logistic => (
                ["1 / (1 + exp(-Z))", r"\frac{1}{1 + e^{-Z}}", "1 / (1 + np.exp(-Z))"],
                ["A * (1 - A)", r"A \odot \left( 1 - A \right)", "A * (1 - A)"],
            ),
            Self::Tanh => (
                ["tanh(Z)", r"\tanh(Z)", "np.tanh(Z)"],
                ["(1 - A^2)", r"\left( 1 - A^2 \right)", "(1 - A**2)"],
            ),
            Self::Relu => {
                (["max(0, Z)", r"\max(0, Z)", "np.maximum(0, Z)"], ["(Z > 0)", r"[Z > 0]", "(Z > 0)"])
            }
            Self::LeakyRelu { .. } => (
                ["max(0, Z) + # * min(0, Z)", r"\max(0, Z) + # \min(0, Z)", "np.where(Z > 0, Z, # * Z)"],
                ["(1 if Z > 0, else #)", r"\left( [Z > 0] + # [Z \le 0] \right)", "np.where(Z > 0, 1, #)"],
            ),
            Self::Elu { .. } => (
                [
                    "max(0, Z) + # * (exp(min(0, Z)) - 1)",
                    r"\max(0, Z) + # \left( e^{\min(0, Z)} - 1 \right)",
                    "np.where(Z > 0, Z, # * np.expm1(np.minimum(0, Z)))",
                ],
                [
                    "(1 if Z > 0, else A + #)",
                    r"\left( [Z > 0] + [Z \le 0] (A + #) \right)",
                    "np.where(Z > 0, 1, A + #)",
                ],
            ),
            Self::Selu => (
                [
                    "1.0507009873554805 * (max(0, Z) + 1.6732632423543772 * (exp(min(0, Z)) - 1))",
                    r"1.0507 \left( \max(0, Z) + 1.6733 \left( e^{\min(0, Z)} - 1 \right) \right)",
                    "1.0507009873554805 * np.where(Z > 0, Z, 1.6732632423543772 * np.expm1(np.minimum(0, Z)))",
                ],
                [
                    "(1.0507009873554805 if Z > 0, else A + 1.7580993408473766)",
                    r"\left( 1.0507 [Z > 0] + [Z \le 0] (A + 1.7581) \right)",
                    "np.where(Z > 0, 1.0507009873554805, A + 1.7580993408473766)",
                ],
            ),
            Self::Softplus => (
                ["log(1 + exp(Z))", r"\log(1 + e^{Z})", "np.logaddexp(0, Z)"],
                ["1 / (1 + exp(-Z))", r"\frac{1}{1 + e^{-Z}}", "1 / (1 + np.exp(-Z))"],
            ),
            Self::Silu => (
                ["Z / (1 + exp(-Z))", r"\frac{Z}{1 + e^{-Z}}", "Z / (1 + np.exp(-Z))"],
                [
                    "(1 + (1 + Z) * exp(-Z)) / (1 + exp(-Z))^2",
                    r"\frac{1 + (1 + Z) e^{-Z}}{(1 + e^{-Z})^2}",
                    "(1 + (1 + Z) * np.exp(-Z)) / (1 + np.exp(-Z))**2",
                ],
            ),
            Self::Gelu => (
                [
                    "Z/2 * (1 + erf(Z/sqrt(2)))",
                    r"\frac{Z}{2} \left( 1 + \operatorname{erf} \frac{Z}{\sqrt{2}} \right)",
                    "Z/2 * (1 + np.vectorize(__import__('math').erf)(Z/np.sqrt(2)))",
                ],
                [
                    "((1 + erf(Z/sqrt(2)))/2 + Z * exp(-Z^2/2)/sqrt(2 pi))",
                    r"\left( \frac{1}{2} + \frac{1}{2} \operatorname{erf} \frac{Z}{\sqrt{2}} + \frac{Z e^{-Z^2 / 2}}{\sqrt{2 \pi}} \right)",
                    "((1 + np.vectorize(__import__('math').erf)(Z/np.sqrt(2)))/2 + Z * np.exp(-Z**2/2)/np.sqrt(2*np.pi))",
                ],
            ),
            Self::GeluTanh => (
                [
                    "Z/2 * (1 + tanh(sqrt(2/pi) * (Z + 0.044715 * Z^3)))",
                    r"\frac{Z}{2} \left( 1 + \tanh\left( \sqrt{2/\pi}\, (Z + 0.044715 Z^3) \right) \right)",
                    "Z/2 * (1 + np.tanh(np.sqrt(2/np.pi) * (Z + 0.044715 * Z**3)))",
                ],
                [
                    "((1 + tanh(sqrt(2/pi) * (Z + 0.044715 * Z^3)))/2 + Z/2 * (1 - tanh(sqrt(2/pi) * (Z + 0.044715 * Z^3))^2) * sqrt(2/pi) * (1 + 0.134145 * Z^2))",
                    r"\left( \frac{1 + t}{2} + \frac{Z}{2} (1 - t^2) \sqrt{2/\pi}\, (1 + 0.134145 Z^2) \right), \quad t = \tanh\left( \sqrt{2/\pi}\, (Z + 0.044715 Z^3) \right)",
                    "((1 + np.tanh(np.sqrt(2/np.pi) * (Z + 0.044715 * Z**3)))/2 + Z/2 * (1 - np.tanh(np.sqrt(2/np.pi) * (Z + 0.044715 * Z**3))**2) * np.sqrt(2/np.pi) * (1 + 0.134145 * Z**2))",
                ],
            ),
            Self::Mish => (
                ["Z * tanh(log(1 + exp(Z)))", r"Z \tanh(\log(1 + e^{Z}))", "Z * np.tanh(np.logaddexp(0, Z))"],
                [
                    "(tanh(log(1 + exp(Z))) + Z * (1 - tanh(log(1 + exp(Z)))^2) / (1 + exp(-Z)))",
                    r"\left( t + \frac{Z (1 - t^2)}{1 + e^{-Z}} \right), \quad t = \tanh(\log(1 + e^{Z}))",
                    "(np.tanh(np.logaddexp(0, Z)) + Z * (1 - np.tanh(np.logaddexp(0, Z))**2) / (1 + np.exp(-Z)))",
                ],
            ),
        }
    }

    /// The formula of the output, for an input that is called `z`.
    ///
    /// ```
    /// use clearprop::activation::{Activation, Notation};
    /// assert_eq!(Activation::Relu.formula(Notation::Plain, "z1"), "max(0, z1)");
    /// assert_eq!(Activation::Logistic.formula(Notation::Plain, "-2"), "1 / (1 + exp(-(-2)))");
    /// ```
    #[must_use]
    pub fn formula(self, notation: Notation, z: &str) -> String {
        filled(self.texts().0[notation as usize], self.parameter(), &[('Z', z)])
    }

    /// The formula of the slope, for an input that is called `z` and an output that is called `a`.
    #[must_use]
    pub fn slope_formula(self, notation: Notation, z: &str, a: &str) -> String {
        filled(self.texts().1[notation as usize], self.parameter(), &[('Z', z), ('A', a)])
    }
}

/// A template with names or numbers in the places of its letters; a negative number is bracketed where it
/// does not stand alone.
pub(crate) fn filled(template: &str, parameter: Option<(f64, f64)>, names: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(2 * template.len());
    for (at, letter) in template.char_indices() {
        let name = names.iter().find(|(one, _)| *one == letter).map(|(_, name)| *name);
        match (name, letter, parameter) {
            (Some(name), ..) => {
                let ends = |text: &str, open: &[char]| text.is_empty() || text.ends_with(open);
                let rest = &template[at + 1..];
                let alone = ends(template[..at].trim_end_matches(' '), &['(', ','])
                    && (rest.is_empty() || rest.starts_with([')', ',']));
                out.push_str(&if alone { name.to_owned() } else { bracketed(name) });
            }
            (None, '#', Some((value, _))) => out.push_str(&bracketed(&value.to_string())),
            _ => out.push(letter),
        }
    }
    out
}

/// A text that begins with a minus sign in brackets.
pub(crate) fn bracketed(text: &str) -> String {
    if text.starts_with('-') { format!("({text})") } else { text.to_owned() }
}
