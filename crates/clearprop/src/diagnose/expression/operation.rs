//! What can be done to arrays, whatever stands for them: expressions, their values, their shapes.

use super::value::Source;
use std::rc::Rc;

/// What an expression does to its parts.
pub(in crate::diagnose) enum Op<E> {
    /// An array of the file.
    Array(Rc<Source>),
    /// A number.
    Number(f64),
    /// A number that is printed as something else: `len(X)`.
    Count(f64, String),
    /// A quantity that is not in the file: its name and how it is made.
    Absent(String, E),
    Transpose(E),
    Dot(E, E),
    Binary(Binary, E, E),
    Unary(Unary, E),
    /// Truth as 0 and 1.
    Compare(Compare, E, E),
    /// `np.where(mask, a, b)`
    Where(E, E, E),
    Reduce(Reduce, E, Option<usize>, Keep),
    /// A vector as a row (1, n) or a column (n, 1).
    Row(E),
    Column(E),
    /// As a vector.
    Flat(E),
    /// A part along an axis.
    Slice(E, usize, Part),
    /// The rows (or columns) that an array of numbers or truth values chooses.
    Take(E, E, usize),
    /// Two arrays joined along an axis.
    Join(usize, E, E),
    /// A constant in a shape.
    Fill(f64, E, E),
    /// `np.eye(k)[y]`, and the number of the first class.
    OneHot(E, usize, f64),
}

impl<E> Op<E> {
    /// What it is done to, at most three things.
    pub(super) fn parts(&self) -> [Option<&E>; 3] {
        match self {
            Self::Array(_) | Self::Number(_) | Self::Count(..) => [None; 3],
            Self::Absent(_, a)
            | Self::Transpose(a)
            | Self::Unary(_, a)
            | Self::Reduce(_, a, ..)
            | Self::Row(a)
            | Self::Column(a)
            | Self::Flat(a)
            | Self::Slice(a, ..)
            | Self::OneHot(a, ..) => [Some(a), None, None],
            Self::Dot(a, b)
            | Self::Binary(_, a, b)
            | Self::Compare(_, a, b)
            | Self::Join(_, a, b)
            | Self::Take(a, b, _)
            | Self::Fill(_, a, b) => [Some(a), Some(b), None],
            Self::Where(m, a, b) => [Some(m), Some(a), Some(b)],
        }
    }

    /// The same done to something else; `None` where `f` has nothing for a part.
    pub(super) fn map<'a, F>(&'a self, mut f: impl FnMut(&'a E) -> Option<F>) -> Option<Op<F>> {
        Some(match self {
            Self::Array(source) => Op::Array(Rc::clone(source)),
            Self::Number(value) => Op::Number(*value),
            Self::Count(value, text) => Op::Count(*value, text.clone()),
            Self::Absent(name, a) => Op::Absent(name.clone(), f(a)?),
            Self::Transpose(a) => Op::Transpose(f(a)?),
            Self::Unary(g, a) => Op::Unary(*g, f(a)?),
            Self::Reduce(g, a, axis, keep) => Op::Reduce(*g, f(a)?, *axis, *keep),
            Self::Row(a) => Op::Row(f(a)?),
            Self::Column(a) => Op::Column(f(a)?),
            Self::Flat(a) => Op::Flat(f(a)?),
            Self::Slice(a, axis, part) => Op::Slice(f(a)?, *axis, *part),
            Self::OneHot(a, k, first) => Op::OneHot(f(a)?, *k, *first),
            Self::Dot(a, b) => Op::Dot(f(a)?, f(b)?),
            Self::Binary(g, a, b) => Op::Binary(*g, f(a)?, f(b)?),
            Self::Compare(g, a, b) => Op::Compare(*g, f(a)?, f(b)?),
            Self::Join(axis, a, b) => Op::Join(*axis, f(a)?, f(b)?),
            Self::Take(a, b, axis) => Op::Take(f(a)?, f(b)?, *axis),
            Self::Fill(value, a, b) => Op::Fill(*value, f(a)?, f(b)?),
            Self::Where(m, a, b) => Op::Where(f(m)?, f(a)?, f(b)?),
        })
    }

    /// What it has beside its parts, and beside what it is.
    pub(super) fn how(&self) -> (u64, u64) {
        match *self {
            Self::Array(_) | Self::Number(_) | Self::Count(..) | Self::Absent(..) => (0, 0),
            Self::Transpose(_) | Self::Dot(..) | Self::Where(..) => (0, 0),
            Self::Row(_) | Self::Column(_) | Self::Flat(_) => (0, 0),
            Self::Binary(f, ..) => (f as u64, 0),
            Self::Unary(f, _) => (f as u64, 0),
            Self::Compare(f, ..) => (f as u64, 0),
            Self::Reduce(f, _, axis, keep) => {
                (f as u64, axis.map_or(0, |axis| 2 * axis as u64 + 2) + keep as u64)
            }
            Self::Slice(_, axis, part) => (axis as u64, part.code()),
            Self::Take(.., axis) | Self::Join(axis, ..) => (axis as u64, 0),
            Self::Fill(value, ..) => (value.to_bits(), 0),
            Self::OneHot(_, k, first) => (k as u64, first.to_bits()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum Unary {
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
pub(in crate::diagnose) enum Compare {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum Reduce {
    Sum,
    Mean,
    Max,
}

/// Whether an axis that is summed over stays, with length 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum Keep {
    Axis,
    No,
}

/// A part of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum Part {
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
    pub(super) fn code(self) -> u64 {
        match self {
            Self::ButFirst => 0,
            Self::ButLast => 1,
            Self::First => 2,
            Self::Last => 3,
            Self::At(i) => 4 + i as u64,
        }
    }
}
