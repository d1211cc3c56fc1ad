//! From a table to the inputs of a network, by what was learnt from the training rows.
//!
//! - A number column becomes one input `(value - mean) / scale`: standardised with the mean and the
//!   (population) standard deviation of the training rows; a missing value is first filled with their
//!   median.
//! - A word column becomes one input a category, 1 where the row has it (one-hot).  Beyond
//!   [`MAX_CATEGORIES`] the rarer ones share one input; missing values have their own if the training
//!   rows have any.
//! - A constant column says nothing and is dropped; so is a column of words that are nearly all
//!   different (an ID, a date, free text).
//!
//! The same as scikit-learn's `ColumnTransformer` of `SimpleImputer(strategy="median")`,
//! `StandardScaler` and `OneHotEncoder(max_categories=..)`.

use super::columns::{infinite, numbers, one_hot};
use super::{Answers, Column, Table, Words, listed};
use crate::data::Data;
use crate::error::{Error, ErrorKind, Result, nearest};
use crate::loss::Loss;
use crate::real::Real;
use ndarray::{Array2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};

/// The widest a word column may become, without its inputs for rarer and for missing words.
pub const MAX_CATEGORIES: usize = 50;

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
}

/// A column that becomes inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The column's name.
    pub column: String,
    /// How its values become numbers.
    pub coding: Coding,
}

/// How a column's values become numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Coding {
    /// `(value - mean) / scale`.
    Number {
        /// What stands for a missing value.
        median: f64,
        /// The mean over the training rows (0 with `scale=none`).
        mean: f64,
        /// The standard deviation over the training rows (1 with `scale=none`).
        scale: f64,
    },
    /// One input a category, then one for all others and one for missing values if there are such.
    Words {
        /// The categories, in alphabetical order.
        categories: Vec<String>,
        /// Whether rarer words have an input of their own, all together.
        others: bool,
        /// Whether missing values have an input of their own.
        missing: bool,
    },
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

/// What [`Encoder::learn`] is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Learn<'a> {
    /// The target columns.
    pub targets: &'a [String],
    /// The rows to learn from, counted from 0: the training rows.
    pub rows: &'a [u32],
    /// The loss, if it is given; else what the answers look like decides.
    pub loss: Option<Loss>,
    /// Whether number columns and regression answers are standardised.
    pub standardise: bool,
}

/// How many values [`Encoder::encode`] met that the training rows did not have, by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen(Vec<(String, u64, String)>);

impl Unseen {
    fn add(&mut self, column: &str, count: u64, example: &str) {
        if count == 0 {
            return;
        }
        match self.0.iter_mut().find(|(known, ..)| known == column) {
            Some((_, so_far, _)) => *so_far += count,
            None => self.0.push((column.to_owned(), count, example.to_owned())),
        }
    }

    /// One warning a column, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let line = |(column, count, example): &(String, u64, String)| {
            let rows = if *count == 1 { "1 row has" } else { &format!("{count} rows have") };
            format!("column '{column}': {rows} a category that the training rows did not have ({example})")
        };
        self.0.iter().map(line).collect()
    }
}

