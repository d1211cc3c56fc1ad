//! What a person calls the stages.

use super::hints::{Layer, Word, hint};

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
    let hint = hint(name.trim())?;
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
