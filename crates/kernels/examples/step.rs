//! How long a step takes: `cargo run --release -p clearprop-kernels --example step -- 50-512-512-2,256,f32,1,adam ..`
//!
//! Prints milliseconds a step and the multiplications and additions a second that the textbook's step needs.  One
//! thread is timed by what the system says that it ran (Linux), which neighbours on the machine change little; several
//! by the clock, the lower quartile of half a second's steps.  A level's name may follow the rule.
#![allow(clippy::print_stdout, missing_docs, reason = "a program of the command line")]

use clearprop_kernels::{
    Activation, Batches, Blocks, Compiled, Data, Level, Loss, Mlp, Shallow, State, Target, Update,
};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// Numbers without a pattern between -1 and 1: fractional parts of multiples of the golden ratio.
fn number(i: usize) -> f64 {
    2.0 * (i as f64 * 0.618_033_988_749_895).fract() - 1.0
}

/// Seconds that this thread has run.
fn processor() -> Option<f64> {
    // The system counts anew when a thread gives way.
    std::thread::yield_now();
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(ran.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

fn measure<R: Compiled>(sizes: &[usize], batch: usize, threads: usize, rule: &str, level: Level) -> f64 {
    let mlp = Mlp {
        sizes: sizes.to_vec(),
        activations: vec![Activation::Relu; sizes.len() - 2],
        loss: Loss::Softmax,
        reg: 0.0,
        penalize_bias: false,
    };
    let mut params = Vec::new();
    for pair in sizes.windows(2) {
        let scale = (6.0 / pair[0] as f64).sqrt();
        params.extend((0..pair[0] * pair[1]).map(|i| R::narrow(scale * number(i))));
        params.extend(vec![R::ZERO; pair[1]]);
    }
    let x: Vec<R> = (0..batch * sizes[0]).map(|i| R::narrow(number(i))).collect();
    let y: Vec<u32> = (0..2).cycle().take(batch).collect();
    let of = R::narrow;
    let next = match rule {
        "gd" => Update::Gd { step: of(1e-3) },
        "sgd" => Update::Sgd { step: of(1e-3), mu: of(0.9), nesterov: false },
        _ => Update::Adam { beta1: of(0.9), beta2: of(0.999), rate: of(1e-4), epsilon: of(1e-8) },
    };
    let count = match next {
        Update::Gd { .. } => 0,
        Update::Sgd { .. } | Update::Gradient => 1,
        Update::Adam { .. } => 2,
    };
    let mut kept = vec![vec![R::ZERO; params.len()]; count];
    let mut shallow = Shallow::<R>::fits(&mlp).then(|| Shallow::new(&mlp, batch, level, threads));
    let mut blocks = Blocks::new(&mlp, batch, level, threads);
    let (mut losses, mut times) = (Vec::new(), Vec::new());
    let steps = (1_000_000_000 / flops(sizes, batch)).clamp(10, 10_000);
    let (ran, end) = (processor(), Instant::now() + Duration::from_millis(400));
    while times.len() < 5 || Instant::now() < end {
        // A step begins where it asks for its numbers.
        let begun = RefCell::new(Vec::new());
        let mut moments: Vec<&mut [R]> = kept.iter_mut().map(Vec::as_mut_slice).collect();
        let mut begin = || {
            begun.borrow_mut().push(Instant::now());
            next
        };
        let mut state = State { params: &mut params, moments: &mut moments, next: &mut begin, shares: &[] };
        let data = Data { x: &x, y: Target::Classes(&y), weights: None };
        let batches = Batches::Full { steps };
        match &mut shallow {
            Some(shallow) => shallow.advance(&mut state, &data, batches, &mut losses),
            None => blocks.advance(&mut state, &data, batches, &mut losses),
        }
        times.extend(begun.borrow().windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()));
    }
    if let (1, Some((before, after))) = (threads, ran.zip(processor())) {
        return (after - before) / losses.len() as f64;
    }
    times.sort_by(f64::total_cmp);
    // A neighbour on the machine makes a step longer, never shorter.
    times[times.len() / 4]
}

/// Multiplications and additions of the textbook's step.
fn flops(sizes: &[usize], batch: usize) -> usize {
    let forward: usize = sizes.windows(2).map(|pair| 2 * (pair[0] + 1) * pair[1]).sum();
    let back: usize = sizes[1..].windows(2).map(|pair| 2 * pair[0] * pair[1]).sum();
    batch * (2 * forward + back)
}

fn main() {
    for arg in std::env::args().skip(1) {
        let parts: Vec<&str> = arg.split(',').collect();
        let sizes: Vec<usize> = parts[0].split('-').map(|s| s.parse().expect("a size")).collect();
        let (batch, threads) = (parts[1].parse().expect("a batch"), parts[3].parse().expect("threads"));
        let level = parts.get(5).map_or(Level::detect(), |name| Level::named(name).expect("a level"));
        let seconds = match parts[2] {
            "f32" => measure::<f32>(&sizes, batch, threads, parts[4], level),
            _ => measure::<f64>(&sizes, batch, threads, parts[4], level),
        };
        let flops = flops(&sizes, batch) as f64;
        println!("{arg:45} {:9.3} ms  {:7.1} GFLOP/s", 1e3 * seconds, flops / seconds / 1e9);
    }
}
