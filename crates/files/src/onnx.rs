//! `ONNX`: a model as a graph of operators that other programs run (onnxruntime, browsers, telephones).
//!
//! ```text
//! X (N, d)  one column an input; a missing number (NaN) is filled, numbers are clipped and standardised, as in training
//! Y (N, k)  probabilities, counts or numbers
//! ```
//! A layer is a `Gemm` and its activation; of several members the outputs are added up.  An activation is made of operators that onnxruntime has for single and
//! for double precision, so a model keeps the precision that it was trained in.
//!
//! The file is a handful of messages of Protocol Buffers (field number and kind, length, bytes).  They are written
//! here in a few lines; a crate for them would bring a macro, and a schema of 1,000 lines to compile.
//! Source: `onnx.proto3` of ONNX 1.12 (IR version 8, operator set 17).

use clearprop::activation::Activation;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::loss::Loss;
use clearprop::model::Model;
use clearprop::network::Network;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::table::{Answers, Coding, DateInput};

const IR_VERSION: u64 = 8;
const OPERATOR_SET: u64 = 17;

/// The bytes of a model's ONNX file; equal models have equal ones.
///
/// # Errors
/// An activation for which onnxruntime has no operator of the model's precision: gelu at f64.
pub fn write<R: Real>(model: &Model<R>) -> Result<Vec<u8>> {
    let network = &model.network;
    let mut graph = Graph::<R>::default();
    let x = standardised(model, &mut graph);
    let out = match model.members.as_slice() {
        [params] => said(&mut graph, network, ("", params), x)?,
        members => {
            let mut sum = String::new();
            for (i, params) in (1..).zip(members) {
                let own = said(&mut graph, network, (&format!("member{i}."), params), x.clone())?;
                sum = if i == 1 { own } else { graph.node("Add", &[&sum, &own]) };
            }
            let count = graph.constant(members.len() as f64);
            graph.node("Div", &[&sum, &count])
        }
    };
    let out = in_units_of_the_table(model, &mut graph, out);
    graph.named("Identity", &[&out], "Y");
    let names = |names: &[String]| serde_json::Value::from(names.to_vec()).to_string();
    let property = |key: &str, value: String| Message::new().text(1, key).text(2, &value);
    let value = |name: &str, width: usize| {
        let of = |dimension: Message| Message::new().message(1, dimension);
        let rows = of(Message::new().text(2, "N"));
        let shape = Message([rows.0, of(Message::new().number(1, width as u64)).0].concat());
        let tensor = Message::new().number(1, data_type::<R>()).message(2, shape);
        Message::new().text(1, name).message(2, Message::new().message(1, tensor))
    };
    let graph = Message(graph.nodes.0)
        .text(2, "clearprop")
        .append(graph.tensors)
        .message(11, value("X", network.inputs()))
        .message(12, value("Y", network.outputs()));
    let file = Message::new()
        .number(1, IR_VERSION)
        .text(2, "clearprop")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, graph)
        .message(8, Message::new().text(1, "").number(2, OPERATOR_SET))
        .message(14, property("inputs", names(&model.encoder.input_names())))
        .message(14, property("outputs", names(model.encoder.answers.names())));
    Ok(file.0)
}

/// What one member says, by tensors whose names begin with its own.
fn said<R: Real>(
    graph: &mut Graph<R>,
    network: &Network,
    (name, params): (&str, &Params<R>),
    x: String,
) -> Result<String> {
    let mut a = x;
    for l in 1..=network.layers() {
        let (w, b) = (params.w(l), params.b(l));
        let w = graph.tensor(&format!("{name}w{l}"), w.shape(), w.iter().copied());
        let b = graph.tensor(&format!("{name}b{l}"), b.shape(), b.iter().copied());
        let z = graph.node("Gemm", &[&a, &w, &b]);
        a = match network.activations.get(l - 1) {
            Some(&activation) => activated(graph, activation, z)?,
            None => z,
        };
    }
    Ok(match network.loss {
        Loss::Softmax | Loss::SmoothedSoftmax { .. } => graph.node("Softmax", &[&a]),
        Loss::Logistic => graph.node("Sigmoid", &[&a]),
        Loss::Poisson => graph.node("Exp", &[&a]),
        Loss::Squared | Loss::Absolute | Loss::Huber { .. } | Loss::Hinge | Loss::SquaredHinge => a,
    })
}

