//! The two kinds of number that networks are trained in: `f32` and `f64`.

#[cfg(feature = "fast")]
use clearprop_kernels::Compiled as Kernels;
use ndarray::NdFloat;
#[cfg(not(feature = "fast"))]
use private::Sealed as Kernels;

/// A floating point number: `f32` or `f64`.
///
/// Everything in this crate is written once, for any `Real`.
pub trait Real: NdFloat + Default + std::iter::Sum + Kernels + private::Sealed {
    /// `"f32"` or `"f64"`.
    const NAME: &'static str;
    /// The nearest number of this kind.
    fn of(value: f64) -> Self;
    /// The same number at double precision.
    fn f64(self) -> f64;
}

impl Real for f32 {
    const NAME: &'static str = "f32";
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is the purpose")]
    fn of(value: f64) -> Self {
        value as f32
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const NAME: &'static str = "f64";
    fn of(value: f64) -> Self {
        value
    }
    fn f64(self) -> f64 {
        self
    }
}

mod private {
    /// Only `f32` and `f64` are reals: the kernels exist for these two.
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
