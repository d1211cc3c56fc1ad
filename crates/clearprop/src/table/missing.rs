//! What people write where a value is missing.

/// Whether a cell says in any column that its value is missing: empty, `?`, what pandas takes (`NA`, `N/A`, `NaN`,
/// `null`, `None`, `<NA>`, `#N/A`, ..) in these letters, the errors of spreadsheets, and `\N` of databases.  A category
/// may be called `none`, an element `Na`.
///
/// ```
/// use clearprop::table::is_missing_word;
/// assert!(["", "NA", "nan", "NULL", "?", "#DIV/0!"].iter().all(|word| is_missing_word(word)));
/// assert!(["Nancy", "unknown", "none", "Na"].iter().all(|word| !is_missing_word(word)));
/// ```
#[must_use]
pub fn is_missing_word(cell: &str) -> bool {
    const WORDS: [&str; 15] = [
        "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "-NaN", "null", "NULL", "Null", "None", "<NA>",
        "NaT", "\\N",
    ];
    const HASH: [&str; 9] =
        ["#N/A", "#NA", "#N/A N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"];
    const C: [&str; 4] = ["-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"];
    match cell.as_bytes() {
        [] | b"?" => true,
        [b'#', ..] => HASH.contains(&cell),
        [b'-' | b'1', ..] if cell.len() > 4 => C.contains(&cell),
        _ if cell.len() > 4 => false,
        [b'n' | b'N' | b'<' | b'\\' | b'-', ..] => WORDS.contains(&cell),
        _ => false,
    }
}

/// Whether a cell says that its value is missing in a column that else holds numbers or dates: `-`, `.`,
/// `unknown`, ..
#[must_use]
pub fn is_missing_number(cell: &str) -> bool {
    const WORDS: [&str; 33] = [
        "na",
        "n/a",
        "nan",
        "-nan",
        "nat",
        "null",
        "nil",
        "none",
        "missing",
        "unknown",
        "unk",
        "undefined",
        "not available",
        "not applicable",
        "no data",
        "not known",
        "not reported",
        "n.a.",
        "n.a",
        "n.d.",
        "n/d",
        "k.a.",
        "k. a.",
        "(blank)",
        "(null)",
        "(none)",
        "(empty)",
        "blank",
        "empty",
        "tba",
        "tbd",
        "void",
        "{}",
    ];
    let signs = !cell.is_empty() && cell.chars().all(|c| "-.\u{2013}\u{2014}*_/~".contains(c));
    signs && cell.chars().count() <= 5 || WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word))
}
