//! Which rows of `X`, and which weights, a person's stages are of.
//!
//! A file often holds the whole data set beside the stages of one batch or of the training rows, and the
//! weights of the end (`W1`) beside those of the start (`W1_0`).

use super::arrays::{Array, Found, Stored, Values, shape_text};
use super::case::{Case, Quantity, Values as Pass, difference, right};
use super::conventions::Convention;
use super::layout::{Layout, canonical, fits, quantity};
use super::names::{Word, meaning};
use crate::error::{Error, ErrorKind, Result};
use ndarray::Axis;
use std::rc::Rc;

/// The layout for the rows that the stages are of: as it is if they are of all, else one for each array of row
/// numbers (or mask) in the file that chooses as many.
///
/// # Errors
/// Stages with another number of rows, and nothing says which.
pub(super) fn layouts(arrays: &[Array], found: &Found, layout: Layout) -> Result<Vec<Layout>> {
    let n = layout.x.nrows();
    let Some((m, names)) = stage_rows(found, &layout).filter(|(m, _)| *m != n) else {
        return Ok(vec![layout]);
    };
    let chosen: Vec<Layout> = arrays
        .iter()
        .filter(|array| meaning(&array.name).is_none())
        .filter_map(|array| Some(of_rows(&layout, &array.name, &row_numbers(array, n, m)?)))
        .collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let [first, .., last] = &names[..] else { return Ok(vec![layout]) };
    let x = &layout.names.0;
    let shape = found.of[&(false, Word::X)].iter().find(|(array, _)| array.name == *x);
    let shape = shape.map_or(String::new(), |(array, _)| format!(" {}", shape_text(&array.shape)));
    Err(Error::new(ErrorKind::Shape, format!("{first} to {last} have {m} rows, {x}{shape} has {n}"))
        .hint("save the batch that they were computed on as X_batch and y_batch, or its row numbers as rows"))
}

/// How many rows the person's stages have, if they all agree and are as wide as they should be; their names.
fn stage_rows(found: &Found, layout: &Layout) -> Option<(usize, Vec<String>)> {
    let mut rows = None;
    let mut names = Vec::new();
    for ((derivative, word), values) in &found.of {
        let Some(quantity) = quantity(*derivative, *word, found.layers) else { continue };
        if matches!(quantity, Quantity::Loss | Quantity::Dw(_) | Quantity::Db(_)) {
            continue;
        }
        let value = canonical(layout, quantity, &values[0]);
        let mut of_its_rows = layout.clone();
        of_its_rows.x = ndarray::Array2::zeros((value.nrows(), layout.sizes[0]));
        if !fits(&of_its_rows, quantity, &value) || rows.is_some_and(|rows| rows != value.nrows()) {
            return None;
        }
        rows = Some(value.nrows());
        names.push((quantity, values[0].0.name.clone()));
    }
    let order = Quantity::all(found.layers);
    names.sort_by_key(|(quantity, _)| order.iter().position(|other| other == quantity));
    Some((rows?, names.into_iter().map(|(_, name)| name).collect()))
}

/// The array as m row numbers out of n.
fn row_numbers(array: &Array, n: usize, m: usize) -> Option<Vec<usize>> {
    let Values::Numbers(values, Stored::Whole) = &array.values else { return None };
    if array.shape.len() != 1 {
        return None;
    }
    if values.len() == n && values.iter().all(|&v| v == 0.0 || v == 1.0) {
        let rows: Vec<usize> = (0..n).filter(|&i| values[i] == 1.0).collect();
        return (rows.len() == m).then_some(rows);
    }
    let number = |v: &f64| (0..n).find(|&i| i as f64 == *v);
    (values.len() == m).then(|| values.iter().map(number).collect())?
}

fn of_rows(layout: &Layout, name: &str, rows: &[usize]) -> Layout {
    let mut chosen = layout.clone();
    chosen.x = layout.x.select(Axis(0), rows);
    chosen.labels.target = layout.labels.target.select(Axis(0), rows);
    // Only softmax has classes.
    chosen.labels.classes = rows.iter().filter_map(|&i| layout.labels.classes.get(i)).copied().collect();
    chosen.rows = Some(name.to_owned());
    chosen
}

/// The file as it was before training, if it holds the weights of the start beside those of the end.
pub(super) fn at_start(arrays: &[Array]) -> Option<Vec<Array>> {
    let parameter = |name: &str| matches!(meaning(name), Some((false, Word::W(_) | Word::B(_))));
    let start =
        |array: &Array| array.name.strip_suffix("_0").filter(|name| parameter(name)).map(str::to_owned);
    let replaced: Vec<String> = arrays.iter().filter_map(start).collect();
    let kept = arrays.iter().filter(|array| !replaced.contains(&array.name));
    (!replaced.is_empty()).then(|| {
        kept.map(|array| Array { name: start(array).unwrap_or_else(|| array.name.clone()), ..array.clone() })
            .collect()
    })
}

/// How far the person's first forward stage is from what this reading computes; `None` if they gave none.
pub(super) fn distance(case: &Case) -> Option<f64> {
    let usual = Convention::usual(case);
    let mut pass = Pass::default();
    for quantity in Quantity::all(case.layers()) {
        if quantity == Quantity::Loss {
            break;
        }
        let value = right(case, &usual, &pass, quantity)?;
        if let Some(given) = case.given.get(&quantity) {
            return Some(if given.value.dim() == value.dim() {
                difference(&given.value, &value, 0.0)
            } else {
                f64::INFINITY
            });
        }
        pass.0.insert(quantity, Rc::new(value));
    }
    None
}
