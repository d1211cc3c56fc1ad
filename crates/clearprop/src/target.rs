//! Targets: the right answers of the rows.
//!
//! n = rows, k = classes or outputs.

use crate::real::Real;
use ndarray::{Array1, Array2, Axis, Zip};

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

/// Right answers with what each row counts: what a loss compares with, made of a target alone by `into`.
#[derive(Clone, Copy, Debug)]
pub struct Weighted<'a, R> {
    /// The right answers.
    pub y: &'a Target<R>,
    /// A number from 0 up for each row; without it each counts 1.
    pub weights: Option<&'a Array1<R>>,
}

impl<'a, R> From<&'a Target<R>> for Weighted<'a, R> {
    fn from(y: &'a Target<R>) -> Self {
        Self { y, weights: None }
    }
}

impl<R: Real> Weighted<'_, R> {
    /// `sum(w)`, the number of rows where each counts 1.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.weights.map_or(self.y.len() as f64, |weights| weights.iter().map(|w| w.f64()).sum())
    }

    /// `sum(w * values) / sum(w)`; 0 where nothing counts.  A row of weight 0 is as if it were not there.
    pub(crate) fn mean(&self, values: &Array1<f64>) -> f64 {
        let Some(weights) = self.weights else { return values.mean().unwrap_or(0.0) };
        let counted = |(&w, &value): (&R, &f64)| if w == R::zero() { 0.0 } else { w.f64() * value };
        let sum: f64 = weights.iter().zip(values).map(counted).sum();
        if sum == 0.0 { 0.0 } else { sum / self.total() }
    }

    /// The derivative of [`Self::mean`] by whatever `slopes` (n, k) differentiate row by row: `w * slopes / sum(w)`.
    pub(crate) fn slope_of_mean(&self, mut slopes: Array2<R>) -> Array2<R> {
        let Some(weights) = self.weights else {
            let n = R::of(slopes.nrows().max(1) as f64);
            return slopes / n;
        };
        let total = self.total();
        let share = |w: R| if total > 0.0 { w / R::of(total) } else { R::zero() };
        Zip::from(slopes.rows_mut())
            .and(weights)
            .for_each(|mut row, &w| if w == R::zero() { row.fill(R::zero()) } else { row *= share(w) });
        slopes
    }
}

pub(crate) fn indices(rows: &[u32]) -> Vec<usize> {
    rows.iter().map(|&row| row as usize).collect()
}
