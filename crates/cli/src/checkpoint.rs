//! Checkpoints: all that is needed to go on with a run to the same bits.
//!
//! A safetensors file in the run folder.  Its tensors are flat buffers (`params`, `moment1`, `moment2`,
//! `best`, of members that are trained `member1`, ..), the epoch so far (`epoch`: its loss, the best loss) and the rows of the history; its text
//! says what the run is.  The training rows are not in it: they are read again, and must be the same.

use crate::folder::{CHECKPOINT, Folder};
use crate::reading::Reading;
use crate::split::Splitting;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::evaluate::Evaluation;
use clearprop::fit::{Done, Fit, History, Plan, Progress, Row};
use clearprop::lbfgs::{Lbfgs, PAIRS};
use clearprop::model::Member;
use clearprop::optim::{Optimiser, Solver};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::train::State;
use clearprop_files::disk;
use clearprop_files::model::{floats, values};
use clearprop_files::safetensors::{self, Floats, Tensor};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the text that this program writes and reads.
const VERSION: u64 = 4;

/// What a run is, beside its numbers.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setup {
    /// The file of the rows, `-` for standard input; without one the notebook's spirals.
    #[serde(with = "path")]
    pub(crate) data: Option<PathBuf>,
    pub(crate) reading: Reading,
    pub(crate) split: Splitting,
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) log_every: Option<u64>,
    pub(crate) record_every: Option<u64>,
    pub(crate) checkpoint_every: Option<u64>,
}

/// A path in JSON: as text, or as its bytes where it is none.
mod path {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::path::PathBuf;

    #[derive(Deserialize, Serialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        #[cfg(unix)]
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        let written = path.as_ref().map(|path| match path.to_str() {
            #[cfg(unix)]
            None => Written::Bytes(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()),
            _ => Written::Text(path.to_string_lossy().into_owned()),
        });
        written.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        let written = Option::<Written>::deserialize(from)?;
        Ok(written.map(|written| match written {
            Written::Text(text) => text.into(),
            #[cfg(unix)]
            Written::Bytes(bytes) => {
                <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into()
            }
        }))
    }
}

/// The text beside the tensors.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct About {
    checkpoint: u64,
    precision: String,
    setup: Setup,
    fingerprint: u64,
    step: u64,
    updates: u64,
    not_better: u64,
    /// Whether lbfgs stands at a minimum.
    is_over: bool,
    /// The members that are trained.
    done: Vec<Member>,
    train_time: Duration,
}

/// Where a run stands.
#[derive(Debug)]
pub(crate) struct Checkpoint<R> {
    pub(crate) setup: Setup,
    pub(crate) progress: Progress<R>,
    /// The time of training so far.
    pub(crate) train_time: Duration,
}

/// A checkpoint in the precision that its run has.
pub(crate) enum AnyCheckpoint {
    F32(Checkpoint<f32>),
    F64(Checkpoint<f64>),
}

/// Writes a checkpoint in place of the one before.
pub(crate) fn write<R: Real>(
    folder: &Folder,
    setup: &Setup,
    fit: &Fit<R>,
    train_time: Duration,
) -> Result<()> {
    let fingerprint = fit.fingerprint();
    let Progress { done, state, history, .. } = fit.progress();
    let about = About {
        checkpoint: VERSION,
        precision: R::NAME.to_owned(),
        setup: setup.clone(),
        fingerprint,
        step: state.step,
        updates: state.optimiser.t,
        not_better: state.not_better,
        is_over: state.lbfgs.as_ref().is_some_and(Lbfgs::is_over),
        done: done.figures,
        train_time,
    };
    let text = serde_json::to_string(&about).map_err(|error| damaged(folder.path(), &error))?;
    let flat = |name: &str, values: Floats| Tensor { name: name.into(), shape: vec![values.len()], values };
    let mut tensors = vec![flat("params", floats(state.params.values()))];
    for (i, moment) in (1..).zip(&state.optimiser.moments) {
        tensors.push(flat(&format!("moment{i}"), floats(moment.values())));
    }
    let pairs = state.lbfgs.iter().flat_map(|lbfgs| lbfgs.pairs());
    for (i, [s, y]) in (1..).zip(pairs) {
        tensors
            .extend([flat(&format!("s{i}"), floats(s.values())), flat(&format!("y{i}"), floats(y.values()))]);
    }
    for (i, params) in (1..).zip(&done.params) {
        tensors.push(flat(&format!("member{i}"), floats(params.values())));
    }
    tensors.extend(state.best.iter().map(|best| flat("best", floats(best.values()))));
    // Not in the text: they may be infinite.
    let numbers_of_epoch = vec![state.epoch_loss, state.best_loss, state.optimiser.step_size];
    tensors.push(flat("epoch", Floats::F64(numbers_of_epoch)));
    tensors.push(flat("history", Floats::F64(history.rows.iter().flat_map(numbers).collect())));
    folder.write(CHECKPOINT, &safetensors::write(&tensors, &text)?)
}

