//! Room three: what each quantity should be, from the values before it.
//!
//! The forward pass as it was reconstructed, and the exact derivative of it, stage by stage.  Nothing here
//! looks at what the person has for the quantity itself.

use super::convention::Convention;
use super::expression::{Expr, Op};
use super::function::Function;
use super::graph::{Bias, Graph, Pass, largest};
use crate::network::Penalized;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{self, A, B, Beta, Gamma, Loss, Normed, Scaled, W, Z},
};

/// The right expression of a quantity, from the values before it; `None` if they are not known.
pub(super) fn right(graph: &Graph, convention: &Convention, pass: &Pass, quantity: Quantity) -> Option<Expr> {
    let last = graph.layers();
    Some(match quantity {
        Of(Z(l)) => {
            let product = pass.a(graph, l - 1)?.dot(&graph.w[l]);
            if graph.bias[l] == Bias::None { product } else { product + graph.b[l].clone() }
        }
        Of(Normed(l)) => graph.norms.get(&l)?.normed(pass.get(Of(Z(l)))?),
        Of(Scaled(l)) => graph.norms.get(&l)?.scaled(pass.get(Of(Normed(l)))?),
        Of(A(l)) => graph.functions[l].apply(pass.get(Of(graph.before(l)))?),
        Of(Variable::Kept(l)) => pass.get(Of(A(l)))?.clone() * graph.masks.get(&l)?.clone(),
        Of(Loss) => convention.loss(graph, pass)?,
        By(A(l)) if l == last => {
            let (p, y) = (pass.get(Of(A(last)))?, &graph.target);
            // Without a nonlinearity the outputs are z.
            let by_z = || match graph.functions[last] {
                Function::Identity => graph.cost.by_z(Function::Identity, p, p, y),
                _ => None,
            };
            convention.scaled(graph, graph.cost.by_output(p, y).or_else(by_z)?)
        }
        By(Z(l)) if l == last => {
            if let (true, Some(dp)) = (graph.given.contains_key(&By(A(last))), pass.get(By(A(last))))
                && let Some(slope) = graph.functions[l].slope(pass.get(Of(Z(l)))?, pass.get(Of(A(l)))?)
            {
                // The person goes by way of the outputs: from their own derivative by them.
                return Some(if graph.functions[l] == Function::Identity {
                    dp.clone()
                } else {
                    dp.clone() * slope
                });
            }
            let (p, z) = (pass.get(Of(A(last)))?, pass.get(Of(Z(last)))?);
            convention.scaled(graph, graph.cost.by_z(graph.functions[last], p, z, &graph.target)?)
        }
        By(W(l)) => {
            let (a, dz) = (pass.a(graph, l - 1)?, pass.get(By(Z(l)))?);
            convention.penalised(graph, convention.mean(graph, a.t().dot(dz)), &graph.w[l])
        }
        By(B(l)) => {
            let sums = convention.mean(graph, pass.get(By(Z(l)))?.sum(0));
            if convention.over == Penalized::All {
                convention.penalised(graph, sums, &graph.b[l])
            } else {
                sums
            }
        }
        By(A(l)) if graph.masks.contains_key(&l) => {
            pass.get(By(Variable::Kept(l)))?.clone() * graph.masks[&l].clone()
        }
        By(A(l) | Variable::Kept(l)) => pass.get(By(Z(l + 1)))?.dot(&graph.w[l + 1].t()),
        By(Gamma(l)) => {
            let product = pass.get(By(Scaled(l)))?.clone() * pass.get(Of(Normed(l)))?.clone();
            convention.mean(graph, product.sum(0))
        }
        By(Beta(l)) => convention.mean(graph, pass.get(By(Scaled(l)))?.sum(0)),
        By(Normed(l)) if graph.before(l) == Scaled(l) => match &graph.norms.get(&l)?.gamma {
            Some(gamma) => pass.get(By(Scaled(l)))?.clone() * gamma.clone(),
            None => pass.get(By(Scaled(l)))?.clone(),
        },
        By(Z(l)) if graph.norms.contains_key(&l) => {
            let (dn, normed) = (pass.get(By(Normed(l)))?, pass.get(Of(Normed(l)))?);
            graph.norms[&l].by_z(dn, normed, pass.get(Of(Z(l)))?)
        }
        By(Z(l) | Normed(l) | Scaled(l)) => {
            let da = pass.get(By(A(l)))?;
            let (z, a) = (pass.get(Of(graph.before(l)))?, pass.get(Of(A(l)))?);
            match graph.functions[l] {
                Function::Identity => da.clone(),
                // Softmax in a hidden layer ties the units of a row together.
                Function::Softmax => a.clone() * (da.clone() - (da.clone() * a.clone()).sum(1)),
                f => da.clone() * f.slope(z, a)?,
            }
        }
        _ => return None,
    })
    .filter(|e| e.dim().is_some())
}

/// The values of the forward pass: the person's own, else what follows from them.
pub(super) fn forward(graph: &Graph, convention: &Convention) -> Pass {
    let mut pass = Pass::default();
    for quantity in graph.order() {
        if !matches!(quantity, Of(_)) {
            break;
        }
        step(graph, convention, &mut pass, quantity);
    }
    pass
}

/// One quantity more: the person's own value, else the right one.
pub(super) fn step(graph: &Graph, convention: &Convention, pass: &mut Pass, quantity: Quantity) {
    let own = graph.given.get(&quantity).map(|given| given.view.clone());
    let value = own.or_else(|| {
        let e = right(graph, convention, pass, quantity)?;
        Some(Expr::new(Op::Absent(graph.name(quantity), e)))
    });
    if let Some(value) = value {
        pass.0.insert(quantity, value);
    }
}

/// The magnitude that rounding errors of a quantity are measured by, where its numbers cancel.
pub(super) fn magnitude(graph: &Graph, convention: &Convention, pass: &Pass, quantity: Quantity) -> f64 {
    let last = graph.layers();
    let mean = if convention.late && !convention.summed { 1.0 / graph.n() } else { 1.0 };
    // What cancels in dlogits leaves rounding of its size in everything below.
    let noise = match quantity {
        By(_) if quantity != By(Z(last)) && quantity != By(A(last)) => {
            pass.value(By(Z(last))).map_or(0.0, largest) * mean * 0.05
        }
        _ => 0.0,
    };
    let own = match quantity {
        By(B(l)) => pass.value(By(Z(l))).map_or(0.0, |dz| {
            dz.columns()
                .into_iter()
                .map(|c| c.iter().filter(|v| v.is_finite()).map(|v| v.abs()).sum::<f64>())
                .fold(0.0, f64::max)
                * mean
        }),
        By(A(l) | Variable::Kept(l)) if l < last => {
            let w = graph.w[l + 1].value().map_or(0.0, |w| largest(&w.data));
            pass.value(By(Z(l + 1))).map_or(0.0, |dz| largest(dz) * w)
        }
        _ => 0.0,
    };
    own.max(noise)
}
