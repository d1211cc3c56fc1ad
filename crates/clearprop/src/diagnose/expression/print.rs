//! An expression as a line of NumPy.

use super::{Binary, Compare, Expr, Keep, Op, Part, Reduce, Unary};
use std::collections::BTreeSet;
use std::mem::discriminant;

/// How tightly the parts of a text hold together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Compare,
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

/// What stands between two statements of one line.
pub(in crate::diagnose) const NEXT: &str = "; ";

/// Writes expressions; what is used twice and has no name gets one, in a line before.
pub(in crate::diagnose) struct Printer {
    /// Names that are taken.
    taken: BTreeSet<String>,
    lines: Vec<String>,
    named: Vec<(Expr, String)>,
}

impl Printer {
    pub(in crate::diagnose) fn new(taken: impl IntoIterator<Item = String>) -> Self {
        Self { taken: taken.into_iter().collect(), lines: Vec::new(), named: Vec::new() }
    }

    /// `name = ..`, after the lines that make what it needs; `None` if NumPy has no word for a part of it.  Of several
    /// ways to write the same the shortest is taken.
    pub(in crate::diagnose) fn line(self, name: &str, e: &Expr) -> Option<String> {
        let mut shared = Vec::new();
        count(e, &mut shared);
        let used = |part: &Expr| shared.iter().any(|(known, uses)| *uses > 1 && alike(known, part));
        let others =
            [false, true].map(|turned| e.tidied(&used, turned)).into_iter().filter(|way| way.gives(e));
        let ways = std::iter::once(e.clone()).chain(others);
        ways.filter_map(|way| Self::new(self.taken.clone()).written(name, &way)).min_by_key(String::len)
    }

    fn written(mut self, name: &str, e: &Expr) -> Option<String> {
        self.taken.insert(name.to_owned());
        let mut shared = Vec::new();
        count(e, &mut shared);
        let (text, _) = self.text(e, &shared)?;
        self.lines.push(format!("{name} = {text}"));
        Some(self.lines.join(NEXT))
    }

    /// The expression alone, if it is short enough to stand in a sentence.
    pub(in crate::diagnose) fn words(e: &Expr) -> Option<String> {
        const SHORT: usize = 40;
        let (text, _) = Self::new([]).text(e, &[])?;
        (text.len() <= SHORT).then_some(text)
    }

    fn free(&self, wish: &str) -> String {
        let mut name: String = wish.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        while self.taken.contains(&name) {
            name.push('_');
        }
        name
    }

    fn text(&mut self, e: &Expr, shared: &[(Expr, usize)]) -> Option<(String, Bond)> {
        if let Some((_, name)) = self.named.iter().find(|(known, _)| alike(known, e)) {
            return Some((name.clone(), Bond::Atom));
        }
        let uses = shared.iter().find(|(known, _)| alike(known, e)).map_or(1, |(_, uses)| *uses);
        let wish = match e.op() {
            Op::Absent(name, _) => Some(name.as_str()),
            Op::Unary(Unary::Exp, _) => Some("e"),
            _ => None,
        };
        if let (Some(wish), true) = (wish, uses > 1) {
            let name = self.free(wish);
            let (text, _) = match e.op() {
                Op::Absent(_, inner) => self.text(inner, shared)?,
                _ => self.plain(e, shared)?,
            };
            self.lines.push(format!("{name} = {text}"));
            self.taken.insert(name.clone());
            self.named.push((e.clone(), name.clone()));
            return Some((name, Bond::Atom));
        }
        self.plain(e, shared)
    }

    /// A part in brackets, where it does not hold together as tightly as it has to.
    fn within(&mut self, e: &Expr, least: Bond, shared: &[(Expr, usize)]) -> Option<String> {
        let (text, bond) = self.text(e, shared)?;
        Some(if bond < least { format!("({text})") } else { text })
    }

