//! The two kinds of number that the kernels are written for.

use fearless_simd::{Simd, SimdFloat, SimdFloatElement, f32x8, f64x8};

/// `f32` or `f64`: its vectors, and the constants of `exp` and `ln`.
pub trait Float: SimdFloatElement + Send + Sync + 'static {
    /// `"f32"` or `"f64"`.
    #[doc(hidden)]
    const KIND: &'static str;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Infinity.
    const INFINITY: Self;
    /// NaN.
    #[doc(hidden)]
    const NAN: Self;
    /// From 1 to the next number.
    #[doc(hidden)]
    const ULP: Self;
    /// Eight of them, whatever the level.
    #[doc(hidden)]
    type Eight<S: Simd>: SimdFloat<S, Element = Self>;
    /// Bits of the fraction.
    #[doc(hidden)]
    const FRACTION: u32;
    /// The bits of 1.
    #[doc(hidden)]
    const ONE_BITS: Self::Bits;
    /// The bits of the fraction set.
    #[doc(hidden)]
    const FRACTION_MASK: Self::Bits;
    /// 1.5 * 2^FRACTION: added to a whole number, it leaves that number in the lowest bits.
    #[doc(hidden)]
    const MAGIC: Self;
    /// What is added to the exponent: 127 or 1023.
    #[doc(hidden)]
    const BIAS: Self;
    /// Below this, `exp` is 0; above its negative, infinite.
    #[doc(hidden)]
    const LOWEST: Self;
    /// `1/ln 2`.
    #[doc(hidden)]
    const LOG2_E: Self;
    /// `ln 2` in two parts, the first with so few bits that its product with an exponent is exact.
    #[doc(hidden)]
    const LN_2: [Self; 2];
    /// The Taylor coefficients of `exp`, highest first.
    #[doc(hidden)]
    const EXP: &'static [Self];
    /// The coefficients of `(ln(1+f) - 2s)/s` in `s^2`, `s = f/(2+f)`, highest first.
    #[doc(hidden)]
    const LN: &'static [Self];
    /// `sqrt 2`.
    #[doc(hidden)]
    const SQRT_2: Self;
    /// How many coefficients the error function needs.
    #[doc(hidden)]
    const ERFC_TERMS: usize;
    /// The nearest number of this kind.
    fn narrow(value: f64) -> Self;
    /// The same number in double precision.
    fn widen(self) -> f64;
}

impl Float for f32 {
    const KIND: &'static str = "f32";
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const INFINITY: Self = Self::INFINITY;
    const NAN: Self = Self::NAN;
    const ULP: Self = Self::EPSILON;
    type Eight<S: Simd> = f32x8<S>;
    const FRACTION: u32 = 23;
    const ONE_BITS: u32 = 1.0_f32.to_bits();
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
    const ERFC_TERMS: usize = 11;
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn narrow(value: f64) -> Self {
        value as Self
    }
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Float for f64 {
    const KIND: &'static str = "f64";
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const INFINITY: Self = Self::INFINITY;
    const NAN: Self = Self::NAN;
    const ULP: Self = Self::EPSILON;
    type Eight<S: Simd> = f64x8<S>;
    const FRACTION: u32 = 52;
    const ONE_BITS: u64 = 1.0_f64.to_bits();
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
    const ERFC_TERMS: usize = 26;
    fn narrow(value: f64) -> Self {
        value
    }
    fn widen(self) -> f64 {
        self
    }
}
