"""RealMLP-TD-S (Holzmueller et al. 2024, arXiv 2407.04491) in JAX on the CPU.

One-hot for every word column (two categories: one column of -1/1, missing: 0), robust scale and smooth clip of all columns,
front scale layer, 3 x 256 in NTK parametrisation, SELU / Mish, last layer 0 at first, Adam (0.9, 0.95), coslog4, 256 epochs of
batches of 256, label smoothing 0.1, the last best epoch on a fifth of the training rows.
Two choices that the recipe leaves open: missing numbers are the training median; a word seen once is no column of its own (it could
not be told from noise, and columns of names or free text stay small).
"""
import functools
import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.model_selection import train_test_split

from datasets import is_words

HIDDEN, EPOCHS, BATCH, VALIDATION = 256, 256, 256, 0.2


class Prepare:
    def fit(self, frame):
        self.words = [c for c in frame.columns if is_words(frame[c])]
        self.numbers = [c for c in frame.columns if c not in self.words]
        self.categories = {}
        for c in self.words:
            counts = frame[c].dropna().value_counts()
            self.categories[c] = sorted(counts.index[counts > 1])
        self.fill = frame[self.numbers].median().fillna(0.0)
        x = self._matrix(frame)
        self.median = np.median(x, axis=0)
        width = np.quantile(x, 0.75, axis=0) - np.quantile(x, 0.25, axis=0)
        span = x.max(axis=0) - x.min(axis=0)
        self.factor = np.where(width > 0, 1 / np.where(width > 0, width, 1), np.where(span > 0, 2 / np.where(span > 0, span, 1), 0.0))
        return self

    def _matrix(self, frame):
        parts = [frame[self.numbers].fillna(self.fill).to_numpy(np.float64)]
        for c in self.words:
            cats = self.categories[c]
            hot = np.zeros((len(frame), len(cats)))
            codes = np.array([cats_index.get(w, -1) for cats_index in [{w: i for i, w in enumerate(cats)}] for w in frame[c]])
            rows = np.flatnonzero(codes >= 0)
            hot[rows, codes[rows]] = 1.0
            parts.append(hot[:, :1] - hot[:, 1:] if len(cats) == 2 else hot)
        return np.concatenate(parts, axis=1)

    def transform(self, frame):
        x = self.factor * (self._matrix(frame) - self.median)
        return (x / np.sqrt(1 + (x / 3) ** 2)).astype(np.float32)


def mish(x):
    return x * jnp.tanh(jax.nn.softplus(x))


def forward(params, x, classes):
    act = jax.nn.selu if classes else mish
    x = x * params["scale"]
    for i in range(4):
        w = params["w"][i]
        x = x @ w / np.sqrt(w.shape[0]).astype(np.float32) + params["b"][i]
        if i < 3:
            x = act(x)
    return x


def kept(best, params, out, y_val, classes):
    """The best score so far with its weights, the last of equals; and this epoch's."""
    score = jnp.mean(jnp.argmax(out, axis=1) != y_val) if classes else jnp.mean((out[:, 0] - y_val) ** 2)
    better = score <= best[0]
    return (jnp.where(better, score, best[0]), jax.tree.map(lambda a, b: jnp.where(better, a, b), params, best[1])), score


@functools.partial(jax.jit, static_argnames=("classes", "batches"), donate_argnums=(0, 1, 2))
def epoch(params, moments, best, step, order, x, y, x_val, y_val, classes, batches):
    def loss(p, xb, yb):
        out = forward(p, xb, classes)
        if classes:
            target = jax.nn.one_hot(yb, classes) * 0.9 + 0.1 / classes
            return -jnp.mean(jnp.sum(target * jax.nn.log_softmax(out), axis=1))
        return jnp.mean((out[:, 0] - yb) ** 2)

    base = 0.04 if classes else 0.07
    factors = {"scale": 6.0, "w": [1.0] * 4, "b": [0.1] * 4}

    def one(carry, rows):
        p, (m, v), step = carry
        g = jax.grad(loss)(p, x[rows], y[rows])
        t = step / (EPOCHS * batches)
        lr = base * 0.5 * (1 - jnp.cos(2 * np.pi * jnp.log2(1 + 15 * t)))
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.95 * v + 0.05 * g * g, v, g)
        n = step + 1.0
        c1, c2 = 1 / (1 - 0.9 ** n), 1 / (1 - 0.95 ** n)
        p = jax.tree.map(lambda p, m, v, f: p - f * lr * (m * c1) / (jnp.sqrt(v * c2) + 1e-8), p, m, v, factors)
        return (p, (m, v), n), None

    rows = order[: batches * min(BATCH, x.shape[0])].reshape(batches, -1)
    (params, moments, step), _ = jax.lax.scan(one, (params, moments, step), rows)
    out = forward(params, x_val, classes)
    best, score = kept(best, params, out, y_val, classes)
    return params, moments, best, step, score


class TDS:
    def __init__(self, task, seed=0, log=None):
        self.task, self.seed, self.log = task, seed, log

    def rows(self, frame, target):
        """Inputs and answers of the rows that are learnt from, then of those that are watched."""
        y, strata = np.asarray(target), None
        if self.task == "class":
            self.names, y = np.unique(y, return_inverse=True)
            strata = y if np.bincount(y).min() >= 2 else None
        a, b = train_test_split(np.arange(len(frame)), test_size=VALIDATION, random_state=self.seed, stratify=strata)
        self.prepare = Prepare().fit(frame.iloc[a])
        self.classes = len(self.names) if self.task == "class" else 0
        if self.classes:
            y = y.astype(np.int32)
        else:
            self.mean, self.std = y[a].mean(), y[a].std() + 1e-30
            y = ((y - self.mean) / self.std).astype(np.float32)
        return self.prepare.transform(frame.iloc[a]), y[a], self.prepare.transform(frame.iloc[b]), y[b]

    def fit(self, frame, target):
        x, y, x_val, y_val = self.rows(frame, target)
        classes = self.classes
        rng = np.random.default_rng(self.seed)
        sizes = [x.shape[1], HIDDEN, HIDDEN, HIDDEN, max(classes, 1)]
        draw = lambda *s: rng.standard_normal(s).astype(np.float32)
        w = [draw(i, o) for i, o in zip(sizes, sizes[1:])]
        bias = [draw(o) for o in sizes[1:]]
        w[-1], bias[-1] = w[-1] * 0, bias[-1] * 0
        params = jax.tree.map(jnp.asarray, {"scale": np.ones(x.shape[1], np.float32), "w": w, "b": bias})
        zeros = lambda: jax.tree.map(jnp.zeros_like, params)
        moments, best, step = (zeros(), zeros()), (jnp.float32(np.inf), zeros()), jnp.float32(0)
        data = [jnp.asarray(v) for v in (x, y, x_val, y_val)]
        batches = len(x) // min(BATCH, len(x))
        for e in range(EPOCHS):
            order = jnp.asarray(rng.permutation(len(x)))
            params, moments, best, step, score = epoch(params, moments, best, step, order, *data, classes=classes, batches=batches)
            if self.log and (e + 1) % 32 == 0:
                self.log(f"epoch {e + 1}: validation {float(score):.4f}, best {float(best[0]):.4f}")
        self.params = best[1]
        return self

    def predict(self, frame):
        out = np.asarray(forward(self.params, jnp.asarray(self.prepare.transform(frame)), self.classes))
        return self.names[out.argmax(1)] if self.classes else out[:, 0] * self.std + self.mean
