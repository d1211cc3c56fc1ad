//! Mistakes in the derivatives by a hidden layer's output and input.

use super::candidate::{Candidate, dim, made, projected, told};
use super::outputs::other_slopes;
use crate::diagnose::convention::Convention;
use crate::diagnose::expression::{Binary, Compare, Expr, Part, Unary};
use crate::diagnose::function::{Function, above};
use crate::diagnose::graph::{Graph, Pass, same};
use crate::diagnose::number::number;
use crate::mistake::MistakeId::{self, *};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, Kept, W, Z},
};

/// Step sizes that people use, tried where nothing says one (mistake 35).
const STEPS: [f64; 14] = [1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 1e-4];

/// Slopes of the leaky rectifier that people use (mistake 49).
const LEAKS: [f64; 6] = [0.01, 0.1, 0.2, 0.3, 0.05, 0.001];

/// The place of the bias's column: it is dropped, or the one at the other end.
fn other_end(graph: &Graph, l: usize) -> Part {
    match graph.bias[l].parts().1 {
        Part::ButFirst => Part::ButLast,
        _ => Part::ButFirst,
    }
}

/// 34 to 39, and others' weights and derivatives in the place of the right ones.
pub(super) fn da(
    graph: &Graph,
    convention: &Convention,
    pass: &Pass,
    quantity: Quantity,
    l: usize,
) -> Option<Vec<Candidate>> {
    let (dz, w) = (pass.get(By(Z(l + 1)))?, &graph.w[l + 1]);
    if dim(dz).1 != dim(w).1 {
        return None;
    }
    let right = dz.dot(&w.t());
    let (rows, units) = dim(&right);
    let last = graph.layers();
    let given = graph.given.get(&quantity).map(|given| given.value());
    let mut found = Vec::new();
    let ones = |columns: usize| {
        Expr::new(crate::diagnose::expression::Op::Fill(1.0, Expr::number(1.0), Expr::number(columns as f64)))
    };
    found.push(made(&[NoWeights], dz.sum(1) * ones(units)));
    if dim(dz) == (rows, units) || dim(dz).1 == 1 {
        found.push(made(
            &[ErrorWithoutWeights],
            if dim(dz).1 == 1 { dz.clone() * ones(units) } else { dz.clone() },
        ));
    }
    if let Some(above) = pass.get(By(A(l + 1))).cloned().or_else(|| error(graph, convention, pass, l + 1)) {
        found.push(made(&[ErrorCarriedBack], above.dot(&w.t())));
        if dim(&above).1 == units {
            found.push(made(&[ErrorWithoutWeights], above.clone()));
        }
        if dim(&above).1 == 1 {
            found.push(made(&[ErrorWithoutWeights], above * ones(units)));
        }
    }
    if let Some(a) = pass.a(graph, l)
        && convention.strength(graph) != 0.0
        && dim(a) == (rows, units)
    {
        found.push(made(&[PenaltyInDa], convention.penalised(graph, right.clone(), a)));
    }
    if let Some(dw) = pass.get(By(W(l + 1)))
        && dw.dim() == w.dim()
    {
        found.push(made(&[GradientForWeights], dz.dot(&dw.t())));
        let moved = dz.dot(&dw.t());
        let mut steps: Vec<f64> = graph.step.into_iter().chain(STEPS).collect();
        if let (Some(given), Some(right), Some(moved)) = (given, right.value(), moved.value())
            && given.dim() == right.data.dim()
        {
            steps.insert(0, (&moved.data * &(&right.data - given)).sum() / (&moved.data * &moved.data).sum());
        }
        for step in steps.into_iter().filter(|step| *step > 0.0 && step.is_finite()) {
            let detail = format!("with step size {}", number(step));
            found.push(told(&[UpdatedWeights], detail, right.clone() - Expr::number(step) * moved.clone()));
        }
    }
    if graph.bias[l + 1].in_w()
        && let Some(full) = &graph.full[l + 1]
    {
        let wide = dz.dot(&full.t());
        found.push(made(&[WrongColumnDropped], wide.slice(1, other_end(graph, l + 1))));
        found.push(made(&[BiasColumnKept], wide));
    }
    for m in (1..=last).filter(|&m| m != l + 1) {
        if dim(&graph.w[m]) == dim(w) {
            found.push(told(
                &[OtherArray],
                format!("the weights of layer {m} in place of those of layer {}", l + 1),
                dz.dot(&graph.w[m].t()),
            ));
        }
        if let Some(other) = pass.get(By(Z(m)))
            && dim(other) == dim(dz)
        {
            found.push(told(
                &[OtherArray],
                format!("the derivative of layer {m} in place of that of layer {}", l + 1),
                other.dot(&w.t()),
            ));
        }
    }
    if dim(w).0 == dim(w).1 {
        found.push(made(&[Transposed], dz.dot(w)));
    }
    if graph.n != units {
        found.push(made(&[Transposed], right.t()));
    }
    if let Some(other) = projected(given, &right) {
        found.push(told(&[Factor], format!("the factor is {}", number(other)), right.times(other)));
    }
    Some(found)
}