/// The inputs as the first layer takes them: missing numbers filled, `(x - mean) / scale`.
fn standardised<R: Real>(model: &Model<R>, graph: &mut Graph<R>) -> String {
    let (mut medians, mut means, mut scales) = (Vec::new(), Vec::new(), Vec::new());
    let mut ranges = Vec::new();
    for input in &model.encoder.inputs {
        let as_it_is = (0.0, 0.0, 1.0);
        let each: Vec<(f64, f64, f64)> = match &input.coding {
            &Coding::Number { median, mean, scale, .. } => vec![(median, mean, scale)],
            Coding::Words { .. } => vec![as_it_is; input.coding.width()],
            Coding::Date { median, parts, .. } => {
                let of = |one: &DateInput| match one.part.is_cyclic() {
                    true => vec![as_it_is; 2],
                    false => vec![(one.part.value(*median), one.mean, one.scale)],
                };
                parts.iter().flat_map(of).collect()
            }
        };
        let range = match input.coding {
            Coding::Number { range, .. } => range,
            Coding::Words { .. } | Coding::Date { .. } => None,
        };
        ranges.extend(vec![range; each.len()]);
        medians.extend(each.iter().map(|one| one.0));
        means.extend(each.iter().map(|one| one.1));
        scales.extend(each.iter().map(|one| one.2));
    }
    let x = "X".to_owned();
    if medians.iter().chain(&means).all(|&value| value == 0.0) && scales.iter().all(|&scale| scale == 1.0) {
        return clipped(model, graph, x);
    }
    let missing = graph.node("IsNaN", &[&x]);
    let medians = graph.row("medians", &medians);
    let filled = graph.node("Where", &[&missing, &medians, &x]);
    let (means, scales) = (graph.row("means", &means), graph.row("scales", &scales));
    let limited = limited(graph, &ranges, filled);
    let centred = graph.node("Sub", &[&limited, &means]);
    let scaled = graph.node("Div", &[&centred, &scales]);
    clipped(model, graph, scaled)
}

/// Numbers within a quarter of their range's width around it, or clipped smoothly to half a width: `edge +
/// room t / sqrt(1 + t^2)` of `t = (x - edge) / room`.  What has no range has all numbers for one.
fn limited<R: Real>(graph: &mut Graph<R>, ranges: &[Option<(f64, f64)>], x: String) -> String {
    if ranges.iter().all(Option::is_none) {
        return x;
    }
    let limits = |of: fn(f64, f64) -> f64, none: f64| -> Vec<f64> {
        ranges.iter().map(|range| range.map_or(none, |(low, high)| of(low, high))).collect()
    };
    let most = R::max_value().f64();
    let lows = graph.row("lows", &limits(|low, high| low - (high / 4.0 - low / 4.0), -most));
    let highs = graph.row("highs", &limits(|low, high| high + (high / 4.0 - low / 4.0), most));
    let rooms = graph.row("rooms", &limits(|low, high| high / 4.0 - low / 4.0, 1.0));
    let low = graph.node("Max", &[&x, &lows]);
    let edge = graph.node("Min", &[&low, &highs]);
    let beyond = graph.node("Sub", &[&x, &edge]);
    let t = graph.node("Div", &[&beyond, &rooms]);
    // Single precision ends before the squares of the farthest.
    let (least, most) = (graph.constant(-1e15), graph.constant(1e15));
    let t = graph.node("Max", &[&t, &least]);
    let t = graph.node("Min", &[&t, &most]);
    let square = graph.node("Mul", &[&t, &t]);
    let under = graph.plus(&square, 1.0);
    let root = graph.node("Sqrt", &[&under]);
    let share = graph.node("Div", &[&t, &root]);
    let share = graph.node("Mul", &[&share, &rooms]);
    graph.node("Add", &[&edge, &share])
}

