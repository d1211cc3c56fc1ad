//! The two kinds of number as vectors, and the two functions that losses need of them.
//!
//! A vector holds `LEN` numbers, its lanes; what is written for one is done to all of them at once.
#![expect(unsafe_code, reason = "bounds checks in innermost loops cost a tenth of them; tests run with them")]

use super::compiled::Compiled;
use fearless_simd::{Select, Simd, SimdBase, SimdFloat, SimdFloatElement, f32x8, f64x8};

/// The vector of numbers `R` at the level `S`.
pub(super) type V<S, R> = <R as SimdFloatElement>::Native<S>;
type Bits<S, R> = <V<S, R> as SimdFloat<S>>::Bits;
/// Eight numbers, whatever the level.
pub(super) type Eight<S, R> = <R as Lanes>::Eight<S>;

/// A kind of number that the kernels are written for: what its vectors are, and the constants of
/// [`exp`] and [`ln`].
#[doc(hidden)]
pub trait Lanes: SimdFloatElement + Compiled + 'static {
    /// Eight of them.
    type Eight<S: Simd>: SimdFloat<S, Element = Self>;
    /// Bits of the fraction.
    const FRACTION: u32;
    /// The bits of 1.
    const ONE: Self::Bits;
    /// The bits of the fraction set.
    const FRACTION_MASK: Self::Bits;
    /// 1.5 * 2^FRACTION: added to a whole number, it leaves that number in the lowest bits.
    const MAGIC: Self;
    /// What is added to the exponent: 127 or 1023.
    const BIAS: Self;
    /// Below this, `exp` is 0; above its negative, infinite.
    const LOWEST: Self;
    /// `1/ln 2`.
    const LOG2_E: Self;
    /// `ln 2` in two parts, the first with so few bits that its product with an exponent is exact.
    const LN_2: [Self; 2];
    /// The Taylor coefficients of `exp`, highest first.
    const EXP: &'static [Self];
    /// The coefficients of `(ln(1+f) - 2s)/s` in `s^2`, `s = f/(2+f)`, highest first.
    const LN: &'static [Self];
    /// `sqrt 2`.
    const SQRT_2: Self;
    /// Rounding from double precision.
    fn round(value: f64) -> Self;
}

