//! From a table to the inputs of a network, by what was learnt from the training rows.
//!
//! - A number column becomes one input `(value - mean) / scale`: standardised with the mean and the
//!   (population) standard deviation of the training rows; a missing value is first filled with their
//!   median, and one far outside their range is clipped smoothly.
//! - A word column becomes one input a category, 1 where the row has it (one-hot).  Beyond
//!   [`MAX_CATEGORIES`] the rarer ones share one input; missing values have their own if the training
//!   rows have any.  Before a robust scale two categories are one input, 1 and -1, and a missing value is 0
//!   in all inputs of its column.
//! - A column of dates becomes days since 1970, year, and sine and cosine of month, day, weekday and
//!   hour, as far as they vary.
//! - A constant column says nothing and is dropped; so is a column of words that are nearly all
//!   different (an ID, free text).
//!
//! The same as scikit-learn's `ColumnTransformer` of `SimpleImputer(strategy="median")`,
//! `StandardScaler` and `OneHotEncoder(max_categories=..)`.

use super::coding::{Coding, Input, Unseen};
use super::robust::Robust;
use super::{Answers, Column, Table, Words, columns, listed, suspicion};
use crate::data::Data;
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result, nearest};
use crate::loss::Loss;
use crate::network::Network;
use crate::real::Real;
use crate::target::Target;
use ndarray::{Array2, s};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// All that turns a table into inputs and answers, and stands in the model's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    /// The columns that become inputs, in the order of the inputs.
    pub inputs: Vec<Input>,
    /// The columns that do not, and why.
    pub dropped: Vec<Dropped>,
    /// What the target columns mean.
    pub answers: Answers,
    /// A robust scale and a smooth clip of all inputs, after all of the above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robust: Option<Robust>,
    /// Whether words that differ from a known one by case or blanks alone are that one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins: bool,
}

/// A column that is no input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// The column's name.
    pub column: String,
    /// Why: `constant`, `distinct words`.
    pub reason: String,
}

/// What [`Encoder::fit`] is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Fit<'a> {
    /// The target columns.
    pub targets: &'a [String],
    /// The rows to learn from, counted from 0: the training rows.
    pub rows: &'a [u32],
    /// The loss, if it is given; else what the answers look like decides.
    pub loss: Option<Loss>,
    /// Whether number columns and regression answers are standardised.
    pub standardise: bool,
    /// Whether all inputs get a robust scale and a smooth clip, and words the inputs that go with it.
    pub robust: bool,
    /// Whether words that differ by case or blanks alone are one.
    pub joins: bool,
}

