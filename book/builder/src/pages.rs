//! Which chapter shows which mistake.

use clearprop::mistake::MistakeId;

/// The chapter that holds a mistake's picture.
pub(crate) fn page(id: MistakeId) -> &'static str {
    match id.number() {
        1..=18 | 56..=58 | 65 | 70..=79 | 81 | 82 => "scores",
        19..=34 | 51..=55 | 66..=68 => "parameters",
        35..=50 | 59..=64 | 80 | 83..=86 => "hidden",
        _ => "steps",
    }
}
