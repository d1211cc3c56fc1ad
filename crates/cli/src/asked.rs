//! What a training and a search are asked alike: the rows, the settings, the folder, what is printed.

use crate::load;
use crate::progress::Lines;
use crate::reading::Reading;
use crate::settings::Typed;
use crate::setup::Setup;
use crate::source::{self, Source};
use crate::split::Splitting;
use clap::{Args, ValueEnum};
use clearprop::error::{Error, Result};
use clearprop::fit::{Origin, Plan};
use clearprop::settings::Choices;
use clearprop_files::table::Options;
use std::path::PathBuf;

/// Options of a training and of a search.
#[derive(Args, Debug)]
pub(crate) struct Asked {
    /// A table as CSV (also packed) or Parquet, or an .npz file with arrays X and y; - is CSV
    /// from standard input; without it the notebook's spirals
    pub(crate) data: Option<PathBuf>,
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
    pub(crate) settings: Typed,
    #[command(flatten)]
    split: Splitting,
    /// Single or double precision
    #[arg(long, default_value = "f32", conflicts_with = "resume", help_heading = "Settings")]
    pub(crate) precision: Precision,
    /// The run folder [default: the next free runs/NAME-N]
    #[arg(long, value_name = "DIR", conflicts_with = "resume", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Replace an earlier run in the folder
    #[arg(long, requires = "out", help_heading = "Output")]
    pub(crate) overwrite: bool,
    /// Go on with the interrupted run in this folder, to the same result as if it had never stopped
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) resume: Option<PathBuf>,
    /// Print the summary as JSON; lines and warnings go to standard error
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print nothing but warnings and errors
    #[arg(long, help_heading = "Output")]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Precision {
    F32,
    F64,
}

/// Rows that were read, how, and what was decided about them.
pub(crate) struct Opened {
    pub(crate) source: Source,
    pub(crate) reading: Reading,
    pub(crate) split: Splitting,
}

impl Asked {
    /// What was chosen, with what this machine says about it.
    pub(crate) fn choices(&self) -> Result<Choices> {
        let mut choices = self.settings.choices()?;
        choices.engine = Some(load::engine(self.settings.text("engine").unwrap_or("fast"))?);
        choices.threads = load::threads(choices.threads);
        Ok(choices)
    }

    /// Reads the rows.
    pub(crate) fn open(&self, seed: u64) -> Result<Opened> {
        let mut reading = self.reading.clone();
        reading.dropped.clone_from(&self.drop);
        reading.only.clone_from(&self.columns);
        reading.targets.clone_from(&self.target);
        let how = reading.options();
        let asked = reading.clone();
        let mut choose = |names: &[&str], how: &mut Options| reading.choose(names, how);
        let mut source = source::open(self.data.as_ref(), (&asked, &how), &mut choose, seed)?;
        let file = source.file.clone();
        columns(&mut reading, &mut source).map_err(|error| self.about(&file, error))?;
        let mut split = self.split.clone();
        split.of(&mut source.rows, &reading).map_err(|error| self.about(&file, error))?;
        Ok(Opened { source, reading, split })
    }

    /// An error about the data names their file; one about an option does not.
    pub(crate) fn about(&self, file: &str, error: Error) -> Error {
        let place = error.place();
        let named = place.name.is_some() || place.setting.is_some() || place.file.is_some();
        if named || (self.data.is_none() && self.resume.is_none()) { error } else { error.file(file) }
    }

    pub(crate) fn lines(&self) -> Lines {
        match (self.quiet, self.json) {
            (true, _) => Lines::Quiet,
            (_, true) => Lines::Err,
            _ => Lines::Out,
        }
    }
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

/// Reads the rows of a run again, as it knows their columns.
pub(crate) fn reopened(run: &mut Setup, plan: &Plan) -> Result<Source> {
    let how = run.reading.options_for(&plan.encoder);
    let seed = plan.settings.seed;
    let mut source = source::open(run.data.as_ref(), (&run.reading, &how), &mut |_, _| Ok(()), seed)?;
    source.rows.targets.clone_from(&run.reading.targets);
    run.split.of(&mut source.rows, &run.reading)?;
    Ok(source)
}
