//! The loops in which a small network spends its training, compiled once for `f32` and `f64` and for every
//! set of vector instructions.
//!
//! Slices in, slices out: a network is its sizes and a word for each nonlinearity, parameters are numbers in a
//! row.  Sizes that do not fit each other panic; nothing else fails.  All `unsafe` code of the project is here.

// numbers
mod buffer;
mod float;
mod lanes;
mod level;
mod math;
// products and what stands between them
mod activation;
mod gemm;
mod loss;
mod pack;
mod panels;
mod update;
// a network
mod mlp;
mod plan;
mod team;
mod workspace;
// engines
mod batch;
mod blocks;
mod predict;
mod scale;
mod shallow;
mod step;
mod wide;
// for f32 and f64
mod compiled;
// for a program
mod memory;

pub use activation::Activation;
pub use blocks::Blocks;
pub use compiled::Compiled;
pub use float::Float;
pub use level::Level;
pub use loss::Loss;
pub use memory::{Memory, keep_little};
pub use mlp::{Batches, Data, Mlp, State, Target};
pub use predict::Predictor;
pub use shallow::Shallow;
pub use update::Update;

#[cfg(test)]
mod reference;
