//! The library's errors as Python's.

use clearprop::error::{Error, ErrorKind};
use pyo3::PyErr;
use pyo3::exceptions::{PyOSError, PyValueError};

/// A file that cannot be read is an `OSError`, all else that a person can mend a `ValueError`.
pub(crate) fn raised(error: &Error) -> PyErr {
    match error.kind() {
        ErrorKind::File => PyOSError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}
