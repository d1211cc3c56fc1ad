//! What every part of a report is made of.

use crate::page::escaped;
use std::fmt::Write;

/// So many columns, or classes, are shown; all are in the JSON beside the page.
pub(super) const SHOWN: usize = 100;

pub(super) fn heading(body: &mut String, text: &str, what: &str) {
    let _ = writeln!(body, "<h2>{text}</h2>\n<p class=\"faint\">{what}</p>");
}

pub(super) fn figure(body: &mut String, title: &str, svg: &str, caption: &str) {
    let title = escaped(title);
    let _ = writeln!(body, "<figure><h3>{title}</h3>{svg}<figcaption>{caption}</figcaption></figure>");
}

/// A number as a person reads it.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    let text = match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..10.0).contains(&size) => format!("{value:.3}"),
        size if (10.0..1e5).contains(&size) => format!("{value:.1}"),
        _ => format!("{value:.2e}"),
    };
    text.replace('-', "−")
}

/// A long number with fewer digits; anything else as it is.
pub(super) fn short(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value) if text.len() > 9 && value.fract() != 0.0 => {
            format!("{value:.4e}").parse::<f64>().unwrap_or(value).to_string()
        }
        _ => text.to_owned(),
    }
}

/// `1 row`, `12,345 rows`.
pub(super) fn rows(n: usize) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{} rows", counted(n)) }
}

/// 12345 as 12,345.
pub(super) fn counted(n: usize) -> String {
    let digits = n.to_string();
    digits.bytes().enumerate().fold(String::new(), |mut text, (i, digit)| {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(char::from(digit));
        text
    })
}
