//! At the parameters: the derivatives by weights and biases, and the penalty's part of them.

use super::case::{Case, Mistake, column_sums, mistake, on};
use clearprop::mistake::MistakeId::*;
use ndarray::{Array2, Axis};

/// db2 with another data part; the penalty is over the biases too.
fn db2(c: &Case, data: Array2<f64>) -> Array2<f64> {
    data + c.reg * c.b2()
}

pub(super) const MISTAKES: &[Mistake] = &[
    mistake(NoPenalty, "dw2", "dL_dW2 = h12.T.dot(dL_df)", |c| c.data(2)),
    mistake(PenaltyFactor, "dw2", "dL_dW2 = h12.T.dot(dL_df) + 2 * reg * W2  # for reg/2 in the loss", |c| {
        c.data(2) + 2.0 * c.penalty(2)
    }),
    mistake(PenaltyOverN, "dw2", "dL_dW2 = h12.T.dot(dL_df) + reg / N * W2", |c| {
        c.data(2) + c.penalty(2) / c.n
    }),
    mistake(PenaltySign, "dw2", "dL_dW2 = h12.T.dot(dL_df) - reg * W2", |c| c.data(2) - c.penalty(2)),
    mistake(PenaltyConstant, "dw2", "dL_dW2 = h12.T.dot(dL_df) + reg", |c| c.data(2) + c.reg),
    mistake(
        PenaltyOfOneLayer,
        "dw1",
        "dL_dW2 += reg * W2; dL_dW2 += reg * W2  # and nothing for dL_dW1",
        |c| c.data(1),
    ),
    mistake(BiasPenalty, "db2", "dL_dW2[:-1] += reg * W2[:-1]  # the loss counts the bias row", |c| {
        column_sums(&c.dlogits)
    }),
    mistake(ZForInput, "dw2", "dL_dW2 = np.c_[h11, ones].T.dot(dL_df) + reg * W2", |c| {
        c.z1.t().dot(&c.dlogits) + c.penalty(2)
    }),
    mistake(DwDividedAgain, "dw2", "dL_dW2 = h12.T.dot(dL_df) / N + reg * W2", |c| {
        c.data(2) / c.n + c.penalty(2)
    }),
    mistake(WholeDividedAgain, "dw2", "dL_dW2 = (h12.T.dot(dL_df) + reg * W2) / N", |c| c.right("dw2") / c.n),
    mistake(DbMean, "db2", "dL_dW2[-1] = dL_df.mean(axis=0) + reg * W2[-1]", |c| {
        db2(c, column_sums(&c.dlogits) / c.n)
    }),
    mistake(DbOverAll, "db2", "dL_dW2[-1] = dL_df.sum() + reg * W2[-1]", |c| {
        db2(c, Array2::from_elem((1, 3), c.dlogits.sum()))
    }),
    mistake(DbNotSummed, "db2", "dL_db2 = dL_df + reg * W2[-1]  # the bias apart", |c| {
        &c.dlogits + &(c.reg * c.b2())
    }),
    mistake(DbFromProduct, "db2", "dL_dW2[-1] = h12[:, :-1].T.dot(dL_df).sum(axis=0) + reg * W2[-1]", |c| {
        db2(c, column_sums(&c.a1.t().dot(&c.dlogits)))
    }),
    mistake(DbForgotten, "db2", "dL_dW2[-1] = 0", |_| Array2::zeros((1, 3))),
    mistake(Transposed, "dw2", "dL_dW2 = dL_df.T.dot(h12[:, :-1]) + reg * W2[:-1].T", |c| {
        c.right("dw2").reversed_axes()
    }),
    mistake(FromDa, "dw1", "dL_dW1 = X.T.dot(dL_dh12[:, :-1]) + reg * W1", |c| {
        c.x.t().dot(&c.da1) + c.penalty(1)
    }),
    mistake(MaskOfWeights, "dw1", "dL_dW1 = X.T.dot(dL_dh12[:, :-1]); dL_dW1[W1 <= 0] = 0", |c| {
        c.x.t().dot(&c.da1) * c.params.w(1).mapv(on)
    }),
    mistake(
        LastRowOnly,
        "dw1",
        "for i in range(N): dL_dW1 = np.outer(X[i], dL_dh11[i])  # then reg * W1",
        |c| {
            let last = |values: &Array2<f64>| values.select(Axis(0), &[values.nrows() - 1]);
            last(&c.x).t().dot(&last(&c.dz1)) + c.penalty(1)
        },
    ),
    mistake(
        NoLateMean,
        "dw1",
        "dL_dW1 = X.T.dot(N * dL_dh11) + reg * W1  # 1/N late, and here not at all",
        |c| c.n * c.data(1) + c.penalty(1),
    ),
    mistake(Factor, "dw2", "dL_dW2 = 2 * (h12.T.dot(dL_df) + reg * W2)", |c| 2.0 * c.right("dw2")),
];
