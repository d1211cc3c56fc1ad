//! `clearprop train`: from data to a run folder.

use crate::arguments::option;
use crate::folder::{CHECKPOINT, Folder, MODEL, OUT_OF_FOLD};
use crate::outcome::Outcome;
use crate::pictures::Plane;
use crate::progress::{Lines, Progress, said, save_when_interrupted};
use crate::reading::Reading;
use crate::save::{Run, out_of_fold, save};
use crate::settings::Typed;
use crate::setup::Setup;
use crate::source::{self, Source, bias_trick, ends, start_weights};
use crate::split::Splitting;
use crate::steps::{Pace, calibrated, folds, take_steps};
use crate::{load, screen};
use clap::{Args, ValueEnum};
use clearprop::decision::{self, Decision};
use clearprop::error::{Error, ErrorKind, Result, with_settings};
use clearprop::fit::{Fit, Origin, Plan};
use clearprop::metrics::score_name;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::report::Sample;
use clearprop::settings::Choices;
use clearprop::train::StopReason;
use clearprop_files::checkpoint::{self, AnyCheckpoint, Checkpoint};
use clearprop_files::table::Options;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Train a network, evaluate it, and write a run folder: the model, its history, pictures, a report
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop train                                    the notebook: three spirals, one hidden layer
  clearprop train iris.csv --target species          a table: words are classes, columns are scaled
  clearprop train houses.csv --target price --hidden 64,64 --epochs 500
  clearprop train arrays.npz --solver gd --step-size 0.1 --steps 5001 --precision f64
  clearprop train houses.csv --target price --folds 5      five networks, each tested on a fifth of the rows
  clearprop train big.parquet --target y --checkpoint-every 1000 --out big
  clearprop train --resume big                       after Ctrl-C, or a power cut")]
