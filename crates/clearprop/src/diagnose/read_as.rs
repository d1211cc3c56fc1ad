//! The choices of a reading, in words: the same for every command.

use super::convention::Convention;
use super::graph::{Bias, Graph};
use super::words;
use serde::Serialize;

/// The choices of a reading, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadAs {
    /// All of it in one line.
    pub network: String,
    /// Rows of the batch.
    pub rows: usize,
    /// `[d, h, .., k]`
    pub sizes: Vec<usize>,
    /// What each hidden layer does, the first one first.
    pub activations: Vec<String>,
    /// What makes the outputs.
    pub output: String,
    /// The loss.
    pub loss: &'static str,
    /// Whether a row of the batch is a row or a column of the file's arrays.
    pub samples: &'static str,
    /// `(fan_in, fan_out)` or `(fan_out, fan_in)`.
    pub weights: &'static str,
    /// Where the bias of the first layer stands.
    pub bias: &'static str,
    /// The strength of the penalty: `dw` has `reg * w`.
    pub reg: f64,
    /// Whether the biases are penalised too: `weights` or `all`.
    pub penalize: &'static str,
    /// What else was understood, a sentence each.
    pub said: Vec<String>,
    /// What may surprise.
    pub warnings: Vec<String>,
}

pub(super) fn read_as(graph: &Graph, convention: &Convention) -> ReadAs {
    let last = graph.layers();
    let mut said = graph.understood.clone();
    said.extend(convention.deviations(graph).into_iter().map(|deviation| deviation.words));
    ReadAs {
        network: words::head(graph),
        rows: graph.n,
        sizes: graph.sizes.clone(),
        activations: graph.functions[1..last].iter().map(|f| f.name()).collect(),
        output: graph.functions[last].name(),
        loss: graph.cost.name(),
        samples: if graph.turned.0 { "columns" } else { "rows" },
        weights: if graph.turned.1 { "(fan_out, fan_in)" } else { "(fan_in, fan_out)" },
        bias: match graph.bias[1] {
            Bias::First => "first row of W",
            Bias::Last => "last row of W",
            Bias::Separate => "apart",
            Bias::None => "none",
        },
        reg: convention.strength(graph).abs(),
        penalize: convention.over.name(),
        said,
        warnings: graph.warnings.clone(),
    }
}
