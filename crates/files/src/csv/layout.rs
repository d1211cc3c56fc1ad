//! How a CSV file is laid out, found out from its first bytes: what stands above the table, what separates
//! the fields, which lines hold names.

use super::records::{Record, Records, SAMPLE, Separator};
use clearprop::decision::Decision;
use clearprop::table::TableBuilder;

/// So many rows of the sample are looked at.
const ROWS: usize = 200;

/// A layout.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) separator: Separator,
    /// What stands around a field with a separator in it.
    pub(super) quote: u8,
    /// Lines above the table.
    pub(super) skip: usize,
    /// What comment lines begin with.
    pub(super) comment: Option<String>,
    /// Lines of names, units and types; none if there is no header.
    pub(super) header: usize,
    pub(super) names: Vec<String>,
    /// Whether rows end with a separator, so that their last field is none.
    pub(super) trailing: bool,
    pub(super) decisions: Vec<Decision>,
}

/// What is known beforehand.
pub(super) struct Known<'k> {
    pub(super) separator: Option<Separator>,
    pub(super) skip: Option<usize>,
    pub(super) comment: Option<&'k str>,
    pub(super) header: Option<bool>,
    /// Whether a column of this name is known.
    pub(super) name: &'k dyn Fn(&str) -> bool,
}

/// The separator that a first line `sep=;` says, as Excel writes and reads it.
pub(super) fn said_separator(sample: &[u8]) -> Option<u8> {
    match sample.strip_prefix(b"sep=")? {
        [separator, b'\n', ..] | [separator, b'\r', b'\n', ..] => Some(*separator),
        _ => None,
    }
}

/// The first rows of a sample as lists of fields, and their lines.
fn rows(sample: &[u8], separator: Separator, skip: usize, comment: Option<&str>) -> Vec<(u64, Vec<String>)> {
    quoted_rows(sample, (separator, b'"'), skip, comment)
}

fn quoted_rows(
    sample: &[u8],
    (separator, quote): (Separator, u8),
    skip: usize,
    comment: Option<&str>,
) -> Vec<(u64, Vec<String>)> {
    let Ok((mut records, _)) = Records::new(sample) else { return Vec::new() };
    (records.separator, records.quote) = (separator, quote);
    records.comment = comment.map(str::to_owned);
    let (mut rows, mut record) = (Vec::new(), Record::default());
    if records.skip(skip).is_err() {
        return rows;
    }
    while rows.len() < ROWS && records.next(&mut record).is_ok_and(|more| more) {
        // The last line of a sample may be a part of one.
        if records.unended && sample.len() >= SAMPLE {
            break;
        }
        rows.push((record.line, record.fields().map(str::to_owned).collect()));
    }
    rows
}

/// How many fields most rows have, and how many rows have them.
fn usual(rows: &[(u64, Vec<String>)]) -> (usize, usize) {
    let mut counts = std::collections::BTreeMap::new();
    rows.iter().for_each(|(_, row)| *counts.entry(row.len()).or_insert(0usize) += 1);
    counts.into_iter().max_by_key(|&(fields, count)| (count, fields)).unwrap_or((0, 0))
}

const CANDIDATES: [Separator; 11] = [
    Separator::Byte(b','),
    Separator::Byte(b';'),
    Separator::Byte(b'\t'),
    Separator::Byte(b'|'),
    Separator::Byte(b'~'),
    Separator::Byte(b'^'),
    Separator::Byte(0x01),
    Separator::Byte(0x1f),
    Separator::Byte(b':'),
    Separator::Blanks,
    Separator::Gaps,
];

