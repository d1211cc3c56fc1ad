//! What the target columns mean: classes, labels, or numbers.

use super::numbers::short;
use super::{Column, Numbers, Table, listed, precision};
use crate::data::Target;
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result};
use crate::loss::Loss;
use crate::real::Real;
use crate::target::TargetKind;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Whole numbers with at most this many distinct values are classes.
pub const MAX_CLASS_NUMBERS: usize = 20;
/// Classes that leave numbers out have at least so many rows each, on average.
const CLASS_ROWS: usize = 3;

/// What the target columns mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Answers {
    /// One column of classes: for the losses of one class a row.
    Classes {
        /// The target column.
        column: String,
        /// The classes' names, class 0 first: words in alphabetical order, numbers by size.
        names: Vec<String>,
        /// What is made small.
        #[serde(default = "softmax", skip_serializing_if = "is_softmax")]
        loss: Loss,
    },
    /// One or more columns of 0 and 1: for the logistic loss.
    Labels {
        /// The target columns.
        columns: Vec<String>,
    },
    /// One or more columns of numbers: for regression, of which the loss is taken of
    /// `(value - mean) / scale`, so that it does not depend on the unit of the answers.
    Numbers {
        /// The target columns.
        columns: Vec<String>,
        /// Each column's mean over the training rows (0 with `scale=none`, and for the Poisson loss, of which
        /// the answers are counts).
        means: Vec<f64>,
        /// Each column's standard deviation over the training rows (1 where the mean is 0 by the same rule).
        scales: Vec<f64>,
        /// What is made small.
        #[serde(default = "squared")]
        loss: Loss,
    },
}

