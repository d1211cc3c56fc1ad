//! Estimators as models in files, and back.

use crate::arrays::{Layers, Number};
use crate::errors::raised;
use crate::mlp::{Names, network, single};
use clearprop::activation::Activation;
use clearprop::engine::Engine;
use clearprop::model::{AnyModel, Model, Trained};
use clearprop::network::Penalized;
use clearprop::optim::Solver;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::settings::Settings;
use clearprop::table::{Answers, Coding, Encoder, Input, NumberForm};
use clearprop::target::TargetKind;
use clearprop::train::StopReason;
use clearprop_files::{disk, model, onnx};
use ndarray::Array2;
use numpy::ToPyArray;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::PathBuf;

/// What an estimator says of itself beside its weights.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct About {
    activations: Names,
    loss: String,
    /// The columns' names.
    inputs: Vec<String>,
    /// The classes' names, or the answers'.
    outputs: Vec<String>,
    solver: String,
    step_size: f64,
    batch_size: usize,
    reg: f64,
    steps: u64,
    final_loss: f64,
    rows: usize,
}

/// The bytes of an estimator's file: "safetensors", the command line's, or "onnx".
#[pyfunction]
pub(crate) fn model_bytes<'py>(
    py: Python<'py>,
    format: &str,
    coefs: Vec<Bound<'py, PyAny>>,
    intercepts: Vec<Bound<'py, PyAny>>,
    about: About,
) -> PyResult<Bound<'py, PyBytes>> {
    fn bytes<R: Number>(format: &str, layers: &Layers<'_>, about: About) -> PyResult<Vec<u8>> {
        let model = of_estimator::<R>(layers, about)?;
        let bytes = if format == "onnx" { onnx::write(&model) } else { model::bytes(&model) };
        bytes.map_err(|error| raised(&error))
    }
    let layers = Layers { coefs, intercepts };
    let bytes = if single(&layers.coefs)? {
        bytes::<f32>(format, &layers, about)?
    } else {
        bytes::<f64>(format, &layers, about)?
    };
    Ok(PyBytes::new(py, &bytes))
}

/// Writes a file whole or not at all.
#[pyfunction]
pub(crate) fn write_whole(path: PathBuf, bytes: &[u8]) -> PyResult<()> {
    disk::write_whole(&path, bytes).map_err(|error| raised(&error))
}

fn of_estimator<R: Number>(layers: &Layers<'_>, about: About) -> PyResult<Model<R>> {
    let network = network(&layers.sizes()?, &about.activations, &about.loss, about.reg)?;
    let mut params = Params::<R>::zeros(&network.sizes);
    layers.read(&mut params)?;
    let coding =
        Coding::Number { median: 0.0, mean: 0.0, scale: 1.0, range: None, form: NumberForm::default() };
    let inputs = about.inputs.into_iter().map(|column| Input { column, coding: coding.clone() }).collect();
    let k = network.outputs();
    let answers = match network.loss.takes() {
        TargetKind::Classes => {
            Answers::Classes { column: "y".to_owned(), names: about.outputs, loss: network.loss }
        }
        TargetKind::Labels => Answers::Labels { columns: about.outputs },
        TargetKind::Counts | TargetKind::Numbers => {
            let (means, scales) = (vec![0.0; k], vec![1.0; k]);
            Answers::Numbers { columns: about.outputs, means, scales, loss: network.loss }
        }
    };
    let settings = Settings {
        hidden: network.sizes[1..network.layers()].to_vec(),
        activation: if network.activations.is_empty() {
            vec![Activation::Identity]
        } else {
            network.activations.clone()
        },
        reg: about.reg,
        penalize: Penalized::Weights,
        solver: about.solver.parse::<Solver>().map_err(|error| raised(&error))?,
        step_size: about.step_size,
        steps: Some(about.steps.max(1)),
        epochs: None,
        batch_size: (about.solver != "lbfgs").then_some(about.batch_size),
        ..Settings::arrays()
    };
    let trained = Trained {
        settings,
        steps: about.steps,
        stop_reason: StopReason::Finished,
        loss: about.final_loss,
        train_score: None,
        test_score: None,
        rows: about.rows,
        members: Vec::new(),
        calibration: None,
    };
    let encoder = Encoder { inputs, dropped: Vec::new(), answers, robust: None, joins: false };
    let residuals = Array2::zeros((0, k));
    Ok(Model { network, members: vec![params], residuals, encoder, trained, engine: Engine::default() })
}

