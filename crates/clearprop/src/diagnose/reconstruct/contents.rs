//! What the file holds, before its shapes are understood.

use crate::diagnose::arrays::{Array, Stored, Values, shape_text};
use crate::diagnose::expression::{Expr, Memo, Op};
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::hints::{Hint, Layer, Word};
use crate::diagnose::selection::hint_at;
use crate::error::{Error, ErrorKind, Result};
use crate::quantity::Habit;
use std::collections::BTreeMap;
use std::rc::Rc;

/// One array of the file.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) e: Expr,
    pub(super) hint: Option<Hint>,
}

impl Item {
    pub(super) fn is(&self, derivative: bool, word: Word) -> bool {
        self.hint.is_some_and(|hint| hint.derivative == derivative && hint.word == word)
    }

    /// Whole numbers or truth values.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.e.op(), Op::Array(source) if source.whole)
    }

    pub(super) fn number(&self) -> Option<f64> {
        let value = &self.e.value()?.data;
        (value.len() == 1).then(|| value[[0, 0]])
    }
}

/// What the file holds, before its shapes are understood.
#[derive(Clone)]
pub(super) struct Contents {
    pub(super) items: Vec<Item>,
    /// Items of weights and of biases, by layer.
    pub(super) weights: Vec<usize>,
    pub(super) biases: Vec<Option<usize>>,
    /// The layer that a name says, for each weight.
    pub(super) keys: Vec<Layer>,
    pub(super) activation: Option<Function>,
    pub(super) cost: Option<(Cost, Option<Function>)>,
    pub(super) regularize: Option<String>,
    pub(super) tolerance: f64,
    pub(super) habit: Habit,
    /// How many rows there are, as it is printed, where an array chooses them; and that array.
    pub(super) rows: Option<String>,
    pub(super) chosen_by: Option<String>,
    pub(super) understood: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) ignored: Vec<String>,
    pub(super) memo: Rc<Memo>,
}

impl Contents {
    /// Finds weights and biases among the items.
    pub(super) fn find_parameters(&mut self) {
        let (weights, keys) = weights(&self.items);
        let bias = |key: &Layer| {
            self.items
                .iter()
                .position(|item| item.is(false, Word::B) && item.hint.is_some_and(|hint| hint.layer == *key))
        };
        self.biases = keys.iter().map(bias).collect();
        (self.weights, self.keys) = (weights, keys);
    }

    pub(super) fn called(&self, name: &str) -> Option<Expr> {
        self.items.iter().find(|item| item.name == name).map(|item| item.e.clone())
    }

    pub(super) fn first(&self, word: Word) -> Option<&Item> {
        self.items.iter().find(|item| item.is(false, word))
    }
}

/// What the arrays of a file hold, by their names.
///
/// # Errors
/// There are no weights.
pub(super) fn contents(arrays: &[Array], moment: &str, memo: &Rc<Memo>) -> Result<Contents> {
    let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
    let hint = |name: &str| hint_at(name, moment, &names);
    let mut ignored = Vec::new();
    let mut items = Vec::new();
    let mut texts = BTreeMap::new();
    let mut warnings = Vec::new();
    for array in arrays {
        let hint = hint(&array.name);
        match &array.values {
            Values::Text(text) => match hint {
                Some(Hint {
                    word: Word::Activation | Word::LossName | Word::Regularize,
                    derivative: false,
                    ..
                }) => {
                    texts.insert(hint.map(|hint| hint.word), (array.name.clone(), text.clone()));
                }
                _ => ignored.push(array.name.clone()),
            },
            Values::Other(_) => ignored.push(array.name.clone()),
            Values::Numbers(..) => match Expr::array(memo, array) {
                Some(e) => items.push(Item { name: array.name.clone(), shape: array.shape.clone(), e, hint }),
                None => ignored.push(array.name.clone()),
            },
        }
    }
    let text = |word: Word| texts.get(&Some(word));
    let activation = text(Word::Activation).and_then(|(name, word)| {
        let found = Function::called(word);
        if found.is_none() {
            warnings.push(format!("{name} = '{word}' is not known: the numbers decide"));
        }
        found
    });
    let cost = text(Word::LossName).and_then(|(name, word)| {
        let found = Cost::called(word);
        if found.is_none() {
            warnings.push(format!("{name} = '{word}' is not known: the numbers decide"));
        }
        found
    });
    let regularize = text(Word::Regularize).map(|(_, word)| word.clone());
    if weights(&items).0.is_empty() {
        let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
        let there = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        return Err(Error::new(ErrorKind::Data, format!("found no weights W1 among {there}")).hint(
            "needed are X, y, W1, W2, .. (names of the notebook or of the design) and what you computed",
        ));
    }
    let stored = |array: &Array| match &array.values {
        Values::Numbers(_, stored) => Some(*stored),
        _ => None,
    };
    let wide = |array: &Array| array.shape.iter().product::<usize>() > 1;
    let used = |array: &&Array| hint(&array.name).is_some();
    let single = arrays.iter().filter(used).any(|array| wide(array) && stored(array) == Some(Stored::Single));
    let mut understood = Vec::new();
    if single {
        understood.push("float32: numbers are compared to 4 digits".to_owned());
    }
    let whole: Vec<String> = arrays
        .iter()
        .filter(used)
        .filter(|a| wide(a) && stored(a) == Some(Stored::Whole))
        .filter(|a| {
            hint(&a.name).is_some_and(|h| !h.derivative && matches!(h.word, Word::X | Word::W | Word::B))
        })
        .map(|array| array.name.clone())
        .collect();
    if !whole.is_empty() {
        warnings.push(format!(
            "{} holds whole numbers: np.zeros_like of it is whole too, and results written into that are cut off; \
             use .astype(float)",
            whole.join(", ")
        ));
    }
    let mut contents = Contents {
        weights: Vec::new(),
        biases: Vec::new(),
        keys: Vec::new(),
        rows: None,
        chosen_by: None,
        activation,
        cost,
        regularize,
        // 24 bits, and sums of a few hundred products.
        tolerance: if single { 1e-4 } else { 2e-7 },
        habit: habit(arrays),
        items,
        understood,
        warnings,
        ignored,
        memo: Rc::clone(memo),
    };
    contents.find_parameters();
    Ok(contents)
}