impl Answers {
    /// The target columns' names.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Classes { column, .. } => std::slice::from_ref(column),
            Self::Labels { columns } | Self::Numbers { columns, .. } => columns,
        }
    }

    /// The loss that goes with them.
    #[must_use]
    pub fn loss(&self) -> Loss {
        match self {
            Self::Classes { loss, .. } => *loss,
            Self::Labels { .. } => Loss::Logistic,
            Self::Numbers { loss, .. } => *loss,
        }
    }

    /// k, the number of classes or outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classes { names, .. } => names.len(),
            Self::Labels { columns } | Self::Numbers { columns, .. } => columns.len(),
        }
    }

    /// What each of the k outputs is called: the class, or the column.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Classes { names, .. } => names,
            Self::Labels { columns } | Self::Numbers { columns, .. } => columns,
        }
    }

    /// Learns what the columns `targets` mean: `loss`, if given, decides; else the defaults (words, or
    /// whole numbers with at most 20 distinct values, are classes; several columns of 0 and 1 are
    /// labels; other numbers are regression).  The choice is added to `decisions`.
    ///
    /// Classes are taken from all rows (their names are no statistics), means from the rows `train`.
    pub(super) fn fit(
        table: &Table,
        targets: &[String],
        train: &[u32],
        loss: Option<Loss>,
        standardise: bool,
        decisions: &mut Vec<Decision>,
    ) -> Result<Self> {
        let columns = targets.iter().map(|name| table.column(name)).collect::<Result<Vec<_>>>()?;
        for (name, column) in targets.iter().zip(&columns) {
            if let Some(row) = (0..table.len()).find(|&row| column.is_missing(row)) {
                let error = Error::new(ErrorKind::Data, "the answer is missing").row(table.line(row));
                return Err(error.column(name).hint("fill it in, or remove the row"));
            }
        }
        let loss = match loss {
            Some(loss) => loss,
            None => {
                let (loss, why) = choose(targets, &columns);
                let what = format!("{}: {why}, so the loss is {}", listed_targets(targets), loss.name());
                decisions.push(Decision::new("loss", what, "").overrule("loss", ""));
                loss
            }
        };
        match (loss.takes(), columns.as_slice()) {
            (TargetKind::Classes, [column]) => Self::classes(table, &targets[0], column, loss, decisions),
            (TargetKind::Classes, _) => {
                Err(Error::new(ErrorKind::Setting, format!("the {loss} loss needs one target column"))
                    .setting("target")
                    .hint("several columns of 0 and 1 go with `loss=logistic`"))
            }
            (TargetKind::Labels, _) => {
                for (name, column) in targets.iter().zip(&columns) {
                    let wrong = (0..table.len()).find(|&row| !is_label(column, row));
                    if let Some(row) = wrong {
                        let found = format!("found {:?}, the logistic loss needs 0 or 1", column.text(row));
                        return Err(Error::new(ErrorKind::Data, found)
                            .row(table.line(row))
                            .column(name)
                            .hint("classes go with `loss=softmax`"));
                    }
                }
                Ok(Self::Labels { columns: targets.to_vec() })
            }
            (TargetKind::Counts | TargetKind::Numbers, _) => {
                // A count has no other unit and no other zero.
                let standardise = standardise && loss.takes() != TargetKind::Counts;
                let (mut means, mut scales) = (Vec::new(), Vec::new());
                for (name, column) in targets.iter().zip(&columns) {
                    let numbers = as_numbers(name, column)?;
                    let wrong = (0..table.len()).find(|&row| !loss.takes().holds(numbers.get(row)));
                    if let Some(row) = wrong {
                        let found = format!("found {}", column.text(row));
                        return Err(Error::new(ErrorKind::Data, found)
                            .row(table.line(row))
                            .column(name)
                            .hint(format!("the {loss} loss needs {}", loss.takes().described())));
                    }
                    let values: Vec<f64> = train.iter().map(|&row| numbers.get(row as usize)).collect();
                    if let Some(first) = values.first()
                        && values.iter().all(|value| value.to_bits() == first.to_bits())
                    {
                        let found = format!("all answers are {}", short(*first));
                        let error = Error::new(ErrorKind::Data, found).column(name);
                        return Err(error.hint("there is nothing to learn"));
                    }
                    let (mean, scale) = super::columns::moments(&values);
                    let (mean, scale) = if standardise { (mean, scale) } else { (0.0, 1.0) };
                    means.push(mean);
                    scales.push(scale);
                }
                Ok(Self::Numbers { columns: targets.to_vec(), means, scales, loss })
            }
        }
    }

    fn classes(
        table: &Table,
        name: &str,
        column: &Column,
        loss: Loss,
        decisions: &mut Vec<Decision>,
    ) -> Result<Self> {
        // For each class its first row and how many there are.
        let mut count: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        each_text(column, |row, text| {
            if let Some(entry) = count.get_mut(text) {
                entry.1 += 1;
            } else {
                count.insert(text.to_owned(), (row, 1));
            }
        });
        let wrong = |found: String, hint: &str| {
            Err(Error::new(ErrorKind::Data, found).column(name).hint(hint.to_owned()))
        };
        if count.len() < 2 {
            let only = count.keys().next().map_or("", String::as_str);
            return wrong(
                format!("all {} rows are of one class, \"{only}\"", table.len()),
                "at least two classes are needed",
            );
        }
        if table.len() <= count.len() {
            return wrong(
                format!("{} rows have {} classes", table.len(), count.len()),
                match column {
                    Column::Numbers(_) => "each class needs several rows; numbers go with `loss=squared`",
                    Column::Words(_) | Column::Dates(_) => {
                        "each class needs several rows; is another column the target?"
                    }
                },
            );
        }
        let single: Vec<&String> =
            count.iter().filter(|(_, (_, rows))| *rows == 1).map(|(class, _)| class).collect();
        if let Some(first) = single.first() {
            let what = match single.len() {
                1 => format!("class \"{first}\" has one row, which is trained on"),
                n => format!("{n} classes have one row each, which are trained on"),
            };
            let numbers = matches!(column, Column::Numbers(_));
            let why =
                if numbers { "numbers that are counted or measured go with the squared loss" } else { "" };
            let decision = Decision::new("rare", what, why).column(name).warning();
            decisions.push(if numbers { decision.overrule("loss", "squared") } else { decision });
        }
        let words = count.keys().map(String::as_str);
        decisions.extend(super::columns::alike(words, ["classes"; 2]).map(|one| one.column(name)));
        let mut names: Vec<(String, usize)> = count.into_iter().map(|(name, (row, _))| (name, row)).collect();
        if let Column::Numbers(numbers) = column {
            names.sort_by(|a, b| numbers.get(a.1).total_cmp(&numbers.get(b.1)));
        }
        let names = names.into_iter().map(|(name, _)| name).collect();
        Ok(Self::Classes { column: name.to_owned(), names, loss })
    }

    /// The answers of some rows of a table, as the trainer needs them.
    ///
    /// # Errors
    /// A target column that is not there; an answer that is missing, of an unknown class, not 0 or 1,
    /// or not a number: with its row and column.
    pub fn transform<R: Real>(&self, table: &Table, rows: &[u32]) -> Result<Target<R>> {
        let wrong = |row: u32, name: &str, found: String| {
            Err(Error::new(ErrorKind::Data, found).row(table.line(row as usize)).column(name))
        };
        if let Self::Classes { column: name, names, .. } = self {
            let column = table.column(name)?;
            let classes: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
            // `1` and `1.0` are one class.
            let values: HashMap<u64, u32> =
                names.iter().map(|name| number(name).to_bits()).zip(0..).collect();
            // A column of words is looked up once a word, not once a row.
            let known: Option<Vec<Option<u32>>> = match column {
                Column::Words(words) => Some(words.known().map(|word| classes.get(word).copied()).collect()),
                Column::Numbers(_) | Column::Dates(_) => None,
            };
            let mut y = Vec::with_capacity(rows.len());
            for &row in rows {
                let class = match (column, &known) {
                    (Column::Words(words), Some(known)) => {
                        known.get(words.codes()[row as usize] as usize).copied().flatten()
                    }
                    (Column::Numbers(numbers), _) => classes
                        .get(numbers.text(row as usize).as_str())
                        .or_else(|| values.get(&numbers.get(row as usize).to_bits()))
                        .copied()
                        .filter(|_| !column.is_missing(row as usize)),
                    _ => classes.get(column.text(row as usize).as_str()).copied(),
                };
                match class {
                    Some(class) => y.push(class),
                    None if column.is_missing(row as usize) => {
                        return wrong(row, name, "the answer is missing".into());
                    }
                    None => {
                        let found = format!(
                            "found class {:?}, the model knows {}",
                            column.text(row as usize),
                            listed(names.iter().map(String::as_str))
                        );
                        return wrong(row, name, found);
                    }
                }
            }
            return Ok(Target::Classes(y.into()));
        }
        let columns = self.columns();
        let mut y = Array2::zeros((rows.len(), columns.len()));
        for (j, name) in columns.iter().enumerate() {
            let column = table.column(name)?;
            let numbers = as_numbers(name, column)?;
            if let Self::Numbers { means, scales, .. } = self {
                precision::tells_apart::<R>(means[j], scales[j]).map_err(|error| error.column(name))?;
            }
            for (i, &row) in rows.iter().enumerate() {
                let value = numbers.get(row as usize);
                precision::holds::<R>(value)
                    .map_err(|error| error.row(table.line(row as usize)).column(name))?;
                y[[i, j]] = R::of(match self {
                    _ if value.is_nan() => return wrong(row, name, "the answer is missing".into()),
                    Self::Numbers { loss, .. } if !loss.takes().holds(value) => {
                        let needs = loss.takes().described();
                        return wrong(row, name, format!("found {value}, the {loss} loss needs {needs}"));
                    }
                    Self::Numbers { means, scales, .. } => (value - means[j]) / scales[j],
                    _ if value == 0.0 || value == 1.0 => value,
                    _ => return wrong(row, name, format!("found {value}, the model needs 0 or 1")),
                });
            }
        }
        Ok(Target::Values(y))
    }

    /// Outputs of the network (n, k) in the unit of the table: undoes the standardisation of
    /// regression, leaves probabilities alone.
    pub fn decode<R: Real>(&self, probs: &mut Array2<R>) {
        if let Self::Numbers { means, scales, .. } = self {
            for (mut column, (&mean, &scale)) in probs.columns_mut().into_iter().zip(means.iter().zip(scales))
            {
                column.mapv_inplace(|value| R::of(value.f64() * scale + mean));
            }
        }
    }
}

