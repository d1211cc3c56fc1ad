//! One clean table, written in the ways in which people write tables: every file is read to the same table, bit
//! for bit, or refused with the message of that kind; none is read differently in silence.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed, as it should")]
#![allow(
    clippy::type_complexity,
    clippy::manual_is_multiple_of,
    clippy::cast_possible_truncation,
    clippy::enum_variant_names,
    reason = "a row's values are told by the line above them; small numbers; the names are what people call them"
)]
#![cfg(feature = "parquet")]

mod common;

use clearprop::table::{Decimal, Forms, Table};
use clearprop_files::table::{Opened, Options, open};
use common::values;
use std::io::Write;

const ROWS: usize = 40;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const CITIES: [&str; 4] = ["K\u{f6}ln", "Bad Aibling", "Ulm", "Jena"];

/// A way to write it; the default is the plain one.
#[derive(Clone)]
struct Way {
    separator: &'static str,
    decimal: &'static str,
    thousands: &'static str,
    missing: &'static str,
    before: &'static str,
    behind: &'static str,
    date: fn(u32, u32, u32) -> String,
    encoding: Encoding,
    end: &'static str,
    quoted: bool,
    trailing: bool,
    above: &'static str,
    names: Names,
    unended: bool,
    packing: Packing,
    options: fn() -> Options,
}

#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Utf8,
    Mark,
    Utf16Little,
    Utf16Big,
    Windows,
}

#[derive(Clone, Copy, PartialEq)]
enum Names {
    Plain,
    Units,
    RowNames,
    Pandas,
}

#[derive(Clone, Copy, PartialEq)]
enum Packing {
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Zip,
}

fn iso(y: u32, m: u32, d: u32) -> String {
    format!("{y}-{m:02}-{d:02}")
}

impl Default for Way {
    fn default() -> Self {
        Self {
            separator: ",",
            decimal: ".",
            thousands: "",
            missing: "",
            before: "",
            behind: "",
            date: iso,
            encoding: Encoding::Utf8,
            end: "\n",
            quoted: false,
            trailing: false,
            above: "",
            names: Names::Plain,
            unended: false,
            packing: Packing::None,
            options: Options::default,
        }
    }
}

/// `digits / 100` as the way writes it.
fn number(digits: u32, way: &Way) -> String {
    let (whole, part) = (digits / 100, digits % 100);
    let mut text = whole.to_string();
    let mut at = text.len();
    while at > 3 {
        at -= 3;
        text.insert_str(at, way.thousands);
    }
    format!("{}{text}{}{part:02}{}", way.before, way.decimal, way.behind)
}

/// The values of row `i`: size and income in hundredths, count, city, (year, month, day), answer.
fn row(i: u32) -> (Option<u32>, Option<u32>, u32, &'static str, (u32, u32, u32), &'static str) {
    let size = (i % 9 != 3).then_some(150 + 37 * i);
    let income = (i % 13 != 5).then_some(80_000 + 12_345 * i * (1 + i % 3) + 50);
    let date = (2019 + i % 3, 1 + i * 5 % 12, 1 + i * 7 % 28);
    (size, income, i % 17, CITIES[i as usize % 4], date, if i % 3 == 0 { "yes" } else { "no" })
}

impl Way {
    fn text(&self) -> String {
        let cell = |text: &str| {
            let inside = text.contains(self.separator) || (self.separator == "  " && text.contains(' '));
            if self.quoted || inside { format!("\"{text}\"") } else { text.to_owned() }
        };
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
            format!(
                "{}{}{}",
                cells.join(self.separator),
                if self.trailing { self.separator } else { "" },
                self.end
            )
        };
        let mut names: Vec<String> =
            ["size", "income", "count", "city", "day", "y"].map(str::to_owned).to_vec();
        if self.names == Names::Pandas {
            names.insert(0, String::new());
        }
        let mut text = self.above.replace('\n', self.end) + &line(&names);
        if self.names == Names::Units {
            text += &line(&["m", "EUR", "pieces", "name", "date", "answer"].map(str::to_owned));
        }
        for i in 0..ROWS as u32 {
            let (size, income, count, city, (y, m, d), answer) = row(i);
            let digits = |value: Option<u32>| {
                value.map_or_else(|| self.missing.to_owned(), |digits| number(digits, self))
            };
            let mut cells = vec![
                digits(size),
                digits(income),
                count.to_string(),
                city.to_owned(),
                (self.date)(y, m, d),
                answer.to_owned(),
            ];
            match self.names {
                Names::RowNames => cells.insert(0, (i + 1).to_string()),
                Names::Pandas => cells.insert(0, i.to_string()),
                Names::Plain | Names::Units => {}
            }
            text += &line(&cells);
        }
        if self.unended {
            text.truncate(text.len() - self.end.len());
        }
        text
    }

    fn bytes(&self) -> Vec<u8> {
        let text = self.text();
        let bytes = match self.encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Mark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Encoding::Utf16Little => {
                [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
            }
            Encoding::Utf16Big => {
                [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
            }
            // What it has no sign for is written as a blank would be.
            Encoding::Windows => {
                encoding_rs::WINDOWS_1252.encode(&text.replace('\u{202f}', "\u{a0}")).0.into_owned()
            }
        };
        match self.packing {
            Packing::None => bytes,
            Packing::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                out.write_all(&bytes).unwrap();
                out.finish().unwrap()
            }
            Packing::Zstd => zstd::encode_all(bytes.as_slice(), 3).unwrap(),
            Packing::Bzip2 => {
                let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
                out.write_all(&bytes).unwrap();
                out.finish().unwrap()
            }
            Packing::Xz => {
                let options = lzma_rust2::XzOptions::with_preset(6);
                let mut out = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
                out.write_all(&bytes).unwrap();
                out.finish().unwrap()
            }
            Packing::Zip => {
                let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
                out.start_file("table.csv", zip::write::SimpleFileOptions::DEFAULT).unwrap();
                out.write_all(&bytes).unwrap();
                out.finish().unwrap().into_inner()
            }
        }
    }

    fn read(&self, name: &str) -> Result<Table, String> {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ways");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.csv"));
        std::fs::write(&path, self.bytes()).unwrap();
        let options = Options { targets: vec!["y".to_owned()], ..(self.options)() };
        let mut seen = |_, _| {};
        let opened = open(&path, &options, &mut seen).map_err(|error| error.to_string())?;
        let Opened::Rows(rows) = opened else { panic!("{name} is a table") };
        let table = rows.read().map_err(|error| error.to_string())?;
        table.answered(&["y".to_owned()]).map(|(table, _)| table).map_err(|error| error.to_string())
    }
}

