//! Rows as the kernels read them: one number of `LEN` rows after the other.

use super::clusters::Cluster;
use super::model::Model;
use crate::float::Float;
use crate::loss::Loss;
use crate::mlp::{Data, Target};

/// Inputs and answers of some rows: (d, stride) and (q, stride), or the class number of each row.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    pub(crate) x: Vec<R>,
    pub(crate) y: Vec<R>,
    pub(crate) stride: usize,
    /// Around each vector of rows, if they are sorted into clusters.
    pub(crate) clusters: Vec<Cluster<R>>,
}

/// The rows of one step: these in this order, or all.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a, R> {
    pub(crate) data: Data<'a, R>,
    pub(crate) order: Option<&'a [u32]>,
    pub(crate) kept: Option<&'a Rows<R>>,
}

impl<R: Float> Rows<R> {
    /// Room for so many rows, a multiple of the lanes.
    pub(crate) fn new(model: &Model<R>, stride: usize) -> Self {
        let columns = if model.loss == Loss::Softmax { 1 } else { model.q };
        Self {
            x: vec![R::ZERO; model.d * stride],
            y: vec![R::ZERO; columns * stride],
            stride,
            clusters: Vec::new(),
        }
    }

    /// Takes rows `from..to` of the source; what lies beyond them, up to whole vectors, is finite.
    pub(crate) fn fill(&mut self, model: &Model<R>, source: &Source<'_, R>, from: usize, to: usize) {
        let stride = self.stride;
        for (at, row) in (from..to).enumerate() {
            let row = source.order.map_or(row, |order| order[row] as usize);
            for (i, &x) in source.data.x[row * model.d..][..model.d].iter().enumerate() {
                self.x[i * stride + at] = x;
            }
            match source.data.y {
                Target::Classes(y) => self.y[at] = R::narrow(f64::from(y[row])),
                Target::Values(y) => {
                    for c in 0..model.q {
                        self.y[c * stride + at] = y[row * model.q + c];
                    }
                }
            }
        }
    }
}
