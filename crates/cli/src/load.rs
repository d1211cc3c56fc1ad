//! Models from their files, and who computes their predictions.

use clearprop::engine::Engine;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::model::{AnyModel, Model};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop_files::model;
use std::num::NonZero;
use std::path::Path;

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
    model::open(if path.is_dir() { &inside } else { path }, engine("fast")?)
}

/// The weights of a model, in any precision.
pub(crate) fn params<R: Real>(path: &Path) -> Result<Params<R>> {
    fn only<R: Real, S: Real>(model: &Model<R>) -> Result<Params<S>> {
        match model.members.as_slice() {
            [params] => Ok(params.cast()),
            members => {
                let found = format!("the model has {} members, one network is needed", members.len());
                Err(Error::new(ErrorKind::Data, found)
                    .hint("name a model of one network, as `ensemble=1` trains"))
            }
        }
    }
    match open(path)? {
        AnyModel::F32(model) => only(&model),
        AnyModel::F64(model) => only(&model),
    }
    .map_err(|error| error.file(path.display()))
}