/// The losses of a model in whose file none is named.
fn softmax() -> Loss {
    Loss::Softmax
}

fn is_softmax(loss: &Loss) -> bool {
    *loss == Loss::Softmax
}

fn squared() -> Loss {
    Loss::Squared
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

fn listed_targets(targets: &[String]) -> String {
    format!("target {}", listed(targets.iter().map(String::as_str)))
}

fn is_label(column: &Column, row: usize) -> bool {
    matches!(column, Column::Numbers(numbers) if numbers.get(row) == 0.0 || numbers.get(row) == 1.0)
}

fn as_numbers<'a>(name: &str, column: &'a Column) -> Result<&'a Numbers> {
    match column {
        Column::Numbers(numbers) => Ok(numbers),
        Column::Dates(_) => Err(Error::new(ErrorKind::Data, "found dates, numbers are needed").column(name)),
        Column::Words(words) => {
            let word = words.known().next().unwrap_or_default();
            Err(Error::new(ErrorKind::Data, format!("found words (\"{word}\"), numbers are needed"))
                .column(name)
                .hint("words are classes: `loss=softmax`"))
        }
    }
}

/// Calls `f` with each row's text; a run of one number is written out once.
fn each_text(column: &Column, mut f: impl FnMut(usize, &str)) {
    match column {
        Column::Words(words) => {
            for row in 0..words.len() {
                f(row, words.get(row).unwrap_or_default());
            }
        }
        Column::Dates(dates) => (0..dates.len()).for_each(|row| f(row, &dates.text(row))),
        Column::Numbers(numbers) => {
            let mut texts: HashMap<u64, String> = HashMap::new();
            for row in 0..numbers.len() {
                let text = texts.entry(numbers.get(row).to_bits()).or_insert_with(|| numbers.text(row));
                f(row, text);
            }
        }
    }
}

