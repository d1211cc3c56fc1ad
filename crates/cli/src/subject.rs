//! What `trace` and `check` look at: a network with its weights and rows, all at double precision.
//!
//! From a model and data, from the arrays of an npz file, or from the notebook.

use crate::reading::Reading;
use crate::source::{self, all_rows};
use crate::{load, screen};
use clap::Args;
use clearprop::activation::Activation;
use clearprop::data::{Data, Spirals, spirals, split};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::model::{AnyModel, Model};
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::table::Unseen;
use clearprop::target::{Target, TargetKind};
use clearprop_files::arrays;
use clearprop_files::npz::Npz;
use ndarray::{Array2, Axis, s};
use std::path::{Path, PathBuf};

/// Options that say what is looked at.
#[derive(Args, Debug)]
pub(crate) struct Chosen {
    /// A model and its data, or one .npz file with X, y, W1, W2, .. (bias in the last row), or nothing:
    /// the notebook's network before its first step
    #[arg(value_name = "MODEL DATA | ARRAYS.npz", num_args = 0..=2)]
    files: Vec<PathBuf>,
    /// Strength of the penalty, reg/2 * sum(W^2); default: what the file says, else 0 (notebook: 0.001)
    #[arg(long, value_name = "X")]
    reg: Option<f64>,
    /// What the penalty counts: weights or all (biases too); default: what the file says, else all
    #[arg(long, value_name = "WHAT")]
    penalize: Option<Penalized>,
    /// identity, logistic, tanh or relu; default: what the file says, else relu
    #[arg(long, value_name = "NAME")]
    activation: Option<Activation>,
    /// softmax, logistic or squared; default: what the file says, else by the look of y
    #[arg(long, value_name = "NAME")]
    loss_name: Option<Loss>,
    /// Seed of the notebook's data and weights
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// What is looked at.
pub(crate) struct Subject {
    pub(crate) network: Network,
    pub(crate) params: Params<f64>,
    pub(crate) data: Data<f64>,
    /// The gradient that the file claims, if it holds all of it.
    pub(crate) claimed: Option<Params<f64>>,
}

impl Chosen {
    /// Reads it; what was assumed is said on standard error.
    ///
    /// # Errors
    /// Files that cannot be read, and arrays that do not fit together.
    pub(crate) fn open(&self) -> Result<Subject> {
        match self.files.as_slice() {
            [] => self.notebook(),
            [path] if arrays::is_arrays(path) => self.arrays(path),
            [model] => Err(Error::new(ErrorKind::Setting, "a model needs data to run on")
                .file(model.display())
                .hint("name the data after it, or give one .npz file with X, y, W1, W2, ..")),
            [model, data, ..] => {
                let subject = match load::open(model)? {
                    AnyModel::F32(model) => of_model(&model, data)?,
                    AnyModel::F64(model) => of_model(&model, data)?,
                };
                let given = self.reg.is_some() || self.penalize.is_some();
                if given || self.activation.is_some() || self.loss_name.is_some() {
                    return Err(Error::new(ErrorKind::Setting, "a model knows its own settings")
                        .hint("leave --reg, --penalize, --activation and --loss-name away"));
                }
                Ok(subject)
            }
        }
    }

    /// The notebook's network on its training rows, before the first step.
    fn notebook(&self) -> Result<Subject> {
        let all = spirals::<f64>(&Spirals::default(), self.seed)?;
        let (train, _) = split(all.len(), 0.33, self.seed)?;
        let data = all.select(&train);
        let penalty =
            Penalty { reg: self.reg.unwrap_or(0.001), over: self.penalize.unwrap_or(Penalized::All) };
        let activation = self.activation.unwrap_or(Activation::Relu);
        if self.loss_name.is_some_and(|loss| loss != Loss::Softmax) {
            return Err(Error::new(ErrorKind::Setting, "the notebook's data are classes")
                .name("--loss-name")
                .hint("leave it away, or give a file"));
        }
        let network = Network::new(&[2, 200, 3], activation, Loss::Softmax, penalty)?;
        let params = Init::AsWritten.draw(&network, self.seed);
        Ok(Subject { network, params, data, claimed: None })
    }

