//! Other activations and losses than the notebook's: what each is, and what depth and a wrong answer make of them.

use super::measured::Measured;
use crate::chart::{Axis, Line, lines};
use crate::stages::plain;
use clearprop::activation::{Activation, Notation};
use clearprop::backward::backward;
use clearprop::error::Result;
use clearprop::forward::forward;
use clearprop::init::Init;
use clearprop::loss::{Line as Of, Loss};
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::target::{Target, TargetKind};
use ndarray::{Array2, array};
use std::fmt::Write;

/// Hidden layers of the deep network.
const DEPTH: usize = 10;

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    m.show("functions.activations", activations());
    m.show("functions.losses", losses());
    let z = Axis::linear("z", -4.0, 4.0);
    let curves = |functions: [(&'static str, Activation); 3], slope: bool| {
        functions.map(|(name, f)| {
            let at = |z: f64| if slope { f.derivative(z, f.value(z)) } else { f.value(z) };
            Line { name, points: (-200..=200).map(|i| f64::from(i) / 50.0).map(|z| (z, at(z))).collect() }
        })
    };
    let flat = [("logistic", Activation::Logistic), ("tanh", Activation::Tanh), ("relu", Activation::Relu)];
    let smooth = [("relu", Activation::Relu), ("selu", Activation::Selu), ("mish", Activation::Mish)];
    let slopes = |name, functions| {
        let chart = lines(name, &z, &Axis::linear("da/dz", -0.2, 1.8), &curves(functions, true));
        format!("<figure>{chart}</figure>")
    };
    m.show("functions.flat", slopes("slopes of logistic, tanh and relu", flat));
    m.show("functions.smooth", slopes("slopes of relu, selu and mish", smooth));
    let axis = Axis::linear("a", -2.0, 4.0);
    m.show("functions.values", lines("values of relu, selu and mish", &z, &axis, &curves(smooth, false)));

    for activation in [Activation::Logistic, Activation::Tanh, Activation::Relu, Activation::Selu] {
        m.set(format!("functions.deep.{}", activation.name()), deep(activation)?);
    }
    m.set("functions.logistic.most", Activation::Logistic.derivative(0.0, 0.5));

    // One row whose answer is 1, and the network is sure of 0.
    let (logits, y) = (array![[-6.0]], Target::Values(array![[1.0]]));
    let probs = Loss::Logistic.outputs(&logits);
    let p: f64 = probs[[0, 0]];
    m.set("functions.pair.p", p);
    m.set("functions.pair.matched", Loss::Logistic.dlogits(&probs, &y)[[0, 0]]);
    m.set("functions.pair.squared", (p - 1.0) * Activation::Logistic.derivative(-6.0, p));

    // A row that is a hundred off.
    let (far, zero) = (array![[100.0]], Target::Values(array![[0.0]]));
    for loss in [Loss::Squared, Loss::Huber { delta: 1.0 }, Loss::Absolute] {
        m.set(format!("functions.far.{}", loss.name()), loss.dlogits(&far, &zero)[[0, 0]]);
    }
    Ok(())
}

/// The size of the derivatives at the first of many layers, by that at the last: how much comes through.
fn deep(activation: Activation) -> Result<f64> {
    let sizes: Vec<usize> = [vec![50; DEPTH + 1], vec![3]].concat();
    let penalty = Penalty { reg: 0.0, over: Penalized::Weights };
    let network = Network::new(&sizes, activation, Loss::Softmax, penalty)?;
    let params = Init::He.draw::<f64>(&network, 0);
    // Rows without a pattern: fractional parts of multiples of the golden ratio, from -1 to 1.
    let number = |i: usize| 2.0 * (i as f64 * 0.618_033_988_749_895).fract() - 1.0;
    let x = Array2::from_shape_fn((200, 50), |(i, j)| number(i * 50 + j));
    let y = Target::Classes((0..200).map(|i| i % 3).collect());
    let pass = forward(&network, &params, x.view());
    let (_, slopes) = backward(&network, &params, &pass, &y);
    let size = |l: usize| slopes.z[l].iter().map(|v| v * v).sum::<f64>().sqrt();
    Ok(size(1) / size(DEPTH))
}

/// A row for each activation, from the library's own texts.
fn activations() -> String {
    let mut table =
        "| name | output $a$ | slope $\\dfrac{da}{dz}$ | gain | at $z = 0$ |\n|---|---|---|---|---|\n"
            .to_owned();
    for f in Activation::ALL {
        let below = match (f.has_kink(), f.can_die()) {
            (_, true) => "a kink, and units can die",
            (true, false) => "a kink",
            (false, false) => "smooth",
        };
        let (value, slope) = (f.formula(Notation::Tex, "z"), f.slope_formula(Notation::Tex, "z", "a"));
        let _ = writeln!(table, "| `{}` | ${value}$ | ${slope}$ | {:.2} | {below} |", f.name(), f.gain());
    }
    table
}

/// A row for each loss, likewise.
fn losses() -> String {
    let mut table =
        "| name | answers | outputs and loss | derivative by the logits |\n|---|---|---|---|\n".to_owned();
    for loss in Loss::ALL {
        let answers = match loss.takes() {
            TargetKind::Classes => "classes",
            TargetKind::Labels => "0 or 1, any number of columns",
            TargetKind::Counts => "counts",
            TargetKind::Numbers => "numbers",
        };
        let tex = |line| loss.formula(line, Notation::Tex).replace('|', "\\vert ");
        let _ = writeln!(
            table,
            "| `{}` | {} | ${}$ <br> ${}$ | ${}$ |",
            loss.name(),
            plain(answers),
            tex(Of::Outputs),
            tex(Of::Value),
            tex(Of::Slope)
        );
    }
    table
}
