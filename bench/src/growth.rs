//! How time and memory grow with rows, hidden units and threads.

use clearprop::activation::Activation;
use clearprop::data::{Data, Target};
use clearprop::error::Result;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::optim::Solver;
use clearprop::settings::Settings;
use clearprop::train::{Trainer, train};
use ndarray::Array2;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::time::Instant;

const INPUTS: usize = 28;
const BATCH: usize = 1000;

/// One epoch of adam on made-up rows of 28 numbers: seconds, the most memory that the process had, and
/// what of it the training itself accounts for: data, weights, gradient, two moments, best weights, 4
/// bytes a row for the order.  Memory in MiB.
pub(crate) fn run(rows: usize, hidden: Vec<usize>, threads: usize) -> Result<Value> {
    let penalty = Penalty { reg: 0.0, over: Penalized::Weights };
    let sizes = [&[INPUTS], &hidden[..], &[2]].concat();
    let network = Network::new(&sizes, Activation::Relu, Loss::Softmax, penalty)?;
    let params = Init::He.draw::<f32>(&network, 0);
    // Numbers without a pattern: fractional parts of multiples of the golden ratio.
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    let number = |i: usize| (i as f64 * 0.618_033_988_749_895).fract() as f32 - 0.5;
    let x = Array2::from_shape_fn((rows, INPUTS), |(i, j)| number(i * INPUTS + j));
    let y = (0..rows).map(|i| u32::from(x[[i, 0]] * x[[i, 1]] > 0.0)).collect();
    let mib = |numbers: usize| 4.0 * numbers as f64 / f64::from(1 << 20);
    let accounted = mib(rows * (INPUTS + 2) + 5 * params.values().len());
    let settings = Settings {
        hidden,
        reg: 0.0,
        penalize: Penalized::Weights,
        solver: Solver::Adam,
        step_size: 0.001,
        steps: None,
        epochs: Some(1),
        batch_size: Some(BATCH.min(rows)),
        threads: Some(threads),
        ..Settings::notebook()
    };
    let mut trainer = Trainer::new(network, params, Data::new(x, Target::Classes(y))?, None, settings)?;
    let start = Instant::now();
    train(&mut trainer, |_, _| ControlFlow::Continue(()));
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({ "seconds": seconds, "peak_mib": peak_mib(), "accounted_mib": accounted }))
}

/// The most memory this process has had, in MiB (Linux; NaN elsewhere).
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .map_or(f64::NAN, |kib| kib / 1024.0)
}
