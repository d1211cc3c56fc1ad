//! How long a prediction takes, 64-100-10 at single precision: `cargo bench -p clearprop --bench prediction`.
//!
//! The fastest of many repetitions, and the tenth part of them that nothing disturbed.
#![expect(clippy::print_stdout, reason = "it is what this program is for")]

use clearprop::activation::Activation;
use clearprop::error::Result;
use clearprop::fast::{Options, Predictor};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<()> {
    let penalty = Penalty { reg: 0.0, over: Penalized::Weights };
    let network = Network::new(&[64, 100, 10], Activation::Relu, Loss::Softmax, penalty)?;
    let params = Init::He.draw::<f32>(&network, 0);
    for (rows, threads, calls, repetitions) in [
        (1, 1, 1000, 2000),
        (10, 1, 100, 2000),
        (1000, 1, 1, 5000),
        (1_000_000, 1, 1, 5),
        (1_000_000, 2, 1, 5),
    ] {
        let mut predictor =
            Predictor::new(&network, &params, Options { threads: Some(threads), ..Options::default() });
        let x: Vec<f32> = (0..rows * 64).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
        let mut probs = vec![0.0; rows * 10];
        let mut seconds: Vec<f64> = (0..repetitions)
            .map(|_| {
                let started = Instant::now();
                for _ in 0..calls {
                    predictor.predict(black_box(&x), &mut probs);
                    black_box(&mut probs);
                }
                started.elapsed().as_secs_f64() / f64::from(calls)
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        println!(
            "{rows} rows, {threads} thread(s): fastest {:.3} us, undisturbed {:.3} us, {:.0} GFLOP/s",
            seconds[0] * 1e6,
            seconds[repetitions / 10] * 1e6,
            rows as f64 * 2.0 * 7400.0 / seconds[0] * 1e-9
        );
    }
    Ok(())
}
