//! Where the rows come from: a table file, arrays in an npz file, or the notebook's spirals.
//!
//! All of them become a [`Table`]; arrays have the columns `x0 x1 ..` and `y` (or `y0 y1 ..`).

use crate::reading::Reading as ReadingOptions;
use clearprop::activation::Activation;
use clearprop::decision::Decision;
use clearprop::diagnose::reading::{Reading, holds_weights};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{Origin, Rows, Split};
use clearprop::loss::Loss;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::settings::Choices;
use clearprop::table::{Column, Table};
use clearprop::target::Target;
use clearprop_files::arrays::for_diagnosis;
use clearprop_files::budget::check_columns;
use clearprop_files::npz::{Array, Npz, Values};
use clearprop_files::table::{self, Kind, Opened, Options};
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
    /// All its columns, also those that were not read.
    pub(crate) names: Vec<String>,
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
    (reading, options): (&ReadingOptions, &Options),
    choose: &mut Choose<'_>,
    seed: u64,
) -> Result<Source> {
    let Some(path) = path else {
        let file = "the notebook's spirals".to_owned();
        let rows = Rows::notebook(seed)?;
        let names = rows.table.names().map(str::to_owned).collect();
        return Ok(Source { name: "spirals".into(), file, rows, names, decisions: Vec::new() });
    };
    let about = |error: Error| {
        let place = error.place();
        let named = place.file.is_some() || place.name.is_some() || place.setting.is_some();
        if named { error } else { error.file(called(path)) }
    };
    let bar = crate::progress::Reading::new();
    let mut seen = |read: u64, size: u64| bar.show(read, size);
    let (mut targets, mut all) = (Vec::new(), Vec::new());
    let mut chosen = |names: &[&str], options: &mut Options| {
        all = names.iter().map(|name| (*name).to_owned()).collect();
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
        Opened::Arrays(npz) => {
            let (mut rows, mut decisions) = arrays(&npz, reading)?;
            all = rows.table.names().map(str::to_owned).collect();
            let names: Vec<&str> = all.iter().map(String::as_str).collect();
            choose(&names, &mut Options::default()).map_err(about)?;
            if rows.origin == Origin::Table && !rows.targets.is_empty() {
                let (answered, more) =
                    std::mem::take(&mut rows.table).answered(&rows.targets).map_err(about)?;
                rows.table = answered;
                decisions.extend(more);
            }
            (rows, decisions)
        }
    };
    Ok(Source { name: run_name(path), file: called(path), rows, names: all, decisions })
}

/// Rows of another file, read as those of `rows`.
pub(crate) fn more_rows(path: &Path, rows: &Rows, reading: &ReadingOptions) -> Result<Table> {
    let mut options = reading.options();
    options.kinds.extend(rows.table.columns().iter().map(|(name, column)| (name.clone(), column.kind())));
    options.targets.clone_from(&rows.targets);
    options.rest = Some(Kind::Skip);
    let mut seen = |_, _| {};
    let opened = table::open(path, &options, &mut seen)?;
    let table = match opened {
        Opened::Rows(rows) => rows.read()?,
        Opened::Arrays(npz) => arrays(&npz, reading)?.0.table,
    };
    let absent = rows.targets.iter().find(|name| table.get(name).is_none());
    match absent {
        Some(name) => table.column(name).map(drop).map_err(|error| error.file(called(path)))?,
        None => return table.answered(&rows.targets).map(|(table, _)| table),
    }
    Ok(table)
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

/// What the arrays of inputs and of answers are called: as was asked, else `X` and `y`; else, of two arrays of
/// as many rows, the matrix and the other.
fn named(file: &Npz, reading: &ReadingOptions) -> Result<(String, Option<String>)> {
    // One that could not be read is there too, and the reader says why.
    let has = |name: &&str| file.get(name).is_some() || file.skipped.contains_key(*name);
    let answers = reading.targets.iter().map(String::as_str).find(has);
    let y = answers.or_else(|| ["y", "Y"].into_iter().find(has)).map(str::to_owned);
    if let Some(x) = reading.x.as_deref().or_else(|| ["X", "x"].into_iter().find(has)) {
        return Ok((x.to_owned(), y));
    }
    let axes = |array: &Array| (array.shape.len(), array.shape.first().copied());
    let all: Vec<(&String, &Array)> = file.arrays.iter().collect();
    match all.as_slice() {
        // A column of it may be the target.
        [(one, only)] if axes(only).0 == 2 => return Ok(((*one).clone(), None)),
        [(one, first), (other, second)] => match (axes(first), axes(second)) {
            ((2, rows), (1, same)) if rows == same => return Ok(((*one).clone(), Some((*other).clone()))),
            ((1, rows), (2, same)) if rows == same => return Ok(((*other).clone(), Some((*one).clone()))),
            _ => {}
        },
        _ => {}
    }
    let shaped = |(name, array): &(&String, &Array)| {
        let axes: Vec<String> = array.shape.iter().map(ToString::to_string).collect();
        format!("'{name}' ({})", axes.join(", "))
    };
    let shown: Vec<String> = all.iter().take(8).map(shaped).collect();
    if let (true, Some(name)) = (shown.is_empty(), file.skipped.keys().next()) {
        file.array(name)?;
    }
    let hint = format!("the arrays are {}; name them: --x ARRAY --target ARRAY", shown.join(", "));
    Err(file.error("X", "there is no such array").hint(hint))
}

/// The classes 0, 1, .. of answers that are one-hot: a single 1 in each row, else 0.
fn one_hot(y: ArrayView2<'_, f64>) -> Option<Vec<f64>> {
    let class = |row: ndarray::ArrayView1<'_, f64>| {
        let bits = row.iter().all(|&value| value == 0.0 || value == 1.0);
        (bits && row.sum() == 1.0).then(|| row.iter().take_while(|&&value| value == 0.0).count() as f64)
    };
    if y.ncols() < 2 { None } else { y.rows().into_iter().map(class).collect() }
}

