//! How a CSV file is laid out, found out from its first bytes: what stands above the table, what separates
//! the fields, which lines hold names.

use super::records::{Record, Records, SAMPLE, Separator};
use clearprop::decision::Decision;
use clearprop::table::{TableBuilder, is_missing_word};

/// So many rows of the sample are looked at.
const ROWS: usize = 200;

/// A layout.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) separator: Separator,
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

/// What a file is that is text and no table, and what to do.
pub(super) fn no_table(sample: &[u8]) -> Option<(&'static str, &'static str)> {
    let start = sample.trim_ascii_start();
    let begins =
        |with: &str| start.get(..with.len()).is_some_and(|s| s.eq_ignore_ascii_case(with.as_bytes()));
    if ["<!doctype", "<html", "<table", "<?xml"].into_iter().any(begins) {
        return Some((
            "this is a web page or XML, not a table",
            "a table in it: python -c \"import pandas; pandas.read_html('FILE')[0].to_csv('FILE.csv', index=False)\"",
        ));
    }
    if ["[{", "{\"", "{\n", "[\n"].into_iter().any(begins) {
        return Some((
            "this is JSON, not a table",
            "convert it: python -c \"import pandas; pandas.read_json('FILE').to_csv('FILE.csv', index=False)\" (lines=True for JSON lines)",
        ));
    }
    if !sample.contains(&b'\n') && sample.contains(&b'\r') {
        return Some((
            "its lines end in carriage returns alone",
            "end its lines with a line feed: tr '\\r' '\\n' < old.csv > new.csv",
        ));
    }
    if begins("%PDF") {
        return Some(("this is a PDF document, not a table", "save the table as CSV"));
    }
    let is_arff = start.split(|&byte| byte == b'\n').take(200).any(|line| {
        line.get(..9).is_some_and(|word| word.eq_ignore_ascii_case(b"@relation"))
            || line.get(..10).is_some_and(|word| word.eq_ignore_ascii_case(b"@attribute"))
    });
    if is_arff {
        return Some((
            "this is an ARFF file",
            "convert it: python -c \"from scipy.io import arff; import pandas; pandas.DataFrame(arff.loadarff('FILE')[0]).to_csv('FILE.csv', index=False)\"",
        ));
    }
    if is_libsvm(start) {
        return Some((
            "these are rows of libsvm (label index:value ..)",
            "convert it: python -c \"from sklearn.datasets import load_svmlight_file as f; import numpy; X, y = f('FILE'); numpy.savez('FILE.npz', X=X.toarray(), y=y)\"",
        ));
    }
    None
}

fn is_libsvm(text: &[u8]) -> bool {
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).take(20);
    let pair = |field: &[u8]| {
        let mut parts = field.split(|&byte| byte == b':');
        let digits =
            |part: Option<&[u8]>| part.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit));
        digits(parts.next()) && parts.next().is_some_and(|value| !value.is_empty()) && parts.next().is_none()
    };
    let like = |line: &[u8]| {
        let fields: Vec<&[u8]> = line.trim_ascii().split(|&byte| byte == b' ').collect();
        fields.len() >= 2 && fields[1..].iter().all(|field| pair(field))
    };
    let lines: Vec<bool> = lines.map(like).collect();
    lines.len() >= 2 && lines.iter().all(|&like| like)
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
    let Ok((mut records, _)) = Records::new(sample) else { return Vec::new() };
    records.separator = separator;
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

const CANDIDATES: [Separator; 10] = [
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
];