pub(crate) struct Train {
    /// A table as CSV (also packed) or Parquet, or an .npz file with arrays X and y; - is CSV
    /// from standard input; without it the notebook's spirals
    data: Option<PathBuf>,
    /// The column to predict; several, separated by commas, for several labels or numbers
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', conflicts_with = "resume")]
    target: Vec<String>,
    /// The only columns to learn from, separated by commas [default: all but the target]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', conflicts_with = "resume")]
    columns: Vec<String>,
    /// Columns to leave out (an ID, a leak), separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', conflicts_with = "resume")]
    drop: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    settings: Typed,
    #[command(flatten)]
    split: Splitting,
    /// First weights: an .npz file with W1 W2 .. (or W1_0 W2_0 ..; bias in the last row), or a model
    #[arg(long, value_name = "FILE", conflicts_with = "resume", help_heading = "Settings")]
    start: Option<PathBuf>,
    /// Single or double precision
    #[arg(long, default_value = "f32", conflicts_with = "resume", help_heading = "Settings")]
    precision: Precision,
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Precision {
    F32,
    F64,
}

pub(crate) fn run(options: &Train) -> Result<Outcome> {
    match (&options.resume, options.precision) {
        (Some(path), _) => {
            let folder = Folder::again(path)?;
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

/// What was chosen, with what this machine says about it.
fn choices(options: &Train) -> Result<Choices> {
    let mut choices = options.settings.choices()?;
    choices.engine = Some(load::engine(options.settings.text("engine").unwrap_or("fast"))?);
    choices.threads = load::threads(choices.threads);
    Ok(choices)
}

/// A new run.
fn begin<R: Real>(options: &Train) -> Result<Outcome> {
    let choices = choices(options)?;
    let mut reading = options.reading.clone();
    reading.dropped.clone_from(&options.drop);
    reading.only.clone_from(&options.columns);
    reading.targets.clone_from(&options.target);
    let how = reading.options();
    let asked = reading.clone();
    let mut choose = |names: &[&str], how: &mut Options| reading.choose(names, how);
    let seed = choices.seed.unwrap_or(0);
    let mut source = source::open(options.data.as_ref(), (&asked, &how), &mut choose, seed)?;
    let file = source.file.clone();
    let about = |error| about(options, &file, error);
    columns(&mut reading, &mut source).map_err(about)?;
    let mut split = options.split.clone();
    split.of(&mut source.rows, &reading).map_err(about)?;
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
    let folder = Folder::claim(options.out.as_deref(), &name, options.overwrite)?;
    let progress = Progress::new(lines(options), fit.total_steps());
    for line in decision::lines(&fit.plan().decisions) {
        say(&progress, &line)?;
    }
    fit.unseen().warnings().iter().for_each(|warning| progress.warn(warning));
    let setup = Setup {
        // So that going on does not depend on where one stands.
        data: options.data.as_deref().map(source::absolute),
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
    setup.data = options.data.as_deref().map(source::absolute).or(setup.data);
    setup.checkpoint_every = options.checkpoint_every.or(setup.checkpoint_every);
    let settings = &mut plan.settings;
    settings.threads = load::threads(options.settings.choices()?.threads.or(settings.threads));
    let reading = setup.reading.options_for(&plan.encoder);
    let Source { mut rows, file, names, .. } =
        source::open(setup.data.as_ref(), (&setup.reading, &reading), &mut |_, _| Ok(()), settings.seed)?;
    rows.targets.clone_from(&setup.reading.targets);
    setup.split.of(&mut rows, &setup.reading)?;
    let about = |error| about(options, &file, error);
    let plane = Plane::of(&plan.encoder, &rows.table).map_err(about)?;
    let sample = Sample::of_run(&rows, &plan).map_err(about)?.of_file(&names);
    let mut fit = Fit::resume(plan, rows, saved).map_err(about)?;
    if let Some(every) = setup.record_every {
        fit = fit.record_every(every);
    }
    let progress = Progress::new(lines(options), fit.total_steps());
    progress.line(&format!("Going on after {} steps", fit.step()))?;
    train(options, Job { setup, folder, fit, plane, sample, before: train_time }, &progress)
}

/// The columns that were asked for.
fn columns(reading: &mut Reading, source: &mut Source) -> Result<()> {
    let rows = &mut source.rows;
    let mut table = std::mem::take(&mut rows.table);
    if rows.origin == Origin::Notebook {
        // Of a file the names were known before.
        let names: Vec<String> = table.names().map(str::to_owned).collect();
        reading.choose(&names.iter().map(String::as_str).collect::<Vec<_>>(), &mut Options::default())?;
    }
    // Of a file of rows the others were not even read.
    let dropped: Vec<String> =
        reading.dropped.iter().filter(|name| table.get(name).is_some()).cloned().collect();
    table = table.without(&dropped)?;
    if !reading.targets.is_empty() {
        rows.targets.clone_from(&reading.targets);
    } else if rows.origin == Origin::Notebook {
        rows.targets = vec!["y".into()];
    }
    if !reading.only.is_empty() {
        let keep = [&reading.only[..], &rows.targets].concat();
        let known = keep.into_iter().filter(|name| table.get(name).is_some()).collect::<Vec<_>>();
        table = table.only(&known)?;
    }
    rows.table = table;
    Ok(())
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

/// An error about the data names their file; one about an option does not.
fn about(options: &Train, file: &str, error: Error) -> Error {
    if let (Some("start"), Some(start)) = (error.place().setting, &options.start) {
        return error.file(start.display());
    }
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

/// A decision's line.
fn say(progress: &Progress, line: &str) -> Result<()> {
    progress.line(&with_settings(line, option))
}

/// Takes the steps, and saves what came of them.
fn train<R: Real>(options: &Train, job: Job<R>, progress: &Progress) -> Result<Outcome> {
    let Job { setup, folder, mut fit, plane, sample, before } = job;
    let (asked, used) = (options.settings.choices()?.threads, fit.plan().settings.threads);
    if let (Some(asked), Some(used)) = (asked, used)
        && asked > load::cores()
    {
        let cores = load::cores();
        progress.warn(&format!(
            "--threads {asked}: this machine runs {cores} at once; {used} are used, the result is the same"
        ));
    }
    if thread::Builder::new().spawn(|| ()).is_err() {
        progress.warn("the system starts no thread: this run has one, the result is the same");
    }
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
    let place = folder.path().display();
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
            let steps = fit.step();
            let place = place.to_string();
            let place = shlex::try_quote(&place).unwrap_or_else(|_| place.as_str().into());
            let rows = if setup.data.as_deref() == Some(Path::new("-")) { " < the same rows" } else { "" };
            return Ok(Outcome::Interrupted(format!(
                "interrupted after {steps} steps, and saved; go on with: clearprop train --resume {place}{rows}"
            )));
        }
        _ => {}
    }
    if let Some(score) = fit.test_score() {
        // The notebook's own line has nothing beside it.
        let beside = fit.beside_score().filter(|_| setup.data.is_some());
        let beside = beside.map_or_else(String::new, |text| format!(" ({text})"));
        progress.line(&format!("Test {}={score:.5}{beside}", score_name(fit.trainer().network().loss)))?;
    }
    let calibration =
        fit.calibration().map(|calibration| format!("Calibrated: {}", calibrated(&calibration)));
    folds(&fit).into_iter().chain(calibration).try_for_each(|line| progress.line(&line))?;
    let outcome = fit.outcome(stop_reason);
    if setup.data.is_some() {
        decision::lines(&outcome).iter().try_for_each(|line| say(progress, line))?;
    }
    let (history, model) = (fit.history().clone(), fit.finish(stop_reason));
    let (decisions, threads) = (fit.plan().decisions.clone(), fit.plan().settings.threads);
    // What trained the one network is needed no more.
    let fit = (model.members.len() > 1).then_some(fit);
    // First, so that nothing after it can cost it.
    folder.write(MODEL, &clearprop_files::model::bytes(&model)?)?;
    folder.forget(OUT_OF_FOLD);
    if let Some(Err(error)) = fit.as_ref().map(|fit| out_of_fold(&folder, fit)) {
        folder.forget(OUT_OF_FOLD);
        progress.warn(&format!("{OUT_OF_FOLD} is not written: {error}"));
    }
    drop(fit);
    let run = Run {
        model: &model,
        history: &history,
        train_time,
        threads,
        decisions: &decisions,
        outcome: &outcome,
        data: setup.data.as_deref(),
        plane: plane.as_ref(),
        sample: &sample,
    };
    let summary = save(&folder, &run, progress)?;
    if options.json {
        screen::print(&format!("{summary:#}\n"))?;
    }
    if stop_reason != StopReason::Finished && model.members.len() == 1 {
        let why = match stop_reason {
            StopReason::EarlyStopped => "the validation loss no longer falls, the best weights are kept",
            _ => "the loss no longer falls",
        };
        progress.line(&format!("Ended after {} steps: {why}", model.trained.steps))?;
    }
    progress.line(&format!(
        "Trained in {}. Model, history, pictures and report.html are in {place}",
        said(train_time)
    ))?;
    Ok(Outcome::Done)
}
