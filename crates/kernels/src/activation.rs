//! The activations and their slopes, over the rows of a block.
//!
//! relu is no pass of its own: it is done where z is made, before it leaves the registers, and identity is
//! nothing at all.  The slopes of logistic and tanh are made again of their outputs.  For the others the slope is
//! written down beside the output, since both are made of the same exponential.
#![expect(unsafe_code, reason = "rows of a block lie in memory that threads share by parts")]

use crate::float::Float;
use crate::gemm::{load, store};
use crate::lanes::V;
use crate::math::{exp, exp_minus_1, log_one_plus, logistic, normal_below, tanh};
use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

/// The nonlinearity of a hidden layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `a = z`.
    Identity,
    /// `a = 1 / (1 + exp(-z))`.
    Logistic,
    /// `a = tanh(z)`.
    Tanh,
    /// `a = max(0, z)`.
    Relu,
    /// `a = z` above 0, `slope z` below.
    LeakyRelu {
        /// Its slope below 0.
        slope: f64,
    },
    /// `a = scale z` above 0, `scale alpha (exp(z) - 1)` below: ELU with a scale of 1, SELU with its own.
    Elu {
        /// What all of it is multiplied by.
        scale: f64,
        /// How far it falls, before the scale.
        alpha: f64,
    },
    /// `a = log(1 + exp(z))`.
    Softplus,
    /// `a = z / (1 + exp(-z))`.
    Silu,
    /// `a = z P(Z <= z)` for a standard normal Z.
    Gelu,
    /// `a = z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))`.
    GeluTanh,
    /// `a = z tanh(log(1 + exp(z)))`.
    Mish,
}

impl Activation {
    /// Whether its slope is written down on the way forward.
    pub(crate) fn keeps_slope(self) -> bool {
        match self {
            Self::Identity | Self::Logistic | Self::Tanh | Self::Relu => false,
            Self::LeakyRelu { .. } | Self::Elu { .. } | Self::Softplus => true,
            Self::Silu | Self::Gelu | Self::GeluTanh | Self::Mish => true,
        }
    }
}

/// `above` for z > 0, `below` for z <= 0, and NaN for NaN.
#[inline(always)]
fn sides<S: Simd, R: Float>(simd: S, z: V<S, R>, above: V<S, R>, below: V<S, R>) -> V<S, R> {
    let zero = V::<S, R>::splat(simd, R::ZERO);
    z.simd_gt(zero).select(above, z.simd_le(zero).select(below, z))
}

/// `act(z)` and its slope, of those that keep their slope.
#[inline(always)]
fn value_and_slope<S: Simd, R: Float>(simd: S, activation: Activation, z: V<S, R>) -> [V<S, R>; 2] {
    let of = |value: f64| V::<S, R>::splat(simd, R::narrow(value));
    let (zero, one) = (of(0.0), of(1.0));
    match activation {
        Activation::Identity | Activation::Logistic | Activation::Tanh | Activation::Relu => [z, one],
        Activation::LeakyRelu { slope } => {
            [sides::<S, R>(simd, z, z, of(slope) * z), sides::<S, R>(simd, z, one, of(slope))]
        }
        Activation::Elu { scale, alpha } => {
            let m = exp_minus_1::<S, R>(simd, z.simd_gt(zero).select(zero, z));
            let below = of(scale * alpha) * m;
            [
                sides::<S, R>(simd, z, of(scale) * z, below),
                sides::<S, R>(simd, z, of(scale), below + of(scale * alpha)),
            ]
        }
        Activation::Softplus => {
            let e = exp::<S, R>(simd, zero - z.abs());
            let positive = z.simd_gt(zero).select(z, zero);
            [positive + log_one_plus::<S, R>(simd, e), logistic::<S, R>(simd, z)]
        }
        Activation::Silu => {
            let p = logistic::<S, R>(simd, z);
            [z * p, p * (one + z * (one - p))]
        }
        Activation::Gelu => {
            let p = normal_below::<S, R>(simd, z);
            let density = of(0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2)
                * exp::<S, R>(simd, zero - of(0.5) * z * z);
            [z * p, z.mul_add(density, p)]
        }
        Activation::GeluTanh => {
            let twice = 2.0 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
            let z2 = z * z;
            // (1 + tanh(u))/2 = 1/(1 + exp(-2u)).
            let p = logistic::<S, R>(simd, of(twice) * z * z2.mul_add(of(0.044_715), one));
            let inner = of(twice) * z2.mul_add(of(3.0 * 0.044_715), one);
            let curved = p * (one - p);
            // Far out it is flat: 0 times the infinite inner slope of a large z is 0.
            [z * p, p + curved.simd_eq(zero).select(zero, z * curved * inner)]
        }
        Activation::Mish => {
            // tanh(log(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2), written in exp(-|z|), which cannot overflow.
            let e = exp::<S, R>(simd, zero - z.abs());
            let is_positive = z.simd_gt(zero);
            let two_e = e + e;
            let top = is_positive.select(one + two_e, e * e + two_e);
            let rest = is_positive.select(two_e * e, of(2.0));
            let t = top / (top + rest);
            // 1 - t = rest / (top + rest), so that nothing cancels.
            let one_minus_t2 = (rest / (top + rest)) * (one + t);
            let p = is_positive.select(one, e) / (one + e);
            let curved = one_minus_t2 * p;
            [z * t, t + curved.simd_eq(zero).select(zero, z * curved)]
        }
    }
}

