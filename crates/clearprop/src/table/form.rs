//! How people write numbers, and what is read from it.
//!
//! A text is peeled: brackets and signs (`(12.30)`, `12.30-`), then a currency or a unit (`$5`, `5 kg`); what is
//! left are digits with signs between them.  Which of those is the decimal sign a single text may leave open
//! (`1.234`); the column decides.

use super::beside::{bare, is_currency, magnitude};
use super::dates::{DURATION, duration};
use serde::{Deserialize, Serialize};

/// 10^0 .. 10^22, all exact.
pub(super) const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// 2^53: from here on not every whole number is a double.
const EXACT: i64 = 1 << 53;

/// How the numbers of a column are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberForm {
    /// The decimal sign.
    #[serde(default)]
    pub decimal: Decimal,
    /// What stands beside every number: `%`, `kg`, `$`; empty if nothing does.
    #[serde(default)]
    pub unit: String,
    /// Whether `007` is 7: somebody said that the column holds numbers.
    #[serde(default)]
    pub zeros: bool,
    /// Whether bounds and notes are left out: `<0.5`, `10+`, `5.2 ± 0.1`, `12*`.
    #[serde(default)]
    pub notes: bool,
    /// Whether magnitudes are multiplied out: `565K`, `1.2M`.
    #[serde(default)]
    pub magnitudes: bool,
}

/// The sign before the decimals; between thousands may stand the other, a blank, or an apostrophe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decimal {
    /// `1,234.5`
    #[default]
    Point,
    /// `1.234,5`
    Comma,
}

/// A number that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// `digits / 10^places`, exactly.
    Decimal(i64, u8),
    /// The nearest double.
    Float(f64),
}

impl Number {
    pub(super) fn value(self) -> f64 {
        match self {
            Self::Decimal(digits, places) => digits as f64 / POWERS[usize::from(places)],
            Self::Float(value) => value,
        }
    }

    /// Rounded once: 1.1K is 1100.
    fn times(self, factor: f64) -> Self {
        match self {
            Self::Decimal(digits, places) => {
                Self::Float(digits as f64 * factor / POWERS[usize::from(places)])
            }
            Self::Float(value) => Self::Float(value * factor),
        }
    }

    fn negated(self, negative: bool) -> Self {
        match self {
            _ if !negative => self,
            Self::Decimal(digits, places) => Self::Decimal(-digits, places),
            Self::Float(value) => Self::Float(-value),
        }
    }
}

/// What a text shows about the way in which its column is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// Only digits.
    Whole,
    /// A decimal sign, or signs between thousands, that say which is which.
    Sign(Decimal),
    /// `1.234`: a decimal point, or a dot between thousands.
    EitherByPoint,
    /// `1,234`
    EitherByComma,
    /// `007`: not a quantity.
    Code,
    /// More digits than a double holds: `9007199254740993`.
    Long,
}

impl NumberForm {
    /// The number that a cell holds.
    pub(super) fn number(&self, cell: &str) -> Option<Number> {
        if self.unit == DURATION {
            return duration(cell).map(Number::Float);
        }
        if self.unit.is_empty()
            && let Some(number) = plain(cell, if self.decimal == Decimal::Point { b'.' } else { b',' })
        {
            return Some(number);
        }
        if self.zeros {
            let digits = cell.trim_start_matches('0');
            if digits.len() < cell.len() && digits.starts_with(|c: char| c.is_ascii_digit()) {
                return Self { zeros: false, ..self.clone() }.number(digits);
            }
        }
        if let Some(negative) = infinite(cell) {
            return Some(Number::Float(f64::INFINITY).negated(negative));
        }
        if self.notes
            && let Some(bare) = bare(cell)
        {
            return Self { notes: false, ..self.clone() }.number(bare.number);
        }
        if self.magnitudes
            && let Some((rest, _, factor)) = magnitude(cell)
        {
            return Some(Self { magnitudes: false, ..self.clone() }.number(&rest)?.times(factor));
        }
        let (negative, body, unit) = peel(cell)?;
        let optional = unit.is_empty() && is_currency(&self.unit);
        let number = body_value(body, self.decimal)?;
        (singular(unit) == singular(&self.unit) || optional).then(|| number.negated(negative))
    }
}

/// One day, two days: one unit.
pub(super) fn singular(unit: &str) -> &str {
    unit.strip_suffix('s').filter(|one| one.len() > 1).unwrap_or(unit)
}

