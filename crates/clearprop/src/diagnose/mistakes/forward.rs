//! Mistakes in the forward pass: in z, in a, in the outputs, in the loss.

use super::candidate::{Candidate, dim, made, projected, told};
use crate::diagnose::convention::Convention;
use crate::diagnose::differentiate::right;
use crate::diagnose::expression::{Expr, Part, Reduce};
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::{Bias, Graph, Pass};
use crate::diagnose::number::number;
use crate::mistake::MistakeId::*;
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, Loss, Z},
};

/// z without its bias, from another layer's input; or shifted, which softmax does not see.
pub(super) fn affine(
    graph: &Graph,
    convention: &Convention,
    pass: &Pass,
    l: usize,
) -> Option<Vec<Candidate>> {
    let last = graph.layers();
    let a = pass.a(graph, l - 1)?;
    let mut found = Vec::new();
    let product = a.dot(&graph.w[l]);
    if graph.bias[l] == Bias::None {
        found.push(made(&[Sign], -product));
    } else {
        found.push(made(&[NoBias], product.clone()));
        found.push(made(&[Sign], -(product.clone() + graph.b[l].clone())));
        found.push(made(&[Sign], product - graph.b[l].clone()));
    }
    if l > 1
        && let Some(z) = pass.get(Of(Z(l - 1)))
    {
        let product = z.dot(&graph.w[l]);
        found.push(made(
            &[ZForOutput],
            if graph.bias[l] == Bias::None { product } else { product + graph.b[l].clone() },
        ));
    }
    let given = graph.given.get(&Of(Z(l)));
    if let Some(right) = right(graph, convention, pass, Of(Z(l)))
        && let Some(factor) = projected(given.map(|given| given.value()), &right)
    {
        found.push(told(&[Factor], format!("the factor is {}", number(factor)), right.times(factor)));
    }
    if l == last
        && graph.functions[last] == Function::Softmax
        && let Some(right) = right(graph, convention, pass, Of(Z(l)))
        && dim(&right).1 > 1
    {
        let of_columns = right.clone() - right.reduce(Reduce::Max, Some(0));
        found.push(told(
            &[OtherOperation],
            "each column's largest was taken away, not each row's",
            of_columns,
        ));
        if let Some(given) = given.filter(|given| given.view.dim() == right.dim()) {
            let shift = (given.view.clone() - right.clone()).slice(1, Part::First);
            let detail = "a number was taken from each row, which softmax does not see".to_owned();
            found.push(Candidate { parts: vec![], detail, value: right + shift });
        }
    }
    Some(found)
}

/// Another function than the one that the layer uses elsewhere: nothing is known of it, unless z holds it.
pub(super) fn activation(graph: &Graph, pass: &Pass, l: usize) -> Option<Vec<Candidate>> {
    let z = pass.get(Of(graph.before(l)))?;
    let f = graph.functions[l];
    let given = |quantity| graph.given.get(&quantity).map(|given| given.value());
    // (Alone it may be a function of its own: its derivative has to be there.)
    let factor = given(By(Z(l))).and_then(|_| projected(given(Of(A(l))), &f.apply(z)));
    let scaled = factor
        .map(|factor| told(&[Factor], format!("the factor is {}", number(factor)), f.apply(z).times(factor)));
    let named = vec![
        made(&[AppliedTwice], f.apply(&f.apply(z))),
        made(&[Sign], -f.apply(z)),
        made(&[Sign], f.apply(&-z.clone())),
        told(&[MaskTurned], "the mask is turned", f.apply(&-z.clone()) * Expr::number(-1.0)),
    ];
    Some(named.into_iter().chain(scaled).collect())
}

