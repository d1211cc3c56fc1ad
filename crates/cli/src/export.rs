//! `clearprop export`: a model for other programs.

use crate::outcome::Outcome;
use crate::{load, screen};
use clap::Args;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::model::AnyModel;
use clearprop_files::{disk, onnx};
use std::path::PathBuf;

/// Write a model as ONNX, for onnxruntime, a browser or a telephone
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop export runs/spirals-1/model.safetensors model.onnx

The graph takes X (rows, inputs), the columns as they stand in the table (words as 0 and 1, an input for each, \
or two words as 1 and -1 in one), and gives Y (rows, outputs): probabilities, or numbers in the unit of the table.  In Python:

  import onnxruntime
  session = onnxruntime.InferenceSession('model.onnx')
  probs, = session.run(None, {'X': X})

The metadata name the inputs and the outputs.")]
pub(crate) struct Export {
    /// The model
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Where to write it
    #[arg(value_name = "FILE.onnx")]
    file: PathBuf,
}

pub(crate) fn run(options: &Export) -> Result<Outcome> {
    if options.file.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("onnx")) {
        return Err(Error::new(ErrorKind::Setting, "is not called .onnx")
            .file(options.file.display())
            .hint("write 'clearprop export model.safetensors model.onnx'"));
    }
    let (bytes, names, kind) = match load::open(&options.model)? {
        AnyModel::F32(model) => (onnx::write(&model), model.encoder.input_names(), "float32"),
        AnyModel::F64(model) => (onnx::write(&model), model.encoder.input_names(), "float64"),
    };
    let bytes = bytes.map_err(|error| error.file(options.model.display()))?;
    disk::write_whole(&options.file, &bytes)?;
    let inputs = names.len();
    screen::print(&format!("wrote {}: X (rows, {inputs}) of {kind} in, Y out\n", options.file.display()))?;
    Ok(Outcome::Done)
}
