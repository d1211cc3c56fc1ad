"""The workloads of the benchmark: data, first weights and hyperparameters, in one npz a workload.

Every program gets the same file.  Weights are W1 W2 .. (fan_in + 1, fan_out), the bias in the last row.
"""
import numpy as np
from sklearn.datasets import load_digits


def spirals(rng, points=300, classes=3):
    x, y = np.zeros((points * classes, 2)), np.zeros(points * classes, np.int64)
    for j in range(classes):
        rows = slice(points * j, points * (j + 1))
        r = np.linspace(0.0, 1.0, points)
        t = np.linspace(j * 8, (j + 1) * 8, points) + rng.standard_normal(points) * 0.2
        x[rows], y[rows] = np.c_[r * np.sin(t), r * np.cos(t)], j
    return x, y


def he(rng, sizes):
    """Weights normal with variance 2/fan_in, biases zero."""
    return [np.r_[rng.standard_normal((i, o)) * np.sqrt(2 / i), np.zeros((1, o))] for i, o in zip(sizes, sizes[1:])]


def planted(rng, n, sizes):
    """Rows that a random network of the same shape has labelled, with noise: something to learn."""
    x = rng.standard_normal((n, sizes[0]), dtype=np.float32)
    a = x
    teacher = he(rng, sizes)
    for w in teacher[:-1]:
        a = np.maximum(0, a @ w[:-1].astype(np.float32))
    logits = a @ teacher[-1][:-1].astype(np.float32)
    return x, (logits + rng.gumbel(size=logits.shape) * 0.3).argmax(1)


def notebook(rng):
    x, y = spirals(rng)
    rows = rng.permutation(900)[:603]
    return x[rows], y[rows], [2, 200, 3], dict(solver="gd", step_size=0.1, reg=0.001, penalize="all", batch=0, epochs=5001)


def digits(rng):
    data = load_digits()
    return data.data / 16, data.target, [64, 100, 10], dict(
        solver="adam", step_size=0.001, reg=1e-4 / 200, penalize="weights", batch=200, epochs=200)


def images(rng):
    sizes = [784, 200, 10]
    x, y = planted(rng, 60000, sizes)
    return x, y, sizes, dict(solver="sgd", momentum=0.9, step_size=0.01, reg=1e-6, penalize="weights", batch=128, epochs=2)


def table(rng):
    sizes = [28, 100, 50, 2]
    x, y = planted(rng, 500000, sizes)
    return x, y, sizes, dict(solver="adam", step_size=0.001, reg=1e-7, penalize="weights", batch=1024, epochs=1)


def point(sizes, batch, rule, activation):
    """A point of the map: so many steps that the textbook's take 60 GFLOP, but 40 at least and 4000 at most."""
    def made(rng):
        steps = int(np.clip(6e10 / (3 * batch * flops_of_a_row(sizes)), 40, 4000))
        # gd takes all rows at once.
        batches = 1 if rule == "gd" else min(steps, max(1, 4096 // batch))
        x, y = planted(rng, batch * batches, sizes)
        momentum = dict(momentum=0.9) if rule == "sgd" else {}
        return x, y, sizes, dict(solver=rule, step_size=1e-4, reg=0.0, penalize="weights", activation=activation,
                                 batch=0 if rule == "gd" else batch, epochs=-(-steps // batches), **momentum)
    return made


WORKLOADS = dict(notebook=notebook, digits=digits, images=images, table=table)


def write(made, path):
    rng = np.random.default_rng(0)
    x, y, sizes, how = made(rng)
    weights = {f"W{l}": w for l, w in enumerate(he(rng, sizes), 1)}
    np.savez(path, X=x, y=np.asarray(y, np.int64), sizes=sizes, **weights, **how)


def flops(path):
    """Multiplications and additions of the textbook's training: z, dw of each layer, da of all but the first."""
    file = np.load(path)
    sizes, rows = file["sizes"], len(file["y"]) * file["epochs"]
    return float(rows * (2 * flops_of_a_row(sizes) + sum(2 * i * o for i, o in zip(sizes[1:], sizes[2:]))))


def flops_of_a_row(sizes):
    """Of the forward pass; the bias is a weight too."""
    return int(sum(2 * (i + 1) * o for i, o in zip(sizes, sizes[1:])))
