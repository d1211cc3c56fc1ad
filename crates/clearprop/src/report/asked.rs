//! Who is asked about a row: the model, or the member of it that was not trained on the row.

use crate::model::Model;
use crate::real::Real;
use ndarray::{Array2, ArrayView2};

/// A model that is asked about rows.
pub(super) struct Asked<'a, R> {
    pub(super) model: &'a Model<R>,
    /// For each row the member that answers; without it all of them do.
    pub(super) fold: Option<Vec<u32>>,
}

impl<'a, R: Real> Asked<'a, R> {
    /// What is said of the rows of `x` (n, d), which are those of `fold`.
    pub(super) fn outputs(&self, x: ArrayView2<'_, R>) -> Array2<R> {
        match &self.fold {
            Some(fold) => self.model.out_of_fold(x, fold),
            None => self.model.outputs(x),
        }
    }

    /// The same, asked about some of the rows.
    pub(super) fn some(&self, rows: &[u32]) -> Self {
        let fold = self.fold.as_ref().map(|fold| rows.iter().map(|&row| fold[row as usize]).collect());
        Self { model: self.model, fold }
    }
}
