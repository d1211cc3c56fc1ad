//! Which rows of `X` the person's stages are of: a file often holds the whole data set beside the stages of one batch or
//! of the training rows.

use super::contents::{Contents, Item};
use crate::diagnose::arrays::shape_text;
use crate::diagnose::expression::{Expr, Op, chosen};
use crate::diagnose::hints::Word;
use crate::error::{Error, ErrorKind, Result};
use std::cmp::Reverse;

/// The file as it is, or once for each array that chooses as many rows as the stages have.
///
/// # Errors
/// The stages have another number of rows than the inputs, and nothing says which.
pub(super) fn of_stages(contents: Contents) -> Result<Vec<Contents>> {
    let inputs = || contents.items.iter().filter(|item| item.is(false, Word::X) && item.shape.len() == 2);
    let Some(x) = inputs().next() else { return Ok(vec![contents]) };
    let answers = || contents.items.iter().filter(|item| item.is(false, Word::Y));
    let Some(axis) = (0..2).find(|&axis| answers().any(|y| y.shape.contains(&x.shape[axis]))) else {
        return Ok(vec![contents]);
    };
    let n = x.shape[axis];
    let mut stages: Vec<&Item> = contents.items.iter().filter(|item| is_stage(item)).collect();
    // In the order of computation.
    stages.sort_by_key(|item| {
        item.hint.map(|h| {
            if h.derivative {
                (1, Some(Reverse((h.layer, h.word))), None)
            } else {
                (0, None, Some((h.layer, h.word)))
            }
        })
    });
    let Some(m) = stages.first().map(|item| item.shape[axis]) else { return Ok(vec![contents]) };
    let others = stages.iter().any(|item| item.shape[axis] != m);
    // One row is what a loop over the rows left.
    if m == n || m == 1 || others || inputs().any(|x| x.shape[axis] == m) {
        return Ok(vec![contents]);
    }
    let found: Vec<Contents> = contents
        .items
        .iter()
        .filter(|item| item.hint.is_none() && item.shape.len() == 1 && item.is_whole())
        .filter(|item| {
            item.e.value().and_then(|index| chosen(index, n)).is_some_and(|chosen| chosen.len() == m)
        })
        .map(|index| of_rows(&contents, index, n, axis, m))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let name = |item: Option<&&Item>| item.map_or(String::new(), |item| item.name.clone());
    let (first, last) = (name(stages.first()), name(stages.last()));
    let (x, shape) = (&x.name, shape_text(&x.shape));
    Err(Error::new(ErrorKind::Shape, format!("{first} to {last} have {m} rows, {x} {shape} has {n}"))
        .hint("save the batch that they were computed on as X_batch and y_batch, or its row numbers as rows"))
}

/// Whether an item has a row for each row of the batch, by its name.
fn is_stage(item: &Item) -> bool {
    item.shape.len() == 2
        && item.hint.is_some_and(|hint| {
            matches!(hint.word, Word::Z | Word::A | Word::Logits | Word::Output | Word::Delta)
        })
}

fn of_rows(contents: &Contents, index: &Item, n: usize, axis: usize, m: usize) -> Contents {
    let mut found = contents.clone();
    for item in &mut found.items {
        let given = item.hint.is_some_and(|hint| !hint.derivative && matches!(hint.word, Word::X | Word::Y));
        let along = if item.shape.len() == 1 { 0 } else { axis };
        if given && item.shape.get(along) == Some(&n) {
            item.e = Expr::new(Op::Take(item.e.clone(), index.e.clone(), axis));
            item.shape[along] = m;
        }
    }
    found.items.retain(|item| item.name != index.name);
    let mask = index.shape[0] == n;
    let text = if mask { format!("{}.sum()", index.name) } else { format!("len({})", index.name) };
    found.rows = Some(text);
    found.chosen_by = Some(index.name.clone());
    found.understood.push(format!("the stages are of {m} rows of X, those in {}", index.name));
    found
}
