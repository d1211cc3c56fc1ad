//! Code from the source files, found by the name of a function or by what its lines hold.

use crate::directive::Part;
use std::path::{Path, PathBuf};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// A part of a source file as a block of Markdown.  `file` is taken from the library's `src` unless it says
/// `crates/..` or
/// `examples/..`.
pub(crate) fn code(file: &str, part: &Part<'_>) -> Result<String, String> {
    let path = if file.contains("crates/") || file.starts_with("examples/") {
        file.to_owned()
    } else {
        format!("crates/clearprop/src/{file}")
    };
    let text = std::fs::read_to_string(root().join(&path)).map_err(|error| format!("{path}: {error}"))?;
    let (found, caption) = match part {
        Part::Whole => (text.trim_end().to_owned(), String::new()),
        Part::Function(name) => {
            (function(&text, name).map_err(|e| format!("{path}: {e}"))?, format!(", <code>{name}</code>"))
        }
        Part::Lines(from, to) => (lines(&text, from, to).map_err(|e| format!("{path}: {e}"))?, String::new()),
    };
    let language = if Path::new(&path).extension().is_some_and(|e| e == "py") { "python" } else { "rust" };
    Ok(format!("\n<p class=\"source\">{path}{caption}</p>\n\n```{language}\n{}\n```\n", dedent(&found)))
}

/// The table of a file of results: its lines that begin with `|`.
pub(crate) fn table(file: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    if rows.is_empty() { Err(format!("{file} has no table")) } else { Ok(rows.join("\n")) }
}

/// The lines of the function `name` or `Type::name`, without its documentation.
fn function(text: &str, name: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let (within, name) = match name.split_once("::") {
        None => (0..lines.len(), name),
        Some((of, name)) => {
            let is_impl = |line: &&str| {
                line.starts_with("impl") && line.split(|c: char| !c.is_alphanumeric()).any(|word| word == of)
            };
            let start = lines.iter().position(is_impl).ok_or(format!("there is no impl of {of}"))?;
            (start..end_of(&lines, start), name)
        }
    };
    let starts: Vec<usize> = within
        .filter(|&i| {
            lines[i].split_once("fn ").is_some_and(|(before, after)| {
                matches!(before.trim(), "" | "pub" | "pub(crate)" | "pub(super)" | "const")
                    && after.strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '<']))
            })
        })
        .collect();
    match starts[..] {
        [start] => Ok(lines[start..=end_of(&lines, start)].join("\n")),
        [] => Err(format!("there is no function {name}")),
        _ => Err(format!("there are {} functions {name}; write Type::{name}", starts.len())),
    }
}

/// The line that closes what line `start` opens: the next `}` with the same indentation.
fn end_of(lines: &[&str], start: usize) -> usize {
    let indent = lines[start].len() - lines[start].trim_start().len();
    let closing = format!("{}}}", " ".repeat(indent));
    lines[start..].iter().position(|line| *line == closing).map_or(start, |i| start + i)
}

/// The lines from the only one that holds `from` to the next one that holds `to`.
fn lines(text: &str, from: &str, to: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].contains(from)).collect();
    let [start] = starts[..] else {
        return Err(format!("{} lines hold {from:?}, one should", starts.len()));
    };
    let length = lines[start..]
        .iter()
        .position(|line| line.contains(to))
        .ok_or(format!("no line after {from:?} holds {to:?}"))?;
    Ok(lines[start..=start + length].join("\n"))
}

/// Takes away the indentation that all lines share.
fn dedent(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let shared = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    text.lines().map(|line| line.get(shared..).unwrap_or("")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "impl A {\n    /// Doc.\n    pub fn f(self) {\n        1;\n    }\n}\n\nimpl<R> Trait for B<R> {\n    fn f<T>(t: T) {\n        2;\n    }\n}\nfn g() {\n    f(3);\n}\n";

    #[test]
    fn a_function_is_found_by_its_name() {
        assert_eq!(function(TEXT, "A::f").unwrap(), "    pub fn f(self) {\n        1;\n    }");
        assert!(function(TEXT, "B::f").unwrap().contains("2;"));
        assert_eq!(function(TEXT, "g").unwrap().lines().count(), 3);
    }

    #[test]
    fn a_name_that_is_missing_or_not_alone_is_an_error() {
        assert!(function(TEXT, "f").unwrap_err().contains("2 functions"));
        assert!(function(TEXT, "h").unwrap_err().contains("no function"));
        assert!(function(TEXT, "C::f").unwrap_err().contains("no impl"));
        assert!(lines(TEXT, "fn g", "never").is_err());
        assert!(lines(TEXT, "f(", "}").is_err());
    }

    #[test]
    fn lines_run_from_one_text_to_the_next() {
        assert_eq!(lines(TEXT, "fn g", "f(3)").unwrap(), "fn g() {\n    f(3);");
        assert_eq!(dedent("    a\n\n      b"), "a\n\n  b");
    }
}
