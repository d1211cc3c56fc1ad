//! What is learnt from one column: how its values become inputs, or why it is left out.

use super::coding::{Coding, DateInput, MAX_CATEGORIES, infinite};
use super::dates::DatePart;
use super::limits::{Far, limited};
use super::numbers::short;
use super::words::folded;
use super::{Column, Dates, Numbers, Table, Words};
use crate::decision::Decision;
use crate::error::Result;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// What becomes of a column in which the training rows have nothing.
const WITHOUT_VALUE: &str = "dropped, without a value in the training rows";

/// How a column is coded, or the reason why it is dropped.
pub(super) type Fitted = std::result::Result<Coding, &'static str>;

/// Learns a column from the rows `rows`; what is decided goes to `decisions`.
pub(super) fn fit(
    table: &Table,
    name: &str,
    column: &Column,
    (rows, standardise, compact): (&[u32], bool, bool),
    decisions: &mut Vec<Decision>,
) -> Result<Fitted> {
    let mut about = |decision: Decision| decisions.push(decision.column(name));
    Ok(match column {
        Column::Numbers(column) => {
            if let Some(row) = (0..column.len()).find(|&row| column.get(row).is_infinite()) {
                return Err(infinite(table, name, row));
            }
            numbers(column, rows, standardise, &mut about)
        }
        Column::Words(words) => one_hot(words, (rows, compact), &mut about),
        Column::Dates(column) => dates(column, rows, standardise, &mut about),
    })
}

fn numbers(column: &Numbers, rows: &[u32], standardise: bool, about: &mut impl FnMut(Decision)) -> Fitted {
    let mut values: Vec<f64> = rows.iter().map(|&row| column.get(row as usize)).collect();
    let absent = values.iter().filter(|value| value.is_nan()).count();
    let Some(median) = median(&values) else {
        about(Decision::new("constant", WITHOUT_VALUE, ""));
        return Err("constant");
    };
    let far = Far::of(&mut values.iter().copied().filter(|value| !value.is_nan()).collect::<Vec<_>>());
    values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = median);
    let (low, high) = range(values.iter().copied());
    if low == high {
        about(Decision::new("constant", "dropped, always the same", short(median)));
        return Err("constant");
    }
    if absent > 0 {
        let why = format!("{absent} of {} values, median {}", values.len(), short(median));
        about(Decision::new("filled", "missing values are filled with the median", why));
    }
    let form = column.form().clone();
    if !standardise {
        return Ok(Coding::Number { median, mean: 0.0, scale: 1.0, range: None, form });
    }
    let near = match far {
        Some(far) => range(values.iter().copied().filter(|&value| !far.is(value))),
        None => (low, high),
    };
    values.iter_mut().for_each(|value| *value = limited(near, *value));
    let (mean, scale) = moments(&values);
    Ok(Coding::Number { median, mean, scale, range: Some(near), form })
}

fn one_hot(words: &Words, (rows, compact): (&[u32], bool), about: &mut impl FnMut(Decision)) -> Fitted {
    let mut count = vec![0usize; words.known().len()];
    let mut missing = 0;
    for &row in rows {
        match words.codes()[row as usize] {
            Words::MISSING => missing += 1,
            code => count[code as usize] += 1,
        }
    }
    let mut seen: Vec<(usize, &str)> = count
        .iter()
        .zip(words.known())
        .filter(|(count, _)| **count > 0)
        .map(|(n, word)| (*n, word))
        .collect();
    let present = rows.len() - missing;
    if seen.len() + usize::from(missing > 0) < 2 {
        about(match seen.first() {
            Some((_, word)) => Decision::new("constant", "dropped, always the same", format!("\"{word}\"")),
            None => Decision::new("constant", WITHOUT_VALUE, ""),
        });
        return Err("constant");
    }
    if present >= 20 && seen.len() * 2 > present {
        let why = format!("{} different words in {present} rows", seen.len());
        about(Decision::new("distinct", "dropped, like an ID or free text", why));
        return Err("distinct words");
    }
    alike(seen.iter().map(|(_, word)| *word), ["words", "categories"]).into_iter().for_each(&mut *about);
    let others = seen.len() > MAX_CATEGORIES;
    if others {
        let what = format!(
            "the {MAX_CATEGORIES} most frequent categories have their own input, the others share one"
        );
        about(Decision::new("categories", what, format!("{} categories", seen.len())));
        seen.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        seen.truncate(MAX_CATEGORIES);
    }
    let mut categories: Vec<String> = seen.into_iter().map(|(_, word)| word.to_owned()).collect();
    categories.sort();
    if missing > 0 {
        let why = format!("{missing} of {} values", rows.len());
        let what = match compact {
            true => "missing values are 0 in all inputs of their column",
            false => "missing values are a category of their own",
        };
        about(Decision::new("filled", what, why));
    }
    Ok(Coding::Words { categories, others, missing: missing > 0, compact })
}