    fn plain(&mut self, e: &Expr, shared: &[(Expr, usize)]) -> Option<(String, Bond)> {
        let atom = |text: String| Some((text, Bond::Atom));
        match e.op() {
            Op::Array(source) => atom(source.name.clone()),
            Op::Number(value) => {
                let bond = if *value < 0.0 { Bond::Sign } else { Bond::Atom };
                Some((number(*value), bond))
            }
            Op::Count(_, text) => atom(text.clone()),
            Op::Absent(_, inner) => self.text(inner, shared),
            // Numbers are multiplied, and have no axes.
            Op::Dot(a, b) if is_number(a) && is_number(b) => {
                let (a, b) = (self.within(a, Bond::Product, shared)?, self.within(b, Bond::Sign, shared)?);
                Some((format!("{a} * {b}"), Bond::Product))
            }
            Op::Transpose(a) | Op::Row(a) | Op::Column(a) | Op::Flat(a) | Op::Reduce(_, a, ..)
                if is_number(a) =>
            {
                self.text(a, shared)
            }
            Op::Transpose(a) => {
                let a = self.within(a, Bond::Atom, shared)?;
                atom(format!("{a}.T"))
            }
            Op::Dot(a, b) => {
                let (a, b) = (self.within(a, Bond::Product, shared)?, self.within(b, Bond::Atom, shared)?);
                Some((format!("{a} @ {b}"), Bond::Product))
            }
            Op::Binary(Binary::Power, a, b) if matches!(b.op(), Op::Number(0.5)) => {
                let a = self.within(a, Bond::Compare, shared)?;
                atom(format!("np.sqrt({a})"))
            }
            Op::Binary(f, a, b) => {
                let (sign, left, right, bond) = match f {
                    Binary::Add => ("+", Bond::Sum, Bond::Product, Bond::Sum),
                    Binary::Sub => ("-", Bond::Sum, Bond::Product, Bond::Sum),
                    // `a * (b * c)` is `a * b * c`, but `a * (b @ c)` is another product.
                    Binary::Mul if !starts_with_dot(b) => ("*", Bond::Product, Bond::Product, Bond::Product),
                    Binary::Mul => ("*", Bond::Product, Bond::Sign, Bond::Product),
                    Binary::Div => ("/", Bond::Product, Bond::Sign, Bond::Product),
                    Binary::Power => ("**", Bond::Atom, Bond::Atom, Bond::Power),
                };
                // A row needs no brackets to be broadcast beside a matrix.
                let (a, b) = (bare(a, b), bare(b, a));
                let a = self.within(&a, left, shared)?;
                let b = self.within(&b, right, shared)?;
                Some((format!("{a} {sign} {b}"), bond))
            }
            Op::Compare(f, a, b) => {
                let sign = match f {
                    Compare::Greater => ">",
                    Compare::AtLeast => ">=",
                    Compare::Less => "<",
                    Compare::AtMost => "<=",
                    Compare::Equal => "==",
                };
                let (a, b) = (self.within(a, Bond::Sum, shared)?, self.within(b, Bond::Sum, shared)?);
                Some((format!("{a} {sign} {b}"), Bond::Compare))
            }
            Op::Where(mask, a, b) => {
                let text = |this: &mut Self, e: &Expr| this.within(e, Bond::Compare, shared);
                let (mask, a, b) = (text(self, mask)?, text(self, a)?, text(self, b)?);
                atom(format!("np.where({mask}, {a}, {b})"))
            }
            Op::Unary(Unary::Neg, a) => {
                let a = self.within(a, Bond::Product, shared)?;
                Some((format!("-{a}"), Bond::Sign))
            }
            Op::Unary(f, a) => {
                let a = self.within(a, Bond::Compare, shared)?;
                atom(match f {
                    Unary::Neg | Unary::Erf => return None,
                    Unary::Exp => format!("np.exp({a})"),
                    Unary::Log => format!("np.log({a})"),
                    Unary::Log1p => format!("np.log1p({a})"),
                    Unary::Tanh => format!("np.tanh({a})"),
                    Unary::Abs => format!("np.abs({a})"),
                    Unary::Sign => format!("np.sign({a})"),
                    Unary::Positive => format!("np.maximum(0, {a})"),
                })
            }
            Op::Reduce(f, a, axis, keep) => {
                let name = match f {
                    Reduce::Sum => "sum",
                    Reduce::Mean => "mean",
                    Reduce::Max => "max",
                };
                let how = match (axis, keep) {
                    (None, _) => String::new(),
                    (Some(axis), Keep::Axis) => format!("axis={axis}, keepdims=True"),
                    (Some(axis), Keep::No) => format!("axis={axis}"),
                };
                let (text, bond) = self.text(a, shared)?;
                if bond == Bond::Atom {
                    return atom(format!("{text}.{name}({how})"));
                }
                let how = if how.is_empty() { how } else { format!(", {how}") };
                atom(format!("np.{name}({text}{how})"))
            }
            Op::Row(a) => {
                let a = self.within(a, Bond::Atom, shared)?;
                atom(format!("{a}.reshape(1, -1)"))
            }
            Op::Column(a) => {
                let a = self.within(a, Bond::Atom, shared)?;
                atom(format!("{a}.reshape(-1, 1)"))
            }
            Op::Flat(a) => {
                let a = self.within(a, Bond::Atom, shared)?;
                atom(format!("{a}.ravel()"))
            }
            Op::Slice(a, axis, part) => {
                // `W[:, 1:].T` for `W.T[1:]`
                let (a, axis, after) = match a.op() {
                    Op::Transpose(a) => (a, 1 - axis, ".T"),
                    _ => (a, *axis, ""),
                };
                let before = if axis == 1 { ":, " } else { "" };
                let a = self.within(a, Bond::Atom, shared)?;
                let part = match part {
                    Part::ButFirst => "1:".to_owned(),
                    Part::ButLast => ":-1".to_owned(),
                    Part::First => ":1".to_owned(),
                    Part::Last => "-1:".to_owned(),
                    Part::At(i) => format!("{i}:{}", i + 1),
                };
                atom(format!("{a}[{before}{part}]{after}"))
            }
            Op::Take(a, index, axis) => {
                let vector = a.ndim() < 2;
                let a = self.within(a, Bond::Atom, shared)?;
                let index = self.within(index, Bond::Atom, shared)?;
                atom(format!("{a}[{}{index}]", if *axis == 0 || vector { "" } else { ":, " }))
            }
            Op::Join(axis, a, b) => {
                let (a, b) = (self.within(a, Bond::Compare, shared)?, self.within(b, Bond::Compare, shared)?);
                atom(format!("np.{}[{a}, {b}]", if *axis == 0 { "r_" } else { "c_" }))
            }
            Op::Fill(value, rows, columns) => {
                let (r, c) =
                    (self.within(rows, Bond::Compare, shared)?, self.within(columns, Bond::Compare, shared)?);
                atom(match *value {
                    1.0 => format!("np.ones(({r}, {c}))"),
                    0.0 => format!("np.zeros(({r}, {c}))"),
                    value => format!("np.full(({r}, {c}), {})", number(value)),
                })
            }
            Op::OneHot(y, k, first) => {
                let whole = matches!(y.op(), Op::Array(source) if source.whole);
                let flat = y.value().is_some_and(|value| value.ndim == 1);
                let mut y = self.within(y, Bond::Atom, shared)?;
                if !flat {
                    y.push_str(".ravel()");
                }
                if !whole {
                    y.push_str(".astype(int)");
                }
                if *first != 0.0 {
                    y = format!("{y} - {}", number(*first));
                }
                atom(format!("np.eye({k})[{y}]"))
            }
        }
    }
}

