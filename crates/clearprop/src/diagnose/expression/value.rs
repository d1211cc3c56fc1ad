//! Numbers, as NumPy keeps them.

use crate::diagnose::arrays::{Array, Stored, Values};
use ndarray::Array2;
use std::rc::Rc;

/// An array of at most two axes.  A vector is kept as a row, a number as (1, 1): NumPy broadcasts them so.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::diagnose) struct Value {
    /// How many axes it has.
    pub(in crate::diagnose) ndim: usize,
    /// The numbers.
    pub(in crate::diagnose) data: Array2<f64>,
}

impl Value {
    pub(super) fn two(data: Array2<f64>) -> Self {
        Self { ndim: 2, data }
    }

    pub(super) fn number(value: f64) -> Self {
        Self { ndim: 0, data: Array2::from_elem((1, 1), value) }
    }

    pub(super) fn of(array: &Array) -> Option<Self> {
        let Values::Numbers(values, _) = &array.values else { return None };
        let dim = match array.shape[..] {
            [] => (1, 1),
            [n] => (1, n),
            [n, m] => (n, m),
            _ => return None,
        };
        if dim.0 == 0 || dim.1 == 0 {
            return None;
        }
        Some(Self { ndim: array.shape.len(), data: Array2::from_shape_vec(dim, values.clone()).ok()? })
    }

    /// Its shape in NumPy.
    pub(in crate::diagnose) fn shape(&self) -> Vec<usize> {
        match self.ndim {
            0 => vec![],
            1 => vec![self.data.ncols()],
            _ => vec![self.data.nrows(), self.data.ncols()],
        }
    }
}

/// An array of the file as expressions see it.
pub(in crate::diagnose) struct Source {
    pub(in crate::diagnose) name: String,
    pub(in crate::diagnose) value: Rc<Value>,
    /// Whole numbers or truth values: they may stand as an index.
    pub(in crate::diagnose) whole: bool,
}

impl Source {
    pub(super) fn of(array: &Array) -> Option<Self> {
        let value = Rc::new(Value::of(array)?);
        let whole = matches!(array.values, Values::Numbers(_, Stored::Whole));
        Some(Self { name: array.name.clone(), value, whole })
    }
}
