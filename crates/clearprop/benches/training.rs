//! How long the workloads of the benchmark table take: `cargo bench -p clearprop --bench training [NAME]`.
//!
//! Synthetic data of the right shape.  `undisturbed` is what an epoch would take if all of it went as fast as
//! the fastest tenth of its pieces: on a machine that others use too, it alone is worth comparing.  `THREADS=1`
//! measures with one thread only.  The comparison with other programs is `cargo xtask bench`.
#![expect(clippy::print_stdout, reason = "it is what this program is for")]

use clearprop::activation::Activation;
use clearprop::data::{Batches, Data, Target};
use clearprop::error::Result;
use clearprop::fast::{Level, Options, Session};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::optim::{Optimiser, Rule};
use clearprop::real::Real;
use ndarray::{Array1, Array2};
use std::time::Instant;

struct Workload {
    name: &'static str,
    rows: usize,
    sizes: &'static [usize],
    rule: Rule,
    step_size: f64,
    batch: usize,
    epochs: usize,
}

const WORKLOADS: [Workload; 3] = [
    Workload {
        name: "digits",
        rows: 1797,
        sizes: &[64, 100, 10],
        rule: Rule::ADAM,
        step_size: 0.001,
        batch: 200,
        epochs: 200,
    },
    Workload {
        name: "mnist-shape",
        rows: 60_000,
        sizes: &[784, 200, 10],
        rule: Rule::Sgd { momentum: 0.9, nesterov: false },
        step_size: 0.1,
        batch: 128,
        epochs: 2,
    },
    Workload {
        name: "tabular",
        rows: 500_000,
        sizes: &[28, 100, 50, 2],
        rule: Rule::ADAM,
        step_size: 0.001,
        batch: 1024,
        epochs: 1,
    },
];

/// Runs of each workload.
const RUNS: usize = 5;
/// Batches that are timed together.
const PIECE: usize = 32;

/// Inputs spread evenly between 0 and 1, and classes that follow from them.
fn data<R: Real>(workload: &Workload) -> Data<R> {
    let (d, k) = (workload.sizes[0], workload.sizes[workload.sizes.len() - 1]);
    let mut state = 1_u64;
    let x = Array2::from_shape_simple_fn((workload.rows, d), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        R::of((state >> 40) as f64 / f64::from(1 << 24))
    });
    let y = x.rows().into_iter().map(|row| {
        let side = |j: usize| row[j % d].f64() + row[(j + 1) % d].f64() - row[(j + 2) % d].f64();
        let sides = (0_u32..).zip((0..k).map(side));
        sides.max_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(class, _)| class)
    });
    Data { y: Target::Classes(Array1::from_iter(y)), x }
}

fn time<R: Real>(workload: &Workload, threads: usize) -> Result<()> {
    let penalty = Penalty { reg: 1e-4 / workload.batch as f64, over: Penalized::Weights };
    let network = Network::new(workload.sizes, Activation::Relu, Loss::Softmax, penalty)?;
    let data = data::<R>(workload);
    // All rows, in an order that the memory cannot guess.
    let n = data.len() as u64;
    let rows: Vec<u32> = (0..n).filter_map(|i| u32::try_from(i * 7919 % n).ok()).collect();
    let (mut seconds, mut pieces, mut last) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..RUNS {
        let mut params = Init::He.draw::<R>(&network, 1);
        let mut optimiser = Optimiser::new(workload.rule, workload.step_size, &network.sizes)?;
        let options = Options { threads: Some(threads), ..Options::default() };
        let mut session = Session::new(&network, &data, Some(workload.batch), options);
        let mut losses = Vec::new();
        let mut sum = 0.0;
        for _ in 0..workload.epochs {
            for rows in rows.chunks(PIECE * workload.batch) {
                let batches = Batches::Of { rows, size: workload.batch };
                let started = Instant::now();
                session.advance(&mut params, &mut optimiser, &data, batches, &mut losses);
                let elapsed = started.elapsed().as_secs_f64();
                pieces.push(elapsed / rows.len() as f64);
                sum += elapsed;
            }
        }
        seconds.push(sum);
        last = losses[losses.len() - 1];
    }
    seconds.sort_by(f64::total_cmp);
    pieces.sort_by(f64::total_cmp);
    let undisturbed = pieces[pieces.len() / 10] * (workload.rows * workload.epochs) as f64;
    let pairs: usize = workload.sizes.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let first = workload.sizes[0] * workload.sizes[1];
    let flops = (6 * pairs - 2 * first) as f64 * (workload.rows * workload.epochs) as f64;
    println!(
        "{:12} {} {threads} thread(s): median {:.4} s, minimum {:.4} s, undisturbed {undisturbed:.4} s = {:.0} GFLOP/s; loss {last:.6}",
        workload.name,
        R::NAME,
        seconds[RUNS / 2],
        seconds[0],
        flops / undisturbed * 1e-9
    );
    Ok(())
}

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    println!("level {}", Level::detect().name());
    for workload in &WORKLOADS {
        if wanted.is_empty() || wanted.iter().any(|name| name == workload.name) {
            time::<f32>(workload, 1)?;
            if std::env::var("THREADS").as_deref() != Ok("1") {
                time::<f32>(workload, 2)?;
                time::<f64>(workload, 1)?;
            }
        }
    }
    Ok(())
}
