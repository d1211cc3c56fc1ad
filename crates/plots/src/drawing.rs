//! A drawing: shapes in the order in which they are painted, written as SVG by `svg` and painted into
//! a PNG by `raster`.  Sizes are in pixels, y points down.

use crate::palette::{Colour, Marker};

pub(crate) const INK: Colour = Colour([0x26, 0x2b, 0x33]);
pub(crate) const GREY: Colour = Colour([0x6b, 0x72, 0x80]);
pub(crate) const RULE: Colour = Colour([0xe3, 0xe6, 0xea]);
/// Borders and ticks.
pub(crate) const EDGE: Colour = Colour([0x9a, 0xa1, 0xab]);
pub(crate) const WHITE: Colour = Colour([0xff; 3]);

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Font {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) colour: Colour,
}

pub(crate) const TITLE: Font = Font { size: 17.0, bold: true, colour: INK };
pub(crate) const NOTE: Font = Font { size: 13.0, bold: false, colour: GREY };
pub(crate) const LABEL: Font = Font { size: 13.0, bold: false, colour: INK };
pub(crate) const TICK: Font = Font { size: 12.0, bold: false, colour: GREY };

/// How the edge of a shape looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) colour: Colour,
    pub(crate) width: f64,
    pub(crate) opacity: f64,
    /// Corners are rounded.
    pub(crate) round: bool,
    /// Lengths of dashes and gaps in turn; none for a whole line.
    pub(crate) dashes: &'static [f64],
}

impl Stroke {
    pub(crate) fn new(colour: Colour, width: f64) -> Self {
        Self { colour, width, opacity: 1.0, round: false, dashes: &[] }
    }
}

/// How a shape looks: its inside, its edge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Look {
    pub(crate) fill: Option<Colour>,
    pub(crate) stroke: Option<Stroke>,
}

impl Look {
    pub(crate) fn filled(colour: Colour) -> Self {
        Self { fill: Some(colour), stroke: None }
    }

    pub(crate) fn drawn(stroke: Stroke) -> Self {
        Self { fill: None, stroke: Some(stroke) }
    }
}

/// The geometry of a shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// Lines from point to point.
    Lines {
        pieces: Vec<Vec<[f64; 2]>>,
        closed: bool,
    },
    Rectangle {
        corner: [f64; 2],
        size: [f64; 2],
    },
    Circle {
        centre: [f64; 2],
        radius: f64,
    },
    Marker {
        centre: [f64; 2],
        marker: Marker,
    },
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// `class` tells a reader of the SVG what it is; it may be empty.
    Form { class: String, form: Form, look: Look },
    /// Many markers with one edge; a point has a class, which is the number of its marker, and a colour.
    Points { edge: Stroke, markers: Vec<Marker>, points: Vec<(usize, Colour, [f64; 2])> },
    /// An upright text reads upwards, for the y axis.
    Text { at: [f64; 2], upright: bool, anchor: Anchor, font: Font, text: String },
}

/// A drawing that grows shape by shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawing {
    pub(crate) shapes: Vec<Shape>,
}

impl Drawing {
    pub(crate) fn add(&mut self, class: impl Into<String>, form: Form, look: Look) {
        self.shapes.push(Shape::Form { class: class.into(), form, look });
    }

    pub(crate) fn line(&mut self, from: [f64; 2], to: [f64; 2], stroke: Stroke) {
        self.add("", Form::Lines { pieces: vec![vec![from, to]], closed: false }, Look::drawn(stroke));
    }

    pub(crate) fn text(&mut self, at: [f64; 2], anchor: Anchor, font: Font, text: &str) {
        self.shapes.push(Shape::Text { at, upright: false, anchor, font, text: text.to_owned() });
    }

    pub(crate) fn upright(&mut self, at: [f64; 2], font: Font, text: &str) {
        let (anchor, text) = (Anchor::Middle, text.to_owned());
        self.shapes.push(Shape::Text { at, upright: true, anchor, font, text });
    }
}
