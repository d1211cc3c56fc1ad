//! Curves over the steps of a training run.

use clearprop::error::{Error, ErrorKind, Result};

use crate::drawing::{Anchor, Drawing, Font, Form, LABEL, Look, NOTE, Stroke, TITLE};
use crate::frame::Frame;
use crate::palette::{CURVES, DASHES};
use crate::picture::Picture;
use crate::plane::range;
use crate::scale::Scale;
use crate::text;

/// The panel in which a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// The upper panel: losses; logarithmic if all are positive and their range asks for it.
    Loss,
    /// The smaller panel below: shares between 0 and 1.
    Accuracy,
}

/// One curve.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// What stands at its end; curves of one name share a colour across panels.
    pub name: &'a str,
    /// Where it is drawn.
    pub panel: Panel,
    /// (t) the steps.
    pub steps: &'a [f64],
    /// (t) the values; one that is not finite leaves a gap.
    pub values: &'a [f64],
}

const WIDTH: f64 = 600.0;
const LOSS_HEIGHT: f64 = 340.0;
const ACCURACY_HEIGHT: f64 = 130.0;
const PANEL_GAP: f64 = 22.0;
const TOP: f64 = 58.0;
const LABEL_GAP: f64 = 17.0;
/// A range of losses beyond this ratio is read better on a logarithmic axis.
const LOG_RATIO: f64 = 20.0;
/// Stretches of steps for which a long curve keeps its first, lowest, highest and last value.
const STRETCHES: usize = 1200;

