//! Expressions over a person's own arrays, with NumPy's meaning: one evaluator, one printer.
//!
//! Everything that `diagnose` says of an array is such an expression: how it follows from others, what it
//! should be, what a mistake would have made of it.  A line is printed only from an expression that was
//! evaluated.  A value is computed once, when it is first asked for; whether there is one, its shape says without.

mod evaluate;
mod memo;
mod operation;
mod print;
mod shape;
mod tidy;
mod value;

pub(super) use evaluate::chosen;
pub(super) use memo::Memo;
pub(super) use operation::{Binary, Compare, Keep, Part, Reduce, Unary};
pub(super) use print::{NEXT, Printer};
pub(super) use value::{Source, Value};

use super::arrays::Array;
use memo::{Id, Worth};
use shape::Shape;
use std::cell::OnceCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;
use std::rc::Rc;

/// An expression; cloning it is cheap.
#[derive(Clone)]
pub(super) struct Expr(Rc<Node>);

/// What it does to other expressions.
pub(super) type Op = operation::Op<Expr>;

struct Node {
    op: Op,
    worth: Rc<Worth>,
    /// Where values are shared; what is made of no array of a file has none.
    memo: Option<Rc<Memo>>,
    mark: OnceCell<u64>,
}

impl Expr {
    pub(super) fn new(op: Op) -> Self {
        let memo = op.parts().into_iter().flatten().find_map(|part| part.0.memo.clone());
        let worth = match (&op, &memo) {
            (Op::Absent(_, e), _) => Rc::clone(&e.0.worth),
            (op, Some(memo)) => memo.worth(|| op.map(|part| Some(part.id()))),
            _ => Rc::default(),
        };
        Self::with(op, worth, memo)
    }

    fn with(op: Op, worth: Rc<Worth>, memo: Option<Rc<Memo>>) -> Self {
        Self(Rc::new(Node { op, worth, memo, mark: OnceCell::new() }))
    }

    /// An array of the file; `None` if it holds no numbers of at most two axes.
    pub(super) fn array(memo: &Rc<Memo>, array: &Array) -> Option<Self> {
        let (source, worth) = memo.known(array)?;
        Some(Self::with(Op::Array(source), worth, Some(Rc::clone(memo))))
    }

    /// What makes it the same part as another.
    fn id(&self) -> Id {
        match self.op() {
            Op::Number(value) | Op::Count(value, _) => Id::Number(value.to_bits()),
            _ => Id::Worth(Rc::clone(&self.0.worth)),
        }
    }

    /// The same for expressions that do the same to the same arrays, and for no others.
    pub(super) fn mark(&self) -> u64 {
        *self.0.mark.get_or_init(|| {
            let mut hasher = DefaultHasher::new();
            discriminant(self.op()).hash(&mut hasher);
            match self.op() {
                Op::Number(value) | Op::Count(value, _) => value.to_bits().hash(&mut hasher),
                Op::Array(source) if source.name.is_empty() => {
                    source.value.data.iter().for_each(|value| value.to_bits().hash(&mut hasher));
                }
                Op::Array(source) => source.name.hash(&mut hasher),
                op => op.how().hash(&mut hasher),
            }
            self.parts().into_iter().for_each(|part| part.mark().hash(&mut hasher));
            hasher.finish()
        })
    }

    /// Whether a value of this name is in it.
    pub(super) fn mentions(&self, name: &str) -> bool {
        let named = match self.op() {
            Op::Array(source) => source.name == name,
            Op::Absent(own, _) => own == name,
            _ => false,
        };
        named || self.parts().into_iter().any(|part| part.mentions(name))
    }

    /// The parts that it is made of.
    pub(super) fn parts(&self) -> Vec<&Self> {
        self.op().parts().into_iter().flatten().collect()
    }

    /// The same with other parts, as many as [`Self::parts`] gives.
    pub(super) fn with_parts(&self, parts: &[Self]) -> Self {
        let mut parts = parts.iter();
        self.op().map(|_| parts.next().cloned()).map_or_else(|| self.clone(), Self::new)
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
            // Which rows are chosen, how many there are, and whether every class is one, is in the numbers.
            Op::Take(..) | Op::OneHot(..) | Op::Fill(..) => self.computed().map(|value| Shape::of(value)),
            _ => *worth.shape.get_or_init(|| shape::shape(&op.map(Self::shape)?)),
        }
    }

    /// The value; `None` where NumPy would stop with an error of shapes.
    pub(super) fn value(&self) -> Option<&Rc<Value>> {
        match self.op() {
            Op::Absent(_, e) => e.value(),
            Op::Take(..) | Op::OneHot(..) | Op::Fill(..) => self.computed(),
            _ => self.shape().and_then(|_| self.computed()),
        }
    }

    fn computed(&self) -> Option<&Rc<Value>> {
        let Node { op, worth, memo, .. } = &*self.0;
        let compute = || {
            // An array is there already, and not copied.
            if let Op::Array(source) = op {
                return Some(Rc::clone(&source.value));
            }
            let value = evaluate::evaluate(&op.map(|part| part.value().map(|value| &**value))?)?;
            let size = value.data.len();
            memo.iter().for_each(|memo| memo.computed(size, work(op, size)));
            Some(Rc::new(value))
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
            _ if self.ndim() < 2 || self.dim() == Some((1, 1)) => self.clone(),
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
        // Twice a half is written as neither.
        if let Op::Binary(Binary::Div, whole, by) = self.op()
            && matches!(by.op(), Op::Number(by) if *by == factor)
        {
            return whole.clone();
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

/// What each number of a value costs.
fn work(op: &Op, size: usize) -> usize {
    match op {
        Op::Unary(Unary::Neg | Unary::Abs | Unary::Sign | Unary::Positive, _) => 1,
        Op::Unary(..) | Op::Binary(Binary::Power, ..) => 8,
        Op::Dot(a, _) => 1 + a.dim().map_or(0, |dim| dim.1) / 8,
        Op::Reduce(_, a, ..) => 1 + a.dim().map_or(0, |dim| dim.0 * dim.1) / size.max(1),
        _ => 1,
    }
}

/// A matrix that stands in no file.
pub(super) fn constant(data: ndarray::Array2<f64>) -> Expr {
    let value = Rc::new(Value { ndim: 2, data });
    Expr::new(Op::Array(Rc::new(Source { name: String::new(), value, whole: false })))
}
