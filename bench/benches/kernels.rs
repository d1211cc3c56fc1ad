//! The kernels on one thread, with each set of vector instructions of this machine: `cargo bench -p clearprop-bench`.
//!
//! `cargo bench -p clearprop-bench -- predict/1000` measures what has this in its name.  The comparison with
//! other programs is `cargo xtask bench`.
#![allow(missing_docs, reason = "criterion's macro writes a public function without")]

use clearprop::activation::Activation;
use clearprop::data::{Batches, Data, Target};
use clearprop::fast::{Level, Options, Predictor, Session};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::optim::{Optimiser, Rule};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use ndarray::{Array1, Array2};
use std::hint::black_box;
use std::time::Duration;

/// A workload of the comparison: name, sizes, rule, rows of a step, and whether the steps are over the same rows.
type Workload = (&'static str, &'static [usize], Rule, u32, bool);
const WORKLOADS: [Workload; 4] = [
    ("notebook", &[2, 200, 3], Rule::Gd, 603, true),
    ("digits", &[64, 100, 10], Rule::ADAM, 200, false),
    ("images", &[784, 200, 10], Rule::Sgd { momentum: 0.9, nesterov: false }, 128, false),
    ("table", &[28, 100, 50, 2], Rule::ADAM, 1024, false),
];
/// Steps that are timed together.
const STEPS: u32 = 16;

fn network(sizes: &[usize]) -> Network {
    let penalty = Penalty { reg: 1e-4, over: Penalized::Weights };
    Network::new(sizes, Activation::Relu, Loss::Softmax, penalty).expect("the sizes are above zero")
}

/// Numbers without a pattern between -1 and 1: fractional parts of multiples of the golden ratio.
#[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn number(i: usize) -> f32 {
    (2.0 * (i as f64 * 0.618_033_988_749_895).fract() - 1.0) as f32
}

fn step(c: &mut Criterion) {
    let mut group = c.benchmark_group("step");
    group.sampling_mode(SamplingMode::Flat);
    for (name, sizes, rule, rows, full) in WORKLOADS {
        let network = network(sizes);
        let order: Vec<u32> = (0..if full { rows } else { rows * STEPS }).collect();
        let size = rows as usize;
        let batches = match full {
            true => Batches::Full { steps: STEPS as usize },
            false => Batches::Of { rows: &order, size },
        };
        let x = Array2::from_shape_fn((order.len(), sizes[0]), |(i, j)| number(i * sizes[0] + j));
        let data =
            Data { x, y: Target::Classes(Array1::from_iter(order.iter().map(|i| i % 2))), weights: None };
        group.throughput(Throughput::Elements((rows * STEPS).into()));
        for level in Level::available() {
            let mut params = Init::He.draw(&network, 0);
            let mut optimiser = Optimiser::new(rule, 1e-3, sizes).expect("the step size is above zero");
            let options = Options { level, threads: Some(1) };
            let mut session = Session::new(&network, size, options).expect("there are kernels");
            let mut losses = Vec::new();
            group.bench_function(BenchmarkId::new(name, level.name()), |bencher| {
                bencher.iter(|| {
                    losses.clear();
                    session.advance(&mut params, &mut optimiser, &data, batches, &mut losses);
                });
            });
        }
    }
}

fn predict(c: &mut Criterion) {
    let network = network(&[64, 100, 10]);
    let params = Init::He.draw::<f32>(&network, 0);
    let mut group = c.benchmark_group("predict");
    for rows in [1, 1000] {
        let x: Vec<f32> = (0..rows * network.inputs()).map(number).collect();
        let mut probs = vec![0.0; rows * network.outputs()];
        group.throughput(Throughput::Elements(rows as u64));
        for level in Level::available() {
            let mut predictor = Predictor::new(&network, &params, Options { level, threads: Some(1) })
                .expect("there are kernels");
            group.bench_function(BenchmarkId::new(rows.to_string(), level.name()), |bencher| {
                bencher.iter(|| predictor.predict(black_box(&x), black_box(&mut probs)));
            });
        }
    }
}

criterion_group! {
    name = kernels;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = step, predict
}
criterion_main!(kernels);