/// A model's file as what an estimator needs: weights that take the columns as they stand in the table.
#[pyfunction]
pub(crate) fn load<'py>(py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyDict>> {
    match model::open(&path, Engine::default()).map_err(|error| raised(&error))? {
        AnyModel::F32(model) => for_estimator(py, &model),
        AnyModel::F64(model) => for_estimator(py, &model),
    }
}

fn for_estimator<'py, R: Number>(py: Python<'py>, model: &Model<R>) -> PyResult<Bound<'py, PyDict>> {
    let Model { network, encoder, trained, .. } = model;
    let params = unscaled(model);
    let out = PyDict::new(py);
    let layers = 1..=network.layers();
    out.set_item("coefs", layers.clone().map(|l| params.w(l).to_pyarray(py)).collect::<Vec<_>>())?;
    out.set_item("intercepts", layers.map(|l| params.b(l).to_pyarray(py)).collect::<Vec<_>>())?;
    let names: Vec<String> = network.activations.iter().map(Activation::to_string).collect();
    out.set_item("activations", names)?;
    out.set_item("loss", network.loss.name())?;
    out.set_item("reg", network.penalty.reg)?;
    out.set_item("inputs", encoder.input_names())?;
    out.set_item("outputs", encoder.answers.names().to_vec())?;
    out.set_item("solver", trained.settings.solver.name())?;
    out.set_item("step_size", trained.settings.step_size)?;
    out.set_item("batch_size", trained.settings.batch_size)?;
    out.set_item("steps", trained.steps)?;
    out.set_item("rows", trained.rows)?;
    out.set_item("final_loss", trained.loss)?;
    // What stands before the first layer of these, and behind the last, is not in any weights.
    let of_numbers = encoder.inputs.iter().all(|input| !matches!(input.coding, Coding::Date { .. }));
    out.set_item("is_one_network", model.members.len() == 1 && encoder.robust.is_none() && of_numbers)?;
    Ok(out)
}

/// The weights for columns and answers in the table's units: the standardisation moves into the first layer and the
/// last.
///
/// ```text
/// (x - mean) / scale @ w + b = x @ (w / scale) + (b - mean / scale @ w)
/// ```
fn unscaled<R: Real>(model: &Model<R>) -> Params<R> {
    let mut params = model.members[0].clone();
    let mut row = 0;
    for Input { coding, .. } in &model.encoder.inputs {
        if let Coding::Number { mean, scale, .. } = *coding
            && (mean, scale) != (0.0, 1.0)
        {
            let w: Vec<f64> = params.w(1).row(row).iter().map(|w| w.f64() / scale).collect();
            for (j, w) in w.into_iter().enumerate() {
                params.w_mut(1)[[row, j]] = R::of(w);
                let b = params.b(1)[j].f64() - mean * w;
                params.b_mut(1)[j] = R::of(b);
            }
        }
        row += coding.width();
    }
    let last = model.network.layers();
    if let Answers::Numbers { means, scales, .. } = &model.encoder.answers {
        for (j, (&mean, &scale)) in means.iter().zip(scales).enumerate() {
            params.w_mut(last).column_mut(j).mapv_inplace(|w| R::of(w.f64() * scale));
            let b = params.b(last)[j].f64() * scale + mean;
            params.b_mut(last)[j] = R::of(b);
        }
    }
    params
}