fn dates(dates: &Dates, rows: &[u32], standardise: bool, about: &mut impl FnMut(Decision)) -> Fitted {
    let mut values: Vec<f64> = rows.iter().map(|&row| dates.get(row as usize)).collect();
    let absent = values.iter().filter(|value| value.is_nan()).count();
    let Some(median) = median(&values) else {
        about(Decision::new("constant", WITHOUT_VALUE, ""));
        return Err("constant");
    };
    values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = median);
    let mut parts = Vec::new();
    for part in DatePart::ALL {
        // A time of a day may also say how long something took.
        if !matches!(part, DatePart::Hour | DatePart::Days) && !dates.form().has_day() {
            continue;
        }
        let of_part: Vec<f64> = values.iter().map(|&value| part.value(value)).collect();
        let (low, high) = range(of_part.iter().copied());
        if low < high {
            let linear = standardise && !part.is_cyclic();
            let (mean, scale) = if linear { moments(&of_part) } else { (0.0, 1.0) };
            parts.push(DateInput { part, mean, scale });
        }
    }
    if parts.is_empty() {
        about(Decision::new("constant", "dropped, always the same", ""));
        return Err("constant");
    }
    let names: Vec<&str> = parts.iter().map(|input| input.part.name()).collect();
    about(Decision::new("parts", "dates become numbers", names.join(", ")));
    if absent > 0 {
        let why = format!("{absent} of {} values", values.len());
        about(Decision::new("filled", "missing dates are filled with the median", why));
    }
    Ok(Coding::Date { form: dates.form().clone(), median, parts })
}

/// Two words that differ by case or blanks alone; what they are called, and what they become.
pub(super) fn alike<'w>(words: impl Iterator<Item = &'w str>, [they, kind]: [&str; 2]) -> Option<Decision> {
    let (hasher, mut seen) = (RandomState::new(), HashTable::<(u64, &str)>::new());
    for word in words {
        let this = folded(word);
        let hash = hasher.hash_one(&this);
        if let Some((_, one)) = seen.find(hash, |(other, before)| *other == hash && folded(before) == this) {
            let what = format!("{they} differ by case or blanks alone");
            let why = format!("\"{one}\" and \"{word}\" are two {kind}");
            return Some(Decision::new("alike", what, why).warning().overrule("alike", "join"));
        }
        seen.insert_unique(hash, (hash, word), |(hash, _)| *hash);
    }
    None
}

/// The least and the greatest value.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// Mean and population standard deviation; not 0 unless all values are equal.
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let mean = if mean.is_finite() { mean } else { values.iter().map(|value| value / n).sum() };
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    if variance.is_normal() {
        return (mean, variance.sqrt());
    }
    // The squares are beyond what a double holds; those of the shares of the greatest are not.
    let greatest = values.iter().fold(0.0, |most: f64, value| most.max((value / 2.0 - mean / 2.0).abs()));
    if greatest == 0.0 {
        let (low, high) = range(values.iter().copied());
        return (mean, high - low);
    }
    let share = |value: f64| ((value / 2.0 - mean / 2.0) / greatest).powi(2);
    let scale = greatest * (values.iter().map(|&value| share(value)).sum::<f64>() / n).sqrt();
    (mean, (scale * 2.0).clamp(f64::from_bits(1), f64::MAX))
}

/// The median of the values that are not NaN.
fn median(values: &[f64]) -> Option<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    if values.is_empty() {
        return None;
    }
    let half = values.len() / 2;
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if values.len().is_multiple_of(2) => Some(lower / 2.0 + upper / 2.0),
        _ => Some(upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variance_beyond_doubles_is_still_one() {
        for unit in [1.0, 1e-200, 1e-310, 1e200, 1e308] {
            let (mean, scale) = moments(&[-unit, unit, -unit, unit]);
            assert!((mean / unit).abs() < 1e-9 && (scale / unit - 1.0).abs() < 1e-9, "{unit}: {scale}");
        }
        assert_eq!(moments(&[0.0; 3]).1, 0.0);
    }
}
