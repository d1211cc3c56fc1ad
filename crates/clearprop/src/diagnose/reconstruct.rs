//! Room two: the person's forward pass, reconstructed from their numbers.
//!
//! For every way in which the arrays can lie ([`frame`]) the pass is followed layer by layer ([`layers`]): an array
//! that holds the numbers of `z[l]`, or of a known function of it, *is* that quantity, whatever it is called.
//! Only where no numbers decide does a name.  The way that explains most arrays is kept; where a
//! function or the loss stays open, there is a reading for each, and the examination decides.

mod contents;
mod derivatives;
mod dropout;
mod followed;
mod frame;
mod functions;
mod layer;
mod layers;
mod normalised;
mod outputs;
mod rows;
mod update;

use super::arrays::Array;
use super::expression::Memo;
use super::graph::Graph;
use crate::error::{Error, ErrorKind, Result};
use crate::quantity::{
    Quantity::Of,
    Variable::{A, Z},
};
use contents::{Contents, contents};
use std::rc::Rc;

/// The ways to read the arrays that explain most of them; `moment` is what stands behind the names of the weights
/// that are meant, where there are several (`_0`).
///
/// # Errors
/// No weights, inputs or answers, or shapes that do not fit together in any way.
pub(super) fn readings(arrays: &[Array], moment: &str, memo: &Rc<Memo>) -> Result<Vec<Graph>> {
    let (contents, mut found) = likeliest(rows::of_stages(contents(arrays, moment, memo)?)?)?;
    if let Some(before) = update::before(&contents, &found) {
        found = before;
    }
    for graph in &mut found {
        derivatives::leave(graph, &contents);
    }
    Ok(found)
}

/// The way to take the file in which most of the forward pass follows.
fn likeliest(ways: Vec<Contents>) -> Result<(Contents, Vec<Graph>)> {
    let mut failure = None;
    let mut best: Option<(usize, Contents, Vec<Graph>)> = None;
    let mut rivals: Vec<String> = Vec::new();
    for contents in ways {
        match layers::readings(&contents) {
            Ok(found) => {
                let misses = update::misses(&found[0]);
                let least = best.as_ref().map_or(usize::MAX, |(least, ..)| *least);
                if misses < least {
                    rivals.clear();
                }
                if misses <= least && !found[0].given.keys().any(|q| matches!(q, Of(Z(_) | A(_)))) {
                    rivals.extend(contents.chosen_by.clone());
                }
                if misses < least {
                    best = Some((misses, contents, found));
                }
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    if let [first, second, ..] = &rivals[..] {
        let found = format!("the rows could be those of {first} or of {second}");
        return Err(Error::new(ErrorKind::Data, found)
            .hint("save the inputs and labels that you used as X_batch and y_batch"));
    }
    let none = || Error::new(ErrorKind::Data, "found nothing that you computed");
    best.map(|(_, contents, found)| (contents, found)).ok_or_else(|| failure.unwrap_or_else(none))
}
