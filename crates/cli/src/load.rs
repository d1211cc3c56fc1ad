//! Models from their files, and back.

use crate::source::ends;
use clearprop::engine::Engine;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::model::{AnyModel, Model, Tensor, precision};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop_files::disk;
use clearprop_files::safetensors::{self, Floats};
use std::num::NonZero;
use std::path::Path;

/// The bytes of a model's file; equal models have equal ones.
pub(crate) fn bytes<R: Real>(model: &Model<R>) -> Result<Vec<u8>> {
    let tensors: Vec<safetensors::Tensor> = model
        .tensors()
        .into_iter()
        .map(|Tensor { name, shape, values }| safetensors::Tensor { name, shape, values: floats(&values) })
        .collect();
    safetensors::write(&tensors, &model.metadata()?)
}

#[expect(clippy::cast_possible_truncation, reason = "an f32 comes back as what it was")]
pub(crate) fn floats<R: Real>(values: &[R]) -> Floats {
    match R::NAME {
        "f32" => Floats::F32(values.iter().map(|value| value.f64() as f32).collect()),
        _ => Floats::F64(values.iter().map(|value| value.f64()).collect()),
    }
}

pub(crate) fn values<R: Real>(floats: &Floats) -> Vec<R> {
    match floats {
        Floats::F32(values) => values.iter().map(|&value| R::of(f64::from(value))).collect(),
        Floats::F64(values) => values.iter().map(|&value| R::of(value)).collect(),
    }
}

/// The variable that chooses the vector instructions of the fast engine.
const SIMD: &str = "CLEARPROP_SIMD";

/// The engine of this name; the environment may choose its vectors.
pub(crate) fn engine(name: &str) -> Result<Engine> {
    match std::env::var_os(SIMD) {
        Some(level) if name == "fast" => {
            format!("fast-{}", level.display()).parse().map_err(|error: Error| error.name(SIMD))
        }
        _ => name.parse(),
    }
}

/// How many threads this machine runs at once.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// As many threads as were asked for, and at most four for each that this machine runs at once: the result is
/// the same.
pub(crate) fn threads(asked: Option<usize>) -> Option<usize> {
    asked.map(|threads| threads.min(4 * cores()))
}

/// Reads a model.
pub(crate) fn open(path: &Path) -> Result<AnyModel> {
    // A run's folder stands for its model.
    let inside = path.join(crate::folder::MODEL);
    let path = if path.is_dir() { inside.as_path() } else { path };
    let file = path.display().to_string();
    if ["csv", "npz", "parquet"].iter().any(|ending| ends(path, ending)) {
        return Err(Error::new(ErrorKind::File, "this is a file of data, a model is needed")
            .file(&file)
            .hint("the model comes first, then the data"));
    }
    let (tensors, metadata) = safetensors::read(disk::Input::open(path)?, &file)?;
    let metadata = metadata.ok_or_else(|| {
        Error::new(ErrorKind::File, "no model of clearprop: its metadata have no key 'clearprop'")
            .file(&file)
            .hint("train one with 'clearprop train'")
    })?;
    let about = |error: Error| error.file(&file);
    let engine = engine("fast")?;
    Ok(match precision(&metadata).map_err(about)?.as_str() {
        "f32" => AnyModel::F32(Model::from_parts(engine, &metadata, &named(tensors)).map_err(about)?),
        _ => AnyModel::F64(Model::from_parts(engine, &metadata, &named(tensors)).map_err(about)?),
    })
}

fn named<R: Real>(tensors: Vec<safetensors::Tensor>) -> Vec<Tensor<R>> {
    let named =
        |safetensors::Tensor { name, shape, values: floats }| Tensor { name, shape, values: values(&floats) };
    tensors.into_iter().map(named).collect()
}

/// The weights of a model, in any precision.
pub(crate) fn params<R: Real>(path: &Path) -> Result<Params<R>> {
    Ok(match open(path)? {
        AnyModel::F32(model) => model.params.cast(),
        AnyModel::F64(model) => model.params.cast(),
    })
}