/// The separator that splits the rows of the sample into equally many fields, none of which holds
/// another separator.
fn separator(sample: &[u8], known: &Known<'_>) -> Separator {
    let clean = |cell: &String| is_number(cell) || !(has_separator(cell) || is_row_of_numbers(cell));
    let mut best = (Separator::Byte(b','), (false, 0, 0));
    let mut blanks = 0;
    for candidate in CANDIDATES {
        if let Separator::Byte(byte) = candidate
            && !sample.contains(&byte)
        {
            continue;
        }
        let rows = rows(sample, candidate, known.skip.unwrap_or(0), known.comment);
        let (fields, even) = usual(&rows);
        if fields < 2 {
            continue;
        }
        let cells: usize = rows.iter().map(|(_, row)| row.len()).sum();
        let good = rows.iter().flat_map(|(_, row)| row).filter(|cell| clean(cell)).count();
        let share = good * 20 / cells.max(1);
        // Words of prose are separated by blanks too; and times by colons.
        let weak = matches!(candidate, Separator::Blanks | Separator::Gaps | Separator::Byte(b':'));
        let score = (even * 10 >= rows.len() * 8, share, if weak { 1 } else { fields });
        if (score.0 || !weak) && score > best.1 {
            best = (candidate, score);
        }
        match candidate {
            Separator::Blanks => blanks = even,
            // Columns lined up by blanks, with single ones between words.
            Separator::Gaps if best.0 == Separator::Blanks && even > blanks => best = (candidate, score),
            _ => {}
        }
    }
    best.0
}

/// Whether a cell holds several numbers that blanks part.
fn is_row_of_numbers(cell: &str) -> bool {
    let mut parts = cell.split_whitespace().peekable();
    parts.next().is_some() && parts.peek().is_some() && cell.split_whitespace().all(is_number)
}

/// Whether one of the usual separators stands in a cell.
fn has_separator(cell: &str) -> bool {
    cell.contains([';', '\t', '|', '~', '^', ','])
}

/// Whether a line holds a title alone, with empty fields behind it, as spreadsheets save what stands above a table.
fn is_title(row: &[String]) -> bool {
    row.len() > 2 && !is_number(&row[0]) && row[1..].iter().all(String::is_empty)
}

/// Whether the rows below a line of names that is a field shorter begin with names of their own, as R writes
/// them: the line is no title above a line of names.
pub(super) fn has_row_names(rows: &[(u64, Vec<String>)]) -> bool {
    let [(_, names), (_, first), ..] = rows else { return false };
    !names.iter().any(|cell| has_separator(cell)) && first.iter().any(|cell| is_number(cell))
}

/// The sign around the fields: single quotes if there are no double ones, and a whole line or column has them.
fn quote(sample: &[u8], all: &[(u64, Vec<String>)]) -> u8 {
    let is_quoted = |cell: &String| cell.len() > 1 && cell.starts_with('\'') && cell.ends_with('\'');
    let line = all.first().is_some_and(|(_, row)| row.len() > 1 && row.iter().all(is_quoted));
    let width = all.first().map_or(0, |(_, row)| row.len());
    let column = |j: usize| all.iter().skip(1).all(|(_, row)| row.get(j).is_some_and(is_quoted));
    let quoted = line || (all.len() > 5 && (0..width).any(column));
    if quoted && !sample.contains(&b'"') { b'\'' } else { b'"' }
}

pub(super) fn is_number(cell: &str) -> bool {
    TableBuilder::is_number(cell)
}

