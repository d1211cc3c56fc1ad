//! What a person's arrays were read as: one network, one loss, one layout, for everything that looks at arrays.
//!
//! `check`, `trace` and `train` work on this reading, and `diagnose` judges the same one, so all of them agree on a
//! file.  A network that the library does not train itself (a logistic output with squared error, ..) has a
//! loss all the same: it is evaluated as the person's own forward pass was reconstructed.

mod network;
mod sides;

use super::arrays::{Array, Stored, Values};
use super::convention::Convention;
use super::differentiate::{forward, right, step};
use super::expression::constant;
use super::graph::{Bias, Graph, Pass};
use super::hints::{Word, hint};
use super::judge::Finding;
use super::read_as::read_as;
use super::verdict::examine;
use crate::data::Data;
use crate::error::{Error, ErrorKind, Result};
use crate::gradcheck::{self, LossAt};
use crate::network::{Network, Penalized};
use crate::params::Params;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{B, W, Y},
};
use crate::target::Target;
use ndarray::{Array2, Axis, concatenate};
use network::{numbers, trained};
use sides::sides;

pub use super::read_as::ReadAs;

/// How arrays were read.
pub struct Reading {
    graph: Graph,
    convention: Convention,
    params: Params<f64>,
    trained: Result<(Network, Data<f64>)>,
    unknown: Option<String>,
}

impl Reading {
    /// Reads arrays.
    ///
    /// ```
    /// use clearprop::diagnose::arrays::{Array, Stored, Values};
    /// use clearprop::diagnose::reading::Reading;
    /// let array = |name: &str, shape: &[usize], values: &[f64]| Array {
    ///     name: name.to_owned(),
    ///     shape: shape.to_vec(),
    ///     values: Values::Numbers(values.to_vec(), Stored::Double),
    /// };
    /// // Two samples in columns, a logistic output, squared error.
    /// let reading = Reading::of(&[
    ///     array("X", &[1, 2], &[1.0, 2.0]),
    ///     array("y", &[1, 2], &[0.0, 1.0]),
    ///     array("W1", &[1, 1], &[0.0]),
    ///     array("yhat", &[1, 2], &[0.5, 0.5]),
    ///     array("loss", &[], &[0.125]),
    /// ])?;
    /// let read_as = reading.read_as();
    /// assert_eq!((read_as.output.as_str(), read_as.loss, read_as.samples), ("logistic", "squared error", "columns"));
    /// assert_eq!(reading.loss_at(reading.params()).data_loss, 0.125);
    /// # Ok::<(), clearprop::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// No weights, inputs or answers among the arrays, shapes that fit in no way, an input that is not a number.
    pub fn of(arrays: &[Array]) -> Result<Self> {
        let examined = examine(arrays)?;
        let graph = examined.graph;
        // Other weights give other values: none comes again.
        graph.memo.close();
        let main = examined.explanations.into_iter().next();
        let unknown = main.as_ref().and_then(|main| {
            let open = |(quantity, finding): &&(Quantity, Finding)| {
                matches!((quantity, finding), (Of(_), Finding::NotKnown | Finding::Unknown))
            };
            main.findings.iter().find(open).map(|(quantity, _)| graph.name(*quantity))
        });
        let Some(convention) = main.map(|main| main.convention) else {
            return Err(Error::new(ErrorKind::Data, "an input or a weight is not a number")
                .hint("'clearprop diagnose' says which"));
        };
        let mut params = Params::zeros(&graph.sizes);
        for l in 1..=graph.layers() {
            params.w_mut(l).assign(&numbers(&graph.w[l])?);
            params.b_mut(l).assign(&numbers(&graph.b[l])?.row(0));
        }
        let trained = trained(&graph, &convention);
        Ok(Self { graph, convention, params, trained, unknown })
    }

    /// The choices that were made.
    #[must_use]
    pub fn read_as(&self) -> ReadAs {
        read_as(&self.graph, &self.convention)
    }

    /// The weights and biases; zeros where a layer has no bias.
    #[must_use]
    pub fn params(&self) -> &Params<f64> {
        &self.params
    }

    /// The inputs (n, d), without ones.
    ///
    /// # Errors
    /// None in practice: their shape was read.
    pub fn x(&self) -> Result<Array2<f64>> {
        numbers(&self.graph.x)
    }

