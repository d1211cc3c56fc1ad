//! A drawing as SVG text: escaped text, short numbers.

use std::fmt::{self, Write};

use crate::drawing::{Anchor, Drawing, EDGE, Font, Form, GREY, INK, Look, RULE, Shape, Stroke};
use crate::palette::{CURVES, Colour, Marker};

/// The SVG document; `name` is what a screen reader says.
pub(crate) fn document(drawing: &Drawing, name: &str, width: f64, height: f64) -> String {
    let mut svg = format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" "#,
            r#"font-family="Inter, 'Helvetica Neue', Arial, sans-serif" role="img">"#,
            "\n<title>{name}</title>\n<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>\n"
        ),
        w = width,
        h = height,
        name = Escaped(name)
    );
    for shape in &drawing.shapes {
        // Writing to a String cannot fail.
        let _ = write_shape(&mut svg, shape);
        svg.push('\n');
    }
    svg.push_str("</svg>\n");
    svg
}

/// The drawing within a page, on the page's ground and in the colours of its theme.
pub(crate) fn inline(drawing: &Drawing, name: &str, width: f64, height: f64) -> String {
    let mut svg = format!(
        "<svg class=\"drawing\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\">",
        Escaped(name),
        w = Num(width),
        h = Num(height),
    );
    for shape in &drawing.shapes {
        // Writing to a String cannot fail.
        let _ = write_shape(&mut svg, shape);
    }
    svg.push_str("</svg>");
    // A quote in a text is escaped: only attributes are found.
    for (colour, variable) in THEMED {
        svg = svg.replace(&format!("=\"{colour}\""), &format!("=\"var(--{variable})\""));
    }
    svg
}

/// The colours that follow a page's theme.
const THEMED: [(Colour, &str); 9] = [
    (INK, "ink"),
    (GREY, "faint"),
    (RULE, "line"),
    (EDGE, "edge"),
    (CURVES[0], "c0"),
    (CURVES[1], "c1"),
    (CURVES[2], "c2"),
    (CURVES[3], "c3"),
    (CURVES[4], "c4"),
];

