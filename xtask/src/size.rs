//! How long the files are: the table that `cargo xtask size` prints, and the test that holds its limits.

use crate::chores::{Done, root};
use std::path::{Path, PathBuf};

/// Lines of forward + loss + backward, the readable network, comments included.
const READABLE: [&str; 4] = ["forward.rs", "loss.rs", "objective.rs", "backward.rs"];

/// Prints the table.
pub(crate) fn show() -> Done {
    for (file, lines) in sizes() {
        println!("{lines:5}  {}", file.display());
    }
    println!("{:5}  forward + loss + objective + backward, without comments and blank lines", readable());
    println!(
        "{:5}  hops from main to the weight gradient: main, Trainer::advance, loss_and_grad, backward",
        3
    );
    Ok(())
}

/// Every Rust file outside tests with its lines up to its tests, the longest first.
fn sizes() -> Vec<(PathBuf, usize)> {
    let mut files = Vec::new();
    collect(&root().join("crates"), &mut files);
    collect(&root().join("xtask"), &mut files);
    let mut sizes: Vec<(PathBuf, usize)> = files
        .into_iter()
        .filter(|file| file.components().any(|part| part.as_os_str() == "src"))
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

/// A file's text up to its tests.
pub(crate) fn without_tests(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// All Rust files below a folder.
pub(crate) fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
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
        let mut files = Vec::new();
        collect(&root(), &mut files);
        let outside = ["..", "shared"].join("/");
        for file in files.iter().filter(|file| !file.starts_with(root().join("target"))) {
            let text = std::fs::read_to_string(file).unwrap();
            assert!(!text.contains(&outside), "{} reads {outside}", file.display());
        }
    }
}
