//! Rows of two numbers in clusters of neighbours, and the rectangles around these.

use crate::float::Float;

/// A rectangle around some rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cluster<R> {
    pub(crate) centre: [R; 2],
    /// Half of its sides, and the slack of the centre's rounding.
    pub(crate) reach: [R; 2],
}

/// How many rounding errors of the largest term a bound is larger.
pub(crate) const SLACK: f64 = 16.0;

/// An order of the rows `x` in which each `lanes` of them are neighbours.
pub(crate) fn neighbours<R: Float>(x: &[[R; 2]], lanes: usize) -> Vec<u32> {
    #[expect(clippy::cast_possible_truncation, reason = "few rows are clustered")]
    let mut order: Vec<u32> = (0..x.len() as u32).collect();
    split(x, &mut order, lanes);
    order
}

/// The rectangles around each `lanes` of the rows in this order.
pub(crate) fn clusters<R: Float>(x: &[[R; 2]], order: &[u32], lanes: usize) -> Vec<Cluster<R>> {
    order.chunks(lanes).map(|rows| Cluster::around(x, rows)).collect()
}

/// Halves the rows across the longer side of their rectangle, and the halves again, down to clusters.
/// (Bentley, "Multidimensional binary search trees used for associative searching", 1975.)
fn split<R: Float>(x: &[[R; 2]], rows: &mut [u32], lanes: usize) {
    if rows.len() <= lanes {
        return;
    }
    let [e0, e1] = Cluster::around(x, rows).reach;
    let i = usize::from(e1 > e0);
    let middle = (rows.len() / lanes / 2).max(1) * lanes;
    let at = |row: u32| x[row as usize][i].widen();
    rows.select_nth_unstable_by(middle, |&a, &b| at(a).total_cmp(&at(b)).then(a.cmp(&b)));
    let (low, high) = rows.split_at_mut(middle);
    split(x, low, lanes);
    split(x, high, lanes);
}

impl<R: Float> Cluster<R> {
    /// Where a number is not finite, the rectangle has a side that is none, and every line crosses it.
    fn around(x: &[[R; 2]], rows: &[u32]) -> Self {
        let half = R::narrow(0.5);
        let mut cluster = Self { centre: [R::ZERO; 2], reach: [R::ZERO; 2] };
        for i in 0..2 {
            let column = || rows.iter().map(|&row| x[row as usize][i]);
            let low = column().fold(R::INFINITY, |low, x| if x < low { x } else { low }) * half;
            let high = column().fold(-R::INFINITY, |high, x| if x > high { x } else { high }) * half;
            let centre = low + high;
            let slack = R::narrow(SLACK) * R::ULP;
            let far = if centre < R::ZERO { -centre } else { centre };
            let reach = (high - low) * (R::ONE + slack) + far * slack;
            cluster.centre[i] = centre;
            cluster.reach[i] = if column().all(|x| x.widen().is_finite()) { reach } else { R::NAN };
        }
        cluster
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_cluster_and_within_its_rectangle() {
        for n in [0, 1, 7, 8, 9, 100, 603] {
            let x: Vec<[f32; 2]> =
                (0..n).map(|row| [row * 7, row * 7 + 3].map(|i| (i as f32 * 1.7).sin())).collect();
            let order = neighbours(&x, 8);
            let clusters = clusters(&x, &order, 8);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(sorted.iter().zip(0..).all(|(&row, i)| row == i) && sorted.len() == n);
            assert_eq!(clusters.len(), n.div_ceil(8));
            for (rows, cluster) in order.chunks(8).zip(&clusters) {
                for &row in rows {
                    for i in 0..2 {
                        let off = (x[row as usize][i] - cluster.centre[i]).abs();
                        assert!(
                            off <= cluster.reach[i],
                            "row {row} is {off} off, more than {}",
                            cluster.reach[i]
                        );
                    }
                }
            }
            let area: f32 = clusters.iter().map(|c| 4.0 * c.reach[0] * c.reach[1]).sum();
            assert!(n < 100 || area < 3.0, "clusters of neighbours cover {area} of 4");
        }
    }

    #[test]
    fn a_number_that_is_not_finite_makes_every_line_cross() {
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let cluster = Cluster::around(&[[0.0, 1.0], [wrong, 2.0]], &[0, 1]);
            assert!(cluster.reach[0].is_nan());
        }
    }
}
