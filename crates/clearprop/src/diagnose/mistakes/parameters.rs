//! Mistakes in the derivatives by weights and biases.

use super::candidate::{Candidate, dim, factor_words, made, projected, told};
use crate::diagnose::convention::{Convention, PenaltyForm};
use crate::diagnose::expression::{Expr, Op, Part, Reduce, Unary};
use crate::diagnose::function::{Function, above};
use crate::diagnose::graph::{Graph, Pass};
use crate::diagnose::number::number;
use crate::mistake::MistakeId::{self, *};
use crate::network::Penalized;
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, B, W, Z},
};

/// The data's part, or the penalty's, in the ways that people write it: numbers of the mistake (none if
/// right) and value.
type Parts = (Vec<MistakeId>, Expr);

fn filled(value: f64, like: &Expr) -> Expr {
    let (rows, columns) = dim(like);
    Expr::new(Op::Fill(value, Expr::number(rows as f64), Expr::number(columns as f64)))
}

/// 19 to 23: what stands in place of `strength * w`.
fn penalties(graph: &Graph, convention: &Convention, w: &Expr) -> Vec<Parts> {
    let strength = convention.strength(graph);
    let times = |factor: f64| Expr::number(factor) * w.clone();
    let mut found = vec![(vec![], times(strength)), (vec![NoPenalty], times(0.0))];
    if strength == 0.0 {
        found.truncate(1);
        if graph.reg != 0.0 {
            found.push((vec![PenaltyFactor], times(graph.reg))); // the loss has no penalty, the derivative has
        }
        return found;
    }
    found.push((vec![PenaltyFactor], times(2.0 * strength)));
    found.push((vec![PenaltyFactor], times(0.5 * strength)));
    let over_n = matches!(convention.penalty, PenaltyForm::OverN | PenaltyForm::FullOverN);
    let other_n = if over_n { graph.n() } else { 1.0 / graph.n() };
    found.push((vec![PenaltyOverN], times(other_n * strength)));
    found.push((vec![PenaltySign], times(-strength)));
    found.push((vec![PenaltyConstant], filled(strength, w)));
    found.push((vec![PenaltyConstant], Expr::number(strength) * Expr::unary(Unary::Sign, w)));
    found
}

fn sums(data: Vec<Parts>, penalties: &[Parts]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (data_ids, data) in data {
        for (penalty_ids, penalty) in penalties {
            let parts: Vec<Vec<MistakeId>> =
                [&data_ids, penalty_ids].into_iter().filter(|ids| !ids.is_empty()).cloned().collect();
            if !parts.is_empty() {
                found.push(Candidate { parts, detail: String::new(), value: data.clone() + penalty.clone() });
            }
        }
    }
    found
}

