//! The two kinds of number as vectors.
//!
//! A vector holds `LEN` numbers, its lanes; what is written for one is done to all of them at once.
#![expect(unsafe_code, reason = "bounds checks in innermost loops cost a tenth of them; tests run with them")]

use crate::float::Float;
use fearless_simd::{Simd, SimdBase, SimdFloatElement};

/// The vector of numbers `R` at the level `S`.
pub(crate) type V<S, R> = <R as SimdFloatElement>::Native<S>;
/// Eight numbers, whatever the level.
pub(crate) type Eight<S, R> = <R as Float>::Eight<S>;

/// The vector at `slice[at..]`.
///
/// # Safety
/// `at + LEN <= slice.len()`.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd, R: Float>(simd: S, slice: &[R], at: usize) -> V<S, R> {
    debug_assert!(at + V::<S, R>::LEN <= slice.len());
    // SAFETY: the caller's promise.
    V::<S, R>::from_slice(simd, unsafe { slice.get_unchecked(at..at + V::<S, R>::LEN) })
}

/// `slice[at]` in all lanes.
///
/// # Safety
/// `at < slice.len()`.
#[inline(always)]
pub(crate) unsafe fn spread<S: Simd, R: Float>(simd: S, slice: &[R], at: usize) -> V<S, R> {
    debug_assert!(at < slice.len());
    // SAFETY: the caller's promise.
    V::<S, R>::splat(simd, unsafe { *slice.get_unchecked(at) })
}

/// Moves the numbers of the first `n` vectors, a power of two, to other places: number the places in binary,
/// the vector's bits before the lane's, and each step rotates these bits by one to the left.
///
/// A matrix whose rows lie in the vectors one after the other is transposed by as many steps as its columns
/// have bits: row bits and column bits have then changed sides.  A step interleaves the first half of the
/// vectors with the second.
#[inline(always)]
pub(crate) fn rotate<S: Simd, R: Float>(v: &mut [V<S, R>; 16], n: usize, steps: u32) {
    for _ in 0..steps {
        let was = *v;
        for i in 0..n / 2 {
            v[2 * i] = was[i].zip_low(was[i + n / 2]);
            v[2 * i + 1] = was[i].zip_high(was[i + n / 2]);
        }
    }
}
