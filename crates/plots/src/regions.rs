//! The regions of a plane where each class has the highest score, with smooth edges.
//!
//! Marching triangles: every cell of the grid is cut into two triangles, on which the scores are
//! taken to be linear.  Where two corners have different winners, the edge between them is crossed
//! where the two scores are equal; where all three differ, the crossings meet in one point.  So
//! neighbouring regions share their edges exactly, and an edge lies between the nodes, not on them.

use std::collections::BTreeMap;

use ndarray::ArrayView2;

/// A closed outline, in pixels.
pub(crate) type Outline = Vec<[f64; 2]>;

/// For each of the k classes, the outlines of its region.
///
/// # Shapes
///
/// `scores` (ny * nx, k), row by row; `x` (nx) and `y` (ny) are the nodes' places in pixels.
/// Points that stray less than `tolerance` pixels from a straight line are left out.
pub(crate) fn regions(
    scores: ArrayView2<'_, f64>,
    x: &[f64],
    y: &[f64],
    tolerance: f64,
) -> Vec<Vec<Outline>> {
    let winners = scores.rows().into_iter().map(|row| {
        let best = |best: usize, class: usize| {
            if row[class] > row[best] || row[best].is_nan() { class } else { best }
        };
        (0..row.len()).fold(0, best)
    });
    let mut march =
        March { winners: winners.collect(), scores, x, y, points: BTreeMap::new(), edges: Vec::new() };
    march.edges.resize(scores.ncols(), BTreeMap::new());
    let (nx, ny) = (x.len(), y.len());
    for j in 1..ny {
        for i in 1..nx {
            let corner = j * nx + i;
            let (a, b, c, d) = (corner - nx - 1, corner - nx, corner, corner - 1);
            march.triangle([a, b, c], 0);
            march.triangle([a, c, d], 1);
        }
    }
    for i in 1..nx {
        march.side(i - 1, i);
        march.side(ny * nx - i, ny * nx - i - 1);
    }
    for j in 1..ny {
        march.side(j * nx - 1, j * nx + nx - 1);
        march.side((ny - j) * nx, (ny - j - 1) * nx);
    }
    march.outlines(tolerance)
}

struct March<'a> {
    scores: ArrayView2<'a, f64>,
    winners: Vec<usize>,
    x: &'a [f64],
    y: &'a [f64],
    /// Points of outlines by a number that names where on the grid they lie, so that the two
    /// triangles beside an edge mean the same point.
    points: BTreeMap<usize, [f64; 2]>,
    /// For each class, from point to next point, the region on one and the same side.
    edges: Vec<BTreeMap<usize, usize>>,
}

impl March<'_> {
    fn triangle(&mut self, corners: [usize; 3], which: usize) {
        let [a, b, c] = corners;
        let [wa, wb, wc] = corners.map(|node| self.winners[node]);
        if wa == wb && wb == wc {
            return;
        }
        if wa != wb && wb != wc && wc != wa {
            let crossings = [self.crossing(a, b), self.crossing(b, c), self.crossing(c, a)];
            let [p, q, r] = crossings.map(|point| self.points[&point]);
            let middle = 6 * (a * 2 + which) + 5;
            self.points.insert(middle, [(p[0] + q[0] + r[0]) / 3.0, (p[1] + q[1] + r[1]) / 3.0]);
            for (winner, leave, back) in [(wa, 0, 2), (wb, 1, 0), (wc, 2, 1)] {
                self.edges[winner].insert(crossings[leave], middle);
                self.edges[winner].insert(middle, crossings[back]);
            }
            return;
        }
        // Two agree: `odd` is cut off by one line.
        let (odd, next, last) = if wb == wc {
            (a, b, c)
        } else if wa == wc {
            (b, c, a)
        } else {
            (c, a, b)
        };
        let (leave, back) = (self.crossing(odd, next), self.crossing(odd, last));
        self.edges[self.winners[odd]].insert(leave, back);
        self.edges[self.winners[next]].insert(back, leave);
    }

    /// A piece of the frame, which closes the regions that touch it.
    fn side(&mut self, from: usize, to: usize) {
        let (start, end) = (self.node(from), self.node(to));
        let (first, second) = (self.winners[from], self.winners[to]);
        if first == second {
            self.edges[first].insert(start, end);
        } else {
            let crossing = self.crossing(from, to);
            self.edges[first].insert(start, crossing);
            self.edges[second].insert(crossing, end);
        }
    }

    fn place(&self, node: usize) -> [f64; 2] {
        [self.x[node % self.x.len()], self.y[node / self.x.len()]]
    }

    fn node(&mut self, node: usize) -> usize {
        let place = self.place(node);
        self.points.insert(12 * node, place);
        12 * node
    }

    /// The point between two nodes where the scores of their winners are equal.
    fn crossing(&mut self, one: usize, other: usize) -> usize {
        let (low, high) = (one.min(other), one.max(other));
        // 1 along x, nx along y, nx + 1 along the diagonal.
        let direction = match high - low {
            1 => 1,
            step if step == self.x.len() => 2,
            _ => 3,
        };
        let name = 12 * low + direction;
        if !self.points.contains_key(&name) {
            let (a, b) = (self.winners[low], self.winners[high]);
            let lead = self.scores[[low, a]] - self.scores[[low, b]];
            let lag = self.scores[[high, b]] - self.scores[[high, a]];
            let share = lead / (lead + lag);
            let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
            let (p, q) = (self.place(low), self.place(high));
            self.points.insert(name, [p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])]);
        }
        name
    }

    fn outlines(mut self, tolerance: f64) -> Vec<Vec<Outline>> {
        let points = self.points;
        let follow = |next: &mut BTreeMap<usize, usize>| {
            let mut outlines = Vec::new();
            while let Some((start, mut at)) = next.pop_first() {
                let mut outline = vec![points[&start]];
                while at != start {
                    push_unless_straight(&mut outline, points[&at], tolerance);
                    // Every point is left once, so an outline comes back to its start.
                    let Some(to) = next.remove(&at) else { break };
                    at = to;
                }
                push_unless_straight(&mut outline, points[&start], tolerance);
                outline.pop();
                outlines.push(outline);
            }
            outlines
        };
        self.edges.iter_mut().map(follow).collect()
    }
}

