//! Models in their files, `safetensors` with a description.

use crate::disk;
use crate::safetensors::{self, Floats};
use clearprop::engine::Engine;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::model::{AnyModel, Model, Tensor, precision};
use clearprop::real::Real;
use std::io::Read;
use std::path::Path;

/// The bytes of a model's file; equal models have equal ones.
///
/// # Errors
/// None that a trained model can have.
pub fn bytes<R: Real>(model: &Model<R>) -> Result<Vec<u8>> {
    let tensors: Vec<safetensors::Tensor> = model
        .tensors()
        .into_iter()
        .map(|Tensor { name, shape, values }| safetensors::Tensor { name, shape, values: floats(&values) })
        .collect();
    safetensors::write(&tensors, model.metadata()?)
}

/// Numbers as a file has them.
#[expect(clippy::cast_possible_truncation, reason = "an f32 comes back as what it was")]
pub fn floats<R: Real>(values: &[R]) -> Floats {
    match R::NAME {
        "f32" => Floats::F32(values.iter().map(|value| value.f64() as f32).collect()),
        _ => Floats::F64(values.iter().map(|value| value.f64()).collect()),
    }
}

/// Numbers of a file in this precision.
#[must_use]
pub fn values<R: Real>(floats: &Floats) -> Vec<R> {
    match floats {
        Floats::F32(values) => values.iter().map(|&value| R::of(f64::from(value))).collect(),
        Floats::F64(values) => values.iter().map(|&value| R::of(value)).collect(),
    }
}

/// Reads a model, whose predictions `engine` will compute.
///
/// # Errors
/// A folder, a file that is none of a model, a damaged one, one of another version.
pub fn open(path: &Path, engine: Engine) -> Result<AnyModel> {
    let file = path.display().to_string();
    if path.is_dir() {
        let found = Error::new(ErrorKind::File, "this is a folder").file(&file);
        return Err(found.hint(format!("name the model in it: {}", path.join("model.safetensors").display())));
    }
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
    if ending.is_some_and(|ending| ["csv", "npz", "parquet"].iter().any(|data| ending == *data)) {
        return Err(Error::new(ErrorKind::File, "this is a file of data, a model is needed")
            .file(&file)
            .hint("the model comes first, then the data"));
    }
    read(disk::Input::open(path)?, &file, engine)
}

/// Reads a model from its bytes; `file` is what messages call them.
///
/// # Errors
/// Bytes that are none of a model, damaged ones, those of another version.
pub fn read(source: impl Read, file: &str, engine: Engine) -> Result<AnyModel> {
    let (tensors, metadata) = safetensors::read(source, file)?;
    let metadata = metadata.ok_or_else(|| {
        Error::new(ErrorKind::File, "no model of clearprop: its metadata have no key 'clearprop'")
            .file(file)
            .hint("train one with 'clearprop train'")
    })?;
    let about = |error: Error| error.file(file);
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
