//! The library's own network for a reading, where it trains one.

use crate::activation::Activation;
use crate::data::Data;
use crate::diagnose::convention::Convention;
use crate::diagnose::expression::Expr;
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::Graph;
use crate::error::{Error, ErrorKind, Result};
use crate::loss::Loss;
use crate::network::{Network, Penalty};
use crate::target::{Target, TargetKind};
use ndarray::Array2;

/// The library's own network for a reading.
pub(super) fn trained(graph: &Graph, convention: &Convention) -> Result<(Network, Data<f64>)> {
    let last = graph.layers();
    let none = |what: String| {
        Error::new(ErrorKind::Setting, format!("was read as {what}, which clearprop does not train"))
            .hint("'clearprop diagnose' and 'clearprop check' take it")
    };
    if !graph.masks.is_empty() {
        return Err(none("a network with dropout".to_owned()));
    }
    if !graph.norms.is_empty() {
        return Err(none("a network with normalised layers".to_owned()));
    }
    let activation = |f: Function| f.activation().ok_or_else(|| none(format!("a layer of {}", f.name())));
    let activations = graph.functions[1..last].iter().map(|f| activation(*f)).collect::<Result<Vec<_>>>()?;
    let loss = match (graph.functions[last], graph.cost) {
        (Function::Softmax, Cost::CrossEntropy) if graph.classes.is_some() => Loss::Softmax,
        (Function::Logistic, Cost::Binary) => Loss::Logistic,
        (Function::Identity, Cost::Squared) => Loss::Squared,
        (Function::Identity, Cost::Absolute) => Loss::Absolute,
        (Function::Identity, Cost::Huber(delta)) => Loss::Huber { delta },
        (Function::Identity, Cost::Poisson) => Loss::Poisson,
        (Function::Identity, Cost::Hinge) if graph.classes.is_some() => Loss::Hinge,
        (output, cost) => {
            return Err(none(format!("outputs of {} with {}", output.name(), cost.name())));
        }
    };
    let penalty = Penalty { reg: convention.strength(graph).abs(), over: convention.over };
    let mut network = Network::new(&graph.sizes, Activation::Identity, loss, penalty)?;
    if last > 1 {
        network = network.with_activations(&activations)?;
    }
    let y = match &graph.classes {
        Some(classes) if loss.takes() == TargetKind::Classes => {
            Target::Classes(classes.iter().map(|&class| u32::try_from(class).unwrap_or(u32::MAX)).collect())
        }
        _ => Target::Values(numbers(&graph.target)?),
    };
    let data = Data::new(numbers(&graph.x)?, y)?;
    data.fits(&network)?;
    Ok((network, data))
}

/// A value of the file; there is one, since its shape was read.
pub(super) fn numbers(e: &Expr) -> Result<Array2<f64>> {
    e.value()
        .map(|value| value.data.clone())
        .ok_or_else(|| Error::new(ErrorKind::Shape, "shapes do not fit together"))
}
