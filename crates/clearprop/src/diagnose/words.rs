//! How a diagnosis speaks of numbers, stages and networks.

use super::case::{Bias, Case, Quantity};

/// A number as short as it can be told apart: four digits.
pub(super) fn number(value: f64) -> String {
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
pub(super) fn stage_id(quantity: Quantity, layers: usize) -> String {
    match quantity {
        Quantity::Probs | Quantity::Loss | Quantity::Dlogits => quantity.stage().to_owned(),
        other => format!("{}[{}]", other.stage(), other.layer(layers)),
    }
}

/// The network in one line.
pub(super) fn head(case: &Case) -> String {
    let sizes = &case.network.sizes;
    let hidden: Vec<String> = sizes[1..case.layers()]
        .iter()
        .zip(&case.network.activations)
        .map(|(h, act)| format!("{h} {act}"))
        .collect();
    let mut parts = vec![format!("{} inputs", sizes[0])];
    parts.extend(hidden);
    parts.push(format!("{} {}", case.network.outputs(), case.network.loss));
    let bias = match case.bias[1] {
        Bias::Row => "bias in W",
        Bias::Separate => "bias apart",
        Bias::None => "no bias",
    };
    format!("{} rows, {}, {bias}, reg {}", case.n(), parts.join(" -> "), number(case.network.penalty.reg))
}

/// Which nonlinearity's input or output a value is; by which variable a derivative is taken.
pub(super) fn role(case: &Case, quantity: Quantity) -> String {
    let last = case.layers();
    let activation = match quantity {
        Quantity::Z(l) | Quantity::A(l) | Quantity::Da(l) | Quantity::Dz(l) if l < last => {
            case.network.activations[l - 1].to_string()
        }
        _ => String::new(),
    };
    let loss = case.network.loss;
    let last_z = match case.network.loss {
        loss if loss.outputs_are_logits() => "the answer".to_owned(),
        _ => format!("INPUT of {loss}"),
    };
    let parameter = |letter: char, l: usize| {
        let key = format!("{letter}{l}");
        format!("by {}", case.names.get(&key).unwrap_or(&key))
    };
    match quantity {
        Quantity::Z(l) if l == last => last_z,
        Quantity::Z(_) => format!("INPUT of {activation}"),
        Quantity::A(_) => format!("OUTPUT of {activation}"),
        Quantity::Probs => format!("OUTPUT of {loss}"),
        Quantity::Loss => String::new(),
        Quantity::Dlogits => format!("by {}, {last_z}", case.name(Quantity::Z(last))),
        Quantity::Dw(l) => parameter('w', l),
        // With the bias trick both are one array.
        Quantity::Db(l) => parameter(if case.bias[l] == Bias::Row { 'w' } else { 'b' }, l),
        Quantity::Da(l) => format!("by {}, OUTPUT of {activation}", case.name(Quantity::A(l))),
        Quantity::Dz(l) => format!("by {}, INPUT of {activation}", case.name(Quantity::Z(l))),
    }
}
