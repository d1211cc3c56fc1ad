//! L-BFGS on functions that are known: valleys, bowls, a cliff.

use clearprop::lbfgs::{Lbfgs, PAIRS, Step};
use clearprop::params::Params;
use proptest::prelude::*;

/// Runs to the end: where, after how many steps.
fn minimum(start: &[f64], tolerance: f64, f: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> (Vec<f64>, u64) {
    let sizes = [start.len() - 1, 1];
    let mut params = Params::from_values(&sizes, start.to_vec()).unwrap();
    let mut lbfgs = Lbfgs::default();
    for _ in 0..1000 {
        let step = lbfgs.step(&mut params, tolerance, |p| {
            let (value, gradient) = f(p.values());
            (value, Params::from_values(&sizes, gradient).unwrap())
        });
        match step {
            Step::Taken { before, now } => assert!(now <= before, "{before} to {now}"),
            _ => return (params.values().to_vec(), lbfgs.iterations()),
        }
    }
    panic!("no end after 1000 steps");
}

/// Rosenbrock's valley: (1 - x)^2 + 100 (y - x^2)^2, lowest at (1, 1).
#[test]
fn the_bottom_of_rosenbrocks_valley_is_found() {
    let (end, steps) = minimum(&[-1.2, 1.0], 1e-5, |p| {
        let (x, y) = (p[0], p[1]);
        let value = (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        (value, vec![-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)])
    });
    assert!((end[0] - 1.0).abs() < 1e-4 && (end[1] - 1.0).abs() < 1e-4, "{end:?}");
    assert!(steps < 60, "{steps} steps");
}

/// A value that is not finite is too far: the search comes back from it.
#[test]
fn a_cliff_is_stepped_back_from() {
    let (end, _) = minimum(&[0.5, 0.0], 1e-8, |p| {
        let x = p[0];
        // -log(1 - x) + (x + 1)^2 / 2 is infinite from 1 on.
        let value = if x < 1.0 { -(1.0 - x).ln() + 0.5 * (x + 1.0).powi(2) } else { f64::NAN };
        (value, vec![1.0 / (1.0 - x) + x + 1.0, 0.0])
    });
    assert!((end[0] + 2f64.sqrt()).abs() < 1e-6, "{end:?}");
}

proptest! {
    /// A bowl of n directions, each bent by its own factor: sum of c (p - m)^2 / 2.
    #[test]
    fn the_bottom_of_a_bowl_is_found(
        bends in prop::collection::vec(0.1f64..10.0, 2..8),
        seed in prop::collection::vec(-5.0f64..5.0, 16),
    ) {
        let n = bends.len();
        let (start, bottom) = (&seed[..n], &seed[8..8 + n]);
        let (end, steps) = minimum(start, 1e-9, |p| {
            let away = |i: usize| p[i] - bottom[i];
            let value = (0..n).map(|i| 0.5 * bends[i] * away(i).powi(2)).sum();
            (value, (0..n).map(|i| bends[i] * away(i)).collect())
        });
        for (end, bottom) in end.iter().zip(bottom) {
            prop_assert!((end - bottom).abs() < 1e-3, "{end} is not {bottom}");
        }
        prop_assert!(steps <= 8 * PAIRS as u64, "{steps} steps");
    }
}
