//! The fast engine: the same steps as the plain path, fused.
//!
//! The plain path (`forward`, `objective`, `backward`, `optim`) is the specification; the kernels compute the
//! same numbers up to rounding, and are compared with it by tests.  They know slices and sizes only: a
//! [`Session`] translates, and chooses which of them suit the network, and how many threads.
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
//! let mut session = Session::new(&network, data.len(), Options::default());
//! let mut losses = Vec::new();
//! session.advance(&mut params, &mut optimiser, &data, Batches::Full { steps: 200 }, &mut losses);
//! assert_eq!(losses.len(), 200);
//! assert!(losses[199] < losses[0]);
//! # Ok::<(), clearprop::error::Error>(())
//! ```

mod predict;

use crate::activation::{Activation, SELU_ALPHA, SELU_SCALE};
use crate::data::{Batches, Data, Target};
use crate::loss::Loss;
use crate::network::{Network, Penalized};
use crate::optim::{AdamStep, Optimiser, Rule};
use crate::params::Params;
use crate::real::Real;
pub use clearprop_kernels::Level;
use clearprop_kernels::{self as kernels, Blocks, Mlp, Shallow, Update};
pub use predict::{Predictor, logits};

/// How a session computes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The vector instructions; results depend on them by rounding.
    pub level: Level,
    /// The number of threads, or as many as pay off.  Results do not depend on it.
    pub threads: Option<usize>,
}

/// A training run on the fast path: packed weights, scratch memory, and the way its threads wait.
///
/// Nothing of the data is kept between two calls of [`Session::advance`].
#[derive(Debug)]
pub struct Session<R> {
    sizes: Vec<usize>,
    kernels: Kernels<R>,
}

/// A session may be made on one thread and used on another.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Session<f32>>();
    is_send::<Session<f64>>();
};

/// Which kernels suit the network.
#[derive(Debug)]
enum Kernels<R> {
    Shallow(Box<Shallow<R>>),
    Blocks(Box<Blocks<R>>),
}

impl<R: Real> Session<R> {
    /// Prepares to train `network` in steps over at most so many rows.
    #[must_use]
    pub fn new(network: &Network, rows: usize, options: Options) -> Self {
        let mlp = described(network);
        // More threads than processors would wait for each other.
        let asked = options.threads.unwrap_or(usize::MAX).min(processors());
        let kernels = if Shallow::<R>::fits(&mlp) {
            let threads = Shallow::<R>::most_threads(&mlp, rows).min(asked).max(1);
            Kernels::Shallow(Box::new(Shallow::new(&mlp, rows, options.level, threads)))
        } else {
            let threads = Blocks::<R>::most_threads(&mlp, rows).min(asked).max(1);
            Kernels::Blocks(Box::new(Blocks::new(&mlp, rows, options.level, threads)))
        };
        Self { sizes: network.sizes.clone(), kernels }
    }

    /// One update of `params` for each batch; adds the loss before each update to `losses`.
    ///
    /// # Panics
    /// If `params`, `optimiser` or `data` are not of the network's sizes, or a batch has more rows than `new`
    /// was told.
    pub fn advance(
        &mut self,
        params: &mut Params<R>,
        optimiser: &mut Optimiser<R>,
        data: &Data<R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        assert_eq!(self.sizes, params.sizes(), "network and parameters");
        let x = data.x.as_standard_layout();
        let (y, values);
        let y = match &data.y {
            Target::Classes(classes) => {
                y = classes.as_standard_layout();
                kernels::Target::Classes(y.as_slice().unwrap_or_default())
            }
            Target::Values(numbers) => {
                values = numbers.as_standard_layout();
                kernels::Target::Values(values.as_slice().unwrap_or_default())
            }
        };
        let rows = kernels::Data { x: x.as_slice().unwrap_or_default(), y };
        let batches = match batches {
            Batches::Full { steps } => kernels::Batches::Full { steps },
            Batches::Of { rows, size } => kernels::Batches::Of { rows, size },
        };
        let Optimiser { rule, step_size, t, moments } = optimiser;
        let mut moments: Vec<_> = moments.iter_mut().map(Params::values_mut).collect();
        let mut state = kernels::State {
            params: params.values_mut(),
            moments: &mut moments,
            next: &mut || {
                *t += 1;
                update(*rule, *step_size, *t)
            },
        };
        match &mut self.kernels {
            Kernels::Shallow(shallow) => shallow.advance(&mut state, &rows, batches, losses),
            Kernels::Blocks(blocks) => blocks.advance(&mut state, &rows, batches, losses),
        }
    }
}

/// The network as the kernels know it.
fn described(network: &Network) -> Mlp {
    let activation = |one: &Activation| match *one {
        Activation::Identity => kernels::Activation::Identity,
        Activation::Logistic => kernels::Activation::Logistic,
        Activation::Tanh => kernels::Activation::Tanh,
        Activation::Relu => kernels::Activation::Relu,
        Activation::LeakyRelu { slope } => kernels::Activation::LeakyRelu { slope },
        Activation::Elu { alpha } => kernels::Activation::Elu { scale: 1.0, alpha },
        Activation::Selu => kernels::Activation::Elu { scale: SELU_SCALE, alpha: SELU_ALPHA },
        Activation::Softplus => kernels::Activation::Softplus,
        Activation::Silu => kernels::Activation::Silu,
        Activation::Gelu => kernels::Activation::Gelu,
        Activation::GeluTanh => kernels::Activation::GeluTanh,
    };
    Mlp {
        sizes: network.sizes.clone(),
        activations: network.activations.iter().map(activation).collect(),
        loss: match network.loss {
            Loss::Softmax => kernels::Loss::Softmax,
            Loss::Logistic => kernels::Loss::Logistic,
            Loss::Squared => kernels::Loss::Squared,
            Loss::Poisson => kernels::Loss::Poisson,
            Loss::Absolute => kernels::Loss::Absolute,
            Loss::Huber { delta } => kernels::Loss::Huber { delta },
        },
        reg: network.penalty.reg,
        penalize_bias: network.penalty.over == Penalized::All,
    }
}

/// The numbers of update t, counted from 1: the formulas of [`optim`](crate::optim).
fn update<R: Real>(rule: Rule, step_size: f64, t: u64) -> Update<R> {
    let step = R::of(step_size);
    match rule {
        Rule::Gd => Update::Gd { step },
        Rule::Sgd { momentum, nesterov } => Update::Sgd { step, mu: R::of(momentum), nesterov },
        Rule::Adam { beta1, beta2, epsilon, epsilon_hat } => {
            let adam = AdamStep::new(step_size, [beta1, beta2], epsilon, epsilon_hat, t);
            let [beta1, beta2, rate, epsilon] = [adam.beta1, adam.beta2, adam.rate, adam.epsilon].map(R::of);
            Update::Adam { beta1, beta2, rate, epsilon }
        }
    }
}

/// How many threads this machine can run at once.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
