//! Checkpoints: all that is needed to go on with a run to the same bits.
//!
//! A safetensors file in the run folder.  Its tensors are flat buffers (`params`, `moment1`, `moment2`, `best`), the epoch so far
//! (`epoch`: its loss, the best loss) and the rows of the history; of members that are trained beside the first the same as
//! `ahead1.params` and so on; of those that are done `member1`, ..  Its text says what the run is.  The training rows are not in
//! it: they are read again, and must be the same.

use crate::disk;
use crate::model::{floats, values};
use crate::safetensors::{self, Floats, Tensor};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::evaluate::Evaluation;
use clearprop::fit::{Done, Fit, History, Plan, Progress, Row};
use clearprop::lbfgs::{Lbfgs, PAIRS};
use clearprop::model::Member;
use clearprop::network::Network;
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
const VERSION: u64 = 7;

/// The text beside the tensors.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct About<S> {
    checkpoint: u64,
    precision: String,
    setup: S,
    plan: Plan,
    fingerprint: u64,
    /// Where the network stands; of members the first, and those that are trained beside it.
    running: Vec<Counts>,
    /// The members that are trained.
    done: Vec<Member>,
    train_time: Duration,
}

/// The counts of a network that is trained.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    step: u64,
    updates: u64,
    not_better: u64,
    /// Whether lbfgs stands at a minimum.
    is_over: bool,
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
    let Progress { fingerprint, done, state, history, ahead } = fit.progress();
    let running: Vec<_> = std::iter::once((state, history)).chain(ahead).collect();
    let counts = |(state, _): &(State<R>, History)| Counts {
        step: state.step,
        updates: state.optimiser.t,
        not_better: state.not_better,
        is_over: state.lbfgs.as_ref().is_some_and(Lbfgs::is_over),
    };
    let about = About {
        checkpoint: VERSION,
        precision: R::NAME.to_owned(),
        setup,
        plan: fit.plan().clone(),
        fingerprint,
        running: running.iter().map(counts).collect(),
        done: done.figures,
        train_time,
    };
    let text = serde_json::to_string(&about).map_err(|error| damaged(&error))?;
    let mut tensors = Vec::new();
    for (i, (state, history)) in running.iter().enumerate() {
        put(&mut tensors, &prefix(i), state, history);
    }
    for (i, params) in (1..).zip(&done.params) {
        tensors.push(flat(&format!("member{i}"), floats(params.values())));
    }
    safetensors::write(&tensors, text)
}

/// What the names of a network's tensors begin with.
fn prefix(place: usize) -> String {
    if place == 0 { String::new() } else { format!("ahead{place}.") }
}

fn flat(name: &str, values: Floats) -> Tensor {
    Tensor { name: name.into(), shape: vec![values.len()], values }
}

/// Adds the tensors of a network that is trained.
fn put<R: Real>(tensors: &mut Vec<Tensor>, prefix: &str, state: &State<R>, history: &History) {
    let mut add = |name: &str, values: Floats| tensors.push(flat(&format!("{prefix}{name}"), values));
    add("params", floats(state.params.values()));
    for (i, moment) in (1..).zip(&state.optimiser.moments) {
        add(&format!("moment{i}"), floats(moment.values()));
    }
    for (i, [s, y]) in (1..).zip(state.lbfgs.iter().flat_map(|lbfgs| lbfgs.pairs())) {
        add(&format!("s{i}"), floats(s.values()));
        add(&format!("y{i}"), floats(y.values()));
    }
    if let Some(best) = &state.best {
        add("best", floats(best.values()));
    }
    // Not in the text: they may be infinite.
    add("epoch", Floats::F64(vec![state.epoch_loss, state.best_loss, state.optimiser.step_size]));
    add("history", Floats::F64(history.rows.iter().flat_map(numbers).collect()));
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
    let About { setup, plan, fingerprint, running, done, train_time, .. } = about;
    // A file may say anything.
    plan.settings.check()?;
    plan.settings.fit(&plan.network)?;
    let mut running = running
        .into_iter()
        .enumerate()
        .map(|(i, counts)| get(tensors, &prefix(i), &plan, counts))
        .collect::<Result<Vec<_>>>()?
        .into_iter();
    let (state, history) = running.next().ok_or_else(|| damaged(&"nothing is trained in it"))?;
    let trained = |i| params(tensors, &format!("member{i}"), &plan.network);
    let trained = (1..=done.len()).map(trained).collect::<Result<_>>()?;
    let done = Done { figures: done, params: trained };
    let progress = Progress { fingerprint, done, state, history, ahead: running.collect() };
    Ok(Checkpoint { setup, plan, progress, train_time })
}

fn find<'t>(tensors: &'t [Tensor], name: &str) -> Option<&'t Floats> {
    tensors.iter().find(|tensor| tensor.name == name).map(|tensor| &tensor.values)
}

fn absent(name: &str) -> Error {
    damaged(&format!("the tensor '{name}' is missing or has another size"))
}

fn params<R: Real>(tensors: &[Tensor], name: &str, network: &Network) -> Result<Params<R>> {
    let params = find(tensors, name).and_then(|found| Params::from_values(&network.sizes, values(found)));
    params.ok_or_else(|| absent(name))
}

/// A network that is trained, of the tensors that begin with `prefix`.
fn get<R: Real>(
    tensors: &[Tensor],
    prefix: &str,
    plan: &Plan,
    Counts { step, updates, not_better, is_over }: Counts,
) -> Result<(State<R>, History)> {
    let Plan { network, settings, .. } = plan;
    let name = |name: &str| format!("{prefix}{name}");
    let params = |of: &str| params(tensors, &name(of), network);
    let reals = |of: &str| match find(tensors, &name(of)) {
        Some(Floats::F64(values)) => Ok(values.as_slice()),
        _ => Err(absent(&name(of))),
    };
    let &[epoch_loss, best_loss, step_size] = reals("epoch")? else { return Err(absent(&name("epoch"))) };
    let rows = reals("history")?.chunks(COLUMNS).map(row).collect::<Option<_>>();
    // Before anything is made of the sizes in the text: the file has as many numbers.
    let weights = params("params")?;
    let mut optimiser = Optimiser::new(settings.rule(), step_size, &network.sizes)?;
    optimiser.t = updates;
    for (i, moment) in (1..).zip(&mut optimiser.moments) {
        *moment = params(&format!("moment{i}"))?;
    }
    let best = find(tensors, &name("best")).map(|_| params("best")).transpose()?;
    let lbfgs = (settings.solver == Solver::Lbfgs)
        .then(|| {
            let known = (1..=PAIRS).take_while(|i| find(tensors, &name(&format!("s{i}"))).is_some());
            let pair = |i| Ok([params(&format!("s{i}"))?, params(&format!("y{i}"))?]);
            known.map(pair).collect::<Result<_>>().map(|pairs| Lbfgs::resume(pairs, step, is_over))
        })
        .transpose()?;
    let state = State { step, params: weights, optimiser, epoch_loss, best_loss, not_better, best, lbfgs };
    Ok((state, History { rows: rows.ok_or_else(|| absent(&name("history")))? }))
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