    /// The right answers: classes where they are some, else numbers (n, k).
    ///
    /// # Errors
    /// None in practice: their shape was read.
    pub fn answers(&self) -> Result<Target<f64>> {
        Ok(match &self.graph.classes {
            Some(classes) => Target::Classes(
                classes.iter().map(|&class| u32::try_from(class).unwrap_or(u32::MAX)).collect(),
            ),
            None => Target::Values(numbers(&self.graph.target)?),
        })
    }

    /// The right answers as the file has them, one number a row; `None` where a row has several.
    #[must_use]
    pub fn labels(&self) -> Option<Vec<f64>> {
        let name = self.graph.names.get(&Y)?;
        let (_, e) = self.graph.arrays.iter().find(|(other, _)| other == name)?;
        let values = &e.value()?.data;
        (values.len() == self.graph.n).then(|| values.iter().copied().collect())
    }

    /// The strength of the penalty as the file says it.
    #[must_use]
    pub fn reg(&self) -> f64 {
        self.graph.reg
    }

    /// The names of the arrays that the person computed.
    #[must_use]
    pub fn computed(&self) -> Vec<&str> {
        self.graph.given.values().map(|given| given.name.as_str()).collect()
    }

    /// The same network as the library trains it, with the rows.
    ///
    /// # Errors
    /// The library trains no such network: which part it has not.
    pub fn network(&self) -> Result<(&Network, &Data<f64>)> {
        self.trained.as_ref().map(|(network, data)| (network, data)).map_err(Clone::clone)
    }

    /// The first array of the forward pass that no known function gives: what is computed from the reading is then the
    /// value of another network.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// What the mean loss of the library's network is multiplied by: n where the person sums over the rows, 2 for a
    /// squared error without its half.
    #[must_use]
    pub fn factor(&self) -> f64 {
        let rows = if self.convention.summed { self.graph.n() } else { 1.0 };
        self.convention.factor * rows
    }

    /// The person's loss at any weights.
    #[must_use]
    pub fn loss_at(&self, params: &Params<f64>) -> LossAt {
        let strength = self.convention.strength(&self.graph).abs();
        let mut squares = 0.0;
        for l in 1..=params.layers() {
            squares += params.w(l).iter().map(|w| w * w).sum::<f64>();
            if self.convention.over == Penalized::All {
                squares += params.b(l).iter().map(|b| b * b).sum::<f64>();
            }
        }
        let penalty = strength / 2.0 * squares;
        if let Ok((network, data)) = &self.trained {
            // From the logits: no logarithm of a probability that is too small.
            let at = gradcheck::loss_at(network, params, data);
            return LossAt { data_loss: at.data_loss * self.factor(), penalty, on: at.on };
        }
        let mut graph = self.graph.clone();
        graph.given.clear();
        for l in 1..=params.layers() {
            graph.w[l] = constant(params.w(l).to_owned());
            graph.b[l] = constant(params.b(l).to_owned().insert_axis(Axis(0)));
            graph.full[l] = None;
        }
        let pass = forward(&graph, &self.convention);
        let data_loss = self
            .convention
            .data_loss(&graph, &pass)
            .and_then(|loss| loss.value().map(|loss| loss.data[[0, 0]]))
            .unwrap_or(f64::NAN);
        LossAt { data_loss, penalty, on: sides(&graph, &pass) }
    }

    /// The gradient that follows from the reading, line by line, at the file's weights.
    #[must_use]
    pub fn gradient(&self) -> Option<Params<f64>> {
        let mut graph = self.graph.clone();
        graph.given.clear();
        graph.leftovers.clear();
        let convention = Convention { ascent: false, late: false, ..self.convention };
        let mut pass = Pass::default();
        for quantity in graph.order() {
            step(&graph, &convention, &mut pass, quantity);
        }
        let mut gradient = Params::zeros(&graph.sizes);
        for l in 1..=graph.layers() {
            gradient.w_mut(l).assign(pass.value(By(W(l)))?);
            if graph.bias[l] != Bias::None {
                let db = right(&graph, &convention, &pass, By(B(l)))?;
                gradient.b_mut(l).assign(&db.value()?.data.row(0));
            }
        }
        Some(gradient)
    }