/// The robust scale and the smooth clip, `r / sqrt(1 + (r/3)^2)` of `r = s (x - median)`, if the model has them.
fn clipped<R: Real>(model: &Model<R>, graph: &mut Graph<R>, x: String) -> String {
    let Some(robust) = &model.encoder.robust else { return x };
    let (medians, factors) =
        (graph.row("robust_medians", &robust.medians), graph.row("robust_factors", &robust.factors));
    let centred = graph.node("Sub", &[&x, &medians]);
    let r = graph.node("Mul", &[&centred, &factors]);
    let third = graph.times(&r, 1.0 / 3.0);
    let square = graph.node("Mul", &[&third, &third]);
    let under = graph.plus(&square, 1.0);
    let root = graph.node("Sqrt", &[&under]);
    graph.node("Div", &[&r, &root])
}

/// Undoes the standardisation of the answers of a regression.
fn in_units_of_the_table<R: Real>(model: &Model<R>, graph: &mut Graph<R>, out: String) -> String {
    match &model.encoder.answers {
        Answers::Classes { .. } | Answers::Labels { .. } => out,
        Answers::Numbers { means, scales, .. } => {
            if means.iter().all(|&mean| mean == 0.0) && scales.iter().all(|&scale| scale == 1.0) {
                return out;
            }
            let (means, scales) = (graph.row("answer_means", means), graph.row("answer_scales", scales));
            let scaled = graph.node("Mul", &[&out, &scales]);
            graph.node("Add", &[&scaled, &means])
        }
    }
}

/// `a = activation(z)`.
fn activated<R: Real>(graph: &mut Graph<R>, activation: Activation, z: String) -> Result<String> {
    Ok(match activation {
        Activation::Identity => z,
        Activation::Logistic => graph.node("Sigmoid", &[&z]),
        Activation::Tanh => graph.node("Tanh", &[&z]),
        Activation::Relu => graph.node("Relu", &[&z]),
        Activation::LeakyRelu { slope } => {
            let below = graph.times(&z, slope);
            graph.above_zero(&z, &z, &below)
        }
        Activation::Elu { alpha } => {
            let below = graph.exponential(&z, alpha);
            graph.above_zero(&z, &z, &below)
        }
        Activation::Selu => {
            let (scale, alpha) = Activation::SELU;
            let (above, below) = (graph.times(&z, scale), graph.exponential(&z, scale * alpha));
            graph.above_zero(&z, &above, &below)
        }
        // max(z, 0) + log(1 + exp(-|z|)), which does not overflow.
        Activation::Softplus => {
            let size = graph.node("Abs", &[&z]);
            let minus = graph.node("Neg", &[&size]);
            let power = graph.node("Exp", &[&minus]);
            let more = graph.plus(&power, 1.0);
            let (log, rest) = (graph.node("Log", &[&more]), graph.node("Relu", &[&z]));
            graph.node("Add", &[&rest, &log])
        }
        Activation::Mish => {
            let soft = activated(graph, Activation::Softplus, z.clone())?;
            let gate = graph.node("Tanh", &[&soft]);
            graph.node("Mul", &[&z, &gate])
        }
        Activation::Silu => {
            let gate = graph.node("Sigmoid", &[&z]);
            graph.node("Mul", &[&z, &gate])
        }
        Activation::Gelu if R::NAME == "f32" => {
            let inner = graph.times(&z, std::f64::consts::FRAC_1_SQRT_2);
            let erf = graph.node("Erf", &[&inner]);
            graph.half_gated(&z, &erf)
        }
        Activation::Gelu => {
            let found = "onnxruntime has no erf in double precision, which gelu needs";
            return Err(Error::new(ErrorKind::Setting, found)
                .setting("activation")
                .hint("train at single precision, or with gelu-tanh"));
        }
        // sqrt(2/pi) (z + 0.044715 z^3)
        Activation::GeluTanh => {
            let square = graph.node("Mul", &[&z, &z]);
            let scaled = graph.times(&square, 0.044_715);
            let factor = graph.plus(&scaled, 1.0);
            let cubic = graph.node("Mul", &[&z, &factor]);
            let inner = graph.times(&cubic, (2.0 / std::f64::consts::PI).sqrt());
            let tanh = graph.node("Tanh", &[&inner]);
            graph.half_gated(&z, &tanh)
        }
    })
}

