//! `clearprop train`: from data to a run folder.

use crate::asked::{Asked, Opened, Precision, reopened};
use crate::end::{Ended, end, going_on, threads};
use crate::folder::{CHECKPOINT, Folder};
use crate::load;
use crate::outcome::Outcome;
use crate::pictures::Plane;
use crate::progress::{Progress, save_when_interrupted};
use crate::setup::Setup;
use crate::source::{self, Source, bias_trick, ends, start_weights};
use crate::steps::{Pace, take_steps};
use clap::Args;
use clearprop::decision::{self, Decision};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{Fit, Origin, Plan};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::report::Sample;
use clearprop::train::StopReason;
use clearprop_files::checkpoint::{self, AnyCheckpoint, Checkpoint};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Train a network, evaluate it, and write a run folder: the model, its history, pictures, a report
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop train                                    the notebook: three spirals, one hidden layer
  clearprop train iris.csv --target species          a table: words are classes, columns are scaled
  clearprop train houses.csv --target price --hidden 64,64 --epochs 500
  clearprop train arrays.npz --solver gd --step-size 0.1 --steps 5001 --precision f64
  clearprop train houses.csv --target price --folds 5      five networks, and their mean
  clearprop train big.parquet --target y --checkpoint-every 1000 --out big
  clearprop train --resume big                       after Ctrl-C, or a power cut")]
pub(crate) struct Train {
    #[command(flatten)]
    asked: Asked,
    /// First weights: an .npz file with W1 W2 .. (or W1_0 W2_0 ..; bias in the last row), or a model
    #[arg(long, value_name = "FILE", conflicts_with = "resume", help_heading = "Settings")]
    start: Option<PathBuf>,
    /// Steps (or epochs) from one line to the next [default: 500 steps, 10 epochs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "resume", help_heading = "Output")]
    log_every: Option<u64>,
    /// Steps (or epochs) from one row of history.csv to the next [default: 10 steps, 1 epoch]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "resume", help_heading = "Output")]
    record_every: Option<u64>,
    /// Save in the run folder, every N steps, what is needed to go on after an interruption
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Output")]
    checkpoint_every: Option<u64>,
}

pub(crate) fn run(options: &Train) -> Result<Outcome> {
    match (&options.asked.resume, options.asked.precision) {
        (Some(path), _) => {
            let folder = Folder::again(path, CHECKPOINT)?;
            match checkpoint::open(&folder.path().join(CHECKPOINT))? {
                AnyCheckpoint::F32(checkpoint) => resume(options, folder, checkpoint),
                AnyCheckpoint::F64(checkpoint) => resume(options, folder, checkpoint),
            }
        }
        (None, Precision::F32) => begin::<f32>(options),
        (None, Precision::F64) => begin::<f64>(options),
    }
}

/// A run that can take its next step.
struct Job<R> {
    setup: Setup,
    folder: Folder,
    fit: Fit<R>,
    plane: Option<Plane>,
    sample: Sample,
    /// The time of training before.
    before: Duration,
}

/// A new run.
fn begin<R: Real>(options: &Train) -> Result<Outcome> {
    let asked = &options.asked;
    let choices = asked.choices()?;
    let Opened { mut source, reading, split } = asked.open(choices.seed.unwrap_or(0))?;
    let file = source.file.clone();
    let about = |error| about(options, &file, error);
    let mut notes = std::mem::take(&mut source.decisions);
    let start = start::<R>(options, &mut source, &mut notes).map_err(about)?;
    let Source { name, rows, names, .. } = source;
    let mut plan = Plan::new(&rows, &choices, start.as_ref()).map_err(about)?;
    plan.decisions.splice(0..0, notes);
    let plane = Plane::of(&plan.encoder, &rows.table).map_err(about)?;
    let sample = Sample::of_run(&rows, &plan).map_err(about)?.of_file(&names);
    let mut fit = Fit::begin(plan, rows, start).map_err(about)?;
    if let Some(every) = options.record_every {
        fit = fit.record_every(every);
    }
    let began = Instant::now();
    fit = fit.within(|| began.elapsed().as_secs_f64())?;
    let folder = Folder::claim(asked.out.as_deref(), &name, asked.overwrite)?;
    let progress = Progress::new(asked.lines(), fit.total_steps());
    for line in decision::lines(&fit.plan().decisions) {
        progress.say(&line)?;
    }
    fit.unseen().warnings().iter().for_each(|warning| progress.warn(warning));
    let setup = Setup {
        // So that going on does not depend on where one stands.
        data: asked.data.as_deref().map(source::absolute),
        reading,
        split,
        name,
        log_every: options.log_every,
        record_every: options.record_every,
        checkpoint_every: options.checkpoint_every,
    };
    train(options, Job { setup, folder, fit, plane, sample, before: Duration::ZERO }, &progress)
}

