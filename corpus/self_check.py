"""Is the oracle itself right? Central differences, the golden values, and the corpus's own promises."""
from dataclasses import replace
from itertools import product

import numpy as np

from catalogue import IDS, Readings, given_stages, usual
from layouts import LAYOUTS
from network import Convention, Pass, Probe, same
import probes


def numeric(probe, convention, h=1e-6):
    """d loss / d every weight and bias by central differences: needs the forward pass alone."""
    out = {}
    for kind, layers in (("dw", probe.w), ("db", probe.b)):
        for l, values in layers.items():
            grad = np.zeros_like(values)
            for i in np.ndindex(values.shape):
                kept, sides = values[i], []
                for step in (h, -h):
                    values[i] = kept + step
                    sides.append(Pass(probe, convention).stages["loss"])
                values[i] = kept
                grad[i] = (sides[0] - sides[1]) / (2 * h)
            out[f"{kind}{l}"] = grad
    return out


def central_differences():
    """Every convention on small nets of every activation and loss."""
    nets = [probes.good(301 + i, 7, 2, h, 3, activation=a, loss=loss) for i, (a, loss, h) in enumerate(product(
        ("relu", "tanh", "logistic", "identity"), ("softmax", "squared", "logistic"), ((4,), (4, 5))))]
    for i, probe in enumerate(nets):
        for penalty in ("half", "full", "over_n"):
            c = Convention(late=bool(i % 2), summed=i % 4 == 2, penalty=penalty, biases=bool(i % 3))
            p = Pass(probe, c)
            for name, grad in numeric(probe, c).items():
                if not same(p.stages[name], grad, 1e-6):
                    return f"{probe.name} {c}: {name} differs from central differences"
    return None


def golden(folder):
    """The golden networks: every stage within 1e-12."""
    files = sorted(folder.glob("net_*.npz"))
    if not files:
        return f"no net_*.npz in {folder}"
    for path in files:
        g = np.load(path)
        L = len(g["sizes"]) - 1
        probe = Probe(path.name, g["X"], g["y"], {l: g[f"W{l}"][:-1] for l in range(1, L + 1)},
                      {l: g[f"W{l}"][-1] for l in range(1, L + 1)}, float(g["reg"]), str(g["activation"]),
                      str(g["loss_name"]))
        p = Pass(probe, Convention(biases=str(g["regularize"]) == "all"))
        names = {"logits": "f", "loss": "loss", "dlogits": "dL_df"}
        for l in range(1, L):
            names |= {f"z{l}": f"h{l}1", f"a{l}": f"h{l}2", f"da{l}": f"dL_dh{l}2", f"dz{l}": f"dL_dh{l}1"}
        pairs = [(ours, p.stages[ours], g[theirs]) for ours, theirs in names.items()]
        pairs += [(f"dw{l}", np.vstack([p.dw[l], p.db[l]]), g[f"dL_dW{l}"]) for l in range(1, L + 1)]
        for name, ours, theirs in pairs:
            if not same(ours, theirs, 1e-12, 0):
                return f"{path.name}: {name} differs"
    return None


def every_mistake_shows():
    """All 57 numbers are there, and each changes some final gradient or the loss on the first probes."""
    if IDS != list(range(1, 58)):
        return f"not in the catalogue: {sorted(set(range(1, 58)) - set(IDS))}"
    readings = Readings(probes.standard()[0], "float64")
    for layout in (LAYOUTS["notebook"], LAYOUTS["design"]):
        for m, p in readings.singles(layout.bias, usual(layout)):
            right = readings.run(p.c)
            names = given_stages(p, "stages", True)
            if m.plant and all(same(p.stages[n], right.stages[n], 1e-3) for n in names):
                return f"{m.id} {m.variant} does not show in layout {layout.name}"
    return None


def rank(m):
    return np.linalg.matrix_rank(m, tol=1e-9)


