//! What learns, with whichever engine there is: from one step to a search over many runs.
//!
//! One program, since each that trains compiles the engine's generic half once more.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

#[cfg(feature = "fast")]
mod fast;
mod fit;
mod lbfgs;
mod members;
mod training;
mod tune;
