//! A diagnosis for people: a line a stage with a mark, then what is wrong, why, and the right line.

use super::case::{Bias, Case, Quantity};
use super::catalogue::mistake;
use super::verdict::{Diagnosis, StageFinding, Status, Verdict};
use std::fmt::Write;

/// A number as short as it can be told apart: four digits.
#[must_use]
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if (value - value.round()).abs() < 1e-9 * size && size < 1e6 {
        return format!("{}", value.round());
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    let mut digits = 4_usize;
    let mut limit = 1.0;
    while size >= limit && digits > 0 {
        digits -= 1;
        limit *= 10.0;
    }
    let mut leading = 0.1;
    while size < leading {
        digits += 1;
        leading /= 10.0;
    }
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The stage's id with its layer: `dz[1]`, `affine[2]`, `dlogits`.
#[must_use]
pub fn stage_id(quantity: Quantity, layers: usize) -> String {
    match quantity {
        Quantity::Probs | Quantity::Loss | Quantity::Dlogits => quantity.stage().to_owned(),
        other => format!("{}[{}]", other.stage(), other.layer(layers)),
    }
}

/// The network in one line.
pub(crate) fn head(case: &Case) -> String {
    let sizes = &case.network.sizes;
    let hidden: Vec<String> =
        sizes[1..case.layers()].iter().map(|h| format!("{h} {}", case.network.activation.name())).collect();
    let mut parts = vec![format!("{} inputs", sizes[0])];
    parts.extend(hidden);
    parts.push(format!("{} {}", case.network.outputs(), case.network.loss.name()));
    let bias = match case.bias[1] {
        Bias::Row => "bias in W",
        Bias::Separate => "bias apart",
        Bias::None => "no bias",
    };
    format!("{} rows, {}, {bias}, reg {}", case.n(), parts.join(" -> "), number(case.network.penalty.reg))
}
