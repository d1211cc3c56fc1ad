//! A step written plainly, in loops and in double precision: what the kernels must agree with.
//!
//! Shares no code with them but the description of a network.

use crate::activation::Activation;
use crate::float::Float;
use crate::loss::Loss;
use crate::mlp::{Data, Mlp, Target};
use crate::update::Update;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

impl Activation {
    pub(crate) const ALL: [Self; 4] = [Self::Identity, Self::Logistic, Self::Tanh, Self::Relu];

    /// `act(z)`.
    fn value(self, z: f64) -> f64 {
        match self {
            Self::Identity => z,
            Self::Logistic => logistic(z),
            Self::Tanh => z.tanh(),
            Self::Relu => {
                if z < 0.0 {
                    0.0
                } else {
                    z
                }
            }
        }
    }

    /// `act'(z)`.
    fn slope(self, z: f64) -> f64 {
        match self {
            Self::Identity => 1.0,
            Self::Logistic => logistic(z) * (1.0 - logistic(z)),
            Self::Tanh => 1.0 - z.tanh() * z.tanh(),
            Self::Relu => f64::from(z > 0.0),
        }
    }
}

fn logistic(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

impl Loss {
    pub(crate) const ALL: [Self; 3] = [Self::Softmax, Self::Logistic, Self::Squared];

    /// What a row of logits says.
    fn probs(self, logits: &[f64]) -> Vec<f64> {
        match self {
            Self::Softmax => {
                let largest = logits.iter().fold(f64::NEG_INFINITY, |m, &z| if z > m { z } else { m });
                let sum: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
                logits.iter().map(|z| (z - largest).exp() / sum).collect()
            }
            Self::Logistic => logits.iter().map(|&z| logistic(z)).collect(),
            Self::Squared => logits.to_vec(),
        }
    }

    /// The loss of a row, and n times its dlogits.
    fn of_row(self, logits: &[f64], class: usize, y: &[f64]) -> (f64, Vec<f64>) {
        let mut d = self.probs(logits);
        match self {
            Self::Softmax => {
                let largest = logits.iter().fold(f64::NEG_INFINITY, |m, &z| if z > m { z } else { m });
                let sum: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
                d[class] -= 1.0;
                (largest + sum.ln() - logits[class], d)
            }
            Self::Logistic => {
                let term = |(&z, &y): (&f64, &f64)| {
                    let positive = if z > 0.0 { z } else { 0.0 };
                    positive + (-z.abs()).exp().ln_1p() - y * z
                };
                let loss = logits.iter().zip(y).map(term).sum();
                d.iter_mut().zip(y).for_each(|(d, y)| *d -= y);
                (loss, d)
            }
            Self::Squared => {
                d.iter_mut().zip(y).for_each(|(d, y)| *d -= y);
                (d.iter().map(|d| 0.5 * d * d).sum(), d)
            }
        }
    }
}

/// z of every layer for one row, `z[l - 1]` that of layer l.
fn forward(mlp: &Mlp, params: &[f64], x: &[f64]) -> Vec<Vec<f64>> {
    let (mut at, mut a, mut all) = (0, x.to_vec(), Vec::new());
    for (l, pair) in mlp.sizes.windows(2).enumerate() {
        let w = |i: usize, j: usize| params[at + i * pair[1] + j];
        let z: Vec<f64> = (0..pair[1])
            .map(|j| w(pair[0], j) + a.iter().enumerate().map(|(i, a)| a * w(i, j)).sum::<f64>())
            .collect();
        if let Some(activation) = mlp.activations.get(l) {
            a = z.iter().map(|&z| activation.value(z)).collect();
        }
        all.push(z);
        at += (pair[0] + 1) * pair[1];
    }
    all
}

/// What the network says of the rows `x`.
pub(crate) fn predict<R: Float>(mlp: &Mlp, params: &[R], x: &[R]) -> Vec<f64> {
    let params = widened(params);
    let rows = x.chunks_exact(mlp.inputs());
    rows.flat_map(|x| mlp.loss.probs(&forward(mlp, &params, &widened(x))[mlp.layers() - 1])).collect()
}

/// The loss over these rows, and its gradient.
pub(crate) fn loss_and_grad<R: Float>(
    mlp: &Mlp,
    params: &[f64],
    data: &Data<'_, R>,
    rows: &[u32],
) -> (f64, Vec<f64>) {
    let (k, one_by_n) = (mlp.outputs(), 1.0 / rows.len().max(1) as f64);
    let (mut loss, mut grad) = (0.0, vec![0.0; params.len()]);
    for &row in rows {
        let row = row as usize;
        let x = widened(&data.x[row * mlp.inputs()..][..mlp.inputs()]);
        let z = forward(mlp, params, &x);
        let (class, y) = match data.y {
            Target::Classes(y) => (y[row] as usize, Vec::new()),
            Target::Values(y) => (0, widened(&y[row * k..][..k])),
        };
        let (of_row, mut dz) = mlp.loss.of_row(&z[mlp.layers() - 1], class, &y);
        loss += of_row * one_by_n;
        dz.iter_mut().for_each(|dz| *dz *= one_by_n);
        let mut end = params.len();
        for l in (1..=mlp.layers()).rev() {
            let (fan_in, fan_out) = (mlp.sizes[l - 1], mlp.sizes[l]);
            let at = end - (fan_in + 1) * fan_out;
            let a: Vec<f64> = match l {
                1 => x.clone(),
                _ => z[l - 2].iter().map(|&z| mlp.activations[l - 2].value(z)).collect(),
            };
            for j in 0..fan_out {
                for i in 0..fan_in {
                    grad[at + i * fan_out + j] += a[i] * dz[j];
                }
                grad[at + fan_in * fan_out + j] += dz[j];
            }
            if l > 1 {
                let below = |i: usize| {
                    let da: f64 = (0..fan_out).map(|j| dz[j] * params[at + i * fan_out + j]).sum();
                    da * mlp.activations[l - 2].slope(z[l - 2][i])
                };
                dz = (0..fan_in).map(below).collect();
            }
            end = at;
        }
    }
    let mut at = 0;
    for pair in mlp.sizes.windows(2) {
        for (count, reg) in [pair[0] * pair[1], pair[1]].into_iter().zip(mlp.regs()) {
            for i in at..at + count {
                loss += 0.5 * reg * params[i] * params[i];
                grad[i] += reg * params[i];
            }
            at += count;
        }
    }
    (loss, grad)
}

/// One update.
pub(crate) fn update<R: Float>(next: &Update<R>, params: &mut [f64], moments: &mut [Vec<f64>], grad: &[f64]) {
    for (i, &g) in grad.iter().enumerate() {
        match *next {
            Update::Gd { step } => params[i] -= step.widen() * g,
            Update::Sgd { step, mu, nesterov } => {
                let (step, mu) = (step.widen(), mu.widen());
                let v = mu * moments[0][i] - step * g;
                moments[0][i] = v;
                params[i] += if nesterov { mu * v - step * g } else { v };
            }
            Update::Adam { beta1, beta2, rate, epsilon } => {
                let [beta1, beta2, rate, epsilon] = [beta1, beta2, rate, epsilon].map(R::widen);
                moments[0][i] = beta1 * moments[0][i] + (1.0 - beta1) * g;
                moments[1][i] = beta2 * moments[1][i] + (1.0 - beta2) * g * g;
                params[i] -= rate * moments[0][i] / (moments[1][i].sqrt() + epsilon);
            }
        }
    }
}

pub(crate) fn widened<R: Float>(numbers: &[R]) -> Vec<f64> {
    numbers.iter().map(|number| number.widen()).collect()
}

/// A network with the same activation everywhere and a penalty on all weights, and random parameters.
pub(crate) fn network<R: Float>(sizes: &[usize], activation: Activation, loss: Loss) -> (Mlp, Vec<R>) {
    let activations = vec![activation; sizes.len() - 2];
    let mlp = Mlp { sizes: sizes.to_vec(), activations, loss, reg: 0.01, penalize_bias: true };
    let mut random = Pcg64::seed_from_u64(7);
    let mut params = Vec::new();
    for pair in sizes.windows(2) {
        let scale = 1.5 / (pair[0] as f64).sqrt();
        let count = (pair[0] + 1) * pair[1];
        params.extend((0..count).map(|_| R::narrow(random.random_range(-1.0..1.0) * scale)));
    }
    (mlp, params)
}

/// Random rows with answers of the kind that the loss is of.
pub(crate) struct Rows<R> {
    pub(crate) x: Vec<R>,
    classes: Vec<u32>,
    values: Vec<R>,
    loss: Loss,
}

impl<R: Float> Rows<R> {
    pub(crate) fn random(mlp: &Mlp, n: usize, seed: u64) -> Self {
        let mut random = Pcg64::seed_from_u64(seed);
        let k = mlp.outputs();
        let classes = 0..u32::try_from(k).unwrap();
        let mut numbers = |count: usize| -> Vec<R> {
            (0..count).map(|_| R::narrow(random.random_range(-1.0..1.0))).collect()
        };
        let (x, mut values) = (numbers(n * mlp.inputs()), numbers(n * k));
        if mlp.loss == Loss::Logistic {
            values.iter_mut().for_each(|v| *v = if *v > R::ZERO { R::ONE } else { R::ZERO });
        }
        let classes = (0..n).map(|_| random.random_range(classes.clone())).collect();
        Self { x, classes, values, loss: mlp.loss }
    }

    pub(crate) fn data(&self) -> Data<'_, R> {
        let y = match self.loss {
            Loss::Softmax => Target::Classes(&self.classes),
            _ => Target::Values(&self.values),
        };
        Data { x: &self.x, y }
    }
}