/// Arrays that only a person who knows what they do puts beside X and y: then nothing is chosen for them.
const BESIDE: [&str; 8] = ["W1", "W1_0", "w1", "train", "reg", "activation", "loss_name", "regularize"];

/// The rows of arrays, and what else stands beside them.
pub(crate) fn arrays(file: &Npz, options: &ReadingOptions) -> Result<(Rows, Vec<Decision>)> {
    // Rows that the file parts itself are taken as they are, and so is what holds no pass.
    let is_pass = file.get("train").is_none() && holds_weights(file.arrays.keys().map(String::as_str));
    match is_pass.then(|| Reading::of(&for_diagnosis(file))) {
        Some(Ok(reading)) => of_reading(file, &reading),
        Some(Err(error)) => {
            let why = format!("the weights beside them were not read: {error}");
            Ok((
                plain(file, options)?.0,
                vec![Decision::new("read_as", "X and y are taken as they are", why)],
            ))
        }
        None => plain(file, options),
    }
}

/// The rows of a pass, in whatever layout, and what it shows of the network, as `check`, `trace` and `diagnose` read it.
fn of_reading(file: &Npz, reading: &Reading) -> Result<(Rows, Vec<Decision>)> {
    let read_as = reading.read_as();
    let x = reading.x()?;
    let targets = reading.params().sizes().last().copied().unwrap_or(1);
    check_columns(x.ncols() + targets).map_err(|error| file.error("X", error.to_string()))?;
    let trained = reading.network();
    let y = match (&trained, reading.labels()) {
        // Several logistic outputs are held against columns of 0 and 1, whatever the labels are called.
        (Ok((network, data)), _) if network.loss == Loss::Logistic && targets > 1 => data.y.clone(),
        // As the file has them: classes may count from 1, or have numbers of their own.
        (_, Some(labels)) => Target::Values(
            Array2::from_shape_vec((labels.len(), 1), labels).map_err(|_| file.error("y", "has no rows"))?,
        ),
        (_, None) => reading.answers()?,
    };
    let mut rows = Rows::arrays(x.view(), &y)?;
    let mut decisions =
        vec![Decision::new("read_as", format!("read as {}", read_as.network), read_as.said.join("; "))];
    match trained {
        Ok((network, _)) => {
            let alike = network.activations.windows(2).all(|pair| pair[0] == pair[1]);
            rows.beside = Choices {
                // Several functions belong to as many layers.
                hidden: (!alike).then(|| network.sizes[1..network.layers()].to_vec()),
                reg: (reading.reg() > 0.0).then_some(network.penalty.reg),
                activation: network
                    .activations
                    .first()
                    .map(|first| if alike { vec![*first] } else { network.activations.clone() }),
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
fn plain(file: &Npz, reading: &ReadingOptions) -> Result<(Rows, Vec<Decision>)> {
    let (name, answers) = named(file, reading)?;
    let name = name.as_str();
    let x: Array2<f64> = file.matrix(name)?;
    let mut decisions = Vec::new();
    if !["X", "x"].contains(&name) && reading.x.is_none() {
        let what = format!("the inputs are the array '{name}'");
        decisions.push(Decision::new("arrays", what, "").overrule("x", "ARRAY"));
    }
    let y = answers.as_deref().unwrap_or("y");
    if answers.is_some() {
        file.array(y)?;
    }
    let targets = file.get(y).and_then(|y| y.shape.get(1)).unwrap_or(&1);
    check_columns(x.ncols() + targets).map_err(|error| file.error(name, error.to_string()))?;
    let mut columns = columns_of(x.view(), "x");
    let mut targets = Vec::new();
    if let Some(array) = file.get(y) {
        let answers = match (array.shape.as_slice(), &array.values) {
            ([_] | [_, 1], Values::Text(words)) => {
                vec![(y.to_owned(), Column::words(words.iter().map(String::as_str)))]
            }
            ([_] | [_, 1], _) => {
                vec![(y.to_owned(), Column::numbers(file.vector::<f64>(y)?.iter().copied()))]
            }
            _ => {
                let values = file.matrix::<f64>(y)?;
                match one_hot(values.view()) {
                    Some(classes) => {
                        let what = format!("'{y}' is one-hot: each row's class is the place of its 1");
                        decisions.push(Decision::new("one_hot", what, ""));
                        vec![(y.to_owned(), Column::numbers(classes))]
                    }
                    None => columns_of(values.view(), y),
                }
            }
        };
        if answers.iter().any(|(_, column)| column.len() != x.nrows()) {
            let found = format!("has {} rows, {name} has {}", array.shape.first().unwrap_or(&0), x.nrows());
            return Err(file.error(y, found).hint("each row needs its answer"));
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
        (false, _) => Split::default(),
        (true, true) => Split::Given(rows("train")?, rows("test")?),
        (true, false) => Split::Given(rows("train")?, Vec::new()),
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
    let origin = if BESIDE.iter().any(|name| has(name)) { Origin::Arrays } else { Origin::Table };
    let rows = Rows { origin, split, beside, ..Rows::table(table, &targets) };
    Ok((rows, decisions))
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
