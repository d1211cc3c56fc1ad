//! Expressions over a person's own arrays, with NumPy's meaning: one evaluator, one printer.
//!
//! Everything that `diagnose` says of an array is such an expression: how it follows from others, what it
//! should be, what a mistake would have made of it.  A line is printed only from an expression that was
//! evaluated.  A value is computed once, when it is first asked for; whether there is one, its shape says without.

mod evaluate;
mod memo;
mod parts;
mod print;
mod shape;

pub(super) use evaluate::{Value, chosen};
pub(super) use memo::Memo;
pub(super) use print::Printer;

use super::arrays::{Array, Stored, Values};
use memo::Worth;
use parts::parts;
use shape::Shape;
use std::rc::Rc;

/// An expression; cloning it is cheap.
#[derive(Clone)]
pub(super) struct Expr(Rc<Node>);

struct Node {
    op: Op,
    worth: Rc<Worth>,
    /// Where values are shared; what is made of no array of a file has none.
    memo: Option<Rc<Memo>>,
}

/// What an expression does.
pub(super) enum Op {
    /// An array of the file.
    Array(Rc<Source>),
    /// A number.
    Number(f64),
    /// A number that is printed as something else: `len(X)`.
    Count(f64, String),
    /// A quantity that is not in the file: its name and how it is made.
    Absent(String, Expr),
    Transpose(Expr),
    Dot(Expr, Expr),
    Binary(Binary, Expr, Expr),
    Unary(Unary, Expr),
    /// Truth as 0 and 1.
    Compare(Compare, Expr, Expr),
    /// `np.where(mask, a, b)`
    Where(Expr, Expr, Expr),
    Reduce(Reduce, Expr, Option<usize>, Keep),
    /// A vector as a row (1, n) or a column (n, 1).
    Row(Expr),
    Column(Expr),
    /// As a vector.
    Flat(Expr),
    /// A part along an axis.
    Slice(Expr, usize, Part),
    /// The rows (or columns) that an array of numbers or truth values chooses.
    Take(Expr, Expr, usize),
    /// Two arrays joined along an axis.
    Join(usize, Expr, Expr),
    /// A constant in a shape.
    Fill(f64, Expr, Expr),
    /// `np.eye(k)[y]`, and the number of the first class.
    OneHot(Expr, usize, f64),
}

/// An array of the file as expressions see it.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) value: Rc<Value>,
    /// Whole numbers or truth values: they may stand as an index.
    pub(super) whole: bool,
}

impl Source {
    fn of(array: &Array) -> Option<Self> {
        let value = Rc::new(Value::of(array)?);
        let whole = matches!(array.values, Values::Numbers(_, Stored::Whole));
        Some(Self { name: array.name.clone(), value, whole })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Neg,
    Exp,
    Log,
    Log1p,
    Tanh,
    Abs,
    Sign,
    /// `np.maximum(0, x)`
    Positive,
    /// The error function: NumPy has none, so it is never printed.
    Erf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduce {
    Sum,
    Mean,
    Max,
}

/// Whether an axis that is summed over stays, with length 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Axis,
    No,
}

/// A part of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `[1:]`
    ButFirst,
    /// `[:-1]`
    ButLast,
    /// `[:1]`
    First,
    /// `[-1:]`
    Last,
    /// `[i:i + 1]`
    At(usize),
}

impl Part {
    fn code(self) -> u64 {
        match self {
            Self::ButFirst => 0,
            Self::ButLast => 1,
            Self::First => 2,
            Self::Last => 3,
            Self::At(i) => 4 + i as u64,
        }
    }
}

impl Expr {
    pub(super) fn new(op: Op) -> Self {
        let (worth, memo) = {
            let parts = parts(&op);
            let memo = parts.iter().flatten().find_map(|part| part.0.memo.clone());
            let worth = match (&op, &memo) {
                (Op::Absent(_, e), _) => Rc::clone(e.worth()),
                (op, Some(memo)) => memo.worth(op, &parts),
                _ => Rc::default(),
            };
            (worth, memo)
        };
        Self::with(op, worth, memo)
    }