impl Encoder {
    /// Learns from some rows of a table.  Every choice it makes by itself is told in the notes, one
    /// line each, for a person to read once.
    ///
    /// ```
    /// use clearprop::table::{Column, Encoder, Learn, Table, Unseen};
    /// let table = Table::new(vec![
    ///     ("cm".into(), Column::numbers([150.0, f64::NAN, 170.0, 190.0])),
    ///     ("hair".into(), Column::words(["dark", "fair", "dark", "fair"])),
    ///     ("who".into(), Column::words(["Ann", "Ann", "Bob", "Bob"])),
    /// ])?;
    /// let (targets, rows) = (["who".to_string()], [0, 1, 2, 3]);
    /// let learn = Learn { targets: &targets, rows: &rows, loss: None, standardise: true };
    /// let (encoder, notes) = Encoder::learn(&table, &learn)?;
    /// assert_eq!(encoder.input_names(), ["cm", "hair=dark", "hair=fair"]);
    /// assert_eq!(notes[0], "target 'who': words are classes, so the loss is softmax");
    /// // The missing height is the median 170; mean 170, standard deviation sqrt(200).
    /// let x = encoder.encode::<f64>(&table, &rows, &mut Unseen::default())?;
    /// assert_eq!(x.row(1).to_vec(), [0.0, 0.0, 1.0]);
    /// assert_eq!(x[[3, 0]], 20.0 / 200f64.sqrt());
    /// # Ok::<(), clearprop::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A target column that is not there, answers that cannot be learnt from (one class only, a
    /// missing one, ..), an infinite number, no column left that says anything.
    pub fn learn(table: &Table, learn: &Learn<'_>) -> Result<(Self, Vec<String>)> {
        if table.is_empty() || learn.rows.is_empty() {
            return Err(Error::new(ErrorKind::Data, "there are no rows to learn from"));
        }
        let mut notes = Vec::new();
        let answers =
            Answers::learn(table, learn.targets, learn.rows, learn.loss, learn.standardise, &mut notes)?;
        let (mut inputs, mut dropped) = (Vec::new(), Vec::new());
        for (name, column) in table.columns() {
            if learn.targets.contains(name) {
                continue;
            }
            let coding = match column {
                Column::Numbers(_) => numbers(table, name, column, learn, &mut notes)?,
                Column::Words(words) => one_hot(name, words, learn.rows, &mut notes),
            };
            match coding {
                Ok(coding) => inputs.push(Input { column: name.clone(), coding }),
                Err(reason) => dropped.push(Dropped { column: name.clone(), reason }),
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
        Ok((Self { inputs, dropped, answers }, notes))
    }

    /// d, the number of inputs of the network.
    #[must_use]
    pub fn width(&self) -> usize {
        self.inputs.iter().map(|input| input.coding.width()).sum()
    }

    /// What each of the d inputs is called: the column, or `column=category`.
    #[must_use]
    pub fn input_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for Input { column, coding } in &self.inputs {
            match coding {
                Coding::Number { .. } => names.push(column.clone()),
                Coding::Words { categories, others, missing } => {
                    names.extend(categories.iter().map(|category| format!("{column}={category}")));
                    names.extend(others.then(|| format!("{column}=(others)")));
                    names.extend(missing.then(|| format!("{column}=(missing)")));
                }
            }
        }
        names
    }

    /// The inputs x, shape (rows, d), of some rows of a table: columns are found by name, in any
    /// order, others are ignored.  Words that the training rows did not have are all zeros (or "others")
    /// and counted in `unseen`.
    ///
    /// # Errors
    /// Columns that are missing (all are named), words where numbers were learnt or the other way
    /// round, an infinite number.
    pub fn encode<R: Real>(&self, table: &Table, rows: &[u32], unseen: &mut Unseen) -> Result<Array2<R>> {
        self.check_columns(table)?;
        let mut x = Array2::zeros((rows.len(), self.width()));
        let mut first = 0;
        for Input { column: name, coding } in &self.inputs {
            let places = first..first + coding.width();
            first = places.end;
            let column = table.column(name)?;
            coding.encode(column, (table, name), rows, x.slice_mut(s![.., places]), unseen)?;
        }
        Ok(x)
    }

    /// Inputs and answers of some rows of a table.
    ///
    /// # Errors
    /// Those of [`Encoder::encode`] and [`Answers::encode`].
    pub fn encode_data<R: Real>(&self, table: &Table, rows: &[u32], unseen: &mut Unseen) -> Result<Data<R>> {
        Data::new(self.encode(table, rows, unseen)?, self.answers.encode(table, rows)?)
    }

    /// Inputs and answers of several sets of rows (train, test) of a table that is needed no more:
    /// each column is freed once it is encoded, so a table of n numbers in single precision takes
    /// 2 * 4n bytes at most, inputs included.
    ///
    /// # Errors
    /// Those of [`Encoder::encode_data`].
    pub fn encode_parts<R: Real>(
        &self,
        mut table: Table,
        parts: &[&[u32]],
        unseen: &mut Unseen,
    ) -> Result<Vec<Data<R>>> {
        self.check_columns(&table)?;
        let answers =
            parts.iter().map(|rows| self.answers.encode(&table, rows)).collect::<Result<Vec<_>>>()?;
        table.keep(|name| self.inputs.iter().any(|input| input.column == name));
        let mut xs: Vec<Array2<R>> =
            parts.iter().map(|rows| Array2::zeros((rows.len(), self.width()))).collect();
        let mut first = 0;
        for Input { column: name, coding } in &self.inputs {
            let places = first..first + coding.width();
            first = places.end;
            let column = table.take(name)?;
            for (x, rows) in xs.iter_mut().zip(parts) {
                let x = x.slice_mut(s![.., places.clone()]);
                coding.encode(&column, (&table, name), rows, x, unseen)?;
            }
        }
        xs.into_iter().zip(answers).map(|(x, y)| Data::new(x, y)).collect()
    }

    fn check_columns(&self, table: &Table) -> Result<()> {
        let absent: Vec<&str> = self
            .inputs
            .iter()
            .map(|input| input.column.as_str())
            .filter(|name| table.get(name).is_none())
            .collect();
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

impl Coding {
    /// How many inputs it gives.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Words { categories, others, missing } => {
                categories.len() + usize::from(*others) + usize::from(*missing)
            }
        }
    }

