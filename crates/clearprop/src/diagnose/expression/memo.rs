//! What a diagnosis has computed so far: equal expressions share one value, whoever made them, and the work is counted.

use super::operation::Op;
use super::shape::Shape;
use super::value::{Source, Value};
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
pub(super) type Known = (Rc<Source>, Rc<Worth>);

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

/// What making an expression costs, and computing it whatever its size, in numbers computed.
const NODE: u64 = 400;

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
    pub(super) fn known(&self, array: &Array) -> Option<Known> {
        if let Some(known) = self.arrays.borrow().get(&array.name) {
            return Some(known.clone());
        }
        let made = (Rc::new(Source::of(array)?), Rc::new(Worth::default()));
        self.shares.set(self.shares.get() || made.0.value.data.len() >= WORTH_KEEPING);
        self.arrays.borrow_mut().insert(array.name.clone(), made.clone());
        Some(made)
    }

    /// What an operation is worth: the same for all that do the same to the same.
    pub(super) fn worth(&self, op: impl FnOnce() -> Option<Op<Id>>) -> Rc<Worth> {
        self.spend(NODE);
        if !self.shares.get() {
            return Rc::default();
        }
        if self.held.get() > HELD {
            self.known.borrow_mut().clear();
            self.held.set(0);
        }
        let Some(op) = op() else { return Rc::default() };
        let of = op.parts().into_iter().flatten().cloned().collect();
        let key = Key { what: discriminant(&op), how: op.how(), of };
        Rc::clone(self.known.borrow_mut().entry(key).or_default())
    }

    /// Counts what a value cost: so many numbers, each so much work.
    pub(super) fn computed(&self, size: usize, each: usize) {
        self.held.set(self.held.get() + size);
        self.spend((size * each) as u64 + NODE);
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
    what: Discriminant<Op<Id>>,
    how: (u64, u64),
    of: Vec<Id>,
}

/// A part: a number by its value, all else by what it is worth.
#[derive(Clone)]
pub(super) enum Id {
    Number(u64),
    Worth(Rc<Worth>),
}

impl Id {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::arrays::{Stored, Values};
    use crate::diagnose::expression::{Expr, Keep, Op, Part, Reduce};

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
        let x = |shape: &[usize]| Expr::array(&memo, &array("X", shape)).unwrap();
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
                assert!(!Rc::ptr_eq(&one.0.worth, &other.0.worth), "{nth}");
            }
        }
        memo.close();
        assert!(!Rc::ptr_eq(&made().0.worth, &made().0.worth));
    }

    #[test]
    fn work_is_counted_until_none_is_left() {
        let memo = Memo::new(10_000);
        let x = Expr::array(&memo, &array("X", &[100, 100])).unwrap();
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
        .map(|(name, shape)| Expr::array(&memo, &array(name, shape)).unwrap())
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
            let parts = e.op().map(|part| part.value().map(|value| &**value));
            let value = parts.and_then(|op| super::super::evaluate::evaluate(&op));
            let shape = value.as_ref().map(|value| value.data.dim());
            assert_eq!(e.dim(), shape);
            assert!(e.shape().is_none_or(|shape| value.is_some_and(|value| value.ndim == shape.ndim)));
            valid += usize::from(shape.is_some());
        }
        assert!(valid > 100 && valid < made.len(), "{valid} of {}", made.len());
    }
}
