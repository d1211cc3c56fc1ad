//! What the processor can do: multiply-adds on registers alone, one core.

use fearless_simd::{Level, Simd, SimdBase, SimdFloat, SimdFloatElement, dispatch};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

/// Sums that do not wait for each other: enough to hide the four cycles that one takes on two units.
const SUMS: usize = 12;
const ROUNDS: usize = 2_000_000;

/// Multiplications and additions a second at both precisions, with the widest vectors and with AVX2's.
pub(crate) fn run() -> Value {
    let best = Level::new();
    let mut widths = vec![at(best)];
    #[cfg(target_arch = "x86_64")]
    if let (Some(_), Some(avx2)) = (best.as_avx512(), best.as_avx2()) {
        widths.push(at(Level::Avx2(avx2)));
    }
    json!(widths)
}

fn at(level: Level) -> Value {
    let name = format!("{level:?}");
    let name = name.split('(').next().unwrap_or_default().to_lowercase();
    let (lanes32, lanes64) = dispatch!(level, simd => lanes(simd));
    let f32 = rate(lanes32, || _ = black_box(dispatch!(level, simd => chain::<_, f32>(simd))));
    let f64 = rate(lanes64, || _ = black_box(dispatch!(level, simd => chain::<_, f64>(simd))));
    json!({ "level": name, "f32": f32, "f64": f64 })
}

/// Operations a second: the best of five.
fn rate(lanes: usize, work: impl Fn()) -> f64 {
    let seconds = (0..5).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    (2 * lanes * SUMS * ROUNDS) as f64 / seconds.fold(f64::INFINITY, f64::min)
}

#[inline(always)]
fn lanes<S: Simd>(_: S) -> (usize, usize) {
    (S::f32s::LEN, S::f64s::LEN)
}

#[inline(always)]
fn chain<S: Simd, R: SimdFloatElement + From<f32>>(simd: S) -> R {
    let of = |number: f32| R::Native::<S>::splat(simd, black_box(number).into());
    let (a, b) = (of(0.999), of(1e-3));
    let mut sums = [a; SUMS];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = sum.mul_add(a, b);
        }
    }
    sums.into_iter().fold(b, |all, sum| all + sum).reduce_sum()
}
