//! A trained network with all that is needed to use it: the weights, what the columns of a table mean to
//! it, and how it was trained.
//!
//! A model may have several members: networks of the same layers, whose mean it says.  The mean is taken of what they
//! put out, so of probabilities and not of logits.
//!
//! A model in a file is named tensors (`w1` (fan_in, fan_out), `b1` (fan_out), `w2`, .., of several members each with one
//! axis more in front; `residuals`) and one text, JSON with sorted keys.  This file maps a model to these and back; the
//! bytes are the business of others.

use crate::data::Data;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluate::{self, Evaluation};
use crate::metrics::Calibration;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::settings::Settings;
use crate::table::{Answers, Encoder, Table, Unseen};
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
    /// The weights of its members: one, or several.
    pub members: Vec<Params<R>>,
    /// How far off it was on rows that it was not trained on, each answer's by size (rows, k), in the unit of the
    /// answers; empty where that is not known.
    pub residuals: Array2<R>,
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
    /// The updates done, of all members together.
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
    /// Each of several members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// What the probabilities were like before their temperature, and after it; the weights have taken it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// How a member was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The updates done.
    pub steps: u64,
    /// Why there were no more.
    pub stop_reason: StopReason,
    /// How many rows it was trained on.
    pub rows: usize,
    /// Accuracy (or R2) on the rows of its fold, if it has one.
    pub score: Option<f64>,
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

