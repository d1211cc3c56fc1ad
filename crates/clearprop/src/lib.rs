//! Small neural networks that you can see through.
//!
//! Two arrays, and what is learnt from them (XOR: 1 where exactly one of two inputs is):
//!
//! ```
//! use clearprop::{Choices, Fit, Rows, Target};
//! let x = ndarray::array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
//! let y = Target::Classes(ndarray::array![0, 1, 1, 0]);
//! let choices = Choices::new().hidden(vec![16]).test_size(0.0).reg(0.0).steps(2000);
//! let model = Fit::<f64>::new(Rows::arrays(x.view(), &y)?, &choices)?.run();
//! let probs = model.probs(x.view());
//! assert!((0..4).all(|row| probs[[row, [0, 1, 1, 0][row]]] > 0.9));
//! # Ok::<(), clearprop::Error>(())
//! ```
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.

// words
pub mod decision;
pub mod error;
pub mod mistake;
pub mod paper;
pub mod quantity;
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
pub mod schedule;
// learn
pub mod engine;
pub mod evaluate;
pub mod fit;
pub mod lbfgs;
pub mod model;
pub mod settings;
pub mod sklearn;
pub mod train;
pub mod tune;
// look
pub mod diagnose;
pub mod gradcheck;
pub mod report;
pub mod trace;

// the front door
pub use activation::Activation;
pub use data::Data;
pub use decision::Decision;
pub use error::{Error, Result};
pub use fit::{Fit, Plan, Rows};
pub use loss::Loss;
pub use model::Model;
pub use network::Network;
pub use params::Params;
pub use real::Real;
pub use settings::{Choices, Settings};
pub use table::Table;
pub use target::Target;
pub use train::{Event, StopReason, Trainer};