/// Digits with at most one decimal sign: most cells end here.
fn plain(cell: &str, sign: u8) -> Option<Number> {
    let bytes = cell.as_bytes();
    let (negative, body) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    let (mut digits, mut n, mut places) = (0i64, 0usize, None);
    for &byte in body {
        match byte {
            b'0'..=b'9' => {
                n += 1;
                if n > 18 {
                    return None;
                }
                digits = digits * 10 + i64::from(byte - b'0');
            }
            _ if byte == sign && places.is_none() => places = Some(n),
            _ => return None,
        }
    }
    if n == 0 || (body[0] == b'0' && n > 1 && places != Some(1)) {
        return None;
    }
    let places = u8::try_from(n - places.unwrap_or(n)).ok()?;
    if digits > EXACT {
        return None;
    }
    Some(Number::Decimal(if negative { -digits } else { digits }, places))
}

/// Sign, digits and signs, and unit of a number.
fn peel(cell: &str) -> Option<(bool, &str, &str)> {
    let mut rest = cell.trim();
    // Longer texts are no numbers, and need no look.
    if rest.len() > 64 || !rest.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (negative, rest) = (true, inner.trim());
    }
    let is_minus = |c: char| c == '-' || c == '\u{2212}';
    let mut signed = negative;
    let mut sign = |rest: &mut &str| {
        let without = rest.strip_prefix(is_minus).map(|rest| (true, rest));
        if let Some((minus, after)) = without.or_else(|| rest.strip_prefix('+').map(|rest| (false, rest)))
            && !signed
        {
            (signed, negative, *rest) = (true, minus, after.trim_start());
        }
    };
    sign(&mut rest);
    let mut unit = "";
    let digits = rest.find(|c: char| c.is_ascii_digit())?;
    let begin = if rest[..digits].ends_with(['.', ',']) { digits - 1 } else { digits };
    let before = rest[..begin].trim_end();
    if !before.is_empty() {
        let bare = before.strip_suffix(is_minus).map_or(before, str::trim_end);
        if !is_currency(bare) {
            return None;
        }
        unit = bare;
        rest = rest[bare.len()..].trim_start();
        sign(&mut rest);
    }
    let end = body_end(rest);
    let (body, mut after) = (rest[..end].trim_end(), rest[end..].trim());
    // `2-year` is no number below zero.
    let money = |rest: &&str| rest.is_empty() || rest.starts_with(' ') || is_currency(rest);
    let minus = after.strip_prefix(is_minus).filter(money).or_else(|| after.strip_suffix(is_minus));
    if !signed && let Some(bare) = minus {
        (negative, after) = (true, bare.trim());
    }
    if !after.is_empty() {
        let first = after.chars().next()?;
        if first.is_alphabetic() && (body.ends_with(['.', ',']) || is_ordinal(&rest[end..])) {
            return None;
        }
        let like_unit = first.is_alphabetic() || "%\u{2030}\u{b0}$".contains(first) || is_currency(after);
        let clock = ["am", "pm", "a.m.", "p.m.", "AM", "PM"].contains(&after);
        if !unit.is_empty() || !like_unit || clock || after.len() > 16 {
            return None;
        }
        unit = after;
    }
    Some((negative, body, unit))
}

/// `1st`, `2nd class`: what stands behind the digits makes a word of them.
fn is_ordinal(after: &str) -> bool {
    let word = after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    ["st", "nd", "rd", "th"].iter().any(|ending| word.eq_ignore_ascii_case(ending))
}

/// Where the digits and the signs between them end.
fn body_end(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let digit_next = chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if c.is_ascii_digit() {
            end = at + 1;
        } else if matches!(c, '.' | ',') || ((is_blank(c) || is_apostrophe(c)) && digit_next) {
            if digit_next || (matches!(c, '.' | ',') && end == at) {
                end = at + c.len_utf8();
            }
        } else {
            break;
        }
    }
    // 1.5e-7, and as Fortran writes it: 1.5D-07
    let after = &text[end..];
    let double = |rest: &&str| rest.starts_with(['-', '+']);
    if let Some(exponent) =
        after.strip_prefix(['e', 'E']).or_else(|| after.strip_prefix(['d', 'D']).filter(double))
    {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let n = digits.bytes().take_while(u8::is_ascii_digit).count();
        if n > 0 && n == digits.len() {
            return text.len();
        }
    }
    end
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// What stands before the exponent, and the exponent.
fn exponent(body: &str) -> (&str, Option<&str>) {
    match body.split_once(['e', 'E', 'd', 'D']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (body, None),
    }
}

