//! Formulas: TeX between dollar signs becomes MathML, which browsers typeset themselves.
//!
//! It is done here, while the book is built, so that a page needs no script and no network.

use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, ParserError, RenderConfig, Storage, push_mathml};

/// Replaces `$..$` and `$$..$$` outside of code by MathML.
pub(crate) fn typeset(markdown: &str) -> Result<String, String> {
    let mut out = String::with_capacity(2 * markdown.len());
    let mut rest = markdown;
    while let Some(at) = rest.find(['$', '`', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(skipped) = code_or_escape(rest) else {
            let (display, mark) =
                if rest.starts_with("$$") { (DisplayMode::Block, "$$") } else { (DisplayMode::Inline, "$") };
            let inside = &rest[mark.len()..];
            let end = inside.find(mark).ok_or(format!("a formula does not end: {:.40}", inside))?;
            let mathml = escape_text(&mathml(&inside[..end].replace("&amp;", "&"), display)?);
            match display {
                DisplayMode::Block => out.push_str(&format!("<div class=\"formula\">{mathml}</div>")),
                DisplayMode::Inline => out.push_str(&mathml),
            }
            rest = &inside[end + mark.len()..];
            continue;
        };
        out.push_str(&rest[..skipped]);
        rest = &rest[skipped..];
    }
    out.push_str(rest);
    Ok(out)
}

/// One formula; a mistake in it ends the build, where the library alone would draw it in red.
fn mathml(tex: &str, display_mode: DisplayMode) -> Result<String, String> {
    let storage = Storage::new();
    let events: Vec<_> = Parser::new(tex.trim(), &storage)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("formula {tex}: {error}"))?;
    let events = events.into_iter().map(Ok::<_, Box<ParserError>>);
    let mut mathml = String::new();
    push_mathml(&mut mathml, events, RenderConfig { display_mode, ..RenderConfig::default() })
        .map_err(|error| format!("formula {tex}: {error}"))?;
    Ok(mathml)
}

/// The length of the code or the escaped sign at the start of `text`; `None` before a formula.
fn code_or_escape(text: &str) -> Option<usize> {
    if let Some(escaped) = text.strip_prefix('\\') {
        return Some(1 + escaped.chars().next().map_or(0, char::len_utf8));
    }
    let ticks = text.len() - text.trim_start_matches('`').len();
    if ticks == 0 {
        return None;
    }
    let fence = &text[..ticks];
    Some(text[ticks..].find(fence).map_or(ticks, |end| end + 2 * ticks))
}

/// Hides the text between tags from Markdown, which would take `*` and `_` for emphasis.
fn escape_text(mathml: &str) -> String {
    let mut out = String::with_capacity(mathml.len());
    let mut in_tag = false;
    for c in mathml.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            '*' | '_' | '[' | ']' | '|' | '~' | '`' | '\\' | '!' | '#' if !in_tag => {
                out.push_str(&format!("&#{};", u32::from(c)));
                continue;
            }
            '\n' => continue,
            _ => {}
        }
        out.push(c);
    }
    // The crate writes a blank as the name that HTML has for it, and escapes that.
    out.replace("&amp;nbsp;", "\u{a0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml_and_code_stays() {
        let html = typeset("a $x_1$ b `$y$` c \\$5\n```\n$z$\n```\n").unwrap();
        assert!(html.starts_with("a <math display=\"inline\"><msub>"), "{html}");
        assert!(html.contains("`$y$` c \\$5\n```\n$z$\n```"), "{html}");
        assert!(
            typeset("$$\\sum_i x_i$$")
                .unwrap()
                .starts_with("<div class=\"formula\"><math display=\"block\">")
        );
    }

    #[test]
    fn a_blank_in_a_formula_is_a_blank() {
        let html = typeset("$i\\ \\text{active}$").unwrap();
        assert!(html.contains("<mtext>\u{a0}</mtext>") && !html.contains("nbsp"), "{html}");
    }

    #[test]
    fn a_broken_formula_is_an_error() {
        assert!(typeset("$\\frac{1}$").is_err());
        assert!(typeset("$\\nosuchcommand$").is_err());
        assert!(typeset("costs $5").is_err());
    }

    #[test]
    fn markdown_leaves_formulas_alone() {
        assert!(!typeset("$a * b [c]$").unwrap().contains('*'));
    }
}
