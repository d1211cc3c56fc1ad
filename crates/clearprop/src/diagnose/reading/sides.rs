//! Kinks: on which side of each a pass is.

use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::{Graph, Pass};
use crate::quantity::{
    Quantity::Of,
    Variable::{A, Z},
};
use ndarray::{Array2, Axis};

/// Which side of its kink each z is on, and each output of a loss that has one.
pub(super) fn sides(graph: &Graph, pass: &Pass) -> Vec<bool> {
    let mut on = Vec::new();
    let mut add = |values: Option<&Array2<f64>>, at: f64| {
        on.extend(values.into_iter().flatten().map(|v| *v > at));
    };
    for l in 1..=graph.layers() {
        let kink = match graph.functions[l] {
            Function::Relu | Function::Leaky(_) | Function::Elu(_) | Function::Selu => true,
            Function::Identity | Function::Logistic | Function::Tanh | Function::Softplus => false,
            Function::Silu | Function::Gelu | Function::GeluTanh | Function::Mish | Function::Softmax => {
                false
            }
        };
        if kink {
            add(pass.value(Of(Z(l))), 0.0);
        }
    }
    let last = graph.layers();
    let (Some(p), Some(z)) = (pass.value(Of(A(last))), pass.value(Of(Z(last)))) else { return on };
    let Some(y) = graph.target.value().map(|y| &y.data) else { return on };
    match graph.cost {
        Cost::Absolute => add(Some(&(p - y)), 0.0),
        Cost::BinaryHinge => add(Some(&(y * z)), 1.0),
        Cost::Hinge => {
            let own = (z * y).sum_axis(Axis(1)).insert_axis(Axis(1));
            add(Some(&(z - &own)), -1.0);
        }
        Cost::CrossEntropy | Cost::Binary | Cost::Squared | Cost::Huber(_) | Cost::Poisson => {}
    }
    on
}
