//! What in a table may be wrong, so that a person should look: columns that give the answer away, numbers that
//! stand for a missing value, a value far from all others.

use super::coding::{Coding, Input};
use super::limits::{Far, limited};
use super::numbers::short;
use super::rows::counts;
use super::{Answers, Column, Numbers, Table};
use crate::decision::Decision;
use std::collections::{BTreeMap, HashMap};

/// So many rows are looked at for columns that give the answer away.
const SAMPLE: usize = 4000;

/// Numbers that people write for a missing value.
const SENTINELS: [f64; 12] =
    [-1.0, -9.0, -99.0, -999.0, -9999.0, -99_999.0, -999_999.0, 99.0, 999.0, 9999.0, 99_999.0, 999_999.0];

/// What is suspicious in the training rows.
pub(super) fn of(table: &Table, answers: &Answers, inputs: &[Input], rows: &[u32]) -> Vec<Decision> {
    let columns: HashMap<&str, &Column> =
        table.columns().iter().map(|(name, column)| (name.as_str(), column)).collect();
    let step = rows.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<u32> = rows.iter().copied().step_by(step).collect();
    let target = match answers.columns() {
        [name] => columns.get(name.as_str()).copied(),
        _ => None,
    };
    let mut decisions = Vec::new();
    for Input { column: name, coding } in inputs {
        let Some(column) = columns.get(name.as_str()) else { continue };
        if let Column::Numbers(numbers) = column {
            decisions.extend(sentinel(numbers, rows).map(|one| one.column(name)));
            let range = match coding {
                Coding::Number { range, .. } => *range,
                Coding::Words { .. } | Coding::Date { .. } => None,
            };
            decisions.extend(far(table, (numbers, range), rows).map(|one| one.column(name)));
        }
        if let Some(target) = target {
            let classes = matches!(answers, Answers::Classes { .. });
            decisions.extend(
                leak(column, target, classes, &sample).map(|one| one.column(name).overrule("drop", name)),
            );
        }
    }
    decisions
}

/// A number like -999 at the end of a column, far from the rest.
fn sentinel(numbers: &Numbers, rows: &[u32]) -> Option<Decision> {
    let values = || rows.iter().map(|&row| numbers.get(row as usize)).filter(|value| !value.is_nan());
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    for value in [low, high].into_iter().filter(|value| SENTINELS.contains(value)) {
        let (mut n, mut next_low, mut next_high) = (0usize, f64::INFINITY, f64::NEG_INFINITY);
        for other in values() {
            if other == value {
                n += 1;
            } else {
                (next_low, next_high) = (next_low.min(other), next_high.max(other));
            }
        }
        let gap = if value == low { next_low - value } else { value - next_high };
        let alone =
            gap > 2.0 * (next_high - next_low) || (value == -1.0 && next_low >= 0.0 && next_high > 5.0);
        if n >= 2 && alone && next_low < next_high {
            let what = format!("{value} may stand for a missing value");
            let why = format!(
                "{n} rows have it, the others lie between {} and {}",
                short(next_low),
                short(next_high)
            );
            let decision = Decision::new("sentinel", what, why).overrule("missing", value.to_string());
            return Some(decision.warning());
        }
    }
    None
}

/// A few values far from all others, and what they are taken as within the range of the others.
fn far(table: &Table, (numbers, range): (&Numbers, Option<(f64, f64)>), rows: &[u32]) -> Option<Decision> {
    let mut values: Vec<f64> =
        rows.iter().map(|&row| numbers.get(row as usize)).filter(|value| !value.is_nan()).collect();
    let far = Far::of(&mut values)?;
    let row = rows.iter().map(|&row| row as usize).find(|&row| far.is(numbers.get(row)))?;
    let what = match far.count {
        1 => "one value is far from all others".to_owned(),
        n => format!("{n} values are far from all others"),
    };
    let taken = range
        .map_or_else(String::new, |range| format!(", taken as {}", short(limited(range, numbers.get(row)))));
    let why = format!(
        "{} in row {}{taken}; half of them lie within {} of {}",
        short(numbers.get(row)),
        table.line(row),
        short(far.spread),
        short(far.median)
    );
    Some(Decision::new("far", what, why).warning())
}

/// A column that tells the answer by itself.
fn leak(column: &Column, target: &Column, classes: bool, rows: &[u32]) -> Option<Decision> {
    if rows.len() < 20 {
        return None;
    }
    let warn = |what: &str, why: String| Some(Decision::new("leak", what, why).warning());
    if let (Column::Numbers(x), Column::Numbers(y), false) = (column, target, classes) {
        let r = correlation(x, y, rows)?;
        let why = format!("its correlation with the answers is {}", short(r));
        return if r.abs() > 0.999_999 { warn("may give the answer away", why) } else { None };
    }
    if !classes {
        return None;
    }
    let class: Vec<String> = rows.iter().map(|&row| target.text(row as usize)).collect();
    let different = class.iter().collect::<std::collections::BTreeSet<_>>().len();
    let counting = counts(column);
    if let Column::Numbers(x) = column {
        // In the order of the column the classes stand in one run each.
        let mut order: Vec<usize> =
            (0..rows.len()).filter(|&i| !column.is_missing(rows[i] as usize)).collect();
        order.sort_by(|&a, &b| x.get(rows[a] as usize).total_cmp(&x.get(rows[b] as usize)));
        let changes = order.windows(2).filter(|pair| class[pair[0]] != class[pair[1]]);
        let strict =
            changes.clone().all(|pair| x.get(rows[pair[0]] as usize) < x.get(rows[pair[1]] as usize));
        let changes = changes.count();
        if order.len() >= 20 && strict && changes + 1 == different && different * 5 <= order.len() {
            let why = match counting {
                true => "it counts the rows, and the answers are sorted by it".to_owned(),
                false => "it alone separates the classes".to_owned(),
            };
            return warn("may give the answer away", why);
        }
        if counting {
            return Some(Decision::new("counter", "counts the rows like an ID, and is learnt from", ""));
        }
    }
    // One answer for each value.
    let mut answers: BTreeMap<String, &String> = BTreeMap::new();
    for (&row, class) in rows.iter().zip(&class) {
        if *answers.entry(column.text(row as usize)).or_insert(class) != class {
            return None;
        }
    }
    let found = answers.len();
    if found * 4 > rows.len() || found < 2 {
        return None;
    }
    warn("may give the answer away", format!("each of its {found} values has one answer"))
}

fn correlation(x: &Numbers, y: &Numbers, rows: &[u32]) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = rows
        .iter()
        .map(|&row| (x.get(row as usize), y.get(row as usize)))
        .filter(|(x, y)| !x.is_nan() && !y.is_nan())
        .collect();
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (mx, my) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        (xy, xx, yy) = (xy + (x - mx) * (y - my), xx + (x - mx).powi(2), yy + (y - my).powi(2));
    }
    let r = xy / (xx * yy).sqrt();
    (pairs.len() >= 20 && r.is_finite()).then_some(r)
}
