//! What is wrong with a person's own backward pass: the first wrong stage, and the mistake.
//!
//! A person saves what their code computed, as much or as little as they have.  Every stage is recomputed
//! from **their own** values before it, so a stage is wrong only if its own line is: several mistakes are all
//! found, and what merely follows from one is not blamed.  What differs by convention (1/N early or late,
//! `reg/2` or `reg`, the bias penalised or not, a sum or a mean) is inferred and said, never called a mistake.
//!
//! ```
//! use clearprop::diagnose::{Verdict, diagnose};
//! use clearprop::diagnose::arrays::{Array, Stored, Values};
//! let array = |name: &str, shape: &[usize], values: &[f64]| Array {
//!     name: name.to_owned(),
//!     shape: shape.to_vec(),
//!     values: Values::Numbers(values.to_vec(), Stored::Double),
//! };
//! // Two rows, logits (0, 0): probs are 1/2, and dlogits should be (probs - onehot) / 2.  The division by the
//! // two rows is not made up for in dw1 either.
//! let diagnosis = diagnose(&[
//!     array("X", &[2, 1], &[1.0, 2.0]),
//!     array("y", &[2], &[0.0, 0.0]),
//!     array("W1", &[1, 2], &[0.0, 0.0]),
//!     array("loss", &[], &[2.0_f64.ln()]),
//!     array("dlogits", &[2, 2], &[-0.5, 0.5, -0.5, 0.5]),
//!     array("dw1", &[1, 2], &[-1.5, 1.5]),
//! ])?;
//! assert_eq!(diagnosis.verdict, Verdict::Wrong);
//! assert_eq!(diagnosis.first_wrong_stage.as_deref(), Some("dlogits"));
//! assert_eq!(diagnosis.mistakes[0].id.number(), 1); // the division by N is missing
//! # Ok::<(), clearprop::error::Error>(())
//! ```

pub mod arrays;
mod called;
pub mod catalogue;
mod convention;
mod could_be;
mod diagnosis;
mod differentiate;
mod evidence;
mod expression;
mod function;
mod graph;
mod hints;
mod judge;
mod mistakes;
mod naming;
mod number;
pub mod probe;
mod read_as;
pub mod reading;
mod reconstruct;
mod renamed;
mod right;
mod selection;
mod stuck;
pub mod text;
mod update;
mod verdict;
mod words;

pub use arrays::shape_text;
pub use called::stage_called;
pub use could_be::could_be;
pub use diagnosis::{Diagnosis, Edge, Named, StageFinding, Status, Verdict};
pub use verdict::diagnose;
