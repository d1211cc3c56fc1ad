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

/// `log(1 + e)` for `0 <= e <= 1`, also where that is small.
#[inline(always)]
pub(crate) fn log_one_plus<S: Simd, R: Float>(simd: S, e: V<S, R>) -> V<S, R> {
    let one = V::<S, R>::splat(simd, R::ONE);
    let u = one + e;
    // What rounding takes from 1 + e is put back: it is all there is of a small logarithm.
    ln::<S, R>(simd, u) + (e - (u - one)) / u
}

/// `exp(x)` that is infinite, or 0, only where there is no other number.
#[inline(always)]
pub(crate) fn exp_to_the_end<S: Simd, R: Float>(simd: S, x: V<S, R>) -> V<S, R> {
    let e = exp::<S, R>(simd, x * V::<S, R>::splat(simd, R::narrow(0.5)));
    e * e
}

/// Chebyshev's coefficients of `ln(erfc(x) / t) + x^2` in `2t - 1` where `t = 2 / (2 + x)`, the first halved
/// where it is used.
const ERFC: [f64; 26] = [
    -1.302_653_719_781_709_4,
    0.641_969_792_356_490_3,
    0.019_476_473_204_185_836,
    -0.009_561_514_786_808_632,
    -0.000_946_595_344_482_036_9,
    0.000_366_839_497_852_761_47,
    4.252_332_480_690_777e-5,
    -2.027_857_811_253_424_3e-5,
    -1.624_290_004_647_025_5e-6,
    1.303_655_835_580_523_2e-6,
    1.562_644_172_206_614_3e-8,
    -8.523_809_591_492_654e-8,
    6.529_054_439_098_851e-9,
    5.059_343_495_551_469e-9,
    -9.913_641_564_930_33e-10,
    -2.273_651_222_931_836e-10,
    9.646_791_102_015_527e-11,
    2.394_038_083_039_114_7e-12,
    -6.886_027_526_497_553e-12,
    8.944_879_273_090_727e-13,
    3.130_921_399_342_958e-13,
    -1.127_082_236_136_725_2e-13,
    3.810_905_255_189_232e-16,
    7.106_097_613_609_237e-15,
    -1.523_028_201_457_104e-15,
    -9.457_494_571_291_234e-17,
];

/// `P(Z <= z)` for a standard normal Z, `erfc(-z / sqrt(2)) / 2`.
///
/// For `x >= 0`, `erfc(x) = t exp(-x^2 + P(t))` with a polynomial P (Press et al., *Numerical recipes*, 3rd
/// edition, 6.2.2); for the other side `erfc(-x) = 2 - erfc(x)`.
#[inline(always)]
pub(crate) fn normal_below<S: Simd, R: Float>(simd: S, z: V<S, R>) -> V<S, R> {
    let of = |value: f64| V::<S, R>::splat(simd, R::narrow(value));
    let x = z.abs() * of(std::f64::consts::FRAC_1_SQRT_2);
    let t = of(2.0) / (of(2.0) + x);
    let y = of(2.0) * t - of(1.0);
    // Clenshaw's rule.
    let (mut d, mut before) = (of(0.0), of(0.0));
    for &c in ERFC[1..R::ERFC_TERMS].iter().rev() {
        let next = (y + y).mul_add(d, of(c) - before);
        before = d;
        d = next;
    }
    let p = y.mul_add(d, of(0.5 * ERFC[0]) - before);
    let half = of(0.5) * t * exp::<S, R>(simd, p - x * x);
    z.simd_gt(of(0.0)).select(of(1.0) - half, half)
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
                    Function::ExpToTheEnd => exp_to_the_end::<S, R>(simd, x)[0],
                    Function::Ln => ln::<S, R>(simd, x)[0],
                    Function::NormalBelow => normal_below::<S, R>(simd, x)[0],
                }
            };
            numbers.iter().map(one).collect()
        }
        dispatch!(level, simd => all(simd, numbers, function))
    }

    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        ExpToTheEnd,
        Ln,
        NormalBelow,
    }
    use Function::{Exp, ExpToTheEnd, Ln, NormalBelow};

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

    #[test]
    fn the_exponential_of_counts_ends_where_the_numbers_do() {
        for level in Level::available() {
            for x in [-744.0, -88.0, 0.0, 88.0, 88.7, 88.8, 700.0, 709.7, 709.8, f64::NAN, f64::INFINITY] {
                let (single, double) =
                    (map(level, &[f32::narrow(x)], ExpToTheEnd), map(level, &[x], ExpToTheEnd));
                near("f32", &[f32::narrow(x)], &single, |x| f32::narrow(x).exp().into(), 3e-6);
                near("f64", &[x], &double, f64::exp, if x < -700.0 { 1.0 } else { 1e-14 });
            }
        }
    }

    #[test]
    fn the_share_of_a_normal_number_below_z() {
        // Of a table to 20 digits (mpmath): ncdf(z).
        let table = [
            (-30.0, 4.906_713_927_148_187e-198),
            (-8.0, 6.220_960_574_271_784e-16),
            (-3.0, 0.001_349_898_031_630_094_5),
            (-1.0, 0.158_655_253_931_457_05),
            (-1e-3, 0.499_601_057_786_088_94),
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013_1),
            (2.0, 0.977_249_868_051_820_8),
            (10.0, 1.0),
        ];
        for level in Level::available() {
            for (z, right) in table {
                near("f64", &[z], &map(level, &[z], NormalBelow), |_| right, 2e-13);
                let single = map(level, &[f32::narrow(z)], NormalBelow);
                if z > -9.0 {
                    near("f32", &[f32::narrow(z)], &single, |_| right, 1e-5);
                }
            }
            let edges = map(level, &[f64::NAN, f64::NEG_INFINITY, f64::INFINITY], NormalBelow);
            assert!(edges[0].is_nan() && edges[1] == 0.0 && edges[2] == 1.0, "{edges:?}");
        }
    }
}
