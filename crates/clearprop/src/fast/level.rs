//! Which of the processor's vector instructions the kernels use.
//!
//! A kernel is written once, for vectors of any width, and compiled once for each level.  Which of
//! these runs is decided once, when an engine is made, by a value that the caller may choose: results
//! depend on the level (vectors of another width add in another order), never on the number of threads.

use super::lanes::{Lanes, V};
use crate::error::{Error, ErrorKind, Result};
use fearless_simd::{Simd, SimdBase};
use std::fmt;
use std::str::FromStr;

/// A set of vector instructions that this machine has.
///
/// ```
/// use clearprop::fast::Level;
/// let best = Level::detect();
/// assert_eq!(best.name().parse::<Level>()?, best);
/// assert!("abacus".parse::<Level>().is_err());
/// # Ok::<(), clearprop::error::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Level(pub(super) fearless_simd::Level);

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

    /// All that this machine has, from plain numbers one by one to the widest vectors.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let best = Self::detect();
        let mut levels = vec![Self(fearless_simd::Level::Fallback(fearless_simd::Fallback::new()))];
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

    /// How many numbers a vector holds.
    pub(crate) fn lanes<R: Lanes>(self) -> usize {
        #[inline(always)]
        fn len<S: Simd, R: Lanes>(_: S) -> usize {
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

impl FromStr for Level {
    type Err = Error;

    /// # Errors
    /// A name that is none, or instructions that this machine does not have.
    fn from_str(name: &str) -> Result<Self> {
        let available = Self::available();
        if let Some(level) = available.iter().find(|level| level.name() == name) {
            return Ok(*level);
        }
        let names: Vec<_> = available.into_iter().map(Self::name).collect();
        Err(Error::new(ErrorKind::Setting, format!("this machine has no vector instructions '{name}'"))
            .hint(format!("there are: {}", names.join(", "))))
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
pub(super) use dispatch;
