"""The reference of the recipe with pieces of RealMLP-TD that TD-S leaves out, 64 epochs: is one of them worth its time?

    python run.py --models td_64,td_64+pbld,td_64+decay --splits 3 --results FOLDER
    python pieces.py FOLDER                                          # the table of what is in there

pbld        each number beside three waves of it that learn: W2 cos(2 pi (w1 x + b1)) + b2, 16 waves to 3 values
parametric  a unit gives z + a (act(z) - z), a learnt
dropout     0.15 of each layer's units, flat for half of the run, then falling to 0 as a cosine
decay       AdamW's, 0.02 of the weights times the step, falling in the same way
start       first weights and biases from the data: each unit's z of deviation 1, its kink among the rows (he+5)
clip        predicted numbers stay within the training rows' answers

Holzmueller, Grinsztajn and Steinwart, arXiv 2407.04491, section 3 and appendix A; the step sizes stay TD-S's.
"""
import collections
import functools
import json
import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np

from td_s import BATCH, HIDDEN, TDS, kept, mish

PIECES = ["pbld", "parametric", "dropout", "decay", "start", "clip"]
EPOCHS, WAVES = 64, 16


def falling(t):
    return 0.5 * (1 + jnp.cos(jnp.pi * (jnp.maximum(1, 2 * t) - 1)))


def inputs(p, x, numbers):
    """The inputs, those of numbers with their waves, times the front scale."""
    if "waves" in p:
        e, numbers = p["waves"], np.array(numbers)
        x, rest = x[:, numbers], x[:, ~numbers]
        h = jnp.cos(2 * np.pi * (x[:, :, None] * e["w1"] + e["b1"]))
        x = jnp.concatenate([rest, x, (jnp.einsum("nfh,fho->nfo", h, e["w2"]) + e["b2"]).reshape(len(x), -1)], axis=1)
    return x * p["scale"]


def layer(p, i, a, classes, drop=None):
    z = a @ p["w"][i] / np.sqrt(p["w"][i].shape[0]).astype(np.float32) + p["b"][i]
    if i == 3:
        return z
    a = (jax.nn.selu if classes else mish)(z)
    if "a" in p:
        a = z + p["a"][i] * (a - z)
    if drop is not None:
        key, rate = drop
        a = a * jax.random.bernoulli(key, 1 - rate, a.shape) / (1 - rate)
    return a


def forward(p, x, classes, numbers, drop=None):
    a = inputs(p, x, numbers)
    for i in range(4):
        if drop is not None:
            key, own = jax.random.split(drop[0])
            drop = key, drop[1]
        a = layer(p, i, a, classes, drop and (own, drop[1]))
    return a


@functools.partial(jax.jit, static_argnames=("classes", "batches", "numbers", "pieces"), donate_argnums=(0, 1, 2))
def epoch(params, moments, best, step, order, x, y, x_val, y_val, classes, batches, numbers, pieces):
    def loss(p, xb, yb, drop):
        out = forward(p, xb, classes, numbers, drop)
        if classes:
            return -jnp.mean(jnp.sum((jax.nn.one_hot(yb, classes) * 0.9 + 0.1 / classes) * jax.nn.log_softmax(out), axis=1))
        return jnp.mean((out[:, 0] - yb) ** 2)

    base = 0.04 if classes else 0.07
    factors = {"scale": 6.0, "w": [1.0] * 4, "b": [0.1] * 4, "a": [0.1] * 3, "waves": {k: 0.1 for k in ("w1", "b1", "w2", "b2")}}
    decays = {"scale": 1.0, "w": [1.0] * 4, "b": [0.0] * 4, "a": [1.0] * 3, "waves": {"w1": 1.0, "b1": 0.0, "w2": 1.0, "b2": 0.0}}
    factors, decays = ({k: d[k] for k in params} for d in (factors, decays))

    def one(carry, rows):
        p, (m, v), step = carry
        t = step / (EPOCHS * batches)
        drop = (jax.random.fold_in(jax.random.PRNGKey(7), step.astype(jnp.int32)), 0.15 * falling(t)) if "dropout" in pieces else None
        g = jax.grad(loss)(p, x[rows], y[rows], drop)
        lr = base * 0.5 * (1 - jnp.cos(2 * np.pi * jnp.log2(1 + 15 * t)))
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.95 * v + 0.05 * g * g, v, g)
        n, decay = step + 1.0, 0.02 * falling(t) if "decay" in pieces else 0.0
        c1, c2 = 1 / (1 - 0.9 ** n), 1 / (1 - 0.95 ** n)
        p = jax.tree.map(lambda p, m, v, f, d: p - f * lr * (m * c1 / (jnp.sqrt(v * c2) + 1e-8) + d * decay * p), p, m, v, factors, decays)
        return (p, (m, v), n), None

    rows = order[: batches * min(BATCH, x.shape[0])].reshape(batches, -1)
    (params, moments, step), _ = jax.lax.scan(one, (params, moments, step), rows)
    out = forward(params, x_val, classes, numbers)
    best, _ = kept(best, params, out, y_val, classes)
    return params, moments, best, step


