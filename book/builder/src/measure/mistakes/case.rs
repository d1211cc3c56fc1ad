//! The small network that the mistakes are made in.

use clearprop::activation::Activation;
use clearprop::data::{Data, Target};
use clearprop::error::Result;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::mistake::MistakeId;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::params::Params;
use clearprop::trace::Trace;
use ndarray::{Array1, Array2, Axis, array};

/// What a mistake does: its number, the array it is made in, the wrong line, and what that line computes.
pub(super) struct Mistake {
    pub(super) id: MistakeId,
    pub(super) array: &'static str,
    pub(super) line: &'static str,
    pub(super) wrong: fn(&Case) -> Array2<f64>,
}

pub(super) const fn mistake(
    id: MistakeId,
    array: &'static str,
    line: &'static str,
    wrong: fn(&Case) -> Array2<f64>,
) -> Mistake {
    Mistake { id, array, line, wrong }
}

/// The small network: 5 rows, 2 inputs, 4 hidden units, 3 classes, all different so that no mistake hides.
pub(super) struct Case {
    pub(super) x: Array2<f64>,
    pub(super) y: Array1<u32>,
    pub(super) onehot: Array2<f64>,
    pub(super) params: Params<f64>,
    pub(super) z1: Array2<f64>,
    pub(super) a1: Array2<f64>,
    pub(super) logits: Array2<f64>,
    pub(super) probs: Array2<f64>,
    pub(super) dlogits: Array2<f64>,
    pub(super) da1: Array2<f64>,
    pub(super) dz1: Array2<f64>,
    pub(super) grads: Params<f64>,
    pub(super) n: f64,
    pub(super) k: f64,
    pub(super) reg: f64,
}

impl Case {
    pub(super) fn new() -> Result<Self> {
        let penalty = Penalty { reg: 0.1, over: Penalized::All };
        let network = Network::new(&[2, 4, 3], Activation::Relu, Loss::Softmax, penalty)?;
        let x = array![[0.9, -0.4], [-1.2, 0.7], [0.3, 1.1], [-0.5, -0.8], [1.6, 0.2]];
        let y = array![1_u32, 0, 1, 2, 1];
        let params = Init::AsWritten.draw(&network, 14);
        let data = Data::new(x.clone(), Target::Classes(y.clone()))?;
        let trace = Trace::new(network, params.clone(), data)?;
        let onehot = Array2::from_shape_fn((5, 3), |(i, j)| if y[i] as usize == j { 1.0 } else { 0.0 });
        let (pass, dpass) = (trace.pass, trace.dpass);
        Ok(Self {
            x,
            y,
            onehot,
            params,
            logits: pass.logits().clone(),
            probs: pass.probs().clone(),
            dlogits: dpass.logits().clone(),
            z1: pass.z[1].clone(),
            a1: pass.a[1].clone(),
            da1: dpass.a[1].clone(),
            dz1: dpass.z[1].clone(),
            grads: trace.grads,
            n: 5.0,
            k: 3.0,
            reg: 0.1,
        })
    }

    /// The right numbers of an array.
    pub(super) fn right(&self, array: &str) -> Array2<f64> {
        let row = |values: ndarray::ArrayView1<'_, f64>| values.to_owned().insert_axis(Axis(0));
        match array {
            "a1" => self.a1.clone(),
            "logits" => self.logits.clone(),
            "loss" => array![[self.data_loss() + self.reg / 2.0 * self.squares()]],
            "probs" => self.probs.clone(),
            "dlogits" => self.dlogits.clone(),
            "da1" => self.da1.clone(),
            "dz1" => self.dz1.clone(),
            "z1" => self.z1.clone(),
            "dw1" => self.grads.w(1).to_owned(),
            "dw2" => self.grads.w(2).to_owned(),
            "db1" => row(self.grads.b(1)),
            "db2" => row(self.grads.b(2)),
            // Not arrays of the pass: what mistakes 56 and 57 look at.
            "f - y" => self.pairs().diag().to_owned().insert_axis(Axis(1)),
            "log p" => row(self.of_label(&self.probs).mapv(f64::ln).view()),
            _ => Array2::zeros((0, 0)),
        }
    }

    /// The mean over the rows of `-log p` of the right class.
    pub(super) fn data_loss(&self) -> f64 {
        -self.of_label(&self.probs).mapv(f64::ln).mean().unwrap_or(0.0)
    }

    /// The sum of squares of all weights and biases.
    pub(super) fn squares(&self) -> f64 {
        self.params.values().iter().map(|w| w * w).sum()
    }

    pub(super) fn w2(&self) -> Array2<f64> {
        self.params.w(2).to_owned()
    }

    pub(super) fn b2(&self) -> Array2<f64> {
        self.params.b(2).to_owned().insert_axis(Axis(0))
    }

    /// The penalty's part of dw.
    pub(super) fn penalty(&self, l: usize) -> Array2<f64> {
        self.reg * &self.params.w(l)
    }

    /// The data's part of dw.
    pub(super) fn data(&self, l: usize) -> Array2<f64> {
        &self.grads.w(l) - &self.penalty(l)
    }

    /// The first logit of each row minus each label.
    pub(super) fn pairs(&self) -> Array2<f64> {
        Array2::from_shape_fn((5, 5), |(i, j)| self.logits[[i, 0]] - f64::from(self.y[j]))
    }

    /// Each row's number at its label.
    pub(super) fn of_label(&self, values: &Array2<f64>) -> Array1<f64> {
        self.y.iter().enumerate().map(|(i, &class)| values[[i, class as usize]]).collect()
    }

    /// `dlogits [w2; b2]^T`, the bias column still there.
    pub(super) fn da_with_bias(&self) -> Array2<f64> {
        self.dlogits.dot(&self.params.wb(2).t())
    }

    /// 1 where z1 > 0, else 0.
    pub(super) fn mask(&self) -> Array2<f64> {
        self.z1.mapv(on)
    }
}

pub(super) fn on(z: f64) -> f64 {
    if z > 0.0 { 1.0 } else { 0.0 }
}

/// Every number along a row, as a column to divide or multiply by.
pub(super) fn row_sums(values: &Array2<f64>) -> Array2<f64> {
    values.sum_axis(Axis(1)).insert_axis(Axis(1))
}

pub(super) fn column_sums(values: &Array2<f64>) -> Array2<f64> {
    values.sum_axis(Axis(0)).insert_axis(Axis(0))
}