/// Whether signs stand where they stand between thousands (or, as in India, also between hundreds).
fn is_grouped(text: &str, is_sign: impl Fn(char) -> bool) -> bool {
    let groups: Vec<&str> = text.split(is_sign).collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let [first, between @ .., last] = groups.as_slice() else { return false };
    let indian = !between.is_empty() && between.iter().all(|group| group.len() == 2) && first.len() <= 2;
    groups.iter().all(digits)
        && last.len() == 3
        && (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && (between.iter().all(|group| group.len() == 3) || indian)
}

/// The body without blanks and apostrophes between thousands.
fn ungrouped(mantissa: &str) -> Option<String> {
    let other = |c: char| is_blank(c) || is_apostrophe(c);
    if !mantissa.contains(other) {
        return Some(mantissa.to_owned());
    }
    let whole = mantissa.split(['.', ',']).next()?;
    let after = &mantissa[whole.len()..];
    (is_grouped(whole, other) && !after.contains(other)).then(|| mantissa.replace(other, ""))
}

/// The number that a body means with this decimal sign.
fn body_value(body: &str, decimal: Decimal) -> Option<Number> {
    let (mantissa, exponent) = exponent(body);
    let mantissa = ungrouped(mantissa)?;
    let (sign, between) = match decimal {
        Decimal::Point => ('.', ','),
        Decimal::Comma => (',', '.'),
    };
    let (whole, decimals) = match mantissa.split_once(sign) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (mantissa.as_str(), None),
    };
    let grouped = whole.contains(between);
    if decimals.is_some_and(|decimals| decimals.contains([sign, between]))
        || (grouped && !is_grouped(whole, |c| c == between))
    {
        return None;
    }
    let whole = whole.replace(between, "");
    let text = match decimals {
        Some(decimals) => format!("{whole}.{decimals}"),
        None => whole,
    };
    if exponent.is_none()
        && let Some(number) = plain(&text, b'.')
    {
        return Some(number);
    }
    let text = exponent.map_or(text.clone(), |exponent| format!("{text}e{exponent}"));
    // What begins with zeros was no number for `plain`; neither is it one here.
    let code = text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    let value: f64 = text.parse().ok()?;
    (!code).then_some(Number::Float(value))
}

/// Whether a text means infinity, and whether below zero: it is read, so that it can be refused with its row.
fn infinite(cell: &str) -> Option<bool> {
    let (negative, word) = match cell.as_bytes() {
        [b'-', ..] => (true, &cell[1..]),
        [b'+', ..] => (false, &cell[1..]),
        _ => (false, cell),
    };
    ["inf", "infinity", "\u{221e}"].iter().any(|known| word.eq_ignore_ascii_case(known)).then_some(negative)
}

/// What a text shows, and its unit; `None` if it is no number.
pub(super) fn shows(cell: &str) -> Option<(Shows, &str)> {
    if infinite(cell).is_some() {
        return Some((Shows::Whole, ""));
    }
    let (_, body, unit) = peel(cell)?;
    let (mantissa, exponent) = exponent(body);
    let mantissa = ungrouped(mantissa)?;
    let count = |sign: char| mantissa.matches(sign).count();
    let grouped = |sign: char, text: &str| is_grouped(text, |c| c == sign);
    let shows = match (count('.'), count(',')) {
        (0, 0) => {
            if mantissa.len() > 1 && mantissa.starts_with('0') && exponent.is_none() {
                Shows::Code
            } else if exponent.is_none() && is_long(&mantissa) {
                Shows::Long
            } else {
                Shows::Whole
            }
        }
        (1, 0) if exponent.is_none() && grouped('.', &mantissa) => Shows::EitherByPoint,
        (0, 1) if exponent.is_none() && grouped(',', &mantissa) => Shows::EitherByComma,
        (1, 0) => Shows::Sign(Decimal::Point),
        (0, 1) => Shows::Sign(Decimal::Comma),
        (0, _) if grouped(',', &mantissa) => Shows::Sign(Decimal::Point),
        (_, 0) if grouped('.', &mantissa) => Shows::Sign(Decimal::Comma),
        _ => {
            let decimal =
                if mantissa.rfind('.') > mantissa.rfind(',') { Decimal::Point } else { Decimal::Comma };
            body_value(body, decimal)?;
            Shows::Sign(decimal)
        }
    };
    Some((shows, unit))
}

