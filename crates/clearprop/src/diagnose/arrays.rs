//! From a person's named arrays to a [`Case`]: names, layouts, biases and labels in all their habits.
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.

use super::batch;
use super::case::{Bias, Case, Given, Habit, Quantity, same};
use super::layout::{Layout, Ones, bias_last, canonical, fits, layout, quantity};
use super::names::{Word, meaning, says_no_side};
use crate::activation::Activation;
use crate::error::{Error, ErrorKind, Result};
use crate::loss::Loss;
use crate::network::{Network, Penalized, Penalty};
use ndarray::{Array2, s};
use std::collections::BTreeMap;

/// One array as a person saved it.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its name.
    pub name: String,
    /// Its shape; empty for a single number.
    pub shape: Vec<usize>,
    /// What it holds, row by row.
    pub values: Values,
}

/// What an array holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers, and how they were stored.
    Numbers(Vec<f64>, Stored),
    /// A word.
    Text(String),
    /// Something that is neither, in words (an object array): it is ignored, and said to be.
    Other(String),
}

/// How numbers were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Double precision.
    Double,
    /// Single precision or less: numbers are compared less strictly.
    Single,
    /// Whole numbers or truth values.
    Whole,
}

/// Arrays and their values by meaning: whether it is a derivative, and by what.
type Meanings<'a> = BTreeMap<(bool, Word), Vec<(&'a Array, Array2<f64>)>>;

/// The arrays by what they mean.
pub(super) struct Found<'a> {
    pub(super) of: Meanings<'a>,
    pub(super) layers: usize,
}

