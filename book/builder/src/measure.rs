//! Everything that the book's numbers and figures are made of, chapter by chapter.

mod check;
mod composition;
mod fast;
mod functions;
mod golden;
mod init;
mod measured;
mod mistakes;
mod notation;
mod penalty;
mod softmax;

pub use measured::Measured;
pub use mistakes::{RIGHT, RIGHT_OF_SECOND, SECOND};

/// Runs everything.
pub fn everything() -> Result<Measured, String> {
    let mut measured = Measured::default();
    for chapter in [
        notation::measure,
        composition::measure,
        softmax::measure,
        functions::measure,
        penalty::measure,
        init::measure,
        check::measure,
        mistakes::measure,
        fast::measure,
    ] {
        chapter(&mut measured).map_err(|error| error.to_string())?;
    }
    Ok(measured)
}