/// The default loss, and the reason in words.
pub(super) fn choose(targets: &[String], columns: &[&Column]) -> (Loss, String) {
    let rows = columns.first().map_or(0, |column| column.len());
    let labels = columns.iter().all(|column| (0..rows).all(|row| is_label(column, row)));
    if let [column] = columns {
        let Column::Numbers(numbers) = column else { return (Loss::Softmax, "words are classes".into()) };
        let mut distinct = std::collections::HashSet::new();
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in 0..rows {
            let value = numbers.get(row);
            if distinct.len() <= MAX_CLASS_NUMBERS {
                distinct.insert(value.to_bits());
            }
            (least, most) = (least.min(value), most.max(value));
            if value.fract() != 0.0 {
                return (Loss::Squared, "numbers with fractions are regression".into());
            }
        }
        if distinct.len() > MAX_CLASS_NUMBERS {
            let why = format!("whole numbers with more than {MAX_CLASS_NUMBERS} values are regression");
            return (Loss::Squared, why);
        }
        let values = distinct.len();
        // Thirty ratings between 40 and 85 are measured; 0, 1, 2 are names, however few rows there are.
        let has_gaps = most - least + 1.0 > values as f64;
        if has_gaps && values > 2 && rows < CLASS_ROWS * values {
            let why = format!("{values} whole numbers with gaps in {rows} rows are regression");
            return (Loss::Squared, why);
        }
        (Loss::Softmax, format!("whole numbers with {values} values are classes"))
    } else if labels {
        (Loss::Logistic, format!("{} columns of 0 and 1 are labels", targets.len()))
    } else {
        (Loss::Squared, format!("{} columns of numbers are regression", targets.len()))
    }
}