/// The shape of a tensor: that of one member's, or of several behind each other.
fn stacked(members: usize, own: &[usize]) -> Vec<usize> {
    match members {
        1 => own.to_vec(),
        count => [&[count], own].concat(),
    }
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
        let shape = |own: &[usize]| stacked(self.members.len(), own);
        let sizes = &self.network.sizes;
        let layer = |l: usize| {
            let each = || self.members.iter();
            [
                Tensor {
                    name: format!("w{l}"),
                    shape: shape(&[sizes[l - 1], sizes[l]]),
                    values: each()
                        .flat_map(|params| params.w(l).iter().copied().collect::<Vec<_>>())
                        .collect(),
                },
                Tensor {
                    name: format!("b{l}"),
                    shape: shape(&[sizes[l]]),
                    values: each().flat_map(|params| params.b(l).to_vec()).collect(),
                },
            ]
        };
        let residuals = Tensor {
            name: "residuals".to_owned(),
            shape: self.residuals.shape().to_vec(),
            values: self.residuals.iter().copied().collect(),
        };
        let layers = (1..=self.network.layers()).flat_map(layer);
        layers.chain((!self.residuals.is_empty()).then_some(residuals)).collect()
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
        encoder.fits(&network).map_err(|e| not_a_model(&e))?;
        let loss = encoder.answers.loss();
        if loss != network.loss {
            return Err(not_a_model(&format!("answers for the {loss} loss, a network for {}", network.loss)));
        }
        trained.settings.check()?;
        trained.settings.fit(&network)?;
        let count = trained.members.len().max(1);
        let find = |l: usize, name: String, shape: &[usize]| {
            let shape = stacked(count, shape);
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
        let held: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();
        let mut values: Vec<_> = (0..count).map(|_| Vec::with_capacity(held / count)).collect();
        for (l, pair) in (1..).zip(network.sizes.windows(2)) {
            let w = find(l, format!("w{l}"), &[pair[0], pair[1]])?;
            let b = find(l, format!("b{l}"), &[pair[1]])?;
            let parts = w.chunks(pair[0] * pair[1]).zip(b.chunks(pair[1]));
            for (values, (w, b)) in values.iter_mut().zip(parts) {
                values.extend_from_slice(w);
                values.extend_from_slice(b);
            }
        }
        let params = |values| Params::from_values(&network.sizes, values);
        let members: Option<Vec<_>> = values.into_iter().map(params).collect();
        let members = members.ok_or_else(|| not_a_model(&"the sizes and the tensors differ"))?;
        let outputs = network.outputs();
        let residuals = match tensors.iter().find(|tensor| tensor.name == "residuals") {
            None => Array2::zeros((0, outputs)),
            Some(Tensor { shape, values, .. }) => {
                let numbers = values.iter().all(|value| value.is_finite());
                let rows = Array2::from_shape_vec((values.len() / outputs, outputs), values.clone());
                rows.ok().filter(|rows| numbers && rows.shape() == shape).ok_or_else(|| {
                    Error::new(ErrorKind::Shape, format!("has shape {shape:?}, or holds NaN or infinity"))
                        .name("residuals")
                })?
            }
        };
        Ok(Self { network, members, residuals, encoder, trained, engine })
    }

    /// What the network says about the inputs `x` (n, d): probabilities, counts, or numbers as it learnt them.
    #[must_use]
    pub fn outputs(&self, x: ArrayView2<'_, R>) -> Array2<R> {
        evaluate::outputs(self.engine, &self.network, &self.members, x)
    }

    /// The logits of that.
    #[must_use]
    pub fn logits(&self, x: ArrayView2<'_, R>) -> Array2<R> {
        evaluate::logits(self.engine, &self.network, &self.members, x)
    }

    /// How good it is on some rows.
    #[must_use]
    pub fn evaluate(&self, data: &Data<R>) -> Evaluation {
        evaluate::evaluate(self.engine, &self.network, &self.members, data)
    }

    /// What the members say that these rows are the folds of: `fold` has a member's number for each row, that of the one
    /// (of several trials: in each) that was not trained on it.
    #[must_use]
    pub fn out_of_fold(&self, x: ArrayView2<'_, R>, fold: &[u32]) -> Array2<R> {
        let folds = self.trained.settings.folds.unwrap_or(1);
        evaluate::outputs_out_of_fold(self.engine, &self.network, (&self.members, folds, fold), x)
    }

    /// Half the widths of intervals, one for each answer, in which a new row's answer lies with this probability, if
    /// it comes from where the rows came from: a conformal quantile, the smallest of the residuals that `level (m + 1)`
    /// of the m are not above.
    /// Source: Vovk, Gammerman and Shafer, *Algorithmic learning in a random world*, 2005; Barber and others,
    /// *Predictive inference with the jackknife+*, 2021, on residuals of folds.
    ///
    /// # Errors
    /// A level outside 0..1, classes, a model that knows no residuals, or too few of them for the level.
    pub fn interval(&self, level: f64) -> Result<Vec<f64>> {
        let wrong = |found: String, hint: &str| {
            Err(Error::new(ErrorKind::Setting, found).setting("interval").hint(hint))
        };
        if !(level > 0.0 && level < 1.0) {
            return wrong(format!("found {level}"), "give a share between 0 and 1, like 0.9");
        }
        if !matches!(self.encoder.answers, Answers::Numbers { .. }) {
            return wrong("classes have probabilities, no intervals".into(), "leave it out");
        }
        if self.residuals.is_empty() {
            let found = "the model does not know how far off it is".to_owned();
            return wrong(found, "train it with `folds=5`");
        }
        let m = self.residuals.nrows();
        let rank = level * (m + 1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and m + 1")]
        let rank = (rank - 1e-9).ceil() as usize;
        if rank > m {
            let most = m as f64 / (m + 1) as f64;
            return wrong(
                format!("found {level}, {m} rows tell at most {most:.4}"),
                "give less, or train on more rows",
            );
        }
        Ok(self.residuals.row(rank.max(1) - 1).iter().map(|half| half.f64()).collect())
    }

    /// What the network says about the rows of `x` (n, d): probabilities (n, k), or for regression values in
    /// the unit of the answers.
    #[must_use]
    pub fn probs(&self, x: ArrayView2<'_, R>) -> Array2<R> {
        let mut probs = self.outputs(x);
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