/// The derivative by the outputs, where the person has none of their own: what they call the error.
fn error(graph: &Graph, convention: &Convention, pass: &Pass, l: usize) -> Option<Expr> {
    if l == graph.layers() {
        let by = graph.cost.by_output(pass.get(Of(A(l)))?, &graph.target)?;
        return Some(convention.scaled(graph, by));
    }
    pass.get(By(A(l))).cloned()
}

/// 38 to 50.
pub(super) fn dz(graph: &Graph, pass: &Pass, l: usize) -> Option<Vec<Candidate>> {
    let (z, a, da) = (pass.get(Of(Z(l)))?, pass.get(Of(A(l)))?, pass.get(By(A(l)))?);
    let f = graph.functions[l];
    if z.dim() != a.dim() {
        return None;
    }
    let one = || Expr::number(1.0);
    let column = || Expr::new(crate::diagnose::expression::Op::Fill(1.0, Expr::number(graph.n()), one()));
    let with_ones = |slope: &Expr| match graph.bias.get(l + 1).map(|bias| bias.parts().0) {
        Some(Part::First) => Expr::join(1, &column(), slope),
        _ => Expr::join(1, slope, &column()),
    };
    let slope = f.slope(z, a);
    if da.dim() != z.dim() {
        // The bias's column is still there: the mask of ones lets it pass.
        let wide = dim(da).1 == dim(z).1 + 1;
        return wide.then(|| {
            slope.iter().map(|slope| made(&[BiasColumnKept], with_ones(slope) * da.clone())).collect()
        });
    }
    let relu = f == Function::Relu;
    let overwritten = graph.given.get(&Of(Z(l))).is_some_and(|given| {
        a.value().is_some_and(|a| *given.value() == a.data)
            && a.value().map(|v| &v.data) != z.value().map(|v| &v.data)
    });
    let mut found = Vec::new();
    if f != Function::Identity {
        let ids: &[MistakeId] = match (relu, overwritten) {
            (true, true) => &[Overwritten, NoSlope, MaskOfOutput],
            (true, false) => &[NoSlope, MaskOfOutput],
            _ => &[NoSlope],
        };
        found.push(made(ids, da.clone()));
    }
    let positive = Expr::unary(Unary::Positive, da);
    let zero = || Expr::number(0.0);
    if f.is_rectifier() {
        let on = above(z);
        found.push(made(&[MaskOfGradient], positive.clone()));
        found.push(made(&[MaskOfBoth], positive * on.clone()));
        found.push(made(&[MaskTurned], Expr::choose(&on, &zero(), da)));
        found.push(made(&[SlopeAlone], on.clone() + zero() * da.clone()));
        if let Function::Leaky(_) = f {
            found.push(made(&[OtherLeak], da.clone() * on.clone()));
        }
        let mut leaks = LEAKS.to_vec();
        if let Some(leak) = leak(graph, l, da, z) {
            leaks.insert(0, leak);
        }
        for leak in leaks {
            let value = Expr::choose(&on, da, &da.times(leak));
            let ids: &[MistakeId] = if relu { &[LeakLeftIn] } else { &[OtherLeak] };
            if f != Function::Leaky(leak) {
                found.push(told(ids, format!("with slope {}", number(leak)), value));
            }
        }
        if relu && z.value().is_some_and(|z| z.data.iter().any(|&z| z == 0.0)) {
            let value = da.clone() * Expr::compare(Compare::AtLeast, z, 0.0);
            found.push(Candidate { parts: vec![], detail: "ReLU'(0) is taken as 1".to_owned(), value });
        }
    }
    found.push(told(&[ValueForSlope], "dz / da is a, the output", da.clone() * a.clone()));
    found.push(told(&[ValueForSlope], "dz / da is z, the input", da.clone() * z.clone()));
    found.push(told(
        &[ValueForSlope],
        "dz / da is act(a), the nonlinearity in place of its slope",
        da.clone() * f.apply(a),
    ));
    // Where a is not what it should be, what is the same slope otherwise is another number.
    let should = f.apply(z);
    let a_is_off =
        should.value().zip(a.value()).is_some_and(|(should, a)| !same(&a.data, &should.data, 1e-6, 0.0));
    for (words, factor) in f.other_slopes(z, a).into_iter().filter(|_| a_is_off) {
        let detail = format!("the slope is taken as {words}");
        found.push(Candidate { parts: vec![], detail, value: da.clone() * factor });
    }
    for (words, of, factor) in slopes(z, a) {
        if !of.contains(&f) {
            found.push(told(&[OtherSlope], format!("the slope is taken as {words}"), da.clone() * factor));
        }
    }
    if relu && let Some(kept) = pass.get(Of(Kept(l))) {
        let detail = "the slope is asked of what dropout left".to_owned();
        found.push(Candidate { parts: vec![], detail, value: da.clone() * above(kept) });
    }
    for (ids, factor) in other_slopes(f, z, a) {
        if ids == [SlopeOfOutput] || ids.len() > 1 {
            // z was overwritten by a: the slope is taken at the wrong place.
            let ids: &[MistakeId] = match (ids[0], overwritten) {
                (SlopeOfOutput, true) => &[Overwritten],
                (SlopeOfOutput, false) => &[SlopeOfOutput, Overwritten, OtherSlope],
                (_, _) => &[SlopeOfInput, OtherSlope],
            };
            found.push(made(ids, da.clone() * factor));
        }
    }
    if let (Some(below), true) = (pass.a(graph, l - 1), graph.bias[l] != crate::diagnose::graph::Bias::None) {
        let bare = below.dot(&graph.w[l]);
        if bare.dim() == da.dim()
            && let Some(slope) = f.slope(&bare, &f.apply(&bare))
        {
            found.push(made(&[MaskWithoutBias], da.clone() * slope));
        }
    }
    if let Some(slope) = &slope {
        for m in (1..graph.layers()).filter(|&m| m != l) {
            let (Some(other), Some(z), Some(a)) =
                (pass.get(By(A(m))), pass.get(Of(Z(m))), pass.get(Of(A(m))))
            else {
                continue;
            };
            if other.dim() == da.dim() {
                found.push(told(
                    &[OtherArray],
                    format!("da of layer {m} in place of layer {l}'s"),
                    other.clone() * slope.clone(),
                ));
            }
            if let Some(slope) = graph.functions[m].slope(z, a)
                && z.dim() == da.dim()
            {
                found.push(told(
                    &[OtherArray],
                    format!("the slope of layer {m} in place of layer {l}'s"),
                    da.clone() * slope,
                ));
            }
        }
        found.push(made(&[Sign], -(da.clone() * slope.clone())));
        found.push(made(&[SlopeAlone], slope.clone() + zero() * da.clone()));
        found.push(told(&[SlopeTwice], "the slope comes twice", da.clone() * slope.clone() * slope.clone()));
        let given = graph.given.get(&By(Z(l))).map(|given| given.value());
        let right = da.clone() * slope.clone();
        if let Some(factor) = projected(given, &right) {
            found.push(told(&[Factor], format!("the factor is {}", number(factor)), right.times(factor)));
        }
    }
    if graph.bias.get(l + 1).is_some_and(|bias| bias.in_w())
        && let (Some(dz), Some(full), Some(slope)) = (pass.get(By(Z(l + 1))), &graph.full[l + 1], &slope)
        && dim(dz).1 == dim(full).1
    {
        let wide = dz.dot(&full.t());
        found.push(made(&[WrongColumnDropped], wide.slice(1, other_end(graph, l + 1)) * slope.clone()));
        // The slope at the constant 1, as people compute it.
        let at_one = match f {
            Function::Logistic | Function::Tanh => 0.0,
            _ => 1.0,
        };
        let extra = column().times(at_one);
        let wide_slope = if graph.bias[l + 1].parts().0 == Part::First {
            Expr::join(1, &extra, slope)
        } else {
            Expr::join(1, slope, &extra)
        };
        found.push(made(&[BiasColumnKept], wide * wide_slope));
    }
    Some(found)
}