/// Whether a product's first part is a matrix product.
fn starts_with_dot(e: &Expr) -> bool {
    match e.op() {
        Op::Dot(..) => true,
        Op::Absent(_, a) | Op::Binary(Binary::Mul | Binary::Div, a, _) | Op::Unary(Unary::Neg, a) => {
            starts_with_dot(a)
        }
        _ => false,
    }
}

/// A vector, where it was made a row only to stand beside a matrix.
fn bare(e: &Expr, beside: &Expr) -> Expr {
    match e.op() {
        Op::Row(inner) if inner.ndim() < 2 && beside.ndim() == 2 && beside.dim().is_some() => inner.clone(),
        _ => e.clone(),
    }
}

/// Whether it is made of single numbers alone.
fn is_number(e: &Expr) -> bool {
    match e.op() {
        Op::Array(source) => source.value.ndim == 0,
        Op::Number(_) | Op::Count(..) => true,
        Op::Fill(..) | Op::OneHot(..) | Op::Join(..) | Op::Slice(..) | Op::Take(..) => false,
        _ => e.parts().into_iter().all(is_number),
    }
}

/// Whether both are the same, also where they were made apart.
fn alike(a: &Expr, b: &Expr) -> bool {
    if a.is(b) {
        return true;
    }
    let same = match (a.op(), b.op()) {
        (Op::Array(a), Op::Array(b)) => !a.name.is_empty() && a.name == b.name,
        (Op::Number(a), Op::Number(b)) => a == b,
        (Op::Count(_, a), Op::Count(_, b)) | (Op::Absent(a, _), Op::Absent(b, _)) => a == b,
        (a, b) => discriminant(a) == discriminant(b) && a.how() == b.how(),
    };
    let (a, b) = (a.parts(), b.parts());
    same && a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| alike(a, b))
}

/// How often each part with a value of its own is used.
fn count(e: &Expr, uses: &mut Vec<(Expr, usize)>) {
    if let Some((_, uses)) = uses.iter_mut().find(|(known, _)| alike(known, e)) {
        *uses += 1;
        return;
    }
    uses.push((e.clone(), 1));
    for part in e.parts() {
        count(part, uses);
    }
}

/// A number as Python reads it, whole ones without a point.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value}") } else { format!("{value:?}") }
}
