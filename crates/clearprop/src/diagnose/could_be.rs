//! What arrays could be whose names say nothing, by their shapes alone: for a person who is asked.

use super::arrays::{Array, Values};
use super::hints::{Word, hint};

/// Where inputs, answers or weights are not there by name: arrays that could be them, and what they would be called.
///
/// ```
/// use clearprop::diagnose::arrays::{Array, Stored, Values};
/// use clearprop::diagnose::could_be;
/// let array = |name: &str, rows: usize, columns: usize| Array {
///     name: name.to_owned(),
///     shape: vec![rows, columns],
///     values: Values::Numbers(vec![0.0; rows * columns], Stored::Double),
/// };
/// let arrays = [array("X", 9, 3), array("y", 9, 1), array("Wa", 3, 4), array("Wb", 4, 1)];
/// assert_eq!(could_be(&arrays), [("Wa".to_owned(), "W1".to_owned()), ("Wb".to_owned(), "W2".to_owned())]);
/// ```
#[must_use]
pub fn could_be(arrays: &[Array]) -> Vec<(String, String)> {
    let named = |word: Word| {
        let says =
            |array: &&Array| hint(&array.name).is_some_and(|hint| !hint.derivative && hint.word == word);
        arrays.iter().find(says)
    };
    let free = || {
        let numbers = |array: &&Array| matches!(array.values, Values::Numbers(..));
        arrays.iter().filter(numbers).filter(|array| hint(&array.name).is_none())
    };
    let matrices =
        || free().filter_map(|array| <[usize; 2]>::try_from(&array.shape[..]).ok().map(|at| (array, at)));
    let mut found = Vec::new();
    let mut add = |array: &Array, name: String| found.push((array.name.clone(), name));
    let (x, y, w) = (named(Word::X), named(Word::Y), named(Word::W));
    if let (Some(x), None) = (x, w)
        && let [rows, columns] = x.shape[..]
    {
        let mut best: Vec<&Array> = Vec::new();
        for (inputs, out_in) in [(columns, false), (columns, true), (rows, true), (rows, false)] {
            let mut width = inputs;
            let mut chain: Vec<&Array> = Vec::new();
            for (array, [a, b]) in matrices() {
                let (fan_in, fan_out) = if out_in { (b, a) } else { (a, b) };
                if fan_in == width || fan_in == width + 1 {
                    chain.push(array);
                    width = fan_out;
                }
            }
            if chain.len() > best.len() {
                best = chain;
            }
        }
        best.iter().zip(1..).for_each(|(array, l)| add(array, format!("W{l}")));
    }
    if let (None, Some(w)) = (x, w)
        && let Some((array, _)) = matrices().find(|(_, at)| at.iter().any(|width| w.shape.contains(width)))
    {
        add(array, "X".to_owned());
    }
    if let (Some(x), None) = (x, y)
        && let Some(array) =
            free().find(|array| array.shape.iter().any(|rows| *rows > 1 && x.shape.contains(rows)))
    {
        add(array, "y".to_owned());
    }
    found
}
