//! Predicting with a workload's first weights, on one thread.

use crate::train::network;
use clearprop::error::Result;
use clearprop::fast::{Options, Predictor};
use clearprop_files::npz::Npz;
use ndarray::s;
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

/// Seconds a call of so many rows, the median of many; and a checksum that no exchange of classes leaves alone.
pub(crate) fn run(file: &Npz, rows: usize) -> Result<Value> {
    let (network, params) = network::<f32>(file)?;
    let x = file.matrix::<f32>("X")?;
    let x: Vec<f32> = x.slice(s![..rows.min(x.nrows()), ..]).iter().copied().collect();
    let mut predictor = Predictor::new(&network, &params, Options { threads: Some(1), ..Options::default() })
        .expect("there are kernels");
    let mut probs = vec![0.0; rows * network.outputs()];
    let calls = if rows == 1 { 2000 } else { 20 };
    let mut times: Vec<f64> = (0..100)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                predictor.predict(black_box(&x), &mut probs);
                black_box(&mut probs);
            }
            start.elapsed().as_secs_f64() / f64::from(calls)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let weighted = |row: &[f32]| (1..).zip(row).map(|(j, &p)| f64::from(j) * f64::from(p)).sum::<f64>();
    let total: f64 = probs.chunks(network.outputs()).map(weighted).sum();
    Ok(json!({ "seconds": [times[times.len() / 2]], "loss": total }))
}
