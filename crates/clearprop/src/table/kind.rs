//! What a column is to be read as, and how its cells are written, where that is known.

use super::dates::DateForm;
use super::form::{Decimal, NumberForm};

/// What a column is read as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Found out from its own cells.
    #[default]
    Found,
    /// Numbers, in the form that is found out; words are missing values.
    Numbers,
    /// Numbers by the type that the file gives them; whole numbers that a double does not hold are words.
    Typed,
    /// Numbers of this form: what a model was trained on.
    Number(NumberForm),
    /// Dates, in the form that is found out.
    Dates,
    /// Dates of this form: what a model was trained on.
    Date(DateForm),
    /// Words, even if they look like numbers.
    Words,
    /// Not read at all.
    Skip,
}

/// How cells are read, where finding out is not enough.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    /// The decimal sign of all numbers.
    pub decimal: Option<Decimal>,
    /// Whether dates like `01/02/2020` name the day first.
    pub day_first: Option<bool>,
    /// What else means a missing value, like `-999`.
    pub missing: Vec<String>,
}