/// The items of the weights in the order of their layers.
fn weights(items: &[Item]) -> (Vec<usize>, Vec<Layer>) {
    let mut found: Vec<(Layer, usize)> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(hint) = item.hint else { continue };
        if hint.derivative || hint.word != Word::W || found.iter().any(|(layer, _)| *layer == hint.layer) {
            continue;
        }
        found.push((hint.layer, at));
    }
    // W beside W1, W2 is something else; before W2 it is the first.
    let unsaid = found.iter().position(|(layer, _)| *layer == Layer::Unsaid).map(|at| found.remove(at));
    found.sort();
    if let Some(unsaid) = unsaid
        && matches!(found.first(), None | Some((Layer::Number(2) | Layer::Last, _)))
    {
        found.insert(0, unsaid);
    }
    // From the first number on without a gap.
    let mut kept: Vec<(Layer, usize)> = Vec::new();
    for (layer, at) in found {
        if let (Some((Layer::Number(before), _)), Layer::Number(now)) = (kept.last(), layer)
            && now != before + 1
        {
            break;
        }
        kept.push((layer, at));
    }
    (kept.iter().map(|(_, at)| *at).collect(), kept.iter().map(|(layer, _)| *layer).collect())
}

/// Whose names the person uses.
fn habit(arrays: &[Array]) -> Habit {
    let has = |test: &dyn Fn(&str) -> bool| arrays.iter().any(|array| test(&array.name));
    let quantity = |name: &str, letters: &[char]| {
        let rest = name.trim_end_matches(|c: char| c.is_ascii_digit());
        rest.len() < name.len() && rest.len() <= 2 && rest.ends_with(letters)
    };
    let below = |name: &str| quantity(name, &['z', 'a']);
    if has(&|name| name.starts_with("dL_d") || matches!(name, "h11" | "h12")) {
        Habit::Notebook
    } else if has(&|name| quantity(name, &['Z', 'A']))
        || (has(&|name| quantity(name, &['W'])) && !has(&below))
    {
        Habit::Upper
    } else {
        Habit::Design
    }
}

/// The shapes of the file's main arrays, for an error.
pub(super) fn shapes(contents: &Contents) -> String {
    let named = |item: &Item| format!("{} {}", item.name, shape_text(&item.shape));
    let inputs =
        contents.items.iter().filter(|item| item.is(false, Word::X) || item.is(false, Word::Y)).map(named);
    let weights = contents.weights.iter().map(|&at| named(&contents.items[at]));
    inputs.chain(weights).collect::<Vec<_>>().join(", ")
}

/// The arrays by name, for those who look for one in another's place.
pub(super) fn by_name(contents: &Contents) -> Rc<Vec<(String, Expr)>> {
    Rc::new(contents.items.iter().map(|item| (item.name.clone(), item.e.clone())).collect())
}
