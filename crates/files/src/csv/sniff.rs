//! How a file is separated, found out from its first bytes.

/// So many bytes are looked at.
pub(super) const SAMPLE: usize = 1 << 16;

/// The lines of a sample that are whole, without what stands in quotes.
fn lines(sample: &[u8]) -> Vec<Vec<u8>> {
    let (mut lines, mut line, mut quoted) = (Vec::new(), Vec::new(), false);
    for &byte in sample {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => lines.push(std::mem::take(&mut line)),
            _ if !quoted => line.push(byte),
            _ => {}
        }
    }
    if sample.len() < SAMPLE && !line.is_empty() {
        lines.push(line);
    }
    lines.retain(|line| !line.trim_ascii().is_empty());
    lines
}

/// What a file is that is text and no table, and what to do.
pub(super) fn no_table(sample: &[u8]) -> Option<(&'static str, &'static str)> {
    let start = sample.trim_ascii_start();
    let begins =
        |with: &str| start.get(..with.len()).is_some_and(|s| s.eq_ignore_ascii_case(with.as_bytes()));
    if ["<!doctype", "<html", "<?xml"].into_iter().any(begins) {
        return Some(("this is a web page or XML, not a table", "was a login page downloaded in its place?"));
    }
    if ["[{", "{\"", "{\n", "[\n"].into_iter().any(begins) {
        return Some(("this is JSON, not a table", "save it as CSV or Parquet"));
    }
    if start.starts_with(b"%PDF") {
        return Some(("this is a PDF document, not a table", "save the table as CSV"));
    }
    if sample.len() < SAMPLE && sample.contains(&b'\r') && !sample.contains(&b'\n') {
        let hint = "end its lines with a line feed: tr '\\r' '\\n' < old.csv > new.csv";
        return Some(("its lines end in carriage returns alone", hint));
    }
    None
}

/// The separator that a first line `sep=;` says, as Excel writes and reads it.
pub(super) fn said_separator(sample: &[u8]) -> Option<u8> {
    match sample.strip_prefix(b"sep=")? {
        [separator, b'\n', ..] | [separator, b'\r', b'\n', ..] => Some(*separator),
        _ => None,
    }
}

/// The separator that splits all lines of the sample into equally many fields, the most frequent of
/// those; if none does, the one that the first line has most of.
pub(super) fn separator(sample: &[u8]) -> u8 {
    let lines = lines(sample);
    let Some(first) = lines.first() else { return b',' };
    let count = |line: &[u8], separator: u8| memchr::memchr_iter(separator, line).count();
    let score = |separator: u8| {
        let fields = count(first, separator);
        let even = lines.iter().filter(|line| count(line, separator) == fields).count();
        (fields > 0 && even * 10 >= lines.len() * 9, fields)
    };
    // The first of the best: a comma if there is nothing to choose.
    let mut best = b',';
    for candidate in *b";\t|" {
        if score(candidate) > score(best) {
            best = candidate;
        }
    }
    best
}

/// Whether more cells look like `1,5` than like `1.5`.
pub(super) fn has_decimal_comma(sample: &[u8], separator: u8) -> bool {
    if separator == b',' {
        return false;
    }
    let like = |cell: &[u8], sign: u8| {
        let cell = cell.trim_ascii();
        cell.iter().filter(|&&byte| byte == sign).count() == 1
            && cell.iter().any(u8::is_ascii_digit)
            && cell.iter().all(|&byte| byte.is_ascii_digit() || byte == sign || b"+-eE".contains(&byte))
    };
    let lines = lines(sample);
    let count = |sign: u8| {
        lines
            .iter()
            .flat_map(|line| line.split(|&byte| byte == separator))
            .filter(|cell| like(cell, sign))
            .count()
    };
    count(b',') > count(b'.')
}
