//! How a person's arrays lie: samples as rows or columns, weights one way or the other, the bias's place.

use super::arrays::{Array, Found, shape_text};
use super::case::{Bias, Quantity};
use super::labels::{self, Labels};
use super::names::Word;
use crate::error::{Error, ErrorKind, Result};
use crate::loss::Loss;
use ndarray::{Array2, Axis, concatenate, s};

/// Where the constant 1 of the bias trick stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ones {
    /// `X` has none.
    Absent,
    Last,
    First,
}

/// One way to read the shapes.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Samples are columns.
    pub(super) columns: bool,
    /// Weights are (fan_out, fan_in).
    pub(super) out_in: bool,
    pub(super) ones: Ones,
    /// Where each layer's bias stands, at index l.
    pub(super) bias: Vec<Bias>,
    /// `[d, h, .., k]`
    pub(super) sizes: Vec<usize>,
    pub(super) x: Array2<f64>,
    pub(super) labels: Labels,
    /// Which arrays were taken for x and y.
    pub(super) names: (String, String),
    /// The array that says which rows of x and y the stages are of, if not of all.
    pub(super) rows: Option<String>,
    /// How many of the other arrays fit.
    pub(super) fitting: usize,
}

/// The way to read the shapes in which most arrays fit.
pub(super) fn layout(found: &Found, wanted: Option<Loss>) -> Result<Layout> {
    let mut best: Option<Layout> = None;
    for (x, x_value) in &found.of[&(false, Word::X)] {
        for columns in [false, true] {
            for out_in in [false, true] {
                for ones in [Ones::Last, Ones::First, Ones::Absent] {
                    for (y, y_value) in &found.of[&(false, Word::Y)] {
                        let tried = one_layout(found, x_value, y_value, (columns, out_in, ones), wanted);
                        let Some(mut layout) = tried else { continue };
                        layout.names = (x.name.clone(), y.name.clone());
                        if best.as_ref().is_none_or(|best| layout.fitting > best.fitting) {
                            best = Some(layout);
                        }
                    }
                }
            }
        }
    }
    best.ok_or_else(|| no_layout(found))
}

/// One line: which array, its shape, the shapes that would fit.
fn no_layout(found: &Found) -> Error {
    let shape = |word: Word| {
        found
            .first(word)
            .map_or(String::new(), |(array, _)| format!("{} {}", array.name, shape_text(&array.shape)))
    };
    let (_, x) = &found.of[&(false, Word::X)][0];
    let mut fan_in = x.ncols();
    for l in 1..=found.layers {
        let Some((array, w)) = found.first(Word::W(l)) else { continue };
        let transposed = w.ncols() == fan_in || w.ncols() == fan_in + 1;
        let right = w.nrows() == fan_in || w.nrows() == fan_in + 1;
        if !right && !transposed {
            let found = format!("has shape {}", shape_text(&array.shape));
            let hint = format!(
                "({fan_in}, h) would fit, or ({}, h) with the bias as last row, or these transposed throughout",
                fan_in + 1
            );
            return Error::new(ErrorKind::Shape, found).name(array.name.clone()).hint(hint);
        }
        fan_in = if right { w.ncols() } else { w.nrows() };
    }
    let all: Vec<String> = [Word::X, Word::Y]
        .into_iter()
        .chain((1..=found.layers).map(Word::W))
        .map(shape)
        .filter(|text| !text.is_empty())
        .collect();
    Error::new(ErrorKind::Shape, format!("these do not fit together: {}", all.join(", ")))
        .hint("X is (N, D), y is (N) whole numbers from 0 to K-1 or one-hot (N, K), the last W has K columns")
}

fn one_layout(
    found: &Found,
    x: &Array2<f64>,
    y: &Array2<f64>,
    (columns, out_in, ones): (bool, bool, Ones),
    wanted: Option<Loss>,
) -> Option<Layout> {
    let x = if columns { x.t().to_owned() } else { x.clone() };
    let one = |column: usize| x.column(column).iter().all(|&v| v == 1.0);
    let last = x.ncols() - 1;
    let x = match ones {
        Ones::Absent => x,
        _ if x.ncols() < 2 || found.first(Word::B(1)).is_some() => return None,
        Ones::Last if one(last) => x.slice(s![.., ..last]).to_owned(),
        Ones::First if one(0) => x.slice(s![.., 1..]).to_owned(),
        _ => return None,
    };
    let mut sizes = vec![x.ncols()];
    let mut bias = vec![Bias::None];
    for l in 1..=found.layers {
        let (_, w) = found.first(Word::W(l))?;
        let w = if out_in { w.t() } else { w.view() };
        let fan_in = sizes[l - 1];
        let trick = w.nrows() == fan_in + 1;
        if !trick && w.nrows() != fan_in || (l == 1 && ones != Ones::Absent && !trick) {
            return None;
        }
        bias.push(match (trick, found.first(Word::B(l)).is_some()) {
            (true, _) => Bias::Row,
            (false, true) => Bias::Separate,
            (false, false) => Bias::None,
        });
        sizes.push(w.ncols());
    }
    let labels =
        labels::read(y, x.nrows(), sizes[found.layers], columns, wanted, found_probs(found, columns))?;
    let (names, rows, fitting) = Default::default();
    let mut layout = Layout { columns, out_in, ones, bias, sizes, x, labels, names, rows, fitting };
    layout.fitting = found
        .of
        .iter()
        .filter(|((derivative, word), values)| {
            quantity(*derivative, *word, found.layers)
                .is_some_and(|quantity| fits(&layout, quantity, &canonical(&layout, quantity, &values[0])))
        })
        .count();
    Some(layout)
}

