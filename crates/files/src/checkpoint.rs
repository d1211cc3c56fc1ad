//! Checkpoints: all that is needed to go on with a run to the same bits.
//!
//! A safetensors file in the run folder.  Its tensors are flat buffers (`params`, `moment1`, `moment2`,
//! `best`, of members that are trained `member1`, ..), the epoch so far (`epoch`: its loss, the best loss) and the rows of the history; its text
//! says what the run is.  The training rows are not in it: they are read again, and must be the same.

use crate::disk;
use crate::model::{floats, values};
use crate::safetensors::{self, Floats, Tensor};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::evaluate::Evaluation;
use clearprop::fit::{Done, Fit, History, Plan, Progress, Row};
use clearprop::lbfgs::{Lbfgs, PAIRS};
use clearprop::model::Member;
use clearprop::optim::{Optimiser, Solver};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::train::State;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// The version of the text that this program writes and reads.
const VERSION: u64 = 5;

/// The text beside the tensors.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct About<S> {
    checkpoint: u64,
    precision: String,
    setup: S,
    plan: Plan,
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
pub struct Checkpoint<R, S> {
    /// What the door that began the run needs to know besides.
    pub setup: S,
    /// All that was decided before the first step.
    pub plan: Plan,
    /// The state of the run.
    pub progress: Progress<R>,
    /// The time of training so far.
    pub train_time: Duration,
}

/// A checkpoint in the precision that its run has.
#[derive(Debug)]
pub enum AnyCheckpoint<S> {
    /// Single precision.
    F32(Checkpoint<f32, S>),
    /// Double precision.
    F64(Checkpoint<f64, S>),
}

/// The bytes of a run's checkpoint.
///
/// # Errors
/// A setup that JSON cannot hold.
pub fn bytes<R: Real>(setup: &impl Serialize, fit: &Fit<R>, train_time: Duration) -> Result<Vec<u8>> {
    let Progress { fingerprint, done, state, history } = fit.progress();
    let about = About {
        checkpoint: VERSION,
        precision: R::NAME.to_owned(),
        setup,
        plan: fit.plan().clone(),
        fingerprint,
        step: state.step,
        updates: state.optimiser.t,
        not_better: state.not_better,
        is_over: state.lbfgs.as_ref().is_some_and(Lbfgs::is_over),
        done: done.figures,
        train_time,
    };
    let text = serde_json::to_string(&about).map_err(|error| damaged(&error))?;
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
    safetensors::write(&tensors, text)
}

/// Reads a checkpoint.
///
/// # Errors
/// A file that is none of a run, a damaged one, one of another version.
pub fn open<S: DeserializeOwned>(path: &Path) -> Result<AnyCheckpoint<S>> {
    read(disk::Input::open(path)?, &path.display().to_string())
}

/// Reads a checkpoint from its bytes; `file` is what messages call them.
///
/// # Errors
/// Bytes that are none of a checkpoint, damaged ones, those of another version.
pub fn read<S: DeserializeOwned>(source: impl Read, file: &str) -> Result<AnyCheckpoint<S>> {
    let (tensors, text) = safetensors::read(source, file)?;
    let text = text.ok_or_else(|| damaged(&"it has no text").file(file))?;
    from_parts(&tensors, &text).map_err(|error| error.file(file))
}

/// The checkpoint of this text and these tensors.
///
/// # Errors
/// A text of another version or none of a checkpoint's; tensors that are missing or of other sizes.
pub fn from_parts<S: DeserializeOwned>(tensors: &[Tensor], text: &str) -> Result<AnyCheckpoint<S>> {
    #[derive(Deserialize)]
    struct Start {
        checkpoint: u64,
    }
    let Start { checkpoint } = serde_json::from_str(text).map_err(|error| damaged(&error))?;
    if checkpoint != VERSION {
        let found = format!("the checkpoint has version {checkpoint}, this program reads {VERSION}");
        return Err(Error::new(ErrorKind::File, found).hint("go on with the program that wrote it"));
    }
    let about: About<S> = serde_json::from_str(text).map_err(|error| damaged(&error))?;
    match about.precision.as_str() {
        "f32" => in_precision(tensors, about).map(AnyCheckpoint::F32),
        "f64" => in_precision(tensors, about).map(AnyCheckpoint::F64),
        other => Err(damaged(&format!("it has the precision '{other}'"))),
    }
}

fn in_precision<R: Real, S>(tensors: &[Tensor], about: About<S>) -> Result<Checkpoint<R, S>> {
    let About { setup, plan, fingerprint, step, updates, not_better, is_over, done, train_time, .. } = about;
    let Plan { network, settings, .. } = &plan;
    // A file may say anything.
    settings.check()?;
    settings.fit(network)?;
    let get = |name: &str| tensors.iter().find(|tensor| tensor.name == name).map(|tensor| &tensor.values);
    let absent = |name: &str| damaged(&format!("the tensor '{name}' is missing or has another size"));
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
    Ok(Checkpoint { setup, plan, progress: Progress { fingerprint, done, state, history }, train_time })
}

fn damaged(why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::File, format!("no checkpoint of this program: {why}")).hint("train anew")
}

/// Numbers of a row of the history.
pub(crate) const COLUMNS: usize = 6;

/// A row of the history; NaN is what was not measured.
pub(crate) fn numbers(row: &Row) -> [f64; COLUMNS] {
    let (loss, score) = row.validation.map_or((f64::NAN, f64::NAN), |v| (v.loss, v.score));
    let epoch = row.epoch.map_or(f64::NAN, |epoch| epoch as f64);
    [row.step as f64, row.loss, row.train_score.unwrap_or(f64::NAN), epoch, loss, score]
}

pub(crate) fn row(numbers: &[f64]) -> Option<Row> {
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
