"""Golden runs of L-BFGS, by SciPy at float64.

    python make_lbfgs.py OUT_DIR      writes lbfgs_tanh_softmax.npz and lbfgs_relu_squared.npz

scipy.optimize.minimize(method="L-BFGS-B") without bounds on the loss of a small network, with the stop rules
that scikit-learn gives it (gtol = tolerance, SciPy's own ftol).  Loss and gradient are written out in NumPy.

X (N, D); y (N,) class numbers or (N, K) reals; W1, W2 (in+1, out) the first weights, bias in the last row
reg, tolerance       the penalty is reg/2 times the sum of squares of the weights, biases left out
losses               the loss at the start and after each iteration
nfev                 evaluations of loss and gradient
W1_20, W2_20         the weights after 20 iterations
W1_end, W2_end       the weights at the end
"""
import sys
import numpy as np
import scipy
from scipy.optimize import minimize

TOLERANCE = 1e-4


def objective(theta, x, y, shapes, reg, activation):
    first, second = np.split(theta, [shapes[0][0] * shapes[0][1]])
    w1, w2 = first.reshape(shapes[0]), second.reshape(shapes[1])
    n = len(x)
    z = x @ w1[:-1] + w1[-1]
    a = np.tanh(z) if activation == "tanh" else np.maximum(z, 0.0)
    f = a @ w2[:-1] + w2[-1]
    if y.ndim == 1:
        shifted = f - f.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        loss = np.mean(log_sum - shifted[np.arange(n), y])
        df = np.exp(shifted - log_sum[:, None])
        df[np.arange(n), y] -= 1.0
        df /= n
    else:
        loss = 0.5 * np.sum((f - y) ** 2) / n
        df = (f - y) / n
    loss += 0.5 * reg * (np.sum(w1[:-1] ** 2) + np.sum(w2[:-1] ** 2))
    da = df @ w2[:-1].T
    dz = da * (1.0 - a * a) if activation == "tanh" else da * (z > 0)
    dw2 = np.vstack([a.T @ df + reg * w2[:-1], df.sum(axis=0)])
    dw1 = np.vstack([x.T @ dz + reg * w1[:-1], dz.sum(axis=0)])
    return loss, np.concatenate([dw1.ravel(), dw2.ravel()])


def run(path, seed, n, sizes, activation, classes, reg):
    rng = np.random.RandomState(seed)
    d, h, k = sizes
    x = rng.standard_normal((n, d))
    hidden = np.tanh(x @ rng.standard_normal((d, 4)))
    scores = hidden @ rng.standard_normal((4, k)) + 0.1 * rng.standard_normal((n, k))
    y = scores.argmax(axis=1) if classes else scores
    w1 = np.vstack([rng.standard_normal((d, h)) * np.sqrt(1.0 / d), np.zeros((1, h))])
    w2 = np.vstack([rng.standard_normal((h, k)) * np.sqrt(1.0 / h), np.zeros((1, k))])
    shapes = (w1.shape, w2.shape)
    arguments = (x, y, shapes, reg, activation)
    theta = np.concatenate([w1.ravel(), w2.ravel()])
    path_taken = []
    result = minimize(
        objective, theta, arguments, jac=True, method="L-BFGS-B",
        callback=lambda theta: path_taken.append(theta.copy()),
        options=dict(maxiter=1000, maxfun=15000, gtol=TOLERANCE),
    )
    assert result.success and result.nit == len(path_taken), result
    losses = [objective(point, *arguments)[0] for point in [theta, *path_taken]]
    parts = lambda theta: [p.reshape(s) for p, s in zip(np.split(theta, [w1.size]), shapes)]
    (w1_20, w2_20), (w1_end, w2_end) = parts(path_taken[19]), parts(path_taken[-1])
    np.savez(
        path, X=x, y=y, W1=w1, W2=w2, reg=reg, tolerance=TOLERANCE, losses=losses, nfev=result.nfev,
        W1_20=w1_20, W2_20=w2_20, W1_end=w1_end, W2_end=w2_end, scipy=scipy.__version__,
    )
    print(f"{path}: {result.nit} iterations, {result.nfev} evaluations, loss {losses[-1]:.6f}: {result.message}")


if __name__ == "__main__":
    out = sys.argv[1]
    run(f"{out}/lbfgs_tanh_softmax.npz", 3, 60, (5, 7, 3), "tanh", True, 0.01)
    run(f"{out}/lbfgs_relu_squared.npz", 4, 80, (4, 8, 2), "relu", False, 0.02)
