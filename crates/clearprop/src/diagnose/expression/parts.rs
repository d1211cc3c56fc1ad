//! What an expression is made of.

use super::{Expr, Op};

/// The parts of an operation, at most three.
pub(super) fn parts(op: &Op) -> [Option<&Expr>; 3] {
    match op {
        Op::Array(_) | Op::Number(_) | Op::Count(..) => [None; 3],
        Op::Absent(_, a)
        | Op::Transpose(a)
        | Op::Unary(_, a)
        | Op::Reduce(_, a, ..)
        | Op::Row(a)
        | Op::Column(a)
        | Op::Flat(a)
        | Op::Slice(a, ..)
        | Op::OneHot(a, ..) => [Some(a), None, None],
        Op::Dot(a, b)
        | Op::Binary(_, a, b)
        | Op::Compare(_, a, b)
        | Op::Join(_, a, b)
        | Op::Take(a, b, _)
        | Op::Fill(_, a, b) => [Some(a), Some(b), None],
        Op::Where(m, a, b) => [Some(m), Some(a), Some(b)],
    }
}

impl Expr {
    /// The parts that it is made of.
    pub(in crate::diagnose) fn parts(&self) -> Vec<&Self> {
        parts(self.op()).into_iter().flatten().collect()
    }

    /// The same with other parts, as many as [`Self::parts`] gives.
    pub(in crate::diagnose) fn with_parts(&self, parts: &[Self]) -> Self {
        let part = |i: usize| parts[i].clone();
        Self::new(match self.op() {
            Op::Array(source) => Op::Array(source.clone()),
            Op::Number(value) => Op::Number(*value),
            Op::Count(value, text) => Op::Count(*value, text.clone()),
            Op::Absent(name, _) => Op::Absent(name.clone(), part(0)),
            Op::Transpose(_) => Op::Transpose(part(0)),
            Op::Unary(f, _) => Op::Unary(*f, part(0)),
            Op::Reduce(f, _, axis, keep) => Op::Reduce(*f, part(0), *axis, *keep),
            Op::Row(_) => Op::Row(part(0)),
            Op::Column(_) => Op::Column(part(0)),
            Op::Flat(_) => Op::Flat(part(0)),
            Op::Slice(_, axis, of) => Op::Slice(part(0), *axis, *of),
            Op::OneHot(_, k, first) => Op::OneHot(part(0), *k, *first),
            Op::Dot(..) => Op::Dot(part(0), part(1)),
            Op::Binary(f, ..) => Op::Binary(*f, part(0), part(1)),
            Op::Compare(f, ..) => Op::Compare(*f, part(0), part(1)),
            Op::Take(_, _, axis) => Op::Take(part(0), part(1), *axis),
            Op::Join(axis, ..) => Op::Join(*axis, part(0), part(1)),
            Op::Fill(value, ..) => Op::Fill(*value, part(0), part(1)),
            Op::Where(..) => Op::Where(part(0), part(1), part(2)),
        })
    }
}