class TD64(TDS):
    def __init__(self, task, pieces, seed):
        super().__init__(task, seed)
        self.pieces = tuple(pieces)

    def fit(self, frame, target):
        x, y, x_val, y_val = self.rows(frame, target)
        self.range = (y.min(), y.max())
        of_numbers = len(self.prepare.numbers)
        self.numbers = tuple(j < of_numbers and len(np.unique(x[:, j])) > 2 for j in range(x.shape[1]))
        rng = np.random.default_rng(self.seed)
        params = self._first(x, rng)
        zeros = lambda: jax.tree.map(jnp.zeros_like, params)
        moments, best, step = (zeros(), zeros()), (jnp.float32(np.inf), zeros()), jnp.float32(0)
        data = [jnp.asarray(v) for v in (x, y, x_val, y_val)]
        for _ in range(EPOCHS):
            order = jnp.asarray(rng.permutation(len(x)))
            params, moments, best, step = epoch(params, moments, best, step, order, *data, classes=self.classes, batches=len(x) // min(BATCH, len(x)),
                                                numbers=self.numbers, pieces=self.pieces)
        self.params = best[1]
        return self

    def _first(self, x, rng):
        waves = sum(self.numbers) if "pbld" in self.pieces else 0
        width = x.shape[1] + 3 * waves
        sizes = [width, HIDDEN, HIDDEN, HIDDEN, max(self.classes, 1)]
        draw = lambda *s: rng.standard_normal(s).astype(np.float32)
        even = lambda most, *s: rng.uniform(-most, most, s).astype(np.float32)
        w = [draw(i, o) for i, o in zip(sizes, sizes[1:])]
        bias = [draw(o) for o in sizes[1:]]
        w[-1], bias[-1] = w[-1] * 0, bias[-1] * 0
        p = {"scale": np.ones(width, np.float32), "w": w, "b": bias}
        if "parametric" in self.pieces:
            p["a"] = [np.ones(HIDDEN, np.float32) for _ in range(3)]
        if waves:
            p["waves"] = {"w1": 0.1 * draw(waves, WAVES), "b1": even(0.5, waves, WAVES), "w2": even(0.25, waves, WAVES, 3), "b2": even(0.25, waves, 3)}
        p = jax.tree.map(jnp.asarray, p)
        if "start" in self.pieces:
            a = inputs(p, jnp.asarray(x[:2048]), self.numbers)
            for i in range(3):
                w = p["w"][i]
                p["w"][i] = w / (jnp.std(a @ w / np.sqrt(len(w)), axis=0) + 1e-6)
                z = np.asarray(a @ p["w"][i] / np.sqrt(len(w)))
                shares = rng.exponential(size=(5, HIDDEN))
                rows = rng.integers(0, len(z), (5, HIDDEN))
                kink = (z[rows, np.arange(HIDDEN)] * shares / shares.sum(0)).sum(0)
                p["b"][i] = -jnp.asarray(kink.astype(np.float32))
                a = layer(p, i, a, self.classes)
        return p

    def predict(self, frame):
        out = np.asarray(forward(self.params, jnp.asarray(self.prepare.transform(frame)), self.classes, self.numbers))
        if self.classes:
            return self.names[out.argmax(1)]
        out = out[:, 0]
        return (np.clip(out, *self.range) if "clip" in self.pieces else out) * self.std + self.mean


def table(folder):
    """Each piece beside none: error + 0.01, geometric means over the tables of what both have, standard error, seconds."""
    from ablation import worth
    errors, seconds = collections.defaultdict(dict), collections.defaultdict(dict)
    for line in (pathlib.Path(folder) / "results-given.jsonl").read_text().splitlines():
        r = json.loads(line)
        if r["model"].startswith("td_64"):
            piece = r["model"].removeprefix("td_64").replace("+", " ").strip()
            errors[piece][r["table"], r["split"]], seconds[piece][r["table"], r["split"]] = r["error"], r["cpu_s"]
    print("What pieces of RealMLP-TD change the reference's error by, in %, and its seconds: 12 tables, three splits (all of them: one).\n\n"
          "| piece | classes | worse on | numbers | worse on | seconds |\n|---|---|---|---|---|---|")
    for piece in sorted(filter(None, errors), key=lambda piece: (len(piece.split()), PIECES.index(piece.split()[0]))):
        both = errors[piece].keys() & errors[""].keys()
        ratio = sum(seconds[piece][at] for at in both) / sum(seconds[""][at] for at in both)
        name = "all of them" if " " in piece else piece
        print(f"| {name} | {' | '.join([*worth(errors, piece, 'class'), *worth(errors, piece, 'regr')])} | {ratio:.1f} × |")


if __name__ == "__main__":
    table(sys.argv[1])
