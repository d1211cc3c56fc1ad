//! Where the rows come from: a table file, arrays in an npz file, or the notebook's spirals.
//!
//! All of them become a [`Table`]; arrays have the columns `x0 x1 ..` and `y` (or `y0 y1 ..`).

use clearprop::activation::Activation;
use clearprop::decision::Decision;
use clearprop::diagnose::reading::{Reading, holds_weights};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{Origin, Rows};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::settings::Choices;
use clearprop::table::{Column, Table};
use clearprop::target::Target;
use clearprop_files::arrays::for_diagnosis;
use clearprop_files::budget::check_columns;
use clearprop_files::npz::{Npz, Values};
use clearprop_files::table::{self, Opened, Options};
use clearprop_files::{disk, npz};
use ndarray::{Array2, ArrayView2, Axis};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Rows with their names.
pub(crate) struct Source {
    /// What the run is called after: the file's stem, or `spirals`.
    pub(crate) name: String,
    /// What the file is called in messages.
    pub(crate) file: String,
    /// The rows, and what the file says about them.
    pub(crate) rows: Rows,
    /// What was decided while they were read.
    pub(crate) decisions: Vec<Decision>,
}

/// Whether a path's name ends like this.
pub(crate) fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// What a file is called in messages; `-` is standard input.
pub(crate) fn called(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

/// A path that means the same from everywhere.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    if path == Path::new("-") {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The rows of a file that have answers; without a file, the notebook's spirals.  `choose` says what columns
/// are, once their names are known.
pub(crate) fn open(
    path: Option<&PathBuf>,
    options: &Options,
    choose: &mut Choose<'_>,
    seed: u64,
) -> Result<Source> {
    let Some(path) = path else {
        let file = "the notebook's spirals".to_owned();
        let rows = Rows::notebook(seed)?;
        return Ok(Source { name: "spirals".into(), file, rows, decisions: Vec::new() });
    };
    let about = |error: Error| {
        let place = error.place();
        let named = place.file.is_some() || place.name.is_some() || place.setting.is_some();
        if named { error } else { error.file(called(path)) }
    };
    let bar = crate::progress::Reading::new();
    let mut seen = |read: u64, size: u64| bar.show(read, size);
    let mut targets = Vec::new();
    let mut chosen = |names: &[&str], options: &mut Options| {
        choose(names, options)?;
        let known = |name: &&String| names.contains(&name.as_str());
        targets = options.targets.iter().filter(known).cloned().collect();
        Ok(())
    };
    let opened = table::open_chosen(path, options, &mut chosen, &mut seen).map_err(about)?;
    let (rows, decisions) = match opened {
        Opened::Rows(rows) => {
            let (mut table, mut decisions) = rows.read_with_decisions()?;
            if !targets.is_empty() {
                let (answered, more) = table.answered(&targets).map_err(about)?;
                table = answered;
                decisions.extend(more);
            }
            (Rows::table(table, &[] as &[&str]), decisions)
        }
        Opened::Arrays(npz) => arrays(&npz)?,
    };
    Ok(Source { name: run_name(path), file: called(path), rows, decisions })
}

/// Says what columns are, once their names are known.
pub(crate) type Choose<'c> = dyn FnMut(&[&str], &mut Options) -> Result<()> + 'c;

/// The columns' names alone, as a table that an error can show.
pub(crate) fn names(rows: &table::Rows<'_>) -> Result<Table> {
    let column = |name: &str| (name.to_owned(), Column::numbers([]));
    Table::new(rows.names().into_iter().map(column).collect())
}

/// What a run is called after: the file's name without its endings.
fn run_name(path: &Path) -> String {
    if path == Path::new("-") {
        return "stdin".into();
    }
    let unpacked = if ends(path, "gz") { path.with_extension("") } else { path.to_owned() };
    unpacked.file_stem().map_or_else(|| "run".into(), |stem| stem.to_string_lossy().into_owned())
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

/// The rows of arrays, and what else stands beside them.
pub(crate) fn arrays(file: &Npz) -> Result<(Rows, Vec<Decision>)> {
    // Rows that the file parts itself are taken as they are, and so is what holds no pass.
    let is_pass = file.get("train").is_none() && holds_weights(file.arrays.keys().map(String::as_str));
    match is_pass.then(|| Reading::of(&for_diagnosis(file))) {
        Some(Ok(reading)) => of_reading(file, &reading),
        Some(Err(error)) => {
            let why = format!("the weights beside them were not read: {error}");
            Ok((plain(file)?, vec![Decision::new("read_as", "X and y are taken as they are", why)]))
        }
        None => Ok((plain(file)?, Vec::new())),
    }
}

/// The rows of a pass, in whatever layout, and what it shows of the network, as `check`, `trace` and `diagnose` read it.
fn of_reading(file: &Npz, reading: &Reading) -> Result<(Rows, Vec<Decision>)> {
    let read_as = reading.read_as();
    let x = reading.x()?;
    let targets = reading.params().sizes().last().copied().unwrap_or(1);
    check_columns(x.ncols() + targets).map_err(|error| file.error("X", error.to_string()))?;
    let y = match reading.labels() {
        // As the file has them: classes may count from 1, or have numbers of their own.
        Some(labels) => Target::Values(
            Array2::from_shape_vec((labels.len(), 1), labels).map_err(|_| file.error("y", "has no rows"))?,
        ),
        None => reading.answers()?,
    };
    let mut rows = Rows::arrays(x.view(), &y)?;
    let mut decisions =
        vec![Decision::new("read_as", format!("read as {}", read_as.network), read_as.said.join("; "))];
    match reading.network() {
        Ok((network, _)) => {
            rows.beside = Choices {
                reg: (reading.reg() > 0.0).then_some(network.penalty.reg),
                activation: (!network.activations.is_empty()).then(|| network.activations.clone()),
                loss: Some(network.loss),
                penalize: Some(network.penalty.over),
                ..Choices::new()
            };
        }
        Err(error) => {
            let what = "the file's own network is not the one that is trained";
            decisions.push(Decision::new("network", what, error.to_string()));
        }
    }
    Ok((rows, decisions))
}

/// `X` and `y` as they are.
fn plain(file: &Npz) -> Result<Rows> {
    let name = if file.get("X").is_none() && file.get("x").is_some() { "x" } else { "X" };
    let x: Array2<f64> = file.matrix(name)?;
    let targets = file.get("y").and_then(|y| y.shape.get(1)).unwrap_or(&1);
    check_columns(x.ncols() + targets).map_err(|error| file.error(name, error.to_string()))?;
    let mut columns = columns_of(x.view(), "x");
    let mut targets = Vec::new();
    if let Some(y) = file.get("y") {
        let answers = match (y.shape.as_slice(), &y.values) {
            ([_] | [_, 1], Values::Text(words)) => {
                vec![("y".to_owned(), Column::words(words.iter().map(String::as_str)))]
            }
            ([_] | [_, 1], _) => {
                vec![("y".to_owned(), Column::numbers(file.vector::<f64>("y")?.iter().copied()))]
            }
            _ => columns_of(file.matrix::<f64>("y")?.view(), "y"),
        };
        if answers.iter().any(|(_, column)| column.len() != x.nrows()) {
            let found = format!("has {} rows, {name} has {}", y.shape.first().unwrap_or(&0), x.nrows());
            return Err(file.error("y", found).hint("each row needs its answer"));
        }
        targets = answers.iter().map(|(name, _)| name.clone()).collect();
        columns.extend(answers);
    }
    let rows = |name: &str| -> Result<Vec<u32>> {
        let rows = file.whole(name)?.to_vec();
        match rows.iter().find(|&&row| row as usize >= x.nrows()) {
            Some(row) => Err(file.error(name, format!("names row {row}, X has rows 0 to {}", x.nrows() - 1))),
            None => Ok(rows),
        }
    };
    let has = |name: &str| file.get(name).is_some();
    let split = match (has("train"), has("test")) {
        (false, _) => None,
        (true, true) => Some((rows("train")?, rows("test")?)),
        (true, false) => Some((rows("train")?, Vec::new())),
    };
    let beside = Choices {
        reg: has("reg").then(|| file.scalar("reg")).transpose()?,
        activation: has("activation")
            .then(|| {
                let list = Activation::list(file.text("activation")?);
                list.map_err(|error| file.error("activation", error.to_string()))
            })
            .transpose()?,
        loss: word(file, "loss_name")?,
        penalize: word(file, "regularize")?,
        ..Choices::new()
    };
    let table = Table::new(columns)?.with_lines(vec![(0, 0)]);
    Ok(Rows { origin: Origin::Arrays, split, beside, ..Rows::table(table, &targets) })
}

fn word<T: std::str::FromStr<Err = Error>>(file: &Npz, name: &str) -> Result<Option<T>> {
    if file.get(name).is_none() {
        return Ok(None);
    }
    let text = file.text(name)?;
    text.parse().map(Some).map_err(|error: Error| file.error(name, error.to_string()))
}

/// The table's rows, all of them.
pub(crate) fn all_rows(table: &Table) -> Result<Vec<u32>> {
    let rows = u32::try_from(table.len());
    let rows = rows.map_err(|_| Error::new(ErrorKind::Data, "more than 2^32 rows"))?;
    Ok((0..rows).collect())
}

/// First weights from arrays `W1 W2 ..` or `W1_0 W2_0 ..` (these, if both are there): bias in the last row.
pub(crate) fn start_weights<R: Real>(file: &Npz, inputs: usize) -> Result<Params<R>> {
    let suffix = if file.get("W1_0").is_some() { "_0" } else { "" };
    let mut layers: Vec<Array2<R>> = vec![file.matrix(&format!("W1{suffix}"))?];
    while file.get(&format!("W{}{suffix}", layers.len() + 1)).is_some() {
        layers.push(file.matrix(&format!("W{}{suffix}", layers.len() + 1))?);
    }
    let mut sizes = vec![inputs];
    for (l, layer) in (1..).zip(&layers) {
        let fan_in = sizes[l - 1];
        if layer.nrows() != fan_in + 1 || layer.ncols() == 0 {
            let found = format!("has shape ({}, {})", layer.nrows(), layer.ncols());
            let needed = format!("{} rows are needed: {fan_in} weights and the bias last", fan_in + 1);
            return Err(file.error(&format!("W{l}{suffix}"), found).layer(l).hint(needed));
        }
        sizes.push(layer.ncols());
    }
    let mut params = Params::zeros(&sizes);
    for (l, layer) in (1..).zip(&layers) {
        params.wb_mut(l).assign(layer);
    }
    Ok(params)
}

/// The last column of `X` if it is all ones and `W1` has as many rows as `X` has columns: the bias trick.
pub(crate) fn bias_trick(file: &Npz, table: &Table, targets: &[String]) -> Option<String> {
    let w1 = file.get("W1_0").or_else(|| file.get("W1"))?;
    let inputs: Vec<&(String, Column)> =
        table.columns().iter().filter(|(name, _)| !targets.contains(name)).collect();
    let (name, column) = inputs.last()?;
    let Column::Numbers(numbers) = column else { return None };
    #[expect(clippy::float_cmp, reason = "exactly one")]
    let ones = (0..numbers.len()).all(|row| numbers.get(row) == 1.0);
    (ones && w1.shape.first() == Some(&inputs.len())).then(|| name.clone())
}
