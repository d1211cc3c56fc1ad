//! `clearprop train`: from data to a run folder.

use crate::arguments::option;
use crate::checkpoint::{self, AnyCheckpoint, Checkpoint, Plan};
use crate::chosen::Chosen;
use crate::folder::{CHECKPOINT, Folder};
use crate::pictures::Plane;
use crate::prepare::{encode, prepare};
use crate::progress::{Lines, Progress, said, save_when_interrupted};
use crate::save::{History, Run, save};
use crate::source::{self, Reading};
use crate::steps::{Pace, take_steps};
use crate::{Outcome, load, screen};
use clap::{Args, ValueEnum};
use clearprop::data::Data;
use clearprop::error::{Error, ErrorKind, Result, with_settings};
use clearprop::loss::Loss;
use clearprop::model::{Model, Trained};
use clearprop::real::Real;
use clearprop::settings::Settings;
use clearprop::train::{StopReason, Trainer};
use clearprop_files::table::Options;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Train a network, evaluate it, and write a run folder with the model, its history and pictures
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop train                                    the notebook: three spirals, one hidden layer
  clearprop train iris.csv --target species          a table: columns are standardised, classes are words
  clearprop train houses.csv --target price --hidden 64,64 --epochs 500
  clearprop train arrays.npz --solver gd --step-size 0.1 --steps 5001 --precision f64
  clearprop train big.parquet --target y --checkpoint-every 1000 --out big
  clearprop train --resume big                       after Ctrl-C, or a power cut")]
