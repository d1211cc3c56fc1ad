//! One forward and backward pass with everything named: what `clearprop trace` and the report show.
//!
//! A [`Trace`] owns the numbers; [`Trace::chain`] lines them up as one would on paper, every value
//! beside the derivative of the loss **by that value**; [`Trace::worked`] redoes the arithmetic of one
//! number, term by term.  Names, formulas and shapes come from the table of [`crate::stage`].
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.

mod arrays;
mod entry;
mod kind;
mod worked;

pub use arrays::arrays;
pub use entry::Entry;
pub use kind::{Kind, Names};
pub use worked::{ChainRule, Factor, Step, Term, Worked, exact};

use crate::backward::backward;
use crate::data::Data;
use crate::error::{Error, ErrorKind, Result};
use crate::forward::{Pass, forward};
use crate::network::{Network, Penalized};
use crate::objective::{Objective, objective};
use crate::params::Params;
use crate::stage::{Case, FormulaAt, Stage, stage};
use ndarray::ArrayD;
use serde::Serialize;

/// One forward and backward pass, every number kept.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What the network is.
    pub network: Network,
    /// Its weights and biases.
    pub params: Params<f64>,
    /// The rows it was run on.
    pub data: Data<f64>,
    /// The values.
    pub pass: Pass<f64>,
    /// The loss.
    pub objective: Objective,
    /// The derivative of the loss by every value.
    pub dpass: Pass<f64>,
    /// The derivative of the loss by every weight and bias, the penalty's part included.
    pub grads: Params<f64>,
}

/// One line of the chain: a value, and the derivative of the loss by it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The layer that begins with this line: each with its weights, 0 with the inputs, L + 1 with what
    /// follows the last layer.
    pub begins: Option<usize>,
    /// The value.
    pub value: Quantity,
    /// The derivative of the loss by it; none for what is not learnt (x, y) or is passed over (probs).
    pub derivative: Option<Quantity>,
}

/// One array of a trace.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// Its name: `z1`.
    pub name: String,
    /// Its other name, the notebook's or (in a trace with the notebook's names) ours: `h11`.
    pub other_name: String,
    /// What it is: of a value which layer's input or output, of a derivative by which variable it is taken.
    pub role: String,
    /// The stages that compute it, with their layer: none for what is given, two for a derivative that
    /// gets a second part from the penalty.
    pub stages: Vec<(&'static Stage, usize)>,
    /// The formula of each of these stages, for this layer and this network.
    pub formulas: Vec<FormulaAt>,
    /// The numbers.
    pub values: ArrayD<f64>,
    /// Whether its first axis counts the rows of the batch.
    pub of_rows: bool,
    /// Whether a number that is exactly zero is worth a word: a ReLU has its kink there.
    pub zero_is_kink: bool,
}

/// A few numbers about many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// The smallest; NaN if there is a NaN.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The largest; NaN if there is a NaN.
    pub max: f64,
    /// How many are exactly zero.
    pub zeros: usize,
    /// How many there are.
    pub count: usize,
}

impl Trace {
    /// One forward and backward pass of `network` with `params` over `data`.
    ///
    /// # Errors
    /// Parameters or data that do not fit the network.
    pub fn new(network: Network, params: Params<f64>, data: Data<f64>) -> Result<Self> {
        data.fits(&network)?;
        if params.sizes() != network.sizes {
            let found = format!("weights of sizes {:?} for a network of {:?}", params.sizes(), network.sizes);
            return Err(Error::new(ErrorKind::Shape, found));
        }
        let pass = forward(&network, &params, data.x.view());
        let objective = objective(&network, &params, &pass, &data.y);
        let (grads, dpass) = backward(&network, &params, &pass, &data.y);
        Ok(Self { network, params, data, pass, objective, dpass, grads })
    }

