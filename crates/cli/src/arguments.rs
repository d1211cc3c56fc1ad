//! Errors of the command line in one line, as all others are; the library's settings as options.

use crate::screen;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind as Kind};
use clearprop::error::{Error, ErrorKind, nearest};
use std::borrow::Cow;
use std::process::ExitCode;
use std::sync::OnceLock;

/// The program's commands with their options: [`option`] is asked from everywhere, as a plain function.
static PROGRAM: OnceLock<Command> = OnceLock::new();

/// What options there are; called once, before anything can fail.
pub(crate) fn learn(program: Command) {
    PROGRAM.get_or_init(|| program);
}

/// Says what clap has found; help and version are no errors.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    match error.kind() {
        Kind::DisplayHelp | Kind::DisplayVersion => match screen::print(&error.render().to_string()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(2),
        },
        Kind::DisplayHelpOnMissingArgumentOrSubcommand => {
            screen::complain(error.render().to_string().trim_end());
            ExitCode::from(2)
        }
        _ => {
            screen::complain(&format!("error: {}", one_line(error)));
            ExitCode::from(2)
        }
    }
}

fn one_line(error: &clap::Error) -> Error {
    let get = |kind| error.get(kind).map(words).unwrap_or_default();
    let first = |kind| get(kind).into_iter().next().unwrap_or_default();
    // clap calls an argument `--name <VALUE>`.
    let arg = first(ContextKind::InvalidArg);
    let name = arg.split(' ').next().unwrap_or_default().to_owned();
    let setting = |found: String| Error::new(ErrorKind::Setting, found);
    // Of several suggestions, the one that is the fewest slips of the finger away.
    let near = |kind: ContextKind, typed: &str| {
        let suggested = get(kind);
        let nearest =
            nearest(typed, suggested.iter().map(String::as_str)).or(suggested.first().map(String::as_str));
        nearest.map(|near| format!("did you mean '{near}'?"))
    };
    match error.kind() {
        Kind::UnknownArgument => {
            let hint =
                near(ContextKind::SuggestedArg, &name).unwrap_or_else(|| "see --help for the options".into());
            let what = if name.starts_with('-') { "option" } else { "argument" };
            setting(format!("unknown {what} '{name}'")).hint(hint)
        }
        Kind::InvalidSubcommand => {
            let typed = first(ContextKind::InvalidSubcommand);
            let hint = near(ContextKind::SuggestedSubcommand, &typed)
                .unwrap_or_else(|| "see 'clearprop --help' for the commands".into());
            setting(format!("unknown command '{typed}'")).hint(hint)
        }
        Kind::InvalidValue | Kind::ValueValidation => {
            let typed = first(ContextKind::InvalidValue);
            let valid = get(ContextKind::ValidValue);
            let found = match typed.as_str() {
                "" => "needs a value".to_owned(),
                _ => format!("found '{typed}'"),
            };
            let hint = match (near(ContextKind::SuggestedValue, &typed), valid.is_empty()) {
                (Some(near), _) => format!("{near} There are: {}", valid.join(", ")),
                (None, false) => format!("there are: {}", valid.join(", ")),
                // What the value's own parser said.
                (None, true) => std::error::Error::source(error)
                    .map_or_else(|| "see --help".to_owned(), ToString::to_string),
            };
            setting(found).name(name).hint(hint)
        }
        Kind::MissingRequiredArgument => {
            let missing = get(ContextKind::InvalidArg).join(" ");
            setting(format!("{missing} is missing")).hint("see --help for an example")
        }
        Kind::ArgumentConflict => {
            let other = first(ContextKind::PriorArg);
            setting(format!("cannot be given together with {other}")).name(name).hint("leave out one of them")
        }
        _ => {
            let text = error.render().to_string();
            let line = text.lines().next().unwrap_or_default();
            setting(line.trim_start_matches("error: ").to_owned())
        }
    }
}

/// A setting of the library as an option: `test_size` as `--test-size`, with a value `--test-size 0`.
/// `None` if no command has it.
pub(crate) fn option(key: &str, value: Option<&str>) -> Option<String> {
    let name = key.replace('_', "-");
    let known = PROGRAM
        .get()?
        .get_subcommands()
        .any(|command| command.get_arguments().any(|arg| arg.get_long() == Some(name.as_str())));
    known.then(|| value.map_or_else(|| format!("--{name}"), |value| format!("--{name} {}", quoted(value))))
}

/// A value as a shell takes it; one that holds a byte 0 is told as it is.
fn quoted(value: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "-_.,:/+%=@".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.into();
    }
    shlex::try_quote(value).unwrap_or_else(|_| value.into())
}

fn words(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(word) => vec![word.clone()],
        ContextValue::Strings(words) => words.clone(),
        ContextValue::StyledStr(text) => vec![text.to_string()],
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}
