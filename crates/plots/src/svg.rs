//! Writing SVG: escaped text, short numbers, and a few shapes.

use std::fmt::{self, Write};

use crate::picture::Picture;

pub(crate) const INK: &str = "#262b33";
pub(crate) const GREY: &str = "#6b7280";
pub(crate) const RULE: &str = "#e3e6ea";

/// A drawing that grows element by element; sizes are in pixels, y points down.
pub(crate) struct Svg {
    body: String,
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Font {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) colour: &'static str,
}

pub(crate) const TITLE: Font = Font { size: 17.0, bold: true, colour: INK };
pub(crate) const NOTE: Font = Font { size: 13.0, bold: false, colour: GREY };
pub(crate) const LABEL: Font = Font { size: 13.0, bold: false, colour: INK };
pub(crate) const TICK: Font = Font { size: 12.0, bold: false, colour: GREY };

impl Svg {
    pub(crate) fn new() -> Self {
        Self { body: String::new() }
    }

    /// Adds markup that holds no text from outside.
    pub(crate) fn raw(&mut self, markup: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(markup);
        self.body.push('\n');
    }

    pub(crate) fn line(&mut self, from: [f64; 2], to: [f64; 2], colour: &str, width: f64) {
        let [x1, y1, x2, y2] = [from[0], from[1], to[0], to[1]].map(Num);
        self.raw(format_args!(
            r#"<path d="M{x1} {y1}L{x2} {y2}" fill="none" stroke="{colour}" stroke-width="{width}"/>"#
        ));
    }

    pub(crate) fn text(&mut self, at: [f64; 2], anchor: Anchor, font: Font, text: &str) {
        let [x, y] = at.map(Num);
        self.place_text(format_args!(r#"x="{x}" y="{y}""#), anchor, font, text);
    }

    /// Text that reads upwards, for the y axis.
    pub(crate) fn upright(&mut self, at: [f64; 2], font: Font, text: &str) {
        let [x, y] = at.map(Num);
        self.place_text(
            format_args!(r#"transform="translate({x} {y}) rotate(-90)""#),
            Anchor::Middle,
            font,
            text,
        );
    }

    fn place_text(&mut self, place: fmt::Arguments<'_>, anchor: Anchor, font: Font, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let weight = if font.bold { r#" font-weight="600""# } else { "" };
        let (size, colour, text) = (Num(font.size), font.colour, Escaped(text));
        self.raw(format_args!(
            r#"<text {place}{anchor} font-size="{size}"{weight} fill="{colour}">{text}</text>"#
        ));
    }

    /// The finished picture, `name` being what a screen reader says.
    pub(crate) fn finish(self, name: &str, width: f64, height: f64) -> Picture {
        let (width, height) = (width.ceil(), height.ceil());
        let svg = format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" "#,
                r#"font-family="Inter, 'Helvetica Neue', Arial, sans-serif" role="img">"#,
                "\n<title>{name}</title>\n",
                "<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>\n{body}</svg>\n"
            ),
            w = width,
            h = height,
            name = Escaped(name),
            body = self.body
        );
        Picture::new(svg, width, height)
    }
}

/// A length with at most two decimals: a hundredth of a pixel is below what anyone sees.
#[derive(Clone, Copy)]
pub(crate) struct Num(pub(crate) f64);

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_possible_truncation, reason = "pixels; a cast saturates")]
        let hundredths = (self.0 * 100.0).round() as i64;
        let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
        let sign = if hundredths < 0 { "-" } else { "" };
        match (rest / 10, rest % 10) {
            (0, 0) => write!(f, "{sign}{whole}"),
            (tenths, 0) => write!(f, "{sign}{whole}.{tenths}"),
            (tenths, hundredths) => write!(f, "{sign}{whole}.{tenths}{hundredths}"),
        }
    }
}

/// Text from outside: markup is escaped, characters that XML forbids become spaces.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\u{fffe}' | '\u{ffff}' => f.write_char(' ')?,
                letter if letter.is_control() => f.write_char(' ')?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_text_is_escaped() {
        assert_eq!(Num(1.0).to_string(), "1");
        assert_eq!(Num(-0.001).to_string(), "0");
        assert_eq!(Num(12.346).to_string(), "12.35");
        assert_eq!(Escaped("a<b & \"c\"\u{7}").to_string(), "a&lt;b &amp; &quot;c&quot; ");
    }
}
