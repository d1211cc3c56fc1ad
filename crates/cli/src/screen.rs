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
    match out.write_all(visible(text).as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != Kind::BrokenPipe => {
            Err(refused("cannot write", Path::new("standard output"), &e))
        }
        _ => Ok(()),
    }
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