/// The fraction that is left below zero, if it is the same everywhere.
fn leak(graph: &Graph, l: usize, da: &Expr, z: &Expr) -> Option<f64> {
    let given = graph.given.get(&By(Z(l)))?.value();
    let (da, z) = (&da.value()?.data, &z.value()?.data);
    if given.dim() != z.dim() || da.dim() != z.dim() {
        return None;
    }
    let (mut top, mut bottom) = (0.0, 0.0);
    for ((g, d), z) in given.iter().zip(da).zip(z) {
        if *z < 0.0 {
            top += g * d;
            bottom += d * d;
        }
    }
    let leak: f64 = top / bottom;
    (leak.is_finite() && leak.abs() > 1e-6 && (leak - 1.0).abs() > 1e-6).then_some(leak)
}

/// The slopes of other activations, in the variables that people write them in, and whose they are.
fn slopes(z: &Expr, a: &Expr) -> Vec<(&'static str, Vec<Function>, Expr)> {
    let one = || Expr::number(1.0);
    let s = z.logistic();
    let t = Expr::unary(Unary::Tanh, z);
    vec![
        ("a(1-a)", vec![Function::Logistic], a.clone() * (one() - a.clone())),
        ("1-a^2", vec![Function::Tanh], one() - a.squared()),
        ("z > 0", vec![Function::Relu, Function::Leaky(0.0)], above(z)),
        ("z(1-z)", vec![], z.clone() * (one() - z.clone())),
        ("1-z^2", vec![], one() - z.squared()),
        ("logistic(z)(1-logistic(z))", vec![Function::Logistic], s.clone() * (one() - s)),
        ("1-tanh(z)^2", vec![Function::Tanh], one() - Expr::binary(Binary::Power, &t, &Expr::number(2.0))),
        ("a > 0", vec![Function::Relu], above(a)),
        ("1-a", vec![], one() - a.clone()),
    ]
}
