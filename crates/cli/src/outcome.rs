//! How a command ends.

use clearprop::error::Error;

/// How a command ends when its input was right.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It did what was asked.
    Done,
    /// It found something: a run that diverges, a check that fails.
    Found(Error),
    /// It was interrupted, and has saved; the line says what and how to go on.
    Interrupted(String),
}
