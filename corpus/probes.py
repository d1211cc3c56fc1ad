"""Probes: data and weights on which mistakes show, and a few poor ones on which some hide."""
import numpy as np

from network import Pass, Probe

# N, D, hidden sizes, K, activation; within a probe N, D, D+1, H, H+1, K are pairwise different.
SHAPES = [
    (11, 4, (7,), 3, "relu"),
    (13, 2, (9,), 5, "relu"),
    (17, 3, (12,), 6, "relu"),
    (10, 5, (12,), 3, "relu"),
    (19, 4, (8, 12), 3, "relu"),
    (29, 7, (12, 5), 4, "relu"),
    (14, 5, (9,), 3, "tanh"),
    (21, 6, (10, 13), 4, "logistic"),
]
SQUARE = [(9, 2, (4,), 4), (11, 3, (5,), 5), (13, 4, (6,), 6), (12, 2, (3,), 3), (15, 5, (7,), 7), (17, 3, (8,), 8)]
SINGLE_OUTPUT = [(11, 4, (7,), 1), (13, 3, (9,), 1), (9, 2, (5,), 1), (17, 5, (8,), 1), (10, 4, (6, 8), 1),
                 (14, 3, (10,), 1)]


def draw(seed, n, d, hidden, k, activation="relu", loss="softmax", reg=0.1, bias=0.8, quality="good"):
    """Random data and weights; labels are unbalanced."""
    rng = np.random.default_rng(seed)
    sizes = [d, *hidden, k]
    w = {l: rng.standard_normal((i, o)) * 1.2 / np.sqrt(i) for l, (i, o) in enumerate(zip(sizes, sizes[1:]), 1)}
    b = {l: rng.standard_normal(o) * bias for l, o in enumerate(sizes[1:], 1)}
    if loss == "softmax":
        share = np.arange(1, k + 1) / (k * (k + 1) / 2)
        y = rng.permutation(np.r_[np.arange(k), rng.choice(k, n - k, p=share)] if n > k else rng.integers(k, size=n))
    elif loss == "logistic":
        y = (rng.random((n, k)) < 0.35).astype(float)
    else:
        y = rng.standard_normal((n, k))
    name = "x".join(str(s) for s in [n, *sizes]) + f"-{activation}-{loss}"
    return Probe(name, rng.standard_normal((n, d)), y, w, b, reg, activation, loss, quality)


def is_good(probe):
    """Both signs of z in every unit, none near zero, flips by the bias, unbalanced labels, hits and misses."""
    p = Pass(probe)
    for l in range(1, p.L):
        z, without_bias = p.z[l], p.a[l - 1] @ p.w[l]
        if probe.activation == "relu" and not (
                (z > 0).any(axis=0).all() and (z < 0).any(axis=0).all() and ((z > 0) != (without_bias > 0)).sum() >= 3):
            return False
        if np.abs(z).min() < 1e-3:
            return False
    if probe.loss != "softmax":
        return True
    counts = np.bincount(probe.y, minlength=p.k)
    hits = np.mean(p.f.argmax(axis=1) == probe.y)
    return counts.min() > 0 and counts.max() != counts.min() and 0 < hits < 1


def good(seed, *shape, **settings):
    """The first good probe of this shape from this seed on."""
    for attempt in range(2000):
        probe = draw([seed, attempt], *shape, **settings)
        if is_good(probe):
            return probe
    raise SystemExit(f"no good probe of shape {shape}")


def standard():
    return [good(10 + i, *shape) for i, shape in enumerate(SHAPES)]


def other_losses():
    """Good probes with another loss than softmax."""
    return [good(40, 12, 3, (8,), 5, loss="squared"), good(41, 16, 5, (9,), 3, loss="logistic"),
            good(42, 18, 4, (7, 9), 3, activation="tanh", loss="squared"),
            good(43, 13, 6, (10, 8), 4, activation="relu", loss="logistic")]


def square():
    return [good(60 + i, *shape, quality="square") for i, shape in enumerate(SQUARE)]


def single_output(loss):
    return [good(80 + i, *shape, loss=loss) for i, shape in enumerate(SINGLE_OUTPUT)]


def poor():
    """Probes that hide or tie mistakes: the name says how."""
    no_reg = draw(101, 11, 4, (7,), 3, reg=0.0, quality="poor: reg 0")
    no_bias = draw(102, 13, 2, (9,), 5, bias=0.0, quality="poor: biases 0")
    n_is_k = draw(103, 5, 3, (8,), 5, quality="poor: N = K")
    n_is_k.y = np.array([0, 1, 2, 4, 4])
    active = draw(104, 12, 4, (7,), 3, quality="poor: all units active")
    active.b[1] = active.b[1] * 0 + 9.0
    balanced = draw(105, 12, 5, (9,), 4, quality="poor: balanced labels")
    balanced.y = np.arange(12) % 4
    return [no_reg, no_bias, n_is_k, active, balanced]
