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
//! let mut session = Session::new(&network, data.len(), Options::default()).expect("all of it has kernels");
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
use crate::optim::{AdamStep, Optimiser, Rule, Shares};
use crate::params::{Params, count};
use crate::real::Real;
pub use clearprop_kernels::Level;
use clearprop_kernels::{self as kernels, Blocks, Mlp, Shallow, Update};
pub use predict::{Predictor, logits, predict_few};

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
    mlp: Mlp,
    rows: usize,
    options: Options,
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
    /// Prepares to train `network` in steps over at most so many rows; `None` if there are no kernels for it.
    #[must_use]
    pub fn new(network: &Network, rows: usize, options: Options) -> Option<Self> {
        let mlp = described(network)?;
        let kernels = if Shallow::<R>::fits(&mlp) {
            let threads = Shallow::<R>::most_threads(&mlp, rows).min(members(options)).max(1);
            Kernels::Shallow(Box::new(Shallow::new(&mlp, rows, options.level, threads)))
        } else {
            blocks(&mlp, rows, options)
        };
        Some(Self { mlp, rows, options, kernels })
    }

    /// Changes the strength of the penalty.
    pub fn set_reg(&mut self, reg: f64) {
        self.mlp.reg = reg;
        match &mut self.kernels {
            Kernels::Shallow(shallow) => shallow.set_reg(reg),
            Kernels::Blocks(blocks) => blocks.set_reg(reg),
        }
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
        assert_eq!(self.mlp.sizes, params.sizes(), "network and parameters");
        let shares: Vec<f64> = match optimiser.shares {
            Shares::Equal => Vec::new(),
            shares => shares.of(params).into_iter().map(|(_, share)| share).collect(),
        };
        let Optimiser { rule, step_size, schedule, run, t, moments, .. } = optimiser;
        let mut moments: Vec<_> = moments.iter_mut().map(Params::values_mut).collect();
        let mut next = || {
            let step_size = *step_size * schedule.factor(*t, *run);
            *t += 1;
            update(*rule, step_size, *t)
        };
        let state = kernels::State {
            params: params.values_mut(),
            moments: &mut moments,
            next: &mut next,
            shares: &shares,
        };
        self.steps(state, data, batches, losses);
    }

    /// The loss over all rows of `data`, and its gradient: what
    /// [`loss_and_grad`](crate::objective::loss_and_grad) gives, without its values in between.
    ///
    /// # Panics
    /// As [`Session::advance`].
    pub fn loss_and_grad(&mut self, params: &Params<R>, data: &Data<R>) -> (f64, Params<R>) {
        let (mut params, mut grads, mut losses) = (params.clone(), params.zeros_like(), Vec::new());
        let (moments, next) = (&mut [grads.values_mut()], &mut || Update::Gradient);
        let state = kernels::State { params: params.values_mut(), moments, next, shares: &[] };
        self.steps(state, data, Batches::Full { steps: 1 }, &mut losses);
        (losses.first().copied().unwrap_or(0.0), grads)
    }

    fn steps(
        &mut self,
        mut state: kernels::State<'_, R>,
        data: &Data<R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        let is_plain = state.shares.is_empty() && state.params.len() == count(&self.mlp.sizes);
        if (data.weights.is_some() || !is_plain) && matches!(self.kernels, Kernels::Shallow(_)) {
            // Those for a network of one narrow layer know neither weights nor a scale or shares.
            self.kernels = blocks(&self.mlp, self.rows, self.options);
        }
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
        let weights = data.weights.as_ref().map(|weights| weights.as_standard_layout());
        let weights = weights.as_ref().map(|weights| weights.as_slice().unwrap_or_default());
        let rows = kernels::Data { x: x.as_slice().unwrap_or_default(), y, weights };
        let batches = match batches {
            Batches::Full { steps } => kernels::Batches::Full { steps },
            Batches::Of { rows, size } => kernels::Batches::Of { rows, size },
        };
        match &mut self.kernels {
            Kernels::Shallow(shallow) => shallow.advance(&mut state, &rows, batches, losses),
            Kernels::Blocks(blocks) => blocks.advance(&mut state, &rows, batches, losses),
        }
    }
}

fn blocks<R: Real>(mlp: &Mlp, rows: usize, options: Options) -> Kernels<R> {
    let threads = Blocks::<R>::most_threads(mlp, rows).min(members(options)).max(1);
    Kernels::Blocks(Box::new(Blocks::new(mlp, rows, options.level, threads)))
}

/// Whether there are kernels for all of a network; what there is none for runs on the plain engine.
#[must_use]
pub fn has_kernels(network: &Network) -> bool {
    described(network).is_some()
}

/// The network as the kernels know it, if there are kernels for all of it.
fn described(network: &Network) -> Option<Mlp> {
    Some(Mlp {
        sizes: network.sizes.clone(),
        activations: network.activations.iter().map(|&one| activation(one)).collect::<Option<_>>()?,
        loss: loss(network.loss)?,
        reg: network.penalty.reg,
        penalize_bias: network.penalty.over == Penalized::All,
    })
}

/// The kernel of an activation.
fn activation(activation: Activation) -> Option<kernels::Activation> {
    Some(match activation {
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
        Activation::Mish => kernels::Activation::Mish,
    })
}

/// The kernel of a loss.
fn loss(loss: Loss) -> Option<kernels::Loss> {
    Some(match loss {
        Loss::Softmax => kernels::Loss::Softmax,
        Loss::SmoothedSoftmax { smoothing } => kernels::Loss::SmoothedSoftmax { smoothing },
        Loss::Logistic => kernels::Loss::Logistic,
        Loss::Squared => kernels::Loss::Squared,
        Loss::Poisson => kernels::Loss::Poisson,
        Loss::Absolute => kernels::Loss::Absolute,
        Loss::Huber { delta } => kernels::Loss::Huber { delta },
        Loss::Hinge => kernels::Loss::Hinge,
        Loss::SquaredHinge => kernels::Loss::SquaredHinge,
    })
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

/// How many threads this machine can run at once, or fewer if fewer are asked for: more would wait for each other.
fn members(options: Options) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    options.threads.unwrap_or(usize::MAX).min(processors)
}