    /// The gradient that the file claims, with the names of the tensors that it holds (`dw1`, `db1`); of those that
    /// it does not hold the numbers are 0.  Derivatives of minus the loss have their sign turned.
    ///
    /// # Errors
    /// A derivative of another shape than its variable.
    pub fn claimed(&self) -> Result<(Params<f64>, Vec<String>)> {
        let sign = if self.convention.ascent { -1.0 } else { 1.0 };
        let mut claimed = Params::zeros(&self.graph.sizes);
        let mut there = Vec::new();
        for l in 1..=self.graph.layers() {
            for (variable, name) in [(W(l), format!("dw{l}")), (B(l), format!("db{l}"))] {
                let Some(given) = self.graph.given.get(&By(variable)) else { continue };
                let values = given.value() * sign;
                let fits = match variable {
                    B(_) => values.dim() == (1, self.graph.sizes[l]),
                    _ => values.dim() == (self.graph.sizes[l - 1], self.graph.sizes[l]),
                };
                if !fits {
                    let like = self.graph.name(Of(variable));
                    return Err(Error::new(
                        ErrorKind::Shape,
                        format!("has shape {}", super::shape_text(&given.shape)),
                    )
                    .name(given.name.clone())
                    .hint(format!("a derivative has the shape of its variable, {like}")));
                }
                match variable {
                    B(_) => claimed.b_mut(l).assign(&values.row(0)),
                    _ => claimed.w_mut(l).assign(&values),
                }
                there.push(name);
            }
        }
        Ok((claimed, there))
    }

    /// The person's name of the gradient's tensor `dw1` or `db1`.
    #[must_use]
    pub fn name_of(&self, tensor: &str) -> String {
        let layer =
            || tensor.get(2..).and_then(|l| l.parse().ok()).filter(|l| (1..=self.graph.layers()).contains(l));
        match (tensor.get(..2), layer()) {
            (Some("dw"), Some(l)) => self.graph.name(By(W(l))),
            (Some("db"), Some(l)) => self.graph.name(By(B(l))),
            _ => tensor.to_owned(),
        }
    }

    /// The arrays of weights and biases as the file has them, by name and in its layout, with other numbers.
    #[must_use]
    pub fn in_their_layout(&self, params: &Params<f64>) -> Vec<Array> {
        let mut arrays = Vec::new();
        let mut add = |name: &str, matrix: Array2<f64>| {
            let shape = self
                .graph
                .arrays
                .iter()
                .find(|(other, _)| other == name)
                .and_then(|(_, e)| e.value())
                .map_or_else(|| matrix.shape().to_vec(), |value| value.shape());
            let turned = shape.len() == 2 && shape != matrix.shape()
                || self.graph.turned.1 && shape.len() == 2 && shape[0] == shape[1];
            let matrix = if turned { matrix.reversed_axes() } else { matrix };
            arrays.push(Array {
                name: name.to_owned(),
                shape,
                values: Values::Numbers(matrix.iter().copied().collect(), Stored::Double),
            });
        };
        for l in 1..=params.layers() {
            let (w, b) = (params.w(l), params.b(l).insert_axis(Axis(0)));
            let Some(name) = self.graph.names.get(&W(l)) else { continue };
            match self.graph.bias[l] {
                Bias::Last => add(name, params.wb(l).to_owned()),
                Bias::First => {
                    add(name, concatenate(Axis(0), &[b, w]).unwrap_or_else(|_| params.wb(l).to_owned()))
                }
                Bias::None => add(name, w.to_owned()),
                Bias::Separate => {
                    add(name, w.to_owned());
                    if let Some(name) = self.graph.names.get(&B(l)) {
                        add(name, b.to_owned());
                    }
                }
            }
        }
        arrays
    }
}

/// Whether weights are among these names, so that there is a pass to read.
///
/// ```
/// use clearprop::diagnose::reading::holds_weights;
/// assert!(holds_weights(["X", "y", "Theta1"]) && !holds_weights(["X", "y", "dW1"]));
/// ```
#[must_use]
pub fn holds_weights<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    names.into_iter().filter_map(hint).any(|hint| !hint.derivative && hint.word == Word::W)
}
