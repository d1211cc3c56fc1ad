//! How a diagnosis speaks of stages and networks.

use super::function::Function;
use super::graph::{Bias, Graph};
use super::number::number;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable,
};
use Variable::{A, B, Kept, Normed, Scaled, W, Z};

/// The network in one line.
pub(super) fn head(graph: &Graph) -> String {
    let (sizes, last) = (&graph.sizes, graph.layers());
    let layer = |l: usize| match graph.functions[l] {
        Function::Identity if l == last => many(sizes[l], "output"),
        f => format!("{} {}", sizes[l], f.name()),
    };
    let parts = std::iter::once(many(sizes[0], "input")).chain((1..=last).map(layer));
    let parts: Vec<String> = parts.collect();
    let bias = match graph.bias[1..].iter().find(|bias| **bias != Bias::None) {
        Some(Bias::First | Bias::Last) => "bias in W",
        Some(Bias::Separate) => "bias apart",
        _ => "no bias",
    };
    format!(
        "{}, {}, {}, {bias}, reg {}",
        many(graph.n, "row"),
        parts.join(" -> "),
        graph.cost.name(),
        number(graph.reg)
    )
}

/// `1 row`, `2 rows`
fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Which nonlinearity's input or output a value is; by which variable a derivative is taken.
pub(super) fn role(graph: &Graph, quantity: Quantity) -> String {
    let last = graph.layers();
    let side = |variable: Variable| {
        // (Its parameter stands in the first line.)
        let name = |l: usize| graph.functions[l].name().split(" with ").next().unwrap_or_default().to_owned();
        match variable {
            Z(l) if graph.functions[l] == Function::Identity => {
                if l == last {
                    "the answer".to_owned()
                } else {
                    String::new()
                }
            }
            Z(l) if graph.norms.contains_key(&l) => "INPUT of the normalisation".to_owned(),
            Z(l) => format!("INPUT of {}", name(l)),
            A(l) => format!("OUTPUT of {}", name(l)),
            Kept(_) => "OUTPUT of dropout".to_owned(),
            Normed(l) | Scaled(l) if graph.before(l) == variable => format!("INPUT of {}", name(l)),
            Normed(_) => "OUTPUT of the normalisation".to_owned(),
            _ => String::new(),
        }
    };
    match quantity {
        Of(variable) => side(variable),
        By(W(l)) => format!("by {}", graph.names.get(&W(l)).cloned().unwrap_or_else(|| format!("w{l}"))),
        By(B(l)) => format!("by {}", graph.names.get(&B(l)).cloned().unwrap_or_else(|| format!("b{l}"))),
        By(variable) => {
            let name = graph.name(Of(variable));
            match side(variable) {
                side if side.is_empty() => format!("by {name}"),
                side => format!("by {name}, {side}"),
            }
        }
    }
}

/// What the short words of the catalogue are called here, where they differ.
pub(super) fn letters(graph: &Graph, quantity: Quantity) -> Vec<(String, String)> {
    let last = graph.layers();
    let used: Vec<(&str, Quantity)> = match quantity {
        By(Z(l)) if l == last => vec![("p", Of(A(last))), ("the scores", Of(Z(last)))],
        By(W(l)) if l > 1 => {
            vec![("dW", By(W(l))), ("a", Of(A(l - 1))), ("z", Of(Z(l - 1))), ("dz", By(Z(l)))]
        }
        By(W(l)) => vec![("dW", By(W(l))), ("dz", By(Z(l)))],
        By(B(l)) => vec![("db", By(B(l))), ("dz", By(Z(l)))],
        By(A(l)) if l < last => vec![("da", By(A(l))), ("a", Of(A(l))), ("dz", By(Z(l + 1)))],
        By(Z(l)) => vec![("dz", By(Z(l))), ("da", By(A(l))), ("z", Of(Z(l))), ("a", Of(A(l)))],
        _ => vec![],
    };
    used.into_iter()
        .filter(|(_, q)| graph.given.contains_key(q))
        .map(|(letter, q)| (letter.to_owned(), graph.name(q)))
        .filter(|(letter, name)| letter != name)
        .collect()
}
