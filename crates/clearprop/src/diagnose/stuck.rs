//! What else a file shows where the derivatives are right and the person is stuck all the same.
//!
//! Each hint has its number and its source.  None is a finding: right derivatives are right.

use super::convention::Convention;
use super::function::{Cost, Function};
use super::graph::{Graph, Pass};
use super::number::number;
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, Loss, W, X, Z},
};
use ndarray::{Array2, ArrayView1};

/// The hints, the gravest first.
pub(super) fn hints(graph: &Graph, convention: &Convention, pass: &Pass) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(overflowed(graph, pass));
    found.extend(xor(graph));
    for l in 1..graph.layers() {
        found.extend(dead(graph, pass, l));
    }
    for l in 1..=graph.layers() {
        found.extend(saturated(graph, pass, l));
    }
    found.extend(vanishing(graph, pass));
    found.extend(unscaled(graph));
    found.extend(far_from_chance(graph, convention, pass));
    found.extend(step(graph, pass));
    found
}

/// Logits so large that exp is inf or 0 in double precision, or a loss that is no number.
fn overflowed(graph: &Graph, pass: &Pass) -> Option<String> {
    const MOST: f64 = 709.0;
    let loss = graph.given.get(&Of(Loss)).and_then(|given| given.value().first().copied());
    if let Some(loss) = loss.filter(|loss| !loss.is_finite()) {
        return Some(format!(
            "the loss is {loss}: a step was so large that it overflowed; start again with a step size ten times smaller \
             (cs231n, neural networks 3, 'Loss function')"
        ));
    }
    let z = pass.value(Of(Z(graph.layers())))?;
    let largest = z.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    (largest > MOST && graph.cost != Cost::Squared).then(|| {
        format!(
            "{} goes up to {}, where exp overflows (709): the weights or a step before were too large (cs231n, linear \
             classification, 'Numeric stability')",
            graph.name(Of(Z(graph.layers()))),
            number(largest)
        )
    })
}

/// XOR with no hidden layer, or fewer hidden units than it takes.
fn xor(graph: &Graph) -> Option<String> {
    let (x, y) = (&graph.x.value()?.data, &graph.target.value()?.data);
    if x.ncols() != 2 || x.nrows() < 4 {
        return None;
    }
    let low = x.iter().copied().fold(f64::INFINITY, f64::min);
    let high = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !(low < high && x.iter().all(|v| *v == low || *v == high)) {
        return None;
    }
    let answer = y.column(y.ncols() - 1);
    // One answer where the inputs differ, another where they do not.
    let of = |differ: bool| {
        let mut answers =
            x.rows().into_iter().zip(answer).filter(|(row, _)| (row[0] != row[1]) == differ).map(|(_, y)| *y);
        let first = answers.next()?;
        answers.all(|y| y == first).then_some(first)
    };
    let (same, other) = (of(false)?, of(true)?);
    if same == other {
        return None;
    }
    let hidden = graph.sizes[1];
    match graph.layers() {
        1 => Some(
            "this is XOR, and there is no hidden layer: no straight line parts its classes (Minsky and Papert, Perceptrons, \
             1969); add a hidden layer of 3 or 4 units"
                .to_owned(),
        ),
        2 if hidden == 1 => Some(
            "this is XOR with 1 hidden unit: it takes 2 at least (Rumelhart, Hinton and Williams, 1986); try 3 or 4"
                .to_owned(),
        ),
        2 if hidden == 2 => Some(
            "this is XOR with 2 hidden units, the fewest there can be: from some starts it gets stuck or is slow (Rumelhart, \
             Hinton and Williams, 1986); try 3 or 4, or another seed"
                .to_owned(),
        ),
        _ => None,
    }
}

/// `3 of 7 units`.
fn count(found: usize, of: usize) -> String {
    format!("{found} of {of} units")
}

/// Units of a rectifier that no row switches on.
fn dead(graph: &Graph, pass: &Pass, l: usize) -> Option<String> {
    if graph.functions[l] != Function::Relu {
        return None;
    }
    let z = pass.value(Of(Z(l)))?;
    let off = z.columns().into_iter().filter(|unit| unit.iter().all(|z| *z <= 0.0)).count();
    (off > 0 && z.nrows() > 1).then(|| {
        format!(
            "{} of layer {l} are off in every row ({} <= 0): no derivative reaches their weights, they are dead (cs231n, neural \
             networks 1, 'ReLU'); smaller steps or other first weights",
            count(off, z.ncols()),
            graph.name(Of(Z(l)))
        )
    })
}

