//! Tables: a frame's columns in, a model out, by the one fit that the command line has.

use crate::arrays::Number;
use crate::errors::raised;
use clearprop::decision::{self, Decision};
use clearprop::engine::Engine;
use clearprop::error::Error;
use clearprop::fit::{Fit, Rows};
use clearprop::model::{AnyModel, Model};
use clearprop::settings::Choices;
use clearprop::table::{Answers, DateForm, Forms, Kind, Table, TableBuilder, Unseen};
use clearprop::train::{Event, StopReason};
use clearprop::tune::Cell;
use clearprop_files::{model, onnx};
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// A column of a frame: its name; `numbers`, `seconds` (since 1970) or `texts`; its values, where NaN, or None, is a
/// missing one.
pub(crate) type Columns<'py> = Vec<(String, String, Bound<'py, PyAny>)>;

/// A model of a table.
#[pyclass(frozen, module = "clearprop._core")]
pub(crate) struct TableModel {
    model: AnyModel,
    /// What was decided on the way, in lines.
    #[pyo3(get)]
    decisions: Vec<String>,
    /// The trials of a search: of each the cells of its row, with the names of the columns.
    trials: Vec<Vec<(String, Cell)>>,
}

impl TableModel {
    pub(crate) fn new(model: AnyModel, decisions: &[Decision], trials: Vec<Vec<(String, Cell)>>) -> Self {
        Self { model, decisions: decision::lines(decisions), trials }
    }
}

/// The settings that were chosen by key and text.
pub(crate) fn chosen(choices: &BTreeMap<String, String>) -> PyResult<Choices> {
    let mut chosen = Choices::new();
    choices.iter().try_for_each(|(key, text)| chosen.set(key, text)).map_err(|error| raised(&error))?;
    Ok(chosen)
}

/// The columns as a table; `kind` says what each is to be read as, where that is known.
pub(crate) fn table(
    columns: &Columns<'_>,
    kind: impl Fn(&str) -> Option<Kind>,
    targets: &[String],
) -> PyResult<(Table, Vec<Decision>)> {
    let own =
        |name: &str| match columns.iter().find(|column| column.0 == name).map(|column| column.1.as_str()) {
            Some("numbers") => Kind::Typed,
            Some("seconds") => Kind::Date(DateForm::new("%Y-%m-%d %H:%M:%S")),
            _ if targets.iter().any(|target| target == name) => Kind::Words,
            _ => Kind::Found,
        };
    let names = columns.iter().map(|(name, ..)| name.clone()).collect();
    let kinds = |name: &str| kind(name).unwrap_or_else(|| own(name));
    let mut builder = TableBuilder::new(names, kinds, targets, &Forms::default(), None);
    for (i, (_, kind, values)) in columns.iter().enumerate() {
        match kind.as_str() {
            "texts" => {
                let texts: Vec<Option<String>> = values.extract()?;
                texts.iter().for_each(|text| builder.push_text(i, text.as_deref().unwrap_or("")));
            }
            kind => {
                let numbers: PyReadonlyArray1<'_, f64> = values.extract()?;
                let dates = kind == "seconds";
                numbers.as_array().iter().for_each(|&value| match dates {
                    true => builder.push_seconds(i, value),
                    false => builder.push_number(i, value),
                });
            }
        }
    }
    let found = |(row, error): (Option<usize>, Error)| match row {
        Some(row) => error.row(row as u64),
        None => error,
    };
    let (columns, decisions) = builder.finish().map_err(|wrong| raised(&found(wrong)))?;
    let table = Table::new(columns).map_err(|error| raised(&error))?;
    // Rows of a frame count from 0.
    Ok((table.with_lines(vec![(0, 0)]), decisions))
}

/// Trains on a frame; `tell` hears how many steps of how many are done, and the loss.  Ctrl-C ends it.
#[pyfunction]
pub(crate) fn fit_table(
    py: Python<'_>,
    columns: Columns<'_>,
    target: String,
    choices: BTreeMap<String, String>,
    tell: Option<Bound<'_, PyAny>>,
) -> PyResult<TableModel> {
    let (table, mut decisions) = table(&columns, |_| None, std::slice::from_ref(&target))?;
    let chosen = chosen(&choices)?;
    let mut fit = py
        .detach(|| {
            let began = Instant::now();
            Fit::<f32>::new(Rows::table(table, &[target]), &chosen)?.within(|| began.elapsed().as_secs_f64())
        })
        .map_err(|error| raised(&error))?;
    let mut loss = None;
    let reason = loop {
        py.check_signals()?;
        let event = py.detach(|| fit.advance(u64::MAX));
        if let Some(tell) = &tell {
            // The last one may have taken no step.
            loss = fit.trainer().losses().last().copied().or(loss);
            tell.call1((fit.step(), fit.total_steps(), "steps", loss))?;
        }
        if let Event::Stopped(reason) = event {
            break reason;
        }
    };
    if let StopReason::Diverged { step } = reason {
        let found = format!("the loss became infinite or NaN at step {step}; try a smaller step size");
        return Err(PyValueError::new_err(found));
    }
    decisions.extend(fit.plan().decisions.iter().cloned());
    let model = py.detach(move || fit.finish(reason));
    Ok(TableModel::new(AnyModel::F32(model), &decisions, Vec::new()))
}

