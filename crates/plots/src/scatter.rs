//! The points of two inputs, alone and over the model's decision boundary.

use clearprop::error::{Error, ErrorKind, Result};
use ndarray::{Array2, ArrayView2};

use crate::drawing::{Anchor, Drawing, Form, INK, LABEL, Look, NOTE, Shape, Stroke, TICK, TITLE, WHITE};
use crate::frame::Frame;
use crate::palette::{Colour, Marker, class_colours, marker, value_colour};
use crate::picture::Picture;
use crate::plane::{Grid, Points, SIDE, Target, frame, range, to_one_scale};
use crate::regions::{Outline, regions};
use crate::scale::{Scale, nice_step};
use crate::text;

/// More points than this are thinned, and the picture says so.
const MOST_POINTS: usize = 20_000;
/// The opacity of a region, so that the points, in full colour, stand out.
const REGION_ALPHA: f64 = 0.55;
/// How far, in pixels, an outline may be from the one computed: nobody sees it, and files are half as large.
const STRAIGHT: f64 = 0.02;
const TOP: f64 = 72.0;
/// The part of it that a note would take.
const NOTE_ROOM: f64 = 18.0;
const LEGEND_GAP: f64 = 22.0;
/// The height of a legend's row, and what many classes may shrink it to.
const LEGEND_ROW: [f64; 2] = [23.0, 17.0];
const LONGEST_NAME: f64 = 170.0;

/// The points, coloured by class or value.
///
/// # Errors
///
/// None today; the type leaves room.
pub fn data_picture(points: &Points<'_>, title: &str) -> Result<Picture> {
    let layout = Layout::new(points, points.view(), None, "");
    let mut drawing = Drawing::default();
    layout.frame.draw_grid(&mut drawing);
    Ok(layout.finish(drawing, points, title, ""))
}

/// The decision boundary over the points, as the notebook draws it: where on the grid which class
/// has the highest score; with one score a node, the contours of its value.  `note` stands below the
/// title: the test accuracy, for example.
///
/// Scores before the softmax (logits) give smoother edges than probabilities, which saturate.
///
/// # Shapes
///
/// `scores` (ny * nx, k), a row for each of [`Grid::nodes`]; k is the number of classes, or 1 for values.
///
/// # Errors
///
/// [`ErrorKind::Shape`] if the scores do not fit the grid or the target.
///
/// ```
/// use clearprop_plots::{Grid, Points, Target, boundary_picture};
/// use ndarray::{Array2, array};
/// let x = array![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]];
/// let names = ["below".to_owned(), "above".to_owned()];
/// let target = Target::Classes { labels: &[0, 1, 0], names: &names };
/// let points = Points::new(x.view(), target, ["x1", "x2"])?;
/// let grid = Grid::around(&points, Grid::CELLS);
/// // A model that says "above" where x1 + x2 > 1.5.
/// let nodes = grid.nodes();
/// let scores = Array2::from_shape_fn((nodes.nrows(), 2), |(i, class)| {
///     if class == 1 { nodes[[i, 0]] + nodes[[i, 1]] - 1.5 } else { 0.0 }
/// });
/// let picture = boundary_picture(&points, &grid, scores.view(), "Decision boundary", "test accuracy 1.000")?;
/// assert!(picture.svg().contains("test accuracy"));
/// # Ok::<(), clearprop::error::Error>(())
/// ```
pub fn boundary_picture(
    points: &Points<'_>,
    grid: &Grid,
    scores: ArrayView2<'_, f64>,
    title: &str,
    note: &str,
) -> Result<Picture> {
    let lines = grid.lines();
    let k = match points.target {
        Target::Classes { names, .. } => names.len(),
        Target::Values { .. } => 1,
    };
    let expected = (lines[0].len() * lines[1].len(), k);
    if scores.dim() != expected {
        let found = format!("scores of shape {:?}, expected {expected:?}", scores.dim());
        return Err(
            Error::new(ErrorKind::Shape, found).hint("one row for each node of the grid, one column a class")
        );
    }
    let layout = Layout::new(points, grid.view(), Some(scores), note);
    let nodes = [
        lines[0].iter().map(|&x| layout.frame.px(x)).collect::<Vec<_>>(),
        lines[1].iter().map(|&y| layout.frame.py(y)).collect::<Vec<_>>(),
    ];
    let mut drawing = Drawing::default();
    match &layout.key {
        Key::Classes(colours) => {
            let outlines = regions(scores, &nodes[0], &nodes[1], STRAIGHT);
            for (class, (outlines, colour)) in outlines.iter().zip(colours).enumerate() {
                draw_region(&mut drawing, class, outlines, colour.over_white(REGION_ALPHA), true);
            }
        }
        Key::Values { levels, .. } => {
            // From the lowest level upwards, each contour is painted over the one below.
            for (level, pair) in levels.windows(2).enumerate() {
                let above = |(node, class): (usize, usize)| {
                    let value = scores[[node, 0]];
                    if class == 1 {
                        value - pair[0]
                    } else if level == 0 {
                        f64::NEG_INFINITY
                    } else {
                        0.0
                    }
                };
                let outlines = regions(
                    Array2::from_shape_fn((expected.0, 2), above).view(),
                    &nodes[0],
                    &nodes[1],
                    STRAIGHT,
                );
                let colour = layout.key.value_colour((pair[0] + pair[1]) / 2.0).over_white(REGION_ALPHA);
                draw_region(&mut drawing, level, &outlines[1], colour, false);
            }
        }
    }
    Ok(layout.finish(drawing, points, title, note))
}

