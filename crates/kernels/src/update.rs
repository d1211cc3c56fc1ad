//! The optimisers' rules over a stretch of parameters: penalty, moments and update in one pass.
//!
//! g is first put together:
//!
//! ```text
//! g = sum of the parts that row groups have left, in their order      then       g += reg * p
//! ```
#![expect(unsafe_code, reason = "parameters lie in memory that threads share by parts")]

use crate::float::Float;
use crate::gemm::{load, store};
use crate::lanes::V;
use fearless_simd::{Simd, SimdBase, SimdFloat};

/// One update's numbers.
#[derive(Clone, Copy, Debug)]
pub enum Update<R> {
    /// `p -= step g`.
    Gd {
        /// The step size.
        step: R,
    },
    /// `v = mu v - step g`, then `p += v`, or with Nesterov's look ahead `p += mu v - step g`.
    Sgd {
        /// The step size.
        step: R,
        /// The share of v that is kept.
        mu: R,
        /// Whether to look ahead.
        nesterov: bool,
    },
    /// `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`, `p -= rate m / (sqrt(v) + epsilon)`.
    Adam {
        /// The decay of the mean of g.
        beta1: R,
        /// The decay of the mean of g^2.
        beta2: R,
        /// The step size, with the corrections of this update.
        rate: R,
        /// Keeps the quotient finite.
        epsilon: R,
    },
    /// The parameters stay, and g is left in the first moment.
    Gradient,
}

impl<R: Float> Update<R> {
    /// How many moments it keeps.
    pub(crate) fn moments(&self) -> usize {
        match self {
            Self::Gd { .. } => 0,
            Self::Sgd { .. } | Self::Gradient => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// The same with a share of the step size.
    pub(crate) fn times(self, share: f64) -> Self {
        let of = |step: R| R::narrow(share) * step;
        match self {
            Self::Gd { step } => Self::Gd { step: of(step) },
            Self::Sgd { step, mu, nesterov } => Self::Sgd { step: of(step), mu, nesterov },
            Self::Adam { beta1, beta2, rate, epsilon } => {
                Self::Adam { beta1, beta2, rate: of(rate), epsilon }
            }
            Self::Gradient => Self::Gradient,
        }
    }

    /// Whether a parameter that always was 0, with a gradient that always was 0, stays 0: adam without an
    /// epsilon divides 0 by 0.
    pub(crate) fn keeps_zero(&self) -> bool {
        !matches!(self, Self::Adam { epsilon, .. } if *epsilon == R::ZERO)
    }
}

/// Rows of a weight matrix that are updated together.
pub(crate) const STRETCH: usize = 48;
/// The lanes of the widest vectors.
const MOST_LANES: usize = 16;

/// Rows of parameters, each as many whole vectors as `len` says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<R> {
    pub(crate) rows: usize,
    pub(crate) len: usize,
    /// The parameters, and from one row of them, and of the moments, to the next.
    pub(crate) p: *mut R,
    pub(crate) p_row: usize,
    /// The first part of the gradient; the others follow `apart` from each other.
    pub(crate) g: *const R,
    pub(crate) g_row: usize,
    pub(crate) parts: usize,
    pub(crate) apart: usize,
    /// sgd: the velocity.  adam: the means m and v.
    pub(crate) moments: [*mut R; 2],
    /// The penalty's strength, 0 for none.
    pub(crate) reg: R,
}

/// Updates rows; gives the sum of the squares of its parameters before, or 0 if they are not penalised.
///
/// # Safety
/// All of it must be there, and nobody else may touch it.
#[inline(always)]
pub(crate) unsafe fn update<S: Simd, R: Float>(simd: S, step: &Update<R>, on: &Span<R>) -> f64 {
    simd.vectorize(
        #[inline(always)]
        || {
            let of = |value: R| V::<S, R>::splat(simd, value);
            let reg = of(on.reg);
            let mut squares = of(R::ZERO);
            for row in 0..on.rows {
                for i in (0..on.len).step_by(V::<S, R>::LEN) {
                    let (i, j) = (row * on.p_row + i, row * on.g_row + i);
                    // SAFETY: the caller's promise.
                    unsafe {
                        let mut p = load::<S, R>(simd, on.p.wrapping_add(i));
                        let mut g = load::<S, R>(simd, on.g.wrapping_add(j));
                        for part in 1..on.parts {
                            g += load::<S, R>(simd, on.g.wrapping_add(j + part * on.apart));
                        }
                        if on.reg != R::ZERO {
                            squares = p.mul_add(p, squares);
                            g = p.mul_add(reg, g);
                        }
                        let [first, second] = on.moments.map(|moment| moment.wrapping_add(i));
                        match *step {
                            Update::Gd { step } => p -= of(step) * g,
                            Update::Sgd { step, mu, nesterov } => {
                                let v = of(mu) * load::<S, R>(simd, first) - of(step) * g;
                                store::<S, R>(v, first);
                                p += if nesterov { of(mu) * v - of(step) * g } else { v };
                            }
                            Update::Adam { beta1, beta2, rate, epsilon } => {
                                let m = of(beta1) * load::<S, R>(simd, first) + of(R::ONE - beta1) * g;
                                let v = of(beta2) * load::<S, R>(simd, second) + of(R::ONE - beta2) * g * g;
                                store::<S, R>(m, first);
                                store::<S, R>(v, second);
                                p -= of(rate) * m / (v.sqrt() + of(epsilon));
                            }
                            Update::Gradient => store::<S, R>(g, first),
                        }
                        store::<S, R>(p, on.p.wrapping_add(i));
                    }
                }
            }
            squares.reduce_sum().widen()
        },
    )
}

/// As [`update`], and `rest` more columns that fill no vector: they are copied to where they have one, and back.
///
/// # Safety
/// As [`update`]; there must be whole vectors of g.
#[inline(always)]
pub(crate) unsafe fn update_columns<S: Simd, R: Float>(
    simd: S,
    step: &Update<R>,
    on: &Span<R>,
    rest: usize,
) -> f64 {
    // SAFETY: the caller's promise.
    let mut squares = unsafe { update(simd, step, on) };
    if rest == 0 {
        return squares;
    }
    let lanes = V::<S, R>::LEN;
    let places = [on.p, on.moments[0], on.moments[1]].map(|place| place.wrapping_add(on.len));
    let mut copies = [[R::ZERO; STRETCH * MOST_LANES]; 3];
    debug_assert!(on.rows <= STRETCH && lanes <= MOST_LANES, "room for the copies");
    let kept = 1 + step.moments();
    for (copy, place) in copies.iter_mut().zip(places).take(kept) {
        for row in 0..on.rows {
            // SAFETY: as above.
            let from = unsafe { std::slice::from_raw_parts(place.wrapping_add(row * on.p_row), rest) };
            copy[row * lanes..][..rest].copy_from_slice(from);
        }
    }
    let [p, m, v] = copies.each_mut().map(|copy| copy.as_mut_ptr());
    let g = on.g.wrapping_add(on.len);
    let span = Span { len: lanes, p, p_row: lanes, g, moments: [m, v], ..*on };
    // SAFETY: the copies are this function's own, of whole vectors.
    squares += unsafe { update(simd, step, &span) };
    for (copy, place) in copies.iter().zip(places).take(kept) {
        for row in 0..on.rows {
            // SAFETY: as above.
            let to = unsafe { std::slice::from_raw_parts_mut(place.wrapping_add(row * on.p_row), rest) };
            to.copy_from_slice(&copy[row * lanes..][..rest]);
        }
    }
    squares
}
