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

/// What kind of right answers a loss compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// One class a row.
    Classes,
    /// k columns of 0 and 1.
    Labels,
    /// k columns of numbers from 0 up.
    Counts,
    /// k columns of any numbers.
    Numbers,
}

impl TargetKind {
    /// In words: `labels 0 and 1`.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Classes => "one class number a row",
            Self::Labels => "labels 0 and 1",
            Self::Counts => "numbers from 0 up",
            Self::Numbers => "numbers",
        }
    }

    /// Whether a number can be a right answer of this kind.
    #[must_use]
    pub fn holds<R: Real>(self, value: R) -> bool {
        match self {
            Self::Classes => value >= R::zero() && value.fract() == R::zero(),
            Self::Labels => value == R::zero() || value == R::one(),
            Self::Counts => value >= R::zero(),
            Self::Numbers => true,
        }
    }
}

impl<R: Real> Target<R> {
    /// The classes.
    ///
    /// # Panics
    /// If the answers are numbers: [`Data::fits`](crate::data::Data::fits) tells beforehand.
    #[must_use]
    pub fn classes(&self) -> &Array1<u32> {
        match self {
            Self::Classes(y) => y,
            Self::Values(_) => panic!("a loss of classes was given numbers"),
        }
    }

    /// The numbers.
    ///
    /// # Panics
    /// If the answers are classes: [`Data::fits`](crate::data::Data::fits) tells beforehand.
    #[must_use]
    pub fn values(&self) -> &Array2<R> {
        match self {
            Self::Values(y) => y,
            Self::Classes(_) => panic!("a loss of numbers was given classes"),
        }
    }

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
