//! The command line: parse, call, show.  No formula stands here.
//!
//! One file a command: its options (a clap struct with examples in its help) and a function `run`.
//! A new command is a new file, a line in [`Command`] and a line in [`run`].

mod arguments;
mod asked;
mod check;
mod diagnose;
mod end;
mod evaluate;
mod explain;
mod export;
mod folder;
mod info;
mod inspect;
mod load;
mod outcome;
mod paper;
mod pictures;
mod plot;
mod predict;
mod probe;
mod progress;
mod reading;
mod report;
mod save;
mod screen;
mod settings;
mod setup;
mod shell;
mod source;
mod spirals;
mod split;
mod steps;
mod subject;
mod trace;
mod train;
mod tune;

use crate::outcome::Outcome;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clearprop::error::Result;
use std::process::ExitCode;

/// Train small neural networks fast, and see which line of your own backpropagation is wrong.
#[derive(Debug, Parser)]
#[command(name = "clearprop", version, about, subcommand_required = true, arg_required_else_help = true)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "\
Examples:
  clearprop train                               the notebook: a small network on three spirals
  clearprop train members.csv --target stays    a table of your own, and a page about it
  clearprop probe probe.npz                     a program to fill in: your own backward pass
  clearprop diagnose mine.npz                   which of its lines is wrong, why, and the right one

'clearprop COMMAND --help' begins with examples of the command.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(Box<train::Train>),
    Tune(Box<tune::Searching>),
    Predict(predict::Predict),
    Evaluate(evaluate::Evaluate),
    Plot(plot::Plot),
    Spirals(spirals::MakeSpirals),
    Export(export::Export),
    Info(info::Info),
    Inspect(inspect::Inspect),
    Trace(trace::LookAt),
    Check(check::Check),
    Explain(explain::Explain),
    Diagnose(diagnose::Diagnose),
    Probe(probe::Probe),
    Completions(shell::Completions),
    Man(shell::Man),
}

fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Train(train) => train::run(&train),
        Command::Tune(tune) => tune::run(&tune),
        Command::Predict(predict) => predict::run(&predict),
        Command::Evaluate(evaluate) => evaluate::run(&evaluate),
        Command::Plot(plot) => plot::run(&plot),
        Command::Spirals(spirals) => spirals::run(&spirals),
        Command::Export(export) => export::run(&export),
        Command::Info(info) => info::run(&info),
        Command::Inspect(inspect) => inspect::run(&inspect),
        Command::Trace(trace) => trace::run(&trace),
        Command::Check(check) => check::run(&check),
        Command::Explain(explain) => explain::run(&explain),
        Command::Diagnose(diagnose) => diagnose::run(&diagnose),
        Command::Probe(probe) => probe::run(&probe),
        Command::Completions(completions) => shell::completions(&completions, &mut program()),
        Command::Man(man) => shell::man(&man, program()),
    }
}

/// All commands; each help begins with examples.
fn program() -> clap::Command {
    const HELP: &str = "{about}{after-help}\n\n{usage-heading} {usage}\n\n{all-args}";
    Cli::command().help_template(HELP).mut_subcommands(|command| command.help_template(HELP))
}

fn main() -> ExitCode {
    clearprop_kernels::keep_little();
    arguments::learn(program());
    let command = match program().try_get_matches().and_then(|found| Cli::from_arg_matches(&found)) {
        Ok(cli) => cli.command,
        Err(error) => return arguments::explain(&error),
    };
    progress::listen_for_interrupts();
    match run(command) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found(finding)) => {
            screen::complain(&format!("error: {}", finding.render(arguments::option)));
            ExitCode::from(1)
        }
        Err(error) => {
            screen::complain(&format!("error: {}", error.render(arguments::option)));
            ExitCode::from(2)
        }
        Ok(Outcome::Interrupted(saved)) => {
            screen::complain(&saved);
            ExitCode::from(130)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]
mod tests {
    use super::*;
    use clap::error::ErrorKind as Kind;
    use std::path::Path;

    /// What stands between single backquotes, outside of blocks of code.
    fn spans(markdown: &str) -> Vec<&str> {
        markdown.split("```").step_by(2).flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
    }

    /// Whether it is understood, were all that it needs beside it there.
    fn is_known(words: &[&str]) -> bool {
        match program().try_get_matches_from(words) {
            Ok(_) => true,
            Err(error) => matches!(error.kind(), Kind::MissingRequiredArgument | Kind::DisplayHelp),
        }
    }

    #[test]
    fn the_commands_and_options_that_readme_and_book_name_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let chapters = std::fs::read_dir(root.join("book/src")).unwrap().map(|entry| entry.unwrap().path());
        let mut named = 0;
        for page in chapters.chain([root.join("README.md")]).filter(|path| path.extension().is_some()) {
            for span in spans(&std::fs::read_to_string(&page).unwrap()) {
                let words: Vec<&str> = span.split_whitespace().collect();
                let known = match words.as_slice() {
                    ["clearprop", "COMMAND", ..] => continue,
                    ["clearprop", _, ..] => is_known(&words),
                    [option] if option.starts_with("--") => program()
                        .get_subcommands()
                        .any(|command| command.get_arguments().any(|a| a.get_long() == Some(&option[2..]))),
                    // `quick|best` names two values.
                    [option, value, more @ ..] if option.starts_with("--") => value.split('|').all(|value| {
                        program().get_subcommands().any(|command| {
                            is_known(&[&["clearprop", command.get_name(), option, value], more].concat())
                        })
                    }),
                    _ => continue,
                };
                assert!(known, "{}: {span}", page.display());
                named += 1;
            }
        }
        assert!(named > 60, "{named}");
        println!("{named} commands and options are known");
    }
}