/// Replaces the last point if it lies on the straight way from the one before it to `point`.
fn push_unless_straight(outline: &mut Outline, point: [f64; 2], tolerance: f64) {
    if let [.., a, b] = outline[..] {
        let (u, v) = ([b[0] - a[0], b[1] - a[1]], [point[0] - b[0], point[1] - b[1]]);
        let (cross, dot) = (u[0] * v[1] - u[1] * v[0], u[0] * v[0] + u[1] * v[1]);
        let length = (u[0] * u[0] + u[1] * u[1]).sqrt();
        if cross.abs() <= tolerance * length && dot >= 0.0 {
            outline.pop();
        }
    }
    outline.push(point);
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn area(outline: &Outline) -> f64 {
        let n = outline.len();
        (0..n)
            .map(|i| outline[i][0] * outline[(i + 1) % n][1] - outline[(i + 1) % n][0] * outline[i][1])
            .sum::<f64>()
            / 2.0
    }

    fn on_grid(n: usize, k: usize, score: impl Fn(f64, f64, usize) -> f64) -> Vec<Vec<Outline>> {
        let nodes: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let scores = Array2::from_shape_fn((n * n, k), |(node, class)| {
            score((node % n) as f64, (node / n) as f64, class)
        });
        regions(scores.view(), &nodes, &nodes, 1e-9)
    }

    #[test]
    fn linear_scores_have_exact_straight_edges() {
        // Class 1 wins where x > 2.25 + y / 10: a straight line off the nodes.
        let found = on_grid(6, 2, |x, y, class| if class == 1 { x - 2.25 - y / 10.0 } else { 0.0 });
        assert_eq!(found[0].len(), 1);
        assert_eq!(found[0][0].len(), 4, "{:?}", found[0]);
        assert!((area(&found[0][0]) - 5.0 * 2.5).abs() < 1e-9);
        assert!((area(&found[1][0]) - 5.0 * 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_circle_is_round_and_the_regions_fill_the_plane() {
        let r: f64 = 15.3;
        let found =
            on_grid(41, 2, |x, y, class| if class == 1 { r - (x - 20.0).hypot(y - 20.0) } else { 0.0 });
        assert_eq!((found[0].len(), found[1].len()), (2, 1), "the outer region has a hole");
        for point in &found[1][0] {
            assert!(((point[0] - 20.0).hypot(point[1] - 20.0) - r).abs() < 0.05, "{point:?}");
        }
        assert!((found.iter().flatten().map(area).sum::<f64>() - 1600.0).abs() < 1e-3);
    }

    #[test]
    fn random_scores_of_many_classes_leave_no_gap() {
        for k in 1..8 {
            let found = on_grid(9, k, |x, y, class| {
                ((x * 12.9898 + y * 78.233 + class as f64 * 37.7).sin() * 43758.5).fract()
            });
            assert!((found.iter().flatten().map(area).sum::<f64>() - 64.0).abs() < 1e-4, "{k}");
        }
    }

    #[test]
    fn scores_that_are_no_numbers_do_no_harm() {
        let found = on_grid(5, 3, |x, y, class| if x > y { f64::NAN } else { class as f64 * f64::INFINITY });
        assert!((found.iter().flatten().map(area).sum::<f64>() - 16.0).abs() < 1e-4);
    }
}
