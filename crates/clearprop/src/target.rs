//! Targets: the right answers of the rows.
//!
//! n = rows, k = classes or outputs.

use crate::real::Real;
use ndarray::{Array1, Array2, Axis};

/// The right answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Target<R> {
    /// One class a row, counted from 0: shape (n).
    Classes(Array1<u32>),
    /// Numbers, shape (n, k): reals for regression, 0 and 1 for several labels at once.
    Values(Array2<R>),
}

impl<R: Real> Target<R> {
    /// n, the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(y) => y.len(),
            Self::Values(y) => y.nrows(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some rows, in the order given.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        match self {
            Self::Classes(y) => Self::Classes(rows.iter().map(|&row| y[row as usize]).collect()),
            Self::Values(y) => Self::Values(y.select(Axis(0), &indices(rows))),
        }
    }
}

pub(crate) fn indices(rows: &[u32]) -> Vec<usize> {
    rows.iter().map(|&row| row as usize).collect()
}
