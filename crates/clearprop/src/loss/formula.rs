//! Losses on paper: output, loss and derivative of each, as one types them, in TeX and in NumPy, and the
//! arithmetic of one number.

use super::Loss;
use crate::activation::{Notation, bracketed, filled};

/// The three lines in which a loss appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The outputs, from the logits.
    Outputs,
    /// The data loss.
    Value,
    /// Its derivative by the logits.
    Slope,
}

/// What the quantities are called in a line of NumPy.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The logits.
    pub logits: &'a str,
    /// The outputs.
    pub outputs: &'a str,
    /// The right answers.
    pub y: &'a str,
    /// The number of rows.
    pub n: &'a str,
}

// In NumPy F, P, Y and N stand for logits, outputs, answers and rows; # is the parameter.
const LOGITS: [&str; 3] = ["outputs = logits", r"\hat{y}_{ij} = f_{ij}", "F"];
const DIFFERENCE: [&str; 3] = [
    "dlogits = (outputs - y) / n",
    r"\frac{\partial L}{\partial f_{ij}} = \frac{1}{n} \left( \hat{y}_{ij} - y_{ij} \right)",
    "(P - Y) / N",
];

impl Loss {
    /// What the outputs are called: `probs` where they are probabilities, else `outputs`.
    #[must_use]
    pub fn outputs_name(self) -> &'static str {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } | Self::Logistic => "probs",
            Self::Squared | Self::Poisson | Self::Absolute | Self::Huber { .. } => "outputs",
            Self::Hinge | Self::SquaredHinge => "outputs",
        }
    }

    /// One of its lines, from the name on the left to the right side: `dlogits = (probs - y) / n`.
    #[must_use]
    pub fn formula(self, line: Line, notation: Notation) -> String {
        let names = Names { logits: "f", outputs: self.outputs_name(), y: "y", n: "y.shape[0]" };
        match (notation, line) {
            (Notation::Plain | Notation::Tex, _) => {
                filled(self.lines(line)[notation as usize], self.parameter(), &[])
            }
            (Notation::Numpy, Line::Outputs) => format!("{} = {}", names.outputs, self.numpy(line, names)),
            (Notation::Numpy, Line::Value) => format!("data_loss = {}", self.numpy(line, names)),
            (Notation::Numpy, Line::Slope) => format!("dL_df = {}", self.numpy(line, names)),
        }
    }

    /// The right side of one of its lines in NumPy, with these names.
    #[must_use]
    pub fn numpy(self, line: Line, names: Names<'_>) -> String {
        let letters = [('F', names.logits), ('P', names.outputs), ('Y', names.y), ('N', names.n)];
        filled(self.lines(line)[Notation::Numpy as usize], self.parameter(), &letters)
    }

    fn lines(self, line: Line) -> [&'static str; 3] {
        match line {
            Line::Outputs => self.outputs_lines(),
            Line::Value => self.value_lines(),
            Line::Slope => self.slope_lines(),
        }
    }

    fn outputs_lines(self) -> [&'static str; 3] {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } => [
                "probs = exp(logits) / row sums of exp(logits)",
                r"p_{ij} = \frac{e^{f_{ij}}}{\sum_{c} e^{f_{ic}}}",
                "np.exp(F); P /= P.sum(axis=1, keepdims=True)",
            ],
            Self::Logistic => [
                "probs = 1 / (1 + exp(-logits))",
                r"p_{ij} = \frac{1}{1 + e^{-f_{ij}}}",
                "1 / (1 + np.exp(-F))",
            ],
            Self::Poisson => ["outputs = exp(logits)", r"\hat{y}_{ij} = e^{f_{ij}}", "np.exp(F)"],
            Self::Squared | Self::Absolute | Self::Huber { .. } => LOGITS,
            Self::Hinge | Self::SquaredHinge => LOGITS,
        }
    }

    fn value_lines(self) -> [&'static str; 3] {
        match self {
            Self::Softmax => [
                "data_loss = mean over rows of -log probs[i, y[i]]",
                r"L_{\mathrm{data}} = -\frac{1}{n} \sum_{i} \log p_{i, y_{i}}",
                "-np.mean(np.log(P[range(N), Y]))",
            ],
            Self::SmoothedSoftmax { .. } => [
                "data_loss = mean over rows of sum over j of -q log probs, q = (1 - #) onehot(y) + # / k",
                r"L_{\mathrm{data}} = -\frac{1}{n} \sum_{i} \left( (1 - #) \log p_{i, y_{i}} + \frac{#}{k} \sum_{j} \log p_{ij} \right)",
                "-np.mean((1 - #) * np.log(P[range(N), Y]) + # * np.mean(np.log(P), axis=1))",
            ],
            Self::Logistic => [
                "data_loss = mean over rows of sum over j of -(y log p + (1-y) log(1-p))",
                r"L_{\mathrm{data}} = -\frac{1}{n} \sum_{i} \sum_{j} \left( y_{ij} \log p_{ij} + (1 - y_{ij}) \log (1 - p_{ij}) \right)",
                "-np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / N",
            ],
            Self::Squared => [
                "data_loss = mean over rows of 1/2 * sum over j of (logits - y)^2",
                r"L_{\mathrm{data}} = \frac{1}{n} \sum_{i} \frac{1}{2} \sum_{j} (f_{ij} - y_{ij})^2",
                "0.5 * np.sum((F - Y)**2) / N",
            ],
            Self::Poisson => [
                "data_loss = mean over rows of sum over j of exp(logits) - y * logits",
                r"L_{\mathrm{data}} = \frac{1}{n} \sum_{i} \sum_{j} \left( e^{f_{ij}} - y_{ij} f_{ij} \right)",
                "np.sum(np.exp(F) - Y * F) / N",
            ],
            Self::Absolute => [
                "data_loss = mean over rows of sum over j of |logits - y|",
                r"L_{\mathrm{data}} = \frac{1}{n} \sum_{i} \sum_{j} \left| f_{ij} - y_{ij} \right|",
                "np.sum(np.abs(F - Y)) / N",
            ],
            Self::Huber { .. } => [
                "data_loss = mean over rows of sum over j of 1/2 r^2 up to r = #, beyond # * (r - #/2), r = |logits - y|",
                r"L_{\mathrm{data}} = \frac{1}{n} \sum_{i} \sum_{j} \left( \frac{r_{ij}^2}{2} - \frac{\max(0, r_{ij} - #)^2}{2} \right), \quad r_{ij} = \left| f_{ij} - y_{ij} \right|",
                "0.5 * np.sum((F - Y)**2 - np.maximum(0, np.abs(F - Y) - #)**2) / N",
            ],
            // In NumPy the right class's own margin is 1, which is taken away again.
            Self::Hinge => [
                "data_loss = mean over rows of sum over j other than y[i] of max(0, logits[i,j] - logits[i,y[i]] + 1)",
                r"L_{\mathrm{data}} = \frac{1}{n} \sum_{i} \sum_{j \ne y_{i}} \max(0, f_{ij} - f_{i, y_{i}} + 1)",
                "np.sum(np.maximum(0, F - F[range(N), Y][:, np.newaxis] + 1)) / N - 1",
            ],
            Self::SquaredHinge => [
                "data_loss = mean over rows of sum over j other than y[i] of max(0, logits[i,j] - logits[i,y[i]] + 1)^2",
                r"L_{\mathrm{data}} = \frac{1}{n} \sum_{i} \sum_{j \ne y_{i}} \max(0, f_{ij} - f_{i, y_{i}} + 1)^2",
                "np.sum(np.maximum(0, F - F[range(N), Y][:, np.newaxis] + 1)**2) / N - 1",
            ],
        }
    }

    fn slope_lines(self) -> [&'static str; 3] {
        match self {
            Self::Softmax => [
                "dlogits = (probs - onehot(y)) / n",
                r"\frac{\partial L}{\partial f_{ij}} = \frac{1}{n} \left( p_{ij} - [j = y_{i}] \right)",
                "P.copy(); dL_df[range(N), Y] -= 1; dL_df /= N",
            ],
            Self::SmoothedSoftmax { .. } => [
                "dlogits = (probs - (1 - #) * onehot(y) - # / k) / n",
                r"\frac{\partial L}{\partial f_{ij}} = \frac{1}{n} \left( p_{ij} - (1 - #) [j = y_{i}] - \frac{#}{k} \right)",
                "P - # / P.shape[1]; dL_df[range(N), Y] -= 1 - #; dL_df /= N",
            ],
            Self::Logistic => [
                "dlogits = (probs - y) / n",
                r"\frac{\partial L}{\partial f_{ij}} = \frac{1}{n} \left( p_{ij} - y_{ij} \right)",
                "(P - Y) / N",
            ],
            Self::Squared | Self::Poisson => DIFFERENCE,
            Self::Absolute => [
                "dlogits = sign(outputs - y) / n",
                r"\frac{\partial L}{\partial f_{ij}} = \frac{1}{n} \operatorname{sign} \left( \hat{y}_{ij} - y_{ij} \right)",
                "np.sign(P - Y) / N",
            ],
            Self::Huber { .. } => [
                "dlogits = min(#, max(-#, outputs - y)) / n",
                r"\frac{\partial L}{\partial f_{ij}} = \frac{1}{n} \min(#, \max(-#, \hat{y}_{ij} - y_{ij}))",
                "np.clip(P - Y, -#, #) / N",
            ],
            Self::Hinge => [
                "dlogits = (outputs[i,j] - outputs[i,y[i]] + 1 > 0) / n; at y[i] minus the sum of the others",
                r"\frac{\partial L}{\partial f_{ij}} = \frac{1}{n} [f_{ij} - f_{i, y_{i}} + 1 > 0] \; (j \ne y_{i}), \quad \frac{\partial L}{\partial f_{i, y_{i}}} = -\sum_{j \ne y_{i}} \frac{\partial L}{\partial f_{ij}}",
                "(P - P[range(N), Y][:, np.newaxis] + 1 > 0) / N; dL_df[range(N), Y] -= dL_df.sum(axis=1)",
            ],
            Self::SquaredHinge => [
                "dlogits = 2 * max(0, outputs[i,j] - outputs[i,y[i]] + 1) / n; at y[i] minus the sum of the others",
                r"\frac{\partial L}{\partial f_{ij}} = \frac{2}{n} \max(0, f_{ij} - f_{i, y_{i}} + 1) \; (j \ne y_{i}), \quad \frac{\partial L}{\partial f_{i, y_{i}}} = -\sum_{j \ne y_{i}} \frac{\partial L}{\partial f_{ij}}",
                "2 * np.maximum(0, P - P[range(N), Y][:, np.newaxis] + 1) / N; dL_df[range(N), Y] -= dL_df.sum(axis=1)",
            ],
        }
    }

    /// What one output is made of, with names or numbers in the place of the row's logits; softmax, which takes
    /// two steps, is `None`.
    pub(crate) fn output_term(self, logits: &[String], j: usize) -> Option<String> {
        let z = &[('Z', logits[j].as_str())];
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } => None,
            Self::Logistic => Some(filled("1 / (1 + exp(-Z))", None, z)),
            Self::Poisson => Some(filled("exp(Z)", None, z)),
            Self::Squared | Self::Absolute | Self::Huber { .. } => Some(logits[j].clone()),
            Self::Hinge | Self::SquaredHinge => Some(logits[j].clone()),
        }
    }

    /// The loss of a row: what is added up over the outputs, in words.
    pub(crate) fn row_rule(self, logits: &str) -> String {
        let difference = format!("{logits}[i,j] - y[i,j]");
        let margin = format!("{logits}[i,j] - {logits}[i,y[i]] + 1");
        match self {
            Self::Softmax => "-log probs[i, y[i]]".to_owned(),
            Self::SmoothedSoftmax { smoothing } => {
                format!("(sum over j of -q log probs, q = {} [j = y[i]] + {smoothing}/k)", 1.0 - smoothing)
            }
            Self::Logistic => "(sum over j of -y log probs - (1-y) log(1-probs))".to_owned(),
            Self::Squared => format!("(sum over j of 1/2 ({difference})^2)"),
            Self::Poisson => format!("(sum over j of exp({logits}[i,j]) - y[i,j] * {logits}[i,j])"),
            Self::Absolute => format!("(sum over j of |{difference}|)"),
            Self::Huber { delta } => {
                format!("(sum over j of 1/2 r^2 or {delta} (r - {delta}/2), r = |{difference}|)")
            }
            Self::Hinge => format!("(sum over j other than y[i] of max(0, {margin}))"),
            Self::SquaredHinge => format!("(sum over j other than y[i] of max(0, {margin})^2)"),
        }
    }

    /// The arithmetic of one row's loss, in numbers, from the right answers or the right class; of softmax, which
    /// reads the probabilities, `None`.
    pub(crate) fn row_arithmetic(
        self,
        logits: &[f64],
        y: &[f64],
        class: usize,
        write: &dyn Fn(f64) -> String,
    ) -> Option<String> {
        let sum = |term: &dyn Fn(f64, f64) -> &'static str| {
            let terms = logits.iter().zip(y).map(|(&z, &y)| {
                let (z_text, y_text) = (write(z), write(y));
                filled(term(z, y), self.parameter(), &[('Z', &z_text), ('Y', &y_text)])
            });
            Some(terms.collect::<Vec<_>>().join(" + "))
        };
        match self {
            Self::Softmax => None,
            // log(sum of exp(z - m)) + m - (1 - smoothing) z[y] - smoothing/k (sum of z), m the largest
            Self::SmoothedSoftmax { smoothing } => {
                let most = logits.iter().fold(f64::NEG_INFINITY, |m, &z| m.max(z));
                let most = bracketed(&write(most));
                let exps: Vec<_> = logits.iter().map(|&z| format!("exp({} - {most})", write(z))).collect();
                let all: Vec<_> = logits.iter().map(|&z| bracketed(&write(z))).collect();
                Some(format!(
                    "log({}) + {most} - {} * {} - {smoothing}/{} * ({})",
                    exps.join(" + "),
                    1.0 - smoothing,
                    all[class],
                    logits.len(),
                    all.join(" + ")
                ))
            }
            // -y log p - (1-y) log(1-p) = log(1 + exp(z)) - y z = log(1 + exp(-s z)), s = ±1
            Self::Logistic => {
                let terms = logits.iter().zip(y).map(|(&z, &y)| {
                    let signed = if y == 1.0 { -z } else { z };
                    if signed > 0.0 {
                        format!("{} + log(1 + exp({}))", write(signed), write(-signed))
                    } else {
                        format!("log(1 + exp({}))", write(signed))
                    }
                });
                Some(terms.collect::<Vec<_>>().join(" + "))
            }
            Self::Squared => sum(&|_, _| "0.5 * (Z - Y)^2"),
            Self::Poisson => sum(&|_, _| "exp(Z) - Y * Z"),
            Self::Absolute => sum(&|_, _| "|Z - Y|"),
            Self::Huber { delta } => sum(&|z, y| {
                if (z - y).abs() > delta { "# * (|Z - Y| - #/2)" } else { "0.5 * (Z - Y)^2" }
            }),
            Self::Hinge | Self::SquaredHinge => {
                let template = if self == Self::Hinge { "max(0, Z - Y + 1)" } else { "max(0, Z - Y + 1)^2" };
                let right = write(logits[class]);
                let others = logits.iter().enumerate().filter(|(j, _)| *j != class);
                let terms = others.map(|(_, &z)| filled(template, None, &[('Z', &write(z)), ('Y', &right)]));
                Some(terms.collect::<Vec<_>>().join(" + "))
            }
        }
    }

    /// n times one number of dlogits, with names or numbers in the place of the row's outputs and of the right
    /// answer; of classes the `answer` is 1 for the right one, else 0, and `class` is the right one.
    pub(crate) fn slope_term(self, outputs: &[String], answer: &str, class: usize, j: usize) -> String {
        let template = match self {
            Self::Softmax | Self::Logistic | Self::Squared | Self::Poisson => "(P - Y)",
            Self::SmoothedSoftmax { .. } => &format!("(P - (1 - #) * Y - #/{})", outputs.len()),
            Self::Absolute => "sign(P - Y)",
            Self::Huber { .. } => "min(#, max(-#, P - Y))",
            Self::Hinge | Self::SquaredHinge => {
                let template = if self == Self::Hinge { "(P - Y + 1 > 0)" } else { "2 * max(0, P - Y + 1)" };
                let of = |j: usize| filled(template, None, &[('P', &outputs[j]), ('Y', &outputs[class])]);
                let others = (0..outputs.len()).filter(|&other| other != class).map(of);
                return if j == class {
                    format!("-({})", others.collect::<Vec<_>>().join(" + "))
                } else {
                    of(j)
                };
            }
        };
        filled(template, self.parameter(), &[('P', &outputs[j]), ('Y', answer)])
    }
}
