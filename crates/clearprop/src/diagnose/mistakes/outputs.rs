//! Mistakes in the derivatives by the outputs and by the last z.

use super::candidate::{Candidate, factor_words, made, projected, told};
use crate::diagnose::convention::Convention;
use crate::diagnose::expression::{Compare, Expr, Reduce};
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::{Graph, Pass, same};
use crate::mistake::MistakeId::{self, *};
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, Z},
};

/// Derivatives by the outputs: the sign, the inner sign, a factor, a loss's other half.
pub(super) fn by_outputs(graph: &Graph, convention: &Convention, pass: &Pass) -> Option<Vec<Candidate>> {
    let last = graph.layers();
    let (p, y) = (pass.get(Of(A(last)))?, &graph.target);
    let right = graph.cost.by_output(p, y)?;
    let one = || Expr::number(1.0);
    let mut forms: Vec<(&[MistakeId], Expr)> = vec![(&[], right)];
    if graph.cost == Cost::Binary {
        forms.push((&[InnerSign], -(y.clone() / p.clone()) - (one() - y.clone()) / (one() - p.clone())));
        forms.push((&[InnerSign], y.clone() / p.clone() + (one() - y.clone()) / (one() - p.clone())));
        forms.push((&[HalfTheLoss], -(y.clone() / p.clone())));
        forms.push((&[ErrorForOutputs], p.clone() - y.clone()));
    }
    if graph.cost == Cost::CrossEntropy {
        forms.push((&[ErrorForOutputs], p.clone() - y.clone()));
    }
    Some(scaled(graph, convention, &forms))
}

/// 1 to 9 and 12 to 18: a form of the derivative times a scale.
pub(super) fn by_logits(graph: &Graph, convention: &Convention, pass: &Pass) -> Option<Vec<Candidate>> {
    let last = graph.layers();
    let (p, f, y) = (pass.get(Of(A(last)))?, pass.get(Of(Z(last)))?, &graph.target);
    if p.dim() != y.dim() || f.dim() != y.dim() {
        return None;
    }
    let function = graph.functions[last];
    let right = graph.cost.by_z(function, p, f, y)?;
    let scale = convention.scale(graph);
    let one = || Expr::number(1.0);
    let diff = p.clone() - y.clone();
    let slope_p = p.clone() * (one() - p.clone());
    let combined = matches!(
        (graph.cost, function),
        (Cost::CrossEntropy, Function::Softmax) | (Cost::Binary, Function::Logistic)
    );
    let mut forms: Vec<(&[MistakeId], Expr)> = vec![(&[], right)];
    let plain = combined || (graph.cost, function) == (Cost::Squared, Function::Identity);
    if plain && scale != 1.0 {
        // Not multiplied by the scale below: only p is divided.
        forms.push((&[OneHotAfterMean], p.clone() - y.clone() / Expr::number(scale)));
    }
    if plain {
        forms.push((&[NoOneHot], p.clone()));
    }
    match (graph.cost, function) {
        (Cost::CrossEntropy, Function::Softmax) => {
            let k = graph.outputs();
            let marked = y.reduce(Reduce::Max, Some(0));
            forms.push((&[OneHotInEveryRow], p.clone() - marked));
            for by in [k - 1, 1] {
                if let Some(shifted) = moved(y, by) {
                    forms.push((&[LabelsOffByOne], p.clone() - shifted));
                }
            }
            forms.push((&[JacobianDiagonal], diff.clone() * y.clone()));
            forms.push((&[SlopeAfterCombined], diff.clone() * slope_p));
            forms.push((&[StoppedAtProbabilities], -(y.clone() / p.clone())));
            let squared = p.clone() * (diff.clone() - (diff.clone() * p.clone()).sum(1));
            forms.push((&[SquaredThroughSoftmax], squared.clone()));
            forms.push((&[SquaredThroughSoftmax], squared.times(2.0)));
            let best = Expr::new(crate::diagnose::expression::Op::Compare(
                Compare::Equal,
                f.clone(),
                f.reduce(Reduce::Max, Some(1)),
            ));
            forms.push((&[LargestForProbabilities], best - y.clone()));
            forms.push((&[ScoresForProbabilities], f.clone() - y.clone()));
        }
        (Cost::Binary, Function::Logistic) => {
            forms.push((&[SlopeAfterCombined, SquaredThroughSoftmax], diff.clone() * slope_p.clone()));
            forms.push((&[SquaredThroughSoftmax], (diff.clone() * slope_p.clone()).times(2.0)));
            forms.push((&[StoppedAtProbabilities], diff.clone() / slope_p));
            forms.push((&[LargestForProbabilities], Expr::compare(Compare::Greater, p, 0.5) - y.clone()));
            forms.push((&[ScoresForProbabilities], f.clone() - y.clone()));
        }
        (_, Function::Identity) => {}
        (cost, function) => {
            // By way of the outputs: the derivative by them times a slope.
            if let Some(g) = cost.by_output(p, y) {
                forms.push((&[NoOutputSlope], g.clone()));
                if function.is_rectifier() || function == Function::Softmax {
                    forms.push((&[OtherSlope], g.clone() * slope_p));
                }
                for (ids, factor) in other_slopes(function, f, p) {
                    forms.push((ids, g.clone() * factor));
                }
                if cost != Cost::Squared {
                    forms.push((&[NoOutputSlope, ErrorForOutputs], diff.clone()));
                }
                forms.push((&[OtherSlope], g.clone() * p.clone()));
            }
        }
    }
    let given = graph.given.get(&By(Z(last))).map(|given| given.value());
    let exact = convention.scaled(graph, forms[0].1.clone());
    let mut found = scaled(graph, convention, &forms);
    // Where the outputs are not what they should be, what is the same slope otherwise is another number.
    let is_off = p.value().zip(function.apply(f).value()).is_some_and(|(p, right)| p.data != right.data);
    if let Some(by) = graph.cost.by_output(p, y).filter(|_| is_off && !combined) {
        for (words, slope) in function.other_slopes(f, p) {
            let value = convention.scaled(graph, by.clone() * slope);
            found.push(Candidate { parts: vec![], detail: format!("the slope is taken as {words}"), value });
        }
    }
    // (A factor that has a name, or two, is one of those above.)
    let has_name = found.iter().any(|candidate| {
        candidate
            .value
            .value()
            .zip(given)
            .is_some_and(|(value, given)| same(given, &value.data, graph.tolerance, 0.0))
    });
    if let Some(factor) = projected(given, &exact).filter(|_| !has_name) {
        let words = format!("the factor is {}", factor_words(graph, factor));
        found.push(told(&[Factor], words, exact.times(factor)));
    }
    if graph.given.contains_key(&By(A(last)))
        && let (Some(dp), Some(slope)) = (pass.get(By(A(last))), function.slope(f, p))
        && function != Function::Identity
    {
        found.push(made(&[NoOutputSlope, NoSlope], dp.clone()));
        for (ids, factor) in other_slopes(function, f, p) {
            found.push(made(ids, dp.clone() * factor));
        }
        found.push(made(&[ErrorTurned], -(dp.clone() * slope)));
    }
    if graph.outputs() == 1 && graph.n > 1 {
        let square = p.clone() - y.t();
        found.push(made(&[BroadcastLabels], convention.scaled(graph, square.clone())));
        found.push(made(&[BroadcastLabels], convention.scaled(graph, p.t() - y.clone())));
        found.push(made(&[BroadcastLabels], convention.scaled(graph, y.t() - p.clone())));
        found.push(made(&[BroadcastLabels], convention.scaled(graph, y.clone() - p.t())));
        found.push(told(&[BroadcastLabels], "", square));
    }
    Some(found)
}

