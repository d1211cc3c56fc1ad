//! The arithmetic of one number, term by term, so that it can be redone by hand.
//!
//! Every number is worked out from the arrays that its formula names, one step at a time: a step adds
//! up terms, a term multiplies factors, and a factor is a number of the trace or a short piece of
//! arithmetic (`exp(0.5 - 1.25)`) written with all its digits.

mod backward;
mod forward;

use super::{Entry, Kind, Names, Trace};
use crate::target::Target;
use serde::Serialize;

/// The arithmetic of one number.
#[derive(Clone, Debug, Serialize)]
pub struct Worked {
    /// Which number: `dw1[0,3]`.
    pub name: String,
    /// Its name in the other names.
    pub other_name: String,
    /// The traced number.
    pub value: f64,
    /// What it is, in a sentence.
    pub sentence: String,
    /// The steps; the last one gives the number.  None for what is given (x, y, w, b).
    pub steps: Vec<Step>,
    /// Of a weight's or bias's derivative: the chain rule through the one row that counts most.
    pub chain: Option<ChainRule>,
}

/// A sum of terms.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What it gives: `dw1[0,3]`.
    pub result: String,
    /// The formula for this number: `sum over rows i of x[i,0] * dz1[i,3], + reg * w1[0,3]`.
    pub rule: String,
    /// What is added up.
    pub terms: Vec<Term>,
    /// The sum.
    pub value: f64,
}

/// A product of factors.
#[derive(Clone, Debug, Serialize)]
pub struct Term {
    /// Which one: `i=7`, `bias`, `penalty`.
    pub at: String,
    /// What is multiplied.
    pub factors: Vec<Factor>,
    /// The product.
    pub value: f64,
}

/// A number of the trace, or a short piece of arithmetic.
#[derive(Clone, Debug, Serialize)]
pub struct Factor {
    /// Its name: `x[7,0]`.
    pub name: String,
    /// How it is computed, in numbers with all digits: `0.5`, `exp(0.5 - 1.25)`.
    pub arithmetic: String,
    /// The number.
    pub value: f64,
}

/// The chain rule for one weight through one row: its factors, from the loss down to the weight.
#[derive(Clone, Debug, Serialize)]
pub struct ChainRule {
    /// The row.
    pub row: usize,
    /// The factors; `name` says what is differentiated by what.
    pub factors: Vec<Factor>,
    /// Their product, the row's term in the sum.
    pub product: f64,
}