    /// Fills the inputs of one column, which stands under `name` in the table; `x` (rows, width) holds
    /// zeros.
    fn encode<R: Real>(
        &self,
        column: &Column,
        (table, name): (&Table, &str),
        rows: &[u32],
        mut x: ArrayViewMut2<'_, R>,
        unseen: &mut Unseen,
    ) -> Result<()> {
        match (self, column) {
            (Self::Number { median, mean, scale }, Column::Numbers(numbers)) => {
                for (&row, input) in rows.iter().zip(x.column_mut(0)) {
                    let value = numbers.get(row as usize);
                    if value.is_infinite() {
                        return Err(infinite(table, name, row as usize));
                    }
                    let value = if value.is_nan() { *median } else { value };
                    *input = R::of((value - mean) / scale);
                }
            }
            (Self::Number { median, mean, scale }, Column::Words(words)) => {
                if let Some(row) = (0..words.len()).find(|&row| words.get(row).is_some()) {
                    let found = format!("found {:?}, the model was trained on numbers", column.text(row));
                    return Err(Error::new(ErrorKind::Data, found).row(table.line(row)).column(name));
                }
                x.fill(R::of((median - mean) / scale));
            }
            (Self::Words { .. }, Column::Words(words)) => self.encode_words(words, name, rows, x, unseen),
            // Categories may look like numbers in new data: their text is the category.
            (Self::Words { .. }, Column::Numbers(_)) => {
                let mut words = Words::default();
                let texts: Vec<String> = rows.iter().map(|&row| column.text(row as usize)).collect();
                texts.iter().for_each(|text| words.push((!text.is_empty()).then_some(text)));
                let rows: Vec<u32> = (0..).take(words.len()).collect();
                self.encode_words(&words, name, &rows, x, unseen);
            }
        }
        Ok(())
    }

