//! A person's arrays as they come from a file.

/// One array as a person saved it.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its name.
    pub name: String,
    /// Its shape; empty for a single number.
    pub shape: Vec<usize>,
    /// What it holds, row by row.
    pub values: Values,
}

/// What an array holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers, and how they were stored.
    Numbers(Vec<f64>, Stored),
    /// A word.
    Text(String),
    /// Something that is neither, in words (an object array): it is ignored, and said to be.
    Other(String),
}

/// How numbers were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Double precision.
    Double,
    /// Single precision or less: numbers are compared less strictly.
    Single,
    /// Whole numbers or truth values.
    Whole,
}

/// `(3, 4)`, `(5,)`, `()`: as NumPy prints shapes.
#[must_use]
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        many => format!("({})", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}