/// 19 to 24, 26 to 28, 34, 51 to 55, and others in the input's place.
pub(super) fn dw(graph: &Graph, convention: &Convention, pass: &Pass, l: usize) -> Option<Vec<Candidate>> {
    let (a, dz, w) = (pass.a(graph, l - 1)?, pass.get(By(Z(l)))?, &graph.w[l]);
    if dim(dz) != (graph.n, dim(w).1) || dim(a) != (graph.n, dim(w).0) {
        return None;
    }
    let (n, strength, last) = (graph.n(), convention.strength(graph), graph.layers());
    let product = |a: &Expr, dz: &Expr| convention.mean(graph, a.t().dot(dz));
    let right = product(a, dz);
    let mut data: Vec<Parts> = vec![
        (vec![], right.clone()),
        (vec![DwDividedAgain, MeanTwice], right.times(1.0 / n)),
        (vec![NoLateMean], right.times(n)),
    ];
    if l > 1
        && graph.functions[l - 1] != Function::Identity
        && let Some(z) = pass.get(Of(Z(l - 1)))
        && z.dim() == a.dim()
    {
        data.push((vec![ZForInput], product(z, dz)));
    }
    let da = pass.get(By(A(l))).filter(|da| da.dim() == dz.dim());
    if l < last
        && let Some(da) = da
    {
        data.push((vec![FromDa], product(a, da)));
        data.push((vec![MaskOfWeights], product(a, da) * above(w)));
    }
    if l == last
        && let Some(p) = pass.get(Of(A(last)))
        && let Some(by) = graph.cost.by_output(p, &graph.target)
        && graph.functions[last] != Function::Identity
    {
        let diff = p.clone() - graph.target.clone();
        data.push((vec![FromDa, NoOutputSlope], product(a, &convention.scaled(graph, by))));
        data.push((vec![FromDa, NoOutputSlope], product(a, &convention.scaled(graph, diff))));
    }
    let part = Part::Last;
    data.push((vec![LastRowOnly], convention.mean(graph, a.slice(0, part).t().dot(&dz.slice(0, part)))));
    data.push((
        vec![LastRowOnly],
        convention.mean(graph, a.slice(0, Part::First).t().dot(&dz.slice(0, Part::First))),
    ));
    data.push((vec![MaskOfWeights], right.clone() * above(w)));
    if dim(w).0 == dim(w).1 {
        data.push((vec![Transposed], right.t()));
    }
    if let Some(own) = pass.get(Of(A(l))).filter(|own| own.dim() == a.dim() && l > 1 || own.dim() == a.dim())
    {
        data.push((vec![OwnOutput], product(own, dz)));
    }
    data.push((vec![Sign], -right.clone()));
    let whole = convention.penalised(graph, right.clone(), w);
    let mut found = sums(data, &penalties(graph, convention, w));
    found.push(made(&[WholeDividedAgain], whole.times(1.0 / n)));
    for factor in [2.0, 4.0] {
        found.push(told(&[Factor], format!("the factor is {}", number(factor)), whole.times(factor)));
    }
    let given = graph.given.get(&By(W(l)));
    for base in [&whole, &right] {
        if let Some(factor) = projected(given.map(|given| given.value()), base) {
            let words = factor_words(graph, factor);
            found.push(told(&[Factor], format!("the factor is {words}"), base.times(factor)));
        }
    }
    found.push(made(&[MaskOfWeights], whole.clone() * above(w)));
    if let (Some(da), true) = (da, l < last) {
        found.push(made(&[MaskOfWeights], convention.penalised(graph, product(a, da), w) * above(w)));
    }
    // Other values in the place of the input, other derivatives in the place of dz.
    for m in 0..=last {
        if m + 1 != l
            && let Some(other) = pass.a(graph, m).filter(|other| dim(other) == dim(a))
        {
            let ids: &[MistakeId] = if m == l { &[OwnOutput] } else { &[OtherArray] };
            found.push(told(
                ids,
                format!("the output of layer {m} in place of that of layer {}", l - 1),
                convention.penalised(graph, product(other, dz), w),
            ));
        }
        if m >= 1
            && m != l
            && let Some(other) = pass.get(By(Z(m))).filter(|other| other.dim() == dz.dim())
        {
            found.push(told(
                &[OtherArray],
                format!("the derivative of layer {m} in place of that of layer {l}"),
                convention.penalised(graph, product(a, other), w),
            ));
        }
    }
    if dim(a) == dim(w) {
        found.push(made(&[WeightsForInput], convention.penalised(graph, product(w, dz), w)));
    }
    // Only one row's: a loop that assigns where it should add.
    if let Some(given) = given
        && given.value().dim() == dim(w)
    {
        for i in 0..graph.n.min(64) {
            let row = convention.mean(graph, a.slice(0, Part::At(i)).t().dot(&dz.slice(0, Part::At(i))));
            let whole = convention.penalised(graph, row, w);
            let near = whole
                .value()
                .is_some_and(|v| crate::diagnose::graph::same(given.value(), &v.data, graph.tolerance, 0.0));
            if near {
                found.push(told(&[LastRowOnly], format!("it is row {i}'s alone"), whole));
            }
        }
    }
    // An elementwise product in the place of the dot product.
    for (x, d) in [(a.clone(), dz.clone()), (a.t(), dz.t())] {
        for value in [x.clone() * d.clone(), convention.mean(graph, x * d)] {
            if value.value().is_some() {
                found.push(made(&[Elementwise], value.clone()));
                found.push(made(&[Elementwise], value.t()));
                found.push(made(&[Elementwise], value / graph.rows.clone()));
            }
        }
    }
    // Transposed as a whole: another shape, unless the sizes coincide.
    let full = match &graph.full[l] {
        Some(all) => {
            let ones = Expr::new(Op::Fill(1.0, Expr::number(n), Expr::number(1.0)));
            let first = graph.bias[l].parts().0 == Part::First;
            let wide = if first { Expr::join(1, &ones, a) } else { Expr::join(1, a, &ones) };
            let zero = filled(0.0, &graph.b[l]);
            let penalised = match (convention.over, first) {
                (Penalized::All, _) => all.clone(),
                (_, true) => Expr::join(0, &zero, w),
                (_, false) => Expr::join(0, w, &zero),
            };
            (product(&wide, dz), Expr::number(strength) * penalised)
        }
        None => (right, Expr::number(strength) * w.clone()),
    };
    found.push(made(&[Transposed], (full.0.clone() + full.1).t()));
    found.push(Candidate {
        parts: vec![vec![Transposed], vec![NoPenalty]],
        detail: String::new(),
        value: full.0.t(),
    });
    Some(found)
}

