//! How a person's arrays lie: samples as rows or columns, weights one way or the other, the bias's place.

use super::contents::{Contents, Item, shapes};
use crate::diagnose::arrays::shape_text;
use crate::diagnose::expression::{Expr, Part};
use crate::diagnose::graph::Bias;
use crate::diagnose::hints::{Layer, Word};
use crate::error::{Error, ErrorKind, Result};

/// One way to read the shapes.
#[derive(Clone)]
pub(super) struct Frame {
    /// Items of x and y.
    pub(super) x_item: usize,
    pub(super) y_item: usize,
    pub(super) n: usize,
    /// `[d, h, .., k]`
    pub(super) sizes: Vec<usize>,
    /// Samples are columns in x.
    pub(super) columns: bool,
    /// Weights are (fan_out, fan_in).
    pub(super) out_in: bool,
    pub(super) x: Expr,
    pub(super) x_wide: Option<Expr>,
    pub(super) w: Vec<Expr>,
    pub(super) b: Vec<Expr>,
    pub(super) full: Vec<Option<Expr>>,
    pub(super) bias: Vec<Bias>,
    pub(super) answers: Answers,
}

/// The right answers in one form.
#[derive(Clone)]
pub(super) struct Answers {
    /// (n, k), one-hot for classes.
    pub(super) target: Expr,
    /// The classes, where the answers can be classes.
    pub(super) classes: Option<Vec<usize>>,
    pub(super) from_one: bool,
    /// All are 0 or 1; all are -1 or 1.
    pub(super) binary: bool,
    pub(super) signs: bool,
}

/// Every way that the shapes allow.
///
/// # Errors
/// There is none, or x or y is missing.
pub(super) fn frames(contents: &Contents) -> Result<Vec<Frame>> {
    let xs = candidates(contents, Word::X, "inputs X")?;
    let ys = candidates(contents, Word::Y, "labels y")?;
    let mut found = Vec::new();
    for &x in &xs {
        for columns in [false, true] {
            for out_in in [false, true] {
                for ones in [Some(Bias::Last), Some(Bias::First), None] {
                    for absent in [Bias::Last, Bias::First] {
                        if ones.is_some() && absent == Bias::First {
                            continue;
                        }
                        for &y in &ys {
                            if x != y {
                                found.extend(frame(contents, (x, y), (columns, out_in), ones, absent));
                            }
                        }
                    }
                }
            }
        }
    }
    // The last number of a single row says nothing: 1 is a number like any other there.
    if found.iter().any(|frame: &Frame| frame.x_wide.is_none()) {
        found.retain(|frame| frame.n > 1 || frame.x_wide.is_none());
    }
    if found.is_empty() { Err(none(contents, xs[0])) } else { Ok(found) }
}

/// The items that can be x, or y: named so, or the values of the layer before the first.
fn candidates(contents: &Contents, word: Word, what: &str) -> Result<Vec<usize>> {
    let items = || contents.items.iter().enumerate();
    let mut found: Vec<usize> = items()
        .filter(|(_, item)| item.is(false, word) && item.shape.iter().product::<usize>() > 0)
        .map(|(at, _)| at)
        .collect();
    if found.is_empty() && word == Word::X {
        let below = |item: &Item| {
            item.hint.is_some_and(|h| {
                !h.derivative && h.word == Word::A && matches!(h.layer, Layer::Number(0 | 1))
            })
        };
        found = items().filter(|(_, item)| below(item)).map(|(at, _)| at).collect();
    }
    if found.is_empty() {
        let names: Vec<&str> = contents.items.iter().map(|item| item.name.as_str()).collect();
        return Err(Error::new(ErrorKind::Data, format!("found no {what} among {}", names.join(", "))).hint(
            "needed are X, y, W1, W2, .. (names of the notebook or of the design) and what you computed",
        ));
    }
    Ok(found)
}

