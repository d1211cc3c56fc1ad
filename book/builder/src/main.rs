//! Builds the book: `cargo xtask book`.  The pages are made by mdBook, from chapters that this crate expands.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line prints")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match build() {
        Ok(place) => {
            println!("the book is at {place}");
            ExitCode::SUCCESS
        }
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "pages")]
fn build() -> Result<String, String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = mdbook_driver::MDBook::load(folder).map_err(|error| format!("{error:#}"))?;
    let book = clearprop_book::book::Book::measure()?;
    let mut faults = Vec::new();
    pages.book.for_each_chapter_mut(|chapter| match book.expand(&chapter.content) {
        Ok(content) => chapter.content = content,
        Err(found) => faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", chapter.name))),
    });
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    pages.build().map_err(|error| format!("{error:#}"))?;
    let page = pages.build_dir_for("html").join("index.html");
    Ok(page.canonicalize().unwrap_or(page).display().to_string())
}

#[cfg(not(feature = "pages"))]
fn build() -> Result<String, String> {
    Err("built without the feature 'pages': use `cargo xtask book`".to_owned())
}
