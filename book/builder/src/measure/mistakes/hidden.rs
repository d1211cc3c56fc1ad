//! At the hidden layer: the derivative by the output of the nonlinearity, and by its input.

use super::case::{Mistake, mistake, on, row_sums};
use clearprop::mistake::MistakeId::*;
use ndarray::{Array2, Zip, s};

pub(super) const MISTAKES: &[Mistake] = &[
    mistake(UpdatedWeights, "da1", "W2 -= 1.0 * dL_dW2; dL_dh12 = dL_df.dot(W2.T)  # in this order", |c| {
        c.dlogits.dot(&(c.w2() - c.right("dw2")).t())
    }),
    mistake(NoWeights, "da1", "dL_dh12 = dL_df.sum(axis=1, keepdims=True) * np.ones((1, H))", |c| {
        row_sums(&c.dlogits) * Array2::<f64>::ones((1, 4))
    }),
    mistake(PenaltyInDa, "da1", "dL_dh12 = dL_df.dot(W2.T) + reg * h12", |c| &c.da1 + &(c.reg * &c.a1)),
    mistake(BiasColumnKept, "da1", "dL_dh11 = dL_dh12  # and not dL_dh12[:, :-1]", |c| c.da_with_bias()),
    mistake(WrongColumnDropped, "da1", "dL_dh11 = dL_dh12[:, 1:]", |c| {
        c.da_with_bias().slice(s![.., 1..]).to_owned()
    }),
    mistake(NoSlope, "dz1", "dL_dh11 = dL_dh12[:, :-1]  # and no mask", |c| c.da1.clone()),
    mistake(MaskOfOutput, "dz1", "dL_dh11[h12[:, :-1] < 0] = 0", |c| c.da1.clone()),
    mistake(MaskOfGradient, "dz1", "dL_dh11[dL_dh11 < 0] = 0", |c| c.da1.mapv(|d| d.max(0.0))),
    mistake(MaskOfBoth, "dz1", "dL_dh11[(h11 < 0) | (dL_dh11 < 0)] = 0", |c| c.dz1.mapv(|d| d.max(0.0))),
    mistake(MaskTurned, "dz1", "dL_dh11[h11 > 0] = 0", |c| &c.da1 * &(1.0 - c.mask())),
    mistake(SlopeAlone, "dz1", "dL_dh11[h11 > 0] = 1; dL_dh11[h11 <= 0] = 0", |c| c.mask()),
    mistake(ValueForSlope, "dz1", "dL_dh11 = dL_dh12[:, :-1] * h12[:, :-1]", |c| &c.da1 * &c.a1),
    mistake(OtherSlope, "dz1", "a = h12[:, :-1]; dL_dh11 = dL_dh12[:, :-1] * a * (1 - a)", |c| {
        &c.da1 * &c.a1 * (1.0 - &c.a1)
    }),
    mistake(MaskWithoutBias, "dz1", "dL_dh11[X[:, :-1].dot(W1[:-1]) < 0] = 0", |c| {
        &c.da1 * &c.x.dot(&c.params.w(1)).mapv(on)
    }),
    mistake(LeakLeftIn, "dz1", "dL_dh11[h11 < 0] *= 0.1", |c| {
        Zip::from(&c.da1).and(&c.z1).map_collect(|&d, &z| if z > 0.0 { d } else { 0.1 * d })
    }),
    mistake(Overwritten, "z1", "h12 = np.maximum(0, h11, out=h11)", |c| c.a1.clone()),
];
