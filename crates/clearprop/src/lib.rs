//! Small neural networks that you can see through.
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.

// words
pub mod error;
pub mod real;
// parts
pub mod activation;
pub mod data;
pub mod init;
pub mod loss;
pub mod metrics;
pub mod network;
pub mod params;
pub mod random;
// pass
pub mod backward;
pub mod forward;
pub mod objective;
pub mod optim;
// look
pub mod diagnose;
