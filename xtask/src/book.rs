//! The book: `cargo xtask book` measures, draws and typesets it, and mdBook makes its pages.

use crate::chores::{Done, run};

/// Builds the book to target/book.
pub(crate) fn build() -> Done {
    run(env!("CARGO"), &["run", "--quiet", "--package", "clearprop-book", "--features", "pages"])
}
