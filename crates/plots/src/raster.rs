//! A drawing painted into pixels.

use tiny_skia::{Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, StrokeDash, Transform};

use crate::drawing::{Anchor, Drawing, Form, Look, Shape, Stroke};
use crate::palette::{Colour, Marker};
use crate::svg::hundredths;
use crate::text;

/// Paints all shapes, every length `scale` times as long, over white.
pub(crate) fn paint(drawing: &Drawing, canvas: &mut Pixmap, scale: f64) {
    canvas.fill(Color::WHITE);
    let view = Transform::from_scale(single(scale), single(scale));
    for shape in &drawing.shapes {
        match shape {
            Shape::Form { form, look, .. } => draw(canvas, path_of(form), look, view),
            Shape::Points { edge, markers, points } => {
                let paths: Vec<Option<Path>> = markers
                    .iter()
                    .map(|marker| path_of(&Form::Marker { centre: [0.0, 0.0], marker: marker.clone() }))
                    .collect();
                for (class, colour, at) in points {
                    let look = Look { fill: Some(*colour), stroke: Some(*edge) };
                    let [x, y] = at.map(pixels);
                    draw(canvas, paths[*class].clone(), &look, view.pre_translate(x, y));
                }
            }
            Shape::Text { at, upright, anchor, font, text } => {
                let line = text::line(text, *font);
                let start = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => line.width / 2.0,
                    Anchor::End => line.width,
                };
                let [x, y] = at.map(pixels);
                let place = view.pre_translate(x, y);
                let place = if *upright { place.pre_rotate(-90.0) } else { place };
                let place = place.pre_translate(-start, 0.0);
                draw(canvas, line.path, &Look::filled(font.colour), place);
            }
        }
    }
}

fn draw(canvas: &mut Pixmap, path: Option<Path>, look: &Look, place: Transform) {
    let Some(path) = path else { return };
    if let Some(colour) = look.fill {
        canvas.fill_path(&path, &paint_of(colour, 1.0), FillRule::Winding, place, None);
    }
    if let Some(Stroke { colour, width, opacity, round, dashes }) = look.stroke {
        let stroke = tiny_skia::Stroke {
            width: pixels(width),
            line_join: if round { LineJoin::Round } else { LineJoin::Miter },
            dash: StrokeDash::new(dashes.iter().map(|&length| single(length)).collect(), 0.0),
            ..tiny_skia::Stroke::default()
        };
        canvas.stroke_path(&path, &paint_of(colour, opacity), &stroke, place, None);
    }
}

fn paint_of(colour: Colour, opacity: f64) -> Paint<'static> {
    let Colour([r, g, b]) = colour;
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 255")]
    paint.set_color_rgba8(r, g, b, (255.0 * opacity).round() as u8);
    paint
}

/// The outline of a shape; `None` if it is empty.
fn path_of(form: &Form) -> Option<Path> {
    let mut path = PathBuilder::new();
    match form {
        Form::Lines { pieces, closed } => {
            for piece in pieces {
                polygon(&mut path, piece.iter().copied(), *closed);
            }
        }
        Form::Rectangle { corner, size } => {
            let [x, y, width, height] = [corner[0], corner[1], size[0], size[1]].map(pixels);
            path.push_rect(Rect::from_xywh(x, y, width, height)?);
        }
        Form::Circle { centre, radius } => {
            path.push_circle(pixels(centre[0]), pixels(centre[1]), pixels(*radius))
        }
        Form::Marker { centre: [x, y], marker } => match marker {
            Marker::Circle(radius) => path.push_circle(pixels(*x), pixels(*y), pixels(*radius)),
            Marker::Polygon(corners) => {
                polygon(&mut path, corners.iter().map(|corner| [x + corner[0], y + corner[1]]), true);
            }
        },
    }
    path.finish()
}

fn polygon(path: &mut PathBuilder, corners: impl Iterator<Item = [f64; 2]>, closed: bool) {
    for (i, corner) in corners.enumerate() {
        let [x, y] = corner.map(pixels);
        if i == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
}

/// A length as the SVG has it, in hundredths: so that the last bits of a sine, which differ from
/// machine to machine, change no pixel.
fn pixels(length: f64) -> f32 {
    single(hundredths(length))
}

#[expect(clippy::cast_possible_truncation, reason = "pixels need no more digits than f32 has")]
fn single(value: f64) -> f32 {
    value as f32
}
