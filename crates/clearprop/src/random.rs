//! Random numbers: one seed, and a stream of its own for each purpose.
//!
//! The generator is PCG XSL RR 128/64 (O'Neill, 2014), called `Pcg64` in the crate `rand_pcg`: a named
//! algorithm, so that a seed means the same numbers on every machine.  Each purpose draws from its own
//! stream, so that asking for one thing more (another epoch, a validation share) changes nothing else.

use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// What random numbers are drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The noise of generated data.
    Data,
    /// Which rows are kept for the test.
    Split,
    /// The first weights.
    Weights,
    /// Which rows are kept for validation.
    Validation,
    /// Which rows a report looks at, and how it shuffles a column.
    Report,
    /// Which rows are a fold.
    Folds,
    /// The order of the rows in one epoch, counted from 0.
    Shuffle(u64),
    /// The settings of one trial of a search, counted from 0.
    Trial(u64),
}

/// The generator of `seed` for one purpose.
#[must_use]
pub fn generator(seed: u64, purpose: Purpose) -> Pcg64 {
    let stream = match purpose {
        Purpose::Data => 0,
        Purpose::Split => 1,
        Purpose::Weights => 2,
        Purpose::Validation => 3,
        Purpose::Report => 4,
        Purpose::Folds => 5,
        Purpose::Shuffle(epoch) => (1 << 64) + u128::from(epoch),
        Purpose::Trial(trial) => (2 << 64) + u128::from(trial),
    };
    // Neighbouring seeds must not give neighbouring states: spread them by an odd constant (the
    // golden ratio's bits), and let the generator forget its start.
    let state = u128::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let mut generator = Pcg64::new(state, stream);
    generator.advance(8);
    generator
}

/// The rows 0..n in a random order.
#[must_use]
pub fn shuffled(n: usize, seed: u64, purpose: Purpose) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..u32::try_from(n).unwrap_or(u32::MAX)).collect();
    rows.shuffle(&mut generator(seed, purpose));
    rows
}