impl Encoder {
    /// Learns from some rows of a table.  Every choice it makes by itself is a decision, for a person to
    /// read once.
    ///
    /// ```
    /// use clearprop::table::{Column, Encoder, Fit, Table, Unseen};
    /// let table = Table::new(vec![
    ///     ("cm".into(), Column::numbers([150.0, f64::NAN, 170.0, 190.0])),
    ///     ("hair".into(), Column::words(["dark", "fair", "dark", "fair"])),
    ///     ("who".into(), Column::words(["Ann", "Ann", "Bob", "Bob"])),
    /// ])?;
    /// let (targets, rows) = (["who".to_string()], [0, 1, 2, 3]);
    /// let fit = Fit { targets: &targets, rows: &rows, standardise: true, ..Fit::default() };
    /// let (encoder, decisions) = Encoder::fit(&table, &fit)?;
    /// assert_eq!(encoder.input_names(), ["cm", "hair=dark", "hair=fair"]);
    /// assert_eq!(decisions[0].to_string(), "target 'who': words are classes, so the loss is softmax");
    /// // The missing height is the median 170; mean 170, standard deviation sqrt(200).
    /// let x = encoder.transform::<f64>(&table, &rows, &mut Unseen::default())?;
    /// assert_eq!(x.row(1).to_vec(), [0.0, 0.0, 1.0]);
    /// assert_eq!(x[[3, 0]], 20.0 / 200f64.sqrt());
    /// # Ok::<(), clearprop::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A target column that is not there, answers that cannot be learnt from (one class only, a
    /// missing one, ..), an infinite number, no column left that says anything.
    pub fn fit(table: &Table, fit: &Fit<'_>) -> Result<(Self, Vec<Decision>)> {
        if table.is_empty() || fit.rows.is_empty() {
            return Err(Error::new(ErrorKind::Data, "there are no rows to learn from"));
        }
        let joined = fit.joins.then(|| table.respelled(|_, words| Some(words.joined())));
        let table = joined.as_ref().unwrap_or(table);
        let mut decisions = Vec::new();
        let answers = Answers::fit(table, fit.targets, fit.rows, fit.loss, fit.standardise, &mut decisions)?;
        let (mut inputs, mut dropped) = (Vec::new(), Vec::new());
        let targets: HashSet<&str> = fit.targets.iter().map(String::as_str).collect();
        for (name, column) in table.columns().iter().filter(|(name, _)| !targets.contains(name.as_str())) {
            match columns::fit(table, name, column, (fit.rows, fit.standardise, fit.robust), &mut decisions)?
            {
                Ok(coding) => inputs.push(Input { column: name.clone(), coding }),
                Err(reason) => dropped.push(Dropped { column: name.clone(), reason: reason.to_owned() }),
            }
        }
        if inputs.is_empty() {
            let found = match dropped.len() {
                0 => "there is no column but the target".to_owned(),
                _ => format!(
                    "no column says anything: {} {} constant or all different words",
                    listed(dropped.iter().map(|column| column.column.as_str())),
                    if dropped.len() == 1 { "is" } else { "are" },
                ),
            };
            return Err(Error::new(ErrorKind::Data, found).hint("at least one input is needed"));
        }
        decisions.extend(suspicion::of(table, &answers, &inputs, fit.rows));
        let mut encoder = Self { inputs, dropped, answers, robust: None, joins: fit.joins };
        if fit.robust {
            encoder.robust = Some(encoder.fit_robust(table, fit.rows)?);
        }
        Ok((encoder, decisions))
    }

    /// Learns the robust scale, column by column.
    fn fit_robust(&self, table: &Table, rows: &[u32]) -> Result<Robust> {
        let mut robust = Robust::default();
        for Input { column: name, coding } in &self.inputs {
            let mut x = Array2::<f64>::zeros((rows.len(), coding.width()));
            let column = table.column(name)?;
            coding.transform(column, (table, name), rows, x.view_mut(), &mut Unseen::default())?;
            x.columns().into_iter().for_each(|column| robust.learn(column.to_vec()));
        }
        Ok(robust)
    }

    /// d, the number of inputs of the network.
    #[must_use]
    pub fn width(&self) -> usize {
        self.inputs.iter().map(|input| input.coding.width()).sum()
    }

    /// Whether a network takes and puts out what this makes.
    pub(crate) fn fits(&self, network: &Network) -> Result<()> {
        let (inputs, outputs) = (self.width(), self.answers.outputs());
        if (inputs, outputs) == (network.inputs(), network.outputs()) {
            return Ok(());
        }
        let (d, k) = (network.inputs(), network.outputs());
        let found = format!("columns for {inputs} inputs and {outputs} outputs, a network of {d} and {k}");
        Err(Error::new(ErrorKind::Shape, found))
    }

    /// What each of the d inputs is called: the column, or `column=category`.
    #[must_use]
    pub fn input_names(&self) -> Vec<String> {
        self.inputs.iter().flat_map(|input| input.coding.names(&input.column)).collect()
    }

