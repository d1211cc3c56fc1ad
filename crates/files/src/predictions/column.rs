//! A column of the predictions.

/// The values of a column.
pub(crate) enum Values<R> {
    /// Words; empty ones are missing.
    Words(Vec<String>),
    /// 0 and 1.
    Labels(Vec<i32>),
    /// Probabilities or predicted numbers.
    Reals(Vec<R>),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Words,
    Labels,
    Reals,
}
