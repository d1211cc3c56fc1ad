//! Charts of a report: lines, dots and bars, small enough for a phone, in the colours of the page.

use crate::drawing::{Anchor, Drawing, EDGE, Form, LABEL, Look, NOTE, Stroke, TICK};
use crate::frame::Frame;
use crate::palette::{CURVES, DASHES};
use crate::scale::Scale;
use crate::{svg, text};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 198.0;
/// More dots are a blot.
const DOTS: usize = 2000;

/// What is drawn in a chart.
pub(crate) enum Layer<'a> {
    /// A named curve.
    Curve(&'a str, Vec<[f64; 2]>),
    /// A curve with a dot at each point.
    Dotted(&'a str, Vec<[f64; 2]>),
    /// A dot a row.
    Dots(Vec<[f64; 2]>),
    /// What would be ideal, or says nothing: from here to there.
    Ideal(&'a str, [f64; 2], [f64; 2]),
}

/// A chart with two axes; an axis without ends has those of what is drawn.
pub(crate) struct Chart<'a> {
    /// What a screen reader says.
    pub(crate) name: String,
    pub(crate) axes: [&'a str; 2],
    pub(crate) ends: [Option<[f64; 2]>; 2],
    /// Whether the upward axis may be logarithmic.
    pub(crate) log: bool,
    pub(crate) layers: Vec<Layer<'a>>,
}

impl Layer<'_> {
    fn points(&self) -> Vec<[f64; 2]> {
        match self {
            Self::Curve(_, points) | Self::Dotted(_, points) | Self::Dots(points) => points.clone(),
            Self::Ideal(_, from, to) => vec![*from, *to],
        }
    }
}

impl Chart<'_> {
    /// The chart, as SVG within the page.
    pub(crate) fn svg(&self) -> String {
        let [x, y] = [0, 1].map(|axis| self.scale(axis));
        let mut frame = Frame { left: 0.0, top: 30.0, width: WIDTH, height: HEIGHT, x, y };
        frame.left = frame.room_for_y_axis();
        frame.width = WIDTH - frame.left - 12.0;
        let mut drawing = Drawing::default();
        frame.draw_grid(&mut drawing);
        frame.draw_axes(&mut drawing, self.axes.map(Some));
        let (mut style, mut legend) = (0, frame.left);
        for layer in &self.layers {
            let (colour, dashes) = (CURVES[style % CURVES.len()], DASHES[style % DASHES.len()]);
            let curve = Stroke { round: true, dashes, ..Stroke::new(colour, 2.0) };
            let ideal = Stroke { dashes: &[5.0, 4.0], ..Stroke::new(EDGE, 1.2) };
            let place = |&[x, y]: &[f64; 2]| [frame.px(x), frame.py(y)];
            let points: Vec<[f64; 2]> =
                layer.points().iter().filter(|p| p.iter().all(|v| v.is_finite())).map(place).collect();
            let (name, stroke) = match layer {
                Layer::Curve(name, _) | Layer::Dotted(name, _) => (*name, curve),
                Layer::Ideal(name, ..) => (*name, ideal),
                Layer::Dots(_) => {
                    let every = points.len().div_ceil(DOTS).max(1);
                    // A line without length has round ends: a dot.
                    let pieces = points.iter().step_by(every).map(|&p| vec![p, p]).collect();
                    let dot = Stroke { width: 4.5, opacity: 0.55, dashes: &[], ..curve };
                    drawing.add("dots", Form::Lines { pieces, closed: false }, Look::drawn(dot));
                    style += 1;
                    continue;
                }
            };
            if let Layer::Dotted(..) = layer {
                for &centre in &points {
                    drawing.add("", Form::Circle { centre, radius: 3.2 }, Look::filled(colour));
                }
            }
            let pieces = vec![thinned(&points)];
            drawing.add("", Form::Lines { pieces, closed: false }, Look::drawn(stroke));
            style += usize::from(!matches!(layer, Layer::Ideal(..)));
            if !name.is_empty() {
                let name = text::shorten(name, NOTE.size, 130.0);
                drawing.line([legend, 14.0], [legend + 20.0, 14.0], stroke);
                drawing.text([legend + 25.0, 18.5], Anchor::Start, NOTE, &name);
                legend += 40.0 + text::width(&name, NOTE.size);
            }
        }
        svg::inline(&drawing, &self.name, WIDTH.max(legend), frame.bottom() + 50.0)
    }

    fn scale(&self, axis: usize) -> Scale {
        let all = self.layers.iter().flat_map(Layer::points).map(|point| point[axis]);
        let finite: Vec<f64> = all.filter(|v| v.is_finite() && v.abs() < 1e300).collect();
        let least = finite.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if let Some([min, max]) = self.ends[axis] {
            return Scale { min, max, log: false };
        }
        if axis == 1 && self.log && least > 0.0 && greatest / least > 20.0 {
            return Scale { min: least / 1.2, max: greatest * 1.2, log: true };
        }
        match greatest - least {
            span if span > 0.0 => Scale { min: least - 0.04 * span, max: greatest + 0.04 * span, log: false },
            0.0 => {
                let room = 0.5 * greatest.abs().max(1e-9);
                Scale { min: least - room, max: greatest + room, log: false }
            }
            _ => Scale { min: 0.0, max: 1.0, log: false },
        }
    }
}

