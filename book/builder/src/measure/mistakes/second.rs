//! The second small network, for mistakes that the first one cannot make: leaky units, sigmoid outputs, a mean of squares.

use clearprop::mistake::MistakeId;
use ndarray::{Array2, Axis, array};

/// What a mistake does on the second network.
pub(super) struct Later {
    pub(super) id: MistakeId,
    pub(super) array: &'static str,
    pub(super) line: &'static str,
    pub(super) wrong: fn(&Second) -> Array2<f64>,
}

pub(super) const fn later(
    id: MistakeId,
    array: &'static str,
    line: &'static str,
    wrong: fn(&Second) -> Array2<f64>,
) -> Later {
    Later { id, array, line, wrong }
}

/// 3 rows, 2 inputs, 3 hidden units, 3 outputs: as many rows as units and outputs, so that one array can stand in the
/// place of another without an error of shapes.
pub(super) struct Second {
    pub(super) x: Array2<f64>,
    pub(super) y: Array2<f64>,
    pub(super) w1: Array2<f64>,
    pub(super) w2: Array2<f64>,
    pub(super) z1: Array2<f64>,
    pub(super) a1: Array2<f64>,
    pub(super) z2: Array2<f64>,
    pub(super) a2: Array2<f64>,
    pub(super) reg: f64,
    pub(super) n: f64,
    pub(super) k: f64,
    /// Of the update: step size, velocity, running means, how many updates there were.
    pub(super) step: f64,
    pub(super) v: Array2<f64>,
    pub(super) m: Array2<f64>,
    pub(super) q: Array2<f64>,
    pub(super) t: i32,
}

/// The same network in NumPy, for the lines that are printed.
pub const PROGRAM: &str = "
import numpy as np
N, K, reg, step_size, mu, t = 3, 3, 0.1, 0.5, 0.9, 3
X, Y = np.array([[0.9, -0.4], [-1.2, 0.7], [0.3, 1.1]]), np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]])
W1, b1 = np.array([[0.8, -0.5, 0.3], [-0.6, 0.9, 0.7]]), np.array([0.2, -0.3, 0.1])
W2, b2 = np.array([[0.7, -0.9, 0.4], [0.5, 0.6, -0.8], [-0.3, 1.1, 0.9]]), np.array([-0.1, 0.3, 0.2])
v, m, q = 0.1 * W2.T, -0.05 * W2, 0.002 + 0 * W2
def sigmoid(z): return 1 / (1 + np.exp(-z))
Z1 = X @ W1 + b1; A1 = np.where(Z1 > 0, Z1, 0.1 * Z1); Z2 = A1 @ W2 + b2; A2 = sigmoid(Z2)
dA2 = 2 * (A2 - Y) / (N * K); dZ2 = dA2 * A2 * (1 - A2); dW2 = A1.T @ dZ2 + reg * W2; db2 = dZ2.sum(axis=0)
dA1 = dZ2 @ W2.T; dZ1 = dA1 * np.where(Z1 > 0, 1, 0.1); dW1 = X.T @ dZ1 + reg * W1
";

/// The right line for each array.
pub const RIGHT: [(&str, &str); 12] = [
    ("dA2", "dA2 = 2 * (A2 - Y) / (N * K)"),
    ("dZ2", "dZ2 = dA2 * A2 * (1 - A2)"),
    ("dW2", "dW2 = A1.T @ dZ2 + reg * W2"),
    ("dA1", "dA1 = dZ2 @ W2.T"),
    ("dZ1", "dZ1 = dA1 * np.where(Z1 > 0, 1, 0.1)"),
    ("cost", "cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / N"),
    ("dA2 of the cross-entropy", "dA2 = (A2 - Y) / (A2 * (1 - A2)) / N"),
    ("W2 after", "W2 = W2 - step_size * dW2"),
    ("v after", "v = mu * v - step_size * dW2"),
    ("W2 after, with v", "v = mu * v - step_size * dW2; W2 = W2 + v"),
    ("q after", "q = 0.999 * q + 0.001 * dW2 ** 2"),
    (
        "W2 after, by Adam",
        "m = 0.9 * m + 0.1 * dW2; q = 0.999 * q + 0.001 * dW2 ** 2; W2 = W2 - step_size * (m / (1 - 0.9 ** t)) / (np.sqrt(q / (1 - 0.999 ** t)) + 1e-8)",
    ),
];

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

