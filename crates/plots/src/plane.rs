//! The plane of two inputs: its points, the grid over it, and the frame that shows it.

use clearprop::error::{Error, ErrorKind, Result};
use ndarray::{Array2, ArrayView2};

use crate::frame::Frame;
use crate::scale::Scale;

/// What is known about each point.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A class for each point.
    Classes {
        /// (n) class numbers, from 0.
        labels: &'a [usize],
        /// (k) the classes' names.
        names: &'a [String],
    },
    /// A number for each point: regression.
    Values {
        /// (n) numbers.
        values: &'a [f64],
        /// What the numbers are.
        name: &'a str,
    },
}

/// Points in the plane of two inputs, checked to fit together.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    pub(crate) x: ArrayView2<'a, f64>,
    pub(crate) target: Target<'a>,
    pub(crate) axes: [&'a str; 2],
}

impl<'a> Points<'a> {
    /// # Shapes
    ///
    /// `x` (n, 2); `axes` are the names of its columns.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if `x` has not two columns, if there are not as many labels as rows, or
    /// if a label has no name; [`ErrorKind::Data`] if there is no point or a number is not finite.
    pub fn new(x: ArrayView2<'a, f64>, target: Target<'a>, axes: [&'a str; 2]) -> Result<Self> {
        let (n, columns) = x.dim();
        if columns != 2 {
            return Err(shape(format!("a picture of points needs 2 inputs, found {columns}"))
                .hint("plot a model with two inputs, or its loss curve"));
        }
        if n == 0 {
            return Err(Error::new(ErrorKind::Data, "there is no point to draw"));
        }
        let targets = match target {
            Target::Classes { labels, .. } => labels.len(),
            Target::Values { values, .. } => values.len(),
        };
        if targets != n {
            return Err(shape(format!("{n} points, but {targets} targets")));
        }
        if let Some(row) = x.rows().into_iter().position(|row| row.iter().any(|v| !v.is_finite())) {
            return Err(Error::new(ErrorKind::Data, "an input is not a finite number").row(row as u64 + 1));
        }
        match target {
            Target::Classes { labels, names } => {
                if let Some(row) = labels.iter().position(|&label| label >= names.len()) {
                    return Err(shape(format!("class {} of {} named classes", labels[row], names.len()))
                        .row(row as u64 + 1)
                        .hint("classes are counted from 0"));
                }
            }
            Target::Values { values, .. } => {
                if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                    return Err(
                        Error::new(ErrorKind::Data, "a target is not a finite number").row(row as u64 + 1)
                    );
                }
            }
        }
        Ok(Self { x, target, axes })
    }

    /// The smallest and the largest value of each input.
    fn ranges(&self) -> [[f64; 2]; 2] {
        [0, 1].map(|column| range(self.x.column(column).iter().copied()))
    }

    /// The ranges that a picture of the points alone shows: all points, and a little room.
    pub(crate) fn view(&self) -> [[f64; 2]; 2] {
        let ranges = self.ranges();
        widened(ranges, ranges.map(|[min, max]| 0.06 * (max - min)))
    }
}

/// The nodes of a rectangular grid, at which a model is asked for its scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Grid {
    /// Cells along the longer side: the notebook's step of 0.02 on its spirals.
    pub const CELLS: usize = 200;

    /// The grid over `points` and around them: as in the notebook from the smallest value less 1 to
    /// the largest plus 1, as long as 1 is a sensible length for them (a range between 1/2 and 20);
    /// otherwise a quarter of the range more on every side.
    #[must_use]
    pub fn around(points: &Points<'_>, cells: usize) -> Self {
        let ranges = points.ranges();
        let spans = ranges.map(|[min, max]| max - min);
        let notebook = spans.iter().all(|span| (0.5..=20.0).contains(span));
        let ranges = widened(ranges, spans.map(|span| if notebook { 1.0 } else { 0.25 * span }));
        let spans = ranges.map(|[min, max]| max - min);
        let longest = if to_one_scale(ranges) { spans[0].max(spans[1]) } else { 0.0 };
        let nodes = |axis: usize| -> Vec<f64> {
            let share = if longest > 0.0 { spans[axis] / longest } else { 1.0 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of `cells`")]
            let cells = ((cells as f64 * share).round() as usize).max(2);
            let [min, max] = ranges[axis];
            (0..=cells).map(|i| min + (max - min) * (i as f64 / cells as f64)).collect()
        };
        Self { x: nodes(0), y: nodes(1) }
    }

    /// The nodes as rows of inputs, (ny * nx, 2): x runs fastest.
    #[must_use]
    pub fn nodes(&self) -> Array2<f64> {
        let nx = self.x.len();
        Array2::from_shape_fn((self.y.len() * nx, 2), |(node, column)| {
            if column == 0 { self.x[node % nx] } else { self.y[node / nx] }
        })
    }

    /// The places of the nodes along each input.
    pub(crate) fn lines(&self) -> [&[f64]; 2] {
        [&self.x, &self.y]
    }

    pub(crate) fn view(&self) -> [[f64; 2]; 2] {
        self.lines().map(|nodes| range(nodes.iter().copied()))
    }
}

/// The longer side of a frame, in pixels.
pub(crate) const SIDE: f64 = 540.0;

/// Whether both inputs can be drawn to one scale; if one range is more than four times the other
/// (two columns in different units), the picture would be a thin strip.
pub(crate) fn to_one_scale(view: [[f64; 2]; 2]) -> bool {
    let [x, y] = view.map(|[min, max]| max / 2.0 - min / 2.0);
    (0.25..=4.0).contains(&(x / y))
}

/// A frame at the origin that shows `view`.
pub(crate) fn frame(view: [[f64; 2]; 2]) -> Frame {
    let [x, y] = view.map(|[min, max]| Scale { min, max, log: false });
    let spans = view.map(|[min, max]| max / 2.0 - min / 2.0);
    let [width, height] = if to_one_scale(view) {
        let longest = spans[0].max(spans[1]);
        spans.map(|span| SIDE * (span / longest))
    } else {
        [SIDE, SIDE]
    };
    Frame { left: 0.0, top: 0.0, width, height, x, y }
}

pub(crate) fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[min, max], v| [min.min(v), max.max(v)])
}

/// Ranges with room on both sides, never empty and never beyond what can be drawn.
fn widened(ranges: [[f64; 2]; 2], rooms: [f64; 2]) -> [[f64; 2]; 2] {
    let widest = (ranges[0][1] - ranges[0][0]).max(ranges[1][1] - ranges[1][0]);
    [0, 1].map(|axis| {
        let [min, max] = ranges[axis];
        let size = min.abs().max(max.abs());
        // All points in one place, or on one line: the room is that of the other input, or 1.
        let room = if max > min {
            rooms[axis]
        } else if widest > 0.0 {
            widest / 2.0
        } else {
            1.0
        };
        // Never below what the digits of a number can tell apart.
        let room = room.max(1e-6 * size);
        [(min - room).max(-1e300), (max + room).min(1e300)]
    })
}

fn shape(found: String) -> Error {
    Error::new(ErrorKind::Shape, found)
}
