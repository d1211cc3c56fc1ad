//! The values of an array, of any kind that is read here.

use clearprop::real::Real;

/// The values of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Double precision.
    F64(Vec<f64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Whole numbers of any size but bytes.
    I64(Vec<i64>),
    /// Bytes.
    U8(Vec<u8>),
    /// Truth values.
    Bool(Vec<bool>),
    /// Words.
    Text(Vec<String>),
}

impl Values {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::U8(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As reals; `None` for words.
    #[expect(clippy::cast_precision_loss, reason = "whole numbers beyond 2^53 are no data of a network")]
    pub(super) fn reals<R: Real>(&self) -> Option<Vec<R>> {
        Some(match self {
            Self::F64(values) => values.iter().map(|&value| R::of(value)).collect(),
            Self::F32(values) => values.iter().map(|&value| R::of(f64::from(value))).collect(),
            Self::I64(values) => values.iter().map(|&value| R::of(value as f64)).collect(),
            Self::U8(values) => values.iter().map(|&value| R::of(f64::from(value))).collect(),
            Self::Bool(values) => values.iter().map(|&value| R::of(f64::from(u8::from(value)))).collect(),
            Self::Text(_) => return None,
        })
    }

    /// From column-major (Fortran) order to row-major order.
    pub(super) fn transposed(self, shape: &[usize]) -> Self {
        fn turn<T: Clone>(values: &[T], shape: &[usize]) -> Vec<T> {
            use ndarray::{ArrayViewD, IxDyn, ShapeBuilder};
            match ArrayViewD::from_shape(IxDyn(shape).f(), values) {
                Ok(view) => view.iter().cloned().collect(),
                Err(_) => values.to_vec(),
            }
        }
        match self {
            Self::F64(values) => Self::F64(turn(&values, shape)),
            Self::F32(values) => Self::F32(turn(&values, shape)),
            Self::I64(values) => Self::I64(turn(&values, shape)),
            Self::U8(values) => Self::U8(turn(&values, shape)),
            Self::Bool(values) => Self::Bool(turn(&values, shape)),
            Self::Text(values) => Self::Text(turn(&values, shape)),
        }
    }
}