pub(crate) struct Train {
    /// A table as CSV (also packed by gzip) or Parquet, or an .npz file with arrays X and y; - is CSV
    /// from standard input; without it the notebook's spirals
    data: Option<PathBuf>,
    /// The column to predict; several, separated by commas, for several labels or numbers
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', conflicts_with = "resume")]
    pub(crate) target: Vec<String>,
    /// The only columns to learn from, separated by commas [default: all but the target]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', conflicts_with = "resume")]
    pub(crate) columns: Vec<String>,
    /// Columns to leave out (an ID, a leak), separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', conflicts_with = "resume")]
    pub(crate) drop: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// What is made small; without it the answers decide, and the choice is printed
    #[arg(long, value_name = "WORD", value_parser = ["softmax", "logistic", "squared"], conflicts_with = "resume", help_heading = "Settings")]
    pub(crate) loss: Option<String>,
    /// Whether number columns are standardised [default: none; tables: standard]
    #[arg(long, conflicts_with = "resume", help_heading = "Settings")]
    pub(crate) scale: Option<Scale>,
    /// First weights: an .npz file with W1 W2 .. (or W1_0 W2_0 ..; bias in the last row), or a model
    #[arg(long, value_name = "FILE", conflicts_with = "resume", help_heading = "Settings")]
    pub(crate) start: Option<PathBuf>,
    /// Single or double precision
    #[arg(long, default_value = "f32", conflicts_with = "resume", help_heading = "Settings")]
    precision: Precision,
    /// fast: fused kernels; plain: the readable code that they are compared with
    #[arg(long, default_value = "fast", value_parser = ["fast", "plain"], conflicts_with = "resume", help_heading = "Settings")]
    pub(crate) engine: String,
    /// Threads; without it as many as pay.  The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Settings")]
    pub(crate) threads: Option<u16>,
    /// Steps (or epochs) from one line to the next [default: 500 steps, 10 epochs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "resume", help_heading = "Output")]
    log_every: Option<u64>,
    /// Steps (or epochs) from one row of history.csv to the next [default: 10 steps, 1 epoch]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "resume", help_heading = "Output")]
    record_every: Option<u64>,
    /// The run folder [default: the next free runs/NAME-N]
    #[arg(long, value_name = "DIR", conflicts_with = "resume", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace an earlier run in the folder
    #[arg(long, requires = "out", help_heading = "Output")]
    overwrite: bool,
    /// Save in the run folder, every N steps, what is needed to go on after an interruption
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Output")]
    checkpoint_every: Option<u64>,
    /// Go on with the interrupted run in this folder, to the same result as if it had never stopped
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    resume: Option<PathBuf>,
    /// Print the summary as JSON; lines and warnings go to standard error
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print nothing but warnings and errors
    #[arg(long, help_heading = "Output")]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scale {
    Standard,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Precision {
    F32,
    F64,
}

pub(crate) fn run(options: &Train) -> Result<Outcome> {
    match (&options.resume, options.precision) {
        (Some(folder), _) => match checkpoint::read(folder)? {
            AnyCheckpoint::F32(checkpoint) => resume(options, folder, checkpoint),
            AnyCheckpoint::F64(checkpoint) => resume(options, folder, checkpoint),
        },
        (None, Precision::F32) => begin::<f32>(options),
        (None, Precision::F64) => begin::<f64>(options),
    }
}

/// A run that can take its next step.
struct Job<R> {
    plan: Plan,
    folder: Folder,
    trainer: Trainer<R>,
    test: Option<Data<R>>,
    plane: Option<Plane>,
    history: History,
    /// The time of training before.
    before: Duration,
}

/// A new run.
fn begin<R: Real>(options: &Train) -> Result<Outcome> {
    let seed = options.chosen.seed()?.unwrap_or(0);
    let mut reading = options.reading.clone();
    reading.dropped.clone_from(&options.drop);
    if !options.columns.is_empty() {
        reading.only = [&options.target[..], &options.columns].concat();
    }
    let how = Options { known: options.target.clone(), ..reading.options(R::NAME == "f32") };
    let source = source::open(options.data.as_ref(), &how, seed)?;
    let (name, file) = (source.name.clone(), source.file.clone());
    let start = prepare::<R>(options, source).map_err(|error| about(options, &file, error))?;
    let folder = Folder::claim(options.out.as_deref(), &name, options.overwrite)?;
    let progress = Progress::new(lines(options), start.trainer.total_steps());
    start.notes.iter().try_for_each(|note| progress.line(&with_settings(note, option)))?;
    start.unseen.warnings().iter().for_each(|warning| progress.warn(warning));
    let plan = Plan {
        // So that going on does not depend on where one stands.
        data: options.data.as_deref().map(source::absolute),
        reading,
        fingerprint: start.fingerprint,
        name,
        network: start.trainer.network().clone(),
        encoder: start.encoder,
        settings: start.trainer.settings().clone(),
        log_every: options.log_every,
        record_every: options.record_every,
        checkpoint_every: options.checkpoint_every,
    };
    let job = Job {
        plan,
        folder,
        trainer: start.trainer,
        test: start.test,
        plane: start.plane,
        history: History::default(),
        before: Duration::ZERO,
    };
    train(options, job, &progress)
}

/// A run that goes on.
fn resume<R: Real>(options: &Train, folder: &Path, checkpoint: Checkpoint<R>) -> Result<Outcome> {
    let Checkpoint { mut plan, state, history, train_time } = checkpoint;
    // A file may have moved.
    plan.data = options.data.as_deref().map(source::absolute).or(plan.data);
    plan.checkpoint_every = options.checkpoint_every.or(plan.checkpoint_every);
    plan.settings.threads = load::threads(options.threads.map(usize::from).or(plan.settings.threads));
    let reading = plan.reading.options_for::<R>(&plan.encoder);
    let source = source::open(plan.data.as_ref(), &reading, plan.settings.seed)?;
    let file = source.file.clone();
    let about = |error| about(options, &file, error);
    let rows = encode::<R>(source, &plan.encoder, &plan.settings).map_err(about)?;
    if rows.fingerprint != plan.fingerprint {
        let found = "these are not the rows that the run began with";
        let hint = "go on with the same file, or train anew";
        return Err(Error::new(ErrorKind::Data, found).file(&file).hint(hint));
    }
    let (network, settings) = (plan.network.clone(), plan.settings.clone());
    let step = state.step;
    let trainer = Trainer::resume(network, state, rows.train, rows.validation, settings).map_err(about)?;
    let folder = Folder::again(folder)?;
    let progress = Progress::new(lines(options), trainer.total_steps());
    progress.line(&format!("Going on after {step} steps"))?;
    let (test, plane) = (rows.test, rows.plane);
    train(options, Job { plan, folder, trainer, test, plane, history, before: train_time }, &progress)
}

/// An error about the data names their file; one about an option does not.
fn about(options: &Train, file: &str, error: Error) -> Error {
    let place = error.place();
    let named = place.name.is_some() || place.setting.is_some() || place.file.is_some();
    if named || (options.data.is_none() && options.resume.is_none()) { error } else { error.file(file) }
}

fn lines(options: &Train) -> Lines {
    match (options.quiet, options.json) {
        (true, _) => Lines::Quiet,
        (_, true) => Lines::Err,
        _ => Lines::Out,
    }
}

/// Takes the steps, and saves what came of them.
fn train<R: Real>(options: &Train, job: Job<R>, progress: &Progress) -> Result<Outcome> {
    let Job { plan, folder, mut trainer, test, plane, mut history, before } = job;
    if let (Some(asked), Some(used)) = (options.threads, trainer.settings().threads)
        && usize::from(asked) > load::cores()
    {
        let cores = load::cores();
        progress.warn(&format!(
            "--threads {asked}: this machine runs {cores} at once; {used} are used, the result is the same"
        ));
    }
    save_when_interrupted();
    let began = Instant::now();
    let pace = Pace::new(&trainer, &plan);
    let mut keep = |trainer: &Trainer<R>, history: &History| {
        checkpoint::write(&folder, &plan, trainer.state(), history, before + began.elapsed())
    };
    let stop_reason = take_steps(&mut trainer, &mut history, &pace, progress, &mut keep);
    let train_time = before + began.elapsed();
    progress.finish();
    let stop_reason = stop_reason.inspect_err(|_| folder.give_back())?;
    let place = folder.path().display();
    match stop_reason {
        StopReason::Diverged { step } => {
            folder.forget(CHECKPOINT);
            folder.give_back();
            let step_size = trainer.settings().step_size;
            let found = format!("the loss became infinite or NaN at step {step}");
            let hint = format!(
                "nothing was written; try a smaller step size, like --step-size {}",
                step_size / 10.0
            );
            return Ok(Outcome::Found(Error::new(ErrorKind::Data, found).hint(hint)));
        }
        StopReason::Interrupted => {
            let steps = trainer.state().step;
            let place = place.to_string();
            let place = shlex::try_quote(&place).unwrap_or_else(|_| place.as_str().into());
            let rows = if plan.data.as_deref() == Some(Path::new("-")) { " < the same rows" } else { "" };
            return Ok(Outcome::Interrupted(format!(
                "interrupted after {steps} steps, and saved; go on with: clearprop train --resume {place}{rows}"
            )));
        }
        _ => {}
    }
    let test_score = test.as_ref().map(|test| trainer.evaluate(test).score);
    let name = score_name(trainer.network().loss);
    if let Some(score) = test_score {
        progress.line(&format!("Test {name}={score:.5}"))?;
    }
    let trained = Trained {
        settings: Settings { threads: None, ..trainer.settings().clone() },
        steps: trainer.state().step,
        stop_reason,
        loss: history.rows.last().map_or(f64::NAN, |row| row.loss),
        train_score: trainer.evaluate(trainer.data()).score,
        test_score,
        rows: trainer.data().len(),
    };
    let (network, params) = (trainer.network().clone(), trainer.params().clone());
    let engine = trainer.settings().engine;
    let model = Model { network, params, encoder: plan.encoder.clone(), trained, engine };
    let threads = trainer.settings().threads;
    let run = Run { model: &model, history: &history, train_time, threads, plane: plane.as_ref() };
    let summary = save(&folder, &run).inspect_err(|_| folder.give_back())?;
    if options.json {
        screen::print(&format!("{summary:#}\n"))?;
    }
    if stop_reason != StopReason::Finished {
        let why = match stop_reason {
            StopReason::EarlyStopped => "the validation loss no longer falls, the best weights are kept",
            _ => "the loss no longer falls",
        };
        progress.line(&format!("Ended after {} steps: {why}", model.trained.steps))?;
    }
    progress.line(&format!("Trained in {}. Model, history and pictures are in {place}", said(train_time)))?;
    Ok(Outcome::Done)
}

/// What [`clearprop::metrics::score`] is called for this loss.
pub(crate) fn score_name(loss: Loss) -> &'static str {
    match loss {
        Loss::Squared => "R2",
        _ => "accuracy",
    }
}
