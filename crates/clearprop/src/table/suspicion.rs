//! What in a table may be wrong, so that a person should look: columns that give the answer away, numbers that
//! stand for a missing value, a value far from all others.

use super::coding::{Coding, Input};
use super::limits::{Far, limited};
use super::numbers::short;
use super::rows::counts;
use super::{Answers, Column, Numbers, Table};
use crate::decision::Decision;
use std::collections::HashMap;

/// So many rows are looked at for columns that give the answer away.
const SAMPLE: usize = 4000;

/// From this correlation on one column is the other in other units, rounded.
const SAME: f64 = 0.9999;

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
    let warn = |why: String| Some(Decision::new("leak", "may give the answer away", why).warning());
    let counter = || Some(Decision::new("counter", "counts the rows like an ID, and is learnt from", ""));
    if let (Column::Numbers(x), Column::Numbers(y), false) = (column, target, classes) {
        let pairs = pairs(x, y, rows);
        let r = correlation(&pairs)?;
        return match counts(column) {
            _ if r.abs() > SAME => warn(format!("its correlation with the answers is {}", short(r))),
            _ if follows(pairs) => warn("its order is that of the answers, without exception".to_owned()),
            true => counter(),
            false => None,
        };
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
            return warn(match counting {
                true => "it counts the rows, and the answers are sorted by it".to_owned(),
                false => "it alone separates the classes".to_owned(),
            });
        }
        if counting {
            return counter();
        }
    }
    alone(column, &class, rows).and_then(warn)
}

/// A column whose values, a missing one among them, have one answer each, or nearly.
fn alone(column: &Column, class: &[String], rows: &[u32]) -> Option<String> {
    let mut values: HashMap<String, HashMap<&str, usize>> = HashMap::new();
    let mut all: HashMap<&str, usize> = HashMap::new();
    for (&row, class) in rows.iter().zip(class) {
        *values.entry(column.text(row as usize)).or_default().entry(class).or_default() += 1;
        *all.entry(class).or_default() += 1;
        if values.len() * 4 > rows.len() {
            return None;
        }
    }
    let n = rows.len();
    let told: usize = values.values().filter_map(|answers| answers.values().max()).sum();
    // Of equal ones the first by its name.
    let (class, most) = all.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))?;
    let nearly = n >= 100 && values.len() * 10 <= n && told * 20 >= n * 19 && (n - told) * 5 <= n - most;
    let percent = |part: usize| (100.0 * part as f64 / n as f64).floor();
    match told {
        _ if values.len() < 2 => None,
        told if told == n => Some(format!("each of its {} values has one answer", values.len())),
        told if nearly => Some(format!(
            "it alone tells {} % of the answers, always saying \"{class}\" {} %",
            percent(told),
            percent(most)
        )),
        _ => None,
    }
}

/// The values of two columns where both are there.
fn pairs(x: &Numbers, y: &Numbers, rows: &[u32]) -> Vec<(f64, f64)> {
    rows.iter()
        .map(|&row| (x.get(row as usize), y.get(row as usize)))
        .filter(|(x, y)| !x.is_nan() && !y.is_nan())
        .collect()
}

/// Whether many different answers go up, or down, with a column, and equal values have equal answers.
fn follows(mut pairs: Vec<(f64, f64)>) -> bool {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let is = |way: fn(f64, f64) -> bool| {
        pairs
            .windows(2)
            .all(|two| if two[0].0 == two[1].0 { two[0].1 == two[1].1 } else { way(two[0].1, two[1].1) })
    };
    let steps = pairs.windows(2).filter(|two| two[0].1 != two[1].1).count();
    pairs.len() >= 20 && steps >= 10 && (is(|a, b| a <= b) || is(|a, b| a >= b))
}

fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (mx, my) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        (xy, xx, yy) = (xy + (x - mx) * (y - my), xx + (x - mx).powi(2), yy + (y - my).powi(2));
    }
    let r = xy / (xx * yy).sqrt();
    (pairs.len() >= 20 && r.is_finite()).then_some(r)
}