/// A run that goes on.
fn resume<R: Real>(options: &Train, folder: Folder, checkpoint: Checkpoint<R, Setup>) -> Result<Outcome> {
    let Checkpoint { mut setup, mut plan, progress: saved, train_time } = checkpoint;
    // A file may have moved.
    setup.data = options.asked.data.as_deref().map(source::absolute).or(setup.data);
    setup.checkpoint_every = options.checkpoint_every.or(setup.checkpoint_every);
    let asked = options.asked.settings.choices()?.threads;
    plan.settings.threads = load::threads(asked.or(plan.settings.threads));
    let Source { rows, file, names, .. } = reopened(&mut setup, &plan)?;
    let about = |error| about(options, &file, error);
    let plane = Plane::of(&plan.encoder, &rows.table).map_err(about)?;
    let sample = Sample::of_run(&rows, &plan).map_err(about)?.of_file(&names);
    let mut fit = Fit::resume(plan, rows, saved).map_err(about)?;
    if let Some(every) = setup.record_every {
        fit = fit.record_every(every);
    }
    let progress = Progress::new(options.asked.lines(), fit.total_steps());
    progress.line(&format!("Going on after {} steps", fit.step()))?;
    train(options, Job { setup, folder, fit, plane, sample, before: train_time }, &progress)
}

/// The weights to begin with.
fn start<R: Real>(
    options: &Train,
    source: &mut Source,
    notes: &mut Vec<Decision>,
) -> Result<Option<Params<R>>> {
    let Some(path) = &options.start else { return Ok(None) };
    if !ends(path, "npz") {
        return load::params(path).map(Some);
    }
    let arrays = source::read_npz(path)?;
    let rows = &mut source.rows;
    if rows.origin == Origin::Arrays
        && let Some(ones) = bias_trick(&arrays, &rows.table, &rows.targets)
    {
        let what = format!("column '{ones}' of X is all ones, the bias trick");
        notes.push(Decision::new("bias_trick", what, "left out, the last row of W1 is the bias"));
        rows.table = std::mem::take(&mut rows.table).without(&[ones])?;
    }
    let inputs = rows.table.names().filter(|name| !rows.targets.iter().any(|target| target == name)).count();
    start_weights(&arrays, inputs).map(Some)
}

/// An error about the first weights names their file.
fn about(options: &Train, file: &str, error: Error) -> Error {
    match (error.place().setting, &options.start) {
        (Some("start"), Some(start)) => error.file(start.display()),
        _ => options.asked.about(file, error),
    }
}

/// Takes the steps, and saves what came of them.
fn train<R: Real>(options: &Train, job: Job<R>, progress: &Progress) -> Result<Outcome> {
    let Job { setup, folder, mut fit, plane, sample, before } = job;
    let used = fit.plan().settings.threads;
    threads(&options.asked, used, progress)?;
    save_when_interrupted();
    let began = Instant::now();
    let pace = Pace::new(&fit, setup.log_every, setup.checkpoint_every);
    let mut keep = |fit: &Fit<R>| {
        folder.write(CHECKPOINT, &checkpoint::bytes(&setup, fit, before.saturating_add(began.elapsed()))?)
    };
    let stop_reason = take_steps(&mut fit, &pace, progress, &mut keep);
    let train_time = before.saturating_add(began.elapsed());
    progress.finish();
    let stop_reason = stop_reason?;
    match stop_reason {
        StopReason::Diverged { step } => {
            folder.forget(CHECKPOINT);
            let step_size = fit.plan().settings.step_size;
            let found = format!("the loss became infinite or NaN at step {step}");
            let hint = format!(
                "nothing was written; try a smaller step size, like --step-size {}",
                step_size / 10.0
            );
            return Ok(Outcome::Found(Error::new(ErrorKind::Data, found).hint(hint)));
        }
        StopReason::Interrupted => {
            let how = going_on("train", &folder, setup.data.as_deref());
            return Ok(Outcome::Interrupted(format!(
                "interrupted after {} steps, and saved; {how}",
                fit.step()
            )));
        }
        _ => {}
    }
    let ended = Ended {
        data: setup.data.as_deref(),
        threads: used,
        plane: plane.as_ref(),
        sample: &sample,
        train_time,
        trials: None,
    };
    let json = options.asked.json;
    end(&folder, fit, stop_reason, &ended, (json, progress))
}