/// Without points that are nearer to the last than anyone sees.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut kept: Vec<[f64; 2]> = Vec::new();
    for (i, point) in points.iter().enumerate() {
        let near = kept.last().is_some_and(|last| (0..2).all(|axis| (last[axis] - point[axis]).abs() < 0.4));
        if !near || i + 1 == points.len() {
            kept.push(*point);
        }
    }
    kept
}

/// A bar: its name, how long it is, and how uncertain.
pub(crate) struct Bar<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: f64,
    pub(crate) spread: Option<f64>,
}

/// Bars one below the other from 0, each with its number.
pub(crate) fn bars(name: &str, bars: &[Bar<'_>]) -> String {
    const ROW: f64 = 24.0;
    let number = |bar: &Bar<'_>| match bar.spread {
        Some(spread) => format!("{:.3} ± {spread:.3}", bar.value),
        None if bar.value.abs() < 10.0 => format!("{:.3}", bar.value),
        None if bar.value.abs() < 1e5 => format!("{:.1}", bar.value),
        None => format!("{:.0}", bar.value),
    };
    let widest = |texts: &mut dyn Iterator<Item = String>, size: f64| {
        texts.map(|text| text::width(&text, size)).fold(0.0, f64::max)
    };
    let left = widest(&mut bars.iter().map(|bar| bar.name.to_owned()), LABEL.size).min(120.0) + 10.0;
    // A reader's own letters may be wider than those that are measured.
    let right = 1.15 * widest(&mut bars.iter().map(number), TICK.size) + 8.0;
    let reach = |bar: &Bar<'_>, sign: f64| bar.value + sign * bar.spread.unwrap_or(0.0);
    let least = bars.iter().map(|bar| reach(bar, -1.0)).fold(0.0, f64::min);
    let greatest = bars.iter().map(|bar| reach(bar, 1.0)).fold(0.0, f64::max);
    let span = (greatest - least).max(1e-12);
    // A whisker ends well before its figure.
    let px = |value: f64| left + (value - least) / span * (WIDTH - left - right - 8.0);
    let mut drawing = Drawing::default();
    for (bar, row) in bars.iter().zip(0..) {
        let middle = ROW * (f64::from(row) + 0.5);
        let shown = text::shorten(bar.name, LABEL.size, 120.0);
        drawing.text([left - 8.0, middle + 4.5], Anchor::End, LABEL, &shown);
        let (from, to) = (px(bar.value.min(0.0)), px(bar.value.max(0.0)));
        let corner = [from, middle - 6.5];
        let form = Form::Rectangle { corner, size: [(to - from).max(0.5), 13.0] };
        drawing.add("", form, Look::filled(CURVES[0]));
        if bar.spread.is_some_and(|spread| spread > 0.0) {
            let ends = [-1.0, 1.0].map(|sign| px(reach(bar, sign)));
            let ink = Stroke::new(LABEL.colour, 1.3);
            drawing.line([ends[0], middle], [ends[1], middle], ink);
            ends.iter().for_each(|&x| drawing.line([x, middle - 4.0], [x, middle + 4.0], ink));
        }
        drawing.text([WIDTH - 1.0, middle + 4.3], Anchor::End, TICK, &number(bar));
    }
    drawing.line([px(0.0), 0.0], [px(0.0), ROW * bars.len() as f64], Stroke::new(EDGE, 1.0));
    svg::inline(&drawing, name, WIDTH, ROW * bars.len() as f64)
}