/// Opens a model's file.
#[pyfunction]
pub(crate) fn open_model(path: PathBuf) -> PyResult<TableModel> {
    let model = model::open(&path, Engine::default()).map_err(|error| raised(&error))?;
    Ok(TableModel::new(model, &[], Vec::new()))
}

/// A model from the bytes of its file.
#[pyfunction]
pub(crate) fn model_of(bytes: &[u8]) -> PyResult<TableModel> {
    let model = model::read(bytes, "the model", Engine::default()).map_err(|error| raised(&error))?;
    Ok(TableModel::new(model, &[], Vec::new()))
}

/// Runs the same for both precisions.
macro_rules! with {
    ($self:ident, $model:ident => $run:expr) => {
        match &$self.model {
            AnyModel::F32($model) => $run,
            AnyModel::F64($model) => $run,
        }
    };
}

#[pymethods]
impl TableModel {
    /// What a search tried: of each trial a dict, all with the same keys; what is missing is `None`.
    #[getter]
    fn trials<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let dict = |row: &Vec<(String, Cell)>| {
            let dict = PyDict::new(py);
            for (name, cell) in row {
                match cell {
                    Cell::Missing => dict.set_item(name, py.None())?,
                    Cell::Flag(flag) => dict.set_item(name, flag)?,
                    Cell::Count(count) => dict.set_item(name, count)?,
                    Cell::Number(number) => dict.set_item(name, number)?,
                    Cell::Text(text) => dict.set_item(name, text)?,
                }
            }
            Ok(dict)
        };
        self.trials.iter().map(dict).collect()
    }

    /// What it says about a frame: outputs (n, k), and warnings.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        columns: Columns<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
        fn run<'py, R: Number>(
            py: Python<'py>,
            model: &Model<R>,
            columns: &Columns<'py>,
        ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
            let inputs = &model.encoder.inputs;
            let kind = |name: &str| {
                let known = inputs.iter().find(|input| input.column == name);
                Some(known.map_or(Kind::Skip, |input| input.coding.kind()))
            };
            let (table, _) = table(columns, kind, &[])?;
            let mut unseen = Unseen::default();
            let said = py.detach(|| {
                let rows: Vec<u32> = (0..).take(table.len()).collect();
                model.predict(&table, &rows, &mut unseen)
            });
            let said = said.map_err(|error| raised(&error))?;
            Ok((said.into_pyarray(py).into_any(), unseen.warnings()))
        }
        with!(self, model => run(py, model, &columns))
    }

    /// Half the widths of intervals that hold a new answer with this probability.
    fn interval(&self, level: f64) -> PyResult<Vec<f64>> {
        with!(self, model => model.interval(level)).map_err(|error| raised(&error))
    }

    /// The bytes of its file: "safetensors", the command line's, or "onnx".
    fn bytes<'py>(&self, py: Python<'py>, format: &str) -> PyResult<Bound<'py, PyBytes>> {
        let bytes =
            with!(self, model => if format == "onnx" { onnx::write(model) } else { model::bytes(model) });
        Ok(PyBytes::new(py, &bytes.map_err(|error| raised(&error))?))
    }

    /// What it is.
    fn about<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        fn run<'py, R: Number>(py: Python<'py>, model: &Model<R>) -> PyResult<Bound<'py, PyDict>> {
            let (encoder, trained) = (&model.encoder, &model.trained);
            let kind = match encoder.answers {
                Answers::Classes { .. } => "classes",
                Answers::Labels { .. } => "labels",
                Answers::Numbers { .. } => "numbers",
            };
            let about = PyDict::new(py);
            about.set_item("kind", kind)?;
            about.set_item("names", encoder.answers.names().to_vec())?;
            about.set_item("targets", encoder.answers.columns().to_vec())?;
            about.set_item(
                "columns",
                encoder.inputs.iter().map(|input| input.column.clone()).collect::<Vec<_>>(),
            )?;
            about.set_item("inputs", encoder.input_names())?;
            about.set_item("members", model.members.len())?;
            about.set_item(
                "fold_scores",
                trained.members.iter().filter_map(|one| one.score).collect::<Vec<_>>(),
            )?;
            about.set_item("temperature", trained.calibration.map(|one| one.temperature))?;
            about.set_item("steps", trained.steps)?;
            Ok(about)
        }
        with!(self, model => run(py, model))
    }
}