fn data_type<R: Real>() -> u64 {
    if R::NAME == "f32" { 1 } else { 11 }
}

/// Nodes and tensors as they come; every value has a name of its own.
struct Graph<R> {
    nodes: Message,
    tensors: Message,
    count: usize,
    real: std::marker::PhantomData<R>,
}

impl<R> Default for Graph<R> {
    fn default() -> Self {
        Self { nodes: Message::new(), tensors: Message::new(), count: 0, real: std::marker::PhantomData }
    }
}

impl<R: Real> Graph<R> {
    fn node(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.count += 1;
        let name = format!("v{}", self.count);
        self.named(operator, inputs, &name);
        name
    }

    fn named(&mut self, operator: &str, inputs: &[&str], output: &str) {
        let inputs = inputs.iter().fold(Message::new(), |message, input| message.text(1, input));
        let node = inputs.text(2, output).text(4, operator);
        self.nodes = std::mem::take(&mut self.nodes).message(1, node);
    }

    fn tensor(&mut self, name: &str, shape: &[usize], values: impl Iterator<Item = R>) -> String {
        let shaped = shape.iter().fold(Message::new(), |message, &length| message.number(1, length as u64));
        #[expect(clippy::cast_possible_truncation, reason = "an f32 comes back as what it was")]
        let bytes: Vec<u8> = match R::NAME {
            "f32" => values.flat_map(|value| (value.f64() as f32).to_le_bytes()).collect(),
            _ => values.flat_map(|value| value.f64().to_le_bytes()).collect(),
        };
        let tensor = shaped.number(2, data_type::<R>()).text(8, name).bytes(9, &bytes);
        self.tensors = std::mem::take(&mut self.tensors).message(5, tensor);
        name.to_owned()
    }

    fn row(&mut self, name: &str, values: &[f64]) -> String {
        self.tensor(name, &[values.len()], values.iter().map(|&value| R::of(value)))
    }

    fn constant(&mut self, value: f64) -> String {
        self.count += 1;
        self.tensor(&format!("c{}", self.count), &[], std::iter::once(R::of(value)))
    }

    fn times(&mut self, of: &str, factor: f64) -> String {
        let factor = self.constant(factor);
        self.node("Mul", &[of, &factor])
    }

    fn plus(&mut self, of: &str, more: f64) -> String {
        let more = self.constant(more);
        self.node("Add", &[of, &more])
    }

    /// `factor (exp(z) - 1)`
    fn exponential(&mut self, z: &str, factor: f64) -> String {
        let power = self.node("Exp", &[z]);
        let less = self.plus(&power, -1.0);
        self.times(&less, factor)
    }

    /// `above` where z > 0, else `below`.
    fn above_zero(&mut self, z: &str, above: &str, below: &str) -> String {
        let zero = self.constant(0.0);
        let positive = self.node("Greater", &[z, &zero]);
        self.node("Where", &[&positive, above, below])
    }

    /// `z/2 (1 + gate)`
    fn half_gated(&mut self, z: &str, gate: &str) -> String {
        let (gate, half) = (self.plus(gate, 1.0), self.times(z, 0.5));
        self.node("Mul", &[&half, &gate])
    }
}

/// Fields of a message of Protocol Buffers, in the order in which they are added.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn new() -> Self {
        Self::default()
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: Self) -> Self {
        self.bytes(field, &message.0)
    }

    fn append(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_seven_bits_at_a_time() {
        // The two examples of the format's own description.
        assert_eq!(Message::new().number(1, 150).0, [0x08, 0x96, 0x01]);
        assert_eq!(Message::new().text(2, "testing").0, [b"\x12\x07".as_slice(), b"testing"].concat());
    }
}
