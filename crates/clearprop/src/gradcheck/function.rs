//! The check of any function that returns a loss, whatever computes it: one tensor at a time.
//!
//! Nothing is known of what the function does inside, so a kink is seen from outside.  With h going down by tens,
//! the slopes on both sides of p,
//! ```text
//! right = (loss(p + h) - loss(p)) / h        left = (loss(p) - loss(p - h)) / h
//! ```
//! come together where the loss is smooth (their difference is `h loss''(p)`), and stay apart at a kink.

use super::{Compared, TensorCheck, judged};
use crate::error::Result;

/// The slopes at a place, measured with one step.
#[derive(Clone, Copy, Debug)]
struct Sides {
    step: f64,
    left: f64,
    right: f64,
    /// How far each may be off by rounding.
    rounding: f64,
}

impl Sides {
    fn slope(&self) -> f64 {
        0.5 * (self.left + self.right)
    }

    fn gap(&self) -> f64 {
        (self.right - self.left).abs()
    }
}

/// Compares claimed derivatives with the slopes of a loss at the places `places` of one tensor.
///
/// `loss(place, value)` is the loss with this one number changed, `loss(place, values[place])` that of the tensor as
/// it is. `precision` is the relative rounding of one evaluation: `f64::EPSILON`, or `f32::EPSILON` for a function
/// that computes in single precision. `index` says what a place is called, row and column.
///
/// ```
/// use clearprop::gradcheck::of_function;
/// // loss = |a| + b^2 at a = 0, b = 3: no slope at a's kink, 2 b = 6 by b
/// let mut loss = |place: usize, v: f64| Ok(if place == 0 { v.abs() + 9.0 } else { v * v });
/// let check = of_function("dp", &mut loss, &[0.0, 3.0], &[1.0, 6.0], &[0, 1], &|at| vec![at], f64::EPSILON, 1e-6)?;
/// assert_eq!((check.passed, check.checked, check.kinks), (true, 1, 1));
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Errors
/// What `loss` returns as an error.
#[expect(clippy::too_many_arguments, reason = "a tensor, its claim, and how it is measured")]
pub fn of_function(
    name: &str,
    loss: &mut dyn FnMut(usize, f64) -> Result<f64>,
    values: &[f64],
    claimed: &[f64],
    places: &[usize],
    index: &dyn Fn(usize) -> Vec<usize>,
    precision: f64,
    tolerance: f64,
) -> Result<TensorCheck> {
    let mut compared = Vec::new();
    for &place in places {
        if let Some((sides, uncertainty)) = slope(&mut |value| loss(place, value), values[place], precision)?
        {
            compared.push(Compared {
                index: index(place),
                claimed: claimed[place],
                numeric: sides.slope(),
                uncertainty,
                step: sides.step,
            });
        }
    }
    Ok(judged(name, super::Part::Loss, values.len(), places.len(), &compared, tolerance))
}

/// The slope at `at` and its uncertainty; `None` at a kink.
fn slope(loss: &mut dyn FnMut(f64) -> Result<f64>, at: f64, precision: f64) -> Result<Option<(Sides, f64)>> {
    let middle = loss(at)?;
    // From ten times the step at which rounding and curvature are of a size, downwards.
    let first = 10.0 * precision.cbrt() * at.abs().max(1.0);
    let mut all: Vec<Sides> = Vec::new();
    let mut best: Option<(Sides, f64)> = None;
    for step in [first, first * 0.1, first * 0.01, first * 1e-3] {
        let (up, down) = (at + step, at - step);
        let (above, below) = (loss(up)?, loss(down)?);
        let size = above.abs().max(below.abs()).max(middle.abs());
        let sides = Sides {
            step,
            left: (middle - below) / (at - down),
            right: (above - middle) / (up - at),
            rounding: 4.0 * precision * size / step,
        };
        if let Some(before) = all.last() {
            let uncertainty = sides.rounding + (sides.slope() - before.slope()).abs();
            if best.is_none_or(|(_, least)| uncertainty < least) {
                best = Some((sides, uncertainty));
            }
        }
        all.push(sides);
        let settled = best.is_some_and(|(sides, uncertainty)| {
            uncertainty <= 2.0 * sides.rounding + 1e-8 * sides.slope().abs()
        });
        if settled {
            break;
        }
    }
    Ok(best.filter(|_| !is_kink(&all)))
}

/// Whether the sides stay apart: the gap does not go down with the step, and is no rounding.
fn is_kink(all: &[Sides]) -> bool {
    let (Some(last), Some(before)) = (all.last(), all.len().checked_sub(2).map(|at| all[at])) else {
        return false;
    };
    last.gap() > 4.0 * last.rounding + 1e-6 * last.slope().abs() && last.gap() > 0.5 * before.gap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(point: f64, loss: fn(f64) -> f64) -> Option<(f64, f64)> {
        slope(&mut |x| Ok(loss(x)), point, f64::EPSILON)
            .unwrap()
            .map(|(sides, uncertainty)| (sides.slope(), uncertainty))
    }

    #[test]
    fn smooth_functions_have_their_slope_within_what_is_said() {
        type Case = (f64, fn(f64) -> f64, f64);
        let cases: [Case; 6] = [
            (1.0, f64::exp, std::f64::consts::E),
            (0.0, |x| x * x * x, 0.0),
            (0.3, |x| 1e6 + x.sin(), 0.3f64.cos()),
            (1e-3, |x| (x * 1e3).tanh(), 1e3 * (1.0 - 1f64.tanh().powi(2))),
            (-2.0, |x| x.max(0.0), 0.0),
            (5.0, |_| 3.0, 0.0),
        ];
        for (point, loss, slope) in cases {
            let (found, uncertainty) = at(point, loss).unwrap();
            let off = (found - slope).abs();
            assert!(off <= uncertainty + 1e-9 * slope.abs() + 1e-9, "{point}: {found}, not {slope}");
            // The rounding of a loss of a million, over a step of 6e-6, is 1.5e-4.
            assert!(uncertainty <= 2e-4 * slope.abs().max(1.0), "{point}: {uncertainty}");
        }
    }

    #[test]
    fn kinks_are_told_apart_wherever_they_lie() {
        assert!(at(0.0, f64::abs).is_none());
        assert!(at(0.0, |x| 3.0 * x + x.max(0.0)).is_none());
        assert!(at(1.0, |x| (x - 1.0).abs() + x * x).is_none());
        // Between two steps: the smaller one does not reach it.
        let (slope, _) = at(0.0, |x| (x - 2e-6).max(0.0)).unwrap();
        assert_eq!(slope, 0.0);
    }

    #[test]
    fn single_precision_is_measured_with_longer_steps() {
        #[expect(clippy::cast_possible_truncation, reason = "it computes in single precision")]
        let loss = |x: f64| Ok(f64::from(((x as f32).exp() + 1.0) * 2.0));
        let (sides, uncertainty) = slope(&mut { loss }, 0.5, f64::from(f32::EPSILON)).unwrap().unwrap();
        let off = (sides.slope() - 2.0 * 0.5f64.exp()).abs();
        assert!(off <= uncertainty && uncertainty < 0.01, "{off} {uncertainty}");
    }
}
