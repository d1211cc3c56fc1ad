//! `clearprop completions` and `clearprop man`: from the same definitions as the options themselves.

use crate::outcome::Outcome;
use crate::screen;
use clap::{Args, Command};
use clap_complete::Shell;
use clearprop::error::{Error, ErrorKind, Result};

/// Write the completions of a shell
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  clearprop completions bash > ~/.local/share/bash-completion/completions/clearprop"
)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Write the manual page, of all commands
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  clearprop man | man -l -")]
pub(crate) struct Man {}

pub(crate) fn completions(options: &Completions, program: &mut Command) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, program, "clearprop", &mut script);
    screen::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}

/// One page: the program, then each command with its options.
pub(crate) fn man(_options: &Man, mut program: Command) -> Result<Outcome> {
    let failed = |e| Error::new(ErrorKind::File, format!("the manual page cannot be made: {e}"));
    let mut page = Vec::new();
    program.build();
    clap_mangen::Man::new(program.clone()).render(&mut page).map_err(failed)?;
    for command in program.get_subcommands() {
        let name = command.get_name().to_uppercase();
        page.extend_from_slice(format!(".SH \"CLEARPROP {name}\"\n").as_bytes());
        let part = clap_mangen::Man::new(command.clone());
        part.render_description_section(&mut page).map_err(failed)?;
        part.render_synopsis_section(&mut page).map_err(failed)?;
        part.render_options_section(&mut page).map_err(failed)?;
        part.render_extra_section(&mut page).map_err(failed)?;
    }
    screen::print(&String::from_utf8_lossy(&page))?;
    Ok(Outcome::Done)
}