/// 25, 29 to 33, 51, 54, 55; with the bias as a row of W also the mistakes of `dw`.
pub(super) fn db(graph: &Graph, convention: &Convention, pass: &Pass, l: usize) -> Option<Vec<Candidate>> {
    let (a, dz, b) = (pass.a(graph, l - 1)?, pass.get(By(Z(l)))?, &graph.b[l]);
    if dim(dz) != (graph.n, dim(b).1) || dim(a).0 != graph.n {
        return None;
    }
    let (n, strength) = (graph.n(), convention.strength(graph));
    let row = graph.bias[l].in_w();
    let mean = |e: Expr| convention.mean(graph, e);
    let right = mean(dz.sum(0));
    let mut data: Vec<Parts> = vec![
        (vec![], right.clone()),
        (
            if row { vec![DbMean, MeanTwice, DwDividedAgain] } else { vec![DbMean, MeanTwice] },
            right.times(1.0 / n),
        ),
        (vec![DbOverAll], mean(dz.total()) * filled(1.0, b)),
        (vec![DbNotSummed, LastRowOnly], mean(dz.slice(0, Part::Last))),
        (vec![DbNotSummed, LastRowOnly], mean(dz.slice(0, Part::First))),
        (vec![DbFromProduct], mean(a.t().dot(dz).sum(0))),
        (vec![DbFromProduct], a.t().dot(dz).sum(0) / graph.rows.clone()),
        (vec![NoLateMean], right.times(n)),
        (vec![Sign], -right.clone()),
    ];
    if l < graph.layers()
        && let Some(da) = pass.get(By(A(l)))
        && da.dim() == dz.dim()
    {
        data.push((vec![FromDa], mean(da.sum(0))));
    }
    if row {
        data.push((vec![MaskOfWeights], right.clone() * above(b)));
    }
    let penalties: Vec<Parts> = if convention.over == Penalized::All {
        let mut all = penalties(graph, convention, b);
        for (ids, _) in &mut all {
            if ids == &[NoPenalty] {
                ids.push(BiasPenalty);
            }
        }
        all
    } else {
        let mut all = vec![
            (vec![], Expr::number(0.0) * b.clone()),
            (vec![BiasPenalty], Expr::number(strength) * b.clone()),
        ];
        if strength != 0.0 {
            all.push((vec![PenaltyConstant, BiasPenalty], filled(strength, b)));
        }
        all
    };
    let whole = right.clone() + penalties[0].1.clone();
    let mut found = sums(data, &penalties);
    found.push(made(&[DbForgotten], Expr::number(0.0) * b.clone()));
    found.push(made(
        if row { &[WholeDividedAgain] } else { &[WholeDividedAgain, DbMean] },
        whole.times(1.0 / n),
    ));
    for factor in [4.0, 2.0] {
        found.push(told(&[Factor], format!("the factor is {}", number(factor)), whole.times(factor)));
    }
    if let Some(factor) = projected(graph.given.get(&By(B(l))).map(|given| given.value()), &whole) {
        found.push(told(
            &[Factor],
            format!("the factor is {}", factor_words(graph, factor)),
            whole.times(factor),
        ));
    }
    if row {
        found.push(made(&[MaskOfWeights], whole.clone() * above(b)));
    }
    for m in (1..=graph.layers()).filter(|&m| m != l) {
        if let Some(other) = pass.get(By(Z(m))).filter(|other| other.dim() == dz.dim()) {
            found.push(told(
                &[OtherArray],
                format!("the derivative of layer {m} in place of that of layer {l}"),
                mean(other.sum(0)),
            ));
        }
    }
    if let Some(given) = graph.given.get(&By(B(l)))
        && given.value().dim() == dim(b)
    {
        for i in 0..graph.n.min(64) {
            let one = mean(dz.slice(0, Part::At(i)));
            if one
                .value()
                .is_some_and(|v| crate::diagnose::graph::same(given.value(), &v.data, graph.tolerance, 0.0))
            {
                found.push(told(&[DbNotSummed, LastRowOnly], format!("it is row {i}'s alone"), one));
            }
        }
    }
    // Shapes that are not a bias's.
    found.push(made(&[DbNotSummed], mean(dz.clone()) + penalties[0].1.clone()));
    found.push(made(&[DbNotSummed], mean(dz.clone())));
    found.push(made(&[DbOverAll], mean(dz.total())));
    found.push(made(&[DbOverAll], mean(dz.reduce(Reduce::Sum, Some(1)))));
    Some(found)
}