    /// L, the number of layers.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.network.layers()
    }

    /// By what the table of stages chooses the formulas of layer l.
    fn cases(&self, l: usize) -> Vec<Case> {
        let activation = self.network.activations.get(l.wrapping_sub(1)).copied();
        let network = [Case::Loss(self.network.loss), Case::Penalty(self.network.penalty.over.name())];
        activation.map(Case::Activation).into_iter().chain(network).collect()
    }

    /// The chain from the inputs down to the loss, each value with the derivative by it.
    #[must_use]
    pub fn chain(&self, names: Names) -> Vec<Link> {
        let last = self.layers();
        let mut chain = vec![Link { begins: Some(0), ..self.given(Kind::X, 0, names) }];
        for l in 1..=last {
            let weights = match names {
                Names::Design => &[Kind::W, Kind::B][..],
                Names::Notebook => &[Kind::W],
            };
            for &kind in weights {
                let mut link = self.given(kind, l, names);
                link.begins = (kind == Kind::W).then_some(l);
                link.derivative = Some(self.quantity(kind.derivative(), l, names));
                chain.push(link);
            }
            let kinds: &[Kind] = if l == last { &[Kind::Z] } else { &[Kind::Z, Kind::A] };
            for &kind in kinds {
                chain.push(Link {
                    begins: None,
                    value: self.quantity(kind, l, names),
                    derivative: Some(self.quantity(kind.derivative(), l, names)),
                });
            }
        }
        for kind in [Kind::Probs, Kind::Y, Kind::DataLoss, Kind::Penalty, Kind::Loss] {
            let begins = (kind == Kind::Probs).then_some(last + 1);
            chain.push(Link { begins, ..self.given(kind, last, names) });
        }
        chain
    }

    fn given(&self, kind: Kind, l: usize, names: Names) -> Link {
        Link { begins: None, value: self.quantity(kind, l, names), derivative: None }
    }

    /// Which layer's input or output a value is; by which variable a derivative is taken.
    fn role(&self, kind: Kind, l: usize, names: Names) -> String {
        let last = self.layers();
        let by = |of: Kind, what: &str| format!("by {}, {what}", self.name(of, l, names));
        match kind {
            Kind::X => "the input of layer 1".to_owned(),
            Kind::Z if l == last => match self.network.loss {
                loss if loss.outputs_are_logits() => "the network's answer".to_owned(),
                loss => format!("the INPUT of {loss}"),
            },
            Kind::Z => format!("the INPUT of layer {l}'s nonlinearity"),
            Kind::A => format!("its OUTPUT, which is the input of layer {}", l + 1),
            Kind::Probs if !self.network.loss.outputs_are_logits() => {
                format!("the OUTPUT of {}", self.network.loss)
            }
            Kind::Dw => by(Kind::W, "the weights"),
            Kind::Db => by(Kind::B, "the bias"),
            Kind::Da => by(Kind::A, "the OUTPUT of the nonlinearity"),
            Kind::Dz if l == last => by(Kind::Z, &self.role(Kind::Z, l, names)),
            Kind::Dz => by(Kind::Z, "the INPUT of the nonlinearity"),
            _ => String::new(),
        }
    }

    /// One array, with what there is to say about it.
    fn quantity(&self, kind: Kind, l: usize, names: Names) -> Quantity {
        let other = match names {
            Names::Design => Names::Notebook,
            Names::Notebook => Names::Design,
        };
        let last = self.layers();
        let ids: &[(&str, &'static str)] = match kind {
            Kind::X | Kind::Y | Kind::W | Kind::B | Kind::Loss => &[],
            Kind::Z => &[("affine", "")],
            Kind::A => &[("activate", "")],
            Kind::Probs => &[("softmax", "")],
            Kind::DataLoss => &[("loss", "")],
            Kind::Penalty => &[("penalty", "")],
            Kind::Dz if l == last => &[("dlogits", "")],
            Kind::Dz => &[("dz", "")],
            Kind::Da => &[("da", "")],
            Kind::Dw if names == Names::Notebook => &[("dw", ""), ("dpenalty", "")],
            Kind::Dw => &[("dw", ""), ("dpenalty", "weights")],
            Kind::Db => &[("db", ""), ("dpenalty", "bias")],
        };
        let penalised = |case: &str| {
            self.network.penalty.reg != 0.0 && (case != "bias" || self.network.penalty.over == Penalized::All)
        };
        let stages: Vec<(&'static Stage, &'static str)> = ids
            .iter()
            .filter(|(id, case)| *id != "dpenalty" || penalised(case))
            .filter_map(|(id, case)| Some((stage(id)?, *case)))
            .collect();
        let formulas = stages
            .iter()
            .map(|(stage, case)| match *case {
                "" => stage.formula_at(&self.cases(l), l, last),
                case => stage.formula_at(&[Case::Penalty(case)], l, last),
            })
            .collect();
        Quantity {
            name: self.name(kind, l, names),
            other_name: self.name(kind, l, other),
            role: self.role(kind, l, names),
            stages: stages.into_iter().map(|(stage, _)| (stage, l)).collect(),
            formulas,
            values: self.values(kind, l, names),
            of_rows: matches!(
                kind,
                Kind::X | Kind::Y | Kind::Z | Kind::A | Kind::Probs | Kind::Dz | Kind::Da
            ),
            zero_is_kink: kind == Kind::Z && l < last && self.network.activations[l - 1].has_kink(),
        }
    }
}

impl Quantity {
    /// Its statistics.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        statistics(self.values.iter().copied())
    }
}

/// The statistics of some numbers; all zero if there is none.
pub fn statistics(values: impl IntoIterator<Item = f64>) -> Statistics {
    let (mut min, mut max, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    let (mut zeros, mut count) = (0, 0);
    for value in values {
        // f64::min would pass over NaN and hide it.
        min = if value < min || value.is_nan() { value } else { min };
        max = if value > max || value.is_nan() { value } else { max };
        sum += value;
        zeros += usize::from(value == 0.0);
        count += 1;
    }
    if count == 0 {
        return Statistics { min: 0.0, mean: 0.0, max: 0.0, zeros, count };
    }
    Statistics { min, mean: sum / count as f64, max, zeros, count }
}