impl Layout {
    /// Finds it out.
    pub(super) fn of(sample: &[u8], known: &Known<'_>) -> Self {
        let separator = known.separator.unwrap_or_else(|| separator(sample, known));
        let mut decisions = Vec::new();
        if known.separator.is_none() && separator != Separator::Byte(b',') {
            let what = format!("fields are separated by {}", called(separator));
            decisions.push(Decision::new("separator", what, "").overrule("separator", ""));
        }
        let comment = known.comment.map(str::to_owned).or_else(|| {
            let first = rows(sample, Separator::Byte(0), known.skip.unwrap_or(0), None);
            let begins =
                |(_, row): &(u64, Vec<String>)| row.first().is_some_and(|cell| cell.starts_with('#'));
            (first.first().is_some_and(begins) && !first.iter().all(begins)).then(|| "#".to_owned())
        });
        let skip = known.skip.unwrap_or(0);
        let quote = quote(sample, &rows(sample, separator, skip, comment.as_deref()));
        let mut all = quoted_rows(sample, (separator, quote), skip, comment.as_deref());
        let (fields, even) = usual(&all);
        let mut skip = skip;
        // Prose above the table: lines of fewer fields, before rows that nearly all have as many.
        let mut above = all.iter().take_while(|(_, row)| row.len() < fields || is_title(row)).count();
        // What stands above numbers alone are names.
        if all.get(above).is_none_or(|(_, row)| row.iter().any(|cell| is_number(cell))) {
            above = all.iter().take_while(|(_, row)| row.len() < fields).count();
        }
        // The names alone may end with a separator.
        let longer = all
            .get(above)
            .is_some_and(|(_, row)| row.len() == fields + 1 && row.last().is_some_and(String::is_empty));
        let rownames = above == 1 && all[0].1.len() + 1 == fields && has_row_names(&all);
        // Names between which another sign stands are no prose.
        let prose = !all.iter().take(above).any(|(_, row)| row.iter().any(|cell| has_separator(cell)));
        if known.skip.is_none()
            && above > 0
            && !rownames
            && prose
            && fields > 1
            && (even + usize::from(longer)) * 10 >= (all.len() - above) * 9
        {
            skip = usize::try_from(all[above].0 - 1).unwrap_or(0);
            all.drain(..above);
            let lines = if skip == 1 { "the first line is" } else { &format!("the first {skip} lines are") };
            let what = format!("{lines} above the table and left out");
            decisions.push(Decision::new("skip", what, "").overrule("skip", "0"));
        }
        let (header, names, trailing) = (0, Vec::new(), false);
        let mut layout = Self { separator, quote, skip, comment, header, names, trailing, decisions };
        if let Some(sign) = &layout.comment
            && known.comment.is_none()
        {
            let what = format!("lines that begin with {sign} are comments and left out");
            layout.decisions.push(Decision::new("comment", what, "").overrule("comment", ""));
            // The names may stand in the last of them, as NumPy writes them.
            layout.commented_names(sample, fields, known);
        }
        if layout.names.is_empty() {
            layout.find_header(&all, fields, known);
        }
        layout
    }

    fn commented_names(&mut self, sample: &[u8], fields: usize, known: &Known<'_>) {
        let above: Vec<Vec<String>> = rows(sample, self.separator, self.skip, None)
            .into_iter()
            .map(|(_, row)| row)
            .take_while(|row| row.first().is_some_and(|cell| cell.starts_with('#')))
            .collect();
        let Some(last) = above.last() else { return };
        let mut names: Vec<String> = last.clone();
        names[0] = names[0].trim_start_matches('#').trim().to_owned();
        if names[0].is_empty() {
            names.remove(0);
        }
        let all_names = names.len() == fields && fields > 1 && names.iter().all(|name| !is_number(name));
        let data = rows(sample, self.separator, self.skip, self.comment.as_deref());
        let bare = data.first().is_some_and(|(_, row)| row.iter().any(|cell| is_number(cell)));
        if all_names && bare && known.header != Some(false) {
            self.decisions.push(Decision::new("header", "the names stand in the last comment line", ""));
            self.names = names;
        }
    }

    /// The columns' names: none empty, no two equal.
    pub(super) fn finish_names(&mut self) {
        let mut seen = std::collections::HashSet::new();
        // The last number of each name that comes again: a file may have one name 30,000 times.
        let mut last = std::collections::HashMap::new();
        let mut equal = Vec::new();
        for (i, name) in (1..).zip(&mut self.names) {
            if name.is_empty() {
                *name = format!("column {i}");
            }
            if seen.insert(name.clone()) {
                continue;
            }
            let n = last.entry(name.clone()).or_insert(1);
            let wanted = name.clone();
            while !seen.insert(name.clone()) {
                *n += 1;
                *name = format!("{wanted}.{n}");
            }
            if equal.len() < 3 {
                equal.push(format!("'{name}'"));
            }
        }
        if !equal.is_empty() {
            let why = format!("the further ones are called {}", equal.join(", "));
            self.decisions.push(Decision::new("names", "several columns have one name", why).warning());
        }
    }
}

/// A separator in words.
pub(super) fn called(separator: Separator) -> String {
    match separator {
        Separator::Blanks => "blanks".to_owned(),
        Separator::Gaps => "two blanks or more".to_owned(),
        Separator::Byte(b'\t') => "tabs".to_owned(),
        Separator::Byte(byte) if byte < b' ' => format!("the byte 0x{byte:02x}"),
        Separator::Byte(byte) => format!("'{}'", char::from(byte)),
    }
}