fn frame(
    contents: &Contents,
    (x_item, y_item): (usize, usize),
    (columns, out_in): (bool, bool),
    ones: Option<Bias>,
    absent: Bias,
) -> Option<Frame> {
    let item = &contents.items[x_item];
    let vector = item.shape.len() < 2;
    let x = if vector {
        // One input, or one sample.
        if columns {
            Expr::new(crate::diagnose::expression::Op::Row(item.e.clone()))
        } else {
            Expr::new(crate::diagnose::expression::Op::Column(item.e.clone()))
        }
    } else if columns {
        item.e.t()
    } else {
        item.e.clone()
    };
    let (n, width) = x.dim()?;
    let mut x_wide = None;
    let mut inputs = x.clone();
    let mut d = width;
    if let Some(ones) = ones {
        let (bias, rest) = ones.parts();
        if width < 2
            || contents.biases[0].is_some()
            || !x.slice(1, bias).value()?.data.iter().all(|&v| v == 1.0)
        {
            return None;
        }
        x_wide = Some(x.clone());
        inputs = x.slice(1, rest);
        d = width - 1;
    }
    let none = Expr::number(0.0);
    let (mut w, mut b, mut full, mut bias) =
        (vec![none.clone()], vec![none.clone()], vec![None], vec![Bias::None]);
    let mut sizes = vec![d];
    for (l, &at) in (1..).zip(&contents.weights) {
        let item = &contents.items[at];
        let matrix = match item.shape.len() {
            0 => Expr::new(crate::diagnose::expression::Op::Row(item.e.clone())),
            // One output, or one input.
            1 if item.shape[0] == sizes[l - 1] || item.shape[0] == sizes[l - 1] + 1 => {
                if out_in {
                    return None;
                }
                Expr::new(crate::diagnose::expression::Op::Column(item.e.clone()))
            }
            1 if sizes[l - 1] == 1 => Expr::new(crate::diagnose::expression::Op::Row(item.e.clone())),
            1 => return None,
            _ if out_in => item.e.t(),
            _ => item.e.clone(),
        };
        let (rows, fan_out) = matrix.dim()?;
        let fan_in = sizes[l - 1];
        let trick = rows == fan_in + 1 && contents.biases[l - 1].is_none();
        if (!trick && rows != fan_in) || (l == 1 && ones.is_some() && !trick) {
            return None;
        }
        let place = if trick {
            ones.unwrap_or(absent)
        } else if contents.biases[l - 1].is_some() {
            Bias::Separate
        } else {
            Bias::None
        };
        if absent == Bias::First && ones.is_none() && l == 1 && !trick {
            return None; // nothing stands first
        }
        match place {
            Bias::First | Bias::Last => {
                let (part, rest) = place.parts();
                w.push(matrix.slice(0, rest));
                b.push(matrix.slice(0, part));
                full.push(Some(matrix));
            }
            Bias::Separate => {
                let item = &contents.items[contents.biases[l - 1]?];
                let value = item.e.value()?;
                if value.data.len() != fan_out {
                    return None;
                }
                let row = match item.shape.len() {
                    0 | 1 => Expr::new(crate::diagnose::expression::Op::Row(item.e.clone())),
                    _ if item.shape[0] == 1 => item.e.clone(),
                    _ => item.e.t(),
                };
                w.push(matrix);
                b.push(row);
                full.push(None);
            }
            Bias::None => {
                w.push(matrix);
                b.push(Expr::new(crate::diagnose::expression::Op::Fill(
                    0.0,
                    Expr::number(1.0),
                    Expr::number(fan_out as f64),
                )));
                full.push(None);
            }
        }
        bias.push(place);
        sizes.push(fan_out);
    }
    let answers = answers(&contents.items[y_item], n, *sizes.last()?)?;
    Some(Frame { x_item, y_item, n, sizes, columns, out_in, x: inputs, x_wide, w, b, full, bias, answers })
}

fn answers(item: &Item, n: usize, k: usize) -> Option<Answers> {
    use crate::diagnose::expression::Op;
    let value = item.e.value()?;
    let all = |test: &dyn Fn(f64) -> bool| value.data.iter().all(|&v| test(v));
    let binary = all(&|v| v == 0.0 || v == 1.0);
    let signs = all(&|v| v == -1.0 || v == 1.0);
    let make = |target: Expr, classes, from_one| Answers { target, classes, from_one, binary, signs };
    if value.data.len() == n
        && (value.data.nrows() == 1 || value.data.ncols() == 1)
        && (k == 1 || n != 1 || value.data.len() != k)
    {
        if k == 1 {
            let target = match item.shape.len() {
                2 if item.shape == [n, 1] => item.e.clone(),
                2 => item.e.t(),
                _ => Expr::new(Op::Column(item.e.clone())),
            };
            return Some(make(target, None, false));
        }
        let least = value.data.fold(f64::INFINITY, |m, &v| m.min(v));
        let most = value.data.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
        let from_one = least >= 1.0 && most == k as f64;
        let first = if from_one { 1.0 } else { 0.0 };
        let target = Expr::new(Op::OneHot(item.e.clone(), k, first));
        let classes = value
            .data
            .iter()
            .map(|v| (0..k).find(|&class| v - first == class as f64))
            .collect::<Option<Vec<usize>>>()?;
        return Some(make(target, Some(classes), from_one));
    }
    let target = match item.shape[..] {
        [r, c] if (r, c) == (n, k) => item.e.clone(),
        [r, c] if (r, c) == (k, n) => item.e.t(),
        [len] if n == 1 && len == k => Expr::new(Op::Row(item.e.clone())),
        _ => return None,
    };
    let data = &target.value()?.data;
    let one_hot = k > 1 && binary && data.rows().into_iter().all(|row| row.sum() == 1.0);
    let classes = one_hot.then(|| {
        data.rows().into_iter().map(|row| row.iter().position(|&v| v == 1.0).unwrap_or(0)).collect()
    });
    Some(make(target, classes, false))
}

