//! The shape of what an operation gives, by NumPy's rules, without its numbers.

use super::operation::{Keep, Op, Part};
use super::value::Value;

/// How many axes there are, and rows and columns: a vector counts as a row, a number as (1, 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) ndim: usize,
    pub(super) dim: (usize, usize),
}

impl Shape {
    const NUMBER: Self = Self { ndim: 0, dim: (1, 1) };

    fn two(rows: usize, columns: usize) -> Self {
        Self { ndim: 2, dim: (rows, columns) }
    }

    pub(super) fn of(value: &Value) -> Self {
        Self { ndim: value.ndim, dim: value.data.dim() }
    }

    pub(super) fn size(self) -> usize {
        self.dim.0 * self.dim.1
    }
}

/// The shape of what this gives; `None` where NumPy would stop with an error, or run out of memory.
pub(super) fn shape(op: &Op<Shape>) -> Option<Shape> {
    Some(match op {
        Op::Array(source) => Shape::of(&source.value),
        Op::Number(_) | Op::Count(..) => Shape::NUMBER,
        Op::Absent(_, a) | Op::Unary(_, a) => *a,
        Op::Transpose(a) => match *a {
            Shape { ndim: 2, dim: (rows, columns) } => Shape::two(columns, rows),
            other => other,
        },
        Op::Dot(a, b) => dot(*a, *b)?,
        Op::Binary(_, a, b) | Op::Compare(_, a, b) => broadcast(*a, *b)?,
        Op::Where(mask, a, b) => broadcast(broadcast(*mask, *a)?, broadcast(*mask, *b)?)?,
        Op::Reduce(_, a, axis, keep) => reduced(*a, *axis, *keep)?,
        Op::Row(a) => Shape::two(1, a.size()),
        Op::Flat(a) => Shape { ndim: 1, dim: (1, a.size()) },
        Op::Column(a) => Shape::two(a.size(), 1),
        Op::Slice(a, axis, part) => {
            let (mut shape, along) = (*a, along(*a, *axis)?);
            let length = if along == 0 { &mut shape.dim.0 } else { &mut shape.dim.1 };
            let (start, end) = range(*part, *length)?;
            *length = end - start;
            shape
        }
        Op::Join(axis, a, b) => {
            let ((r, c), (s, d)) = (a.dim, b.dim);
            match axis {
                0 if c == d => Shape::two(r + s, c),
                1 if r == s => Shape::two(r, c + d),
                _ => return None,
            }
        }
        // Their numbers say it.
        Op::Fill(..) | Op::Take(..) | Op::OneHot(..) => return None,
    })
}

fn dot(a: Shape, b: Shape) -> Option<Shape> {
    // A vector at the right stands as a column.
    let right = if b.ndim == 1 { (b.dim.1, b.dim.0) } else { b.dim };
    if a.ndim == 0 || b.ndim == 0 || a.dim.1 != right.0 {
        return None;
    }
    Some(match (a.ndim, b.ndim) {
        (2, 2) => Shape::two(a.dim.0, right.1),
        (2, _) => Shape { ndim: 1, dim: (1, a.dim.0) },
        (_, 2) => Shape { ndim: 1, dim: (1, right.1) },
        _ => Shape::NUMBER,
    })
}

pub(super) fn broadcast(a: Shape, b: Shape) -> Option<Shape> {
    const LIMIT: usize = 20_000_000;
    let fit = |m: usize, n: usize| match (m, n) {
        _ if m == n || n == 1 => Some(m),
        (1, n) => Some(n),
        _ => None,
    };
    let dim = (fit(a.dim.0, b.dim.0)?, fit(a.dim.1, b.dim.1)?);
    (dim.0.checked_mul(dim.1)? <= LIMIT).then_some(Shape { ndim: a.ndim.max(b.ndim), dim })
}

fn reduced(a: Shape, axis: Option<usize>, keep: Keep) -> Option<Shape> {
    let Some(axis) = axis else { return Some(Shape::NUMBER) };
    Some(match (a.ndim, keep) {
        (ndim, _) if axis >= ndim => return None,
        (1, Keep::Axis) => Shape { ndim: 1, dim: (1, 1) },
        (1, Keep::No) => Shape::NUMBER,
        (_, Keep::Axis) if axis == 0 => Shape::two(1, a.dim.1),
        (_, Keep::Axis) => Shape::two(a.dim.0, 1),
        (_, Keep::No) => Shape { ndim: 1, dim: (1, if axis == 0 { a.dim.1 } else { a.dim.0 }) },
    })
}

/// The axis of our matrix that is meant: a vector is a row.
pub(super) fn along(a: Shape, axis: usize) -> Option<usize> {
    (axis < a.ndim).then_some(if a.ndim == 1 { 1 } else { axis })
}

/// From where to where a part of n goes.
pub(super) fn range(part: Part, n: usize) -> Option<(usize, usize)> {
    let (start, end) = match part {
        Part::ButFirst => (1, n),
        Part::ButLast => (0, n.checked_sub(1)?),
        Part::First => (0, 1),
        Part::Last => (n.checked_sub(1)?, n),
        Part::At(i) => (i, i + 1),
    };
    (start < end && end <= n).then_some((start, end))
}
