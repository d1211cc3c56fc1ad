//! What can be said in numbers of a wrong stage: ratio, pattern, place.

use super::arrays::shape_text;
use super::convention::PenaltyForm;
use super::differentiate::{magnitude, right};
use super::function::{Cost, Function};
use super::graph::Graph;
use super::judge::{Explanation, Finding, first_nan};
use super::number::number;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Kept, W, Z},
};
use ndarray::{Array2, Axis};

/// Short sentences, the strongest first.
pub(super) fn evidence(graph: &Graph, one: &Explanation, quantity: Quantity) -> Vec<String> {
    let mut found = Vec::new();
    let detail = one.findings.iter().find_map(|(other, finding)| match finding {
        Finding::Mistakes(_, detail) if *other == quantity && !detail.is_empty() => Some(detail.clone()),
        _ => None,
    });
    found.extend(detail);
    let Some(given) = graph.given.get(&quantity) else { return found };
    let value = given.value();
    let Some(right) = right(graph, &one.convention, &one.pass, quantity) else { return found };
    let Some(right) = right.value().map(|right| &right.data) else { return found };
    if value.dim() != right.dim() {
        let expected = expected_shape(graph, quantity);
        found.push(format!(
            "its shape is {}, it should be {}",
            shape_text(&given.shape),
            shape_text(&expected)
        ));
        return found;
    }
    if let Some((row, column)) = first_nan(value) {
        found.push(format!(
            "{}[{row}, {column}] is {}, the first place that is no number; it should be {}",
            given.name,
            value[[row, column]],
            number(right[[row, column]])
        ));
        if let (true, Some(f)) = (quantity == Of(A(graph.layers())), one.pass.value(Of(Z(graph.layers())))) {
            let most = f.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
            if most > 88.0 {
                found.push(format!(
                    "the largest score is {}: exp of it overflows, subtract each row's largest first",
                    number(most)
                ));
            }
        }
        return found;
    }
    if value.len() == 1 {
        found.push(format!("it is {}, it should be {}", number(value[[0, 0]]), number(right[[0, 0]])));
        return found;
    }
    let scale = magnitude(graph, &one.convention, &one.pass, quantity)
        .max(right.iter().fold(0.0, |m: f64, v| m.max(v.abs())));
    let near = |a: f64, b: f64| (a - b).abs() <= graph.tolerance * scale.max(1e-9);
    let off: Vec<(usize, usize)> =
        right.indexed_iter().filter(|(at, r)| !near(value[*at], **r)).map(|(at, _)| at).collect();
    if value.iter().all(|&v| near(v, 0.0)) {
        found.push("every entry is 0".to_owned());
        return found;
    }
    if value.dim().0 == value.dim().1
        && value.len() > 1
        && right.t().iter().zip(value).all(|(r, v)| near(*r, *v))
    {
        found.push("it is the right one, transposed".to_owned());
    }
    if let Some(ratio) = constant_ratio(value, right, &near) {
        found.push(format!("yours / right = {} in every entry{}", number(ratio), ratio_words(graph, ratio)));
        return found;
    }
    found.extend(penalty_words(graph, one.convention.penalty, value, right, quantity, &near));
    found.extend(pattern_words(graph, one, value, quantity, &near));
    let words = place_words(&off, right.dim());
    // Beside the weights that it stands with.
    let part = if graph.turned.1 { "column" } else { "row" };
    found.push(match quantity {
        By(B(l)) if graph.bias[l].in_w() => format!("in the bias's {part} {words}"),
        _ => words,
    });
    found
}

/// The shape that would fit, as in the file.
pub(super) fn expected_shape(graph: &Graph, quantity: Quantity) -> Vec<usize> {
    let sizes = &graph.sizes;
    let (columns, out_in) = graph.turned;
    let turn =
        |shape: Vec<usize>, turned: bool| if turned { shape.into_iter().rev().collect() } else { shape };
    let row = |l: usize| usize::from(graph.bias[l].in_w());
    match quantity.variable() {
        Z(l) | A(l) | Kept(l) => turn(vec![graph.n, sizes[l]], columns),
        W(l) => turn(vec![sizes[l - 1] + row(l), sizes[l]], out_in),
        B(l) => vec![sizes[l]],
        _ => vec![],
    }
}

type Near<'a> = &'a dyn Fn(f64, f64) -> bool;

fn constant_ratio(value: &Array2<f64>, right: &Array2<f64>, near: Near) -> Option<f64> {
    let ratio = (value * right).sum() / (right * right).sum();
    let fits = value
        .iter()
        .zip(right)
        .all(|(v, r)| near(v / ratio.abs().max(1.0), r * ratio / ratio.abs().max(1.0)));
    (ratio.is_finite() && fits).then_some(ratio)
}

/// What a ratio could be made of.
fn ratio_words(graph: &Graph, ratio: f64) -> String {
    let (n, k) = (graph.n(), graph.outputs() as f64);
    // Two is a factor of its own.
    let many = if k > 2.0 { k } else { 1.0 };
    let known = [
        (n, "N"),
        (1.0 / n, "1/N"),
        (many, "K"),
        (1.0 / many, "1/K"),
        (n / k, "N/K"),
        (1.0 / (n * k), "1/(N K)"),
    ];
    known
        .iter()
        .find(|(value, _)| (value / ratio - 1.0).abs() < 1e-6 && *value != 1.0)
        .map_or(String::new(), |(_, words)| format!(", which is {words}"))
}