/// The table as it is meant: its numbers are `digits / 100`, nearest.
fn meant() -> Vec<(String, Vec<String>)> {
    let rows: Vec<_> = (0..ROWS as u32).map(row).collect();
    let hundredths = |digits: Option<u32>| {
        let value: f64 = digits.map_or(f64::NAN, |d| format!("{}.{:02}", d / 100, d % 100).parse().unwrap());
        format!("{:016x}", value.to_bits())
    };
    let seconds = |(y, m, d): (u32, u32, u32)| {
        let days = |y: u32| 365 * (y - 1970) + (y - 1969) / 4;
        let leap = y % 4 == 0;
        let months = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let before: u32 = months[..m as usize - 1].iter().sum();
        format!("date {:016x}", (f64::from(days(y) + before + d - 1) * 86_400.0).to_bits())
    };
    vec![
        ("size".into(), rows.iter().map(|row| hundredths(row.0)).collect()),
        ("income".into(), rows.iter().map(|row| hundredths(row.1)).collect()),
        ("count".into(), rows.iter().map(|row| format!("{:016x}", f64::from(row.2).to_bits())).collect()),
        ("city".into(), rows.iter().map(|row| format!("{:?}", Some(row.3))).collect()),
        ("day".into(), rows.iter().map(|row| seconds(row.4)).collect()),
        ("y".into(), rows.iter().map(|row| format!("{:?}", Some(row.5))).collect()),
    ]
}

fn comma() -> Options {
    Options { forms: Forms { decimal: Some(Decimal::Comma), ..Forms::default() }, ..Options::default() }
}

fn windows() -> Options {
    Options { encoding: Some("windows-1252".to_owned()), ..Options::default() }
}

