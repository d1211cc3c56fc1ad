//! Everything up to the first step: all that can be wrong with data and settings is found here.

use crate::chosen::{plain, shown};
use crate::load;
use crate::pictures::Plane;
use crate::source::{self, Kind, Said, Source, all_rows, as_they_are, bias_trick, ends, start_weights};
use crate::train::{Scale, Train};
use clearprop::data::{Data, hold_out, split};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::init::Init;
use clearprop::network::Network;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::settings::Settings;
use clearprop::table::{Encoder, Learn, Unseen};
use clearprop::target::Target;
use clearprop::train::Trainer;
use clearprop_files::npz::Npz;

/// All that a run begins with.
pub(crate) struct Start<R> {
    pub(crate) trainer: Trainer<R>,
    pub(crate) encoder: Encoder,
    pub(crate) test: Option<Data<R>>,
    pub(crate) plane: Option<Plane>,
    pub(crate) fingerprint: u64,
    pub(crate) notes: Vec<String>,
    pub(crate) unseen: Unseen,
}

/// The rows of a run, encoded.
pub(crate) struct Rows<R> {
    pub(crate) train: Data<R>,
    pub(crate) validation: Option<Data<R>>,
    pub(crate) test: Option<Data<R>>,
    /// What can be drawn of them.
    pub(crate) plane: Option<Plane>,
    pub(crate) fingerprint: u64,
    pub(crate) unseen: Unseen,
}

/// The numbers of the training and the test rows: those that the file names, or drawn by the seed.
fn halves(source: &Source, settings: &Settings) -> Result<(Vec<u32>, Vec<u32>)> {
    let named = match &source.kind {
        Kind::Arrays(said) => said.split.clone(),
        _ => None,
    };
    match named {
        Some(split) => Ok(split),
        None => split(all_rows(&source.table)?.len(), settings.test_size, settings.seed),
    }
}

/// Encodes the rows of a source, which is needed no more.
pub(crate) fn encode<R: Real>(source: Source, encoder: &Encoder, settings: &Settings) -> Result<Rows<R>> {
    let (train, test) = halves(&source, settings)?;
    let (train, validation) = hold_out(&train, settings.validation_size, settings.seed)?;
    if train.is_empty() {
        return Err(Error::new(ErrorKind::Data, "there are no rows to train on"));
    }
    let plane = Plane::of(encoder, &source.table)?;
    let parts: Vec<&[u32]> =
        [&train, &validation, &test].into_iter().filter(|rows| !rows.is_empty()).map(Vec::as_slice).collect();
    let mut unseen = Unseen::default();
    let encoded = encoder.encode_parts(source.table, &parts, &mut unseen)?;
    let fingerprint = fingerprint(&encoded);
    let mut encoded = encoded.into_iter();
    let mut next = |rows: &[u32]| if rows.is_empty() { None } else { encoded.next() };
    let (train, validation, test) = (next(&train), next(&validation), next(&test));
    let train = train.ok_or_else(|| Error::new(ErrorKind::Data, "there are no rows to train on"))?;
    Ok(Rows { train, validation, test, plane, fingerprint, unseen })
}

/// Tells the same rows from others: FNV-1a over the bits of their numbers.
fn fingerprint<R: Real>(parts: &[Data<R>]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bits: u64| {
        hash = (hash ^ bits).wrapping_mul(0x0100_0000_01b3);
        // Else the high bits of a word would never reach the low ones.
        hash ^= hash >> 32;
    };
    for Data { x, y } in parts {
        x.shape().iter().for_each(|&n| add(n as u64));
        x.iter().for_each(|value| add(value.f64().to_bits()));
        match y {
            Target::Classes(y) => y.iter().for_each(|&class| add(u64::from(class))),
            Target::Values(y) => y.iter().for_each(|value| add(value.f64().to_bits())),
        }
    }
    hash
}

/// Names of columns that contradict each other.
fn check_names(options: &Train) -> Result<()> {
    let wrong = |option: &str, found: String| {
        Err(Error::new(ErrorKind::Setting, found).name(option).hint("leave out one of them"))
    };
    let twice = |names: &[String]| (1..names.len()).find(|&i| names[..i].contains(&names[i]));
    if let Some(i) = twice(&options.target) {
        return wrong("--target", format!("'{}' is named twice", options.target[i]));
    }
    for (option, names) in [("--target", &options.target), ("--columns", &options.columns)] {
        if let Some(name) = names.iter().find(|name| options.drop.contains(name)) {
            return wrong("--drop", format!("'{name}' is in {option} too"));
        }
    }
    Ok(())
}

