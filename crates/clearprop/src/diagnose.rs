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
//! assert_eq!(diagnosis.mistakes[0].id, 1); // the division by N is missing
//! # Ok::<(), clearprop::error::Error>(())
//! ```

pub mod arrays;
pub mod catalogue;
mod convention;
mod evidence;
mod expression;
mod function;
mod graph;
mod hints;
mod judge;
mod mistakes;
mod naming;
pub mod probe;
mod read_as;
pub mod reading;
mod reconstruct;
mod right;
mod selection;
mod stuck;
mod update;
mod verdict;
mod words;

pub use arrays::shape_text;
pub use verdict::{Diagnosis, Edge, Named, StageFinding, Status, Verdict, diagnose};

/// The stage, and its layer if it is said, that computes what a person calls so: `dZ2`, `W1_grad`, `delta_hidden`, `y_hat`.
///
/// ```
/// use clearprop::diagnose::stage_called;
/// assert_eq!(stage_called("dZ2"), Some(("dz", Some(2))));
/// assert_eq!(stage_called("W1_grad"), Some(("dw", Some(1))));
/// assert_eq!(stage_called("y_hat"), Some(("softmax", None)));
/// assert_eq!(stage_called("backprop"), None);
/// ```
#[must_use]
pub fn stage_called(name: &str) -> Option<(&'static str, Option<usize>)> {
    use hints::{Layer, Word};
    let hint = hints::hint(name.trim())?;
    let layer = match hint.layer {
        Layer::Number(l) => Some(l).filter(|l| *l > 0),
        Layer::Hidden => Some(1),
        Layer::Last | Layer::Unsaid => None,
    };
    let of_last = hint.layer == Layer::Last;
    let stage = match (hint.derivative, hint.word) {
        (false, Word::Z | Word::Logits) => "affine",
        (false, Word::A) => "activate",
        (false, Word::Output) => "softmax",
        (false, Word::Loss | Word::DataLoss) => "loss",
        (false, Word::Penalty | Word::Reg) => "penalty",
        (false, Word::Step) => "update",
        (true, Word::W) => "dw",
        (true, Word::B) => "db",
        (true, Word::Logits | Word::Output) => "dlogits",
        (true, Word::Z | Word::A | Word::Delta | Word::Error) if of_last => "dlogits",
        (true, Word::Z | Word::Delta) => "dz",
        (true, Word::A | Word::Error) => "da",
        _ => return None,
    };
    Some((stage, layer))
}
