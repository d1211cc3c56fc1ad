//! Predictions as a table, written block by block: CSV, or Parquet if the file's name ends in `.parquet`.
//!
//! The columns, in this order:
//!
//! | columns | there for | values |
//! |---|---|---|
//! | the kept ones (an ID) | all | as text |
//! | `label` | classes | the class of the largest probability |
//! | `p_CLASS`, for each class | classes | its probability; with a hinge loss `score_CLASS`, its score |
//! | `LABEL` and `p_LABEL`, for each label | several labels | 1 if its probability is above 0.5, else 0; the probability |
//! | the target columns, as `predicted NAME` where NAME is kept | numbers | the predicted numbers |
//! | `NAME_low` and `NAME_high` behind each of these | numbers with intervals | the ends of its interval |
//!
//! Numbers have the model's precision.  Rows come in the order of the data.

pub(crate) mod column;

use self::column::{Holds, Values};
use crate::disk::{Whole, refused};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::loss::argmax;
use clearprop::real::Real;
use clearprop::table::{Answers, Table};
use ndarray::ArrayView2;
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

/// Writes predictions.
pub struct Predictions<'w> {
    target: Target<'w>,
    file: String,
    kept: Vec<String>,
    answers: Answers,
    interval: Option<Vec<f64>>,
}

/// What a result has columns for.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Columns that are copied from the data.
    pub kept: &'a [String],
    /// What is predicted.
    pub answers: &'a Answers,
    /// Of numbers, half the width of each answer's interval.
    pub interval: Option<&'a [f64]>,
}

enum Target<'w> {
    Csv(Whole),
    Stream(Box<dyn Write + 'w>),
    #[cfg(feature = "parquet")]
    Parquet(Box<crate::parquet::Writer>),
}

impl<'w> Predictions<'w> {
    /// Begins a file, which is written whole or not at all; `R` is the model's precision.
    ///
    /// # Errors
    /// The file cannot be written; a kept column has the name of a result.
    pub fn to_file<R: Real>(path: &Path, of: &Columns<'_>) -> Result<Self> {
        let columns = columns(of)?;
        let file = path.display().to_string();
        let named_parquet = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        let target =
            if named_parquet { parquet::<R>(path, &columns)? } else { Target::Csv(Whole::create(path)?) };
        Self::new(target, file, of).begun(&columns)
    }

    /// Begins CSV on a stream (standard output).
    ///
    /// # Errors
    /// The stream cannot be written to; a kept column has the name of a result.
    pub fn to_stream(out: impl Write + 'w, of: &Columns<'_>) -> Result<Self> {
        let (target, file) = (Target::Stream(Box::new(out)), "standard output".to_owned());
        let columns = columns(of)?;
        Self::new(target, file, of).begun(&columns)
    }

    fn new(target: Target<'w>, file: String, of: &Columns<'_>) -> Self {
        let (kept, answers) = (of.kept.to_vec(), of.answers.clone());
        Self { target, file, kept, answers, interval: of.interval.map(<[f64]>::to_vec) }
    }

    fn begun(mut self, columns: &[(String, Holds)]) -> Result<Self> {
        let names: Vec<String> = columns.iter().map(|(name, _)| cell(name)).collect();
        self.text(&(names.join(",") + "\n"))?;
        Ok(self)
    }

