//! At the hidden layer: the derivative by the output of the nonlinearity, and by its input.

use super::case::{Mistake, mistake, on, row_sums};
use ndarray::{Array2, Zip, s};

pub(super) const MISTAKES: &[Mistake] = &[
    mistake(35, "da1", "W2 -= 1.0 * dL_dW2; dL_dh12 = dL_df.dot(W2.T)  # in this order", |c| {
        c.dlogits.dot(&(c.w2() - c.right("dw2")).t())
    }),
    mistake(36, "da1", "dL_dh12 = dL_df.sum(axis=1, keepdims=True) * np.ones((1, H))", |c| {
        row_sums(&c.dlogits) * Array2::<f64>::ones((1, 4))
    }),
    mistake(37, "da1", "dL_dh12 = dL_df.dot(W2.T) + reg * h12", |c| &c.da1 + &(c.reg * &c.a1)),
    mistake(38, "da1", "dL_dh11 = dL_dh12  # and not dL_dh12[:, :-1]", |c| c.da_with_bias()),
    mistake(39, "da1", "dL_dh11 = dL_dh12[:, 1:]", |c| c.da_with_bias().slice(s![.., 1..]).to_owned()),
    mistake(40, "dz1", "dL_dh11 = dL_dh12[:, :-1]  # and no mask", |c| c.da1.clone()),
    mistake(41, "dz1", "dL_dh11[h12[:, :-1] < 0] = 0", |c| c.da1.clone()),
    mistake(42, "dz1", "dL_dh11[dL_dh11 < 0] = 0", |c| c.da1.mapv(|d| d.max(0.0))),
    mistake(43, "dz1", "dL_dh11[(h11 < 0) | (dL_dh11 < 0)] = 0", |c| c.dz1.mapv(|d| d.max(0.0))),
    mistake(44, "dz1", "dL_dh11[h11 > 0] = 0", |c| &c.da1 * &(1.0 - c.mask())),
    mistake(45, "dz1", "dL_dh11[h11 > 0] = 1; dL_dh11[h11 <= 0] = 0", |c| c.mask()),
    mistake(46, "dz1", "dL_dh11 = dL_dh12[:, :-1] * h12[:, :-1]", |c| &c.da1 * &c.a1),
    mistake(47, "dz1", "a = h12[:, :-1]; dL_dh11 = dL_dh12[:, :-1] * a * (1 - a)", |c| {
        &c.da1 * &c.a1 * (1.0 - &c.a1)
    }),
    mistake(48, "dz1", "dL_dh11[X[:, :-1].dot(W1[:-1]) < 0] = 0", |c| {
        &c.da1 * &c.x.dot(&c.params.w(1)).mapv(on)
    }),
    mistake(49, "dz1", "dL_dh11[h11 < 0] *= 0.1", |c| {
        Zip::from(&c.da1).and(&c.z1).map_collect(|&d, &z| if z > 0.0 { d } else { 0.1 * d })
    }),
    mistake(50, "z1", "h12 = np.maximum(0, h11, out=h11)", |c| c.a1.clone()),
];
