//! The public items of the library as its documentation shows them, beside the list that `crates/clearprop/api.txt` keeps:
//! what a caller could lean on changes only where somebody sees it.

use crate::chores::{Done, doc};
use crate::sources::root;
use std::collections::BTreeSet;
use std::path::Path;

const KEPT: &str = "crates/clearprop/api.txt";

/// Compares; with `--write` the list becomes what there is.
pub(crate) fn run(args: &[String]) -> Done {
    doc()?;
    let pages = root().join("target/doc/clearprop");
    let found = items(&pages)?;
    let file = root().join(KEPT);
    if args.iter().any(|arg| arg == "--write") {
        let text = found.iter().map(|line| format!("{line}\n")).collect::<String>();
        return std::fs::write(&file, text).map_err(|error| format!("{KEPT}: {error}"));
    }
    let kept = std::fs::read_to_string(&file).map_err(|error| format!("{KEPT}: {error}"))?;
    let kept: BTreeSet<String> = kept.lines().map(str::to_owned).collect();
    let gone = kept.difference(&found).map(|line| format!("- {line}"));
    let new = found.difference(&kept).map(|line| format!("+ {line}"));
    let changes: Vec<String> = gone.chain(new).collect();
    if changes.is_empty() {
        println!("{} public items, as {KEPT} has them", found.len());
        return Ok(());
    }
    println!("{}", changes.join("\n"));
    Err(format!("{KEPT}: the public items have changed, see above; if so meant, `cargo xtask api --write`"))
}

/// One line for each item and each of its methods: `module::Name: declaration`.
fn items(pages: &Path) -> Result<BTreeSet<String>, String> {
    let read = |page: &str| {
        std::fs::read_to_string(pages.join(page))
            .map_err(|error| format!("{}: {error}", pages.join(page).display()))
    };
    let all = read("all.html")?;
    let list = all.split("class=\"all-items\"").skip(1).flat_map(|part| part.split("<a href=\"").skip(1));
    let mut lines = BTreeSet::new();
    for page in list.filter_map(|rest| rest.split('"').next()).filter(|page| page.ends_with(".html")) {
        let Some((folder, name)) = page.trim_end_matches(".html").rsplit_once('.') else { continue };
        let module =
            folder.rsplit_once('/').map_or(String::new(), |(module, _)| module.replace('/', "::") + "::");
        let text = read(page)?;
        // Behind it stand the methods of traits, and of the standard library's among them.
        let own = text.split("id=\"trait-implementations\"").next().unwrap_or_default();
        let declared = between(own, "<pre class=\"rust item-decl\">", "</pre>");
        let methods = between(own, "<h4 class=\"code-header\">", "</h4>");
        lines.extend(declared.chain(methods).map(|html| format!("{module}{name}: {}", words(html))));
    }
    if lines.is_empty() { Err(format!("{}: no item found", pages.display())) } else { Ok(lines) }
}

/// Every stretch between two marks.
fn between<'t>(text: &'t str, start: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

/// Without tags and comments, on one line.
fn words(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    let text =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("&#39;", "'")
        .replace('§', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_one_line_with_its_own_methods() {
        let folder = std::env::temp_dir().join(format!("clearprop-api-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("loss")).unwrap();
        std::fs::write(
            folder.join("all.html"),
            r#"<a href="help.html"></a><ul class="all-items"><li><a href="loss/enum.Loss.html">x</a></li></ul>"#,
        )
        .unwrap();
        let page = "<pre class=\"rust item-decl\"><code>pub enum <a>Loss</a> {\n    A, // a\n}</code></pre>\
            <h4 class=\"code-header\">pub fn f(&amp;self) -&gt; <a>Vec</a>&lt;u8&gt;</h4>\
            <h2 id=\"trait-implementations\"></h2><h4 class=\"code-header\">fn clone(&amp;self)</h4>";
        std::fs::write(folder.join("loss/enum.Loss.html"), page).unwrap();
        let found: Vec<String> = items(&folder).unwrap().into_iter().collect();
        assert_eq!(found, ["loss::Loss: pub enum Loss { A, }", "loss::Loss: pub fn f(&self) -> Vec<u8>"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
