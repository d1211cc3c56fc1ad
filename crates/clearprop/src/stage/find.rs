//! A stage by its id, or by what a person calls its result.

use super::{STAGES, Stage};

/// The stage with this id; what a person may call it, [`find`] knows.
#[must_use]
pub fn stage(id: &str) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.id == id)
}

/// The stage a person means by `name`, with its layer if they gave one: an id (`dz`, `affine[2]`) or what it
/// computes, in the design's or the notebook's names (`dz1`, `dL_dh11`, `f`, `dL_dW2`).
///
/// ```
/// use clearprop::stage::find;
/// let id = |name| find(name).map(|(stage, layer)| (stage.id, layer));
/// assert_eq!(id("dz"), Some(("dz", None)));
/// assert_eq!(id("affine[2]"), Some(("affine", Some(2))));
/// assert_eq!(id("dL_dh11"), Some(("dz", Some(1))));
/// assert_eq!(id("dL_dW2"), Some(("dw", Some(2))));
/// assert_eq!(id("f"), Some(("affine", None)));
/// assert_eq!(id("backprop"), None);
/// ```
#[must_use]
pub fn find(name: &str) -> Option<(&'static Stage, Option<usize>)> {
    let name = name.trim();
    // z[L] and its derivative have names of their own.
    match name {
        "logits" | "f" => return stage("affine").map(|stage| (stage, None)),
        "dL_df" => return stage("dlogits").map(|stage| (stage, None)),
        _ => {}
    }
    STAGES.iter().find_map(|stage| {
        if name == stage.id || name == stage.result || name == stage.notebook {
            return Some((stage, None));
        }
        // The pieces around the place of the layer's number: "dL_dh" and "1".
        [&format!("{}[l]", stage.id), stage.result, stage.notebook].into_iter().find_map(|pattern| {
            let (before, after) = pattern.split_once("[l-1]").or_else(|| pattern.split_once("[l]"))?;
            let number = name.strip_prefix(before)?.strip_suffix(after)?;
            let number = number.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(number);
            let layer = number.parse().ok().filter(|&layer| layer > 0)?;
            stage.is_per_layer().then_some((stage, Some(layer)))
        })
    })
}