/// Units whose slope is next to nothing in nearly all rows.
fn saturated(graph: &Graph, pass: &Pass, l: usize) -> Option<String> {
    /// Of the largest slope.
    const FLAT: f64 = 0.02;
    /// Of the rows.
    const MOST: f64 = 0.9;
    let a = pass.value(Of(A(l)))?;
    let slope = |a: f64| match graph.functions[l] {
        Function::Logistic => 4.0 * a * (1.0 - a),
        Function::Tanh => 1.0 - a * a,
        _ => 1.0,
    };
    let flat = |unit: &ArrayView1<'_, f64>| {
        unit.iter().filter(|a| slope(**a) < FLAT).count() as f64 >= MOST * unit.len() as f64
    };
    let last = l == graph.layers();
    // At the end, a sigmoid with cross-entropy may well be sure of itself.
    if last && graph.cost != Cost::Squared || a.nrows() < 2 {
        return None;
    }
    let found = a.columns().into_iter().filter(|unit| flat(unit)).count();
    (found > 0).then(|| {
        format!(
            "{} of layer {l} are saturated: the slope of {} is below {} of its largest in {} % of the rows or more, so hardly any \
             derivative passes (cs231n, neural networks 1, 'Sigmoid'); smaller weights or scaled inputs",
            count(found, a.ncols()),
            graph.functions[l].name(),
            FLAT,
            MOST * 100.0
        )
    })
}

fn rms(values: &Array2<f64>) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

/// Derivatives that shrink from layer to layer.
fn vanishing(graph: &Graph, pass: &Pass) -> Option<String> {
    const SMALL: f64 = 1e-2;
    let last = graph.layers();
    if last < 3 {
        return None;
    }
    let sizes: Vec<f64> = (1..=last).map(|l| pass.value(By(Z(l))).map(rms)).collect::<Option<_>>()?;
    let (first, end) = (sizes[0], sizes[last - 1]);
    if !(first < SMALL * end && first.is_finite()) {
        return None;
    }
    let listed: Vec<String> = sizes.iter().map(|size| number(*size)).collect();
    Some(format!(
        "the derivatives by z vanish downwards, layer 1 to {last}: {} (root mean square), a factor {} in all (Nielsen, Neural \
         Networks and Deep Learning, chapter 5); relu in place of {}, or first weights after Glorot or He",
        listed.join(", "),
        number(first / end),
        graph.functions[1].name()
    ))
}

/// Inputs of very different size, or far from 0.
fn unscaled(graph: &Graph) -> Option<String> {
    const LARGE: f64 = 50.0;
    let x = &graph.x.value()?.data;
    if x.nrows() < 3 {
        return None;
    }
    let size = |column: &ArrayView1<'_, f64>| rms(&column.to_owned().insert_axis(ndarray::Axis(1)));
    let sizes: Vec<f64> =
        x.columns().into_iter().map(|column| size(&column)).filter(|size| *size > 0.0).collect();
    let largest = sizes.iter().copied().fold(0.0_f64, f64::max);
    let least = sizes.iter().copied().fold(f64::INFINITY, f64::min);
    let name = graph.name(Of(X));
    if largest > LARGE {
        return Some(format!(
            "{name} is not scaled: a column has a root mean square of {} (cs231n, neural networks 2, 'Data preprocessing'); take \
             each column's mean away and divide by its standard deviation",
            number(largest)
        ));
    }
    (largest > LARGE * least).then(|| {
        format!(
            "the columns of {name} differ in size by a factor of {} (cs231n, neural networks 2, 'Data preprocessing'); divide each \
             by its standard deviation",
            number(largest / least)
        )
    })
}

/// A loss that is worse than knowing nothing.
fn far_from_chance(graph: &Graph, convention: &Convention, pass: &Pass) -> Option<String> {
    let k = graph.outputs() as f64;
    let (chance, name) = match (graph.functions[graph.layers()], graph.cost) {
        (Function::Softmax, Cost::CrossEntropy) => (k.ln(), format!("ln {k}")),
        (Function::Logistic, Cost::Binary) => {
            (k * 2.0_f64.ln(), if k == 1.0 { "ln 2".to_owned() } else { format!("{k} ln 2") })
        }
        _ => return None,
    };
    let loss = convention.data_loss(graph, pass)?.value()?.data[[0, 0]];
    let mean = loss / convention.factor / if convention.summed { graph.n() } else { 1.0 };
    (mean > 1.5 * chance).then(|| {
        format!(
            "the data loss is {} a row, knowing nothing gives {name} = {}: if this is the first step, the first weights are too \
             large (cs231n, neural networks 3, 'Before learning: sanity checks')",
            number(mean),
            number(chance)
        )
    })
}

/// How far one step moves the weights.
fn step(graph: &Graph, pass: &Pass) -> Option<String> {
    let rate = graph.step?;
    let mut ratios = Vec::new();
    for l in 1..=graph.layers() {
        let (dw, w) = (pass.value(By(W(l)))?, &graph.w[l].value()?.data);
        let size = rms(w);
        if size > 0.0 {
            ratios.push((rate * rms(dw) / size, l));
        }
    }
    let largest = ratios.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let words = |what: &str, mend: &str, (ratio, l): (f64, usize)| {
        format!(
            "a step of {} moves {} by {} of its size, about 0.001 is usual (cs231n, neural networks 3, 'Ratio of \
             weights:updates'): the step is {what}, {mend}",
            number(rate),
            graph.name(Of(W(l))),
            number(ratio)
        )
    };
    if largest.0 > 0.1 {
        return Some(words("large", "it may overshoot", largest));
    }
    (largest.0 < 1e-4).then(|| words("small", "learning is slow", largest))
}
