//! Names of the quantities of a pass: values, and derivatives of the loss by them.
//!
//! Layers are counted l = 1..=L.  `z[l]` is the **input** of layer l's nonlinearity, `a[l]` its **output**;
//! `a[0] = x`, `z[L]` are the logits and `a[L]` the outputs (probabilities, where the loss asks for them).

/// A value of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// The inputs `x` (n, d).
    X,
    /// The right answers `y`.
    Y,
    /// The weights `w[l]` (fan_in, fan_out).
    W(usize),
    /// The bias `b[l]` (fan_out).
    B(usize),
    /// `z[l]` (n, fan_out), the input of layer l's nonlinearity.
    Z(usize),
    /// `z[l]` with mean 0 and variance 1, where a layer normalises it.
    Normed(usize),
    /// The factor `gamma[l]` of a normalisation.
    Gamma(usize),
    /// The shift `beta[l]` of a normalisation.
    Beta(usize),
    /// `gamma[l] * normed[l] + beta[l]`: then this is the input of the nonlinearity.
    Scaled(usize),
    /// `a[l]` (n, fan_out), the output of layer l's nonlinearity.
    A(usize),
    /// `a[l]` after dropout.
    Kept(usize),
    /// The data's part of the loss.
    DataLoss,
    /// The penalty's part of the loss.
    Penalty,
    /// The loss.
    Loss,
}

/// A value, or the derivative of the loss by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// The value itself.
    Of(Variable),
    /// The derivative of the loss **by** it, in its shape.
    By(Variable),
}

use Quantity::{By, Of};
use Variable::{A, B, Beta, DataLoss, Gamma, Kept, Loss, Normed, Penalty, Scaled, W, X, Y, Z};

/// Whose names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// The design's: `z1 a1 dz1 dw1`.
    Design,
    /// The notebook's: `h11 h12 dL_dh11 dL_dW1`.
    Notebook,
    /// Many courses': `Z1 A1 dZ1 dW1`.
    Upper,
}

impl Variable {
    /// The layer it belongs to, of L; 0 of the inputs, L of the loss.
    #[must_use]
    pub fn layer(self, last: usize) -> usize {
        match self {
            X | Y => 0,
            W(l) | B(l) | Z(l) | Normed(l) | Gamma(l) | Beta(l) | Scaled(l) | A(l) | Kept(l) => l,
            DataLoss | Penalty | Loss => last,
        }
    }

    /// Whether every row of the batch has its own.
    #[must_use]
    pub fn is_per_row(self) -> bool {
        matches!(self, X | Y | Z(_) | Normed(_) | Scaled(_) | A(_) | Kept(_))
    }

    /// Whether it is learnt.
    #[must_use]
    pub fn is_parameter(self) -> bool {
        matches!(self, W(_) | B(_) | Gamma(_) | Beta(_))
    }

    fn name(self, habit: Habit, last: usize) -> String {
        let upper = habit == Habit::Upper;
        let notebook = habit == Habit::Notebook;
        let cased = |letter: &str, l: usize| {
            if upper { format!("{}{l}", letter.to_uppercase()) } else { format!("{letter}{l}") }
        };
        match self {
            X => if habit == Habit::Design { "x" } else { "X" }.to_owned(),
            Y => "y".to_owned(),
            W(l) => format!("{}{l}", if habit == Habit::Design { "w" } else { "W" }),
            B(l) => format!("b{l}"),
            Z(l) if l == last && notebook => "f".to_owned(),
            Z(l) if l == last && !upper => "logits".to_owned(),
            Z(l) if notebook => format!("h{l}1"),
            Z(l) => cased("z", l),
            A(l) if l == last && !upper => "probs".to_owned(),
            A(l) if notebook => format!("h{l}2"),
            A(l) => cased("a", l),
            Normed(l) => format!("xhat{l}"),
            Gamma(l) => format!("gamma{l}"),
            Beta(l) => format!("beta{l}"),
            Scaled(l) => format!("bn{l}"),
            Kept(l) => format!("dropped{l}"),
            DataLoss => "data_loss".to_owned(),
            Penalty => "penalty".to_owned(),
            Loss => "loss".to_owned(),
        }
    }
}

impl Quantity {
    /// Its name.
    ///
    /// ```
    /// use clearprop::quantity::{Habit, Quantity::By, Variable::{W, Z}};
    /// assert_eq!(By(Z(1)).name(Habit::Notebook, 2), "dL_dh11");
    /// assert_eq!(By(Z(2)).name(Habit::Design, 2), "dlogits");
    /// assert_eq!(By(W(2)).name(Habit::Upper, 2), "dW2");
    /// ```
    #[must_use]
    pub fn name(self, habit: Habit, last: usize) -> String {
        match self {
            Of(variable) => variable.name(habit, last),
            By(variable) => {
                let before = if habit == Habit::Notebook { "dL_d" } else { "d" };
                format!("{before}{}", variable.name(habit, last))
            }
        }
    }

    /// The value, or the value that the derivative is by.
    #[must_use]
    pub fn variable(self) -> Variable {
        let (Of(variable) | By(variable)) = self;
        variable
    }

    /// The id of the stage that computes it, as in the table of stages; none of what is given.
    #[must_use]
    pub fn stage(self, last: usize) -> Option<&'static str> {
        Some(match self {
            Of(X | Y | W(_) | B(_) | Gamma(_) | Beta(_)) => return None,
            Of(Z(_)) => "affine",
            Of(Normed(_)) => "normalise",
            Of(Scaled(_)) => "scale",
            Of(Kept(_)) => "dropout",
            Of(A(l)) => {
                if l == last {
                    "softmax"
                } else {
                    "activate"
                }
            }
            Of(DataLoss | Penalty | Loss) => "loss",
            By(Z(l)) => {
                if l == last {
                    "dlogits"
                } else {
                    "dz"
                }
            }
            By(W(_)) => "dw",
            By(B(_)) => "db",
            By(A(l)) => {
                if l == last {
                    "dprobs"
                } else {
                    "da"
                }
            }
            By(Normed(_)) => "dnormed",
            By(Scaled(_)) => "dscaled",
            By(Gamma(_)) => "dgamma",
            By(Beta(_)) => "dbeta",
            By(Kept(_)) => "dkept",
            By(X | Y | DataLoss | Penalty | Loss) => return None,
        })
    }

    /// The stage with its layer: `dz[1]`, `affine[2]`, `dlogits`.
    #[must_use]
    pub fn stage_at(self, last: usize) -> String {
        let stage = self.stage(last).unwrap_or("given");
        match stage {
            "softmax" | "loss" | "dlogits" | "dprobs" | "given" => stage.to_owned(),
            _ => format!("{stage}[{}]", self.variable().layer(last)),
        }
    }
}
