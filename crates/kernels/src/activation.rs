//! The activations that need an exponential, and their slopes, over the rows of a block.
//!
//! relu is no pass of its own: it is done where z is made, before it leaves the registers.  Identity is
//! nothing at all.
#![expect(unsafe_code, reason = "rows of a block lie in memory that threads share by parts")]

use crate::float::Float;
use crate::gemm::{load, store};
use crate::lanes::V;
use crate::math::{logistic, tanh};
use fearless_simd::{Simd, SimdBase};

/// The nonlinearity of a hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `a = z`.
    Identity,
    /// `a = 1 / (1 + exp(-z))`.
    Logistic,
    /// `a = tanh(z)`.
    Tanh,
    /// `a = max(0, z)`.
    Relu,
}

/// `a = act(z)` in place, for `rows` rows of `width` numbers (whole vectors) that lie `stride` apart.
///
/// # Safety
/// Nobody else may touch these rows meanwhile.
#[inline(always)]
pub(crate) unsafe fn activate<S: Simd, R: Float>(
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
pub(crate) unsafe fn times_slope<S: Simd, R: Float>(
    simd: S,
    activation: Activation,
    da: *mut R,
    a: *const R,
    [rows, width, stride]: [usize; 3],
) {
    let one = V::<S, R>::splat(simd, R::ONE);
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
                };
                store::<S, R>(load::<S, R>(simd, p) * slope, p);
            }
        }
    }
}
