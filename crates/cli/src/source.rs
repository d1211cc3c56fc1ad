//! Where the rows come from: a table file, arrays in an npz file, or the notebook's spirals.
//!
//! All of them become a [`Table`]; arrays have the columns `x0 x1 ..` and `y` (or `y0 y1 ..`).

use clearprop::activation::Activation;
use clearprop::data::{Spirals, spirals};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::loss::Loss;
use clearprop::network::Penalized;
use clearprop::real::Real;
use clearprop::table::{Coding, Column, Encoder, Input, Learn, Table};
use clearprop::target::Target;
use clearprop_files::npz::Npz;
use clearprop_files::{csv, disk, npz};
use ndarray::{Array2, ArrayView2, Axis};
use std::io::BufReader;
use std::path::Path;

/// Rows, and what their file says about them.
pub(crate) struct Source {
    /// What the run is called after: the file's stem, or `spirals`.
    pub(crate) name: String,
    /// The rows.
    pub(crate) table: Table,
    /// Arrays are taken as they are; a table's columns are learnt from.
    pub(crate) kind: Kind,
}

/// What kind of source it is.
pub(crate) enum Kind {
    /// The notebook's data.
    Spirals,
    /// Arrays with the answers' columns, and what else the file says.
    Arrays(Box<Said>),
    /// A person's table.
    Table,
}

/// What an npz file may say about the run; options override it.
#[derive(Default)]
pub(crate) struct Said {
    /// The columns of `y`.
    pub(crate) targets: Vec<String>,
    /// Row numbers (train, test).
    pub(crate) split: Option<(Vec<u32>, Vec<u32>)>,
    pub(crate) reg: Option<f64>,
    pub(crate) activation: Option<Activation>,
    pub(crate) loss: Option<Loss>,
    pub(crate) penalized: Option<Penalized>,
}

/// Whether a path's name ends like this.
pub(crate) fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// The notebook's spirals.
pub(crate) fn spirals_of(seed: u64) -> Result<Source> {
    let data = spirals::<f64>(&Spirals::default(), seed)?;
    Ok(Source { name: "spirals".into(), table: spirals_table(&data)?, kind: Kind::Spirals })
}

/// Spirals as a table: `x0`, `x1`, `y`.
pub(crate) fn spirals_table(data: &clearprop::data::Data<f64>) -> Result<Table> {
    let mut columns = columns_of(data.x.view(), "x");
    if let Target::Classes(y) = &data.y {
        columns.push(("y".to_owned(), Column::numbers(y.iter().map(|&class| f64::from(class)))));
    }
    Table::new(columns)
}

/// The rows of a file; `single` keeps a table's numbers in single precision, half the memory.
pub(crate) fn open(path: &Path, single: bool) -> Result<Source> {
    open_with(path, &csv::Options { single, ..csv::Options::default() })
}

/// The rows of a file for a model, whose columns are read as the model knows them.
pub(crate) fn open_for<R: Real>(path: &Path, encoder: &Encoder) -> Result<Source> {
    open_with(path, &options_for::<R>(encoder))
}

/// How a table is read for a model.
pub(crate) fn options_for<R: Real>(encoder: &Encoder) -> csv::Options {
    let kind = |coding: &Coding| match coding {
        Coding::Number { .. } => csv::Kind::Numbers,
        Coding::Words { .. } => csv::Kind::Words,
    };
    let kinds = encoder.inputs.iter().map(|input| (input.column.clone(), kind(&input.coding))).collect();
    csv::Options { single: R::NAME == "f32", kinds, ..csv::Options::default() }
}

fn open_with(path: &Path, options: &csv::Options) -> Result<Source> {
    let name = path.file_stem().map_or_else(|| "run".into(), |stem| stem.to_string_lossy().into_owned());
    if ends(path, "npz") {
        let file = read_npz(path)?;
        let (table, said) = arrays(&file)?;
        return Ok(Source { name, table, kind: Kind::Arrays(Box::new(said)) });
    }
    let (file, _) = disk::open(path)?;
    let table = csv::read(BufReader::new(file), &path.display().to_string(), options)?;
    Ok(Source { name, table, kind: Kind::Table })
}

/// The arrays of an npz file.
pub(crate) fn read_npz(path: &Path) -> Result<Npz> {
    let (file, _) = disk::open(path)?;
    npz::read(BufReader::new(file), &path.display().to_string())
}

