//! Mistakes that no catalogue lists: the right expression with one thing changed, whatever it is.

use super::candidate::{Candidate, told};
use crate::diagnose::expression::{Binary, Compare, Expr, Keep, Op, Part, Printer, Reduce, Unary};
use crate::diagnose::graph::{Graph, Pass, largest};
use crate::mistake::MistakeId::{self, *};

/// What of the right expression with one part of it off fits.
pub(in crate::diagnose) fn mutants(
    graph: &Graph,
    pass: &Pass,
    right: &Expr,
    fits: &dyn Fn(&Expr) -> bool,
) -> Vec<Candidate> {
    let known = |name: &String| {
        graph.given.iter().any(|(q, given)| given.name == *name && pass.get(*q).is_some())
            || graph.names.values().any(|other| other == name)
    };
    let others: Vec<(String, Expr)> = graph
        .arrays
        .iter()
        .filter(|(name, _)| known(name))
        .flat_map(|(name, e)| {
            let mut ways = vec![(name.clone(), e.clone())];
            if e.value().is_some_and(|v| v.ndim == 2) {
                ways.push((format!("{name}.T"), e.t()));
            } else if e.value().is_some_and(|v| v.ndim == 1) {
                ways.push((name.clone(), Expr::new(Op::Column(e.clone()))));
            }
            ways
        })
        .collect();
    let mut found = Vec::new();
    walk(right, &others, &mut |change, id, e| {
        if fits(&e) {
            found.push(told(&[id], change.words(), e));
        }
    });
    found
}

/// The expression with one thing in it changed, in a fixed order; no other array is put into it.
pub(in crate::diagnose) fn changes(right: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    walk(right, &[], &mut |_, _, e| found.push(e));
    found
}

/// What was changed: most changes fit nothing, and are never put into words.
enum Change<'a> {
    Words(&'static str),
    LeftOut(&'a Expr),
    Other(&'a str, &'a str),
}

impl Change<'_> {
    fn words(&self) -> String {
        match self {
            Self::Words(words) => (*words).to_owned(),
            Self::LeftOut(e) => {
                let e = if let Op::Row(vector) | Op::Column(vector) = e.op() { vector } else { e };
                format!("{} is left out", Printer::words(e).unwrap_or_else(|| "a part".to_owned()))
            }
            Self::Other(other, own) => format!("{other} in place of {own}"),
        }
    }
}

