//! A trained network with all that is needed to use it: the weights, what the columns of a table mean to
//! it, and how it was trained.
//!
//! A model in a file is named tensors (`w1` (fan_in, fan_out), `b1` (fan_out), `w2`, ..) and one text, JSON
//! with sorted keys.  This file maps a model to these and back; the bytes are the business of others.

use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::settings::Settings;
use crate::table::{Encoder, Table, Unseen};
use crate::train::StopReason;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// The version of the text that this program writes and reads.
pub const VERSION: u64 = 2;

/// A trained network.
#[derive(Clone, Debug, PartialEq)]
pub struct Model<R> {
    /// What the network is.
    pub network: Network,
    /// Its weights.
    pub params: Params<R>,
    /// How a table becomes its inputs, and what its outputs mean.
    pub encoder: Encoder,
    /// How it was trained.
    pub trained: Trained,
    /// Who computes its predictions; no part of its file.
    pub engine: Engine,
}

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// The settings.  The number of threads is not among them: it changes no bit.
    pub settings: Settings,
    /// The updates done.
    pub steps: u64,
    /// Why there were no more.
    pub stop_reason: StopReason,
    /// The training loss, penalty included, before the last update (or its mean over the last epoch).
    pub loss: f64,
    /// Accuracy (or R2) on the training rows, if it was measured.
    pub train_score: Option<f64>,
    /// Accuracy (or R2) on the test rows, if there were any.
    pub test_score: Option<f64>,
    /// How many rows it was trained on.
    pub rows: usize,
}

/// The text beside the tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    version: u64,
    precision: String,
    network: Network,
    encoder: Encoder,
    trained: Trained,
}

/// One named array of numbers, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<R> {
    /// `w1`, `b1`, ..
    pub name: String,
    /// (fan_in, fan_out) or (fan_out).
    pub shape: Vec<usize>,
    /// As many as the shape says.
    pub values: Vec<R>,
}

/// A model in the precision that its file has.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyModel {
    /// Single precision.
    F32(Model<f32>),
    /// Double precision.
    F64(Model<f64>),
}

/// The precision, `"f32"` or `"f64"`, of the model whose text this is.
///
/// # Errors
/// The text is not that of a model, or that of a later version of this program.
pub fn precision(metadata: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Start {
        version: u64,
        precision: String,
    }
    let Start { version, precision } = serde_json::from_str(metadata).map_err(|e| not_a_model(&e))?;
    if version != VERSION {
        let found = format!("the model has version {version}, this program reads {VERSION}");
        let newer = "take a newer clearprop";
        return Err(Error::new(ErrorKind::File, found).hint(if version > VERSION {
            newer
        } else {
            "train it anew"
        }));
    }
    Ok(precision)
}

fn not_a_model(why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::File, format!("the description of the model cannot be read: {why}"))
        .hint("train it anew")
}

impl<R: Real> Model<R> {
    /// The text beside the tensors: JSON, the same for the same model.
    ///
    /// # Errors
    /// None that a model made by training can have.
    pub fn metadata(&self) -> Result<String> {
        let metadata = Metadata {
            version: VERSION,
            precision: R::NAME.to_owned(),
            network: self.network.clone(),
            encoder: self.encoder.clone(),
            trained: self.trained.clone(),
        };
        // Not by way of a `Value`, which takes a kilobyte for each column.
        serde_json::to_string(&metadata).map_err(|e| not_a_model(&e))
    }

    /// The weights by their names, layer by layer.
    #[must_use]
    pub fn tensors(&self) -> Vec<Tensor<R>> {
        let layer = |l: usize| {
            let (w, b) = (self.params.w(l), self.params.b(l));
            [
                Tensor {
                    name: format!("w{l}"),
                    shape: w.shape().to_vec(),
                    values: w.iter().copied().collect(),
                },
                Tensor {
                    name: format!("b{l}"),
                    shape: b.shape().to_vec(),
                    values: b.iter().copied().collect(),
                },
            ]
        };
        (1..=self.network.layers()).flat_map(layer).collect()
    }

    /// The model of this text and these tensors.
    ///
    /// # Errors
    /// A text of another version or none of a model's; settings that are not those of the network; a tensor that is missing, has another shape than
    /// the layer, or holds NaN or infinity; an encoder that does not fit the network.
    pub fn from_parts(engine: Engine, metadata: &str, tensors: &[Tensor<R>]) -> Result<Self> {
        let found_precision = precision(metadata)?;
        if found_precision != R::NAME {
            return Err(not_a_model(&format!("its numbers are {found_precision}, not {}", R::NAME)));
        }
        let Metadata { network, encoder, trained, .. } =
            serde_json::from_str(metadata).map_err(|e| not_a_model(&e))?;
        encoder.check()?;
        let (inputs, outputs) = (encoder.width(), encoder.answers.outputs());
        if (inputs, outputs) != (network.inputs(), network.outputs())
            || encoder.answers.loss() != network.loss
        {
            let found = format!(
                "columns for {inputs} inputs and {outputs} outputs, a network of {} and {}",
                network.inputs(),
                network.outputs()
            );
            return Err(not_a_model(&found));
        }
        trained.settings.check()?;
        trained.settings.fit(&network)?;
        let find = |l: usize, name: String, shape: &[usize]| {
            let tensor = tensors.iter().find(|tensor| tensor.name == name);
            let wrong = |found: String| Err(Error::new(ErrorKind::Shape, found).name(name.clone()).layer(l));
            match tensor {
                None => wrong("the tensor is missing".into()),
                Some(t) if t.shape != shape || t.values.len() != shape.iter().product::<usize>() => {
                    wrong(format!("has shape {:?}, the network needs {shape:?}", t.shape))
                }
                Some(t) if !t.values.iter().all(|value| value.is_finite()) => {
                    wrong("holds NaN or infinity".into())
                }
                Some(t) => Ok(&t.values),
            }
        };
        // Checked against the tensors first, so that no size in the text alone takes memory.
        let mut values = Vec::new();
        for (l, pair) in (1..).zip(network.sizes.windows(2)) {
            values.extend_from_slice(find(l, format!("w{l}"), &[pair[0], pair[1]])?);
            values.extend_from_slice(find(l, format!("b{l}"), &[pair[1]])?);
        }
        let params = Params::from_values(&network.sizes, values)
            .ok_or_else(|| not_a_model(&"the sizes and the tensors differ"))?;
        Ok(Self { network, params, encoder, trained, engine })
    }

    /// What the network says about the rows of `x` (n, d): probabilities (n, k), or for regression values in
    /// the unit of the answers.
    #[must_use]
    pub fn probs(&self, x: ArrayView2<'_, R>) -> Array2<R> {
        let mut probs = self.engine.predict(&self.network, &self.params, x);
        self.encoder.answers.decode(&mut probs);
        probs
    }

    /// [`Model::probs`] of some rows of a table.
    ///
    /// # Errors
    /// Those of [`Encoder::transform`].
    pub fn predict(&self, table: &Table, rows: &[u32], unseen: &mut Unseen) -> Result<Array2<R>> {
        Ok(self.probs(self.encoder.transform(table, rows, unseen)?.view()))
    }
}
