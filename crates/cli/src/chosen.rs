//! The options that set [`Settings`]: names, help and ranges come from the library's one table.

use clap::{Arg, ArgMatches, Command};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::optim::{Rule, Solver};
use clearprop::settings::{Length, Patience, SETTINGS, Settings, Values, find};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What was typed for the settings, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen(BTreeMap<&'static str, String>);

impl Chosen {
    /// What was typed for one setting.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The number typed for a setting, checked against the table.
    fn number(&self, name: &str) -> Result<Option<f64>> {
        let (Some(text), Some(setting)) = (self.text(name), find(name)) else { return Ok(None) };
        setting.parse(text).map(Some)
    }

    /// The whole number typed for a setting.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the table's check came first"
    )]
    fn count(&self, name: &str) -> Result<Option<u64>> {
        Ok(self.number(name)?.map(|value| value as u64))
    }

    /// The member of a set of names typed for a setting; clap has checked the word.
    fn word<T: std::str::FromStr<Err = Error>>(&self, name: &str) -> Result<Option<T>> {
        self.text(name).map(|text| text.parse().map_err(|e: Error| e.name(format!("--{name}")))).transpose()
    }

    /// Lays the choices over the defaults; `n` training rows decide the batches where nobody did.
    pub(crate) fn lay_over(&self, settings: &mut Settings, n: usize) -> Result<()> {
        if let Some(hidden) = self.hidden()? {
            settings.hidden = hidden;
        }
        if let Some(activation) = self.word("activation")? {
            settings.activation = activation;
        }
        if let Some(init) = self.word("init")? {
            settings.init = init;
        }
        if let Some(over) = self.word("penalize")? {
            settings.penalty.over = over;
        }
        for (name, place) in [
            ("reg", &mut settings.penalty.reg),
            ("test-size", &mut settings.test_size),
            ("validation-size", &mut settings.validation_size),
        ] {
            if let Some(value) = self.number(name)? {
                *place = value;
            }
        }
        if let Some(seed) = self.seed()? {
            settings.seed = seed;
        }
        self.solver(settings, n)?;
        self.length(settings)
    }

    /// The seed, which the data need before anything else.
    pub(crate) fn seed(&self) -> Result<Option<u64>> {
        let Some(text) = self.text("seed") else { return Ok(None) };
        // Not by way of a float: every seed of 64 bits is one of its own.
        text.parse().map(Some).map_err(|_| wrong("seed", text, "a whole number from 0 up"))
    }

    /// The sizes of the hidden layers: `200,50`, or `none`.
    pub(crate) fn hidden(&self) -> Result<Option<Vec<usize>>> {
        let (Some(text), Some(setting)) = (self.text("hidden"), find("hidden")) else { return Ok(None) };
        if text == "none" {
            return Ok(Some(Vec::new()));
        }
        let units = |part: &str| {
            setting.parse(part)?;
            part.trim().parse().map_err(|_| wrong("hidden", part, "whole numbers like 200 or 200,50"))
        };
        text.split(',').map(units).collect::<Result<_>>().map(Some)
    }

    /// The solver with its numbers, the step size and the batches that go with it.
    fn solver(&self, settings: &mut Settings, n: usize) -> Result<()> {
        if let Some(solver) = self.word::<Solver>("solver")?
            && solver != settings.solver()
        {
            (settings.rule, settings.step_size) = match solver {
                Solver::Gd => (Rule::Gd, 0.1),
                Solver::Sgd => (Rule::Sgd { momentum: 0.9, nesterov: true }, 0.01),
                Solver::Adam => (Rule::ADAM, 0.001),
            };
            settings.batch_size = match solver {
                Solver::Gd => None,
                Solver::Sgd | Solver::Adam => Settings::table(n).batch_size.map(|size| size.min(n.max(1))),
            };
        }
        if let Some(step_size) = self.number("step-size")? {
            settings.step_size = step_size;
        }
        if let Some(value) = self.number("momentum")? {
            match &mut settings.rule {
                Rule::Sgd { momentum, .. } => *momentum = value,
                _ => return Err(useless("momentum", settings, "only sgd has momentum: --solver sgd")),
            }
        }
        if let Some(word) = self.text("nesterov") {
            match &mut settings.rule {
                Rule::Sgd { momentum, .. } if *momentum == 0.0 => {
                    return Err(Error::new(ErrorKind::Setting, "has no meaning without momentum")
                        .name("--nesterov")
                        .hint("give --momentum, like 0.9"));
                }
                Rule::Sgd { nesterov, .. } => *nesterov = word == "yes",
                _ => return Err(useless("nesterov", settings, "only sgd has momentum: --solver sgd")),
            }
        }
        if let Some(size) = self.count("batch-size")? {
            if settings.rule == Rule::Gd {
                return Err(useless("batch-size", settings, "batches go with --solver sgd or adam"));
            }
            settings.batch_size = Some(usize::try_from(size).unwrap_or(usize::MAX));
        }
        Ok(())
    }

    /// How long the run is, and whether it may end early.
    fn length(&self, settings: &mut Settings) -> Result<()> {
        // What tables have.
        let usual = Patience { tolerance: 1e-4, patience: 10 };
        match (self.count("steps")?, self.count("epochs")?) {
            (Some(_), Some(_)) => {
                return Err(Error::new(ErrorKind::Setting, "given together with --epochs")
                    .name("--steps")
                    .hint("the length of a run is either in steps or in epochs"));
            }
            (Some(steps), None) => {
                settings.length = Length::Steps(steps);
                settings.patience = None;
                if !self.has("validation-size") {
                    settings.validation_size = 0.0;
                }
            }
            (None, Some(epochs)) => settings.length = Length::Epochs(epochs),
            (None, None) => {}
        }
        let watches = self.has("validation-size") && settings.validation_size > 0.0;
        if watches || self.has("tolerance") || self.has("patience") {
            let patience = settings.patience.get_or_insert(usual);
            if let Some(tolerance) = self.number("tolerance")? {
                patience.tolerance = tolerance;
            }
            if let Some(epochs) = self.count("patience")? {
                patience.patience = epochs;
            }
        }
        Ok(())
    }
}