fn write_shape(svg: &mut String, shape: &Shape) -> fmt::Result {
    match shape {
        Shape::Form { class, form, look } => {
            let element = match form {
                Form::Lines { .. } | Form::Marker { .. } => "path",
                Form::Rectangle { .. } => "rect",
                Form::Circle { .. } => "circle",
            };
            write!(svg, "<{element}")?;
            if !class.is_empty() {
                write!(svg, r#" class="{class}""#)?;
            }
            write_look(svg, look)?;
            write_form(svg, form)?;
            svg.write_str("/>")
        }
        Shape::Points { edge, markers, points } => {
            svg.write_str(r#"<g class="points""#)?;
            write_stroke(svg, edge)?;
            svg.write_str(">\n")?;
            let outlines: Vec<String> = markers.iter().map(outline).collect();
            // Neighbours of one colour share a group.
            for group in points.chunk_by(|one, next| one.0 == next.0 && one.1 == next.1) {
                let (class, colour, _) = group[0];
                writeln!(svg, r#"<g class="c{class}" fill="{colour}">"#)?;
                for (_, _, [x, y]) in group {
                    writeln!(svg, r#"<path d="M{} {}{}"/>"#, Num(*x), Num(*y), outlines[class])?;
                }
                svg.write_str("</g>\n")?;
            }
            svg.write_str("</g>")
        }
        Shape::Text { at, upright, anchor, font, text } => {
            let [x, y] = at.map(Num);
            if *upright {
                write!(svg, r#"<text transform="translate({x} {y}) rotate(-90)""#)?;
            } else {
                write!(svg, r#"<text x="{x}" y="{y}""#)?;
            }
            svg.write_str(match anchor {
                Anchor::Start => "",
                Anchor::Middle => r#" text-anchor="middle""#,
                Anchor::End => r#" text-anchor="end""#,
            })?;
            let Font { size, bold, colour } = *font;
            let weight = if bold { r#" font-weight="600""# } else { "" };
            write!(svg, r#" font-size="{}"{weight} fill="{colour}">{}</text>"#, Num(size), Escaped(text))
        }
    }
}

fn write_look(svg: &mut String, look: &Look) -> fmt::Result {
    match look.fill {
        Some(colour) => write!(svg, r#" fill="{colour}""#)?,
        None => svg.write_str(r#" fill="none""#)?,
    }
    look.stroke.iter().try_for_each(|stroke| write_stroke(svg, stroke))
}

fn write_stroke(svg: &mut String, stroke: &Stroke) -> fmt::Result {
    write!(svg, r#" stroke="{}""#, stroke.colour)?;
    if stroke.width != 1.0 {
        write!(svg, r#" stroke-width="{}""#, Num(stroke.width))?;
    }
    if stroke.opacity < 1.0 {
        write!(svg, r#" stroke-opacity="{}""#, Num(stroke.opacity))?;
    }
    if stroke.round {
        svg.write_str(r#" stroke-linejoin="round""#)?;
    }
    if let [first, rest @ ..] = stroke.dashes {
        write!(svg, r#" stroke-dasharray="{}"#, Num(*first))?;
        rest.iter().try_for_each(|length| write!(svg, " {}", Num(*length)))?;
        svg.write_char('"')?;
    }
    Ok(())
}

fn write_form(svg: &mut String, form: &Form) -> fmt::Result {
    match form {
        Form::Lines { pieces, closed } => {
            svg.write_str(r#" d=""#)?;
            for piece in pieces {
                for (i, [x, y]) in piece.iter().enumerate() {
                    write!(svg, "{}{} {}", if i == 0 { 'M' } else { 'L' }, Num(*x), Num(*y))?;
                }
                svg.write_str(if *closed { "Z" } else { "" })?;
            }
            svg.write_char('"')
        }
        Form::Rectangle { corner, size } => {
            let [x, y, width, height] = [corner[0], corner[1], size[0], size[1]].map(Num);
            write!(svg, r#" x="{x}" y="{y}" width="{width}" height="{height}""#)
        }
        Form::Circle { centre, radius } => {
            let [x, y, r] = [centre[0], centre[1], *radius].map(Num);
            write!(svg, r#" cx="{x}" cy="{y}" r="{r}""#)
        }
        Form::Marker { centre, marker } => {
            let [x, y] = centre.map(Num);
            write!(svg, r#" d="M{x} {y}{}""#, outline(marker))
        }
    }
}

/// A marker as relative path commands from its centre.
fn outline(marker: &Marker) -> String {
    match marker {
        Marker::Circle(radius) => {
            // Twice the radius as it is written: an arc over a shorter line would bulge.
            let radius = hundredths(*radius);
            let (r, d) = (Num(radius), Num(2.0 * radius));
            format!("m-{r} 0a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z")
        }
        Marker::Polygon(corners) => {
            let mut path = String::new();
            let mut from = [0.0, 0.0];
            for (i, to) in corners.iter().enumerate() {
                let (dx, dy) = (Num(to[0] - from[0]), Num(to[1] - from[1]));
                path += &format!("{}{dx} {dy}", if i == 0 { 'm' } else { 'l' });
                from = *to;
            }
            path + "z"
        }
    }
}

/// A length with at most two decimals: a hundredth of a pixel is below what anyone sees.
#[derive(Clone, Copy)]
struct Num(f64);

/// A length as it is written.
pub(crate) fn hundredths(length: f64) -> f64 {
    (length * 100.0).round() / 100.0
}

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
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\u{fffe}' | '\u{ffff}' => f.write_char(' ')?,
                letter if letter.is_control() && letter != '\n' => f.write_char(' ')?,
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
    fn a_circle_of_two_arcs_is_round() {
        assert_eq!(
            outline(&Marker::Circle(3.316)),
            "m-3.32 0a3.32 3.32 0 1 0 6.64 0a3.32 3.32 0 1 0 -6.64 0z"
        );
    }

    #[test]
    fn numbers_are_short_and_text_is_escaped() {
        assert_eq!(Num(1.0).to_string(), "1");
        assert_eq!(Num(-0.001).to_string(), "0");
        assert_eq!(Num(12.346).to_string(), "12.35");
        assert_eq!(Escaped("a<b & \"c\"\u{7}\n").to_string(), "a&lt;b &amp; &quot;c&quot; \n");
    }
}
