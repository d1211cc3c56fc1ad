//! Which rows and which weights of a file belong to the pass, where it holds more than one pass's.
//!
//! An array `train` of row numbers says which rows of `X` and `y` were used.  Weights of several moments
//! (`W1` and `W1_0`, `W1_before`, `W1_end`) are told apart by numbers: those count that the rest of the file follows
//! from.

use super::arrays::{Array, Values};
use super::hints::{Hint, Layer, Word, hint};

/// What stands behind the name of an array of which some rows are used.
const ROWS: &str = "[train]";

/// The arrays with the rows of `train` alone, if there is such an array and no stage whose rows tell more:
/// `X[train]` in the place of `X`.
pub(super) fn rows(arrays: &[Array]) -> Option<Vec<Array>> {
    let is_stage = |array: &Array| {
        array.shape.len() == 2
            && hint(&array.name).is_some_and(|hint| {
                matches!(hint.word, Word::Z | Word::A | Word::Logits | Word::Output | Word::Delta)
            })
    };
    if arrays.iter().any(is_stage) {
        return None;
    }
    let train = arrays.iter().find(|array| array.name == "train" && array.shape.len() == 1)?;
    let Values::Numbers(rows, _) = &train.values else { return None };
    let select = |array: &Array| -> Option<Array> {
        let Values::Numbers(values, stored) = &array.values else { return None };
        let (&n, rest) = array.shape.split_first()?;
        let width: usize = rest.iter().product();
        let mut kept = Vec::with_capacity(rows.len() * width);
        for &row in rows {
            let at = (0..n).find(|&at| at as f64 == row)?;
            kept.extend_from_slice(&values[at * width..(at + 1) * width]);
        }
        let shape = std::iter::once(rows.len()).chain(rest.iter().copied()).collect();
        Some(Array { name: format!("{}{ROWS}", array.name), shape, values: Values::Numbers(kept, *stored) })
    };
    let is_row = |array: &Array| {
        hint(&array.name).is_some_and(|hint| !hint.derivative && matches!(hint.word, Word::X | Word::Y))
    };
    let chosen = |array: &Array| if is_row(array) { select(array) } else { Some(array.clone()) };
    arrays.iter().map(chosen).collect()
}

/// The other moments of which the file holds the weights of every layer, by what stands behind the names: `_0`.
pub(super) fn moments(arrays: &[Array]) -> Vec<String> {
    let weight = |name: &str| hint(name).filter(|h| !h.derivative && h.word == Word::W).map(|h| h.layer);
    let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
    let plain: Vec<Layer> = names.iter().filter_map(|name| weight(name)).collect();
    // W1_0 is a moment of W1, W_0 of W where the file has that.
    let of = |name: &str| -> Option<(usize, String)> {
        if let Some((stem, _)) = name.rsplit_once('_')
            && names.contains(&stem)
            && weight(stem) == Some(Layer::Unsaid)
        {
            return Some((1, name[stem.len()..].to_owned()));
        }
        let digits = name.find(|c: char| c.is_ascii_digit())?;
        let end = digits + name[digits..].find(|c: char| !c.is_ascii_digit())?;
        match weight(&name[..end])? {
            Layer::Number(l) if hint(name).is_none() => Some((l, name[end..].to_owned())),
            _ => None,
        }
    };
    let found: Vec<(usize, String)> = names.iter().filter_map(|name| of(name)).collect();
    let layers = |moment: &str| {
        let mut layers: Vec<usize> =
            found.iter().filter(|(_, other)| other == moment).map(|(l, _)| *l).collect();
        layers.sort_unstable();
        layers
    };
    let numbered = plain.iter().filter(|layer| matches!(layer, Layer::Number(_))).count();
    let mut moments: Vec<String> = found.iter().map(|(_, moment)| moment.clone()).collect();
    moments.sort();
    moments.dedup();
    moments.retain(|moment| {
        let layers = layers(moment);
        let alone = plain.contains(&Layer::Unsaid);
        layers.iter().copied().eq(1..=layers.len()) && (alone || numbered == 0 || numbered == layers.len())
    });
    moments
}

/// What a name hints at, where the weights of a moment (`_0`) are the pass's.
pub(super) fn hint_at(name: &str, moment: &str, names: &[&str]) -> Option<Hint> {
    let name = name.strip_suffix(ROWS).unwrap_or(name);
    if moment.is_empty() {
        return hint(name);
    }
    let parameter = |hint: &Hint| {
        !hint.derivative
            && matches!(hint.word, Word::W | Word::B)
            && matches!(hint.layer, Layer::Number(_) | Layer::Unsaid)
    };
    if let Some(found) = name.strip_suffix(moment).and_then(hint).filter(parameter) {
        return Some(found);
    }
    hint(name).filter(|hint| !(parameter(hint) && names.contains(&format!("{name}{moment}").as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::arrays::Stored;

    fn array(name: &str, shape: &[usize]) -> Array {
        let count = shape.iter().product::<usize>();
        let values = (0..count).map(|i| i as f64).collect();
        Array {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: Values::Numbers(values, Stored::Double),
        }
    }

    #[test]
    fn rows_are_chosen_in_their_order() {
        let mut train = array("train", &[2]);
        train.values = Values::Numbers(vec![2.0, 0.0], Stored::Whole);
        let found =
            rows(&[array("X", &[3, 2]), array("y", &[3]), array("W1", &[2, 2]), train.clone()]).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].shape.as_slice()), ("X[train]", &[2, 2][..]));
        assert_eq!(found[0].values, Values::Numbers(vec![4.0, 5.0, 0.0, 1.0], Stored::Double));
        assert_eq!(found[1].values, Values::Numbers(vec![2.0, 0.0], Stored::Double));
        assert_eq!(found[2].name, "W1");
        train.values = Values::Numbers(vec![3.0, 0.0], Stored::Whole);
        assert!(rows(&[array("X", &[3, 2]), train]).is_none(), "there is no row 3");
    }

    #[test]
    fn a_moment_has_the_weights_of_every_layer() {
        let of = |names: &[&str]| moments(&names.iter().map(|name| array(name, &[2, 2])).collect::<Vec<_>>());
        assert_eq!(of(&["W1", "W2", "W1_0", "W2_0", "W1_end"]), ["_0"]);
        assert_eq!(of(&["W1_0", "W2_0"]), ["_0"]);
        assert_eq!(of(&["Theta1", "Theta2", "Theta1_0", "Theta2_0"]), ["_0"]);
        assert_eq!(of(&["W", "W_0", "b", "b_0"]), ["_0"]);
        assert_eq!(of(&["W1", "W2", "W1_grad", "W2_grad"]), [] as [&str; 0], "derivatives are no weights");
        assert_eq!(of(&["W1", "W2"]), [] as [&str; 0]);
        let names = ["W1", "W1_0"];
        assert!(hint_at("W1_0", "_0", &names).is_some() && hint_at("W1", "_0", &names).is_none());
        assert!(hint_at("W_0", "_0", &["W", "W_0"]).is_some() && hint_at("W", "_0", &["W", "W_0"]).is_none());
        assert!(hint_at("W1_0", "", &names).is_none() && hint_at("W1", "", &names).is_some());
        assert_eq!(hint_at("X[train]", "", &[]).map(|hint| hint.word), Some(Word::X));
    }
}
