//! The one error type of the project: where, what was found, what to do.
//!
//! Errors are made at the door (readers, constructors, settings).  Past the door the mathematics
//! cannot fail, so no function below [`crate::train`] returns one.

use std::borrow::Cow;
use std::fmt;

/// The result of everything that checks what a person gave.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of thing is wrong, for callers that want to react to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is out of its range, unknown, or contradicts another.
    Setting,
    /// Arrays or layers whose shapes do not fit together.
    Shape,
    /// Values that cannot be learnt from: infinities, a single class, no rows.
    Data,
    /// A file that cannot be opened, or does not hold what its kind promises.
    File,
}

/// Where something was found.  Every part is optional; rows and layers are counted from 1 as a
/// person counts them (row 1 of a CSV file is its first line).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file's path as the person wrote it.
    pub file: Option<String>,
    /// The array inside the file, or an option that only one door has.
    pub name: Option<String>,
    /// The setting's key, like `step_size`; each door has its own way to write it.
    pub setting: Option<&'static str>,
    /// The row (a file's line), counted from 1.
    pub row: Option<u64>,
    /// The column's name.
    pub column: Option<String>,
    /// The layer, counted from 1.
    pub layer: Option<usize>,
}

/// An error in one line: `where: what was found; what to do`.
///
/// ```
/// use clearprop::error::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Data, "found \"abc\", expected a number")
///     .file("people.csv").row(7).column("age")
///     .hint("mend the cell, or leave it empty");
/// assert_eq!(
///     error.to_string(),
///     "people.csv, row 7, column 'age': found \"abc\", expected a number; mend the cell, or leave it empty",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    kind: ErrorKind,
    place: Place,
    found: String,
    hint: Option<String>,
}

impl Error {
    /// An error that says what was found; the place and the hint are added by the methods below.
    pub fn new(kind: ErrorKind, found: impl Into<String>) -> Self {
        Self(Box::new(Details { kind, place: Place::default(), found: found.into(), hint: None }))
    }

    /// Adds the file.
    #[must_use]
    pub fn file(mut self, file: impl fmt::Display) -> Self {
        self.0.place.file = Some(file.to_string());
        self
    }

    /// Adds the name of the array or option.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.place.name = Some(name.into());
        self
    }

    /// Adds the setting's key, like `step_size`.
    #[must_use]
    pub fn setting(mut self, key: &'static str) -> Self {
        self.0.place.setting = Some(key);
        self
    }

    /// Adds the row, counted from 1.
    #[must_use]
    pub fn row(mut self, row: u64) -> Self {
        self.0.place.row = Some(row);
        self
    }

    /// Adds the column's name.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.0.place.column = Some(column.into());
        self
    }

    /// Adds the layer, counted from 1.
    #[must_use]
    pub fn layer(mut self, layer: usize) -> Self {
        self.0.place.layer = Some(layer);
        self
    }

    /// Adds what the person can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// What kind of thing is wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it was found.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }
}

impl Error {
    /// The line as a door shows it, which writes settings its own way: see [`with_settings`].
    pub fn render(&self, write: impl Fn(&str, Option<&str>) -> Option<String>) -> String {
        let Details { place, found, hint, .. } = &*self.0;
        let place: Vec<String> = [
            place.file.clone(),
            place.name.as_deref().map(short),
            place.setting.map(|key| write(key, None).unwrap_or_else(|| key.to_owned())),
            place.row.map(|row| format!("row {row}")),
            place.column.as_deref().map(|column| format!("column '{}'", short(column))),
            place.layer.map(|layer| format!("layer {layer}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut line = String::new();
        if !place.is_empty() {
            line = format!("{}: ", place.join(", "));
        }
        line.push_str(&short(&with_settings(found, &write)));
        if let Some(hint) = hint {
            line.push_str("; ");
            line.push_str(&short(&with_settings(hint, &write)));
        }
        // A name or a cell may hold a line break; the message stays one line.
        visible(&line.replace(['\n', '\r'], " ")).into_owned()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(|_, _| None))
    }
}

/// A text of the library with its settings as a door writes them.
///
/// The library writes a setting between backticks, `` `test_size=0` `` or `` `momentum` ``.  `write` gets the
/// key and the value; where it gives `None` (no setting that the door knows) the text stays as it is.
///
/// ```
/// use clearprop::error::with_settings;
/// let option = |key: &str, value: Option<&str>| {
///     let name = key.replace('_', "-");
///     Some(value.map_or(format!("--{name}"), |value| format!("--{name} {value}")))
/// };
/// assert_eq!(with_settings("give more rows, or `test_size=0`", option), "give more rows, or --test-size 0");
/// ```
pub fn with_settings(text: &str, write: impl Fn(&str, Option<&str>) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('`') {
        out.push_str(before);
        let written = after.split_once('`').and_then(|(setting, after)| {
            let (key, value) = setting.split_once('=').map_or((setting, None), |(key, v)| (key, Some(v)));
            let is_key = !key.is_empty()
                && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            Some((is_key.then(|| write(key, value)).flatten()?, after))
        });
        match written {
            Some((setting, after)) => {
                out.push_str(&setting);
                rest = after;
            }
            None => {
                out.push('`');
                rest = after;
            }
        }
    }
    out + rest
}

/// A text without its middle if it is longer than a message can be: a name in a file may have a million letters.
fn short(text: &str) -> String {
    const HALF: usize = 250;
    match (text.char_indices().nth(HALF), text.char_indices().nth_back(HALF)) {
        (Some((head, _)), Some((tail, _))) if head < tail => {
            format!("{} .. {}", &text[..head], &text[tail..])
        }
        _ => text.to_owned(),
    }
}

/// A text that a terminal shows and does not obey: control characters other than the line's end and the
/// tab as `\u001b`, which in JSON means the same.
///
/// ```
/// use clearprop::error::visible;
/// assert_eq!(visible("a \u{1b}[31mname\n"), "a \\u001b[31mname\n");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    // Marks that turn the direction of writing round, and ends of lines that are no control characters, mislead as well.
    let misleads = |letter| matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let obeyed = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t') || misleads(letter);
    if !text.contains(obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match obeyed(letter) {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(letter))),
            false => shown.push(letter),
        }
    }
    shown.into()
}

impl std::error::Error for Error {}

/// The candidate nearest to what was typed, if it is near enough to be a slip of the finger.
///
/// ```
/// use clearprop::error::nearest;
/// assert_eq!(nearest("specis", ["species", "sepal_length"]), Some("species"));
/// assert_eq!(nearest("trian", ["trace", "train"]), Some("train")); // two letters swapped are one slip
/// assert_eq!(nearest("price", ["species", "sepal_length"]), None);
/// ```
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody types a longer name, but a file may hold one of a million letters.
    const LONGEST: usize = 64;
    let letters = typed.chars().count();
    let limit = 1 + letters / 4;
    candidates
        .into_iter()
        .filter(|candidate| letters <= LONGEST && candidate.chars().count().abs_diff(letters) <= limit)
        .map(|candidate| (strsim::osa_distance(&typed.to_lowercase(), &candidate.to_lowercase()), candidate))
        // Of a word of one letter nothing is left after a slip but its case.
        .filter(|(distance, _)| *distance <= limit && (*distance == 0 || letters > 1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