/// A line of white along the edges hides the seam between neighbours and is a cue without colour.
fn draw_region(drawing: &mut Drawing, number: usize, outlines: &[Outline], colour: Colour, edged: bool) {
    if !outlines.is_empty() {
        let edge = Stroke::new(WHITE, if edged { 1.2 } else { 0.6 });
        let look = Look { fill: Some(colour), stroke: Some(edge) };
        let region = Form::Lines { pieces: outlines.to_vec(), closed: true };
        drawing.add(format!("region c{number}"), region, look);
    }
}

/// What the colours mean.
enum Key {
    Classes(Vec<Colour>),
    /// The limits of the contours, and the scale over all of them.
    Values {
        levels: Vec<f64>,
        scale: Scale,
    },
}

impl Key {
    fn value_colour(&self, value: f64) -> Colour {
        match self {
            Self::Classes(colours) => colours.first().copied().unwrap_or(Colour([0; 3])),
            Self::Values { scale, .. } => value_colour(scale.position(value)),
        }
    }
}

struct Layout {
    frame: Frame,
    key: Key,
    one_scale: bool,
}

impl Layout {
    fn new(
        points: &Points<'_>,
        view: [[f64; 2]; 2],
        scores: Option<ArrayView2<'_, f64>>,
        note: &str,
    ) -> Self {
        let one_scale = to_one_scale(view);
        let noted = !note.is_empty() || !one_scale || points.x.nrows() > MOST_POINTS;
        let mut frame = frame(view);
        frame.left = frame.room_for_y_axis() + 10.0;
        frame.top = if noted { TOP } else { TOP - NOTE_ROOM };
        let key = match points.target {
            Target::Classes { names, .. } => Key::Classes(class_colours(names.len())),
            Target::Values { values, .. } => {
                let scores = scores.iter().flat_map(|scores| scores.iter().copied());
                // Far beyond the points a model may say anything; its colours are those of the ends.
                let [low, high] = range(values.iter().copied());
                let margin = if high > low { (high - low) / 4.0 } else { 0.5_f64.max(low.abs() / 100.0) };
                let inside = scores.filter(|s| s.is_finite()).map(|s| s.clamp(low - margin, high + margin));
                let [min, max] = range(values.iter().copied().chain(inside));
                let [min, max] = if max > min { [min, max] } else { [min - margin, max + margin] };
                let step = nice_step((max / 2.0 - min / 2.0) / 5.0);
                let first = (min / step).floor();
                let count = ((max / step).ceil() - first).clamp(1.0, 50.0);
                let mut levels = vec![first * step];
                while (levels.len() as f64) <= count {
                    levels.push((first + levels.len() as f64) * step);
                }
                let scale = Scale { min: levels[0], max: levels[levels.len() - 1], log: false };
                Key::Values { levels, scale }
            }
        };
        Self { frame, key, one_scale }
    }

    fn finish(self, mut drawing: Drawing, points: &Points<'_>, title: &str, note: &str) -> Picture {
        let mut notes = if note.is_empty() { Vec::new() } else { vec![note.to_owned()] };
        self.draw_points(&mut drawing, points, &mut notes);
        if !self.one_scale {
            notes.push("axes not to one scale".to_owned());
        }
        self.frame.draw_axes(&mut drawing, points.axes.map(Some));
        let [legend, end] = self.draw_legend(&mut drawing, points);
        let width = self.frame.right() + LEGEND_GAP + legend + 22.0;
        let room = width - self.frame.left - 16.0;
        drawing.text([self.frame.left, 34.0], Anchor::Start, TITLE, &text::shorten(title, TITLE.size, room));
        let note = text::shorten(&notes.join(" · "), NOTE.size, room);
        drawing.text([self.frame.left, 56.0], Anchor::Start, NOTE, &note);
        Picture::new(drawing, title, width, end.max(self.frame.bottom() + 60.0))
    }