/// The difference as a multiple of the weights.
fn penalty_words(
    graph: &Graph,
    form: PenaltyForm,
    value: &Array2<f64>,
    right: &Array2<f64>,
    quantity: Quantity,
    near: Near,
) -> Option<String> {
    let (w, letter) = match quantity {
        By(W(l)) => (&graph.w[l], "W"),
        By(B(l)) => (&graph.b[l], "b"),
        _ => return None,
    };
    let w = &w.value()?.data;
    let difference = value - right;
    let squares = (w * w).sum();
    if difference.dim() != w.dim() || squares == 0.0 || graph.reg == 0.0 {
        return None;
    }
    let factor = (&difference * w).sum() / squares;
    let fits = difference.iter().zip(w).all(|(d, w)| near(*d, factor * w));
    fits.then(|| {
        let (reg, words) = match form {
            PenaltyForm::OverN | PenaltyForm::FullOverN => (graph.reg / graph.n(), "reg/N"),
            _ => (graph.reg, "reg"),
        };
        format!("yours - right = {} * {words} * {letter} in every entry", number(factor / reg))
    })
}

fn pattern_words(
    graph: &Graph,
    one: &Explanation,
    value: &Array2<f64>,
    quantity: Quantity,
    near: Near,
) -> Vec<String> {
    let mut found = Vec::new();
    let first = value[[0, 0]];
    let all_equal = value.iter().all(|&v| near(v, first));
    if all_equal {
        found.push(format!("every entry is {}", number(first)));
    } else if value.ncols() > 1 && value.rows().into_iter().all(|row| row.iter().all(|&v| near(v, row[0]))) {
        found.push("all columns are equal".to_owned());
    }
    match quantity {
        Of(A(l)) if l == graph.layers() && graph.functions[l] == Function::Softmax => {
            let sums = value.sum_axis(Axis(1));
            found.push(format!(
                "its {} sum to {} .. {}, each should sum to 1; everything sums to {}",
                if graph.turned.0 { "columns" } else { "rows" },
                number(sums.fold(f64::INFINITY, |m, &v| m.min(v))),
                number(sums.fold(f64::NEG_INFINITY, |m, &v| m.max(v))),
                number(value.sum())
            ));
        }
        By(Z(l)) if l == graph.layers() && graph.cost == Cost::CrossEntropy => {
            let sums = value.sum_axis(Axis(1));
            let (least, most) =
                (sums.fold(f64::INFINITY, |m, &v| m.min(v)), sums.fold(f64::NEG_INFINITY, |m, &v| m.max(v)));
            if !near(least, 0.0) || !near(most, 0.0) {
                let range = if near(least, most) {
                    number(most)
                } else {
                    format!("{} .. {}", number(least), number(most))
                };
                let rows = if graph.turned.0 { "columns" } else { "rows" };
                found.push(format!("its {rows} sum to {range}, each should sum to 0"));
            }
            if graph
                .target
                .value()
                .is_some_and(|y| value.iter().zip(&y.data).all(|(v, y)| *y > 0.0 || near(*v, 0.0)))
            {
                found.push("only the true class's entry is not 0".to_owned());
            }
        }
        By(Z(l)) if l < graph.layers() && graph.before(l) == Z(l) => {
            if let Some(z) = one.pass.value(Of(Z(l))).filter(|z| z.dim() == value.dim())
                && graph.functions[l] == Function::Relu
            {
                let off: Vec<bool> = z.iter().map(|&z| z <= 0.0).collect();
                let count = off.iter().filter(|off| **off).count();
                let leaking = value.iter().zip(&off).filter(|(v, off)| **off && !near(**v, 0.0)).count();
                let given = graph.given.get(&Of(Z(l)));
                let name = given.map_or("z", |given| given.name.as_str());
                if leaking > 0 {
                    found.push(format!("not 0 at {leaking} of the {count} places where {name} <= 0"));
                }
                let missing = value.iter().zip(&off).filter(|(v, off)| !**off && near(**v, 0.0)).count();
                if missing > 0 {
                    found
                        .push(format!("0 at {missing} of the {} places where {name} > 0", off.len() - count));
                }
            }
            if value.iter().all(|&v| v == 0.0 || v == 1.0) {
                found.push("every entry is 0 or 1".to_owned());
            } else if value.iter().all(|&v| v >= 0.0) {
                found.push("no entry is negative".to_owned());
            }
        }
        _ => {}
    }
    found
}

/// How many entries are off, and where, if it is a pattern.
fn place_words(off: &[(usize, usize)], (rows, columns): (usize, usize)) -> String {
    let of = rows * columns;
    if off.len() == of {
        return if of == 2 { "both entries are off".to_owned() } else { format!("all {of} entries are off") };
    }
    let list = |mut numbers: Vec<usize>| {
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    let text = |numbers: &[usize]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let in_rows = list(off.iter().map(|at| at.0).collect());
    let in_columns = list(off.iter().map(|at| at.1).collect());
    let mut words = format!("{} of {of} entries are off", off.len());
    const FEW: usize = 6;
    if in_rows.len() < rows && in_rows.len() <= FEW && in_rows.len() < in_columns.len().max(2) {
        words.push_str(&format!(", all in row {}", text(&in_rows)));
    } else if in_columns.len() < columns && in_columns.len() <= FEW {
        words.push_str(&format!(", all in column {}", text(&in_columns)));
    }
    words
}
