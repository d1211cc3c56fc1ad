//! What is compiled here, once for each kind of number, and not again in every crate that calls it.
//!
//! A generic function is compiled where it is called with a type; the kernels, for several levels each,
//! would be compiled anew in every program, example and test.  A method of `f32` is compiled here.

use crate::blocks::Blocks;
use crate::float::Float;
use crate::level::Level;
use crate::mlp::{Batches, Data, Mlp, State};
use crate::predict::Predictor;
use crate::shallow::Shallow;

/// `f32` or `f64`: the kinds of number that the kernels are compiled for.
pub trait Compiled: Float {
    #[doc(hidden)]
    fn blocks(mlp: &Mlp, rows: usize, level: Level, threads: usize) -> Blocks<Self>;
    #[doc(hidden)]
    fn advance_blocks(
        engine: &mut Blocks<Self>,
        state: &mut State<'_, Self>,
        data: &Data<'_, Self>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    );
    #[doc(hidden)]
    fn shallow(mlp: &Mlp, rows: usize, level: Level, threads: usize) -> Shallow<Self>;
    #[doc(hidden)]
    fn advance_shallow(
        engine: &mut Shallow<Self>,
        state: &mut State<'_, Self>,
        data: &Data<'_, Self>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    );
    #[doc(hidden)]
    fn predictor(mlp: &Mlp, params: &[Self], level: Level, threads: usize) -> Predictor<Self>;
    #[doc(hidden)]
    fn predict(predictor: &mut Predictor<Self>, x: &[Self], probs: &mut [Self]);
}

macro_rules! compile {
    ($($kind:ty)*) => {$(
        impl Compiled for $kind {
            fn blocks(mlp: &Mlp, rows: usize, level: Level, threads: usize) -> Blocks<Self> {
                Blocks::new_here(mlp, rows, level, threads)
            }
            fn advance_blocks(
                engine: &mut Blocks<Self>,
                state: &mut State<'_, Self>,
                data: &Data<'_, Self>,
                batches: Batches<'_>,
                losses: &mut Vec<f64>,
            ) {
                engine.advance_here(state, data, batches, losses);
            }
            fn shallow(mlp: &Mlp, rows: usize, level: Level, threads: usize) -> Shallow<Self> {
                Shallow::new_here(mlp, rows, level, threads)
            }
            fn advance_shallow(
                engine: &mut Shallow<Self>,
                state: &mut State<'_, Self>,
                data: &Data<'_, Self>,
                batches: Batches<'_>,
                losses: &mut Vec<f64>,
            ) {
                engine.advance_here(state, data, batches, losses);
            }
            fn predictor(mlp: &Mlp, params: &[Self], level: Level, threads: usize) -> Predictor<Self> {
                Predictor::new_here(mlp, params, level, threads)
            }
            fn predict(predictor: &mut Predictor<Self>, x: &[Self], probs: &mut [Self]) {
                predictor.predict_here(x, probs);
            }
        }
    )*};
}
compile!(f32 f64);

impl<R: Compiled> Blocks<R> {
    /// Room to train `mlp` in steps over at most so many rows, by at most so many threads.
    ///
    /// # Panics
    /// If the network has no layers, a size of 0, or another number of activations than hidden layers.
    #[must_use]
    pub fn new(mlp: &Mlp, rows: usize, level: Level, threads: usize) -> Self {
        R::blocks(mlp, rows, level, threads)
    }

    /// One update of the state for each batch; adds the loss before each update to `losses`.
    ///
    /// # Panics
    /// If a batch has more rows than `new` was told, or a slice is not of the network's sizes.
    pub fn advance(
        &mut self,
        state: &mut State<'_, R>,
        data: &Data<'_, R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        R::advance_blocks(self, state, data, batches, losses);
    }
}

impl<R: Compiled> Shallow<R> {
    /// Room to train `mlp` in steps over about so many rows, by at most so many threads.
    ///
    /// # Panics
    /// If it is no network of this kind: see [`Shallow::fits`].
    #[must_use]
    pub fn new(mlp: &Mlp, rows: usize, level: Level, threads: usize) -> Self {
        R::shallow(mlp, rows, level, threads)
    }

    /// One update of the state for each batch; adds the loss before each update to `losses`.
    ///
    /// # Panics
    /// If a slice is not of the network's sizes, or rows have weights.
    pub fn advance(
        &mut self,
        state: &mut State<'_, R>,
        data: &Data<'_, R>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    ) {
        R::advance_shallow(self, state, data, batches, losses);
    }
}

impl<R: Compiled> Predictor<R> {
    /// Packs the weights, for at most so many threads.
    ///
    /// # Panics
    /// If `params` are not of the network's sizes.
    #[must_use]
    pub fn new(mlp: &Mlp, params: &[R], level: Level, threads: usize) -> Self {
        R::predictor(mlp, params, level, threads)
    }

    /// Writes the probabilities (or what else the loss makes of the logits) of the rows `x`, both row by row.
    ///
    /// # Panics
    /// If `x` is not n times d numbers, or `probs` not n times k.
    pub fn predict(&mut self, x: &[R], probs: &mut [R]) {
        R::predict(self, x, probs);
    }
}