    fn draw_points(&self, drawing: &mut Drawing, points: &Points<'_>, notes: &mut Vec<String>) {
        let n = points.x.nrows();
        let shown = n.min(MOST_POINTS);
        if shown < n {
            notes.push(format!("{shown} of {n} points shown"));
        }
        let radius = 3.9 * (600.0 / shown as f64).powf(0.4).clamp(0.32, 1.3);
        let markers: Vec<Marker> = match points.target {
            Target::Classes { names, .. } => (0..names.len()).map(|class| marker(class, radius)).collect(),
            Target::Values { .. } => vec![marker(0, radius)],
        };
        let mut outside = 0;
        let mut places = Vec::with_capacity(shown);
        // Evenly over the rows.
        for row in (0..shown).map(|i| i * n / shown) {
            let (x, y) = (points.x[[row, 0]], points.x[[row, 1]]);
            let Frame { x: across, y: up, .. } = self.frame;
            if !(across.min..=across.max).contains(&x) || !(up.min..=up.max).contains(&y) {
                outside += 1;
                continue;
            }
            let (class, colour) = match (&points.target, &self.key) {
                (Target::Classes { labels, .. }, Key::Classes(colours)) => {
                    (labels[row], colours[labels[row]])
                }
                (Target::Values { values, .. }, key) => (0, key.value_colour(values[row])),
                (Target::Classes { .. }, key) => (0, key.value_colour(0.0)),
            };
            places.push((class, colour, [self.frame.px(x), self.frame.py(y)]));
        }
        let edge = Stroke { round: true, ..Stroke::new(INK, (radius / 5.0).min(0.8)) };
        drawing.shapes.push(Shape::Points { edge, markers, points: places });
        if outside > 0 {
            notes.push(format!("{outside} points outside of the frame"));
        }
    }

    /// Draws the legend right of the frame and says how wide it is, and where it ends.
    fn draw_legend(&self, drawing: &mut Drawing, points: &Points<'_>) -> [f64; 2] {
        let left = self.frame.right() + LEGEND_GAP;
        match (&self.key, points.target) {
            (Key::Values { levels, scale }, Target::Values { name, .. }) => {
                [self.draw_colour_bar(drawing, left, name, levels, *scale), self.frame.bottom()]
            }
            (Key::Classes(colours), Target::Classes { names, .. }) => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen")]
                let rows = (SIDE / LEGEND_ROW[1]) as usize;
                let shown = if names.len() > rows { rows - 1 } else { names.len() };
                let mut width: f64 = 0.0;
                let row = (SIDE / names.len() as f64).clamp(LEGEND_ROW[1], LEGEND_ROW[0]);
                let mut y = self.frame.top + 10.0;
                for (class, (name, colour)) in names.iter().zip(colours).take(shown).enumerate() {
                    let key = Form::Marker { centre: [left + 6.0, y], marker: marker(class, 5.0) };
                    let edge = Stroke { round: true, ..Stroke::new(INK, 0.8) };
                    let look = Look { fill: Some(*colour), stroke: Some(edge) };
                    drawing.add(format!("key c{class}"), key, look);
                    let name = text::shorten(name, LABEL.size, LONGEST_NAME);
                    drawing.text([left + 20.0, y + 4.6], Anchor::Start, LABEL, &name);
                    width = width.max(20.0 + text::width(&name, LABEL.size));
                    y += row;
                }
                if shown < names.len() {
                    let more = format!("… and {} more", names.len() - shown);
                    drawing.text([left, y + 4.6], Anchor::Start, NOTE, &more);
                    width = width.max(text::width(&more, NOTE.size));
                }
                [width, y + 20.0]
            }
            _ => [0.0, 0.0],
        }
    }

    fn draw_colour_bar(
        &self,
        drawing: &mut Drawing,
        left: f64,
        name: &str,
        levels: &[f64],
        scale: Scale,
    ) -> f64 {
        let bar = Frame { left, width: 16.0, y: scale, ..self.frame };
        for pair in levels.windows(2) {
            let (top, bottom) = (bar.py(pair[1]), bar.py(pair[0]));
            let colour = self.key.value_colour((pair[0] + pair[1]) / 2.0);
            let level = Form::Rectangle { corner: [left, top], size: [bar.width, bottom - top] };
            drawing.add("level", level, Look::filled(colour));
        }
        let ticks = scale.ticks(levels.len() as f64);
        let mut width: f64 = 0.0;
        for tick in &ticks.ticks {
            if let Some(label) = &tick.label {
                drawing.text([bar.right() + 7.0, bar.py(tick.at) + 4.3], Anchor::Start, TICK, label);
                width = width.max(text::width(label, TICK.size));
            }
        }
        let factor = ticks.factor.map_or_else(String::new, |factor| format!(" ({factor})"));
        let name = text::shorten(name, LABEL.size, bar.height - 60.0) + &factor;
        drawing.upright([bar.right() + width + 26.0, bar.top + bar.height / 2.0], LABEL, &name);
        bar.width + width + 34.0
    }
}