    fn with(op: Op, worth: Rc<Worth>, memo: Option<Rc<Memo>>) -> Self {
        Self(Rc::new(Node { op, worth, memo }))
    }

    fn worth(&self) -> &Rc<Worth> {
        &self.0.worth
    }

    pub(super) fn op(&self) -> &Op {
        &self.0.op
    }

    /// The same node, not only an equal one.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn number(value: f64) -> Self {
        Self::new(Op::Number(value))
    }

    pub(super) fn count(value: f64, text: impl Into<String>) -> Self {
        Self::new(Op::Count(value, text.into()))
    }

    fn shape(&self) -> Option<Shape> {
        let Node { op, worth, .. } = &*self.0;
        match op {
            Op::Absent(_, e) => e.shape(),
            // Which rows are chosen, and whether every class is one, is in the numbers.
            Op::Take(..) | Op::OneHot(..) => self.computed().map(|value| Shape::of(value)),
            _ => *worth.shape.get_or_init(|| shape::shape(op)),
        }
    }

    /// The value; `None` where NumPy would stop with an error of shapes.
    pub(super) fn value(&self) -> Option<&Rc<Value>> {
        match self.op() {
            Op::Absent(_, e) => e.value(),
            Op::Take(..) | Op::OneHot(..) => self.computed(),
            _ => self.shape().and_then(|_| self.computed()),
        }
    }

    fn computed(&self) -> Option<&Rc<Value>> {
        let Node { op, worth, memo } = &*self.0;
        let compute = || {
            // An array is there already, and not copied.
            if let Op::Array(source) = op {
                return Some(Rc::clone(&source.value));
            }
            let value = Rc::new(evaluate::evaluate(op)?);
            memo.iter().for_each(|memo| memo.computed(op, value.data.len()));
            Some(value)
        };
        worth.value.get_or_init(compute).as_ref()
    }

    /// Rows and columns of the value; nothing is computed.
    pub(super) fn dim(&self) -> Option<(usize, usize)> {
        self.shape().map(|shape| shape.dim)
    }

    fn ndim(&self) -> usize {
        self.shape().map_or(2, |shape| shape.ndim)
    }

    /// The transpose, pushed down to the arrays: `(a.T @ b).T` is `b.T @ a`.
    pub(super) fn t(&self) -> Self {
        match self.op() {
            Op::Transpose(inner) => inner.clone(),
            Op::Dot(a, b) => b.t().dot(&a.t()),
            Op::Binary(f, a, b) => Self::new(Op::Binary(*f, a.t(), b.t())),
            Op::Unary(f, a) => Self::new(Op::Unary(*f, a.t())),
            Op::Compare(f, a, b) => Self::new(Op::Compare(*f, a.t(), b.t())),
            Op::Where(m, a, b) => Self::new(Op::Where(m.t(), a.t(), b.t())),
            Op::Reduce(f, a, Some(axis), Keep::Axis) => {
                Self::new(Op::Reduce(*f, a.t(), Some(1 - axis), Keep::Axis))
            }
            Op::Row(a) => Self::new(Op::Column(a.clone())),
            Op::Column(a) => Self::new(Op::Row(a.clone())),
            Op::Slice(a, axis, part) => Self::new(Op::Slice(a.t(), 1 - axis, *part)),
            Op::Take(a, index, axis) if self.ndim() == 2 => {
                Self::new(Op::Take(a.t(), index.clone(), 1 - axis))
            }
            Op::Join(axis, a, b) => Self::new(Op::Join(1 - axis, a.t(), b.t())),
            Op::Fill(value, rows, columns) => Self::new(Op::Fill(*value, columns.clone(), rows.clone())),
            _ if self.ndim() < 2 => self.clone(),
            _ => Self::new(Op::Transpose(self.clone())),
        }
    }

    pub(super) fn dot(&self, other: &Self) -> Self {
        Self::new(Op::Dot(self.clone(), other.clone()))
    }

    pub(super) fn binary(f: Binary, a: &Self, b: &Self) -> Self {
        Self::new(Op::Binary(f, a.clone(), b.clone()))
    }

    pub(super) fn unary(f: Unary, a: &Self) -> Self {
        Self::new(Op::Unary(f, a.clone()))
    }

    pub(super) fn compare(f: Compare, a: &Self, b: f64) -> Self {
        Self::new(Op::Compare(f, a.clone(), Self::number(b)))
    }

    pub(super) fn choose(mask: &Self, a: &Self, b: &Self) -> Self {
        Self::new(Op::Where(mask.clone(), a.clone(), b.clone()))
    }

    pub(super) fn reduce(&self, f: Reduce, axis: Option<usize>) -> Self {
        let keep = if axis.is_some() { Keep::Axis } else { Keep::No };
        Self::new(Op::Reduce(f, self.clone(), axis, keep))
    }

    pub(super) fn sum(&self, axis: usize) -> Self {
        self.reduce(Reduce::Sum, Some(axis))
    }

    pub(super) fn total(&self) -> Self {
        self.reduce(Reduce::Sum, None)
    }

    pub(super) fn slice(&self, axis: usize, part: Part) -> Self {
        Self::new(Op::Slice(self.clone(), axis, part))
    }

    /// A vector as a row beside a matrix.
    pub(super) fn as_row(&self) -> Self {
        match self.shape() {
            Some(shape) if shape.ndim == 2 && shape.dim.0 > 1 => self.t(),
            Some(shape) if shape.ndim == 2 => self.clone(),
            _ => Self::new(Op::Row(self.clone())),
        }
    }

    pub(super) fn join(axis: usize, a: &Self, b: &Self) -> Self {
        Self::new(Op::Join(axis, a.clone(), b.clone()))
    }

    /// Multiplied by a number; nothing is written for 1, a division for 1/m.
    pub(super) fn times(&self, factor: f64) -> Self {
        if factor == 1.0 {
            return self.clone();
        }
        if factor == -1.0 {
            return -self.clone();
        }
        let over = 1.0 / factor;
        if factor.abs() < 1.0 && (over - over.round()).abs() < 1e-9 * over.abs() && over.abs() < 1e9 {
            return self.clone() / Self::number(over.round());
        }
        Self::number(factor) * self.clone()
    }

    pub(super) fn squared(&self) -> Self {
        Self::binary(Binary::Power, self, &Self::number(2.0))
    }

    pub(super) fn exp(&self) -> Self {
        Self::unary(Unary::Exp, self)
    }

    pub(super) fn log(&self) -> Self {
        Self::unary(Unary::Log, self)
    }

    /// `1 / (1 + np.exp(-x))`
    pub(super) fn logistic(&self) -> Self {
        Self::number(1.0) / (Self::number(1.0) + (-self.clone()).exp())
    }

    /// `np.exp(x) / np.exp(x).sum(axis, keepdims=True)` with the largest taken away first; over everything
    /// without an axis.
    pub(super) fn softmax(&self, axis: Option<usize>) -> Self {
        let e = (self.clone() - self.reduce(Reduce::Max, axis)).exp();
        e.clone() / e.reduce(Reduce::Sum, axis)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $f:ident) => {
        impl std::ops::$trait for Expr {
            type Output = Expr;
            fn $method(self, other: Expr) -> Expr {
                Expr::binary(Binary::$f, &self, &other)
            }
        }
    };
}
operator!(Add, add, Add);
operator!(Sub, sub, Sub);
operator!(Mul, mul, Mul);
operator!(Div, div, Div);

impl std::ops::Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        Expr::unary(Unary::Neg, &self)
    }
}

/// A matrix that stands in no file.
pub(super) fn constant(data: ndarray::Array2<f64>) -> Expr {
    let value = Rc::new(Value { ndim: 2, data });
    Expr::new(Op::Array(Rc::new(Source { name: String::new(), value, whole: false })))
}
