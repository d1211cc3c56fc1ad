//! The notebook's runs, whose values NumPy has computed.

use crate::{Place, golden};
use clearprop_files::npz;

const RUN: &str =
    "--solver gd --step-size 0.1 --reg 0.001 --penalize all --precision f64 --record-every 1 --out DIR";

fn losses(place: &Place) -> Vec<f64> {
    let history = place.read("DIR/history.csv");
    let mut rows = history.lines().map(|line| line.split(',').collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap()[..2], ["step", "loss"]);
    rows.enumerate()
        .map(|(step, row)| {
            assert_eq!(row[0], step.to_string());
            row[1].parse().unwrap()
        })
        .collect()
}

fn expected(name: &str) -> Vec<f64> {
    let file = std::fs::File::open(golden(name)).unwrap();
    npz::read(file, name).unwrap().vector::<f64>("loss").unwrap().to_vec()
}

#[test]
fn the_he_run_agrees_with_numpy_at_all_steps() {
    let (place, file) = (Place::new(), golden("notebook_he.npz"));
    place.ok(&format!("train {file} --start {file} --steps 5001 {RUN} --quiet"));
    let (found, expected) = (losses(&place), expected("notebook_he.npz"));
    assert_eq!(found.len(), 5001);
    for (step, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((a - b).abs() <= 1e-10 * b.abs(), "step {step}: {a}, NumPy has {b}");
    }
    let summary = place.json("DIR/summary.json");
    assert_eq!(summary["test_accuracy"], 0.898989898989899);
    assert_eq!(summary["loss"].as_f64().unwrap(), found[5000]);
}

#[test]
fn the_run_as_written_agrees_as_long_as_rounding_lets_it() {
    let (place, file) = (Place::new(), golden("notebook_as_written.npz"));
    place.ok(&format!("train {file} --start {file} --steps 5001 {RUN} --quiet"));
    let (found, expected) = (losses(&place), expected("notebook_as_written.npz"));
    for (step, (a, b)) in found.iter().zip(&expected).take(100).enumerate() {
        assert!((a - b).abs() <= 1e-8 * b.abs(), "step {step}: {a}, NumPy has {b}");
    }
    assert!((found[5000] - expected[5000]).abs() < 1e-2, "{} and {}", found[5000], expected[5000]);
}
