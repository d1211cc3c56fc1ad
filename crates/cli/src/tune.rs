//! `clearprop tune`: a search for better settings, whose best trials are one model.

use crate::asked::{Asked, Opened, Precision, reopened};
use crate::end::{Ended, end, going_on, threads};
use crate::folder::{Folder, SEARCH};
use crate::load;
use crate::outcome::Outcome;
use crate::pictures::Plane;
use crate::progress::{Progress, interrupted, save_when_interrupted};
use crate::setup::Setup;
use crate::source::{self, Source};
use clap::Args;
use clearprop::decision;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{Origin, Plan};
use clearprop::loss::Loss;
use clearprop::metrics::score_name;
use clearprop::real::Real;
use clearprop::report::Sample;
use clearprop::settings::{Recipe, Settings};
use clearprop::train::StopReason;
use clearprop::tune::{Cell, Limits, News, Space, Trial, Tune};
use clearprop_files::trials::{self, AnySearch, Search};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Search for better settings, combine the best ones, and write a run folder
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop tune houses.csv --target price --minutes 5
  clearprop tune iris.csv --target species --trials 32     as many as these, however long it takes
  clearprop tune houses.csv --target price --hidden 64,64  what is chosen is not searched
  clearprop tune --resume runs/houses-1                    after Ctrl-C, or a power cut

A trial is a run with folds (--folds) under settings drawn by chance; trials.csv tells of each. \
The model is the mean of the best of them. A quarter of the rows is kept for the test (--test-size), \
which no choice is made by.")]
pub(crate) struct Searching {
    #[command(flatten)]
    asked: Asked,
    /// The most trials [default: as many as there is time for, 5 minutes]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        conflicts_with = "resume",
        help_heading = "Settings"
    )]
    trials: Option<String>,
}

/// What is kept of a search beside its trials.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    run: Setup,
    /// Without it all trials are done.
    minutes: Option<f64>,
}

/// What is done is saved no more often than this, and so that saving takes a small part of the time.
const SAVED_EVERY: Duration = Duration::from_secs(1);
const TIMES_OF_SAVING: u32 = 20;

pub(crate) fn run(options: &Searching) -> Result<Outcome> {
    match (&options.asked.resume, options.asked.precision) {
        (Some(path), _) => {
            let folder = Folder::again(path, SEARCH)?;
            match trials::open(&folder.path().join(SEARCH))? {
                AnySearch::F32(search) => resume(options, folder, search),
                AnySearch::F64(search) => resume(options, folder, search),
            }
        }
        (None, Precision::F32) => begin::<f32>(options),
        (None, Precision::F64) => begin::<f64>(options),
    }
}

/// A search that can go on.
struct Job<R> {
    kept: Kept,
    folder: Folder,
    tune: Tune<R>,
    plane: Option<Plane>,
    sample: Sample,
    /// The time before.
    before: Duration,
}

/// A new search.
fn begin<R: Real>(options: &Searching) -> Result<Outcome> {
    let asked = &options.asked;
    let mut choices = asked.choices()?;
    if asked.data.is_none() {
        return Err(Error::new(ErrorKind::Setting, "there is no table to search settings for")
            .hint("name a file: clearprop tune TABLE --target COL"));
    }
    let Limits { trials, minutes } = Limits::of(&mut choices, options.trials.as_deref())?;
    // Beside the folds, as these choose.
    choices.test_size.get_or_insert(Settings::table(1).test_size);
    let Opened { mut source, reading, split } = asked.open(choices.seed.unwrap_or(0))?;
    if source.rows.origin == Origin::Arrays {
        choices.recipe.get_or_insert(Recipe::Tabular);
    }
    let file = source.file.clone();
    let about = |error| asked.about(&file, error);
    let notes = std::mem::take(&mut source.decisions);
    let Source { name, rows, names, .. } = source;
    let mut plan = Plan::new::<R>(&rows, &choices, None).map_err(about)?;
    plan.decisions.splice(0..0, notes);
    let plane = Plane::of(&plan.encoder, &rows.table).map_err(about)?;
    let sample = Sample::of_run(&rows, &plan).map_err(about)?.of_file(&names);
    let tune = Tune::<R>::begin(plan, rows, (Space::beside(&choices), trials)).map_err(about)?;
    let folder = Folder::claim(asked.out.as_deref(), &name, asked.overwrite)?;
    let progress = Progress::of_time(asked.lines(), minutes);
    for line in decision::lines(&tune.fit().plan().decisions) {
        progress.say(&line)?;
    }
    tune.fit().unseen().warnings().iter().for_each(|warning| progress.warn(warning));
    let data = asked.data.as_deref().map(source::absolute);
    let run =
        Setup { data, reading, split, name, log_every: None, record_every: None, checkpoint_every: None };
    let kept = Kept { run, minutes };
    search(options, Job { kept, folder, tune, plane, sample, before: Duration::ZERO }, &progress)
}

