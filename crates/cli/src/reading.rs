//! The options that say how a table is read, where finding out is not enough.

use clearprop::error::{Error, ErrorKind, Result};
use clearprop::table::{Coding, Decimal, Encoder, Forms, select};
use clearprop_files::table::{Kind, Options, Separator};
use serde::{Deserialize, Serialize};

/// How a table is read.
#[derive(clap::Args, Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Reading {
    /// What separates the fields of a CSV file: one character, tab, blanks, or gaps (two blanks or more) [default: found out]
    #[arg(long, value_name = "CHAR", value_parser = separator, help_heading = "Reading")]
    separator: Option<String>,
    /// The decimal sign of numbers [default: found out]
    #[arg(long, value_name = "WORD", value_parser = ["point", "comma"], help_heading = "Reading")]
    decimal: Option<String>,
    /// The same as --decimal comma
    #[arg(long, conflicts_with = "decimal", hide = true)]
    decimal_comma: bool,
    /// What 01/02/2020 names first [default: found out]
    #[arg(long, value_name = "WORD", value_parser = ["day-first", "month-first"], help_heading = "Reading")]
    date_order: Option<String>,
    /// The first line of a CSV file holds the columns' names [default: found out]
    #[arg(long, conflicts_with = "no_header", help_heading = "Reading")]
    header: bool,
    /// The first line of a CSV file is a row; the columns are called 'column 1', 'column 2', ..
    #[arg(long, help_heading = "Reading")]
    no_header: bool,
    /// Lines above the table that are left out [default: found out]
    #[arg(long, value_name = "N", help_heading = "Reading")]
    skip: Option<usize>,
    /// What lines of comments begin with [default: found out]
    #[arg(long, value_name = "SIGN", help_heading = "Reading")]
    comment: Option<String>,
    /// The encoding of a CSV file's text, like windows-1252 or utf-16le [default: utf-8]
    #[arg(long, value_name = "LABEL", help_heading = "Reading")]
    encoding: Option<String>,
    /// What else means a missing value, separated by commas, like "-999,unknown"
    #[arg(
        long,
        value_name = "TEXTS",
        value_delimiter = ',',
        allow_hyphen_values = true,
        help_heading = "Reading"
    )]
    missing: Vec<String>,
    /// Columns of categories, even if they look like numbers
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Reading")]
    categories: Vec<String>,
    /// Columns of numbers, in which words are missing values
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Reading")]
    numbers: Vec<String>,
    /// Columns of dates, also as years, 20240531, or seconds or milliseconds since 1970
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Reading")]
    dates: Vec<String>,
    /// The array of inputs in an .npz file [default: X]
    #[arg(long, value_name = "ARRAY", help_heading = "Reading")]
    pub(crate) x: Option<String>,
    /// Columns that are not even read.
    #[arg(skip)]
    pub(crate) dropped: Vec<String>,
    /// The only columns that are read, if any are named.
    #[arg(skip)]
    pub(crate) only: Vec<String>,
    /// The columns to predict.
    #[arg(skip)]
    pub(crate) targets: Vec<String>,
}

fn separator(text: &str) -> std::result::Result<String, String> {
    let known = ["tab", "blanks", "gaps"].contains(&text)
        || matches!(text.as_bytes(), [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n.-+".contains(byte));
    known
        .then(|| text.to_owned())
        .ok_or_else(|| "give one character like ';', tab, blanks, or gaps (two blanks or more)".to_owned())
}

impl Reading {
    /// With these columns to predict.
    pub(crate) fn predicting(mut self, targets: &[String]) -> Self {
        self.targets = targets.to_vec();
        self
    }

    /// What can be said before the columns' names are known.
    pub(crate) fn options(&self) -> Options {
        // A checkpoint's text may say anything.
        let known = self.separator.as_ref().filter(|text| separator(text).is_ok());
        let separator = known.map(|text| match text.as_str() {
            "tab" => Separator::Byte(b'\t'),
            "blanks" | " " => Separator::Blanks,
            "gaps" => Separator::Gaps,
            other => Separator::Byte(other.as_bytes()[0]),
        });
        let decimal = match self.decimal.as_deref() {
            Some("comma") => Some(Decimal::Comma),
            Some(_) => Some(Decimal::Point),
            None => self.decimal_comma.then_some(Decimal::Comma),
        };
        let forms = Forms {
            decimal,
            day_first: self.date_order.as_ref().map(|word| word == "day-first"),
            missing: self.missing.clone(),
        };
        Options {
            header: if self.header { Some(true) } else { self.no_header.then_some(false) },
            separator,
            skip: self.skip,
            comment: self.comment.clone(),
            encoding: self.encoding.clone(),
            forms,
            targets: self.targets.clone(),
            ..Options::default()
        }
    }

    /// What columns are, now that their names are known; the lists hold whole names then.
    pub(crate) fn choose(&mut self, names: &[&str], options: &mut Options) -> Result<()> {
        for list in [
            &mut self.categories,
            &mut self.numbers,
            &mut self.dates,
            &mut self.dropped,
            &mut self.only,
            &mut self.targets,
        ] {
            *list = select(names, list)?;
        }
        for (name, list) in [("target", &self.targets), ("columns", &self.only)] {
            if let Some(column) = list.iter().find(|column| self.dropped.contains(column)) {
                return Err(Error::new(ErrorKind::Setting, format!("'{column}' is in --{name} too"))
                    .name("--drop")
                    .hint("leave out one of them"));
            }
        }
        let lists = [
            (&self.categories, Kind::Words),
            (&self.numbers, Kind::Numbers),
            (&self.dates, Kind::Dates),
            (&self.dropped, Kind::Skip),
        ];
        if !self.only.is_empty() {
            let only = self.only.iter().chain(&self.targets).map(|name| (name.clone(), Kind::Found));
            options.kinds.extend(only);
            options.rest = Some(Kind::Skip);
        }
        for (list, kind) in lists {
            options.kinds.extend(list.iter().map(|name| (name.clone(), kind.clone())));
        }
        options.targets.clone_from(&self.targets);
        Ok(())
    }

    /// For a model: its columns are read as it knows them.
    pub(crate) fn options_for(&self, encoder: &Encoder) -> Options {
        let mut options = self.options();
        let inputs = || encoder.inputs.iter();
        options.kinds.extend(inputs().map(|input| (input.column.clone(), input.coding.kind())));
        options.targets = encoder.answers.columns().to_vec();
        let comma =
            |coding: &Coding| matches!(coding, Coding::Number { form, .. } if form.decimal == Decimal::Comma);
        if inputs().any(|input| comma(&input.coding)) {
            options.forms.decimal.get_or_insert(Decimal::Comma);
        }
        options
    }
}
