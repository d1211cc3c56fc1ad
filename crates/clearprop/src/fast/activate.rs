//! The activations that need an exponential, and their slopes, over the rows of a block.
//!
//! relu is no pass of its own: it is done where z is made, before it leaves the registers.  Identity is
//! nothing at all.
#![expect(unsafe_code, reason = "rows of a block lie in memory that threads share by parts")]

use super::gemm::{load, store};
use super::lanes::{Lanes, V, exp, polynomial};
use crate::activation::Activation;
use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

/// `1 / (1 + exp(-z))`, without overflow on either side.
#[inline(always)]
pub(super) fn logistic<S: Simd, R: Lanes>(simd: S, z: V<S, R>) -> V<S, R> {
    let (zero, one) = (V::<S, R>::splat(simd, R::round(0.0)), V::<S, R>::splat(simd, R::round(1.0)));
    let e = exp::<S, R>(simd, zero - z.abs());
    z.simd_ge(zero).select(one, e) / (one + e)
}

/// `exp(x) - 1` for `x <= 0`, also where that is small: `2^k exp(r) - 1 = 2^k (exp(r) - 1) + (2^k - 1)`,
/// and `exp(r) - 1` is the Taylor polynomial without its 1.
#[inline(always)]
fn exp_minus_1<S: Simd, R: Lanes>(simd: S, x: V<S, R>) -> V<S, R> {
    let lowest = V::<S, R>::splat(simd, R::LOWEST);
    let magic = V::<S, R>::splat(simd, R::MAGIC);
    let x = x.simd_lt(lowest).select(lowest, x);
    let k = x.mul_add(V::<S, R>::splat(simd, R::LOG2_E), magic) - magic;
    let [high, low] = R::LN_2;
    let r = k.mul_add(V::<S, R>::splat(simd, -low), k.mul_add(V::<S, R>::splat(simd, -high), x));
    let power = V::<S, R>::from_bits((k + V::<S, R>::splat(simd, R::BIAS) + magic).to_bits() << R::FRACTION);
    let small = r * polynomial::<S, R>(simd, &R::EXP[..R::EXP.len() - 1], r);
    small.mul_add(power, power - V::<S, R>::splat(simd, R::round(1.0)))
}

/// `tanh(z) = (1 - e) / (1 + e)` with `e = exp(-2|z|)`, and the sign of z.
#[inline(always)]
fn tanh<S: Simd, R: Lanes>(simd: S, z: V<S, R>) -> V<S, R> {
    let two = V::<S, R>::splat(simd, R::round(2.0));
    let m = exp_minus_1::<S, R>(simd, V::<S, R>::splat(simd, R::round(0.0)) - two * z.abs());
    (m / (two + m)).abs().copysign(z)
}

/// `a = act(z)` in place, for `rows` rows of `width` numbers (whole vectors) that lie `stride` apart.
///
/// # Safety
/// Nobody else may touch these rows meanwhile.
#[inline(always)]
pub(super) unsafe fn activate<S: Simd, R: Lanes>(
    simd: S,
    activation: Activation,
    z: *mut R,
    [rows, width, stride]: [usize; 3],
) {
    for row in 0..rows {
        for i in (0..width).step_by(V::<S, R>::LEN) {
            let p = z.wrapping_add(row * stride + i);
            // SAFETY: the caller's promise.
            unsafe {
                match activation {
                    Activation::Identity | Activation::Relu => {}
                    Activation::Logistic => store::<S, R>(logistic::<S, R>(simd, load(simd, p)), p),
                    Activation::Tanh => store::<S, R>(tanh::<S, R>(simd, load(simd, p)), p),
                    other => unreachable!("{other} has no kernel: Network::has_kernels tells"),
                }
            }
        }
    }
}

/// `dz = da * act'(z)` in place, the slope written in the output `a`; laid out as in [`activate`].
///
/// # Safety
/// Nobody else may touch `da`, or write `a`, meanwhile.
#[inline(always)]
pub(super) unsafe fn times_slope<S: Simd, R: Lanes>(
    simd: S,
    activation: Activation,
    da: *mut R,
    a: *const R,
    [rows, width, stride]: [usize; 3],
) {
    let one = V::<S, R>::splat(simd, R::round(1.0));
    for row in 0..rows {
        for i in (0..width).step_by(V::<S, R>::LEN) {
            let at = row * stride + i;
            // SAFETY: the caller's promise.
            unsafe {
                let p = da.wrapping_add(at);
                let a = load::<S, R>(simd, a.wrapping_add(at));
                let slope = match activation {
                    Activation::Identity | Activation::Relu => continue,
                    Activation::Logistic => a * (one - a),
                    Activation::Tanh => one - a * a,
                    other => unreachable!("{other} has no kernel: Network::has_kernels tells"),
                };
                store::<S, R>(load::<S, R>(simd, p) * slope, p);
            }
        }
    }
}
