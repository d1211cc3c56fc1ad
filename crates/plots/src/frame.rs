//! A frame with its two axes: the rectangle of a picture in which values are drawn.

use crate::drawing::{Anchor, Drawing, EDGE, Form, LABEL, Look, RULE, Stroke, TICK};
use crate::scale::{Scale, Ticks};
use crate::text;

/// A rectangle in pixels and the scales that fill it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

/// Pixels from one labelled tick to the next, at least; one number for both axes, so that axes to
/// one scale have ticks at one distance.
const TICK_GAP: f64 = 58.0;
/// The same in a low frame.
const LOW_TICK_GAP: f64 = 36.0;

impl Frame {
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(crate) fn px(&self, x: f64) -> f64 {
        self.left + self.width * self.x.position(x)
    }

    /// Pictures count pixels downwards, people count values upwards.
    pub(crate) fn py(&self, y: f64) -> f64 {
        self.bottom() - self.height * self.y.position(y)
    }

    fn x_ticks(&self) -> Ticks {
        self.x.ticks(self.width / TICK_GAP)
    }

    fn y_ticks(&self) -> Ticks {
        self.y.ticks(self.height / if self.height < 200.0 { LOW_TICK_GAP } else { TICK_GAP })
    }

    /// The room that the y axis takes left of the frame.
    pub(crate) fn room_for_y_axis(&self) -> f64 {
        let widths =
            self.y_ticks().ticks.into_iter().filter_map(|t| t.label).map(|l| text::width(&l, TICK.size));
        widths.fold(0.0, f64::max) + 44.0
    }

    /// The lines behind the data, light enough to be looked through.
    pub(crate) fn draw_grid(&self, drawing: &mut Drawing) {
        for tick in self.x_ticks().ticks.iter().filter(|tick| tick.label.is_some()) {
            let x = self.px(tick.at);
            drawing.line([x, self.top], [x, self.bottom()], Stroke::new(RULE, 1.0));
        }
        for tick in &self.y_ticks().ticks {
            let y = self.py(tick.at);
            let width = if tick.label.is_some() { 1.0 } else { 0.5 };
            drawing.line([self.left, y], [self.right(), y], Stroke::new(RULE, width));
        }
    }

    /// Border, ticks and labels; an axis without a name has no labels either.
    pub(crate) fn draw_axes(&self, drawing: &mut Drawing, names: [Option<&str>; 2]) {
        let edge = Stroke::new(EDGE, 1.0);
        let border = Form::Rectangle { corner: [self.left, self.top], size: [self.width, self.height] };
        drawing.add("frame", border, Look::drawn(edge));
        let length = |label: &Option<String>| if label.is_some() { 5.0 } else { 3.0 };
        let Ticks { ticks, factor } = self.x_ticks();
        for tick in &ticks {
            let x = self.px(tick.at);
            drawing.line([x, self.bottom()], [x, self.bottom() + length(&tick.label)], edge);
            if let (Some(label), Some(_)) = (&tick.label, names[0]) {
                drawing.text([x, self.bottom() + 20.0], Anchor::Middle, TICK, label);
            }
        }
        if let Some(name) = names[0] {
            let name = axis_name(name, factor, self.width);
            drawing.text([self.left + self.width / 2.0, self.bottom() + 42.0], Anchor::Middle, LABEL, &name);
        }
        let Ticks { ticks, factor } = self.y_ticks();
        for tick in &ticks {
            let y = self.py(tick.at);
            drawing.line([self.left - length(&tick.label), y], [self.left, y], edge);
            if let (Some(label), Some(_)) = (&tick.label, names[1]) {
                drawing.text([self.left - 10.0, y + 4.3], Anchor::End, TICK, label);
            }
        }
        if let Some(name) = names[1] {
            let name = axis_name(name, factor, self.height);
            let x = self.left - self.room_for_y_axis() + 16.0;
            drawing.upright([x, self.top + self.height / 2.0], LABEL, &name);
        }
    }
}

fn axis_name(name: &str, factor: Option<String>, room: f64) -> String {
    let factor = factor.map_or_else(String::new, |factor| format!(" ({factor})"));
    text::shorten(name, LABEL.size, room - text::width(&factor, LABEL.size)) + &factor
}
