//! What a diagnosis has computed so far: equal expressions share one value, whoever made them, and the work is counted.

use super::evaluate::Value;
use super::shape::Shape;
use super::{Binary, Expr, Op, Source, Unary};
use crate::diagnose::arrays::Array;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::mem::{Discriminant, discriminant};
use std::rc::Rc;

/// What an expression is worth, computed when it is first asked for.
#[derive(Default)]
pub(super) struct Worth {
    pub(super) shape: OnceCell<Option<Shape>>,
    pub(super) value: OnceCell<Option<Rc<Value>>>,
}

/// An array of the file and what it is worth.
type Known = (Rc<Source>, Rc<Worth>);

/// The values that are known, and how much computing there is left.
pub(in crate::diagnose) struct Memo {
    known: RefCell<HashMap<Key, Rc<Worth>>>,
    arrays: RefCell<BTreeMap<String, Known>>,
    /// Numbers that the known values hold.
    held: Cell<usize>,
    /// About the numbers that may still be computed.
    left: Cell<u64>,
    shares: Cell<bool>,
}

/// Where no array has so many numbers, computing one again costs less than looking it up.
const WORTH_KEEPING: usize = 4096;

/// So many numbers are kept; past that all are forgotten that nobody holds.
const HELD: usize = 1 << 24;

/// What making an expression costs, in numbers computed.
const NODE: u64 = 100;

impl Memo {
    /// Work is counted in numbers computed, not in seconds: an answer does not depend on the machine.
    pub(in crate::diagnose) fn new(budget: u64) -> Rc<Self> {
        Rc::new(Self {
            known: RefCell::default(),
            arrays: RefCell::default(),
            held: Cell::new(0),
            left: Cell::new(budget),
            shares: Cell::new(false),
        })
    }

    /// An array of the file; `None` if it holds no numbers of at most two axes.
    pub(in crate::diagnose) fn array(self: &Rc<Self>, array: &Array) -> Option<Expr> {
        let known = self.arrays.borrow().get(&array.name).cloned();
        let (source, worth) = match known {
            Some(known) => known,
            None => {
                let made = (Rc::new(Source::of(array)?), Rc::new(Worth::default()));
                self.shares.set(self.shares.get() || made.0.value.data.len() >= WORTH_KEEPING);
                self.arrays.borrow_mut().insert(array.name.clone(), made.clone());
                made
            }
        };
        Some(Expr::with(Op::Array(source), worth, Some(Rc::clone(self))))
    }

    /// What an operation is worth: the same for all that do the same to the same.
    pub(super) fn worth(&self, op: &Op, parts: &[Option<&Expr>]) -> Rc<Worth> {
        self.spend(NODE);
        if !self.shares.get() {
            return Rc::default();
        }
        if self.held.get() > HELD {
            self.known.borrow_mut().clear();
            self.held.set(0);
        }
        let key = Key {
            what: discriminant(op),
            how: how(op),
            of: parts.iter().flatten().map(|e| Id::of(e)).collect(),
        };
        Rc::clone(self.known.borrow_mut().entry(key).or_default())
    }

    /// Counts what a value cost.
    pub(super) fn computed(&self, op: &Op, size: usize) {
        let each = match op {
            Op::Unary(Unary::Neg | Unary::Abs | Unary::Sign | Unary::Positive, _) => 1,
            Op::Unary(..) | Op::Binary(Binary::Power, ..) => 8,
            Op::Dot(a, _) => 1 + a.dim().map_or(0, |dim| dim.1) / 8,
            Op::Reduce(_, a, ..) => 1 + a.dim().map_or(0, |dim| dim.0 * dim.1) / size.max(1),
            _ => 1,
        };
        self.held.set(self.held.get() + size);
        self.spend((size * each) as u64);
    }

    /// Counts work.
    pub(in crate::diagnose) fn spend(&self, numbers: u64) {
        self.left.set(self.left.get().saturating_sub(numbers));
    }

    /// Allows some more.
    pub(in crate::diagnose) fn grant(&self, numbers: u64) {
        self.left.set(self.left.get() + numbers);
    }

    /// Whether the search has to end.
    pub(in crate::diagnose) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// Shares no more: from here on no value is asked for twice.
    pub(in crate::diagnose) fn close(&self) {
        self.shares.set(false);
        self.known.borrow_mut().clear();
    }
}

/// What makes two expressions the same.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    what: Discriminant<Op>,
    how: (u64, u64),
    of: Vec<Id>,
}

/// A part: a number by its value, all else by what it is worth.
enum Id {
    Number(u64),
    Worth(Rc<Worth>),
}

impl Id {
    fn of(e: &Expr) -> Self {
        match e.op() {
            Op::Number(value) | Op::Count(value, _) => Self::Number(value.to_bits()),
            _ => Self::Worth(Rc::clone(e.worth())),
        }
    }

    fn plain(&self) -> (bool, u64) {
        match self {
            Self::Number(bits) => (true, *bits),
            Self::Worth(worth) => (false, Rc::as_ptr(worth).addr() as u64),
        }
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.plain() == other.plain()
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain().hash(state);
    }
}