impl Second {
    pub(super) fn new() -> Self {
        let x = array![[0.9, -0.4], [-1.2, 0.7], [0.3, 1.1]];
        let y = array![[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]];
        let (w1, b1) = (array![[0.8, -0.5, 0.3], [-0.6, 0.9, 0.7]], array![[0.2, -0.3, 0.1]]);
        let w2 = array![[0.7, -0.9, 0.4], [0.5, 0.6, -0.8], [-0.3, 1.1, 0.9]];
        let b2 = array![[-0.1, 0.3, 0.2]];
        let z1 = x.dot(&w1) + &b1;
        let a1 = z1.mapv(|z| if z > 0.0 { z } else { 0.1 * z });
        let z2 = a1.dot(&w2) + &b2;
        let a2 = z2.mapv(sigmoid);
        let (v, m, q) = (0.1 * &w2.t(), -0.05 * &w2, w2.mapv(|_| 0.002));
        Self { x, y, w1, w2, z1, a1, z2, a2, reg: 0.1, n: 3.0, k: 3.0, step: 0.5, v, m, q, t: 3 }
    }

    /// The slope of the hidden units.
    pub(super) fn slope(&self) -> Array2<f64> {
        self.z1.mapv(|z| if z > 0.0 { 1.0 } else { 0.1 })
    }

    /// The slope of the outputs.
    pub(super) fn slope_out(&self) -> Array2<f64> {
        self.a2.mapv(|a| a * (1.0 - a))
    }

    pub(super) fn penalty(&self) -> Array2<f64> {
        self.reg * &self.w2
    }

    /// The right numbers of an array.
    pub(super) fn right(&self, name: &str) -> Array2<f64> {
        let r = |name: &str| self.right(name);
        match name {
            "loss" => {
                let squares = (&self.a2 - &self.y).mapv(|d| d * d).sum() / (self.n * self.k);
                let weights = self.w1.mapv(|w| w * w).sum() + self.w2.mapv(|w| w * w).sum();
                array![[squares + self.reg / 2.0 * weights]]
            }
            "cost" => {
                let each = ndarray::Zip::from(&self.a2).and(&self.y);
                let each = each.map_collect(|a, y| y * a.ln() + (1.0 - y) * (1.0 - a).ln());
                array![[-each.sum() / self.n]]
            }
            "dA2" => 2.0 * (&self.a2 - &self.y) / (self.n * self.k),
            "dA2 of the cross-entropy" => (&self.a2 - &self.y) / self.slope_out() / self.n,
            "dZ2" => r("dA2") * self.slope_out(),
            "dW2" => self.a1.t().dot(&r("dZ2")) + self.penalty(),
            "db2" => r("dZ2").sum_axis(Axis(0)).insert_axis(Axis(0)),
            "dA1" => r("dZ2").dot(&self.w2.t()),
            "dZ1" => r("dA1") * self.slope(),
            "dW1" => self.x.t().dot(&r("dZ1")) + self.reg * &self.w1,
            "db1" => r("dZ1").sum_axis(Axis(0)).insert_axis(Axis(0)),
            "W2 after" => &self.w2 - self.step * r("dW2"),
            "v after" => 0.9 * &self.v - self.step * r("dW2"),
            "W2 after, with v" => &self.w2 + r("v after"),
            "q after" => 0.999 * &self.q + 0.001 * r("dW2").mapv(|d| d * d),
            "W2 after, by Adam" => self.adam((self.t, self.t), true),
            _ => Array2::zeros((0, 0)),
        }
    }

    /// Adam's step, its means corrected for these counts of updates (0: not at all), with the root or without.
    pub(super) fn adam(&self, (t_m, t_q): (i32, i32), root: bool) -> Array2<f64> {
        let for_start = |beta: f64, t: i32| if t == 0 { 1.0 } else { 1.0 - beta.powi(t) };
        let m = (0.9 * &self.m + 0.1 * self.right("dW2")) / for_start(0.9, t_m);
        let q = self.right("q after") / for_start(0.999, t_q);
        let below = if root { q.mapv(f64::sqrt) } else { q };
        &self.w2 - self.step * m / (below + 1e-8)
    }
}