/// A number with all its digits, as short as it can be read back exactly.
#[must_use]
pub fn exact(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

impl Factor {
    fn number(name: String, value: f64) -> Self {
        Self { name, arithmetic: exact(value), value }
    }
}

impl Term {
    fn new(at: impl Into<String>, factors: Vec<Factor>) -> Self {
        let value = factors.iter().map(|factor| factor.value).product();
        Self { at: at.into(), factors, value }
    }
}

impl Step {
    fn new(result: String, rule: String, terms: Vec<Term>) -> Self {
        let value = terms.iter().map(|term| term.value).sum();
        Self { result, rule, terms, value }
    }
}

impl Trace {
    /// The arithmetic of one number.  `row` chooses the row of the chain rule for a weight; without it,
    /// the row whose term is largest.
    #[must_use]
    pub fn worked(&self, entry: &Entry, row: Option<usize>, names: Names) -> Worked {
        let Entry { kind, layer, ref index } = *entry;
        let other = if names == Names::Design { Names::Notebook } else { Names::Design };
        let (mut steps, mut chain) = (vec![], None);
        match (kind, index.as_slice()) {
            (Kind::Z, &[i, j]) => steps = vec![self.work_z(layer, i, j, names)],
            (Kind::A, &[i, j]) => steps = vec![self.work_a(layer, i, j, names)],
            (Kind::Probs, &[i, j]) => steps = self.work_probs(i, j, names),
            (Kind::DataLoss, _) => steps = vec![self.work_data_loss(names)],
            (Kind::Penalty, _) => steps = self.work_penalty(names),
            (Kind::Loss, _) => {
                steps = vec![Step::new(
                    "loss".into(),
                    format!("data_loss + {}", self.name(Kind::Penalty, 0, names)),
                    [(Kind::DataLoss, "data"), (Kind::Penalty, "penalty")]
                        .map(|(kind, at)| Term::new(at, vec![self.factor(kind, 0, &[], names)]))
                        .to_vec(),
                )];
            }
            (Kind::Dz, &[i, j]) if layer == self.layers() => steps = vec![self.work_dlogits(i, j, names)],
            (Kind::Dz, &[i, j]) => steps = vec![self.work_dz(layer, i, j, names)],
            (Kind::Da, &[i, c]) => steps = vec![self.work_da(layer, i, c, names)],
            (Kind::Dw, &[c, j]) => {
                let step = self.work_weight(layer, Some(c), j, names);
                chain = self.chain_rule(layer, Some(c), j, row, &step, names);
                steps = vec![step];
            }
            (Kind::Db, &[j]) => {
                let step = self.work_weight(layer, None, j, names);
                chain = self.chain_rule(layer, None, j, row, &step, names);
                steps = vec![step];
            }
            // x, y, w and b are given; entry() lets no other shape of index through.
            _ => {}
        }
        Worked {
            name: self.number_name(kind, layer, index, names),
            other_name: self.number_name(kind, layer, index, other),
            value: self.number(kind, layer, index),
            sentence: self.sentence(kind, layer, index, names),
            steps,
            chain,
        }
    }

    /// One number of the trace.
    fn number(&self, kind: Kind, l: usize, index: &[usize]) -> f64 {
        let values = match kind {
            Kind::X => return self.data.x[[index[0], index[1]]],
            Kind::Z => &self.pass.z[l],
            Kind::A => &self.pass.a[l],
            Kind::Dz => &self.dpass.z[l],
            Kind::Da => &self.dpass.a[l],
            Kind::W => return self.params.w(l)[[index[0], index[1]]],
            Kind::Dw => return self.grads.w(l)[[index[0], index[1]]],
            Kind::B => return self.params.b(l)[index[0]],
            Kind::Db => return self.grads.b(l)[index[0]],
            Kind::Probs => self.pass.probs(),
            Kind::Y => {
                return match &self.data.y {
                    Target::Classes(y) => f64::from(y[index[0]]),
                    Target::Values(y) => y[[index[0], index[1]]],
                };
            }
            Kind::DataLoss => return self.objective.data_loss,
            Kind::Penalty => return self.objective.penalty,
            Kind::Loss => return self.objective.loss(),
        };
        values[[index[0], index[1]]]
    }

    fn factor(&self, kind: Kind, l: usize, index: &[usize], names: Names) -> Factor {
        Factor::number(self.number_name(kind, l, index, names), self.number(kind, l, index))
    }

    /// `x[7,0]`; in the notebook's names the bias is the last row of `W1`.
    fn number_name(&self, kind: Kind, l: usize, index: &[usize], names: Names) -> String {
        if let (Names::Notebook, Kind::B | Kind::Db, [j]) = (names, kind, index) {
            let whole = if kind == Kind::B { Kind::W } else { Kind::Dw };
            return format!("{}[{},{j}]", self.name(whole, l, names), self.network.sizes[l - 1]);
        }
        let index: Vec<String> = index.iter().map(usize::to_string).collect();
        let name = self.name(kind, l, names);
        if index.is_empty() { name } else { format!("{name}[{}]", index.join(",")) }
    }

    /// What a number is, in a sentence.
    fn sentence(&self, kind: Kind, l: usize, index: &[usize], names: Names) -> String {
        let by = |kind: Kind| self.number_name(kind, l, index, names);
        match (kind, index) {
            (Kind::X, &[i, c]) => format!("given: row {i}, input {c}"),
            (Kind::Y, &[i, ..]) => format!("given: the right answer of row {i}"),
            (Kind::W, &[c, j]) => format!("given: the weight from {c} below to unit {j} of layer {l}"),
            (Kind::B, &[j]) => format!("given: the bias of unit {j} of layer {l}"),
            (Kind::Z, &[i, j]) if l == self.layers() => {
                format!("the logit of class or output {j} for row {i}")
            }
            (Kind::Z, &[i, j]) => {
                format!("the INPUT of the nonlinearity of unit {j}, layer {l}, for row {i}")
            }
            (Kind::A, &[i, j]) => {
                format!("the OUTPUT of the nonlinearity of unit {j}, layer {l}, for row {i}")
            }
            (Kind::Probs, &[i, j]) => format!("what the network says of class or output {j} for row {i}"),
            (Kind::DataLoss, _) => "the mean over rows of each row's loss".into(),
            (Kind::Penalty, _) => "what is paid for large weights".into(),
            (Kind::Loss, _) => "what training makes small".into(),
            (Kind::Dz, _) if l == self.layers() => {
                format!("the derivative of the loss by {}, a logit", by(Kind::Z))
            }
            (Kind::Dz, _) => {
                format!("the derivative of the loss by {}, the INPUT of a nonlinearity", by(Kind::Z))
            }
            (Kind::Da, _) => {
                format!("the derivative of the loss by {}, the OUTPUT of a nonlinearity", by(Kind::A))
            }
            (Kind::Dw, _) => format!("the derivative of the loss by the weight {}", by(Kind::W)),
            (Kind::Db, _) => format!("the derivative of the loss by the bias {}", by(Kind::B)),
            _ => String::new(),
        }
    }
}

/// A number after a minus sign: negative ones in brackets.
fn bracketed(value: f64) -> String {
    if value.is_sign_negative() { format!("({})", exact(value)) } else { exact(value) }
}
