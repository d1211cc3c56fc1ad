//! Lines on the terminal, which shows what names hold and does not obey it.  A reader who has gone away (`| head`) is no error.

use clearprop::error::{Result, visible};
use clearprop_files::disk::{give_up_if_possible, refused};
use clearprop_kernels::Memory;
use std::io::{ErrorKind as Kind, Write, stderr, stdout};
use std::path::Path;

/// Writes text to standard output.
///
/// # Errors
/// It cannot be written, other than because nobody reads it.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    match out.write_all(shown(text).as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != Kind::BrokenPipe => {
            Err(refused("cannot write", Path::new("standard output"), &e))
        }
        _ => Ok(()),
    }
}

/// What a terminal does not obey made visible, but for the colours of our own inks.
fn shown(text: &str) -> String {
    const ESCAPE: char = '\u{1b}';
    const INKS: [&str; 8] = ["[0m", "[1m", "[2m", "[1;36m", "[1;33m", "[1;31m", "[33m", "[32m"];
    let mut out = String::new();
    for (nth, part) in text.split(ESCAPE).enumerate() {
        match INKS.iter().any(|ink| part.starts_with(ink)) {
            _ if nth == 0 => {}
            true => out.push(ESCAPE),
            false => out.push_str(&visible("\u{1b}")),
        }
        out.push_str(&visible(part));
    }
    out
}

/// Writes a line to standard error; if that fails there is nobody to tell.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(stderr().lock(), "{}", visible(line));
}

/// Where the system has no more memory the program ends, in one line like every other.
#[global_allocator]
static MEMORY: Memory = Memory(no_memory);

fn no_memory(bytes: usize) -> ! {
    give_up_if_possible();
    // No text is made: that would need memory.
    let most = bytes.div_ceil(1 << 20);
    let _ = writeln!(
        stderr().lock(),
        "error: the system has no more memory ({most} MB more are needed); name fewer columns with --columns, or lift the limit"
    );
    std::process::exit(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clearprop::paper::{Ink, Paper};

    #[test]
    fn our_colours_reach_the_terminal_and_no_other_control_does() {
        let paper = Paper { width: 80, colour: true };
        let inks = [
            Ink::Bold,
            Ink::Faint,
            Ink::Forward,
            Ink::Backward,
            Ink::Alert,
            Ink::Caution,
            Ink::Good,
            Ink::Plain,
        ];
        for ink in inks {
            let text = paper.ink(ink, "text\n");
            assert_eq!(shown(&text), text, "{ink:?}");
        }
        let hostile = shown("a\u{1b}[2Jb\u{7}");
        assert!(hostile.starts_with('a') && !hostile.contains(['\u{1b}', '\u{7}']), "{hostile}");
    }
}
