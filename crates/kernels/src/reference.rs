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
    pub(crate) const ALL: [Self; 12] = [
        Self::Identity,
        Self::Logistic,
        Self::Tanh,
        Self::Relu,
        Self::LeakyRelu { slope: 0.1 },
        Self::LeakyRelu { slope: -0.5 },
        Self::Elu { scale: 1.0507, alpha: 1.6733 },
        Self::Softplus,
        Self::Silu,
        Self::Gelu,
        Self::GeluTanh,
        Self::Mish,
    ];

    /// `act(z)`.
    fn value(self, z: f64) -> f64 {
        match self {
            Self::Identity => z,
            Self::Logistic => logistic(z),
            Self::Tanh => z.tanh(),
            Self::Relu => sides(z, z, 0.0),
            Self::LeakyRelu { slope } => sides(z, z, slope * z),
            Self::Elu { scale, alpha } => sides(z, scale * z, scale * alpha * z.exp_m1()),
            Self::Softplus => softplus(z),
            Self::Silu => z * logistic(z),
            Self::Gelu => z * normal_below(z),
            Self::GeluTanh => z * logistic(2.0 * gelu_inner(z)),
            Self::Mish => z * softplus(z).tanh(),
        }
    }

    /// `act'(z)`.
    fn slope(self, z: f64) -> f64 {
        match self {
            Self::Identity => 1.0,
            Self::Logistic => logistic(z) * (1.0 - logistic(z)),
            Self::Tanh => 1.0 - z.tanh() * z.tanh(),
            Self::Relu => sides(z, 1.0, 0.0),
            Self::LeakyRelu { slope } => sides(z, 1.0, slope),
            Self::Elu { scale, alpha } => sides(z, scale, scale * alpha * z.exp()),
            Self::Softplus => logistic(z),
            Self::Silu => logistic(z) * (1.0 + z * logistic(-z)),
            Self::Gelu => normal_below(z) + z * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt(),
            Self::GeluTanh => {
                let p = logistic(2.0 * gelu_inner(z));
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (1.0 + 3.0 * 0.044_715 * z * z);
                let curved = 2.0 * p * (1.0 - p);
                p + if curved == 0.0 { 0.0 } else { z * curved * inner }
            }
            Self::Mish => {
                let t = softplus(z).tanh();
                let curved = (1.0 - t * t) * logistic(z);
                t + if curved == 0.0 { 0.0 } else { z * curved }
            }
        }
    }
}

/// `above` for z > 0, `below` for z <= 0, and NaN for NaN.
fn sides(z: f64, above: f64, below: f64) -> f64 {
    if z > 0.0 {
        above
    } else if z <= 0.0 {
        below
    } else {
        z
    }
}

fn softplus(z: f64) -> f64 {
    sides(z, z, 0.0) + (-z.abs()).exp().ln_1p()
}

fn gelu_inner(z: f64) -> f64 {
    (2.0 / std::f64::consts::PI).sqrt() * (z + 0.044_715 * z * z * z)
}

