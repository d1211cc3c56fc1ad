//! The fast engine: the same steps as the plain path, fused.
//!
//! The plain path (`forward`, `objective`, `backward`, `optim`) is the specification; everything here
//! computes the same numbers up to rounding, and is compared with it by tests.  A [`Session`] is the
//! seam: it owns packed weights, scratch memory and the way its threads wait.
//!
//! ```
//! use clearprop::{data::{Batches, Spirals, spirals}, init::Init, optim::{Optimiser, Rule}};
//! use clearprop::{activation::Activation, loss::Loss, network::{Network, Penalized, Penalty}};
//! use clearprop::fast::{Options, Session};
//! let data = spirals::<f32>(&Spirals::default(), 0)?;
//! let penalty = Penalty { reg: 0.001, over: Penalized::All };
//! let network = Network::new(&[2, 100, 3], Activation::Relu, Loss::Softmax, penalty)?;
//! let mut params = Init::He.draw(&network, 0);
//! let mut optimiser = Optimiser::new(Rule::Gd, 0.1, &network.sizes)?;
//! let mut session = Session::new(&network, &data, None, Options::default());
//! let mut losses = Vec::new();
//! session.advance(&mut params, &mut optimiser, &data, Batches::Full { steps: 200 }, &mut losses);
//! assert_eq!(losses.len(), 200);
//! assert!(losses[199] < losses[0]);
//! # Ok::<(), clearprop::error::Error>(())
//! ```

mod activate;
mod blocks;
#[doc(hidden)]
pub mod compiled;
mod gemm;
pub mod lanes;
mod layout;
mod level;
mod plan;
mod predict;
mod softmax;
mod step;
mod strip;
mod team;
mod thin;
mod update;

use crate::data::{Batches, Data};
use crate::loss::Loss;
use crate::network::Network;
use crate::optim::Optimiser;
use crate::params::Params;
use crate::real::Real;
use blocks::Blocks;
pub use level::Level;
use ndarray::{Array2, ArrayView2};
pub use predict::Predictor;
use team::Pace;
use thin::Thin;

/// How a session computes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The vector instructions; results depend on them by rounding.
    pub level: Level,
    /// The number of threads, or as many as pay off.  Results do not depend on it.
    pub threads: Option<usize>,
}

/// A training run on the fast path.
#[derive(Debug)]
pub struct Session<R> {
    network: Network,
    threads: usize,
    pace: Pace,
    engine: Engine<R>,
}

/// Which kernels suit the network.
#[derive(Debug)]
enum Engine<R> {
    Thin(Box<Thin<R>>),
    Blocks(Box<Blocks<R>>),
}

impl<R: Real> Session<R> {
    /// Prepares to train `network` on `data`, in batches of `batch_size` rows or on all at once.
    ///
    /// # Panics
    /// If `data` do not fit the network ([`Data::fits`] tells beforehand).
    #[must_use]
    pub fn new(network: &Network, data: &Data<R>, batch_size: Option<usize>, options: Options) -> Self {
        R::session(network, data, batch_size, options)
    }

    fn new_here(network: &Network, data: &Data<R>, batch_size: Option<usize>, options: Options) -> Self {
        let rows = batch_size.unwrap_or(data.len());
        let thin = Thin::<R>::fits(network);
        let most = if thin {
            Thin::<R>::most_threads(network, rows)
        } else {
            Blocks::<R>::most_threads(network, rows)
        };
        let threads = most.min(options.threads.unwrap_or_else(processors)).max(1);
        let engine = if thin {
            Engine::Thin(Box::new(Thin::new(network, data, batch_size, options.level)))
        } else {
            Engine::Blocks(Box::new(Blocks::new(network, rows.min(data.len()), options.level, threads)))
        };
        Self { network: network.clone(), threads, pace: Pace::default(), engine }
    }

    /// One update of `params` for each batch; adds the loss before each update to `losses`.
    ///
    /// # Panics
    /// If `params`, `optimiser` or `data` are not of the network's sizes, or not what `new` was given.
    pub fn advance(
        &mut self,
        params: &mut Params<R>,
        optimiser: &mut Optimiser<R>,
        data: &Data<R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        R::advance(self, params, optimiser, data, batches, losses);
    }

    fn advance_here(
        &mut self,
        params: &mut Params<R>,
        optimiser: &mut Optimiser<R>,
        data: &Data<R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        match &mut self.engine {
            Engine::Thin(thin) => {
                let team = (self.threads, &self.pace);
                thin.advance(&self.network, team, (params, optimiser), data, batches, losses);
            }
            Engine::Blocks(blocks) => team::with_team(self.threads, &self.pace, |team| {
                blocks.advance(params, optimiser, data, batches, losses, team);
            }),
        }
    }
}

/// `logits` (n, k) of the rows `x` (n, d), as [`forward::logits`](crate::forward::logits) gives them.
///
/// # Panics
/// If `params` or `x` do not have the network's sizes.
#[must_use]
pub fn logits<R: Real>(
    network: &Network,
    params: &Params<R>,
    x: ArrayView2<'_, R>,
    level: Level,
) -> Array2<R> {
    // What the squared error makes of logits is the logits themselves.
    let network = Network { loss: Loss::Squared, ..network.clone() };
    let mut logits = Array2::zeros((x.nrows(), network.outputs()));
    let x = x.as_standard_layout();
    if let (Some(x), Some(logits)) = (x.as_slice(), logits.as_slice_mut()) {
        Predictor::new(&network, params, Options { level, threads: None }).predict(x, logits);
    }
    logits
}

/// How many threads this machine can run at once.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