    /// The inputs x, shape (rows, d), of some rows of a table: columns are found by name, in any
    /// order, others are ignored.  Words that the training rows did not have are all zeros (or "others")
    /// and counted in `unseen`.
    ///
    /// # Errors
    /// Columns that are missing (all are named), words where numbers were learnt or the other way
    /// round, an infinite number.
    pub fn transform<R: Real>(&self, table: &Table, rows: &[u32], unseen: &mut Unseen) -> Result<Array2<R>> {
        self.check_columns(table)?;
        let table = &*self.spelled(table);
        let columns: HashMap<&str, &Column> =
            table.columns().iter().map(|(name, column)| (name.as_str(), column)).collect();
        let mut x = Array2::zeros((rows.len(), self.width()));
        let mut first = 0;
        for Input { column: name, coding } in &self.inputs {
            let places = first..first + coding.width();
            first = places.end;
            let Some(column) = columns.get(name.as_str()) else { continue };
            coding.transform(column, (table, name), rows, x.slice_mut(s![.., places.clone()]), unseen)?;
            if let Some(robust) = &self.robust {
                robust.apply(places.start, &mut x.slice_mut(s![.., places]));
            }
        }
        Ok(x)
    }

    /// Inputs and answers of some rows of a table.
    ///
    /// # Errors
    /// Those of [`Encoder::transform`] and [`Answers::transform`].
    pub fn transform_data<R: Real>(
        &self,
        table: &Table,
        rows: &[u32],
        unseen: &mut Unseen,
    ) -> Result<Data<R>> {
        Data::new(self.transform(table, rows, unseen)?, self.transform_answers(table, rows)?)
    }

    /// The answers of some rows of a table.
    ///
    /// # Errors
    /// Those of [`Answers::transform`].
    pub fn transform_answers<R: Real>(&self, table: &Table, rows: &[u32]) -> Result<Target<R>> {
        self.answers.transform(&self.spelled(table), rows)
    }