/// 10, 11; softmax twice, exp that overflows.
pub(super) fn outputs(graph: &Graph, pass: &Pass) -> Option<Vec<Candidate>> {
    let last = graph.layers();
    let z = pass.get(Of(Z(last)))?;
    let f = graph.functions[last];
    let mut found = Vec::new();
    if f == Function::Softmax {
        let e = z.exp();
        found.push(made(&[SoftmaxOverAll], z.softmax(None)));
        found.push(made(&[SoftmaxOverRows], z.softmax(Some(0))));
        found.push(made(&[SoftmaxOverAll], e.clone() / e.reduce(Reduce::Sum, None)));
        found.push(made(&[AppliedTwice], z.softmax(Some(1)).softmax(Some(1))));
        found.push(made(&[Overflow], e.clone() / e.sum(1)));
        found.push(made(
            &[Overflow],
            (z.clone() - z.reduce(Reduce::Max, None)).exp()
                / (z.clone() - z.reduce(Reduce::Max, None)).exp().sum(1),
        ));
        let by_mean = e.clone() / e.reduce(Reduce::Mean, Some(1));
        found.push(told(&[OtherOperation], "divided by the row's mean, not by its sum", by_mean));
        let of_columns = (z.clone() - z.reduce(Reduce::Max, Some(0))).exp();
        found.push(told(
            &[OtherOperation],
            "each column's largest was taken away, not each row's",
            of_columns.clone() / of_columns.sum(1),
        ));
        found.push(made(&[ExpAlone], e.clone()));
        found.push(made(&[SigmoidForSoftmax], z.logistic()));
    } else if f != Function::Identity {
        found.push(made(&[AppliedTwice], f.apply(&f.apply(z))));
    }
    found.push(made(&[Sign], -f.apply(z)));
    found.push(made(&[Sign], f.apply(&-z.clone())));
    Some(found)
}

/// 56, 57; an outer product.
pub(super) fn loss(graph: &Graph, convention: &Convention, pass: &Pass) -> Option<Vec<Candidate>> {
    let last = graph.layers();
    // The loss is what it is, whenever its derivatives are divided and whichever way they are taken.
    let convention = &Convention { late: false, ascent: false, ..*convention };
    let penalty = convention.penalty_part(graph);
    let whole = |data: Expr| match &penalty {
        Some(penalty) => data + penalty.clone(),
        None => data,
    };
    let mean = convention.data_loss(graph, pass)?;
    let p = pass.get(Of(A(last)))?;
    let z = pass.get(Of(Z(last)))?;
    let y = &graph.target;
    let mut found = Vec::new();
    if graph.cost == Cost::CrossEntropy {
        found.push(made(&[LossAfterEdit], Expr::number(f64::NAN)));
        let n = graph.n();
        let divided =
            mean.clone() + Expr::number(convention.factor * if convention.summed { n } else { 1.0 } * n.ln());
        found.push(made(&[LossAfterEdit], whole(divided)));
    }
    if graph.outputs() == 1 && graph.n > 1 {
        // Every answer against every row.
        let pairs = graph.cost.sum(p, z, &y.t());
        let mean = pairs.times(convention.factor / (graph.n() * graph.n()));
        found.push(made(&[BroadcastLabels], whole(mean)));
        found.push(made(&[OuterProduct], whole(convention.scaled(graph, pairs))));
    }
    let one = || Expr::number(1.0);
    if graph.n > 1 && graph.outputs() > 1 && matches!(graph.cost, Cost::CrossEntropy | Cost::Binary) {
        let mut sum = y.dot(&p.log().t());
        let mut other = y.t().dot(&p.log());
        if graph.cost == Cost::Binary {
            sum = sum + (one() - y.clone()).dot(&(one() - p.clone()).log().t());
            other = other + (one() - y.clone()).t().dot(&(one() - p.clone()).log());
        }
        for pairs in [sum, other] {
            found.push(made(&[OuterProduct], whole(convention.scaled(graph, -pairs.total()))));
        }
    }
    // The penalty without its strength.
    if let Some(squares) = convention.squares(graph).filter(|_| penalty.is_some()) {
        for factor in [0.5, 1.0] {
            found.push(told(&[LossPenalty], "reg is left out", mean.clone() + squares.times(factor)));
        }
    }
    if graph.cost == Cost::Binary {
        let half = -(y.clone() * p.log()).total();
        found.push(told(
            &[HalfTheLoss],
            "only the half of y = 1 is there",
            whole(convention.scaled(graph, half)),
        ));
        let turned = (y.clone() * p.log() - (one() - y.clone()) * (one() - p.clone()).log()).total();
        found.push(told(&[InnerSign], "", whole(convention.scaled(graph, -turned))));
    }
    if let (Some(given), Some(right)) =
        (graph.given.get(&Of(Loss)).and_then(|g| g.view.value()), whole(mean.clone()).value())
    {
        let ratio = given.data[[0, 0]] / right.data[[0, 0]];
        let n = graph.n();
        if (ratio + 1.0).abs() < 1e-9 {
            found.push(told(&[Sign], "the loss has the wrong sign", -whole(mean)));
        } else if !convention.summed && (ratio / n + 1.0).abs() < 1e-9 {
            let words = "the loss has the wrong sign, and the division by N is missing";
            found.push(Candidate {
                parts: vec![vec![Sign], vec![NoMean]],
                detail: words.to_owned(),
                value: whole(mean).times(-n),
            });
        }
    }
    Some(found)
}