/// The separator that splits the rows of the sample into equally many fields, none of which holds
/// another separator.
fn separator(sample: &[u8], known: &Known<'_>) -> Separator {
    let clean = |cell: &String| !has_separator(cell) || is_number(cell);
    let mut best = (Separator::Byte(b','), (false, 0, 0));
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
        let weak = matches!(candidate, Separator::Blanks | Separator::Byte(b':'));
        let score = (even * 10 >= rows.len() * 8, share, if weak { 1 } else { fields });
        if (score.0 || !weak) && score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
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
fn has_row_names(rows: &[(u64, Vec<String>)]) -> bool {
    let [(_, names), (_, first), ..] = rows else { return false };
    !names.iter().any(|cell| has_separator(cell)) && first.iter().any(|cell| is_number(cell))
}

fn is_number(cell: &str) -> bool {
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
        let mut all = rows(sample, separator, known.skip.unwrap_or(0), comment.as_deref());
        let (fields, even) = usual(&all);
        let mut skip = known.skip.unwrap_or(0);
        // Prose above the table: lines of fewer fields, before rows that nearly all have as many.
        let mut above = all.iter().take_while(|(_, row)| row.len() < fields || is_title(row)).count();
        // What stands above numbers alone are names.
        if all.get(above).is_none_or(|(_, row)| row.iter().any(|cell| is_number(cell))) {
            above = all.iter().take_while(|(_, row)| row.len() < fields).count();
        }
        let rownames = above == 1 && all[0].1.len() + 1 == fields && has_row_names(&all);
        // Names between which another sign stands are no prose.
        let prose = !all.iter().take(above).any(|(_, row)| row.iter().any(|cell| has_separator(cell)));
        if known.skip.is_none()
            && above > 0
            && !rownames
            && prose
            && fields > 1
            && even * 10 >= (all.len() - above) * 9
        {
            skip = usize::try_from(all[above].0 - 1).unwrap_or(0);
            all.drain(..above);
            let lines = if skip == 1 { "the first line is" } else { &format!("the first {skip} lines are") };
            let what = format!("{lines} above the table and left out");
            decisions.push(Decision::new("skip", what, "").overrule("skip", "0"));
        }
        let mut layout =
            Self { separator, skip, comment, header: 0, names: Vec::new(), trailing: false, decisions };
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

    fn find_header(&mut self, all: &[(u64, Vec<String>)], fields: usize, known: &Known<'_>) {
        let rows: Vec<&Vec<String>> = all.iter().map(|(_, row)| row).collect();
        let Some((first, below)) = rows.split_first() else { return };
        let data: Vec<&&Vec<String>> = below.iter().filter(|row| row.len() == fields).collect();
        self.trailing = fields > 1
            && !data.is_empty()
            && data.iter().all(|row| row[fields - 1].is_empty())
            && first.get(fields - 1).is_none_or(String::is_empty);
        let values =
            |j: usize| data.iter().map(move |row| row[j].as_str()).filter(|cell| !is_missing_word(cell));
        let numbers = |j: usize, from: usize| {
            let (mut n, mut all) = (0, 0);
            for cell in
                data.iter().skip(from).map(|row| row[j].as_str()).filter(|cell| !is_missing_word(cell))
            {
                all += 1;
                n += usize::from(is_number(cell));
            }
            all > 0 && n * 10 >= all * 9
        };
        let named = first.iter().any(|cell| (known.name)(cell));
        let has_number = first.iter().any(|cell| is_number(cell));
        // A first row of values: each stands further down in its column too.
        let repeated = first.len() == fields
            && data.len() >= 5
            && (0..fields).all(|j| values(j).any(|cell| cell == first[j]));
        let header = known.header.unwrap_or(named || !(has_number || repeated));
        if !header {
            self.names = (1..=fields.max(first.len()) - usize::from(self.trailing))
                .map(|i| format!("column {i}"))
                .collect();
            if known.header.is_none() {
                let why =
                    if has_number { "a number stands in it" } else { "its values stand further down too" };
                let what =
                    "the first line is taken as a row; the columns are called 'column 1', 'column 2', ..";
                self.decisions.push(Decision::new("header", what, why).overrule("header", ""));
            }
            return;
        }
        self.header = 1;
        let mut names = first.to_vec();
        if names.len() + 1 == fields && !self.trailing && has_row_names(all) {
            // R writes no name above the rows' names.
            names.insert(0, String::new());
        }
        if self.trailing {
            names.truncate(fields - 1);
        }
        if known.header.is_none()
            && let Some(second) = data.first()
            && data.len() >= 3
        {
            let cells = second.iter().zip(0..).filter(|(_, j)| numbers(*j, 1));
            let above: Vec<bool> =
                cells.map(|(cell, _)| !is_missing_word(cell) && !is_number(cell)).collect();
            const TYPES: [&str; 14] = [
                "continuous",
                "discrete",
                "string",
                "time",
                "c",
                "d",
                "s",
                "t",
                "numeric",
                "categorical",
                "text",
                "datetime",
                "meta",
                "class",
            ];
            let orange = second.iter().all(|cell| TYPES.contains(&cell.to_lowercase().as_str()));
            if orange {
                let roles = ["", "class", "meta", "ignore", "weight", "c", "m", "i", "w"];
                let third =
                    data.get(1).is_some_and(|row| row.iter().all(|cell| roles.contains(&cell.as_str())));
                self.header += 1 + usize::from(third);
                let what = "the types and roles below the names (as Orange writes them) are left out";
                self.decisions.push(Decision::new("header", what, ""));
            } else if !above.is_empty() && above.iter().all(|&word| word) {
                self.header += 1;
                let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
                if distinct.len() == names.len() && !names.iter().any(String::is_empty) {
                    let shown: Vec<String> =
                        second.iter().filter(|cell| !cell.is_empty()).take(3).cloned().collect();
                    let what = "the second line holds units and is left out";
                    self.decisions.push(Decision::new("header", what, shown.join(", ")));
                } else {
                    let mut last = String::new();
                    for (name, below) in names.iter_mut().zip(second.iter()) {
                        if !name.is_empty() {
                            last.clone_from(name);
                        }
                        *name = format!("{last} {below}").trim().to_owned();
                    }
                    self.decisions.push(Decision::new("header", "the names stand in two lines", ""));
                }
            }
        }
        self.names = names;
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
        Separator::Byte(b'\t') => "tabs".to_owned(),
        Separator::Byte(byte) if byte < b' ' => format!("the byte 0x{byte:02x}"),
        Separator::Byte(byte) => format!("'{}'", char::from(byte)),
    }
}
