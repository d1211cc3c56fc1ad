//! A number as it is said.

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