/// What an operation has beside its parts.
fn how(op: &Op) -> (u64, u64) {
    match *op {
        Op::Array(_) | Op::Number(_) | Op::Count(..) | Op::Absent(..) => (0, 0),
        Op::Transpose(_) | Op::Dot(..) | Op::Where(..) | Op::Row(_) | Op::Column(_) | Op::Flat(_) => (0, 0),
        Op::Binary(f, ..) => (f as u64, 0),
        Op::Unary(f, _) => (f as u64, 0),
        Op::Compare(f, ..) => (f as u64, 0),
        Op::Reduce(f, _, axis, keep) => (f as u64, axis.map_or(0, |axis| 2 * axis as u64 + 2) + keep as u64),
        Op::Slice(_, axis, part) => (axis as u64, part.code()),
        Op::Take(.., axis) | Op::Join(axis, ..) => (axis as u64, 0),
        Op::Fill(value, ..) => (value.to_bits(), 0),
        Op::OneHot(_, k, first) => (k as u64, first.to_bits()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::arrays::{Stored, Values};
    use crate::diagnose::expression::{Keep, Part, Reduce};

    fn array(name: &str, shape: &[usize]) -> Array {
        let count = shape.iter().product::<usize>();
        let values = (0..count).map(|i| i as f64 - 2.0).collect();
        Array {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: Values::Numbers(values, Stored::Double),
        }
    }

    #[test]
    fn what_is_the_same_is_computed_once() {
        let memo = Memo::new(1_000_000);
        let x = |shape: &[usize]| memo.array(&array("X", shape)).unwrap();
        let made = || (x(&[80, 60]).times(3.0) - Expr::number(1.0)).exp();
        let first = made();
        let (asked, second) = (first.value().unwrap(), made());
        let left = memo.left.get();
        assert!(Rc::ptr_eq(asked, second.value().unwrap()) && !first.is(&second));
        assert_eq!(memo.left.get(), left, "the second costs nothing");
        let others = [
            x(&[80, 60]).times(2.0),
            -x(&[80, 60]),
            x(&[80, 60]).sum(0),
            x(&[80, 60]).sum(1),
            x(&[80, 60]).slice(1, Part::ButLast),
            x(&[80, 60]).slice(1, Part::ButFirst),
            x(&[80, 60]).t(),
        ];
        for (nth, one) in others.iter().enumerate() {
            for other in &others[nth + 1..] {
                assert!(!Rc::ptr_eq(one.worth(), other.worth()), "{nth}");
            }
        }
        memo.close();
        assert!(!Rc::ptr_eq(made().worth(), made().worth()));
    }

    #[test]
    fn work_is_counted_until_none_is_left() {
        let memo = Memo::new(10_000);
        let x = memo.array(&array("X", &[100, 100])).unwrap();
        let e = x.clone() + Expr::number(1.0);
        assert!(e.dim() == Some((100, 100)) && !memo.is_spent(), "a shape costs nothing");
        assert!(e.value().is_some() && memo.is_spent());
        memo.grant(1);
        assert!(!memo.is_spent());
    }

    #[test]
    fn a_shape_is_that_of_the_value() {
        let memo = Memo::new(u64::MAX);
        let all: Vec<Expr> = [
            ("a", &[3, 4][..]),
            ("b", &[4, 3]),
            ("r", &[1, 4]),
            ("c", &[3, 1]),
            ("v", &[4]),
            ("u", &[3]),
            ("n", &[]),
        ]
        .iter()
        .map(|(name, shape)| memo.array(&array(name, shape)).unwrap())
        .collect();
        let mut made: Vec<Expr> = all.clone();
        for a in &all {
            made.push(a.t());
            made.extend([Op::Row(a.clone()), Op::Column(a.clone()), Op::Flat(a.clone())].map(Expr::new));
            made.extend([0, 1].map(|axis| a.slice(axis, Part::ButFirst)));
            for axis in [None, Some(0), Some(1)] {
                let reduce = |keep| Expr::new(Op::Reduce(Reduce::Sum, a.clone(), axis, keep));
                made.extend([Keep::Axis, Keep::No].map(reduce));
            }
            for b in &all {
                made.extend([a.dot(b), a.clone() * b.clone(), Expr::choose(a, b, a)]);
                made.extend([0, 1].map(|axis| Expr::join(axis, a, b)));
            }
        }
        let mut valid = 0;
        for e in &made {
            // Whatever the shape says, the numbers are computed.
            let value = match e.op() {
                Op::Array(source) => Some((*source.value).clone()),
                op => super::super::evaluate::evaluate(op),
            };
            let shape = value.as_ref().map(|value| value.data.dim());
            assert_eq!(e.dim(), shape);
            assert!(e.shape().is_none_or(|shape| value.is_some_and(|value| value.ndim == shape.ndim)));
            valid += usize::from(shape.is_some());
        }
        assert!(valid > 100 && valid < made.len(), "{valid} of {}", made.len());
    }
}
