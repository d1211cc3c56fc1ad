//! What the kernels need to know of a network, and of the rows that it is trained on.
//!
//! n = rows, d = inputs, k = outputs; layers l = 1..=L.

use crate::activation::Activation;
use crate::float::Float;
use crate::loss::Loss;
use crate::update::Update;

/// A fully connected network.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// `[d, h1, .., k]`: L + 1 numbers, none of them 0.
    pub sizes: Vec<usize>,
    /// The nonlinearities of the hidden layers l = 1..L, the first at 0.
    pub activations: Vec<Activation>,
    /// What is made small.
    pub loss: Loss,
    /// The strength of the penalty `reg/2 sum(w^2)`, 0 for none.
    pub reg: f64,
    /// Whether the biases are penalised too.
    pub penalize_bias: bool,
}

impl Mlp {
    /// L.
    pub(crate) fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// d.
    pub(crate) fn inputs(&self) -> usize {
        self.sizes[0]
    }

    /// k.
    pub(crate) fn outputs(&self) -> usize {
        self.sizes[self.layers()]
    }

    /// How many parameters: for each layer its weights (fan_in, fan_out) row by row, then its bias.
    pub(crate) fn count(&self) -> usize {
        self.sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    /// The strength of the penalty on weights, and on biases.
    pub(crate) fn regs(&self) -> [f64; 2] {
        [self.reg, if self.penalize_bias { self.reg } else { 0.0 }]
    }

    /// Panics unless everything is there.
    pub(crate) fn check(&self) {
        assert!(self.sizes.len() >= 2 && !self.sizes.contains(&0), "sizes {:?}", self.sizes);
        assert_eq!(self.activations.len(), self.layers() - 1, "activations");
    }
}

/// Rows with their right answers, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a, R> {
    /// The inputs, n times d numbers.
    pub x: &'a [R],
    /// The right answers.
    pub y: Target<'a, R>,
    /// What each row counts, n numbers from 0 up; without it each counts 1.
    pub weights: Option<&'a [R]>,
}

/// The right answers.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a, R> {
    /// A class each, counted from 0: n numbers.
    Classes(&'a [u32]),
    /// n times k numbers.
    Values(&'a [R]),
}

impl<R: Float> Data<'_, R> {
    /// n; panics if the slices do not have the sizes that the network says.
    pub(crate) fn rows(&self, mlp: &Mlp) -> usize {
        let n = self.x.len() / mlp.inputs();
        assert_eq!(self.x.len(), n * mlp.inputs(), "numbers in x");
        match self.y {
            Target::Classes(y) => assert_eq!((y.len(), mlp.loss.takes_class()), (n, true), "classes in y"),
            Target::Values(y) => {
                assert_eq!((y.len(), mlp.loss.takes_class()), (n * mlp.outputs(), false), "numbers in y");
            }
        }
        assert!(self.weights.is_none_or(|weights| weights.len() == n), "weights");
        n
    }
}

/// The rows of each step.
#[derive(Clone, Copy, Debug)]
pub enum Batches<'a> {
    /// All rows, in so many steps.
    Full {
        /// The number of steps.
        steps: usize,
    },
    /// These rows in this order, `size` a step, the last one short if they do not come out even.
    Of {
        /// Row numbers.
        rows: &'a [u32],
        /// Rows of a step.
        size: usize,
    },
}

/// What steps change.
pub struct State<'a, R> {
    /// For each layer its weights (fan_in, fan_out) row by row, then its bias; behind them, if it is learnt too, a
    /// scale of the inputs, d numbers: `a[0] = x * s`.
    pub params: &'a mut [R],
    /// What the updates keep, each in the order of the parameters.
    pub moments: &'a mut [&'a mut [R]],
    /// The numbers of the next update.
    pub next: &'a mut dyn FnMut() -> Update<R>,
    /// Which share of the step size each tensor takes, in their order; nothing: all take it whole.
    pub shares: &'a [f64],
}

impl<R: Float> State<'_, R> {
    /// Panics if the slices are not of the network's sizes.
    pub(crate) fn check(&self, mlp: &Mlp) {
        let (count, tensors) = (mlp.count(), 2 * mlp.layers() + usize::from(self.has_scale(mlp)));
        let all = if self.has_scale(mlp) { count + mlp.inputs() } else { count };
        assert_eq!(self.params.len(), all, "parameters");
        for moment in &*self.moments {
            assert_eq!(moment.len(), all, "a moment's numbers");
        }
        assert!(self.shares.is_empty() || self.shares.len() == tensors, "a share for each tensor");
    }

    /// Whether a scale of the inputs is learnt.
    pub(crate) fn has_scale(&self, mlp: &Mlp) -> bool {
        self.params.len() > mlp.count()
    }

    /// The numbers of the next update; panics if it needs other moments.
    pub(crate) fn next(&mut self) -> Update<R> {
        let update = (self.next)();
        assert_eq!(update.moments(), self.moments.len(), "the rule's moments");
        update
    }
}