/// Reads the checkpoint of a run folder.
pub(crate) fn read(folder: &Folder) -> Result<AnyCheckpoint> {
    let path = folder.path().join(CHECKPOINT);
    let file = path.display().to_string();
    let (tensors, text) = safetensors::read(disk::Input::open(&path)?, &file)?;
    let text = text.ok_or_else(|| damaged(&path, &"it has no text"))?;
    let about: About = serde_json::from_str(&text).map_err(|error| damaged(&path, &error))?;
    if about.checkpoint != VERSION {
        let found = format!("the checkpoint has version {}, this program reads {VERSION}", about.checkpoint);
        return Err(Error::new(ErrorKind::File, found)
            .file(file)
            .hint("go on with the program that wrote it"));
    }
    match about.precision.as_str() {
        "f32" => from_parts(&path, &tensors, about).map(AnyCheckpoint::F32),
        "f64" => from_parts(&path, &tensors, about).map(AnyCheckpoint::F64),
        other => Err(damaged(&path, &format!("it has the precision '{other}'"))),
    }
}

fn from_parts<R: Real>(path: &Path, tensors: &[Tensor], about: About) -> Result<Checkpoint<R>> {
    let About { setup, fingerprint, step, updates, not_better, is_over, done, train_time, .. } = about;
    let Plan { network, settings, .. } = &setup.plan;
    // A file may say anything.
    settings.check()?;
    settings.fit(network)?;
    let get = |name: &str| tensors.iter().find(|tensor| tensor.name == name).map(|tensor| &tensor.values);
    let absent = |name: &str| damaged(path, &format!("the tensor '{name}' is missing or has another size"));
    let params = |name: &str| {
        let params = get(name).and_then(|found| Params::from_values(&network.sizes, values(found)));
        params.ok_or_else(|| absent(name))
    };
    let reals = |name: &str| match get(name) {
        Some(Floats::F64(values)) => Ok(values.as_slice()),
        _ => Err(absent(name)),
    };
    let &[epoch_loss, best_loss, step_size] = reals("epoch")? else { return Err(absent("epoch")) };
    let rows = reals("history")?.chunks(COLUMNS).map(row).collect::<Option<_>>();
    // Before anything is made of the sizes in the text: the file has as many numbers.
    let weights = params("params")?;
    let mut optimiser = Optimiser::new(settings.rule(), step_size, &network.sizes)?;
    optimiser.t = updates;
    for (i, moment) in (1..).zip(&mut optimiser.moments) {
        *moment = params(&format!("moment{i}"))?;
    }
    let trained = (1..=done.len()).map(|i| params(&format!("member{i}"))).collect::<Result<_>>()?;
    let done = Done { figures: done, params: trained };
    let best = get("best").map(|_| params("best")).transpose()?;
    let lbfgs = (settings.solver == Solver::Lbfgs)
        .then(|| {
            let known = (1..=PAIRS).take_while(|i| get(&format!("s{i}")).is_some());
            let pair = |i| Ok([params(&format!("s{i}"))?, params(&format!("y{i}"))?]);
            known.map(pair).collect::<Result<_>>().map(|pairs| Lbfgs::resume(pairs, step, is_over))
        })
        .transpose()?;
    let state = State { step, params: weights, optimiser, epoch_loss, best_loss, not_better, best, lbfgs };
    let history = History { rows: rows.ok_or_else(|| absent("history"))? };
    Ok(Checkpoint { setup, progress: Progress { fingerprint, done, state, history }, train_time })
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::File, format!("no checkpoint of this program: {why}"))
        .file(path.display())
        .hint("train anew")
}

/// Numbers of a row of the history.
const COLUMNS: usize = 6;

/// A row of the history; NaN is what was not measured.
fn numbers(row: &Row) -> [f64; COLUMNS] {
    let (loss, score) = row.validation.map_or((f64::NAN, f64::NAN), |v| (v.loss, v.score));
    let epoch = row.epoch.map_or(f64::NAN, |epoch| epoch as f64);
    [row.step as f64, row.loss, row.train_score.unwrap_or(f64::NAN), epoch, loss, score]
}

fn row(numbers: &[f64]) -> Option<Row> {
    let &[step, loss, train_score, epoch, validation_loss, score] = numbers else { return None };
    let measured = |value: f64| (!value.is_nan()).then_some(value);
    Some(Row {
        step: count(step),
        loss,
        train_score: measured(train_score),
        epoch: measured(epoch).map(count),
        validation: measured(validation_loss).map(|loss| Evaluation { loss, score }),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "steps and epochs below 2^53")]
fn count(value: f64) -> u64 {
    value as u64
}
