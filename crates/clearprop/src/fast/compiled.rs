//! What is compiled here, once for each kind of number, and not again in every crate that calls it.
//!
//! A generic function is compiled where it is called with a type; the kernels, for several levels each,
//! would be compiled anew in every program, example and test.  A method of `f32` is compiled here.

use super::{Options, Predictor, Session};
use crate::data::{Batches, Data};
use crate::network::Network;
use crate::optim::Optimiser;
use crate::params::Params;

/// The entries to the kernels.
#[doc(hidden)]
pub trait Compiled: Sized {
    /// [`Session::new`].
    fn session(
        network: &Network,
        data: &Data<Self>,
        batch_size: Option<usize>,
        options: Options,
    ) -> Session<Self>;
    /// [`Session::advance`].
    fn advance(
        session: &mut Session<Self>,
        params: &mut Params<Self>,
        optimiser: &mut Optimiser<Self>,
        data: &Data<Self>,
        batches: Batches<'_>,
        losses: &mut Vec<f64>,
    );
    /// [`Predictor::new`].
    fn predictor(network: &Network, params: &Params<Self>, options: Options) -> Predictor<Self>;
    /// [`Predictor::predict`].
    fn predict(predictor: &mut Predictor<Self>, x: &[Self], probs: &mut [Self]);
}

macro_rules! compile {
    ($($kind:ty)*) => {$(
        impl Compiled for $kind {
            fn session(
                network: &Network,
                data: &Data<Self>,
                batch_size: Option<usize>,
                options: Options,
            ) -> Session<Self> {
                Session::new_here(network, data, batch_size, options)
            }
            fn advance(
                session: &mut Session<Self>,
                params: &mut Params<Self>,
                optimiser: &mut Optimiser<Self>,
                data: &Data<Self>,
                batches: Batches<'_>,
                losses: &mut Vec<f64>,
            ) {
                session.advance_here(params, optimiser, data, batches, losses);
            }
            fn predictor(network: &Network, params: &Params<Self>, options: Options) -> Predictor<Self> {
                Predictor::new_here(network, params, options)
            }
            fn predict(predictor: &mut Predictor<Self>, x: &[Self], probs: &mut [Self]) {
                predictor.predict_here(x, probs);
            }
        }
    )*};
}
compile!(f32 f64);