# What the catalogue says of the numbers of a mistake: (number, variant) -> test of (wrong pass, right pass).
# The variant "" is the first one.
SIGNATURES = {
    (1, ""): lambda p, r: np.allclose(p.dz[2], p.n * r.dz[2]) and np.allclose(p.db[1], p.n * r.db[1]),
    (2, ""): lambda p, r: np.allclose(p.dz[2] * p.n, r.dz[2]),
    (4, ""): lambda p, r: np.allclose(p.dz[2], r.dz[2] * p.n / p.k),
    (5, ""): lambda p, r: np.allclose(p.n * p.dz[2].sum(axis=1), 1 - p.n),
    (6, ""): lambda p, r: np.allclose(p.n * p.dz[2].sum(axis=1), 1) and (p.dz[2] > 0).all(),
    (8, ""): lambda p, r: np.allclose(p.n * p.dz[2].sum(axis=1), 1 - len(set(p.y))),
    (9, "y - 1"): lambda p, r: np.allclose(p.dz[2].sum(axis=1), 0),
    (10, ""): lambda p, r: np.isclose(p.out.sum(), 1) and np.allclose(p.n * p.dz[2].sum(axis=1), -1, atol=0.8),
    (11, ""): lambda p, r: np.allclose(p.out.sum(axis=0), 1),
    (12, ""): lambda p, r: np.allclose(p.dz[2], r.dz[2] * p.target),
    (13, ""): lambda p, r: np.allclose(p.dz[2], r.dz[2] * r.out * (1 - r.out)),
    (14, ""): lambda p, r: (p.dz[2][p.target == 1] <= -1 / p.n).all() and not p.dz[2][p.target == 0].any(),
    (16, ""): lambda p, r: np.allclose(p.dz[2].sum(axis=1), 0),
    (17, ""): lambda p, r: set(np.round(p.dz[2].ravel() * p.n)) == {-1, 0, 1},
    (19, ""): lambda p, r: np.allclose(p.dw[2] - r.dw[2], -p.reg * p.w[2]),
    (21, ""): lambda p, r: np.allclose(p.dw[2] - r.dw[2], -p.reg * (1 - 1 / p.n) * p.w[2]),
    (22, ""): lambda p, r: np.allclose(p.dw[2] - r.dw[2], -2 * p.reg * p.w[2]),
    (23, "reg sign(W)"): lambda p, r: np.allclose(np.abs(p.dw[2] - r.dw[2] + p.reg * p.w[2]), p.reg),
    (28, ""): lambda p, r: np.allclose(p.dw[2] * p.n, r.dw[2]),
    (29, ""): lambda p, r: np.allclose(p.db[2] * p.n, r.db[2]),
    (30, ""): lambda p, r: np.ptp(p.db[1]) == 0 and np.allclose(p.db[2], 0),
    (33, ""): lambda p, r: not p.db[1].any(),
    (34, ""): lambda p, r: np.allclose(p.dw[2], r.dw[2].T),
    (36, ""): lambda p, r: np.allclose(p.da[1], 0),
    (37, ""): lambda p, r: np.allclose(p.da[1] - r.da[1], p.reg * p.a[1]),
    (39, ""): lambda p, r: np.allclose(p.da[1][:, :-1], r.da[1][:, 1:]),
    (40, ""): lambda p, r: (p.dz[1][p.z[1] <= 0] != 0).all(),
    (42, ""): lambda p, r: (p.dz[1] >= 0).all() and p.dz[1][p.z[1] <= 0].any(),
    (43, ""): lambda p, r: (p.dz[1] >= 0).all() and not p.dz[1][p.z[1] <= 0].any(),
    (44, ""): lambda p, r: ((p.dz[1] != 0) == (p.z[1] <= 0)).all(),
    (45, ""): lambda p, r: set(p.dz[1].ravel()) == {0, 1},
    (46, ""): lambda p, r: np.allclose(p.dz[1] / p.da[1], p.a[1]),
    (49, ""): lambda p, r: np.allclose((p.dz[1] / p.da[1])[p.z[1] <= 0], 0.01),
    (51, "dW and db from da"): lambda p, r: np.allclose(p.dz[1], r.dz[1]) and np.allclose(p.db[1], p.da[1].sum(axis=0)),
    (53, ""): lambda p, r: rank(p.dw[1] - p.reg * p.w[1]) == 1 < rank(r.dw[1] - p.reg * p.w[1]),
    (55, ""): lambda p, r: np.allclose(p.dw[1], 2 * r.dw[1]),
}


def signatures():
    """The numbers of each mistake are those that the catalogue describes."""
    readings = Readings(probes.standard()[0], "float64")
    for (number, variant), test in SIGNATURES.items():
        bias = "row" if number == 39 else "separate"
        m, p = next((m, p) for m, p in readings.singles(bias, Convention())
                    if m.id == number and variant in ("", m.variant) and (not m.layers or max(m.layers) == p.L
                                                                         or m.stages() & {"da1", "dz1", "dw1"}))
        if not test(p, readings.run(p.c)):
            return f"{m.id} {m.variant}: not the numbers of the catalogue"
    return None


def a_broken_pass_is_seen():
    """The checks above can fail: a net whose loss is not the one that is differentiated."""
    probe = probes.standard()[0]
    p = Pass(replace(probe, reg=0.0))
    grads = numeric(probe, Convention())
    return "a wrong penalty goes unseen" if same(p.stages["dw1"], grads["dw1"], 1e-6) else None


def main(golden_folder):
    failed = 0
    for name, check in [("central differences", central_differences), ("golden", lambda: golden(golden_folder)),
                        ("every mistake shows", every_mistake_shows), ("signatures", signatures),
                        ("a broken pass is seen", a_broken_pass_is_seen)]:
        fault = check()
        failed += fault is not None
        print(f"{name:24} {fault or 'ok'}")
    return 1 if failed else 0
