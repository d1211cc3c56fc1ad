//! The paper of this program: standard output.

pub(crate) use clearprop::paper::{Ink, Paper, TIE, length, padded, shape, short, wrap};
use std::io::IsTerminal;

/// Standard output: its width if it is a terminal, 100 columns without colour if it is not.
pub(crate) fn of_stdout() -> Paper {
    let terminal = std::io::stdout().is_terminal();
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let seen = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width: usize = asked.or(seen.filter(|_| terminal)).unwrap_or(100);
    Paper { width: width.clamp(40, 140), colour: terminal && std::env::var_os("NO_COLOR").is_none() }
}