    /// The next rows: these of `table`, which has the kept columns; `outputs` (n, k) are their
    /// probabilities, or numbers in the unit of the table.  False if nobody reads the stream any more.
    ///
    /// # Errors
    /// A kept column that is not there; what the operating system refused.
    pub fn push<R: Real>(&mut self, table: &Table, rows: &[u32], outputs: ArrayView2<'_, R>) -> Result<bool> {
        let mut columns: Vec<Values<R>> = Vec::new();
        for name in &self.kept {
            let column = table.column(name)?;
            columns.push(Values::Words(rows.iter().map(|&row| column.text(row as usize)).collect()));
        }
        let names = self.answers.names();
        if matches!(self.answers, Answers::Classes { .. }) {
            let name = |&class: &u32| names.get(class as usize).cloned().unwrap_or_default();
            columns.push(Values::Words(argmax(outputs).iter().map(name).collect()));
        }
        for (j, values) in outputs.columns().into_iter().enumerate() {
            if matches!(self.answers, Answers::Labels { .. }) {
                let half = R::of(0.5);
                columns.push(Values::Labels(values.iter().map(|&p| i32::from(p > half)).collect()));
            }
            columns.push(Values::Reals(values.to_vec()));
            if let Some(half) = self.interval.as_ref().map(|interval| R::of(interval[j])) {
                columns.extend(
                    [-half, half].map(|half| Values::Reals(values.iter().map(|&v| v + half).collect())),
                );
            }
        }
        #[cfg(feature = "parquet")]
        if let Target::Parquet(writer) = &mut self.target {
            return writer.push(columns).map(|()| true).map_err(|error| error.file(&self.file));
        }
        let mut text = String::new();
        for row in 0..outputs.nrows() {
            text.clear();
            for (i, column) in columns.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                match column {
                    Values::Words(words) => text.push_str(&cell(&words[row])),
                    Values::Labels(labels) => text.push_str(&labels[row].to_string()),
                    Values::Reals(values) => text.push_str(&values[row].to_string()),
                }
            }
            text.push('\n');
            if !self.text(&text)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes what is left, and gives the file its name.
    ///
    /// # Errors
    /// What the operating system refused.
    pub fn finish(self) -> Result<()> {
        match self.target {
            Target::Csv(file) => file.finish(),
            Target::Stream(mut out) => match out.flush() {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(cannot_write(&error, &self.file))
                }
                _ => Ok(()),
            },
            #[cfg(feature = "parquet")]
            Target::Parquet(writer) => writer.finish().map_err(|error| match &error.place().file {
                Some(_) => error,
                None => error.file(&self.file),
            }),
        }
    }

    fn text(&mut self, text: &str) -> Result<bool> {
        let written = match &mut self.target {
            Target::Csv(file) => file.write_all(text.as_bytes()),
            Target::Stream(out) => out.write_all(text.as_bytes()),
            #[cfg(feature = "parquet")]
            Target::Parquet(_) => Ok(()),
        };
        match (written, &self.target) {
            (Ok(()), _) => Ok(true),
            (Err(error), Target::Stream(_)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            (Err(error), _) => Err(cannot_write(&error, &self.file)),
        }
    }
}

#[cfg(feature = "parquet")]
fn parquet<'w, R: Real>(path: &Path, columns: &[(String, Holds)]) -> Result<Target<'w>> {
    Ok(Target::Parquet(Box::new(crate::parquet::Writer::create::<R>(path, columns)?)))
}

#[cfg(not(feature = "parquet"))]
fn parquet<'w, R: Real>(path: &Path, _: &[(String, Holds)]) -> Result<Target<'w>> {
    let found = "this build does not write Parquet";
    Err(Error::new(ErrorKind::File, found).file(path.display()).hint("let its name end in .csv"))
}

/// The result's columns.
fn columns(&Columns { kept, answers, interval }: &Columns<'_>) -> Result<Vec<(String, Holds)>> {
    let mut columns: Vec<(String, Holds)> = kept.iter().map(|name| (name.clone(), Holds::Words)).collect();
    let p = |name: &String| (format!("p_{name}"), Holds::Reals);
    match answers {
        Answers::Classes { names, .. } => {
            columns.push(("label".to_owned(), Holds::Words));
            if answers.loss().outputs_are_logits() {
                columns.extend(names.iter().map(|name| (format!("score_{name}"), Holds::Reals)));
            } else {
                columns.extend(names.iter().map(p));
            }
        }
        Answers::Labels { columns: labels } => {
            columns.extend(labels.iter().flat_map(|name| [(name.clone(), Holds::Labels), p(name)]));
        }
        Answers::Numbers { columns: targets, .. } => {
            // The known answer keeps its name beside the predicted one.
            for target in targets {
                let name = if kept.contains(target) { format!("predicted {target}") } else { target.clone() };
                columns.push((name, Holds::Reals));
                if interval.is_some() {
                    let ends = ["low", "high"].map(|end| (format!("{target}_{end}"), Holds::Reals));
                    columns.extend(ends);
                }
            }
        }
    }
    let mut names = HashSet::new();
    match columns.iter().find(|(name, _)| !names.insert(name)) {
        None => Ok(columns),
        Some((name, _)) => Err(Error::new(ErrorKind::Data, "the result would have two columns of this name")
            .column(name)
            .hint("rename the column that is kept")),
    }
}

fn cannot_write(error: &io::Error, file: &str) -> Error {
    refused("cannot write", Path::new(file), error)
}

/// A text as a cell of CSV: quoted where it must be.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
