//! Which of the processor's vector instructions the kernels use.
//!
//! A kernel is written once, for vectors of any width, and compiled once for each level.  Which of
//! these runs is decided once, when an engine is made, by a value that the caller may choose: results
//! depend on the level (vectors of another width add in another order), never on the number of threads.

use crate::float::Float;
use crate::lanes::V;
use fearless_simd::{Simd, SimdBase};
use std::fmt;

/// A set of vector instructions that this machine has.
///
/// ```
/// use clearprop_kernels::Level;
/// let best = Level::detect();
/// assert_eq!(Level::named(best.name()), Some(best));
/// assert_eq!(Level::named("abacus"), None);
/// ```
#[derive(Clone, Copy)]
pub struct Level(pub(crate) fearless_simd::Level);

impl Level {
    /// The best that this machine has.
    #[must_use]
    pub fn detect() -> Self {
        let best = fearless_simd::Level::new();
        // SSE4.2 brings the kernels nothing: one copy of the code less.
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        if let (None, Some(sse2)) = (best.as_avx2(), best.as_sse2()) {
            return Self(fearless_simd::Level::Sse2(sse2));
        }
        Self(best)
    }

    /// All that this machine has, from the narrowest vectors to the widest.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let best = Self::detect();
        let mut levels = Vec::new();
        // Every x86-64 has SSE2: plain numbers are a copy of the code that only tests would run.
        if cfg!(any(test, not(target_arch = "x86_64"))) {
            levels.push(Self(fearless_simd::Level::Fallback(fearless_simd::Fallback::new())));
        }
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        {
            levels.extend(best.0.as_sse2().map(fearless_simd::Level::Sse2).map(Self));
            levels.extend(best.0.as_avx2().map(fearless_simd::Level::Avx2).map(Self));
        }
        if !levels.contains(&best) {
            levels.push(best);
        }
        levels
    }

    /// `scalar`, `sse2`, `avx2`, `avx512`, `neon` or `simd128`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            fearless_simd::Level::Avx512(_) => "avx512",
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            fearless_simd::Level::Avx2(_) => "avx2",
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            fearless_simd::Level::Sse2(_) => "sse2",
            #[cfg(target_arch = "aarch64")]
            fearless_simd::Level::Neon(_) => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            fearless_simd::Level::WasmSimd128(_) => "simd128",
            _ => "scalar",
        }
    }

    /// The level of this name, if this machine has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::available().into_iter().find(|level| level.name() == name)
    }

    /// How many numbers a vector holds.
    #[must_use]
    pub fn lanes<R: Float>(self) -> usize {
        #[inline(always)]
        fn len<S: Simd, R: Float>(_: S) -> usize {
            V::<S, R>::LEN
        }
        dispatch!(self, simd => len::<_, R>(simd))
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::detect()
    }
}

impl PartialEq for Level {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Level {}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Runs an expression with the vectors of a level: `dispatch!(level, simd => kernel(simd, ..))`.
/// The kernel, and whatever it calls, must be `#[inline(always)]`: instructions are enabled here.
macro_rules! dispatch {
    ($level:expr, $simd:ident => $run:expr) => {
        match $level.0 {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            fearless_simd::Level::Avx512($simd) => fearless_simd::Simd::vectorize(
                $simd,
                #[inline(always)]
                || $run,
            ),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            fearless_simd::Level::Avx2($simd) => fearless_simd::Simd::vectorize(
                $simd,
                #[inline(always)]
                || $run,
            ),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            fearless_simd::Level::Sse2($simd) => fearless_simd::Simd::vectorize(
                $simd,
                #[inline(always)]
                || $run,
            ),
            #[cfg(target_arch = "aarch64")]
            fearless_simd::Level::Neon($simd) => fearless_simd::Simd::vectorize(
                $simd,
                #[inline(always)]
                || $run,
            ),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            fearless_simd::Level::WasmSimd128($simd) => fearless_simd::Simd::vectorize(
                $simd,
                #[inline(always)]
                || $run,
            ),
            #[cfg(not(any(test, not(target_arch = "x86_64"))))]
            level => unreachable!("no kernels for {level:?}"),
            #[cfg(any(test, not(target_arch = "x86_64")))]
            _ => {
                let $simd = fearless_simd::Fallback::new();
                fearless_simd::Simd::vectorize(
                    $simd,
                    #[inline(always)]
                    || $run,
                )
            }
        }
    };
}
pub(crate) use dispatch;