impl Lanes for f32 {
    type Eight<S: Simd> = f32x8<S>;
    const FRACTION: u32 = 23;
    const ONE: u32 = 1.0_f32.to_bits();
    const FRACTION_MASK: u32 = (1 << 23) - 1;
    const MAGIC: Self = 12_582_912.0;
    const BIAS: Self = 127.0;
    const LOWEST: Self = -87.3;
    const LOG2_E: Self = std::f32::consts::LOG2_E;
    const LN_2: [Self; 2] = [0.693_359_4, -2.121_944_4e-4];
    const EXP: &'static [Self] =
        &[1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    const LN: &'static [Self] = &[0.222_222_22, 0.285_714_3, 0.4, 0.666_666_7];
    const SQRT_2: Self = std::f32::consts::SQRT_2;
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn round(value: f64) -> Self {
        value as Self
    }
}

impl Lanes for f64 {
    type Eight<S: Simd> = f64x8<S>;
    const FRACTION: u32 = 52;
    const ONE: u64 = 1.0_f64.to_bits();
    const FRACTION_MASK: u64 = (1 << 52) - 1;
    const MAGIC: Self = 6_755_399_441_055_744.0;
    const BIAS: Self = 1023.0;
    const LOWEST: Self = -708.3;
    const LOG2_E: Self = std::f64::consts::LOG2_E;
    const LN_2: [Self; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    const EXP: &'static [Self] = &[
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    const LN: &'static [Self] = &[
        2.0 / 21.0,
        2.0 / 19.0,
        2.0 / 17.0,
        2.0 / 15.0,
        2.0 / 13.0,
        2.0 / 11.0,
        2.0 / 9.0,
        2.0 / 7.0,
        2.0 / 5.0,
        2.0 / 3.0,
    ];
    const SQRT_2: Self = std::f64::consts::SQRT_2;
    fn round(value: f64) -> Self {
        value
    }
}

/// The vector at `slice[at..]`.
///
/// # Safety
/// `at + LEN <= slice.len()`.
#[inline(always)]
pub(super) unsafe fn load<S: Simd, R: Lanes>(simd: S, slice: &[R], at: usize) -> V<S, R> {
    debug_assert!(at + V::<S, R>::LEN <= slice.len());
    // SAFETY: the caller's promise.
    V::<S, R>::from_slice(simd, unsafe { slice.get_unchecked(at..at + V::<S, R>::LEN) })
}

/// `slice[at]` in all lanes.
///
/// # Safety
/// `at < slice.len()`.
#[inline(always)]
pub(super) unsafe fn spread<S: Simd, R: Lanes>(simd: S, slice: &[R], at: usize) -> V<S, R> {
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
pub(super) fn rotate<S: Simd, R: Lanes>(v: &mut [V<S, R>; 16], n: usize, steps: u32) {
    for _ in 0..steps {
        let was = *v;
        for i in 0..n / 2 {
            v[2 * i] = was[i].zip_low(was[i + n / 2]);
            v[2 * i + 1] = was[i].zip_high(was[i + n / 2]);
        }
    }
}

/// `a * b + c` by Horner's rule over coefficients, highest first.
#[inline(always)]
pub(super) fn polynomial<S: Simd, R: Lanes>(simd: S, coefficients: &[R], x: V<S, R>) -> V<S, R> {
    let mut sum = V::<S, R>::splat(simd, coefficients[0]);
    for &c in &coefficients[1..] {
        sum = sum.mul_add(x, V::<S, R>::splat(simd, c));
    }
    sum
}

/// `exp(x)`, lane by lane, to within a few units of the last place.  NaN stays NaN.
///
/// `x = k ln 2 + r` with a whole k and `|r| <= ln(2)/2`, so `exp(x) = 2^k exp(r)`: the power of two is
/// made of its exponent's bits, `exp(r)` is the Taylor polynomial.
#[inline(always)]
pub(super) fn exp<S: Simd, R: Lanes>(simd: S, x: V<S, R>) -> V<S, R> {
    let of = |value| V::<S, R>::splat(simd, value);
    let too_low = x.simd_lt(of(R::LOWEST));
    let too_high = x.simd_gt(of(-R::LOWEST));
    let inside = too_low.select(of(R::LOWEST), too_high.select(of(-R::LOWEST), x));
    let shifted = inside.mul_add(of(R::LOG2_E), of(R::MAGIC));
    let k = shifted - of(R::MAGIC);
    let [high, low] = R::LN_2;
    let r = k.mul_add(of(-low), k.mul_add(of(-high), inside));
    let power = V::<S, R>::from_bits((k + of(R::BIAS) + of(R::MAGIC)).to_bits() << R::FRACTION);
    let result = polynomial::<S, R>(simd, R::EXP, r) * power;
    let result = too_high.select(of(R::round(f64::INFINITY)), result);
    too_low.select(of(R::round(0.0)), result)
}

/// `ln(x)` for `x >= 1`, lane by lane, to within a few units of the last place.  NaN and infinity
/// become NaN.
///
/// `x = 2^k (1 + f)` with `1 + f` between `sqrt(1/2)` and `sqrt(2)`; then
/// `ln(1 + f) = 2 artanh(s) = 2s + 2/3 s^3 + 2/5 s^5 + ..` with `s = f / (2 + f)`.
#[inline(always)]
pub(super) fn ln<S: Simd, R: Lanes>(simd: S, x: V<S, R>) -> V<S, R> {
    let of = |value| V::<S, R>::splat(simd, value);
    let bits = x.to_bits();
    let exponent = (bits >> R::FRACTION) | of(R::MAGIC).to_bits();
    let k = V::<S, R>::from_bits(exponent) - of(R::MAGIC) - of(R::BIAS);
    let one = Bits::<S, R>::splat(simd, R::ONE);
    let m = V::<S, R>::from_bits((bits & Bits::<S, R>::splat(simd, R::FRACTION_MASK)) | one);
    let large = m.simd_gt(of(R::SQRT_2));
    let m = large.select(m * of(R::round(0.5)), m);
    let k = large.select(k + of(R::round(1.0)), k);
    let f = m - of(R::round(1.0));
    let s = f / (f + of(R::round(2.0)));
    let s2 = s * s;
    let tail = s * s2 * polynomial::<S, R>(simd, R::LN, s2);
    let [high, low] = R::LN_2;
    // 0 x is 0, or NaN where x is no finite number.
    k.mul_add(of(high), k.mul_add(of(low), tail) + (s + s)) + x * of(R::round(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fast::level::{Level, dispatch};
    use crate::real::Real;

    /// A function of vectors, applied to numbers.
    fn map<R: Real>(level: Level, numbers: &[R], function: Function) -> Vec<R> {
        #[inline(always)]
        fn all<S: Simd, R: Real>(simd: S, numbers: &[R], function: Function) -> Vec<R> {
            let one = |&x: &R| {
                let x = V::<S, R>::splat(simd, x);
                match function {
                    Function::Exp => exp::<S, R>(simd, x)[0],
                    Function::Ln => ln::<S, R>(simd, x)[0],
                }
            };
            numbers.iter().map(one).collect()
        }
        dispatch!(level, simd => all(simd, numbers, function))
    }

    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        Ln,
    }
    use Function::{Exp, Ln};

    fn near<R: Real>(what: &str, numbers: &[R], got: &[R], expected: impl Fn(f64) -> f64, tolerance: f64) {
        for (x, got) in numbers.iter().zip(got) {
            let (right, got) = (expected(x.f64()), got.f64());
            let off = (got - right).abs();
            let same = got.is_nan() == right.is_nan() && (right.is_nan() || off <= tolerance * right.abs());
            assert!(same || got == right, "{what} {}({x}) is {got}, not {right}", R::NAME);
        }
    }

    #[test]
    fn exp_and_ln_are_those_of_the_standard_library() {
        let small: Vec<f64> = (-8700..=8700).map(|i| f64::from(i) * 0.01).collect();
        let large: Vec<f64> = (0..2000).map(|i| (f64::from(i) * 0.04).exp()).collect();
        let single = |numbers: &[f64]| numbers.iter().map(|&x| f32::of(x)).collect::<Vec<f32>>();
        for level in Level::available() {
            let name = format!("{level:?}");
            near(&name, &single(&small), &map(level, &single(&small), Exp), f64::exp, 3e-7);
            near(&name, &small, &map(level, &small, Exp), f64::exp, 1e-15);
            near(&name, &single(&large), &map(level, &single(&large), Ln), f64::ln, 3e-7);
            near(&name, &large, &map(level, &large, Ln), f64::ln, 1e-15);
            let edges = [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 0.0, -0.0, -1e4, 1e4];
            near(&name, &edges, &map(level, &edges, Exp), f64::exp, 0.0);
            near(&name, &single(&edges), &map(level, &single(&edges), Exp), f64::exp, 0.0);
            assert!(map(level, &[f64::NAN], Ln)[0].is_nan());
            assert!(map(level, &[f32::NAN], Ln)[0].is_nan());
        }
    }
}