fn found_probs(found: &Found, columns: bool) -> Option<Array2<f64>> {
    let probs = found.first(Word::Probs).or_else(|| found.first(Word::A(found.layers)))?;
    Some(if columns { probs.1.t().to_owned() } else { probs.1.clone() })
}

/// The quantity of a word, if it is one that a pass computes.
pub(super) fn quantity(derivative: bool, word: Word, layers: usize) -> Option<Quantity> {
    let within = |l: usize| (1..=layers).contains(&l);
    match (derivative, word) {
        (false, Word::Z(l)) if within(l) => Some(Quantity::Z(l)),
        (false, Word::Logits) => Some(Quantity::Z(layers)),
        (false, Word::A(l)) if l < layers => Some(Quantity::A(l)),
        (false, Word::A(l)) if l == layers => Some(Quantity::Probs),
        (false, Word::Probs) => Some(Quantity::Probs),
        (false, Word::Loss) => Some(Quantity::Loss),
        (true, Word::W(l)) if within(l) => Some(Quantity::Dw(l)),
        (true, Word::B(l)) if within(l) => Some(Quantity::Db(l)),
        (true, Word::Z(l)) if l < layers => Some(Quantity::Dz(l)),
        (true, Word::Z(l)) if l == layers => Some(Quantity::Dlogits),
        (true, Word::Logits) => Some(Quantity::Dlogits),
        (true, Word::A(l)) if l < layers => Some(Quantity::Da(l)),
        _ => None,
    }
}

/// The array with rows of the batch as rows and weights as (fan_in, fan_out), its shape otherwise kept.
pub(super) fn canonical(
    layout: &Layout,
    quantity: Quantity,
    (array, value): &(&Array, Array2<f64>),
) -> Array2<f64> {
    let vector = array.shape.len() == 1;
    match quantity {
        Quantity::Loss => value.clone(),
        Quantity::Dw(l) => {
            let turned = if layout.out_in || vector { value.t().to_owned() } else { value.clone() };
            let full = layout.sizes[l - 1] + 1;
            if layout.ones == Ones::First && layout.bias[l] == Bias::Row && turned.nrows() == full {
                bias_last(&turned)
            } else {
                turned
            }
        }
        Quantity::Db(l) => {
            let standing = value.ncols() == 1 && value.nrows() == layout.sizes[l];
            let sums = value.nrows() == 1 && value.ncols() == layout.sizes[l];
            if standing || (layout.columns && !sums) { value.t().to_owned() } else { value.clone() }
        }
        _ => {
            // A vector was made a row above; one value a row of the batch is a column.
            let mut value = if layout.columns || vector { value.t().to_owned() } else { value.clone() };
            if let Quantity::A(l) | Quantity::Da(l) = quantity
                && layout.bias[l + 1] == Bias::Row
                && value.ncols() == layout.sizes[l] + 1
            {
                value = match layout.ones {
                    Ones::First => value.slice(s![.., 1..]).to_owned(),
                    _ => value.slice(s![.., ..-1]).to_owned(),
                };
            }
            value
        }
    }
}

/// The first row moved to the end.
pub(super) fn bias_last(w: &Array2<f64>) -> Array2<f64> {
    concatenate(Axis(0), &[w.slice(s![1.., ..]), w.slice(s![..1, ..])]).unwrap_or_else(|_| w.clone())
}

/// Whether a canonical array has the shape of its quantity.
pub(super) fn fits(layout: &Layout, quantity: Quantity, value: &Array2<f64>) -> bool {
    let (n, sizes) = (layout.x.nrows(), &layout.sizes);
    let last = sizes.len() - 1;
    value.dim()
        == match quantity {
            Quantity::Loss => (1, 1),
            Quantity::Z(l) | Quantity::A(l) | Quantity::Da(l) | Quantity::Dz(l) => (n, sizes[l]),
            Quantity::Probs | Quantity::Dlogits => (n, sizes[last]),
            Quantity::Dw(l) => (sizes[l - 1] + usize::from(layout.bias[l] == Bias::Row), sizes[l]),
            Quantity::Db(l) => (1, sizes[l]),
        }
}
