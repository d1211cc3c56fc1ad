"""The right pass of a small network, in plain NumPy, with a place to go wrong at every stage.

N rows, D inputs, H hidden units, K outputs; layers l = 1..L; all dictionaries are keyed by l.

    z[l] = a[l-1] w[l] + b[l]      (N, fan_out)     a[0] = x, z[L] = logits
    a[l] = act(z[l])               (N, fan_out)
    out  = softmax(logits), logistic(logits) or logits itself, after the loss
    dz[L] = dlogits = (out - target) / N
    dw[l] = a[l-1]^T dz[l] + penalty,  db[l] = column sums of dz[l] + penalty
    da[l] = dz[l+1] w[l+1]^T,          dz[l] = da[l] * act'(z[l])

A mistake replaces the value of a stage; all later stages compute on from the wrong value.
"""
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Convention:
    """Choices that a right pass may make."""
    late: bool = False        # the deltas are per sample, 1/N comes with dw and db
    summed: bool = False      # the loss is a sum over rows, not a mean
    penalty: str = "half"     # loss has reg/2 W^2 ("half"), reg W^2 ("full") or reg/(2N) W^2 ("over_n")
    biases: bool = False      # the biases are penalised too
    relu_at_zero: int = 0     # ReLU'(0)

    def but(self, **changes):
        return replace(self, **changes)


@dataclass
class Probe:
    """Inputs, labels and weights that a pass is computed on."""
    name: str
    x: np.ndarray
    y: np.ndarray             # (N,) class numbers for softmax, (N, K) for the other losses
    w: dict
    b: dict
    reg: float = 0.1
    activation: str = "relu"
    loss: str = "softmax"
    quality: str = "good"

    @property
    def sizes(self):
        return [self.x.shape[1]] + [w.shape[1] for w in self.w.values()]

    def cast(self, dtype):
        to = lambda a: a.astype(dtype)
        return replace(self, x=to(self.x), y=self.y if self.loss == "softmax" else to(self.y),
                       w={l: to(v) for l, v in self.w.items()}, b={l: to(v) for l, v in self.b.items()})


def logistic(z):
    return 1 / (1 + np.exp(-z))


ACTIVATE = {"relu": lambda z: np.maximum(0, z), "tanh": np.tanh, "logistic": logistic, "identity": lambda z: z}


def log_softmax(f):
    f = f - f.max(axis=1, keepdims=True)
    return f - np.log(np.exp(f).sum(axis=1, keepdims=True))


