//! What `trace` and `check` look at: a network with its weights and rows, all at double precision.
//!
//! From a model and data, from a person's arrays as `diagnose` reads them too, or from the notebook.

use crate::reading::Reading as ReadingOptions;
use crate::source::{self, all_rows};
use crate::{load, screen};
use clap::Args;
use clearprop::activation::Activation;
use clearprop::data::{Data, Spirals, spirals, split};
use clearprop::diagnose::arrays::{Array, Stored, Values};
use clearprop::diagnose::reading::Reading;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::model::{AnyModel, Model};
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::table::Unseen;
use clearprop::target::Target;
use clearprop_files::arrays as containers;
use std::path::{Path, PathBuf};

/// Options that say what is looked at.
#[derive(Args, Debug)]
pub(crate) struct Chosen {
    /// A model and its data, or arrays with X, y, W1, W2, .. (.npz, .mat, .json or a folder), or nothing:
    /// the notebook's network before its first step
    #[arg(value_name = "MODEL DATA | ARRAYS", num_args = 0..=2)]
    files: Vec<PathBuf>,
    /// Strength of the penalty, reg/2 * sum(W^2); default: what the file says, else 0 (notebook: 0.001)
    #[arg(long, value_name = "X")]
    reg: Option<f64>,
    /// What the penalty counts: weights or all (biases too); default: what the file shows
    #[arg(long, value_name = "WHAT")]
    penalize: Option<Penalized>,
    /// Nonlinearity of the hidden layers, any that 'train' has; default: what the file shows, else relu
    #[arg(long, value_name = "NAME")]
    activation: Option<Activation>,
    /// Loss, any that 'train' has; default: what the file shows, else by the look of y
    #[arg(long, value_name = "NAME")]
    loss_name: Option<Loss>,
    /// Seed of the notebook's data and weights
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// What is looked at.
#[expect(clippy::large_enum_variant, reason = "a command has one of them")]
pub(crate) enum Subject {
    /// A network that the library trains.
    Network { network: Network, params: Params<f64>, data: Data<f64> },
    /// A person's arrays as they were read.
    Arrays { file: String, arrays: Vec<Array>, reading: Box<Reading> },
}

impl Subject {
    /// The network with its weights and rows, as the library trains it.
    ///
    /// # Errors
    /// The arrays are those of a network that the library does not train.
    pub(crate) fn trained(&self) -> Result<(&Network, &Params<f64>, &Data<f64>)> {
        match self {
            Self::Network { network, params, data } => Ok((network, params, data)),
            Self::Arrays { file, reading, .. } => {
                let (network, data) = reading.network().map_err(|error| error.file(file))?;
                Ok((network, reading.params(), data))
            }
        }
    }
}

impl Chosen {
    /// Reads it; what was assumed is said on standard error.
    ///
    /// # Errors
    /// Files that cannot be read, and arrays that do not fit together.
    pub(crate) fn open(&self) -> Result<Subject> {
        match self.files.as_slice() {
            [] => self.notebook(),
            [path] if containers::is_arrays(path) => self.arrays(path),
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
        Ok(Subject::Network { network, params, data })
    }

    /// The arrays of a pass, in any layout and names.
    fn arrays(&self, path: &Path) -> Result<Subject> {
        let file = containers::open(path)?;
        let mut arrays = containers::for_diagnosis(&file);
        self.overrule(&mut arrays);
        let about = |error: Error| error.file(path.display());
        let reading = Reading::of(&arrays).map_err(about)?;
        say(&reading);
        let units: usize = reading.params().sizes().iter().sum();
        let given: usize = file.arrays.values().map(|array| array.values.len()).sum();
        // Every value of a pass is kept; a small file may ask for any number of them.
        let rows = reading.read_as().rows;
        if rows.saturating_mul(units) > (8 << 20) + 32 * given {
            let found = format!("{rows} rows have {units} values each, too many to look at");
            return Err(about(
                Error::new(ErrorKind::Data, found).hint("give fewer rows: a few show all there is to see"),
            ));
        }
        Ok(Subject::Arrays { file: path.display().to_string(), arrays, reading: Box::new(reading) })
    }

    /// What the options say stands in the file's place.
    fn overrule(&self, arrays: &mut Vec<Array>) {
        let mut put = |name: &str, values: Values| {
            arrays.retain(|array| array.name != name);
            arrays.push(Array { name: name.to_owned(), shape: Vec::new(), values });
        };
        if let Some(reg) = self.reg {
            put("reg", Values::Numbers(vec![reg], Stored::Double));
        }
        if let Some(over) = self.penalize {
            put("regularize", Values::Text(over.name().to_owned()));
        }
        if let Some(activation) = self.activation {
            put("activation", Values::Text(activation.to_string()));
        }
        if let Some(loss) = self.loss_name {
            put("loss_name", Values::Text(loss.to_string()));
        }
    }
}

/// What was read, in lines on standard error.
fn say(reading: &Reading) {
    let read_as = reading.read_as();
    screen::complain(&format!("note: read as {}", read_as.network));
    for words in &read_as.said {
        screen::complain(&format!("note: {words}"));
    }
    if let Some(name) = reading.unknown() {
        screen::complain(&format!("note: {name} does not follow from the arrays by a known function"));
    }
    for words in &read_as.warnings {
        screen::complain(&format!("note: {words}"));
    }
}

/// A model on the rows of a file.
fn of_model<R: Real>(model: &Model<R>, path: &Path) -> Result<Subject> {
    let about = |error: Error| if error.place().file.is_none() { error.file(path.display()) } else { error };
    let how = ReadingOptions::default().predicting(model.encoder.answers.columns());
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
    if model.members.len() > 1 {
        let count = model.members.len();
        screen::complain(&format!("note: looks at the first of the model's {count} members"));
    }
    Ok(Subject::Network { network: model.network.clone(), params: model.members[0].cast(), data })
}