/// A search that goes on.
fn resume<R: Real>(options: &Searching, folder: Folder, found: Search<R, Kept>) -> Result<Outcome> {
    let asked = &options.asked;
    let Search { setup: mut kept, mut plan, asked: what, fingerprint, parts, time } = found;
    kept.run.data = asked.data.as_deref().map(source::absolute).or(kept.run.data);
    plan.settings.threads = load::threads(asked.settings.choices()?.threads.or(plan.settings.threads));
    let Source { rows, file, names, .. } = reopened(&mut kept.run, &plan)?;
    let about = |error| asked.about(&file, error);
    let plane = Plane::of(&plan.encoder, &rows.table).map_err(about)?;
    let sample = Sample::of_run(&rows, &plan).map_err(about)?.of_file(&names);
    let tune = Tune::resume(plan, rows, what, (fingerprint, parts)).map_err(about)?;
    let progress = Progress::of_time(asked.lines(), kept.minutes);
    progress.line(&format!("Going on after {}", counted(&tune)))?;
    search(options, Job { kept, folder, tune, plane, sample, before: time }, &progress)
}

/// Searches, and saves what came of it.
fn search<R: Real>(options: &Searching, job: Job<R>, progress: &Progress) -> Result<Outcome> {
    let Job { kept, folder, mut tune, plane, sample, before } = job;
    let used = tune.fit().plan().settings.threads;
    threads(&options.asked, used, progress)?;
    save_when_interrupted();
    let began = Instant::now();
    let time = || before.saturating_add(began.elapsed());
    let limits = Limits { trials: tune.asked().1, minutes: kept.minutes };
    let keep = |tune: &Tune<R>| folder.write(SEARCH, &trials::bytes(&kept, tune, time())?);
    let (mut saved, mut took) = (None, Duration::ZERO);
    let mut observe = |tune: &Tune<R>, news| {
        let trial = match news {
            News::Part((trial, _)) => trial,
            News::Waiting => {
                progress.show_time(time(), None);
                return Ok(());
            }
            News::Overtime => {
                return progress.line("The time is over; the trial that is farthest is trained to its end");
            }
        };
        if let Some(line) = complete(tune, trial) {
            progress.line(&line)?;
        }
        progress.show_time(time(), Some(tune.trials().len()));
        let is_due =
            |saved: Instant| saved.elapsed() >= SAVED_EVERY.max(took.saturating_mul(TIMES_OF_SAVING));
        if saved.is_none_or(is_due) {
            let began = Instant::now();
            keep(tune)?;
            (took, saved) = (began.elapsed(), Some(Instant::now()));
        }
        Ok(())
    };
    let is_over = || limits.is_over(time().as_secs_f64());
    tune.advance(&is_over, &|| !interrupted(), &mut observe)?;
    progress.finish();
    let train_time = time();
    if interrupted() {
        keep(&tune)?;
        let how = going_on("tune", &folder, kept.run.data.as_deref());
        return Ok(Outcome::Interrupted(format!("interrupted after {}, and saved; {how}", counted(&tune))));
    }
    let (tried, loss) = (tune.trials(), tune.fit().plan().network.loss);
    let (fit, chosen) = match tune.finish() {
        Ok(found) => found,
        Err(error) => {
            folder.forget(SEARCH);
            return Ok(Outcome::Found(error));
        }
    };
    if let Some(decision) = fit.plan().decisions.last() {
        progress.say(&decision.to_string())?;
    }
    let ended = Ended {
        data: kept.run.data.as_deref(),
        threads: used,
        plane: plane.as_ref(),
        sample: &sample,
        train_time,
        trials: Some(table(&tried, &chosen, loss)),
    };
    end(&folder, fit, StopReason::Finished, &ended, (options.asked.json, progress))
}

/// How many trials there are.
fn counted<R: Real>(tune: &Tune<R>) -> String {
    match tune.trials().len() {
        1 => "1 trial".to_owned(),
        count => format!("{count} trials"),
    }
}

/// What a trial came to that has all folds now.
fn complete<R: Real>(tune: &Tune<R>, trial: usize) -> Option<String> {
    let trial = tune.trials().into_iter().find(|one| one.trial == trial)?;
    let (folds, found) = (tune.fit().plan().settings.members(), trial.found?);
    let name = score_name(tune.fit().plan().network.loss);
    // A search for numbers has no labels to smooth.
    let has_value = |(_, cell): &(&str, Cell)| *cell != Cell::Missing;
    let settings = trial.searched().into_iter().filter(has_value);
    let settings: Vec<String> = settings.map(|(key, cell)| format!("{key} {cell}")).collect();
    (trial.folds == folds).then(|| {
        format!("Trial {}: {name}={:.5} of {folds} folds; {}", trial.trial, found.score, settings.join(", "))
    })
}

/// The trials as CSV.
fn table(trials: &[Trial], chosen: &[usize], loss: Loss) -> String {
    let rows: Vec<_> = trials.iter().map(|trial| trial.row(loss, chosen)).collect();
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let quoted = |text: String| if text.contains(',') { format!("\"{text}\"") } else { text };
    let names = rows.first().map(|row| line(row.iter().map(|one| one.0.clone()).collect()));
    let cells = rows.iter().map(|row| line(row.iter().map(|one| quoted(one.1.to_string())).collect()));
    names.into_iter().chain(cells).collect()
}