/// What nobody asked for and everybody should know: the rows of each part, and the settings.
fn told<R: Real>(rows: &Rows<R>, settings: &Settings, options: &Train) -> String {
    let count = |part: &Option<Data<R>>| part.as_ref().map_or(0, Data::len);
    let mut text = format!("rows: {} to train on", rows.train.len());
    for (n, why) in [(count(&rows.validation), "to tell when to stop"), (count(&rows.test), "to test on")] {
        if n > 0 {
            text.push_str(&format!(", {n} {why}"));
        }
    }
    text.push_str("\nsettings:");
    let scale = if options.scale == Some(Scale::None) { "none" } else { "standard" };
    for (name, value) in shown(settings) {
        if !value.is_null() && name != "engine" && name != "threads" {
            text.push_str(&format!(" --{} {}", name.replace('_', "-"), plain(&value)));
        }
    }
    format!("{text} --scale {scale}")
}

/// From the options and the data to a run that can begin.
pub(crate) fn prepare<R: Real>(options: &Train, mut source: Source) -> Result<Start<R>> {
    check_names(options)?;
    let mut table = std::mem::take(&mut source.table);
    if !matches!(source.kind, Kind::Table) {
        // Of a file of rows they were not even read.
        table = table.without(&options.drop)?;
    }
    if !options.columns.is_empty() {
        let targets = match &source.kind {
            _ if !options.target.is_empty() => options.target.clone(),
            Kind::Arrays(said) => said.targets.clone(),
            _ => vec!["y".into()],
        };
        table = table.only(&[options.columns.clone(), targets].concat())?;
    }
    let mut notes = Vec::new();
    let arrays = match &options.start {
        Some(path) if ends(path, "npz") => Some(source::read_npz(path)?),
        _ => None,
    };
    if let (Some(arrays), Kind::Arrays(said)) = (&arrays, &source.kind)
        && let Some(ones) = bias_trick(arrays, &table, &said.targets)
    {
        notes.push(format!(
            "column '{ones}' of X is all ones, the bias trick: left out, the last row of W1 is the bias"
        ));
        table = table.without(&[ones])?;
    }
    source.table = table;
    let rows = source.table.len();
    let mut settings = match &source.kind {
        Kind::Spirals => Settings::notebook(),
        Kind::Arrays(said) => for_arrays(said),
        Kind::Table => Settings::table(rows),
    };
    options.chosen.lay_over(&mut settings, rows)?;
    settings.engine = load::engine(&options.engine)?;
    settings.threads = load::threads(options.threads.map(usize::from));
    settings.check()?;

    let (train, _) = halves(&source, &settings)?;
    let (mut encoder, learnt) = encoder_of(options, &source, &train)?;
    notes.extend(learnt);
    let start = match (&options.start, &arrays) {
        (None, _) => None,
        (Some(path), None) => Some((path.display().to_string(), load::params(path)?)),
        (Some(path), Some(arrays)) => {
            Some((path.display().to_string(), first_weights::<R>(arrays, encoder.width())?))
        }
    };
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

    let is_table = matches!(source.kind, Kind::Table);
    let rows = encode(source, &encoder, &settings)?;
    if options.chosen.text("batch-size").is_none() {
        // A default is no reason for an error.
        settings.batch_size = settings.batch_size.map(|size| size.min(rows.train.len()));
    }
    if is_table {
        notes.push(told(&rows, &settings, options));
    }
    let Rows { train, validation, test, plane, fingerprint, unseen } = rows;
    let trainer = Trainer::new(network, params, train, validation, settings)?;
    Ok(Start { trainer, encoder, test, plane, fingerprint, notes, unseen })
}

/// The defaults for arrays: full batches, no early end, and what the file itself says.
fn for_arrays(said: &Said) -> Settings {
    let mut settings = Settings { init: Init::He, ..Settings::notebook() };
    settings.penalty.reg = said.reg.unwrap_or(settings.penalty.reg);
    settings.penalty.over = said.penalized.unwrap_or(settings.penalty.over);
    settings.activation = said.activation.unwrap_or(settings.activation);
    settings
}

fn encoder_of(options: &Train, source: &Source, train: &[u32]) -> Result<(Encoder, Vec<String>)> {
    let table = &source.table;
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
        let mut names: Vec<&str> = table.names().take(10).collect();
        if table.columns().len() > 10 {
            names.push("..");
        }
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

fn first_weights<R: Real>(arrays: &Npz, inputs: usize) -> Result<Params<R>> {
    let layers = start_weights::<R>(arrays, inputs)?;
    let mut sizes = vec![inputs];
    sizes.extend(layers.iter().map(|layer| layer.ncols()));
    let mut params = Params::zeros(&sizes);
    for (l, layer) in (1..).zip(&layers) {
        params.wb_mut(l).assign(layer);
    }
    Ok(params)
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