    fn encode_words<R: Real>(
        &self,
        words: &Words,
        name: &str,
        rows: &[u32],
        mut x: ArrayViewMut2<'_, R>,
        unseen: &mut Unseen,
    ) {
        let Self::Words { categories, others, missing } = self else { return };
        let n = categories.len();
        let others = others.then_some(n);
        let missing = missing.then_some(n + usize::from(others.is_some()));
        // Each word's input, looked up once.
        let inputs: Vec<Option<usize>> =
            words.known().iter().map(|word| categories.binary_search(word).ok().or(others)).collect();
        let (mut count, mut example) = (0, None);
        for (i, &row) in rows.iter().enumerate() {
            let code = words.codes()[row as usize];
            let input = if code == Words::MISSING { missing } else { inputs[code as usize] };
            match input {
                Some(input) => x[[i, input]] = R::one(),
                None => {
                    count += 1;
                    example.get_or_insert(row);
                }
            }
        }
        let example = match example.map(|row| words.get(row as usize)) {
            Some(Some(word)) => format!("\"{word}\""),
            _ => "a missing value".to_owned(),
        };
        unseen.add(name, count, &example);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Target;

    fn learn(table: &Table, target: &str, rows: &[u32]) -> Result<(Encoder, Vec<String>)> {
        let targets: Vec<String> = target.split(',').map(String::from).collect();
        Encoder::learn(table, &Learn { targets: &targets, rows, loss: None, standardise: true })
    }

    fn table(columns: Vec<(&str, Column)>) -> Table {
        Table::new(columns.into_iter().map(|(name, column)| (name.into(), column)).collect()).unwrap()
    }

    #[test]
    fn only_the_training_rows_are_learnt_from() {
        let table = table(vec![
            ("n", Column::numbers([1.0, 3.0, 100.0, 5.0])),
            ("w", Column::words(["a", "b", "c", "?"])),
            ("y", Column::numbers([0.0, 1.0, 1.0, 0.0])),
        ]);
        let (encoder, _) = learn(&table, "y", &[0, 1]).unwrap();
        assert_eq!(encoder.inputs[0].coding, Coding::Number { median: 2.0, mean: 2.0, scale: 1.0 });
        let mut unseen = Unseen::default();
        let x = encoder.encode::<f64>(&table, &[2, 3], &mut unseen).unwrap();
        assert_eq!(x, ndarray::array![[98.0, 0.0, 0.0], [3.0, 0.0, 0.0]]);
        assert_eq!(
            unseen.warnings(),
            ["column 'w': 2 rows have a category that the training rows did not have (\"c\")"]
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
            encoder.encode::<f32>(&old, &rows, &mut unseen).unwrap(),
            encoder.encode::<f32>(&new, &rows, &mut unseen).unwrap()
        );
        let parts = encoder.encode_parts::<f32>(old.clone(), &[&[2, 0], &[1]], &mut unseen).unwrap();
        assert_eq!(parts[0], encoder.encode_data(&old, &[2, 0], &mut unseen).unwrap());
        assert_eq!(parts[1], encoder.encode_data(&old, &[1], &mut unseen).unwrap());
        let none = table(vec![("c", Column::numbers([1.0]))]);
        assert_eq!(
            encoder.encode::<f32>(&none, &[0], &mut unseen).unwrap_err().to_string(),
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
            let y = encoder.answers.encode::<f64>(&table, &rows).unwrap();
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
            ("y", words(&|i| if i % 2 == 0 { "a".into() } else { "b".into() })),
        ]);
        let rows: Vec<u32> = (0..n).collect();
        let (encoder, notes) = learn(&table, "y", &rows).unwrap();
        assert_eq!(encoder.width(), MAX_CATEGORIES + 1);
        assert_eq!(encoder.dropped.len(), 3);
        assert_eq!(
            notes[1..],
            [
                "column 'wide': 60 categories, the 50 most frequent have their own input, the others share one",
                "column 'id': dropped, 400 different words in 400 rows look like an ID or free text",
                "column 'day': dropped, 336 different words in 400 rows look like dates",
                "column 'same': dropped, it is always 4",
            ]
        );
        let x = encoder.encode::<f32>(&table, &rows, &mut Unseen::default()).unwrap();
        assert!(x.rows().into_iter().all(|row| row.sum() == 1.0));
    }

    #[test]
    fn numbers_that_are_written_as_words_are_pointed_out() {
        let note = |words: [&str; 4]| {
            let y = Column::words(["u", "v", "u", "v"]);
            let table = table(vec![("w", Column::words(words)), ("y", y)]);
            learn(&table, "y", &[0, 1, 2, 3]).unwrap().1.get(1).cloned().unwrap_or_default()
        };
        for (words, odd) in [
            (["1,234", "5,678", "1,234", "12"], "1,234"),
            (["12 %", "13.5 %", "12 %", "13.5 %"], "12 %"),
            (["-$5", "$ 6", "$ 6", "-$5"], "-$5"),
            (["3", "4", "3", "unknown"], "unknown"),
        ] {
            let expected = format!(
                "column 'w': most words look like numbers, but not all are: \"{odd}\"; \
                 write 1234.5 (`decimal_comma` reads 1234,5), leave unknown ones empty"
            );
            assert_eq!(note(words), expected);
        }
        for words in [["a1", "b2", "a1", "b2"], ["1-2", "3-4", "1-2", "3-4"], ["1", "x", "y", "x"]] {
            assert_eq!(note(words), "", "{words:?}");
        }
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
            vec![x(), words(["a", "b", "c", "a"])],
            "row 3, column 'y': class \"b\" has this one row; it cannot be both trained and tested on: remove the row, or use `test_size=0`",
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
