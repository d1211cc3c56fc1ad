//! How long the files are: the table that `cargo xtask size` prints, and the test that holds its limits.

use crate::chores::Done;
use crate::sources::{code, count, packages, root, rust_files, without_tests};
use std::path::PathBuf;

/// Lines of forward + loss + backward, the readable network, comments included.
const READABLE: [&str; 4] = ["forward.rs", "loss.rs", "objective.rs", "backward.rs"];

/// Prints the table.
pub(crate) fn show() -> Done {
    for (file, lines) in sizes() {
        println!("{lines:5}  {}", file.display());
    }
    println!("\nlines  `unsafe`  package");
    for (package, folder) in packages() {
        let texts: Vec<String> =
            rust_files(&folder.join("src")).iter().map(|file| without_tests(file)).collect();
        let lines: usize = texts.iter().map(|text| text.lines().count()).sum();
        let unsafes: usize = texts.iter().map(|text| count(&code(text), "unsafe")).sum();
        println!("{lines:5}  {unsafes:8}  {package}");
    }
    println!();
    println!("{:5}  forward + loss + objective + backward, without comments and blank lines", readable());
    println!(
        "{:5}  hops from main to the weight gradient: main, Trainer::advance, loss_and_grad, backward",
        3
    );
    Ok(())
}

/// Every Rust file outside tests with its lines up to its tests, the longest first.
fn sizes() -> Vec<(PathBuf, usize)> {
    let mut sizes: Vec<(PathBuf, usize)> = packages()
        .into_iter()
        .flat_map(|(_, folder)| rust_files(&folder.join("src")))
        .map(|file| {
            let lines = without_tests(&file).lines().count();
            (file.strip_prefix(root()).unwrap_or(&file).to_owned(), lines)
        })
        .collect();
    sizes.sort_by_key(|(file, lines)| (std::cmp::Reverse(*lines), file.clone()));
    sizes
}

/// Lines of code of the readable network.
fn readable() -> usize {
    let source = root().join("crates/clearprop/src");
    READABLE.iter().map(|file| code_lines(&without_tests(&source.join(file)))).sum()
}

fn code_lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_longer_than_about_400_lines_without_its_tests() {
        let long: Vec<_> = sizes().into_iter().filter(|(_, lines)| *lines > 420).collect();
        assert!(long.is_empty(), "split by subject: {long:?}");
    }

    #[test]
    fn forward_loss_and_backward_are_at_most_300_lines_of_code() {
        assert!(readable() <= 300, "{} lines", readable());
        assert!(readable() > 100, "the count has lost a file");
    }

    #[test]
    fn nothing_reads_outside_the_repository() {
        let outside = ["..", "shared"].join("/");
        let files = packages().into_iter().flat_map(|(_, folder)| rust_files(&folder));
        for file in files.filter(|file| !file.components().any(|part| part.as_os_str() == "target")) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!text.contains(&outside), "{} reads {outside}", file.display());
        }
    }
}
