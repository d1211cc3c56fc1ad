//! Small neural networks that you can see through.
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.

// words
pub mod decision;
pub mod error;
pub mod real;
pub mod stage;
// parts
pub mod activation;
pub mod data;
pub mod init;
pub mod loss;
pub mod metrics;
pub mod network;
pub mod params;
pub mod random;
pub mod table;
pub mod target;
// pass
pub mod backward;
#[cfg(feature = "fast")]
pub mod fast;
pub mod forward;
pub mod objective;
pub mod optim;
// learn
pub mod engine;
pub mod evaluate;
pub mod fit;
pub mod lbfgs;
pub mod model;
pub mod settings;
pub mod sklearn;
pub mod train;
// look
pub mod diagnose;
pub mod gradcheck;
pub mod trace;