/// `a = act(z)` in place, for `rows` rows of `width` numbers (whole vectors) that lie `stride` apart; the slopes,
/// of an activation that keeps them, to `slopes`, laid out in the same way.
///
/// # Safety
/// Nobody else may touch these rows, or slopes, meanwhile.
#[inline(always)]
pub(crate) unsafe fn activate<S: Simd, R: Float>(
    simd: S,
    activation: Activation,
    z: *mut R,
    slopes: Option<*mut R>,
    [rows, width, stride]: [usize; 3],
) {
    if matches!(activation, Activation::Identity | Activation::Relu) {
        return;
    }
    // One copy of it for all callers.
    simd.vectorize(
        #[inline(always)]
        || {
            for row in 0..rows {
                for i in (0..width).step_by(V::<S, R>::LEN) {
                    let at = row * stride + i;
                    let p = z.wrapping_add(at);
                    // SAFETY: the caller's promise.
                    unsafe {
                        let z = load::<S, R>(simd, p);
                        match activation {
                            Activation::Logistic => store::<S, R>(logistic::<S, R>(simd, z), p),
                            Activation::Tanh => store::<S, R>(tanh::<S, R>(simd, z), p),
                            _ => {
                                let [a, slope] = value_and_slope::<S, R>(simd, activation, z);
                                store::<S, R>(a, p);
                                if let Some(slopes) = slopes {
                                    store::<S, R>(slope, slopes.wrapping_add(at));
                                }
                            }
                        }
                    }
                }
            }
        },
    );
}

/// `dz = da * act'(z)` in place; the slope was kept, or is made of the output `a`; laid out as in [`activate`].
///
/// # Safety
/// Nobody else may touch `da`, or write `a` or slopes, meanwhile.
#[inline(always)]
pub(crate) unsafe fn times_slope<S: Simd, R: Float>(
    simd: S,
    activation: Activation,
    da: *mut R,
    a: *const R,
    slopes: Option<*const R>,
    [rows, width, stride]: [usize; 3],
) {
    let one = V::<S, R>::splat(simd, R::ONE);
    let from = slopes.unwrap_or(a);
    if matches!(activation, Activation::Identity | Activation::Relu) {
        return;
    }
    for row in 0..rows {
        for i in (0..width).step_by(V::<S, R>::LEN) {
            let at = row * stride + i;
            // SAFETY: the caller's promise.
            unsafe {
                let p = da.wrapping_add(at);
                let from = load::<S, R>(simd, from.wrapping_add(at));
                let slope = match activation {
                    Activation::Logistic => from * (one - from),
                    Activation::Tanh => one - from * from,
                    _ => from,
                };
                store::<S, R>(load::<S, R>(simd, p) * slope, p);
            }
        }
    }
}
