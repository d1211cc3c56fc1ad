//! The frame of every report: one page that loads nothing, light and dark, in print and on a phone.

use crate::svg::Escaped;

const STYLE: &str = include_str!("page.css");

/// A whole page; `style` is laid over the frame's own, `body` stands in its `main`.
#[must_use]
pub fn page(title: &str, style: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}{style}\n</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        Escaped(title)
    )
}

/// A formula in TeX as MathML, which browsers typeset themselves; if it cannot be read, as it is.
#[must_use]
pub fn typeset(tex: &str) -> String {
    let storage = pulldown_latex::Storage::new();
    let parser = pulldown_latex::Parser::new(tex, &storage);
    let config = pulldown_latex::RenderConfig { annotation: Some(tex), ..Default::default() };
    let mut mathml = String::new();
    match pulldown_latex::push_mathml(&mut mathml, parser, config) {
        Ok(()) => mathml,
        Err(_) => format!("<code>{}</code>", escaped(tex)),
    }
}

/// Text from outside, for a page.
#[must_use]
pub fn escaped(text: &str) -> String {
    Escaped(text).to_string()
}

/// A table that is wider than a phone is moved by keyboard too; `name` says what it is.
#[must_use]
pub fn table(name: &str, rows: &str) -> String {
    let name = Escaped(name);
    format!(
        "<div class=\"table\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\"><table>{rows}</table></div>\n"
    )
}
