//! At the scores: softmax, the loss, and the derivative by the logits.

use super::case::{Mistake, column_sums, mistake, row_sums};
use clearprop::loss::argmax;
use clearprop::mistake::MistakeId::*;
use ndarray::{Array2, Axis, array};

pub(super) const MISTAKES: &[Mistake] = &[
    mistake(NoMean, "dlogits", "dL_df = probs - onehot", |c| c.n * &c.dlogits),
    mistake(MeanTwice, "dlogits", "dL_df /= N  # twice", |c| &c.dlogits / c.n),
    mistake(MeanOverOutputsToo, "dlogits", "dL_df = (probs - onehot) / (N * K)", |c| &c.dlogits / c.k),
    mistake(MeanOverOutputs, "dlogits", "dL_df = (probs - onehot) / K", |c| &c.dlogits * c.n / c.k),
    mistake(OneHotAfterMean, "dlogits", "dL_df = probs / N - onehot", |c| &c.probs / c.n - &c.onehot),
    mistake(NoOneHot, "dlogits", "dL_df = probs / N", |c| &c.probs / c.n),
    mistake(ErrorTurned, "dlogits", "dL_df = (onehot - probs) / N", |c| -&c.dlogits),
    // Every class occurs in y, so every column is hit.
    mistake(OneHotInEveryRow, "dlogits", "dL_df = probs.copy(); dL_df[:, y] -= 1; dL_df /= N", |c| {
        (&c.probs - 1.0) / c.n
    }),
    mistake(LabelsOffByOne, "dlogits", "dL_df[range(N), y - 1] -= 1  # labels from 1", |c| {
        let shifted = c.onehot.select(Axis(1), &[1, 2, 0]);
        (&c.probs - &shifted) / c.n
    }),
    mistake(SoftmaxOverAll, "probs", "probs = np.exp(f) / np.exp(f).sum()", |c| {
        let e = c.logits.mapv(f64::exp);
        &e / e.sum()
    }),
    mistake(SoftmaxOverRows, "probs", "probs = np.exp(f) / np.exp(f).sum(axis=0)", |c| {
        let e = c.logits.mapv(f64::exp);
        &e / &column_sums(&e)
    }),
    mistake(JacobianDiagonal, "dlogits", "dL_df = -onehot / probs * probs * (1 - probs) / N", |c| {
        -&c.onehot * (1.0 - &c.probs) / c.n
    }),
    mistake(SlopeAfterCombined, "dlogits", "dL_df = (probs - onehot) * probs * (1 - probs) / N", |c| {
        &c.dlogits * &c.probs * (1.0 - &c.probs)
    }),
    mistake(StoppedAtProbabilities, "dlogits", "dL_df = -onehot / probs / N", |c| {
        -&c.onehot / &c.probs / c.n
    }),
    mistake(FactorTwo, "dlogits", "dL_df = 2 * (probs - onehot) / N", |c| 2.0 * &c.dlogits),
    mistake(
        SquaredThroughSoftmax,
        "dlogits",
        "d = 2 * (probs - onehot); dL_df = probs * (d - (d * probs).sum(1, keepdims=True)) / N",
        |c| {
            let d = 2.0 * (&c.probs - &c.onehot);
            &c.probs * &(&d - &row_sums(&(&d * &c.probs))) / c.n
        },
    ),
    mistake(
        LargestForProbabilities,
        "dlogits",
        "dL_df = (np.eye(K)[probs.argmax(axis=1)] - onehot) / N",
        |c| {
            let best = argmax(c.probs.view());
            let chosen =
                Array2::from_shape_fn(c.probs.dim(), |(i, j)| if best[i] as usize == j { 1.0 } else { 0.0 });
            (chosen - &c.onehot) / c.n
        },
    ),
    mistake(ScoresForProbabilities, "dlogits", "dL_df = (f - onehot) / N", |c| (&c.logits - &c.onehot) / c.n),
    mistake(BroadcastLabels, "f - y", "f.shape, y.shape  # (N, 1), (N,): f - y is (N, N)", |c| c.pairs()),
    mistake(
        LossAfterEdit,
        "log p",
        "probs[range(N), y] -= 1; loss = -np.mean(np.log(probs[range(N), y]))",
        |c| c.of_label(&(&c.probs - &c.onehot)).mapv(f64::ln).insert_axis(Axis(0)),
    ),
    mistake(
        LossPenalty,
        "loss",
        "loss = data_loss + (np.sum(W1 ** 2) + np.sum(W2 ** 2)) / 2  # and no reg",
        |c| array![[c.data_loss() + c.squares() / 2.0]],
    ),
    mistake(NoBias, "z1", "h11 = X[:, :-1].dot(W1[:-1])", |c| c.x.dot(&c.params.w(1))),
    mistake(ZForOutput, "logits", "f = h11.dot(W2[:-1]) + W2[-1]", |c| c.z1.dot(&c.w2()) + c.b2()),
    mistake(AppliedTwice, "probs", "probs = softmax(softmax(f))", |c| softmax(&c.probs)),
    mistake(
        Overflow,
        "probs",
        "e = np.exp(f); probs = e / e.sum(1, keepdims=True)  # scores near 800",
        |c| {
            let e = c.logits.mapv(|f| (f + 800.0).exp());
            &e / &row_sums(&e)
        },
    ),
    mistake(ExpAlone, "probs", "probs = np.exp(f)", |c| c.logits.mapv(f64::exp)),
    mistake(SigmoidForSoftmax, "probs", "probs = 1 / (1 + np.exp(-f))", |c| {
        c.logits.mapv(|f| 1.0 / (1.0 + (-f).exp()))
    }),
    mistake(OuterProduct, "loss", "loss = -np.sum(onehot.dot(np.log(probs).T)) / N + penalty", |c| {
        let pairs = c.onehot.dot(&c.probs.mapv(f64::ln).t());
        array![[-pairs.sum() / c.n + c.reg / 2.0 * c.squares()]]
    }),
    mistake(AskedMean, "loss", "loss = -np.sum(np.log(probs[range(N), y])) + penalty", |c| {
        array![[c.n * c.data_loss() + c.reg / 2.0 * c.squares()]]
    }),
    mistake(AskedHalf, "loss", "loss = data_loss + reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))", |c| {
        array![[c.data_loss() + c.reg * c.squares()]]
    }),
    mistake(AskedPenalty, "loss", "loss = data_loss", |c| array![[c.data_loss()]]),
    mistake(AskedFunction, "a1", "h12 = np.c_[np.tanh(h11), ones]", |c| c.z1.mapv(f64::tanh)),
    mistake(
        AskedOtherPenalty,
        "loss",
        "loss = data_loss + reg / (2 * N) * (np.sum(W1 ** 2) + np.sum(W2 ** 2))",
        |c| array![[c.data_loss() + c.reg / 2.0 / c.n * c.squares()]],
    ),
];

fn softmax(z: &Array2<f64>) -> Array2<f64> {
    let e = z.mapv(f64::exp);
    &e / &row_sums(&e)
}
