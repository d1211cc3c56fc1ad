//! The project's Rust sources as a reader of code sees them: files, modules, and what names what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// The name and the folder of every package of the workspace.
pub(crate) fn packages() -> Vec<(String, PathBuf)> {
    let mut packages = vec![
        ("bench".to_owned(), root().join("bench")),
        ("book".to_owned(), root().join("book/builder")),
        ("xtask".to_owned(), root().join("xtask")),
    ];
    for entry in std::fs::read_dir(root().join("crates")).into_iter().flatten().flatten() {
        if entry.path().join("Cargo.toml").exists() {
            packages.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    packages.sort();
    packages
}

/// All Rust files below a folder, in order.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A file's text up to its tests.
pub(crate) fn without_tests(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let of_tests = |(at, mark): &(usize, &str)| {
        let next = text[at + mark.len()..].lines().nth(1).unwrap_or_default();
        next.ends_with('{') && next.contains("mod ")
    };
    let end = text.match_indices("#[cfg(test)]").find(of_tests).map_or(text.len(), |(at, _)| at);
    text[..end].to_owned()
}

/// A text of Rust without its comments and without what stands in its strings.
pub(crate) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let raw = rest.strip_prefix('r').map(|after| after.bytes().take_while(|&b| b == b'#').count());
        let begins_a_word = !code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(marks) = raw.filter(|&n| begins_a_word && rest[1 + n..].starts_with('"')) {
            let end = format!("\"{}", "#".repeat(marks));
            rest[marks + 2..].find(&end).map_or(rest.len(), |at| marks + 2 + at + end.len())
        } else if first == '"' {
            let mut escaped = false;
            let closes = |c: char| {
                let end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                end
            };
            rest[1..].find(closes).map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("'\\") || rest.starts_with("'\"'") {
            rest[2..].find('\'').map_or(rest.len(), |at| at + 3)
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[length..];
    }
    code
}

/// How often a word stands in a code.
pub(crate) fn count(code: &str, word: &str) -> usize {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|found| *found == word).count()
}

/// A package's modules that have a file of their own, by their path (`""` is the root), with their code.
pub(crate) fn modules(package: &Path) -> BTreeMap<String, String> {
    let source = package.join("src");
    let mut modules = BTreeMap::<String, String>::new();
    for file in rust_files(&source) {
        let path = file.strip_prefix(&source).unwrap_or(&file).with_extension("");
        let mut parts: Vec<String> =
            path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        if parts.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
            parts.pop();
        }
        modules.entry(parts.join("::")).or_default().push_str(&code(&without_tests(&file)));
    }
    modules
}

/// Every path in a code that begins with `start`, its groups spelled out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str, start: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&format!("{start}::")) {
        let begins = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        if !begins {
            continue;
        }
        let mut rest = &code[at + start.len()..];
        spell(&mut rest, &[start.to_owned()], &mut found);
    }
    found
}

/// Reads what follows a path: `::name`, `::{..}`, or its end.
fn spell(rest: &mut &str, path: &[String], found: &mut Vec<Vec<String>>) {
    let Some(after) = rest.strip_prefix("::") else {
        found.push(path.to_vec());
        return;
    };
    *rest = after.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        *rest = inside;
        loop {
            *rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if rest.is_empty() {
                return;
            }
            if let Some(after) = rest.strip_prefix('}') {
                *rest = after;
                return;
            }
            let before = rest.len();
            let name = word(rest);
            *rest = &rest[name.len()..];
            let longer = [path, &[name]].concat();
            spell(rest, &longer, found);
            // `a as b`, or `*`: go on behind it.
            *rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
            debug_assert!(rest.len() < before, "no progress");
        }
    }
    let name = word(rest);
    *rest = &rest[name.len()..];
    let longer = if name.is_empty() { path.to_vec() } else { [path, &[name]].concat() };
    if rest.starts_with("::") { spell(rest, &longer, found) } else { found.push(longer) }
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Which module names which: for each, the modules whose items it uses.  Declaring a child or handing on
/// its items is not using it; what is handed on counts as its owner's.
pub(crate) fn uses(modules: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses = BTreeMap::new();
    for (module, code) in modules {
        let mut used = BTreeSet::new();
        let children = modules.keys().filter(|other| parent(other) == Some(module.as_str()));
        let children: Vec<&str> = children.map(|child| child.rsplit("::").next().unwrap_or(child)).collect();
        for start in ["crate", "super", "self"].into_iter().chain(children) {
            for path in paths(code, start) {
                let Some(owner) = owner(modules, module, &path) else { continue };
                let only_handed_on =
                    handed_on(code).contains(&path) && path.last().is_some_and(|name| !names(code, name));
                if owner != *module && !only_handed_on {
                    used.insert(owner);
                }
            }
        }
        uses.insert(module.clone(), used);
    }
    uses
}