    /// `X y W1 W2 ..`, or `x y w1 b1 w2 b2 ..`.
    fn arrays(&self, path: &Path) -> Result<Subject> {
        let file = arrays::open(path)?;
        let x_name = first_of(&file, &["X", "x"]).unwrap_or("X");
        let mut x: Array2<f64> = file.matrix(x_name)?;
        let given = weights(&file)?;
        let Some(first) = given.first() else {
            return Err(file
                .error("W1", "is missing")
                .hint("weights are called W1, W2, .. or w1, b1, w2, b2, .."));
        };
        let ones = x.ncols() == first.w.nrows()
            && !first.separate
            && x.column(x.ncols() - 1).iter().all(|&v| v == 1.0);
        if ones {
            screen::complain(&format!(
                "note: the last column of {x_name} is ones, the bias trick: it is the bias's"
            ));
            x = x.slice(s![.., ..-1]).to_owned();
        }
        let mut sizes = vec![x.ncols()];
        sizes.extend(given.iter().map(|layer| layer.w.ncols()));
        let params = assembled(&file, &given, &sizes)?;

        let rows = if file.get("train").is_some() { Some(file.whole("train")?.to_vec()) } else { None };
        let (y, guessed) = answers(&file, sizes[sizes.len() - 1])?;
        let loss = match self.loss_name {
            Some(loss) => loss,
            None => word(&file, "loss_name")?.unwrap_or(guessed),
        };
        let y = fitted(&file, y, loss)?;
        let reg = match self.reg {
            Some(reg) => reg,
            None if file.get("reg").is_some() => file.scalar("reg")?,
            None => 0.0,
        };
        let over = self.penalize.map_or_else(|| word(&file, "regularize"), |over| Ok(Some(over)))?;
        let activation = self.activation.map_or_else(|| word(&file, "activation"), |a| Ok(Some(a)))?;
        let penalty = Penalty { reg, over: over.unwrap_or(Penalized::All) };
        let about = |error: Error| error.file(path.display());
        let network =
            Network::new(&sizes, activation.unwrap_or(Activation::Relu), loss, penalty).map_err(about)?;
        let mut data = Data::new(x, y).map_err(about)?;
        if let Some(rows) = rows {
            if let Some(row) = rows.iter().find(|&&row| row as usize >= data.len()) {
                return Err(file.error("train", format!("names row {row}, X has {} rows", data.len())));
            }
            screen::complain(&format!(
                "note: of {} rows, the {} of array 'train' are used",
                data.len(),
                rows.len()
            ));
            data = data.select(&rows);
        }
        data.fits(&network).map_err(about)?;
        let units: usize = sizes.iter().sum();
        let given: usize = file.arrays.values().map(|array| array.values.len()).sum();
        // Every value of a pass is kept; a small file may ask for any number of them.
        if data.len().saturating_mul(units) > (8 << 20) + 32 * given {
            let found = format!("{} rows have {units} values each, too many to look at", data.len());
            return Err(file.error(x_name, found).hint("give fewer rows: a few show all there is to see"));
        }
        let claimed = claims(&file, &sizes)?;
        Ok(Subject { network, params, data, claimed })
    }
}

/// A model on the rows of a file.
fn of_model<R: Real>(model: &Model<R>, path: &Path) -> Result<Subject> {
    let about = |error: Error| if error.place().file.is_none() { error.file(path.display()) } else { error };
    let how = Reading::default().predicting(model.encoder.answers.columns());
    let options = how.options_for(&model.encoder);
    let table = source::open(Some(&path.to_owned()), (&how, &options), &mut |_, _| Ok(()), 0)?.rows.table;
    let mut unseen = Unseen::default();
    let data: Data<R> =
        model.encoder.transform_data(&table, &all_rows(&table)?, &mut unseen).map_err(about)?;
    unseen.warnings().iter().for_each(|warning| screen::complain(&format!("warning: {warning}")));
    let y = match data.y {
        Target::Classes(y) => Target::Classes(y),
        Target::Values(y) => Target::Values(y.mapv(Real::f64)),
    };
    let data = Data::new(data.x.mapv(Real::f64), y).map_err(about)?;
    Ok(Subject { network: model.network.clone(), params: model.params.cast(), data, claimed: None })
}

/// One layer as the file has it.
struct Layer {
    name: String,
    w: Array2<f64>,
    /// The bias, where it has an array of its own.
    b: Option<Array2<f64>>,
    separate: bool,
}

/// `W1 W2 ..`, `W1_0 W2_0 ..` or `w1 b1 w2 b2 ..`, the first that is there.
fn weights(file: &Npz) -> Result<Vec<Layer>> {
    for (before, after) in [("W", ""), ("w", ""), ("W", "_0")] {
        let mut layers = Vec::new();
        while file.get(&format!("{before}{}{after}", layers.len() + 1)).is_some() {
            let name = format!("{before}{}{after}", layers.len() + 1);
            let bias = format!("b{}{after}", layers.len() + 1);
            let b = if file.get(&bias).is_some() { Some(row(file, &bias)?) } else { None };
            layers.push(Layer { w: file.matrix(&name)?, name, separate: b.is_some(), b });
        }
        if !layers.is_empty() {
            return Ok(layers);
        }
    }
    Ok(Vec::new())
}

/// A bias of shape (h) or (1, h), as one row.
fn row(file: &Npz, name: &str) -> Result<Array2<f64>> {
    match file.vector::<f64>(name) {
        Ok(b) => Ok(b.insert_axis(Axis(0))),
        Err(_) => file.matrix(name),
    }
}

/// The parameters; a layer without a bias gets one of zeros.
fn assembled(file: &Npz, layers: &[Layer], sizes: &[usize]) -> Result<Params<f64>> {
    // All shapes first: what does not fit may claim sizes that nothing stands behind.
    for (l, layer) in (1..).zip(layers) {
        let (fan_in, fan_out) = (sizes[l - 1], sizes[l]);
        let found = layer.w.dim();
        let with_bias = found == (fan_in + 1, fan_out) && layer.b.is_none();
        if found != (fan_in, fan_out) && !with_bias {
            let hint = format!(
                "({}, {fan_out}) with the bias in the last row, or ({fan_in}, {fan_out}) would fit",
                fan_in + 1
            );
            return Err(file.error(&layer.name, format!("has shape ({}, {})", found.0, found.1)).hint(hint));
        }
    }
    let mut params = Params::zeros(sizes);
    for (l, layer) in (1..).zip(layers) {
        let (fan_in, fan_out) = (sizes[l - 1], sizes[l]);
        if layer.w.nrows() == fan_in + 1 {
            params.wb_mut(l).assign(&layer.w);
            continue;
        }
        params.w_mut(l).assign(&layer.w);
        match &layer.b {
            Some(b) if b.dim() == (1, fan_out) => params.b_mut(l).assign(&b.row(0)),
            Some(b) => {
                let found = format!("has shape ({}, {})", b.nrows(), b.ncols());
                return Err(file.error(&format!("b{l}"), found).hint(format!("({fan_out}) would fit")));
            }
            None => screen::complain(&format!("note: {} has no bias; it is taken as 0", layer.name)),
        }
    }
    Ok(params)
}

/// The gradient that the file claims: `dL_dW1 ..` or `dW1 ..` with the bias in the last row, or
/// `dw1 db1 ..` apart.
pub(crate) fn claims(file: &Npz, sizes: &[usize]) -> Result<Option<Params<f64>>> {
    let mut claimed = Params::zeros(sizes);
    for l in 1..sizes.len() {
        let names = [format!("dL_dW{l}"), format!("dW{l}"), format!("dw{l}")];
        let Some(name) = names.iter().find(|name| file.get(name).is_some()) else { return Ok(None) };
        let dw: Array2<f64> = file.matrix(name)?;
        let biases = [format!("dL_db{l}"), format!("db{l}")];
        let bias = biases.iter().find(|name| file.get(name).is_some());
        match bias {
            None if dw.dim() == (sizes[l - 1] + 1, sizes[l]) => claimed.wb_mut(l).assign(&dw),
            Some(bias) if dw.dim() == (sizes[l - 1], sizes[l]) => {
                let db = row(file, bias)?;
                if db.dim() != (1, sizes[l]) {
                    return Err(file
                        .error(bias, format!("has shape ({}, {})", db.nrows(), db.ncols()))
                        .hint(format!("({}) would fit", sizes[l])));
                }
                claimed.w_mut(l).assign(&dw);
                claimed.b_mut(l).assign(&db.row(0));
            }
            _ => {
                let hint = format!(
                    "a derivative has the shape of its variable: ({}, {})",
                    sizes[l - 1] + 1,
                    sizes[l]
                );
                return Err(file
                    .error(name, format!("has shape ({}, {})", dw.nrows(), dw.ncols()))
                    .hint(hint));
            }
        }
    }
    Ok(Some(claimed))
}

/// The answers as numbers, and the loss they look made for.
fn answers(file: &Npz, k: usize) -> Result<(Array2<f64>, Loss)> {
    let Ok(y) = file.vector::<f64>("y") else {
        let y: Array2<f64> = file.matrix("y")?;
        let binary = y.iter().all(|&v| v == 0.0 || v == 1.0);
        let classes = y.ncols() == 1 && k > 1;
        return Ok((
            y,
            if classes {
                Loss::Softmax
            } else if binary {
                Loss::Logistic
            } else {
                Loss::Squared
            },
        ));
    };
    let loss = if k > 1 {
        Loss::Softmax
    } else if y.iter().all(|&v| v == 0.0 || v == 1.0) {
        Loss::Logistic
    } else {
        Loss::Squared
    };
    Ok((y.insert_axis(Axis(1)), loss))
}

/// The answers as the loss wants them.
fn fitted(file: &Npz, y: Array2<f64>, loss: Loss) -> Result<Target<f64>> {
    if loss.takes() != TargetKind::Classes {
        return Ok(Target::Values(y));
    }
    if y.ncols() != 1 {
        return Err(file
            .error("y", format!("has {} columns", y.ncols()))
            .hint(format!("the {loss} loss needs one class number a row")));
    }
    let class = |(i, &value): (usize, &f64)| {
        let whole = value >= 0.0 && value < f64::from(u32::MAX) && value.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked in the line above"
        )]
        let class = value as u32;
        whole.then_some(class).ok_or_else(|| {
            file.error("y", format!("found {value} at row {i}")).hint("classes are whole numbers from 0 up")
        })
    };
    Ok(Target::Classes(y.iter().enumerate().map(class).collect::<Result<Vec<u32>>>()?.into()))
}

fn first_of<'a>(file: &Npz, names: &[&'a str]) -> Option<&'a str> {
    names.iter().copied().find(|name| file.get(name).is_some())
}

fn word<T: std::str::FromStr<Err = Error>>(file: &Npz, name: &str) -> Result<Option<T>> {
    if file.get(name).is_none() {
        return Ok(None);
    }
    file.text(name)?.parse().map(Some).map_err(|error: Error| file.error(name, error.to_string()))
}
