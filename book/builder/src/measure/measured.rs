//! What a chapter leaves for its pages.

use std::collections::BTreeMap;

/// Numbers, and figures and tables as HTML, by name.
#[derive(Debug, Default)]
pub struct Measured {
    numbers: BTreeMap<String, f64>,
    shown: BTreeMap<String, String>,
}

impl Measured {
    /// The number called `name`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied()
    }

    /// The figure or table called `name`.
    #[must_use]
    pub fn shown(&self, name: &str) -> Option<&str> {
        self.shown.get(name).map(String::as_str)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().chain(self.shown.keys()).map(String::as_str)
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: f64) {
        self.numbers.insert(name.into(), value);
    }

    pub(super) fn show(&mut self, name: impl Into<String>, html: String) {
        self.shown.insert(name.into(), html);
    }
}