/// One line: which array, its shape, the shapes that would fit.
fn none(contents: &Contents, x: usize) -> Error {
    let x = &contents.items[x];
    let mut fan_in = x.shape.last().copied().unwrap_or(1);
    for (at, biased) in contents.weights.iter().zip(&contents.biases) {
        let item = &contents.items[*at];
        let (rows, columns) = item.e.dim().unwrap_or((1, 1));
        let fits = |size: usize| size == fan_in || (size == fan_in + 1 && biased.is_none());
        if !fits(rows) && !fits(columns) {
            let found = format!("has shape {}", shape_text(&item.shape));
            let hint = format!(
                "({fan_in}, h) would fit, or ({}, h) with the bias as last row, or these transposed throughout",
                fan_in + 1
            );
            return Error::new(ErrorKind::Shape, found).name(item.name.clone()).hint(hint);
        }
        fan_in = if fits(rows) { columns } else { rows };
    }
    for (l, at) in contents.biases.iter().enumerate() {
        let Some(item) = at.map(|at| &contents.items[at]) else { continue };
        let w = &contents.items[contents.weights[l]].e;
        let (rows, columns) = w.dim().unwrap_or((1, 1));
        let size = item.e.value().map_or(0, |value| value.data.len());
        if size != rows && size != columns {
            let found = format!("has shape {}", shape_text(&item.shape));
            return Error::new(ErrorKind::Shape, found)
                .name(item.name.clone())
                .hint(format!("({columns},) or (1, {columns}) would fit"));
        }
    }
    Error::new(ErrorKind::Shape, format!("these do not fit together: {}", shapes(contents)))
        .hint("X is (N, D), y is (N) whole numbers from 0 to K-1 or one-hot (N, K), the last W has K columns")
}

/// An item's numbers as (rows, columns), in every way that its shape allows: the view, whether it lies the other
/// way, and what it is with a part more (ones, or the bias's column).
pub(super) fn views(
    item: &Item,
    (rows, columns): (usize, usize),
    wide: Option<Bias>,
) -> Vec<(Expr, bool, Option<Expr>)> {
    use crate::diagnose::expression::Op;
    let mut found = Vec::new();
    match item.shape[..] {
        [r, c] => {
            if (r, c) == (rows, columns) {
                found.push((item.e.clone(), false, None));
            }
            if (c, r) == (rows, columns) && !(r == c && rows == 1) {
                found.push((item.e.t(), true, None));
            }
            if let Some(place) = wide {
                let (_, rest): (Part, Part) = place.parts();
                if (r, c) == (rows, columns + 1) {
                    found.push((item.e.slice(1, rest), false, Some(item.e.clone())));
                }
                if (c, r) == (rows, columns + 1) {
                    found.push((item.e.t().slice(1, rest), true, Some(item.e.t())));
                }
            }
        }
        [len] => {
            if rows == 1 && len == columns {
                found.push((Expr::new(Op::Row(item.e.clone())), false, None));
            } else if columns == 1 && len == rows {
                found.push((Expr::new(Op::Column(item.e.clone())), false, None));
            } else if let (Some(place), 1) = (wide, rows)
                && len == columns + 1
            {
                let row = Expr::new(Op::Row(item.e.clone()));
                found.push((row.slice(1, place.parts().1), false, Some(row)));
            }
        }
        [] if (rows, columns) == (1, 1) => found.push((Expr::new(Op::Row(item.e.clone())), false, None)),
        _ => {}
    }
    found
}
