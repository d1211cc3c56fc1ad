//! Probes.
use super::case::Case;
/// What this probe hides.
pub(crate) fn hidden_by(_case: &Case) -> Vec<String> {
    Vec::new()
}
