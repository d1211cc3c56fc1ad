//! What stands beside a number: a currency, how exact it is, a note, or by how much it is multiplied.

use std::borrow::Cow;

const CURRENCIES: [&str; 66] = [
    "$", "\u{20ac}", "\u{a3}", "\u{a5}", "\u{20b9}", "\u{20bd}", "\u{20a9}", "\u{20ba}", "\u{20aa}",
    "\u{20ab}", "\u{e3f}", "\u{20b4}", "\u{20a6}", "\u{a2}", "US$", "A$", "C$", "NZ$", "R$", "HK$", "S$",
    "Fr.", "SFr.", "kr", "kr.", "z\u{142}", "K\u{10d}", "Ft", "Rs", "Rs.", "USD", "EUR", "GBP", "CHF", "JPY",
    "CNY", "INR", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "RUB",
    "BRL", "MXN", "ZAR", "KRW", "SGD", "HKD", "THB", "IDR", "ILS", "AED", "SAR", "UAH", "Euro", "euro",
    "EURO", "Dollar",
];

pub(super) fn is_currency(unit: &str) -> bool {
    CURRENCIES.contains(&unit)
}

/// A text without what says how exact its number is, and what notes are about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bare<'t> {
    pub(super) number: &'t str,
    pub(super) bound: Option<Bound>,
}

/// A number that is known to one side alone: below a limit of detection, above a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Below,
    Above,
}

/// `<0.5`, `10,000+`, `~5`, `5.2 ± 0.1`, `12*`, `12[3]` without their signs; `None` if there are none.
pub(super) fn bare(cell: &str) -> Option<Bare<'_>> {
    let cell = cell.trim();
    let mut number = cell;
    let mut bound = None;
    for (signs, side) in [(["<=", "\u{2264}", "<"], Bound::Below), ([">=", "\u{2265}", ">"], Bound::Above)] {
        if let Some(rest) = signs.iter().find_map(|sign| number.strip_prefix(sign)) {
            (number, bound) = (rest, Some(side));
        }
    }
    number = number.trim_start_matches(['~', '\u{2248}']);
    if let Some((value, error)) = ["\u{b1}", "+/-"].iter().find_map(|sign| number.split_once(sign))
        && error.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        number = value;
    }
    if let Some((value, note)) = number.split_once('[')
        && note.ends_with(']')
    {
        number = value;
    }
    number = number.trim_end_matches(['*', '\u{2020}', '\u{2021}']);
    if let Some(rest) = number.strip_suffix('+') {
        (number, bound) = (rest, Some(Bound::Above));
    }
    (number.len() < cell.len()).then(|| Bare { number: number.trim(), bound })
}

/// Words that multiply, the longer ones first; those of one letter are told from units by their column.
const MAGNITUDES: [(&str, f64); 27] = [
    ("thousand", 1e3),
    ("Thousand", 1e3),
    ("million", 1e6),
    ("Million", 1e6),
    ("billion", 1e9),
    ("Billion", 1e9),
    ("Tsd.", 1e3),
    ("Mio.", 1e6),
    ("Mrd.", 1e9),
    ("Tsd", 1e3),
    ("Mio", 1e6),
    ("Mrd", 1e9),
    ("Lakh", 1e5),
    ("lakh", 1e5),
    ("Lac", 1e5),
    ("Crore", 1e7),
    ("crore", 1e7),
    ("Cr", 1e7),
    ("mn", 1e6),
    ("bn", 1e9),
    ("tn", 1e12),
    ("K", 1e3),
    ("k", 1e3),
    ("M", 1e6),
    ("m", 1e6),
    ("B", 1e9),
    ("b", 1e9),
];

/// `1.2M`, `€565K`, `3 Mio. €`: the text without its magnitude, the magnitude's word, and by how much it multiplies.
pub(super) fn magnitude(cell: &str) -> Option<(Cow<'_, str>, &'static str, f64)> {
    let last = cell.rfind(|c: char| c.is_ascii_digit())?;
    let (head, tail) = cell.split_at(last + 1);
    let word = tail.trim_start();
    let &(known, factor) = MAGNITUDES.iter().find(|(known, _)| word.starts_with(known))?;
    let after = &word[known.len()..];
    let rest = match after.trim() {
        "" => Cow::Borrowed(head),
        ")" => Cow::Owned(format!("{head})")),
        unit if is_currency(unit) => Cow::Owned(format!("{head} {unit}")),
        _ => return None,
    };
    Some((rest, known, factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_say_how_exact_a_number_is() {
        for (cell, number, bound) in [
            ("<0.5", "0.5", Some(Bound::Below)),
            ("\u{2264} 3", "3", Some(Bound::Below)),
            (">= 1,000", "1,000", Some(Bound::Above)),
            ("10,000+", "10,000", Some(Bound::Above)),
            ("~5", "5", None),
            ("5.2 \u{b1} 0.1", "5.2", None),
            ("5.2+/-0.1", "5.2", None),
            ("12.5**", "12.5", None),
            ("1,234[5]", "1,234", None),
        ] {
            assert_eq!(bare(cell), Some(Bare { number, bound }), "{cell}");
        }
        for cell in ["12", "-3", "1.5e+3", "", "a [b] c", "+7"] {
            assert_eq!(bare(cell), None, "{cell}");
        }
    }

    #[test]
    fn magnitudes_multiply() {
        for (cell, rest, factor) in [
            ("1.2M", "1.2", 1e6),
            ("\u{20ac}565K", "\u{20ac}565", 1e3),
            ("3 Mio. \u{20ac}", "3 \u{20ac}", 1e6),
            ("($1.5B)", "($1.5)", 1e9),
            ("45 Lac", "45", 1e5),
        ] {
            let (found, _, by) = magnitude(cell).unwrap_or_default();
            assert_eq!((found.as_ref(), by), (rest, factor), "{cell}");
        }
        for cell in ["5 km", "5", "M", "5 mm", "12 kg", "3 Months"] {
            assert!(magnitude(cell).is_none(), "{cell}");
        }
    }
}