    /// The table with the words that the training rows had, where its own differ from them by case or blanks alone.
    fn spelled<'t>(&self, table: &'t Table) -> Cow<'t, Table> {
        if !self.joins {
            return Cow::Borrowed(table);
        }
        let mut known: HashMap<&str, &[String]> = HashMap::new();
        for Input { column, coding } in &self.inputs {
            if let Coding::Words { categories, .. } = coding {
                known.insert(column, categories);
            }
        }
        if let Answers::Classes { column, names, .. } = &self.answers {
            known.insert(column, names);
        }
        let spelled =
            |name: &str, words: &Words| Some(words.spelled_as(known.get(name)?.iter().map(String::as_str)));
        Cow::Owned(table.respelled(spelled))
    }

    /// Inputs and answers of several sets of rows, those learnt from first (train, test), of a table that is needed no more:
    /// each column is freed once it is coded, so a table of n numbers takes 2 * 4n bytes at most where
    /// the network computes in single precision, inputs included.
    ///
    /// # Errors
    /// Those of [`Encoder::transform_data`].
    pub fn transform_parts<R: Real>(
        &self,
        table: Table,
        parts: &[&[u32]],
        unseen: &mut Unseen,
    ) -> Result<Vec<Data<R>>> {
        self.check_columns(&table)?;
        let mut table = if self.joins { self.spelled(&table).into_owned() } else { table };
        let answers =
            parts.iter().map(|rows| self.answers.transform(&table, rows)).collect::<Result<Vec<_>>>()?;
        let mut columns: HashMap<String, Column> = table.take_columns().into_iter().collect();
        let needed: HashSet<&str> = self.inputs.iter().map(|input| input.column.as_str()).collect();
        columns.retain(|name, _| needed.contains(name.as_str()));
        // Double precision goes down to that of the inputs before the inputs take memory.
        let single = R::NAME == "f32";
        let mut done = HashSet::new();
        for Input { column: name, coding } in self.inputs.iter().filter(|_| single) {
            let Some(Column::Numbers(numbers)) = columns.get_mut(name) else { continue };
            if numbers.is_double() && coding.transform_in_place(numbers, (&table, name), parts, unseen)? {
                done.insert(name.as_str());
            }
        }
        let mut xs: Vec<Array2<R>> =
            parts.iter().map(|rows| Array2::zeros((rows.len(), self.width()))).collect();
        let mut first = 0;
        for Input { column: name, coding } in &self.inputs {
            let places = first..first + coding.width();
            first = places.end;
            let Some(column) = columns.remove(name) else { continue };
            for (i, (x, rows)) in xs.iter_mut().zip(parts).enumerate() {
                unseen.learnt = i == 0;
                let mut x = x.slice_mut(s![.., places.clone()]);
                match &column {
                    Column::Numbers(numbers) if done.contains(name.as_str()) => {
                        let values = rows.iter().map(|&row| R::of(numbers.get(row as usize)));
                        x.column_mut(0).iter_mut().zip(values).for_each(|(input, value)| *input = value);
                    }
                    _ => coding.transform(&column, (&table, name), rows, x.view_mut(), unseen)?,
                }
                if let Some(robust) = &self.robust {
                    robust.apply(places.start, &mut x);
                }
            }
        }
        unseen.learnt = false;
        xs.into_iter().zip(answers).map(|(x, y)| Data::new(x, y)).collect()
    }

    fn check_columns(&self, table: &Table) -> Result<()> {
        let known: HashSet<&str> = table.names().collect();
        let inputs = self.inputs.iter().map(|input| input.column.as_str());
        let absent: Vec<&str> = inputs.filter(|name| !known.contains(name)).collect();
        let Some(first) = absent.first() else { return Ok(()) };
        let found = match absent.len() {
            1 => format!("the column {} of the model is missing", listed(absent.iter().copied())),
            _ => format!("the columns {} of the model are missing", listed(absent.iter().copied())),
        };
        let hint = match nearest(first, table.names()) {
            Some(near) => format!("is it '{near}'?"),
            None => format!("the columns are {}", listed(table.names())),
        };
        Err(Error::new(ErrorKind::Data, found).hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Target;
    use crate::table::MAX_CATEGORIES;

    fn learn(table: &Table, target: &str, rows: &[u32]) -> Result<(Encoder, Vec<String>)> {
        let targets: Vec<String> = target.split(',').map(String::from).collect();
        let (encoder, decisions) = Encoder::fit(
            table,
            &Fit { targets: &targets, rows, loss: None, standardise: true, ..Fit::default() },
        )?;
        Ok((encoder, decisions.iter().map(ToString::to_string).collect()))
    }

    fn table(columns: Vec<(&str, Column)>) -> Table {
        Table::new(columns.into_iter().map(|(name, column)| (name.into(), column)).collect()).unwrap()
    }

    #[test]
    fn only_the_training_rows_are_learnt_from() {
        let table = table(vec![
            ("n", Column::numbers([1.0, 3.0, 20.0, 5.0])),
            ("w", Column::words(["a", "b", "c", "?"])),
            ("y", Column::numbers([0.0, 1.0, 1.0, 0.0])),
        ]);
        let (encoder, _) = learn(&table, "y", &[0, 1]).unwrap();
        let form = crate::table::NumberForm::default();
        let range = Some((1.0, 3.0));
        assert_eq!(
            encoder.inputs[0].coding,
            Coding::Number { median: 2.0, mean: 2.0, scale: 1.0, range, form }
        );
        let mut unseen = Unseen::default();
        let x = encoder.transform::<f64>(&table, &[2, 3], &mut unseen).unwrap();
        // 20 is far outside 1 to 3; it comes near to 4.
        let far = x[[0, 0]] + 2.0;
        assert!(far > 3.99 && far < 4.0, "{far}");
        assert_eq!(x.row(0).to_vec()[1..], [0.0, 0.0]);
        assert_eq!(x.row(1).to_vec(), [crate::table::limits::limited((1.0, 3.0), 5.0) - 2.0, 0.0, 0.0]);
        assert_eq!(
            unseen.warnings(),
            [
                "column 'n': 1 row has a value far outside 1 to 3 of the training rows (row 3: 20, taken as 3.99977)",
                "column 'w': 2 rows have a category that the training rows did not have (\"c\")"
            ]
        );
    }

    #[test]
    fn words_alike_are_one_where_that_is_asked_for() {
        let hair = Column::words(["dark", "Dark ", "fair", "dark", "FAIR", "fair"]);
        let y = Column::words(["Yes", "no", "yes", " NO", "Yes", "no"]);
        let old = table(vec![("hair", hair), ("y", y)]);
        let targets = ["y".to_owned()];
        let fit = Fit { targets: &targets, rows: &[0, 1, 2, 3, 4, 5], joins: true, ..Fit::default() };
        let (encoder, decisions) = Encoder::fit(&old, &fit).unwrap();
        assert_eq!(encoder.input_names(), ["hair=dark", "hair=fair"]);
        assert_eq!(encoder.answers.names(), ["Yes", "no"], "the most frequent spelling");
        assert!(decisions.iter().all(|decision| !decision.warning), "{decisions:?}");
        let mut unseen = Unseen::default();
        let new = table(vec![
            ("hair", Column::words(["DARK", "Fair", "fair", "red"])),
            ("y", Column::words(["YES", "No ", "no", "yes"])),
        ]);
        let data = encoder.transform_data::<f64>(&new, &[0, 1, 2, 3], &mut unseen).unwrap();
        assert_eq!(data.x, ndarray::array![[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]);
        assert_eq!(data.y, Target::Classes(ndarray::array![0, 1, 1, 0]));
        assert_eq!(
            unseen.warnings(),
            ["column 'hair': 1 row has a category that the training rows did not have (\"red\")"]
        );
        // Kept apart, they are four classes.
        let (apart, _) = learn(&old, "y", &[0, 1, 2, 3, 4, 5]).unwrap();
        assert_eq!(apart.answers.names().len(), 4);
    }

    #[test]
    fn before_a_robust_scale_two_words_are_one_input_and_missing_ones_none() {
        let old = table(vec![
            ("sex", Column::words(["man", "woman", "man", "?", "woman", "man"])),
            ("hair", Column::words(["dark", "fair", "red", "dark", "fair", "?"])),
            ("work", Column::words(["yes", "no", "yes", "no", "yes", "no"])),
            ("y", Column::words(["u", "v", "u", "v", "u", "v"])),
        ]);
        let (targets, rows) = (["y".to_owned()], [0, 1, 2, 3, 4, 5]);
        let fit = Fit { targets: &targets, rows: &rows, robust: true, ..Fit::default() };
        let (mut encoder, _) = Encoder::fit(&old, &fit).unwrap();
        encoder.robust = None;
        let names = encoder.input_names();
        let pairs = ["sex=man (1) or woman (-1)", "work=no (1) or yes (-1)"];
        assert_eq!(names, [pairs[0], "hair=dark", "hair=fair", "hair=red", pairs[1]]);
        let mut unseen = Unseen::default();
        let x = encoder.transform::<f64>(&old, &rows, &mut unseen).unwrap();
        assert_eq!(x.row(0).to_vec(), [1.0, 1.0, 0.0, 0.0, -1.0]);
        assert_eq!(x.row(4).to_vec(), [-1.0, 0.0, 1.0, 0.0, -1.0]);
        assert_eq!(
            (x.row(3).to_vec(), x.row(5).to_vec()),
            (vec![0.0, 1.0, 0.0, 0.0, 1.0], vec![1.0, 0.0, 0.0, 0.0, 1.0])
        );
        assert!(unseen.warnings().is_empty(), "missing ones are known");
        let new = table(vec![
            ("sex", Column::words(["?", "child"])),
            ("hair", Column::words(["?", "?"])),
            ("work", Column::words(["?", "no"])),
        ]);
        let x = encoder.transform::<f64>(&new, &[0, 1], &mut unseen).unwrap();
        assert_eq!(x, ndarray::array![[0.0; 5], [0.0, 0.0, 0.0, 0.0, 1.0]]);
        let category = "a category that the training rows did not have";
        assert_eq!(
            unseen.warnings(),
            [
                format!("column 'sex': 1 row has {category} (\"child\")"),
                format!("column 'work': 1 row has {category} (a missing value)")
            ]
        );
    }

    #[test]
    fn new_data_may_have_other_orders_and_extra_columns() {
        let y = || Column::words(["u", "v", "u"]);
        let old = table(vec![
            ("a", Column::numbers([1.0, 2.0, 4.0])),
            ("b", Column::words(["p", "q", "q"])),
            ("y", y()),
        ]);
        let new = table(vec![
            ("extra", Column::numbers([7.0; 3])),
            ("b", Column::words(["p", "q", "q"])),
            ("a", Column::numbers([1.0, 2.0, 4.0])),
        ]);
        let (encoder, _) = learn(&old, "y", &[0, 1, 2]).unwrap();
        let mut unseen = Unseen::default();
        let rows = [0, 1, 2];
        assert_eq!(
            encoder.transform::<f32>(&old, &rows, &mut unseen).unwrap(),
            encoder.transform::<f32>(&new, &rows, &mut unseen).unwrap()
        );
        let parts = encoder.transform_parts::<f32>(old.clone(), &[&[2, 0], &[1]], &mut unseen).unwrap();
        assert_eq!(parts[0], encoder.transform_data(&old, &[2, 0], &mut unseen).unwrap());
        assert_eq!(parts[1], encoder.transform_data(&old, &[1], &mut unseen).unwrap());
        let none = table(vec![("c", Column::numbers([1.0]))]);
        assert_eq!(
            encoder.transform::<f32>(&none, &[0], &mut unseen).unwrap_err().to_string(),
            "the columns 'a', 'b' of the model are missing; the columns are 'c'"
        );
    }

    #[test]
    fn what_the_answers_mean() {
        let x = || ("x", Column::numbers((0..30).map(f64::from)));
        let rows: Vec<u32> = (0..30).collect();
        let of = |name: &str, columns: Vec<(&str, Column)>| {
            let table = table([vec![x()], columns].concat());
            let (encoder, notes) = learn(&table, name, &rows).unwrap();
            let y = encoder.answers.transform::<f64>(&table, &rows).unwrap();
            (encoder.answers, y, notes[0].clone())
        };
        let numbers = |f: fn(u32) -> f64| Column::numbers((0..30).map(f));
        // Class numbers are sorted by size, not as text.
        let (answers, y, note) = of("y", vec![("y", numbers(|i| f64::from(i % 3) * 5.0))]);
        assert_eq!(answers.names(), ["0", "5", "10"]);
        assert_eq!(y.select(&[0, 1, 2]), Target::Classes(vec![0, 1, 2].into()));
        assert_eq!(note, "target 'y': whole numbers with 3 values are classes, so the loss is softmax");
        let (answers, ..) = of("y", vec![("y", numbers(f64::from))]);
        assert_eq!(answers.loss(), Loss::Squared);
        // Fifteen values in thirty rows are names if they count, and measured if they leave numbers out.
        let (answers, ..) = of("y", vec![("y", numbers(|i| f64::from(i % 15)))]);
        assert_eq!(answers.loss(), Loss::Softmax);
        let (answers, _, note) = of("y", vec![("y", numbers(|i| f64::from(i % 15) * 3.0))]);
        assert_eq!(answers.loss(), Loss::Squared);
        assert_eq!(
            note,
            "target 'y': 15 whole numbers with gaps in 30 rows are regression, so the loss is squared"
        );
        let (answers, y, _) = of("y", vec![("y", numbers(|i| f64::from(i) + 0.5))]);
        let Target::Values(mut y) = y else { panic!("regression") };
        assert!(y.mean().unwrap().abs() < 1e-12);
        answers.decode(&mut y);
        assert!((y[[7, 0]] - 7.5).abs() < 1e-12);
        let label = || numbers(|i| f64::from(i % 2));
        let (answers, ..) = of("y,z", vec![("y", label()), ("z", label())]);
        assert_eq!((answers.loss(), answers.outputs()), (Loss::Logistic, 2));
    }

    #[test]
    fn wide_word_columns_are_capped_and_ids_dropped() {
        let n = 400;
        let words = |f: &dyn Fn(u32) -> String| {
            let words: Vec<String> = (0..n).map(f).collect();
            Column::words(words.iter().map(String::as_str))
        };
        let table = table(vec![
            ("wide", words(&|i| format!("w{}", i % 60))),
            ("id", words(&|i| format!("id{i}"))),
            ("day", words(&|i| format!("2024-{:02}-{:02}", 1 + i / 28 % 12, 1 + i % 28))),
            ("same", Column::numbers(vec![4.0; n as usize])),
            ("y", words(&|i| if i % 7 < 3 { "a".into() } else { "b".into() })),
        ]);
        let rows: Vec<u32> = (0..n).collect();
        let (encoder, notes) = learn(&table, "y", &rows).unwrap();
        assert_eq!(encoder.width(), MAX_CATEGORIES + 1);
        assert_eq!(encoder.dropped.len(), 3);
        assert_eq!(
            notes[1..],
            [
                "column 'wide': the 50 most frequent categories have their own input, the others share one: 60 categories",
                "column 'id': dropped, like an ID or free text: 400 different words in 400 rows",
                "column 'day': dropped, like an ID or free text: 336 different words in 400 rows",
                "column 'same': dropped, always the same: 4",
            ]
        );
        let x = encoder.transform::<f32>(&table, &rows, &mut Unseen::default()).unwrap();
        assert!(x.rows().into_iter().all(|row| row.sum() == 1.0));
    }

    #[test]
    fn what_cannot_be_learnt_from_is_an_error() {
        let numbers = Column::numbers;
        let check = |columns: Vec<(&str, Column)>, expected: &str| {
            let table = table(columns).with_lines(vec![(0, 2)]);
            assert_eq!(learn(&table, "y", &[0, 1, 2]).unwrap_err().to_string(), expected);
        };
        let x = || ("x", numbers([1.0, 2.0, 3.0, 4.0]));
        let words = |words: [&'static str; 4]| ("y", Column::words(words));
        check(
            vec![x(), words(["a", "a", "a", "a"])],
            "column 'y': all 4 rows are of one class, \"a\"; at least two classes are needed",
        );
        check(
            vec![x(), words(["a", "a", "", "b"])],
            "row 4, column 'y': the answer is missing; fill it in, or remove the row",
        );
        check(
            vec![x(), words(["a", "b", "c", "d"])],
            "column 'y': 4 rows have 4 classes; each class needs several rows; is another column the target?",
        );
        check(
            vec![("x", numbers([1.0, f64::INFINITY, 3.0, 4.0])), words(["a", "b", "a", "b"])],
            "row 3, column 'x': found an infinite number; only finite numbers can be learnt from: mend the cell, or leave it empty",
        );
        check(
            vec![("x", numbers([1.0; 4])), words(["a", "b", "a", "b"])],
            "no column says anything: 'x' is constant or all different words; at least one input is needed",
        );
    }

    #[test]
    fn the_encoder_comes_back_from_json_in_the_same_bits() {
        let table = table(vec![
            ("n", numbers_of(&[0.1, 0.7, 1e-300, 12345.678])),
            ("w", Column::words(["a", "", "b", "a"])),
            ("y", Column::numbers([0.1, 0.2, 0.3, 0.4])),
        ]);
        let (encoder, _) = learn(&table, "y", &[0, 1, 2, 3]).unwrap();
        let json = serde_json::to_string(&encoder).unwrap();
        assert_eq!(serde_json::from_str::<Encoder>(&json).unwrap(), encoder);
    }

    fn numbers_of(values: &[f64]) -> Column {
        Column::numbers(values.iter().copied())
    }
}