fn columns_of(values: ArrayView2<'_, f64>, letter: &str) -> Vec<(String, Column)> {
    let columns = values.axis_iter(Axis(1)).enumerate();
    columns.map(|(j, column)| (format!("{letter}{j}"), Column::numbers(column.iter().copied()))).collect()
}

fn arrays(file: &Npz) -> Result<(Table, Said)> {
    let x: Array2<f64> = file.matrix("X")?;
    let mut columns = columns_of(x.view(), "x");
    let mut said = Said::default();
    if let Some(y) = file.get("y") {
        let targets = match y.shape.as_slice() {
            [_] | [_, 1] => {
                vec![("y".to_owned(), Column::numbers(file.vector::<f64>("y")?.iter().copied()))]
            }
            _ => columns_of(file.matrix::<f64>("y")?.view(), "y"),
        };
        if targets.iter().any(|(_, column)| column.len() != x.nrows()) {
            let found = format!("has {} rows, X has {}", y.shape.first().unwrap_or(&0), x.nrows());
            return Err(file.error("y", found).hint("each row of X needs its answer"));
        }
        said.targets = targets.iter().map(|(name, _)| name.clone()).collect();
        columns.extend(targets);
    }
    let rows = |name: &str| -> Result<Vec<u32>> {
        let rows = file.whole(name)?.to_vec();
        match rows.iter().find(|&&row| row as usize >= x.nrows()) {
            Some(row) => Err(file.error(name, format!("names row {row}, X has rows 0 to {}", x.nrows() - 1))),
            None => Ok(rows),
        }
    };
    if file.get("train").is_some() {
        let test = if file.get("test").is_some() { rows("test")? } else { Vec::new() };
        said.split = Some((rows("train")?, test));
    }
    let has = |name: &str| file.get(name).is_some();
    said.reg = has("reg").then(|| file.scalar("reg")).transpose()?;
    said.activation = word(file, "activation")?;
    said.loss = word(file, "loss_name")?;
    said.penalized = word(file, "regularize")?;
    Ok((Table::new(columns)?.with_lines(vec![(0, 0)]), said))
}

fn word<T: std::str::FromStr<Err = Error>>(file: &Npz, name: &str) -> Result<Option<T>> {
    if file.get(name).is_none() {
        return Ok(None);
    }
    let text = file.text(name)?;
    text.parse().map(Some).map_err(|error: Error| file.error(name, error.to_string()))
}

/// An encoder that takes the columns as they are: the inputs are all columns but the targets.
pub(crate) fn as_they_are(table: &Table, learn: &Learn<'_>) -> Result<(Encoder, Vec<String>)> {
    let (mut encoder, mut notes) = Encoder::learn(table, learn)?;
    let inputs = table.names().filter(|name| !learn.targets.iter().any(|target| target == name));
    let coding = Coding::Number { median: 0.0, mean: 0.0, scale: 1.0 };
    encoder.inputs = inputs.map(|name| Input { column: name.to_owned(), coding: coding.clone() }).collect();
    encoder.dropped.clear();
    // What was noted about dropped columns is not so.
    notes.truncate(1);
    Ok((encoder, notes))
}

/// The table's rows, all of them.
pub(crate) fn all_rows(table: &Table) -> Result<Vec<u32>> {
    let rows = u32::try_from(table.len());
    let rows = rows.map_err(|_| Error::new(ErrorKind::Data, "more than 2^32 rows"))?;
    Ok((0..rows).collect())
}

/// First weights from arrays `W1 W2 ..` or `W1_0 W2_0 ..` (these, if both are there): bias in the last row.
pub(crate) fn start_weights<R: Real>(file: &Npz, inputs: usize) -> Result<Vec<Array2<R>>> {
    let suffix = if file.get("W1_0").is_some() { "_0" } else { "" };
    let mut layers: Vec<Array2<R>> = vec![file.matrix(&format!("W1{suffix}"))?];
    while file.get(&format!("W{}{suffix}", layers.len() + 1)).is_some() {
        layers.push(file.matrix(&format!("W{}{suffix}", layers.len() + 1))?);
    }
    let mut fan_in = inputs;
    for (l, layer) in (1..).zip(&layers) {
        if layer.nrows() != fan_in + 1 || layer.ncols() == 0 {
            let found = format!("has shape ({}, {})", layer.nrows(), layer.ncols());
            let needed = format!("{} rows are needed: {fan_in} weights and the bias last", fan_in + 1);
            return Err(file.error(&format!("W{l}{suffix}"), found).layer(l).hint(needed));
        }
        fan_in = layer.ncols();
    }
    Ok(layers)
}
