//! The book's builder.
//!
//! A chapter is Markdown with formulas between dollar signs and a few directives, `{{ .. }}`.  Nothing in it
//! is pasted: code comes from the source files, formulas and derivations from the table of stages, and every
//! number is measured by running the library and compared with what the chapter prints.
//!
//! ```text
//! book                        a chapter to plain Markdown and HTML
//! directive                   what stands between {{ and }}
//! number  source  stages      a number; code; a stage of the table
//! chart   matrix  math        pictures; matrices; formulas to MathML
//! measure                     everything that is computed
//! ```

pub mod book;
mod chart;
mod directive;
mod math;
mod matrix;
pub mod measure;
mod number;
mod pages;
mod source;
pub mod stages;