/// The module in whose file the item at the end of a path is written.
fn owner(modules: &BTreeMap<String, String>, from: &str, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut module = match first.as_str() {
        "crate" => String::new(),
        "self" => from.to_owned(),
        "super" => parent(from)?.to_owned(),
        child => join(from, child),
    };
    if !modules.contains_key(&module) {
        // Another crate's.
        return None;
    }
    for (i, name) in rest.iter().enumerate() {
        if name == "super" {
            module = parent(&module)?.to_owned();
            continue;
        }
        let child = join(&module, name);
        if modules.contains_key(&child) {
            module = child;
            continue;
        }
        // An item: written here, or handed on from elsewhere.
        let given = modules.get(&module).map(|code| handed_on(code)).unwrap_or_default();
        let given =
            given.into_iter().find(|given| i < rest.len() && given.last() == Some(name) && given.len() > 1);
        return match given {
            Some(given) if given != path || module != from => owner(modules, &module, &given),
            _ => Some(module),
        };
    }
    Some(module)
}

/// Whether the code names an item where it neither hands it on nor declares a module; a method of that
/// name is another thing.
fn names(code: &str, name: &str) -> bool {
    let mut rest = code.to_owned();
    for tree in trees(code) {
        rest = rest.replace(tree, "");
    }
    let rest = rest.replace(&format!("mod {name};"), "").replace(&format!(".{name}("), "(");
    count(&rest, name) > 0
}

/// What stands between each `pub use` and its semicolon.
fn trees(code: &str) -> impl Iterator<Item = &str> {
    code.split("pub").skip(1).filter_map(|part| {
        let part = part.trim_start();
        let part =
            part.strip_prefix('(').and_then(|inside| inside.split_once(')')).map_or(part, |(_, rest)| rest);
        part.trim_start().strip_prefix("use ")?.split(';').next()
    })
}

/// The paths of a code's `pub use`, which it hands on.
fn handed_on(code: &str) -> Vec<Vec<String>> {
    let mut given = Vec::new();
    for tree in trees(code) {
        let mut rest = tree.trim();
        let first = word(rest);
        rest = &rest[first.len()..];
        spell(&mut rest, &[first], &mut given);
    }
    given
}

/// The groups of modules that use each other in a circle.
pub(crate) fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached = |start: &str| {
        let mut reached = BTreeSet::new();
        let mut open = vec![start.to_owned()];
        while let Some(module) = open.pop() {
            for next in uses.get(&module).into_iter().flatten() {
                if reached.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        reached
    };
    let all: BTreeMap<&String, BTreeSet<String>> =
        uses.keys().map(|module| (module, reached(module))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (&module, reach) in &all {
        if reach.contains(module) && !circles.iter().any(|circle| circle.contains(module)) {
            circles.push(reach.iter().filter(|other| all[other].contains(module)).cloned().collect());
        }
    }
    circles
}

fn parent(module: &str) -> Option<&str> {
    if module.is_empty() { None } else { Some(module.rsplit_once("::").map_or("", |(parent, _)| parent)) }
}

fn join(module: &str, child: &str) -> String {
    if module.is_empty() { child.to_owned() } else { format!("{module}::{child}") }
}
