//! Curves of scores against what is true: calibration, ROC, precision and recall.
//!
//! The same points as scikit-learn's `calibration_curve`, `roc_curve` and `precision_recall_curve`
//! (`drop_intermediate=True`), from the largest score down.

use serde::Serialize;

/// The rows whose scores fall into one of the equal parts of 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// The mean score of its rows.
    pub score: f64,
    /// The share of its rows that are positive: equal to the score where the scores are honest.
    pub share: f64,
    /// How many rows.
    pub rows: usize,
}

/// How often what is said with a probability is so: `bins` equal parts of 0 to 1, without the empty ones.
///
/// ```
/// use clearprop::metrics::calibration;
/// let bins = calibration(&[0.1, 0.2, 0.9], &[false, true, true], 2);
/// assert_eq!((bins[0].share, bins[0].rows, bins[1].share), (0.5, 2, 1.0));
/// ```
#[must_use]
pub fn calibration(scores: &[f64], positive: &[bool], bins: usize) -> Vec<Bin> {
    let mut sums = vec![(0.0, 0usize, 0usize); bins];
    for (&score, &is) in scores.iter().zip(positive) {
        // A score on an edge belongs below it.
        let above = (1..bins).filter(|&edge| edge as f64 / (bins as f64) < score).count();
        let (sum, right, rows) = &mut sums[above];
        (*sum, *right, *rows) = (*sum + score, *right + usize::from(is), *rows + 1);
    }
    let bin = |(sum, right, rows): (f64, usize, usize)| {
        (rows > 0).then(|| Bin { score: sum / rows as f64, share: right as f64 / rows as f64, rows })
    };
    sums.into_iter().filter_map(bin).collect()
}

/// A point of a curve over thresholds: everything with at least this score is called positive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Across: the share of false alarms (ROC), or the recall.
    pub x: f64,
    /// Upwards: the recall (ROC), or the precision.
    pub y: f64,
    /// The score; infinite where nothing is called positive.
    pub threshold: f64,
}

/// For each threshold, how many rows at least as high are positive, and how many are not.
fn counts(scores: &[f64], positive: &[bool]) -> Vec<(f64, usize, usize)> {
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(positive.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut wrong) = (0, 0);
    let step = |equal: &[(f64, bool)]| {
        let found = equal.iter().filter(|(_, is)| *is).count();
        (right, wrong) = (right + found, wrong + equal.len() - found);
        (equal[0].0, right, wrong)
    };
    order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()).map(step).collect()
}

/// The ROC curve from (0, 0) to (1, 1): the share of the negative rows that are called positive, and the
/// share of the positive ones.  Corners alone; empty without rows of both kinds.
#[must_use]
pub fn roc(scores: &[f64], positive: &[bool]) -> Vec<Point> {
    let mut counts = counts(scores, positive);
    let Some(&(_, all, others)) = counts.last() else { return Vec::new() };
    if all == 0 || others == 0 {
        return Vec::new();
    }
    counts.insert(0, (f64::INFINITY, 0, 0));
    let step = |pair: &[(f64, usize, usize)]| (pair[1].1 - pair[0].1, pair[1].2 - pair[0].2);
    let corner =
        |i: usize| i == 0 || i + 1 == counts.len() || step(&counts[i - 1..=i]) != step(&counts[i..=i + 1]);
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    (0..counts.len())
        .filter(|&i| corner(i))
        .map(|i| (counts[i].0, share(counts[i].1, all), share(counts[i].2, others)))
        .map(|(threshold, y, x)| Point { x, y, threshold })
        .collect()
}

/// The curve of recall and precision, from (0, 1), where nothing is called positive, to where everything is.
/// Without the thresholds between two that find as many; empty without a positive row.
#[must_use]
pub fn precision_recall(scores: &[f64], positive: &[bool]) -> Vec<Point> {
    let counts = counts(scores, positive);
    let all = counts.last().map_or(0, |last| last.1);
    if all == 0 {
        return Vec::new();
    }
    let needed = |i: usize| {
        let changes = |a: usize, b: usize| counts[a].1 != counts[b].1;
        i == 0 || i + 1 == counts.len() || changes(i - 1, i) || changes(i, i + 1)
    };
    let point = |&(threshold, right, wrong): &(f64, usize, usize)| Point {
        x: right as f64 / all as f64,
        y: right as f64 / (right + wrong) as f64,
        threshold,
    };
    let start = Point { x: 0.0, y: 1.0, threshold: f64::INFINITY };
    let rest = (0..counts.len()).filter(|&i| needed(i)).map(|i| point(&counts[i]));
    std::iter::once(start).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty scores with ties, and which of their rows are positive:
    /// `i = arange(40); s = (i * 37 % 41 // 4) / 10; y = (i * i * 7 + 3 * i) % 11 + 8 * s > 8`.
    fn rows() -> (Vec<f64>, Vec<bool>) {
        let score = |i: u32| f64::from(i * 37 % 41 / 4) / 10.0;
        let positive = |i: u32| f64::from((i * i * 7 + 3 * i) % 11) + 8.0 * score(i) > 8.0;
        ((0..40).map(score).collect(), (0..40).map(positive).collect())
    }

    #[track_caller]
    fn same(found: &[(f64, f64)], expected: &[(f64, f64)]) {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-11;
        let all = found.iter().zip(expected).all(|(a, b)| near(a.0, b.0) && near(a.1, b.1));
        assert!(all && found.len() == expected.len(), "{found:?}\n{expected:?}");
    }

    #[test]
    fn curves_are_those_of_scikit_learn() {
        let (scores, positive) = rows();
        // calibration_curve(y, s, n_bins=4)
        let bins = calibration(&scores, &positive, 4);
        same(
            &bins.iter().map(|bin| (bin.score, bin.share)).collect::<Vec<_>>(),
            &[(0.1, 0.272727272727), (0.4, 0.333333333333), (0.65, 0.5), (0.866666666667, 0.444444444444)],
        );
        assert_eq!(bins.iter().map(|bin| bin.rows).sum::<usize>(), 40);
        // roc_curve(y, s): of 25 and of 15 rows.
        let counts = [0, 1, 2, 5, 6, 9, 11, 20, 22, 25].into_iter().zip([0, 0, 3, 4, 7, 8, 10, 13, 14, 15]);
        let expected: Vec<_> = counts.map(|(x, y)| (f64::from(x) / 25.0, f64::from(y) / 15.0)).collect();
        let found = roc(&scores, &positive);
        same(&found.iter().map(|point| (point.x, point.y)).collect::<Vec<_>>(), &expected);
        assert_eq!((found[0].threshold, found[1].threshold), (f64::INFINITY, 1.0));
        // precision_recall_curve(y, s, drop_intermediate=True), turned round.
        let precisions = [
            1.0,
            0.0,
            0.6,
            0.444444444444,
            0.538461538462,
            0.470588235294,
            0.476190476190,
            0.44,
            0.413793103448,
            0.393939393939,
            0.388888888889,
            0.375,
        ];
        let recalls = [0, 0, 3, 4, 7, 8, 10, 11, 12, 13, 14, 15].map(|found| f64::from(found) / 15.0);
        let expected: Vec<_> = recalls.into_iter().zip(precisions).collect();
        let found = precision_recall(&scores, &positive);
        same(&found.iter().map(|point| (point.x, point.y)).collect::<Vec<_>>(), &expected);
    }

    #[test]
    fn one_kind_of_rows_gives_no_curve() {
        assert!(roc(&[0.1, 0.9], &[true, true]).is_empty() && roc(&[], &[]).is_empty());
        assert!(precision_recall(&[0.1], &[false]).is_empty());
    }
}
