//! The options that are settings: names, help and ranges come from the library's one declaration.

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, ArgMatches, Command};
use clearprop::error::Result;
use clearprop::settings::{Choices, Range, SETTINGS, Settings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What was typed for the settings, by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed(BTreeMap<&'static str, String>);

impl Typed {
    /// What was typed for one setting.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// What was chosen.
    ///
    /// # Errors
    /// A text that is no value of its setting.
    pub(crate) fn choices(&self) -> Result<Choices> {
        let mut choices = Choices::new();
        self.0.iter().try_for_each(|(key, text)| choices.set(key, text))?;
        Ok(choices)
    }
}

impl clap::FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let typed = |key| matches.get_one::<String>(key).cloned();
        Ok(Self(SETTINGS.iter().filter_map(|setting| Some((setting.key, typed(setting.key)?))).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Typed {
    fn augment_args(command: Command) -> Command {
        let (notebook, table) = (Settings::notebook().texts(), Settings::table(1600).texts());
        SETTINGS.iter().zip(notebook.into_iter().zip(table)).fold(command, |command, (setting, defaults)| {
            let ((_, notebook), (_, table)) = defaults;
            let help = match (notebook, table) {
                (a, b) if a == b && a == "none" => setting.help.to_owned(),
                (_, _) if setting.key == "engine" => format!("{} [default: fast]", setting.help),
                (a, b) if a == b => format!("{} [default: {a}]", setting.help),
                (a, b) => format!("{} [default: {a}; tables: {b}]", setting.help),
            };
            let mut arg = Arg::new(setting.key)
                .long(setting.key.replace('_', "-"))
                .help(help)
                .allow_negative_numbers(true)
                .help_heading("Settings");
            if setting.key != "threads" {
                // The only one that changes no bit of a run that goes on.
                arg = arg.conflicts_with("resume");
            }
            arg = match setting.range {
                Range::Word(words) => arg.value_name("WORD").value_parser(Word(words)),
                Range::Count(_) | Range::Between(..) => arg.value_name("N"),
                Range::Counts(_) => arg.value_name("N,N"),
                Range::Number { .. } => arg.value_name("X"),
            };
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Shows the words in help and completions, and takes any text: the library reads it, parameters included.
#[derive(Clone)]
struct Word(fn() -> Vec<&'static str>);

impl TypedValueParser for Word {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> std::result::Result<String, clap::Error> {
        clap::builder::StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// All settings by their keys: for the summary.
pub(crate) fn shown(settings: &Settings) -> Map<String, Value> {
    let mut shown = match json!(settings) {
        Value::Object(shown) => shown,
        _ => Map::new(),
    };
    // One word where all layers have it.
    if let Some((_, text)) = settings.texts().into_iter().find(|(setting, _)| setting.key == "activation") {
        shown.insert("activation".into(), json!(text));
    }
    shown
}