fn wrong(name: &str, found: &str, expected: &str) -> Error {
    Error::new(ErrorKind::Setting, format!("found '{found}'"))
        .name(format!("--{name}"))
        .hint(format!("give {expected}"))
}

fn useless(name: &str, settings: &Settings, hint: &str) -> Error {
    let found = format!("has no meaning with the solver {}", settings.solver().name());
    Error::new(ErrorKind::Setting, found).name(format!("--{name}")).hint(hint)
}

impl clap::FromArgMatches for Chosen {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let typed = |name| matches.get_one::<String>(name).cloned();
        Ok(Self(SETTINGS.iter().filter_map(|setting| Some((setting.name, typed(setting.name)?))).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Chosen {
    fn augment_args(command: Command) -> Command {
        let (spirals, table) = (shown(&Settings::notebook()), shown(&Settings::table(1600)));
        SETTINGS.iter().fold(command, |command, setting| {
            let key = setting.name.replace('-', "_");
            let help = match (spirals.get(&key).map(plain), table.get(&key).map(plain)) {
                (Some(a), Some(b)) if a == b => format!("{} [default: {a}]", setting.help),
                (Some(a), Some(b)) => format!("{} [default: {a}; tables: {b}]", setting.help),
                _ => setting.help.to_owned(),
            };
            let mut arg = Arg::new(setting.name)
                .long(setting.name)
                .help(help)
                .conflicts_with("resume")
                .allow_negative_numbers(true)
                .help_heading("Settings");
            arg = match setting.values {
                Values::Word(words) => arg.value_name("WORD").value_parser(words.to_vec()),
                Values::Count(_) => arg.value_name("N"),
                Values::Counts(_) => arg.value_name("N,N"),
                Values::Number { .. } => arg.value_name("X"),
            };
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// All settings by their names on the command line, with `_` for `-`: for the summary and the help.
pub(crate) fn shown(settings: &Settings) -> Map<String, Value> {
    let (steps, epochs) = match settings.length {
        Length::Steps(steps) => (json!(steps), Value::Null),
        Length::Epochs(epochs) => (Value::Null, json!(epochs)),
    };
    let (momentum, nesterov) = match settings.rule {
        Rule::Sgd { momentum, nesterov } => (json!(momentum), json!(if nesterov { "yes" } else { "no" })),
        _ => (Value::Null, Value::Null),
    };
    let named = [
        ("hidden", json!(settings.hidden)),
        ("activation", json!(settings.activation)),
        ("solver", json!(settings.solver().name())),
        ("step_size", json!(settings.step_size)),
        ("momentum", momentum),
        ("nesterov", nesterov),
        ("reg", json!(settings.penalty.reg)),
        ("penalize", json!(settings.penalty.over.name())),
        ("steps", steps),
        ("epochs", epochs),
        ("batch_size", json!(settings.batch_size)),
        ("tolerance", json!(settings.patience.map(|patience| patience.tolerance))),
        ("patience", json!(settings.patience.map(|patience| patience.patience))),
        ("validation_size", json!(settings.validation_size)),
        ("init", json!(settings.init.name())),
        ("seed", json!(settings.seed)),
        ("test_size", json!(settings.test_size)),
        ("threads", json!(settings.threads)),
        ("engine", json!(settings.engine)),
    ];
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
