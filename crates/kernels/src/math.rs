//! Functions of vectors that activations and losses need.

use crate::float::Float;
use crate::lanes::V;
use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

type Bits<S, R> = <V<S, R> as SimdFloat<S>>::Bits;

/// `a * b + c` by Horner's rule over coefficients, highest first.
#[inline(always)]
pub(crate) fn polynomial<S: Simd, R: Float>(simd: S, coefficients: &[R], x: V<S, R>) -> V<S, R> {
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
pub(crate) fn exp<S: Simd, R: Float>(simd: S, x: V<S, R>) -> V<S, R> {
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
    let result = too_high.select(of(R::INFINITY), result);
    too_low.select(of(R::ZERO), result)
}

/// `ln(x)` for `x >= 1`, lane by lane, to within a few units of the last place.  NaN and infinity
/// become NaN.
///
/// `x = 2^k (1 + f)` with `1 + f` between `sqrt(1/2)` and `sqrt(2)`; then
/// `ln(1 + f) = 2 artanh(s) = 2s + 2/3 s^3 + 2/5 s^5 + ..` with `s = f / (2 + f)`.
#[inline(always)]
pub(crate) fn ln<S: Simd, R: Float>(simd: S, x: V<S, R>) -> V<S, R> {
    let of = |value| V::<S, R>::splat(simd, value);
    let bits = x.to_bits();
    let exponent = (bits >> R::FRACTION) | of(R::MAGIC).to_bits();
    let k = V::<S, R>::from_bits(exponent) - of(R::MAGIC) - of(R::BIAS);
    let one = Bits::<S, R>::splat(simd, R::ONE_BITS);
    let m = V::<S, R>::from_bits((bits & Bits::<S, R>::splat(simd, R::FRACTION_MASK)) | one);
    let large = m.simd_gt(of(R::SQRT_2));
    let m = large.select(m * of(R::narrow(0.5)), m);
    let k = large.select(k + of(R::ONE), k);
    let f = m - of(R::ONE);
    let s = f / (f + of(R::narrow(2.0)));
    let s2 = s * s;
    let tail = s * s2 * polynomial::<S, R>(simd, R::LN, s2);
    let [high, low] = R::LN_2;
    // 0 x is 0, or NaN where x is no finite number.
    k.mul_add(of(high), k.mul_add(of(low), tail) + (s + s)) + x * of(R::ZERO)
}

/// `1 / (1 + exp(-z))`, without overflow on either side.
#[inline(always)]
pub(crate) fn logistic<S: Simd, R: Float>(simd: S, z: V<S, R>) -> V<S, R> {
    let (zero, one) = (V::<S, R>::splat(simd, R::ZERO), V::<S, R>::splat(simd, R::ONE));
    let e = exp::<S, R>(simd, zero - z.abs());
    z.simd_ge(zero).select(one, e) / (one + e)
}

/// `exp(x) - 1` for `x <= 0`, also where that is small: `2^k exp(r) - 1 = 2^k (exp(r) - 1) + (2^k - 1)`,
/// and `exp(r) - 1` is the Taylor polynomial without its 1.
#[inline(always)]
pub(crate) fn exp_minus_1<S: Simd, R: Float>(simd: S, x: V<S, R>) -> V<S, R> {
    let lowest = V::<S, R>::splat(simd, R::LOWEST);
    let magic = V::<S, R>::splat(simd, R::MAGIC);
    let x = x.simd_lt(lowest).select(lowest, x);
    let k = x.mul_add(V::<S, R>::splat(simd, R::LOG2_E), magic) - magic;
    let [high, low] = R::LN_2;
    let r = k.mul_add(V::<S, R>::splat(simd, -low), k.mul_add(V::<S, R>::splat(simd, -high), x));
    let power = V::<S, R>::from_bits((k + V::<S, R>::splat(simd, R::BIAS) + magic).to_bits() << R::FRACTION);
    let small = r * polynomial::<S, R>(simd, &R::EXP[..R::EXP.len() - 1], r);
    small.mul_add(power, power - V::<S, R>::splat(simd, R::ONE))
}

/// `tanh(z) = (1 - e) / (1 + e)` with `e = exp(-2|z|)`, and the sign of z.
#[inline(always)]
pub(crate) fn tanh<S: Simd, R: Float>(simd: S, z: V<S, R>) -> V<S, R> {
    let two = V::<S, R>::splat(simd, R::narrow(2.0));
    let m = exp_minus_1::<S, R>(simd, V::<S, R>::splat(simd, R::ZERO) - two * z.abs());
    (m / (two + m)).abs().copysign(z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{Level, dispatch};

    /// A function of vectors, applied to numbers.
    fn map<R: Float>(level: Level, numbers: &[R], function: Function) -> Vec<R> {
        #[inline(always)]
        fn all<S: Simd, R: Float>(simd: S, numbers: &[R], function: Function) -> Vec<R> {
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

    fn near<R: Float>(what: &str, numbers: &[R], got: &[R], expected: impl Fn(f64) -> f64, tolerance: f64) {
        for (x, got) in numbers.iter().zip(got) {
            let (right, got) = (expected(x.widen()), got.widen());
            let off = (got - right).abs();
            let same = got.is_nan() == right.is_nan() && (right.is_nan() || off <= tolerance * right.abs());
            assert!(same || got == right, "{what} {}({x}) is {got}, not {right}", R::KIND);
        }
    }

    #[test]
    fn exp_and_ln_are_those_of_the_standard_library() {
        let small: Vec<f64> = (-8700..=8700).map(|i| f64::from(i) * 0.01).collect();
        let large: Vec<f64> = (0..2000).map(|i| (f64::from(i) * 0.04).exp()).collect();
        let single = |numbers: &[f64]| numbers.iter().map(|&x| f32::narrow(x)).collect::<Vec<f32>>();
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