/// Calls `emit` with each change of this expression: what was changed, the mistake's number, the whole.
fn walk(e: &Expr, others: &[(String, Expr)], emit: &mut dyn FnMut(&Change<'_>, MistakeId, Expr)) {
    here(e, others, emit);
    let parts: Vec<Expr> = e.parts().into_iter().cloned().collect();
    for (at, part) in parts.iter().enumerate() {
        walk(part, others, &mut |words, id, changed| {
            let mut with = parts.clone();
            with[at] = changed;
            let whole = e.with_parts(&with);
            // A sum that is 0 says nothing of what it is a sum of: it is rather left out.
            if id != OtherArray || !is_zero_sum(&whole) {
                emit(words, id, whole);
            }
        });
    }
}

/// Whether it is a sum or mean of something, and 0 but for rounding.
fn is_zero_sum(e: &Expr) -> bool {
    let Op::Reduce(Reduce::Sum | Reduce::Mean, a, ..) = e.op() else { return false };
    let (Some(sum), Some(a)) = (e.value(), a.value()) else { return false };
    largest(&a.data) > 0.0 && largest(&sum.data) < 1e-9 * largest(&a.data)
}

fn here(e: &Expr, others: &[(String, Expr)], emit: &mut dyn FnMut(&Change<'_>, MistakeId, Expr)) {
    use Change::{LeftOut, Words};
    let mut say = |change: Change<'_>, id: MistakeId, changed: Expr| emit(&change, id, changed);
    match e.op() {
        Op::Binary(f, a, b) => {
            match f {
                Binary::Add => say(Words("- in place of +"), Sign, a.clone() - b.clone()),
                Binary::Sub => {
                    say(Words("+ in place of -"), Sign, a.clone() + b.clone());
                    say(Words("the two sides of - are exchanged"), Sign, b.clone() - a.clone());
                }
                Binary::Mul => {
                    say(Words("/ in place of *"), OtherOperation, a.clone() / b.clone());
                    say(Words("a dot product in place of *"), Elementwise, a.dot(b));
                    say(Words("+ in place of *"), OtherOperation, a.clone() + b.clone());
                }
                Binary::Div => say(Words("* in place of /"), OtherOperation, a.clone() * b.clone()),
                Binary::Power => say(Words("the power is missing"), OtherOperation, a.clone()),
            }
            say(LeftOut(b), PartLeftOut, a.clone());
            if matches!(f, Binary::Mul | Binary::Add) {
                say(LeftOut(a), PartLeftOut, b.clone());
            }
        }
        Op::Dot(a, b) => {
            for (stays, goes) in [(a, b), (b, a)].into_iter().filter(|(stays, _)| stays.dim() == e.dim()) {
                say(LeftOut(goes), PartLeftOut, stays.clone());
            }
            if let Op::Array(_) | Op::Absent(..) | Op::Transpose(_) | Op::Slice(..) | Op::Row(_) = b.op() {
                say(LeftOut(b), PartLeftOut, a.sum(1));
                say(LeftOut(a), PartLeftOut, b.sum(0));
            }
            say(Words("the product is transposed"), Transposed, a.t().dot(b));
            say(Words("the product is transposed"), Transposed, a.dot(&b.t()));
            say(Words("the two sides of the product are exchanged"), Transposed, b.dot(a));
            say(Words("the product is transposed"), Transposed, b.t().dot(&a.t()));
            say(
                Words("an elementwise product in place of the dot product"),
                Elementwise,
                a.clone() * b.clone(),
            );
            say(Words("an elementwise product in place of the dot product"), Elementwise, a.t() * b.clone());
            say(Words("an elementwise product in place of the dot product"), Elementwise, a.clone() * b.t());
        }
        Op::Transpose(a) => say(Words("a transpose is missing"), Transposed, a.clone()),
        Op::Reduce(f, a, axis, keep) => {
            let with =
                |f: Reduce, axis: Option<usize>, keep: Keep| Expr::new(Op::Reduce(f, a.clone(), axis, keep));
            let other = match f {
                Reduce::Sum => Reduce::Mean,
                _ => Reduce::Sum,
            };
            say(
                Words(if *f == Reduce::Sum {
                    "a mean in place of a sum"
                } else {
                    "a sum in place of a mean"
                }),
                OtherOperation,
                with(other, *axis, *keep),
            );
            if let Some(axis) = axis {
                say(Words("the other axis"), OtherOperation, with(*f, Some(1 - axis), *keep));
                say(Words("no axis"), OtherOperation, with(*f, None, Keep::No));
                say(Words("without keepdims"), OtherOperation, with(*f, Some(*axis), Keep::No));
            }
            say(Words("a sum is left out"), PartLeftOut, a.clone());
        }
        Op::Unary(Unary::Neg, a) => say(Words("a sign is missing"), Sign, a.clone()),
        Op::Unary(Unary::Positive, a) => say(Words("the rectifier is left out"), PartLeftOut, a.clone()),
        Op::Unary(_, a) => say(Words("a function is left out"), PartLeftOut, a.clone()),
        Op::Compare(f, a, b) => {
            let with = |f: Compare| Expr::new(Op::Compare(f, a.clone(), b.clone()));
            let turned = match f {
                Compare::Greater => Compare::Less,
                Compare::AtLeast => Compare::AtMost,
                Compare::Less => Compare::Greater,
                Compare::AtMost => Compare::AtLeast,
                Compare::Equal => Compare::Equal,
            };
            say(Words("the comparison is turned"), MaskTurned, with(turned));
        }
        Op::Where(mask, a, b) => {
            say(Words("the two branches are exchanged"), MaskTurned, Expr::choose(mask, b, a));
            say(Words("only the first branch is there"), PartLeftOut, a.clone());
        }
        Op::Slice(a, axis, part) => {
            say(Words("the part is not cut off"), BiasColumnKept, a.clone());
            let other = match part {
                Part::ButFirst => Part::ButLast,
                Part::ButLast => Part::ButFirst,
                Part::First => Part::Last,
                Part::Last => Part::First,
                Part::At(i) => Part::At(*i),
            };
            say(Words("the wrong end is cut off"), WrongColumnDropped, a.slice(*axis, other));
        }
        Op::Row(a) | Op::Column(a) => say(Words("a vector of one axis"), OtherOperation, a.clone()),
        Op::Number(value) if *value != 0.0 => {
            say(Words("another constant"), Factor, Expr::number(value * 2.0));
            say(Words("another constant"), Factor, Expr::number(value / 2.0));
        }
        _ => {}
    }
    // Another array in its place.
    let leaf = matches!(e.op(), Op::Array(_) | Op::Absent(..) | Op::Transpose(_) | Op::Slice(..));
    if leaf && let Some(own) = e.dim() {
        let name = match e.op() {
            Op::Array(source) => source.name.clone(),
            Op::Absent(name, _) => name.clone(),
            Op::Transpose(inner) | Op::Slice(inner, ..) => match inner.op() {
                Op::Array(source) => source.name.clone(),
                _ => return,
            },
            _ => return,
        };
        for (other, value) in others {
            let fits = value.dim() == Some(own) || value.dim() == Some((own.1, own.0));
            if fits && other.trim_end_matches(".T") != name {
                let change = Change::Other(other.trim_end_matches(".T"), &name);
                emit(&change, OtherArray, value.clone());
            }
        }
    }
}
