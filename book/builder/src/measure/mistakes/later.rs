//! Mistakes that only the second network can make.

use super::second::{Later, later};
use clearprop::mistake::MistakeId::*;
use ndarray::{Array2, array};

pub(super) const MISTAKES: &[Later] = &[
    later(NoOutputSlope, "dZ2", "dZ2 = dA2", |c| c.right("dA2")),
    later(SlopeOfOutput, "dZ2", "dZ2 = dA2 * sigmoid(A2) * (1 - sigmoid(A2))", |c| {
        let s = c.a2.mapv(|a| 1.0 / (1.0 + (-a).exp()));
        c.right("dA2") * &s * &(1.0 - &s)
    }),
    later(OtherArray, "dZ1", "dZ1 = dA2 * np.where(Z1 > 0, 1, 0.1)", |c| c.right("dA2") * c.slope()),
    later(GradientForWeights, "dA1", "dA1 = dZ2 @ dW2.T", |c| c.right("dZ2").dot(&c.right("dW2").t())),
    later(ErrorCarriedBack, "dA1", "dA1 = dA2 @ W2.T", |c| c.right("dA2").dot(&c.w2.t())),
    later(ErrorWithoutWeights, "dA1", "dA1 = dZ2", |c| c.right("dZ2")),
    later(OtherLeak, "dZ1", "dZ1 = dA1 * np.where(Z1 > 0, 1, 0.3)", |c| {
        c.right("dA1") * c.z1.mapv(|z| if z > 0.0 { 1.0 } else { 0.3 })
    }),
    later(Elementwise, "dW2", "dW2 = A1.T * dZ2 + reg * W2", |c| &c.a1.t() * &c.right("dZ2") + c.penalty()),
    later(OwnOutput, "dW2", "dW2 = A2.T @ dZ2 + reg * W2", |c| c.a2.t().dot(&c.right("dZ2")) + c.penalty()),
    later(WeightsForInput, "dW2", "dW2 = W2.T @ dZ2 + reg * W2", |c| {
        c.w2.t().dot(&c.right("dZ2")) + c.penalty()
    }),
    later(HalfTheLoss, "cost", "cost = -np.sum(Y * np.log(A2)) / N", |c| {
        array![[-(&c.y * &c.a2.mapv(f64::ln)).sum() / c.n]]
    }),
    later(InnerSign, "cost", "cost = -np.sum(Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) / N", |c| {
        let off = (1.0 - &c.y) * c.a2.mapv(|a| (1.0 - a).ln());
        array![[-(&c.y * &c.a2.mapv(f64::ln) - off).sum() / c.n]]
    }),
    later(ErrorForOutputs, "dA2 of the cross-entropy", "dA2 = (A2 - Y) / N", |c| (&c.a2 - &c.y) / c.n),
    later(SlopeOfInput, "dZ2", "dZ2 = dA2 * Z2 * (1 - Z2)", |c| c.right("dA2") * &c.z2 * &(1.0 - &c.z2)),
    later(NoFactorTwo, "dA2", "dA2 = (A2 - Y) / (N * K)", |c| (&c.a2 - &c.y) / (c.n * c.k)),
    later(NoMeanOverOutputs, "dA2", "dA2 = 2 * (A2 - Y) / N", |c| 2.0 * (&c.a2 - &c.y) / c.n),
    later(SlopeTwice, "dZ1", "dZ1 = dA1 * np.where(Z1 > 0, 1, 0.1) ** 2", |c| {
        c.right("dA1") * c.slope() * c.slope()
    }),
    later(OtherOperation, "dZ2", "dZ2 = dA2 * A2 / (1 - A2)", |c| c.right("dA2") * &c.a2 / &(1.0 - &c.a2)),
    later(PartLeftOut, "dZ2", "dZ2 = dA2 * (1 - A2)", |c| c.right("dA2") * &(1.0 - &c.a2)),
    later(Sign, "dZ1", "dZ1 = -dA1 * np.where(Z1 > 0, 1, 0.1)", |c| -c.right("dZ1")),
    later(StepOfAnother, "W2 after", "W2 = W2 - step_size * dW1_before", |c| {
        // A step along another gradient: here that of the data alone.
        &c.w2 - c.step * c.a1.t().dot(&c.right("dZ2"))
    }),
    later(GradientAdded, "W2 after", "W2 = W2 + step_size * dW2", |c| &c.w2 + c.step * c.right("dW2")),
    later(VelocityNotKept, "v after", "v = -step_size * dW2", |c| -c.step * c.right("dW2")),
    later(OldMean, "W2 after, with v", "W2 = W2 + v; v = mu * v - step_size * dW2", |c| &c.w2 + &c.v),
    later(OtherT, "W2 after, by Adam", "t = 1  # and not counted", |c| c.adam((1, 1), true)),
    later(OneMeanCorrected, "W2 after, by Adam", "np.sqrt(q)  # and not q / (1 - 0.999 ** t)", |c| {
        c.adam((c.t, 0), true)
    }),
    later(NoRoot, "W2 after, by Adam", "q / (1 - 0.999 ** t) + 1e-8  # and no np.sqrt", |c| {
        c.adam((c.t, c.t), false)
    }),
    later(NoOneMinusBeta, "q after", "q = 0.999 * q + dW2 ** 2", |c| {
        0.999 * &c.q + c.right("dW2").mapv(|d| d * d)
    }),
    later(OtherRate, "W2 after", "W2 = W2 - 0.05 * dW2  # and 0.5 for W1", |c| &c.w2 - 0.05 * c.right("dW2")),
    later(DecayTwice, "W2 after", "W2 = W2 - step_size * (dW2 + reg * W2)", |c| {
        &c.w2 - c.step * (c.right("dW2") + c.penalty())
    }),
    later(NotMoved, "W2 after", "W2 - step_size * dW2  # and not stored", |c| -> Array2<f64> {
        c.w2.clone()
    }),
];