def softmax(f):
    e = np.exp(f - f.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Pass:
    """One forward and backward pass; `stages` holds every value by its name, in the order of computation."""

    def __init__(self, probe, convention=Convention(), mistakes=()):
        self.probe, self.c, self.mistakes = probe, convention, tuple(mistakes)
        self.x, self.y, self.w, self.b = probe.x, probe.y, probe.w, probe.b
        self.reg, self.act = probe.reg, probe.activation
        self.n, self.k, self.L = len(self.x), probe.sizes[-1], len(self.w)
        self.scale = 1 if convention.late or convention.summed else 1 / self.n
        self.mean = 1 / self.n if convention.late and not convention.summed else 1
        self.strength = self.reg * {"half": 1, "full": 2, "over_n": 1 / self.n}[convention.penalty]
        if probe.loss == "softmax":
            self.target = np.eye(self.k, dtype=self.x.dtype)[self.y]
        else:
            self.target = self.y
        self.stages = {}
        with np.errstate(all="ignore"):
            self.forward()
            try:
                self.backward()
            except ValueError:          # shapes that do not fit
                if not any(m.stops for m in self.mistakes):
                    raise
        for m in self.mistakes:
            m.after(self)

    def stage(self, kind, layer, right):
        """The value of a stage: the right one, unless a mistake is planted here."""
        value = right
        for m in self.mistakes:
            if m.touches(kind, layer):
                value = lambda: m.code[kind](self, layer)
                break
        return value()

    def forward(self):
        self.z, self.a = {}, {0: self.x}
        for l in range(1, self.L + 1):
            self.z[l] = self.a[l - 1] @ self.w[l] + self.b[l]
            if l < self.L:
                self.a[l] = ACTIVATE[self.act](self.z[l])
                self.stages[f"z{l}"], self.stages[f"a{l}"] = self.z[l], self.a[l]
        self.f = self.stages["logits"] = self.z[self.L]
        if self.probe.loss == "softmax":
            self.out = self.stage("probs", None, lambda: softmax(self.f))
        else:
            self.out = logistic(self.f) if self.probe.loss == "logistic" else self.f
        if self.probe.loss != "squared":
            self.stages["probs"] = self.out
        self.penalty = self.strength / 2 * sum(
            np.sum(w * w) + (np.sum(self.b[l] ** 2) if self.c.biases else 0) for l, w in self.w.items())
        self.data_loss = self.stage("loss", None, self.right_loss)
        self.stages["loss"] = self.data_loss + self.penalty

    def right_loss(self):
        out = self.out
        if self.probe.loss == "softmax":
            wrong_probs = any(m.touches("probs", None) for m in self.mistakes)
            rows = -(np.log(out) if wrong_probs else log_softmax(self.f))[np.arange(self.n), self.y]
        elif self.probe.loss == "logistic":
            rows = -(self.target * np.log(out) + (1 - self.target) * np.log(1 - out)).sum(axis=1)
        else:
            rows = 0.5 * ((out - self.target) ** 2).sum(axis=1)
        return rows.sum() if self.c.summed else rows.mean()

    def backward(self):
        L = self.L
        self.da, self.dz, self.dw, self.db = {}, {}, {}, {}
        self.dz[L] = self.stages["dlogits"] = self.stage("dlogits", None, lambda: (self.out - self.target) * self.scale)
        for l in range(L, 0, -1):
            self.dw[l] = self.stages[f"dw{l}"] = self.stage("dw", l, lambda: self.data_dw(l) + self.pen_w(l))
            self.db[l] = self.stages[f"db{l}"] = self.stage("db", l, lambda: self.data_db(l) + self.pen_b(l))
            if l > 1:
                self.da[l - 1] = self.stages[f"da{l-1}"] = self.stage("da", l - 1, lambda: self.dz[l] @ self.w[l].T)
                self.dz[l - 1] = self.stages[f"dz{l-1}"] = self.stage(
                    "dz", l - 1, lambda: self.da[l - 1] * self.slope(l - 1))

    def slope(self, l):
        """act'(z[l])"""
        z, a = self.z[l], self.a[l]
        if self.act == "relu":
            return (z >= 0 if self.c.relu_at_zero else z > 0).astype(z.dtype)
        return {"tanh": 1 - a * a, "logistic": a * (1 - a), "identity": np.ones_like(z)}[self.act]

    # The parts of the parameter gradients, for the mistakes to put together wrongly.
    def data_dw(self, l):
        return self.a[l - 1].T @ self.dz[l] * self.mean

    def data_db(self, l):
        return self.dz[l].sum(axis=0) * self.mean

    def pen_w(self, l):
        return self.strength * self.w[l]

    def pen_b(self, l):
        return self.strength * self.b[l] if self.c.biases else np.zeros_like(self.b[l])


def same(a, b, tolerance, floor=1e-12):
    """Whether two arrays hold the same numbers: max|a - b| <= tolerance * max|b| + floor, or both not a number.

    A scalar may stand for a constant array.  The floor lets two zeros be the same that differ by rounding."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape and a.ndim and b.ndim:
        return False
    apart = np.abs(a - b).max()
    if np.isnan(apart):
        return bool(np.isnan(a).all() and np.isnan(b).all())
    return bool(apart <= floor or apart <= tolerance * np.abs(b).max() + floor)