/// What is changed of the plain way, each with the ways that it can be.
fn ways() -> Vec<(String, Way)> {
    type Change = (String, Box<dyn Fn(&mut Way)>);
    fn each<T: Copy + 'static>(
        what: &str,
        all: &[(&str, T)],
        set: impl Fn(&mut Way, T) + Copy + 'static,
    ) -> Vec<Change> {
        let one = |&(name, value): &(&str, T)| -> Change {
            (format!("{what}-{name}"), Box::new(move |way: &mut Way| set(way, value)))
        };
        all.iter().map(one).collect()
    }
    let separators = each(
        "separator",
        &[("semicolon", ";"), ("tab", "\t"), ("bar", "|"), ("tilde", "~"), ("caret", "^"), ("blanks", "  ")],
        // Between blanks an empty cell is none.
        |way, value| {
            way.separator = value;
            way.missing = if value == "  " { "NA" } else { "" };
        },
    );
    let numbers = each(
        "number",
        &[
            ("comma", (",", "")),
            ("comma-dot", (",", ".")),
            ("comma-blank", (",", " ")),
            ("comma-narrow", (",", "\u{202f}")),
            ("comma-apostrophe", (",", "'")),
            ("point-comma", (".", ",")),
            ("point-blank", (".", " ")),
            ("point-apostrophe", (".", "'")),
        ],
        |way, (decimal, thousands)| (way.decimal, way.thousands) = (decimal, thousands),
    );
    let markers = each(
        "missing",
        &[
            "NA", "N/A", "nan", "null", "?", "-", "--", ".", "..", "#N/A", "#DIV/0!", "#VALUE!", "None",
            "nil", "missing", "unknown", "n.a.", "<NA>",
        ]
        .map(|marker| (marker, marker)),
        |way, value| way.missing = value,
    );
    let units = each(
        "unit",
        &[
            ("dollar", ("$", "")),
            ("dollar-blank", ("$ ", "")),
            ("euro-behind", ("", " \u{20ac}")),
            ("code", ("USD ", "")),
            ("kg", ("", " kg")),
        ],
        |way, (before, behind)| (way.before, way.behind) = (before, behind),
    );
    let dates: [(&str, fn(u32, u32, u32) -> String); 9] = [
        ("points", |y, m, d| format!("{d:02}.{m:02}.{y}")),
        ("points-short", |y, m, d| format!("{d}.{m}.{y}")),
        ("slashes", |y, m, d| format!("{m:02}/{d:02}/{y}")),
        ("day-first", |y, m, d| format!("{d:02}/{m:02}/{y}")),
        ("year-slashes", |y, m, d| format!("{y}/{m:02}/{d:02}")),
        ("oracle", |y, m, d| format!("{d:02}-{}-{:02}", &MONTHS[m as usize - 1][..3], y % 100)),
        ("english", |y, m, d| format!("{} {d} {y}", MONTHS[m as usize - 1])),
        ("english-day", |y, m, d| format!("{d} {} {y}", MONTHS[m as usize - 1])),
        ("midnight", |y, m, d| format!("{y}-{m:02}-{d:02}T00:00:00")),
    ];
    let dates = each("date", &dates, |way, value| way.date = value);
    let encodings = each(
        "encoding",
        &[("mark", Encoding::Mark), ("utf16le", Encoding::Utf16Little), ("utf16be", Encoding::Utf16Big)],
        |way, value| way.encoding = value,
    );
    let mut layout: Vec<Change> = vec![
        ("crlf".into(), Box::new(|way: &mut Way| way.end = "\r\n")),
        ("quoted".into(), Box::new(|way: &mut Way| way.quoted = true)),
        ("trailing".into(), Box::new(|way: &mut Way| way.trailing = true)),
        ("unended".into(), Box::new(|way: &mut Way| way.unended = true)),
        ("title".into(), Box::new(|way: &mut Way| way.above = "Sizes and incomes\n\n")),
        ("comment".into(), Box::new(|way: &mut Way| way.above = "# made by hand\n# in 2020\n")),
        ("units-below".into(), Box::new(|way: &mut Way| way.names = Names::Units)),
        ("row-names".into(), Box::new(|way: &mut Way| way.names = Names::RowNames)),
        ("pandas".into(), Box::new(|way: &mut Way| way.names = Names::Pandas)),
    ];
    layout.push((
        "windows-1252".into(),
        Box::new(|way: &mut Way| (way.encoding, way.options) = (Encoding::Windows, windows)),
    ));
    let packings = each(
        "packed",
        &[
            ("gzip", Packing::Gzip),
            ("zstd", Packing::Zstd),
            ("bzip2", Packing::Bzip2),
            ("xz", Packing::Xz),
            ("zip", Packing::Zip),
        ],
        |way, value| way.packing = value,
    );
    let groups = [separators, numbers, markers, units, dates, encodings, layout, packings];
    let mut ways = vec![("plain".to_owned(), Way::default())];
    let all: Vec<(usize, &Change)> = groups
        .iter()
        .enumerate()
        .flat_map(|(group, changes)| changes.iter().map(move |one| (group, one)))
        .collect();
    for (i, (group, (name, change))) in all.iter().enumerate() {
        let mut way = Way::default();
        change(&mut way);
        ways.push((name.clone(), way.clone()));
        // And with some of the other groups.
        for (_, (other, second)) in all
            .iter()
            .enumerate()
            .filter(|(j, (other, _))| *j > i && other > group && (i * 7 + j) % 11 == 0)
            .map(|(_, one)| one)
        {
            let mut way = way.clone();
            second(&mut way);
            ways.push((format!("{name}+{other}"), way));
        }
    }
    ways
}

#[test]
fn one_table_in_two_hundred_ways() {
    let meant = meant();
    let ways = ways();
    assert!(ways.len() >= 200, "{} ways", ways.len());
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for (i, (name, way)) in ways.iter().enumerate() {
        match way.read(&format!("{i}")) {
            Ok(table) => {
                let found = values(&table);
                if found != meant {
                    let differs: Vec<&String> =
                        meant.iter().filter(|column| !found.contains(column)).map(|(name, _)| name).collect();
                    let names: Vec<&String> = found.iter().map(|(name, _)| name).collect();
                    wrong.push(format!("{i} {name}: {differs:?} of {names:?}"));
                }
            }
            // The only message that fits: two readings, and nothing that decides.
            Err(error) if error.contains("nothing in the table says which") => refused += 1,
            Err(error) => wrong.push(format!("{i} {name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} ways:\n{}", wrong.len(), ways.len(), wrong.join("\n"));
    assert!(refused * 20 < ways.len(), "{refused} of {} ways are refused", ways.len());
}

#[test]
fn a_decimal_sign_that_is_asked_for_counts() {
    let way = Way { separator: ";", decimal: ",", options: comma, ..Way::default() };
    assert_eq!(values(&way.read("asked").unwrap()), meant());
}