/// Slopes that people take in place of the right one: of the wrong variable, or another function's.
pub(super) fn other_slopes(f: Function, z: &Expr, a: &Expr) -> Vec<(&'static [MistakeId], Expr)> {
    let one = || Expr::number(1.0);
    let mut found: Vec<(&'static [MistakeId], Expr)> = Vec::new();
    if matches!(f, Function::Logistic | Function::Tanh) {
        let again = f.apply(a);
        if let Some(slope) = f.slope(a, &again) {
            found.push((&[SlopeOfOutput], slope));
        }
    }
    let known: [(Function, Expr); 4] = [
        (Function::Logistic, z.clone() * (one() - z.clone())),
        (Function::Tanh, one() - z.squared()),
        (Function::Logistic, a.clone() * (one() - a.clone())),
        (Function::Tanh, one() - a.squared()),
    ];
    for (nth, (of, slope)) in known.into_iter().enumerate() {
        if nth < 2 || of != f {
            found.push((if nth < 2 && of == f { &[SlopeOfInput, OtherSlope] } else { &[OtherSlope] }, slope));
        }
    }
    if f != Function::Relu {
        found.push((&[OtherSlope], crate::diagnose::function::above(z)));
    }
    found
}

/// One-hot labels moved by some classes.
fn moved(y: &Expr, by: usize) -> Option<Expr> {
    let value = y.value()?;
    let k = value.data.ncols();
    let shift = ndarray::Array2::from_shape_fn((k, k), |(i, j)| f64::from(u8::from((i + by) % k == j)));
    let matrix = crate::diagnose::expression::constant(shift);
    Some(y.dot(&matrix))
}

fn scaled(graph: &Graph, convention: &Convention, forms: &[(&[MistakeId], Expr)]) -> Vec<Candidate> {
    let (n, k) = (graph.n(), graph.outputs() as f64);
    let mut scales: Vec<(&[MistakeId], f64)> = vec![(&[], 1.0), (&[MeanOverOutputsToo], 1.0 / k)];
    if !convention.late {
        // With a late mean, dlogits with its 1/N is the usual one, and the second 1/N comes in dW.
        scales.push((&[MeanTwice], 1.0 / n));
    }
    if !convention.late && !convention.summed {
        scales.push((&[NoMean], n));
        scales.push((&[MeanOverOutputs], n / k));
        scales.push((&[NoMean, ErrorTurned], -n));
    }
    scales.extend([(&[ErrorTurned][..], -1.0), (&[FactorTwo], 2.0)]);
    if graph.cost == Cost::Squared {
        scales.push((&[NoFactorTwo], 0.5));
    }
    // The loss is a mean over the outputs too: its factor is 1/K or 2/K.
    let of_outputs = convention.factor * k;
    if k > 1.0
        && (of_outputs == 1.0 || of_outputs == 2.0)
        && (convention.factor != 1.0 || graph.cost == Cost::Squared)
    {
        scales.push((&[NoMeanOverOutputs], k));
        if !convention.late && !convention.summed {
            scales.push((&[NoMean], n * k));
        }
    }
    let mut found = Vec::new();
    for (form, value) in forms {
        for (by, factor) in &scales {
            let mut parts: Vec<Vec<MistakeId>> =
                [*form, *by].into_iter().filter(|ids| !ids.is_empty()).map(<[MistakeId]>::to_vec).collect();
            if parts.last() == Some(&vec![NoMean, ErrorTurned]) {
                parts.pop();
                parts.extend([vec![NoMean], vec![ErrorTurned]]);
            }
            if !parts.is_empty() && parts.len() < 3 {
                let value = convention.scaled(graph, value.clone()).times(*factor);
                found.push(Candidate { parts, detail: String::new(), value });
            }
        }
    }
    found
}