/// The loss over the steps, and below it the accuracy, if a series is given for it.
///
/// # Errors
///
/// [`ErrorKind::Shape`] if a series has not as many steps as values.
///
/// ```
/// use clearprop_plots::{Panel, Series, loss_picture};
/// let train = Series { name: "train", panel: Panel::Loss, steps: &[0., 500., 1000.], values: &[1.1, 0.6, 0.4] };
/// assert!(loss_picture(&[train], "Loss")?.svg().contains("train"));
/// # Ok::<(), clearprop::error::Error>(())
/// ```
pub fn loss_picture(series: &[Series<'_>], title: &str) -> Result<Picture> {
    for Series { name, steps, values, .. } in series {
        if steps.len() != values.len() {
            let found = format!("{} steps, but {} values", steps.len(), values.len());
            return Err(Error::new(ErrorKind::Shape, found).name(*name));
        }
    }
    let curves = curves(series);
    let [first, last] = range(curves.iter().flat_map(|curve| curve.points.iter().flatten().map(|p| p[0])));
    let x = match last - first {
        span if span > 0.0 => Scale { min: first, max: last, log: false },
        0.0 => Scale { min: first - 1.0, max: last + 1.0, log: false },
        _ => Scale { min: 0.0, max: 1.0, log: false },
    };
    let in_panel = |panel| curves.iter().filter(move |curve| curve.panel == panel).collect::<Vec<_>>();
    let (losses, accuracies) = (in_panel(Panel::Loss), in_panel(Panel::Accuracy));

    let mut upper =
        Frame { left: 0.0, top: TOP, width: WIDTH, height: LOSS_HEIGHT, x, y: loss_scale(&losses) };
    let mut lower = Frame {
        top: upper.bottom() + PANEL_GAP,
        height: ACCURACY_HEIGHT,
        y: accuracy_scale(&accuracies),
        ..upper
    };
    let left = upper.room_for_y_axis().max(lower.room_for_y_axis()) + 10.0;
    (upper.left, lower.left) = (left, left);

    let mut drawing = Drawing::default();
    let alone = accuracies.is_empty();
    let loss_name = if upper.y.log { "loss (log scale)" } else { "loss" };
    let mut room = draw_panel(&mut drawing, &upper, &losses, [alone.then_some("step"), Some(loss_name)]);
    if !alone {
        room = room.max(draw_panel(&mut drawing, &lower, &accuracies, [Some("step"), Some("accuracy")]));
    }
    let bottom = if alone { upper.bottom() } else { lower.bottom() };
    let width = left + WIDTH + room.max(12.0) + 16.0;
    drawing.text([left, 34.0], Anchor::Start, TITLE, &text::shorten(title, TITLE.size, width - left - 16.0));
    Ok(Picture::new(drawing, title, width, bottom + 60.0))
}

/// A series without its gaps: pieces of a line.
struct Curve {
    name: String,
    panel: Panel,
    /// The number of its name, which chooses colour and dashes.
    style: usize,
    points: Vec<Vec<[f64; 2]>>,
}

fn curves(series: &[Series<'_>]) -> Vec<Curve> {
    let mut names: Vec<&str> = Vec::new();
    let mut curves = Vec::new();
    for Series { name, panel, steps, values } in series {
        let style = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        let pairs: Vec<[f64; 2]> = steps.iter().zip(*values).map(|(&step, &value)| [step, value]).collect();
        let drawable = |pair: &[f64; 2]| pair.iter().all(|v| v.is_finite() && v.abs() < 1e300);
        let pieces = pairs.split(|pair| !drawable(pair)).filter(|piece| !piece.is_empty());
        curves.push(Curve {
            name: (*name).to_owned(),
            panel: *panel,
            style,
            points: pieces.map(|piece| thinned(piece, pairs.len())).collect(),
        });
    }
    curves
}

/// A long piece with a few values for each stretch, among them its lowest and highest: no spike is lost.
fn thinned(piece: &[[f64; 2]], whole: usize) -> Vec<[f64; 2]> {
    let stretch = whole / STRETCHES;
    if stretch < 6 {
        return piece.to_vec();
    }
    let mut kept = Vec::new();
    for points in piece.chunks(stretch) {
        let place = |better: fn(f64, f64) -> bool| {
            (0..points.len()).fold(0, |best, i| if better(points[i][1], points[best][1]) { i } else { best })
        };
        let mut places = [0, place(|a, b| a < b), place(|a, b| a > b), points.len() - 1];
        places.sort_unstable();
        for (i, &place) in places.iter().enumerate() {
            if i == 0 || place != places[i - 1] {
                kept.push(points[place]);
            }
        }
    }
    kept
}

fn values(curves: &[&Curve]) -> [f64; 2] {
    range(curves.iter().flat_map(|curve| curve.points.iter().flatten().map(|p| p[1])))
}

fn loss_scale(curves: &[&Curve]) -> Scale {
    let [min, max] = values(curves);
    if min > max {
        return Scale { min: 0.0, max: 1.0, log: false };
    }
    if min > 0.0 && max / min > LOG_RATIO {
        let room = (max / min).powf(0.06);
        return Scale { min: min / room, max: max * room, log: true };
    }
    let room = if max > min { 0.06 * (max - min) } else { 0.5 * max.abs().max(1e-9) };
    // A loss near zero is read against zero.
    let floor = if min >= 0.0 && min < 0.5 * max { 0.0 } else { min - room };
    Scale { min: floor, max: max + room, log: false }
}

fn accuracy_scale(curves: &[&Curve]) -> Scale {
    let [min, max] = values(curves);
    let floor = if min.is_finite() { ((min - 0.02) * 10.0).floor() / 10.0 } else { 0.0 };
    Scale { min: floor.min(0.9), max: if max.is_finite() { max.max(1.0) + 0.02 } else { 1.02 }, log: false }
}

/// Draws a panel and says how much room the labels at the curves' ends take.
fn draw_panel(drawing: &mut Drawing, frame: &Frame, curves: &[&Curve], names: [Option<&str>; 2]) -> f64 {
    frame.draw_grid(drawing);
    frame.draw_axes(drawing, names);
    let mut ends = Vec::new();
    // The first series is drawn last: it is the one people look for.
    for curve in curves.iter().rev() {
        let (colour, dashes) = (CURVES[curve.style % CURVES.len()], DASHES[curve.style % DASHES.len()]);
        let place = |&[step, value]: &[f64; 2]| [frame.px(step), frame.py(value)];
        let pieces: Vec<Vec<[f64; 2]>> =
            curve.points.iter().map(|piece| piece.iter().map(place).collect()).collect();
        for piece in &pieces {
            if let [centre] = piece[..] {
                drawing.add("dot", Form::Circle { centre, radius: 3.0 }, Look::filled(colour));
            }
        }
        if !pieces.is_empty() {
            let stroke = Stroke { round: true, dashes, ..Stroke::new(colour, 1.8) };
            drawing.add("curve", Form::Lines { pieces, closed: false }, Look::drawn(stroke));
        }
        if let Some(&[step, value]) = curve.points.last().and_then(|piece| piece.last()) {
            ends.push((frame.py(value), frame.px(step), value, *curve));
        }
    }
    if ends.is_empty() {
        let middle = [frame.left + frame.width / 2.0, frame.top + frame.height / 2.0];
        drawing.text(middle, Anchor::Middle, NOTE, "no finite value to draw");
    }
    label_ends(drawing, frame, ends)
}

/// Names and last values right of the frame, beside their curves' ends and never over each other.
fn label_ends(drawing: &mut Drawing, frame: &Frame, mut ends: Vec<(f64, f64, f64, &Curve)>) -> f64 {
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places: Vec<f64> = ends.iter().map(|end| end.0).collect();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + LABEL_GAP);
    }
    let mut floor = frame.bottom() - 4.0;
    for place in places.iter_mut().rev() {
        *place = place.min(floor);
        floor = *place - LABEL_GAP;
    }
    let mut room: f64 = 0.0;
    for ((y, x, value, curve), place) in ends.into_iter().zip(places) {
        let colour = CURVES[curve.style % CURVES.len()];
        let centre = [frame.right() + 9.0, place];
        drawing.line([x, y], centre, Stroke { opacity: 0.6, ..Stroke::new(colour, 1.0) });
        drawing.add("", Form::Circle { centre, radius: 3.2 }, Look::filled(colour));
        let name = text::shorten(&curve.name, LABEL.size, 150.0);
        let label = Font { bold: true, ..LABEL };
        drawing.text([frame.right() + 18.0, place + 4.6], Anchor::Start, label, &name);
        let number = last_value(value);
        let start = 18.0 + text::width(&name, LABEL.size) + 7.0;
        drawing.text([frame.right() + start, place + 4.6], Anchor::Start, NOTE, &number);
        room = room.max(start + text::width(&number, NOTE.size));
    }
    room
}

fn last_value(value: f64) -> String {
    if value == 0.0 || (0.001..1e4).contains(&value.abs()) {
        format!("{value:.3}")
    } else {
        format!("{value:.2e}")
    }
}