impl<'a> Found<'a> {
    pub(super) fn first(&self, word: Word) -> Option<&(&'a Array, Array2<f64>)> {
        self.of.get(&(false, word))?.first()
    }
    fn text(arrays: &'a [Array], word: Word) -> Option<&'a str> {
        arrays.iter().find_map(|array| match &array.values {
            Values::Text(text) if meaning(&array.name) == Some((false, word)) => Some(text.as_str()),
            _ => None,
        })
    }
    fn number(&self, word: Word) -> Option<f64> {
        let (_, value) = self.first(word)?;
        (value.len() == 1).then(|| value[[0, 0]])
    }
}

/// Reads a person's arrays.
///
/// # Errors
/// No `X`, `y` or `W1`, weights whose shapes do not fit together, labels that fit no loss, stages of other
/// rows, or nothing that the person computed.
pub fn read(arrays: &[Array]) -> Result<Case> {
    let mut readings = readings(arrays)?;
    let of_the_end = readings.len();
    if let Some(start) = batch::at_start(arrays) {
        for mut case in self::readings(&start).unwrap_or_default() {
            case.understood.push("the weights are those of the start, W1_0 ..".to_owned());
            readings.push(case);
        }
    }
    let distances: Vec<Option<f64>> = readings.iter().map(batch::distance).collect();
    if of_the_end > 1 && distances[0].is_none() {
        let rows: Vec<&str> = readings[..of_the_end].iter().filter_map(|case| case.rows.as_deref()).collect();
        let found = format!("the rows could be those of {}", rows.join(" or of "));
        return Err(Error::new(ErrorKind::Data, found)
            .hint("save the inputs and labels that you used as X_batch and y_batch"));
    }
    let nearest = (0..readings.len())
        .min_by(|&i, &j| distances[i].unwrap_or(0.0).total_cmp(&distances[j].unwrap_or(0.0)))
        .unwrap_or(0);
    Ok(readings.swap_remove(nearest))
}

/// The ways to read the arrays: one, or one for each array that could say which rows the stages are of.
fn readings(arrays: &[Array]) -> Result<Vec<Case>> {
    let mut ignored = Vec::new();
    let mut of = Meanings::new();
    for array in arrays {
        match (meaning(&array.name), &array.values) {
            (Some(meaning), Values::Numbers(values, _)) => match matrix(&array.shape, values) {
                Some(matrix) => of.entry(meaning).or_default().push((array, matrix)),
                None => ignored.push(array.name.clone()),
            },
            (Some((false, Word::Activation | Word::LossName | Word::Regularize)), Values::Text(_)) => {}
            _ => ignored.push(array.name.clone()),
        }
    }
    let layers = (1..).take_while(|&l| of.contains_key(&(false, Word::W(l)))).count();
    let found = Found { of, layers };
    let missing = |what: &str| {
        let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
        let there = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        Error::new(ErrorKind::Data, format!("found no {what} among {there}")).hint(
            "needed are X, y, W1, W2, .. (names of the notebook or of the design) and what you computed",
        )
    };
    if layers == 0 {
        return Err(missing("weights W1"));
    }
    for (word, what) in [(Word::X, "inputs X"), (Word::Y, "labels y")] {
        if found.first(word).is_none() {
            return Err(missing(what));
        }
    }
    let wanted = Found::text(arrays, Word::LossName).and_then(|name| name.parse::<Loss>().ok());
    let layout = layout(&found, wanted)?;
    batch::layouts(arrays, &found, layout)?
        .into_iter()
        .map(|layout| case(arrays, &found, layout, ignored.clone()))
        .collect()
}

/// An array of at most two axes as a matrix; vectors are rows.
fn matrix(shape: &[usize], values: &[f64]) -> Option<Array2<f64>> {
    let dim = match shape {
        [] => (1, 1),
        [n] => (1, *n),
        [n, m] => (*n, *m),
        _ => return None,
    };
    (dim.0 > 0 && dim.1 > 0).then(|| Array2::from_shape_vec(dim, values.to_vec()).ok()).flatten()
}

/// `(3, 4)`, `(5,)`, `()`: as NumPy prints shapes.
#[must_use]
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        many => format!("({})", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn case(arrays: &[Array], found: &Found, layout: Layout, mut ignored: Vec<String>) -> Result<Case> {
    let layers = found.layers;
    let (mut w, mut b) = (vec![Array2::zeros((0, 0))], vec![Array2::zeros((0, 0))]);
    let mut names = BTreeMap::new();
    for l in 1..=layers {
        let Some((array, value)) = found.first(Word::W(l)) else { continue };
        names.insert(format!("w{l}"), array.name.clone());
        let value = if layout.out_in { value.t().to_owned() } else { value.clone() };
        if layout.bias[l] == Bias::Row {
            let value = if layout.ones == Ones::First { bias_last(&value) } else { value };
            w.push(value.slice(s![..-1, ..]).to_owned());
            b.push(value.slice(s![-1.., ..]).to_owned());
        } else {
            let mut bias = Array2::zeros((1, layout.sizes[l]));
            if let Some((array, value)) = found.first(Word::B(l)) {
                if value.len() != layout.sizes[l] {
                    let text = format!("has shape {}", shape_text(&array.shape));
                    return Err(Error::new(ErrorKind::Shape, text)
                        .name(array.name.clone())
                        .hint(format!("({0},) or (1, {0}) would fit", layout.sizes[l])));
                }
                names.insert(format!("b{l}"), array.name.clone());
                bias.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
            }
            w.push(value);
            b.push(bias);
        }
    }
    for (word, name) in [("x", &layout.names.0), ("y", &layout.names.1)] {
        let before = if layout.columns && word == "x" { ":, " } else { "" };
        let name =
            layout.rows.as_ref().map_or_else(|| name.clone(), |rows| format!("{name}[{before}{rows}]"));
        names.insert(word.to_owned(), name);
    }
    ignored.retain(|name| layout.rows.as_ref() != Some(name));

    let mut given = BTreeMap::new();
    for ((derivative, word), values) in &found.of {
        for (nth, found) in values.iter().enumerate() {
            let array = found.0;
            let Some(quantity) = quantity(*derivative, *word, layers) else {
                let inputs = matches!(word, Word::X | Word::Y)
                    && (array.name != layout.names.0 && array.name != layout.names.1);
                let parameters =
                    matches!(word, Word::W(_) | Word::B(_)) && (nth > 0 || !within(*word, layers));
                if *derivative || inputs || parameters || matches!(word, Word::Z(_) | Word::A(_)) {
                    ignored.push(array.name.clone());
                }
                continue;
            };
            let value = canonical(&layout, quantity, found);
            // One number a step is a history, not this pass's loss.
            if given.contains_key(&quantity) || (quantity == Quantity::Loss && value.len() > 1) {
                ignored.push(array.name.clone());
                continue;
            }
            let one = |value| Given { name: array.name.clone(), shape: array.shape.clone(), value };
            if let Quantity::Dw(l) = quantity
                && layout.bias[l] == Bias::Row
                && fits(&layout, quantity, &value)
            {
                given.insert(quantity, one(value.slice(s![..-1, ..]).to_owned()));
                given.insert(Quantity::Db(l), one(value.slice(s![-1.., ..]).to_owned()));
                continue;
            }
            given.insert(quantity, one(value));
        }
    }
    if let (false, Some(data)) = (given.contains_key(&Quantity::Loss), found.number(Word::DataLoss))
        && let Some((array, _)) = found.first(Word::DataLoss)
    {
        let value = Array2::from_elem((1, 1), data + found.number(Word::Penalty).unwrap_or(0.0));
        given.insert(Quantity::Loss, Given { name: array.name.clone(), shape: vec![], value });
    }
    if given.is_empty() {
        return Err(Error::new(ErrorKind::Data, "found nothing that you computed").hint(
            "add any of h11 h12 f probs loss dL_df dL_dW2 dL_dh12 dL_dh11 dL_dW1, or z1 a1 logits dw1 ..",
        ));
    }

    let reg = found.number(Word::Reg);
    let trick = layout.bias.contains(&Bias::Row);
    let over = match Found::text(arrays, Word::Regularize) {
        Some("all") => Penalized::All,
        Some("weights") => Penalized::Weights,
        _ if trick => Penalized::All,
        _ => Penalized::Weights,
    };
    let named = Found::text(arrays, Word::Activation);
    let activation = named
        .and_then(|name| Activation::list(name).ok())
        .or_else(|| seen_activation(&given, layers).map(|one| vec![one]));
    let unknown = activation.is_none();
    let penalty = Penalty { reg: reg.filter(|reg| *reg >= 0.0 && reg.is_finite()).unwrap_or(0.0), over };
    let loss = layout.labels.loss;
    let activations = match activation {
        Some(each) if each.len() == layers - 1 => each,
        Some(one) => vec![one[0]; layers - 1],
        None => vec![Activation::Relu; layers - 1],
    };
    let network = Network { sizes: layout.sizes.clone(), activations, loss, penalty };
    let mut case = Case {
        network,
        x: layout.x.clone(),
        target: layout.labels.target.clone(),
        classes: layout.labels.classes.clone(),
        w,
        b,
        bias: layout.bias.clone(),
        given,
        step: found.number(Word::Step).filter(|step| *step > 0.0),
        tolerance: 2e-7,
        habit: habit(arrays),
        names,
        turned: (layout.columns, layout.out_in),
        x_has_ones: layout.ones != Ones::Absent,
        rows: layout.rows.clone(),
        activation_assumed: unknown && layers > 1,
        understood: Vec::new(),
        warnings: Vec::new(),
        ignored,
    };
    say(&mut case, arrays, &layout, reg);
    Ok(case)
}

fn within(word: Word, layers: usize) -> bool {
    matches!(word, Word::W(l) | Word::B(l) if l <= layers)
}

/// What was understood, and what may surprise.
fn say(case: &mut Case, arrays: &[Array], layout: &Layout, reg: Option<f64>) {
    let used = |array: &&Array| meaning(&array.name).is_some() && !case.ignored.contains(&array.name);
    let stored = |array: &Array| match &array.values {
        Values::Numbers(_, stored) => Some(*stored),
        _ => None,
    };
    let wide = |array: &Array| array.shape.iter().product::<usize>() > 1;
    if arrays.iter().filter(used).any(|array| wide(array) && stored(array) == Some(Stored::Single)) {
        // 24 bits, and sums of a few hundred products.
        case.tolerance = 1e-4;
        case.understood.push("float32: numbers are compared to 4 digits".to_owned());
    }
    let whole: Vec<String> = arrays
        .iter()
        .filter(used)
        .filter(|a| wide(a) && stored(a) == Some(Stored::Whole) && meaning(&a.name) != Some((false, Word::Y)))
        .map(|array| array.name.clone())
        .collect();
    if !whole.is_empty() {
        case.warnings.push(format!(
            "{} holds whole numbers: np.zeros_like of it is whole too, and results written into that are cut off; \
             use .astype(float)",
            whole.join(", ")
        ));
    }
    let trick = layout.bias.contains(&Bias::Row);
    let mut add = |words: &str| case.understood.push(words.to_owned());
    match (trick, layout.ones) {
        (true, Ones::First) => add("the bias is the first row of W (X has its ones first)"),
        (true, Ones::Last) => add("the bias is the last row of W (X carries its ones)"),
        (true, Ones::Absent) => add("the bias is the last row of W (X has no ones, they are added)"),
        _ if layout.bias[1..].contains(&Bias::Separate) => add("the biases stand apart from W"),
        _ => add("there are no biases"),
    }
    if layout.columns {
        add("samples are columns, (D, N)");
    }
    if layout.out_in {
        add("weights are (fan_out, fan_in)");
    }
    if let Some(rows) = &layout.rows {
        let words =
            format!("the stages are of {} rows of {}, those in {rows}", layout.x.nrows(), layout.names.0);
        add(&words);
    }
    if layout.labels.from_one {
        add("classes are counted from 1");
    }
    if reg.is_none() {
        case.warnings.push("reg is not in the file: 0 is assumed".to_owned());
    }
    case.ignored.sort();
    let no_side: Vec<&str> =
        case.ignored.iter().map(String::as_str).filter(|name| says_no_side(name)).collect();
    if !no_side.is_empty() {
        case.warnings.push(format!(
            "{}: the INPUT of the nonlinearity or its OUTPUT? Save it as z1 or a1, and dz1 or da1",
            no_side.join(", ")
        ));
    }
}

/// The activation that leads from the person's z to their a.
fn seen_activation(given: &BTreeMap<Quantity, Given>, layers: usize) -> Option<Activation> {
    (1..layers).find_map(|l| {
        let (z, a) = (&given.get(&Quantity::Z(l))?.value, &given.get(&Quantity::A(l))?.value);
        if z == a {
            return None; // one buffer, which says nothing
        }
        Activation::ALL.into_iter().find(|f| same(a, &z.mapv(|z| f.value(z)), 1e-4, 0.0))
    })
}

/// Whose names the person uses.
fn habit(arrays: &[Array]) -> Habit {
    let has = |test: &dyn Fn(&str) -> bool| arrays.iter().any(|array| test(&array.name));
    let quantity = |name: &str, letters: &[char]| {
        let rest = name.trim_end_matches(|c: char| c.is_ascii_digit());
        rest.len() < name.len() && rest.len() <= 2 && rest.ends_with(letters)
    };
    if has(&|name| name.starts_with("dL_d") || matches!(name, "h11" | "h12")) {
        Habit::Notebook
    } else if has(&|name| quantity(name, &['Z', 'A', 'W'])) {
        Habit::Upper
    } else {
        Habit::Design
    }
}
