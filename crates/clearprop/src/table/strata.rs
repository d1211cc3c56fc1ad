//! What kind of answer a row has, so that each part of the rows gets its share of every kind.

use super::answers::choose;
use super::{Column, Table, Words};
use crate::loss::Loss;
use std::collections::HashMap;

/// Bins of numbers, by size, and the rows that a bin has at least.
const BINS: usize = 10;
const BIN: usize = 8;

/// For each of `rows` the number of its stratum: its class, or how large its answer is among the others;
/// words that differ by case or blanks alone are one if it `joins`; all the same where the answers are several columns of numbers, or cannot be learnt from.
pub(crate) fn strata(
    table: &Table,
    targets: &[String],
    (loss, joins): (Option<Loss>, bool),
    rows: &[u32],
) -> Vec<u32> {
    let columns: Option<Vec<&Column>> = targets.iter().map(|name| table.get(name)).collect();
    let Some(columns) = columns.filter(|columns| !columns.is_empty()) else { return vec![0; rows.len()] };
    let loss = loss.unwrap_or_else(|| choose(targets, &columns).0);
    match (columns.as_slice(), loss) {
        ([Column::Words(words)], _) => {
            let joined = joins.then(|| words.joined());
            let codes = joined.as_ref().unwrap_or(words).codes();
            let code = |&row: &u32| codes[row as usize];
            rows.iter().map(code).map(|code| if code == Words::MISSING { 0 } else { code + 1 }).collect()
        }
        ([Column::Numbers(numbers)], Loss::Softmax | Loss::Logistic) => {
            let mut classes = HashMap::new();
            let mut class = |row: u32| {
                let next = classes.len();
                *classes.entry(numbers.get(row as usize).to_bits()).or_insert(next)
            };
            rows.iter().map(|&row| u32::try_from(class(row)).unwrap_or(0)).collect()
        }
        ([column], _) => {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|&a, &b| column.compare(rows[a] as usize, rows[b] as usize));
            let bins = (rows.len() / BIN).clamp(1, BINS);
            let mut strata = vec![0; rows.len()];
            for (i, place) in order.into_iter().enumerate() {
                strata[place] = u32::try_from(i * bins / rows.len()).unwrap_or(0);
            }
            strata
        }
        (several, Loss::Logistic) => {
            let mut kinds = HashMap::new();
            let mut kind = |row: u32| {
                let labels: Vec<String> = several.iter().map(|column| column.text(row as usize)).collect();
                let next = kinds.len();
                *kinds.entry(labels).or_insert(next)
            };
            rows.iter().map(|&row| u32::try_from(kind(row)).unwrap_or(0)).collect()
        }
        _ => vec![0; rows.len()],
    }
}
