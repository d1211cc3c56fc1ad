//! Numbers: what a chapter prints against what was measured.

/// Compares and typesets a number, or says how it differs.
///
/// `~`: the measured value rounds to the printed one; `=`: it is the printed one; `<`, `>`: it lies below or
/// above the printed one.
pub(crate) fn print(name: &str, value: f64, relation: char, printed: &str) -> Result<String, String> {
    let (digits, scale) = printed.strip_suffix('%').map_or((printed, 1.0), |digits| (digits.trim(), 100.0));
    let wanted: f64 = digits.parse().map_err(|_| format!("{name}: {printed} is no number"))?;
    let found = value * scale;
    let holds = match relation {
        '~' => (found - wanted).abs() <= 0.5 * last_place(digits) * (1.0 + 1e-9),
        '=' => found == wanted,
        '<' => found < wanted,
        _ => found > wanted,
    };
    if !holds {
        return Err(format!("{name} is {value:?}, the chapter says {relation} {printed}"));
    }
    let percent = if scale == 1.0 { "" } else { "&nbsp;%" };
    Ok(format!(
        "<span class=\"number\" tabindex=\"0\" title=\"{name} = {value:.6e}\">{}{percent}</span>",
        typeset(digits)
    ))
}

/// What one unit of the last printed digit is worth: 0.1 for 10.7, 1e-10 for 2.5e-9.
fn last_place(digits: &str) -> f64 {
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let decimals = i32::try_from(decimals).unwrap_or(i32::MAX);
    10f64.powi(exponent.parse::<i32>().unwrap_or(0) - decimals)
}

/// `1e-12` as a power of ten, a minus sign as a minus sign.
fn typeset(digits: &str) -> String {
    let minus = |text: &str| text.replace('-', "&minus;");
    match digits.split_once('e') {
        None => minus(digits),
        Some(("1", power)) => format!("10<sup>{}</sup>", minus(power)),
        Some((mantissa, power)) => format!("{}&middot;10<sup>{}</sup>", minus(mantissa), minus(power)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(value: f64, relation: char, printed: &str) -> bool {
        print("x", value, relation, printed).is_ok()
    }

    #[test]
    fn a_number_must_round_to_what_is_printed() {
        assert!(holds(10.725, '~', "10.7"));
        assert!(!holds(10.751, '~', "10.7"));
        assert!(holds(0.9428, '~', "94.3%"));
        assert!(!holds(0.9424, '~', "94.3%"));
        assert!(holds(2.46e-9, '~', "2.5e-9"));
        assert!(!holds(2.56e-9, '~', "2.5e-9"));
        assert!(!holds(f64::NAN, '~', "1"));
    }

    #[test]
    fn bounds_are_strict_and_equality_exact() {
        assert!(holds(9e-13, '<', "1e-12") && !holds(1e-12, '<', "1e-12"));
        assert!(holds(1e17, '>', "1e16") && !holds(f64::NAN, '>', "1e16"));
        assert!(holds(603.0, '=', "603") && !holds(603.1, '=', "603"));
    }

    #[test]
    fn powers_of_ten_are_typeset() {
        assert_eq!(typeset("1e-12"), "10<sup>&minus;12</sup>");
        assert_eq!(typeset("-2.5e16"), "&minus;2.5&middot;10<sup>16</sup>");
    }
}