/// Whether a double gives other digits back.
pub(super) fn is_long(digits: &str) -> bool {
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all && digits.len() >= 16
        && digits.parse::<f64>().is_ok_and(|value| format!("{value}") != digits.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, decimal: Decimal, unit: &str) -> Option<f64> {
        NumberForm { decimal, unit: unit.to_owned(), ..NumberForm::default() }.number(cell).map(Number::value)
    }

    #[test]
    fn numbers_as_people_write_them() {
        for (cell, unit, expected) in [
            ("12", "", 12.0),
            ("-0.25", "", -0.25),
            ("+7", "", 7.0),
            (".5", "", 0.5),
            ("5.", "", 5.0),
            ("1,234.5", "", 1234.5),
            ("1,00,000", "", 100_000.0),
            ("12 345.5", "", 12_345.5),
            ("1\u{202f}234", "", 1234.0),
            ("1'234.50", "", 1234.5),
            ("(12.30)", "", -12.3),
            ("12.30-", "", -12.3),
            ("\u{2212}3", "", -3.0),
            ("- 3", "", -3.0),
            ("$5", "$", 5.0),
            ("-$5.25", "$", -5.25),
            ("$-5.25", "$", -5.25),
            ("($1,234.50)", "$", -1234.5),
            ("5 \u{20ac}", "\u{20ac}", 5.0),
            ("EUR 12", "EUR", 12.0),
            ("12.30-EUR", "EUR", -12.3),
            ("12 st", "st", 12.0),
            ("1 day", "days", 1.0),
            ("12 %", "%", 12.0),
            ("12%", "%", 12.0),
            ("5 kg", "kg", 5.0),
            ("20 \u{b0}C", "\u{b0}C", 20.0),
            ("1e3", "", 1000.0),
            ("1.5E-07", "", 1.5e-7),
            ("00.5", "", 0.5),
            ("9007199254740992", "", 9_007_199_254_740_992.0),
        ] {
            assert_eq!(read(cell, Decimal::Point, unit), Some(expected), "{cell}");
        }
        for (cell, expected) in
            [("1,5", 1.5), ("1.234,5", 1234.5), ("1.234", 1234.0), ("1 234,50", 1234.5), ("1,5E+03", 1500.0)]
        {
            assert_eq!(read(cell, Decimal::Comma, ""), Some(expected), "{cell}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for cell in [
            "",
            "-",
            ".",
            "abc",
            "1.2.3",
            "12:30",
            "2020-01-02",
            "1-2",
            "3/4",
            "A12",
            "1 2",
            "12,34,5",
            "--5",
            "1..2",
            "nan",
            "info",
            "0x10",
            "1.234.56",
            "12 am",
            "10.0.0.1",
            "+",
            "$",
            "e5",
            "007",
            "5 kg 3",
            "4. Divorced",
            "1st",
            "2nd class",
            "2-year",
            "101-Bois",
        ] {
            let none = NumberForm::default().number(cell);
            assert!(none.is_none(), "{cell}: {none:?}");
        }
    }

    #[test]
    fn what_texts_show() {
        use Shows::{Code, EitherByComma, EitherByPoint, Long, Sign, Whole};
        for (cell, expected) in [
            ("12", Whole),
            ("1.5", Sign(Decimal::Point)),
            ("0.123", Sign(Decimal::Point)),
            ("1234.567", Sign(Decimal::Point)),
            ("1.234", EitherByPoint),
            ("1,234", EitherByComma),
            ("1,5", Sign(Decimal::Comma)),
            ("1.234.567", Sign(Decimal::Comma)),
            ("1,234,567", Sign(Decimal::Point)),
            ("1.234,5", Sign(Decimal::Comma)),
            ("1,234.5", Sign(Decimal::Point)),
            ("007", Code),
            ("9007199254740993", Long),
            ("9007199254740992", Whole),
            ("1 234", Whole),
            ("$1.234", EitherByPoint),
        ] {
            assert_eq!(shows(cell).map(|(shows, _)| shows), Some(expected), "{cell}");
        }
        assert_eq!(shows("5 kg").map(|(_, unit)| unit), Some("kg"));
        assert_eq!(shows("1.2.2020"), None);
    }
}
