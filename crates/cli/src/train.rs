//! `clearprop train`: from data to a run folder.

use crate::chosen::Chosen;
use crate::folder::Folder;
use crate::progress::{Lines, Progress, listen_for_interrupts, said};
use crate::save::{Run, save};
use crate::source::{self, Kind, Said, Source, all_rows, as_they_are, ends, start_weights};
use crate::steps::{Pace, take_steps};
use crate::{Outcome, load, screen};
use clap::{Args, ValueEnum};
use clearprop::data::{Data, hold_out, split};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::model::{Model, Trained};
use clearprop::network::Network;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::settings::Settings;
use clearprop::table::{Encoder, Learn, Unseen};
use clearprop::train::{StopReason, Trainer};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Train a network, evaluate it, and write a run folder with the model, its history and pictures
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop train                                    the notebook: three spirals, one hidden layer
  clearprop train iris.csv --target species          a table: columns are standardised, classes are words
  clearprop train houses.csv --target price --hidden 64,64 --epochs 500
  clearprop train arrays.npz --solver gd --step-size 0.1 --steps 5001 --precision f64")]
pub(crate) struct Train {
    /// A .csv table, or an .npz file with arrays X and y; without it the notebook's spirals
    data: Option<PathBuf>,
    /// The column to predict; several, separated by commas, for several labels or numbers
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    target: Vec<String>,
    /// Columns to leave out (an ID, a leak), separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    drop: Vec<String>,
    #[command(flatten)]
    chosen: Chosen,
    /// What is made small; without it the answers decide, and the choice is printed
    #[arg(long, value_name = "WORD", value_parser = ["softmax", "logistic", "squared"], help_heading = "Settings")]
    loss: Option<String>,
    /// Whether number columns are standardised [default: none; tables: standard]
    #[arg(long, help_heading = "Settings")]
    scale: Option<Scale>,
    /// First weights: an .npz file with W1 W2 .. (or W1_0 W2_0 ..; bias in the last row), or a model
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    start: Option<PathBuf>,
    /// Single or double precision
    #[arg(long, default_value = "f32", help_heading = "Settings")]
    precision: Precision,
    /// fast: fused kernels; plain: the readable code that they are compared with
    #[arg(long, default_value = "fast", value_parser = ["fast", "plain"], help_heading = "Settings")]
    engine: String,
    /// Threads; without it as many as pay.  The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Settings")]
    threads: Option<u16>,
    /// Steps (or epochs) from one line to the next [default: 500 steps, 10 epochs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Output")]
    log_every: Option<u64>,
    /// Steps (or epochs) from one row of history.csv to the next [default: 10 steps, 1 epoch]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Output")]
    record_every: Option<u64>,
    /// The run folder [default: the next free runs/NAME-N]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace an earlier run in the folder
    #[arg(long, requires = "out", help_heading = "Output")]
    overwrite: bool,
    /// Print the summary as JSON; lines and warnings go to standard error
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print nothing but warnings and errors
    #[arg(long, help_heading = "Output")]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scale {
    Standard,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Precision {
    F32,
    F64,
}

pub(crate) fn run(options: &Train) -> Result<Outcome> {
    match options.precision {
        Precision::F32 => train::<f32>(options),
        Precision::F64 => train::<f64>(options),
    }
}

/// All that a run begins with.
struct Start<R> {
    trainer: Trainer<R>,
    encoder: Encoder,
    test: Option<Data<R>>,
    notes: Vec<String>,
    unseen: Unseen,
}

fn train<R: Real>(options: &Train) -> Result<Outcome> {
    let seed = options.chosen.seed()?.unwrap_or(0);
    let source = match &options.data {
        Some(path) => source::open(path, R::NAME == "f32")?,
        None => source::spirals_of(seed)?,
    };
    let about = |error: Error| match (&options.data, error.place().name.is_some()) {
        // An error about an option is not one about the file.
        (Some(path), false) if error.place().file.is_none() => error.file(path.display()),
        _ => error,
    };
    let start = prepare::<R>(options, &source).map_err(about)?;
    let folder = Folder::claim(options.out.as_deref(), &source.name, options.overwrite)?;
    let lines = match (options.quiet, options.json) {
        (true, _) => Lines::Quiet,
        (_, true) => Lines::Err,
        _ => Lines::Out,
    };
    let progress = Progress::new(lines, start.trainer.total_steps());
    start.notes.iter().try_for_each(|note| progress.line(note))?;
    start.unseen.warnings().iter().for_each(|warning| progress.warn(warning));
    listen_for_interrupts();
    let Start { mut trainer, encoder, test, .. } = start;
    let began = Instant::now();
    let pace = Pace::new(&trainer, options.log_every, options.record_every);
    let (stop_reason, history) = take_steps(&mut trainer, &pace, &progress)?;
    let train_time = began.elapsed();
    progress.finish();
    if let StopReason::Diverged { step } = stop_reason {
        folder.give_back();
        let step_size = trainer.settings().step_size;
        let found = format!("the loss became infinite or NaN at step {step}");
        let hint =
            format!("nothing was written; try a smaller step size, like --step-size {}", step_size / 10.0);
        return Ok(Outcome::Found(Error::new(ErrorKind::Data, found).hint(hint)));
    }
    let test_score = test.as_ref().map(|test| trainer.evaluate(test).score);
    let name = score_name(trainer.network().loss);
    if let (Some(score), false) = (test_score, stop_reason == StopReason::Interrupted) {
        progress.line(&format!("Test {name}={score:.5}"))?;
    }
    let settings = Settings { threads: None, ..trainer.settings().clone() };
    let trained = Trained {
        settings,
        steps: trainer.state().step,
        stop_reason,
        loss: history.rows.last().map_or(f64::NAN, |row| row.loss),
        train_score: trainer.evaluate(trainer.data()).score,
        test_score,
        rows: trainer.data().len(),
    };
    let (network, params) = (trainer.network().clone(), trainer.params().clone());
    let model = Model { network, params, encoder, trained, engine: trainer.settings().engine };
    let run = Run { model: &model, history: &history, train_time, threads: options.threads, source: &source };
    let summary = save(&folder, &run)?;
    if options.json {
        screen::print(&format!("{summary:#}\n"))?;
    }
    let place = folder.path().display();
    if stop_reason == StopReason::Interrupted {
        let steps = model.trained.steps;
        return Ok(Outcome::Interrupted(format!(
            "interrupted after {steps} steps; the model so far is in {place}, to train on from it: --start {place}/model.safetensors"
        )));
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

/// Everything up to the first step: all that can be wrong is found here.
fn prepare<R: Real>(options: &Train, source: &Source) -> Result<Start<R>> {
    let table = source.table.clone().without(&options.drop)?;
    let rows = all_rows(&table)?.len();
    let mut settings = match &source.kind {
        Kind::Spirals => Settings::notebook(),
        Kind::Arrays(said) => for_arrays(said),
        Kind::Table => Settings::table(rows),
    };
    options.chosen.lay_over(&mut settings, rows)?;
    settings.engine = load::engine(&options.engine)?;
    settings.threads = options.threads.map(usize::from);
    settings.check()?;

    let given = match &source.kind {
        Kind::Arrays(said) => said.split.clone(),
        _ => None,
    };
    let (train, test) = match given {
        Some(split) => split,
        None => split(rows, settings.test_size, settings.seed)?,
    };
    let (mut encoder, notes) = encoder_of(options, source, &table, &train)?;
    let start = options.start.as_deref().map(|path| start::<R>(path, encoder.width())).transpose()?;
    if let Some(start) = &start {
        check_start(options, &mut settings, &mut encoder, start)?;
    }
    let mut sizes = vec![encoder.width()];
    sizes.extend(&settings.hidden);
    sizes.push(encoder.answers.outputs());
    let network = Network::new(&sizes, settings.activation, encoder.answers.loss(), settings.penalty)?;
    let params = match start {
        Some((_, params)) => params,
        None => settings.init.draw(&network, settings.seed),
    };

    let (train, validation) = hold_out(&train, settings.validation_size, settings.seed)?;
    if options.chosen.text("batch-size").is_none() {
        // A default is no reason for an error.
        settings.batch_size = settings.batch_size.map(|size| size.min(train.len()));
    }
    let mut unseen = Unseen::default();
    let mut data = |rows: &[u32]| -> Result<Option<Data<R>>> {
        if rows.is_empty() { Ok(None) } else { encoder.encode_data(&table, rows, &mut unseen).map(Some) }
    };
    let nothing = || Error::new(ErrorKind::Data, "there are no rows to train on");
    let (train, validation, test) = (data(&train)?.ok_or_else(nothing)?, data(&validation)?, data(&test)?);
    let trainer = Trainer::new(network, params, train, validation, settings)?;
    Ok(Start { trainer, encoder, test, notes, unseen })
}

/// The defaults for arrays: full batches, no early end, and what the file itself says.
fn for_arrays(said: &Said) -> Settings {
    let mut settings = Settings { init: Init::He, ..Settings::notebook() };
    settings.penalty.reg = said.reg.unwrap_or(settings.penalty.reg);
    settings.penalty.over = said.penalized.unwrap_or(settings.penalty.over);
    settings.activation = said.activation.unwrap_or(settings.activation);
    settings
}

fn encoder_of(
    options: &Train,
    source: &Source,
    table: &clearprop::table::Table,
    train: &[u32],
) -> Result<(Encoder, Vec<String>)> {
    let mut loss = options.loss.as_deref().map(str::parse).transpose()?;
    let (mut targets, mut standardise) = (options.target.clone(), false);
    match &source.kind {
        Kind::Spirals => targets = vec!["y".into()],
        Kind::Arrays(said) => {
            loss = loss.or(said.loss);
            if targets.is_empty() {
                targets.clone_from(&said.targets);
            }
        }
        Kind::Table => standardise = true,
    }
    if targets.is_empty() {
        let names: Vec<&str> = table.names().take(10).collect();
        return Err(Error::new(ErrorKind::Setting, "is missing")
            .name("--target")
            .hint(format!("name the column to predict; the columns are {}", names.join(", "))));
    }
    if let Some(scale) = options.scale {
        standardise = scale == Scale::Standard;
    }
    let learn = Learn { targets: &targets, rows: train, loss, standardise };
    let (encoder, notes) = match source.kind {
        Kind::Table => Encoder::learn(table, &learn),
        _ if standardise => Encoder::learn(table, &learn),
        _ => as_they_are(table, &learn),
    }?;
    // The notebook does not explain its own data.
    Ok((encoder, if matches!(source.kind, Kind::Spirals) { Vec::new() } else { notes }))
}

/// Weights to begin with, and what to call them in an error.
type FirstWeights<R> = (String, Params<R>);

fn start<R: Real>(path: &Path, inputs: usize) -> Result<FirstWeights<R>> {
    let name = path.display().to_string();
    if !ends(path, "npz") {
        return Ok((name, load::params(path)?));
    }
    let layers = start_weights::<R>(&source::read_npz(path)?, inputs)?;
    let mut sizes = vec![inputs];
    sizes.extend(layers.iter().map(|layer| layer.ncols()));
    let mut params = Params::zeros(&sizes);
    for (l, layer) in (1..).zip(&layers) {
        params.wb_mut(l).assign(layer);
    }
    Ok((name, params))
}

/// The weights say how large the hidden layers are; what else was said must agree.
fn check_start<R: Real>(
    options: &Train,
    settings: &mut Settings,
    encoder: &mut Encoder,
    (file, params): &FirstWeights<R>,
) -> Result<()> {
    let sizes = params.sizes();
    let hidden = &sizes[1..sizes.len() - 1];
    let wrong = |found: String, hint: String| {
        Err(Error::new(ErrorKind::Shape, found).file(file).name("--start").hint(hint))
    };
    if options.chosen.hidden()?.is_some_and(|asked| asked != hidden) {
        return wrong(
            format!("the weights are for hidden layers {hidden:?}, --hidden says {:?}", settings.hidden),
            "leave --hidden out".into(),
        );
    }
    let (inputs, outputs) = (encoder.width(), encoder.answers.outputs());
    if (sizes[0], sizes[sizes.len() - 1]) != (inputs, outputs) {
        return wrong(
            format!("the weights are for {} inputs and {} outputs", sizes[0], sizes[sizes.len() - 1]),
            format!("the data have {inputs} inputs and {outputs} outputs"),
        );
    }
    settings.hidden = hidden.to_vec();
    Ok(())
}
