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

pub mod lanes;
mod level;
mod team;
mod thin;

use crate::data::{Batches, Data};
use crate::network::Network;
use crate::objective::loss_and_grad;
use crate::optim::Optimiser;
use crate::params::Params;
use crate::real::Real;
pub use level::Level;
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
    Thin(Thin<R>),
    Plain,
}

impl<R: Real> Session<R> {
    /// Prepares to train `network` on `data`, in batches of `batch_size` rows or on all at once.
    ///
    /// # Panics
    /// If `data` do not fit the network ([`Data::fits`] tells beforehand).
    #[must_use]
    pub fn new(network: &Network, data: &Data<R>, batch_size: Option<usize>, options: Options) -> Self {
        let rows = batch_size.unwrap_or(data.len());
        let (engine, threads) = if Thin::<R>::fits(network) {
            let engine = Engine::Thin(Thin::new(network, data, batch_size, options.level));
            (engine, Thin::<R>::most_threads(network, rows))
        } else {
            (Engine::Plain, 1)
        };
        let threads = threads.min(options.threads.unwrap_or_else(processors)).max(1);
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
        match &mut self.engine {
            Engine::Thin(thin) => {
                let team = (self.threads, &self.pace);
                thin.advance(&self.network, team, (params, optimiser), data, batches, losses);
            }
            Engine::Plain => plain(&self.network, params, optimiser, data, batches, losses),
        }
    }
}

/// How many threads this machine can run at once.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The plain path, for networks that no kernel suits.
fn plain<R: Real>(
    network: &Network,
    params: &mut Params<R>,
    optimiser: &mut Optimiser<R>,
    data: &Data<R>,
    batches: Batches<'_>,
    losses: &mut Vec<f64>,
) {
    let mut step = |data: &Data<R>| {
        let (objective, grads) = loss_and_grad(network, params, data);
        losses.push(objective.loss());
        optimiser.update(params, &grads);
    };
    match batches {
        Batches::Full { steps } => (0..steps).for_each(|_| step(data)),
        Batches::Of { rows, size } => rows.chunks(size.max(1)).for_each(|rows| step(&data.select(rows))),
    }
}