/// `P(Z <= z)`: the density's series around 0, by which enough terms give every number that is not far out.
fn normal_below(z: f64) -> f64 {
    if z.abs() > 12.0 {
        return sides(z, 1.0, 0.0);
    }
    // z + z^3/3 + z^5/(3 5) + ..
    let (mut term, mut sum, mut k) = (z, z, 1.0);
    while term.abs() > 1e-20 * sum.abs() {
        k += 2.0;
        term *= z * z / k;
        sum += term;
    }
    0.5 + sum * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

fn logistic(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

impl Loss {
    pub(crate) const ALL: [Self; 9] = [
        Self::Softmax,
        Self::Logistic,
        Self::Squared,
        Self::Poisson,
        Self::Absolute,
        Self::Huber { delta: 0.4 },
        Self::Hinge,
        Self::SquaredHinge,
        Self::SmoothedSoftmax { smoothing: 0.3 },
    ];

    /// What a row of logits says.
    fn probs(self, logits: &[f64]) -> Vec<f64> {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } => {
                let largest = logits.iter().fold(f64::NEG_INFINITY, |m, &z| if z > m { z } else { m });
                let sum: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
                logits.iter().map(|z| (z - largest).exp() / sum).collect()
            }
            Self::Logistic => logits.iter().map(|&z| logistic(z)).collect(),
            Self::Poisson => logits.iter().map(|z| z.exp()).collect(),
            Self::Squared | Self::Absolute | Self::Huber { .. } => logits.to_vec(),
            Self::Hinge | Self::SquaredHinge => logits.to_vec(),
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
            Self::SmoothedSoftmax { smoothing } => {
                // The cross-entropy of a whole distribution.
                let k = logits.len() as f64;
                let wanted = |j: usize| smoothing / k + if j == class { 1.0 - smoothing } else { 0.0 };
                let probs = d.clone();
                d.iter_mut().enumerate().for_each(|(j, d)| *d -= wanted(j));
                (probs.iter().enumerate().map(|(j, p)| -wanted(j) * p.ln()).sum(), d)
            }
            Self::Logistic => {
                let loss = logits.iter().zip(y).map(|(&z, &y)| softplus(z) - y * z).sum();
                d.iter_mut().zip(y).for_each(|(d, y)| *d -= y);
                (loss, d)
            }
            Self::Squared => {
                d.iter_mut().zip(y).for_each(|(d, y)| *d -= y);
                (d.iter().map(|d| 0.5 * d * d).sum(), d)
            }
            Self::Poisson => {
                d.iter_mut().zip(y).for_each(|(d, y)| *d -= y);
                (logits.iter().zip(y).map(|(z, y)| z.exp() - y * z).sum(), d)
            }
            Self::Absolute => {
                d.iter_mut().zip(y).for_each(|(d, y)| *d -= y);
                (d.iter().map(|d| d.abs()).sum(), d.iter().map(|&d| sides(d, 1.0, -1.0)).collect())
            }
            Self::Huber { delta } => {
                d.iter_mut().zip(y).for_each(|(d, y)| *d -= y);
                let far = |d: f64| delta * (d.abs() - 0.5 * delta);
                let term = |&d: &f64| if d.abs() > delta { far(d) } else { 0.5 * d * d };
                (d.iter().map(term).sum(), d.iter().map(|d| d.clamp(-delta, delta)).collect())
            }
            Self::Hinge | Self::SquaredHinge => {
                let (mut loss, mut slopes) = (0.0, vec![0.0; logits.len()]);
                for j in (0..logits.len()).filter(|&j| j != class) {
                    // NaN stays NaN, which `max` and `> 0` would hide.
                    let over = logits[j] - logits[class] + 1.0;
                    let over = if over < 0.0 { 0.0 } else { over };
                    let (term, slope) = match self {
                        Self::Hinge => (over, if over > 0.0 { 1.0 } else { over }),
                        _ => (over * over, 2.0 * over),
                    };
                    loss += term;
                    slopes[j] += slope;
                    slopes[class] -= slope;
                }
                (loss, slopes)
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
    let weight = |row: u32| data.weights.map_or(1.0, |weights| weights[row as usize].widen());
    let (k, total) = (mlp.outputs(), rows.iter().map(|&row| weight(row)).sum::<f64>());
    let (mut loss, mut grad) = (0.0, vec![0.0; params.len()]);
    // Behind the layers' parameters: a scale of the inputs, or nothing.
    let (count, s) = (mlp.count(), &params[mlp.count()..]);
    let scaled = |(i, x): (usize, f64)| if s.is_empty() { x } else { x * s[i] };
    for &row in rows {
        let (row, share) = (row as usize, weight(row) / total);
        let raw = widened(&data.x[row * mlp.inputs()..][..mlp.inputs()]);
        let x: Vec<f64> = raw.iter().copied().enumerate().map(scaled).collect();
        let z = forward(mlp, params, &x);
        let (class, y) = match data.y {
            Target::Classes(y) => (y[row] as usize, Vec::new()),
            Target::Values(y) => (0, widened(&y[row * k..][..k])),
        };
        let (of_row, mut dz) = mlp.loss.of_row(&z[mlp.layers() - 1], class, &y);
        loss += of_row * share;
        dz.iter_mut().for_each(|dz| *dz *= share);
        let mut end = count;
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
            let da = |i: usize| (0..fan_out).map(|j| dz[j] * params[at + i * fan_out + j]).sum::<f64>();
            if l > 1 {
                dz = (0..fan_in).map(|i| da(i) * mlp.activations[l - 2].slope(z[l - 2][i])).collect();
            } else {
                for i in 0..s.len() {
                    grad[count + i] += raw[i] * da(i);
                }
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

/// One update; each number takes its share of the step size.
pub(crate) fn update<R: Float>(
    next: &Update<R>,
    params: &mut [f64],
    moments: &mut [Vec<f64>],
    grad: &[f64],
    share: impl Fn(usize) -> f64,
) {
    for (i, &g) in grad.iter().enumerate() {
        match *next {
            Update::Gd { step } => params[i] -= share(i) * step.widen() * g,
            Update::Sgd { step, mu, nesterov } => {
                let (step, mu) = (share(i) * step.widen(), mu.widen());
                let v = mu * moments[0][i] - step * g;
                moments[0][i] = v;
                params[i] += if nesterov { mu * v - step * g } else { v };
            }
            Update::Adam { beta1, beta2, rate, epsilon } => {
                let [beta1, beta2, rate, epsilon] = [beta1, beta2, rate, epsilon].map(R::widen);
                moments[0][i] = beta1 * moments[0][i] + (1.0 - beta1) * g;
                moments[1][i] = beta2 * moments[1][i] + (1.0 - beta2) * g * g;
                params[i] -= share(i) * rate * moments[0][i] / (moments[1][i].sqrt() + epsilon);
            }
            Update::Gradient => moments[0][i] = g,
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
    /// What each row counts, if they do not count the same.
    pub(crate) weights: Option<Vec<R>>,
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
        Self { x, classes, values, loss: mlp.loss, weights: None }
    }

    pub(crate) fn data(&self) -> Data<'_, R> {
        let y = match self.loss.takes_class() {
            true => Target::Classes(&self.classes),
            false => Target::Values(&self.values),
        };
        Data { x: &self.x, y, weights: self.weights.as_deref() }
    }
}
