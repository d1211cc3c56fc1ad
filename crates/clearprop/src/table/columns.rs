//! What is learnt from one column: how its values become inputs, or why it is left out.

use super::encoder::{Coding, Learn, MAX_CATEGORIES};
use super::{Column, Table, Words};
use crate::error::{Error, ErrorKind, Result};

/// Learns a number column, or says why it is dropped.
pub(super) fn numbers(
    table: &Table,
    name: &str,
    column: &Column,
    learn: &Learn<'_>,
    notes: &mut Vec<String>,
) -> Result<std::result::Result<Coding, String>> {
    let Column::Numbers(numbers) = column else { return Ok(Err("words".into())) };
    if let Some(row) = (0..numbers.len()).find(|&row| numbers.get(row).is_infinite()) {
        return Err(infinite(table, name, row));
    }
    let mut values: Vec<f64> = learn.rows.iter().map(|&row| numbers.get(row as usize)).collect();
    let median = median(&values);
    let absent = values.iter().filter(|value| value.is_nan()).count();
    let Some(median) = median else {
        notes.push(format!("column '{name}': dropped, it has no value in the training rows"));
        return Ok(Err("constant".into()));
    };
    values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = median);
    if values.iter().all(|value| *value == values[0]) {
        notes.push(format!("column '{name}': dropped, it is always {}", short(median)));
        return Ok(Err("constant".into()));
    }
    if absent > 0 {
        let rows = values.len();
        notes.push(format!(
            "column '{name}': {absent} of {rows} values are missing, filled with the median {}",
            short(median)
        ));
    }
    // 1, 2, 3, .. down the whole table.
    let counts = |row: usize| numbers.get(row) == numbers.get(0) + row as f64;
    if numbers.len() >= 20 && (0..numbers.len()).all(counts) {
        notes.push(format!("column '{name}': counts the rows like an ID; `drop={name}` leaves it out"));
    }
    let (mean, scale) = if learn.standardise { moments(&values) } else { (0.0, 1.0) };
    Ok(Ok(Coding::Number { median, mean, scale }))
}

/// Learns a word column, or says why it is dropped.
pub(super) fn one_hot(
    name: &str,
    words: &Words,
    rows: &[u32],
    notes: &mut Vec<String>,
) -> std::result::Result<Coding, String> {
    let mut count = vec![0usize; words.known().len()];
    let mut missing = 0;
    for &row in rows {
        match words.codes()[row as usize] {
            Words::MISSING => missing += 1,
            code => count[code as usize] += 1,
        }
    }
    let mut seen: Vec<(usize, &String)> = count
        .iter()
        .zip(words.known())
        .filter(|(count, _)| **count > 0)
        .map(|(n, word)| (*n, word))
        .collect();
    let present = rows.len() - missing;
    if seen.len() + usize::from(missing > 0) < 2 {
        let always = seen.first().map_or("missing".to_owned(), |(_, word)| format!("\"{word}\""));
        notes.push(format!("column '{name}': dropped, it is always {always}"));
        return Err("constant".into());
    }
    let dates = seen.iter().filter(|(_, word)| looks_like_date(word)).count() * 10 > seen.len() * 9;
    let like = if dates { "dates" } else { "an ID or free text" };
    let numbers: usize =
        seen.iter().filter(|(_, word)| looks_like_number(word)).map(|(count, _)| count).sum();
    if let Some((_, odd)) = seen.iter().find(|(_, word)| word.parse::<f64>().is_err())
        && numbers * 2 > present
        && !dates
    {
        notes.push(format!(
            "column '{name}': most words look like numbers, but not all are: \"{odd}\"; write 1234.5 (`decimal_comma` reads 1234,5), leave unknown ones empty"
        ));
    }
    if present >= 20 && seen.len() * 2 > present {
        notes.push(format!(
            "column '{name}': dropped, {} different words in {present} rows look like {like}",
            seen.len()
        ));
        return Err("distinct words".into());
    }
    if dates {
        notes.push(format!(
            "column '{name}': looks like dates, taken as words; numbers (year, month) say more"
        ));
    }
    let others = seen.len() > MAX_CATEGORIES;
    if others {
        notes.push(format!(
            "column '{name}': {} categories, the {MAX_CATEGORIES} most frequent have their own input, the others share one",
            seen.len()
        ));
        seen.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        seen.truncate(MAX_CATEGORIES);
    }
    let mut categories: Vec<String> = seen.into_iter().map(|(_, word)| word.clone()).collect();
    categories.sort();
    if missing > 0 {
        notes.push(format!(
            "column '{name}': {missing} of {} values are missing, a category of their own",
            rows.len()
        ));
    }
    Ok(Coding::Words { categories, others, missing: missing > 0 })
}

pub(super) fn infinite(table: &Table, name: &str, row: usize) -> Error {
    Error::new(ErrorKind::Data, "found an infinite number")
        .row(table.line(row))
        .column(name)
        .hint("only finite numbers can be learnt from: mend the cell, or leave it empty")
}

/// `2024-05-31`, `31.5.2024`, `5/31/24`: three groups of digits with one kind of sign between.
fn looks_like_date(word: &str) -> bool {
    let day = word.split([' ', 'T']).next().unwrap_or_default();
    ['-', '.', '/'].into_iter().any(|sign| {
        let parts: Vec<&str> = day.split(sign).collect();
        parts.len() == 3
            && parts
                .iter()
                .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// `1,234.50`, `12 %`, `$ 5`: digits, and signs that people write around them.
fn looks_like_number(word: &str) -> bool {
    let sign = |c: char| c.is_whitespace() || ".,'%+-$\u{20ac}\u{a3}".contains(c);
    word.contains(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || sign(c))
        && word.rfind('-').is_none_or(|at| at == 0)
}

/// A number as a note shows it, to six places.
fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Mean and population standard deviation.
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
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
