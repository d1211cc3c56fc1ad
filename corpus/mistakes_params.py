"""Mistakes in the derivatives by weights and biases: 19-34, 51-55.

Where a person keeps the bias as last row of W, one wrong line hits dw and db at once: layout "row"."""
import numpy as np

from mistake import NONLINEAR, RELU, Mistake


def penalty(number, variant, factor, **more):
    """factor * the right penalty, on weights and (if penalised) biases"""
    return Mistake(number, variant, {
        "dw": lambda s, l: s.data_dw(l) + factor(s) * s.pen_w(l),
        "db": lambda s, l: s.data_db(l) + factor(s) * s.pen_b(l)}, **more)


def constant(s, l, kind):
    if kind == "dw":
        return s.data_dw(l) + s.strength
    return s.data_db(l) + (s.strength if s.c.biases else 0)


def sign(s, l, kind):
    if kind == "dw":
        return s.data_dw(l) + s.strength * np.sign(s.w[l])
    return s.data_db(l) + (s.strength * np.sign(s.b[l]) if s.c.biases else 0)


def w1_twice(forgotten):
    """the penalty's line is there twice for W1 and not at all for another layer"""
    def times(s, l):
        layer = s.L + forgotten
        return 2 if l == 1 else 0 if l == layer else 1
    return Mistake(24, f"W1 twice, W{'L' if forgotten == 0 else 'L-1'} forgotten", {
        "dw": lambda s, l: s.data_dw(l) + times(s, l) * s.pen_w(l),
        "db": lambda s, l: s.data_db(l) + times(s, l) * s.pen_b(l)}, place="all", plant=forgotten == 0)


def last_outer(s, l):
    """for i in range(N): dW = outer(a[i], dz[i])"""
    return np.outer(s.a[l - 1][-1], s.dz[l][-1]) * s.mean


def from_da(s, l):
    return s.a[l - 1].T @ s.da[l] * s.mean + s.pen_w(l)


def bias_from_da(s, l):
    return s.da[l].sum(axis=0) * s.mean + s.pen_b(l)


def separate_or_row(number, variant, dw, db, **more):
    """The same wrong line where the bias stands apart (only dw is hit) and where it is W's last row."""
    return [Mistake(number, variant, {"dw": dw}, layout="separate", **more),
            Mistake(number, variant + ", bias row too", {"dw": dw, "db": db}, layout="row", **more)]


PARAMS = [
    penalty(19, "no penalty", lambda s: 0),
    penalty(20, "2 reg W for a reg/2 loss", lambda s: 2),
    penalty(20, "reg W for a reg loss", lambda s: 0.5, convention={"penalty": "full"}),
    penalty(21, "reg W / N", lambda s: 1 / s.n),
    penalty(22, "-reg W", lambda s: -1),
    Mistake(23, "constant reg", {"dw": lambda s, l: constant(s, l, "dw"), "db": lambda s, l: constant(s, l, "db")}),
    Mistake(23, "reg sign(W)", {"dw": lambda s, l: sign(s, l, "dw"), "db": lambda s, l: sign(s, l, "db")}),
    w1_twice(0),
    w1_twice(-1),
    penalty(24, "one layer forgotten", lambda s: 0, place="one", plant=False),
    Mistake(25, "penalised, the loss does not", {
        "db": lambda s, l: s.data_db(l) + s.strength * s.b[l]}, convention={"biases": False}),
    Mistake(25, "not penalised, the loss does", {"db": lambda s, l: s.data_db(l)}, convention={"biases": True}),
    Mistake(26, "z instead of a", {"dw": lambda s, l: s.z[l - 1].T @ s.dz[l] * s.mean + s.pen_w(l)},
            activations=NONLINEAR),
    *separate_or_row(27, "extra 1/N in dW", lambda s, l: s.data_dw(l) / s.n + s.pen_w(l),
                     lambda s, l: s.data_db(l) / s.n + s.pen_b(l)),
    *separate_or_row(28, "dW with its penalty / N", lambda s, l: (s.data_dw(l) + s.pen_w(l)) / s.n,
                     lambda s, l: (s.data_db(l) + s.pen_b(l)) / s.n),
    Mistake(29, "mean", {"db": lambda s, l: s.dz[l].mean(axis=0) + s.pen_b(l)}, layout="separate"),
    Mistake(30, "np.sum without axis", {"db": lambda s, l: np.sum(s.dz[l]) * s.mean + s.pen_b(l)},
            layout="separate"),
    Mistake(30, "np.sum without axis, a scalar", {"db": lambda s, l: np.sum(s.dz[l]) * s.mean},
            layout="separate", convention={"biases": False}),
    Mistake(31, "not summed", {"db": lambda s, l: s.dz[l] * s.mean + s.pen_b(l)}, layout="separate"),
    Mistake(31, "last sample", {"db": lambda s, l: s.dz[l][-1] * s.mean + s.pen_b(l)}, layout="separate"),
    Mistake(32, "column sums of dW", {"db": lambda s, l: s.data_dw(l).sum(axis=0) + s.pen_b(l)}, layout="separate"),
    Mistake(33, "forgotten", {"db": lambda s, l: np.zeros_like(s.b[l])}, layout="separate"),
    Mistake(34, "dW = dz^T a", {"dw": lambda s, l: s.dz[l].T @ s.a[l - 1] * s.mean + s.pen_w(l).T}),
    Mistake(34, "dW = dz^T a, square", {"dw": lambda s, l: s.dz[l].T @ s.a[l - 1] * s.mean + s.pen_w(l)},
            layout="separate", place="top", square=True),
    Mistake(51, "dW from da", {"dw": from_da}, activations=NONLINEAR, layout="separate", below_top=True),
    Mistake(51, "db from da", {"db": bias_from_da}, activations=NONLINEAR, layout="separate", below_top=True),
    Mistake(51, "dW and db from da", {"dw": from_da, "db": bias_from_da}, activations=NONLINEAR, below_top=True),
    *separate_or_row(52, "mask from W on the data part",
                     lambda s, l: s.data_dw(l) * (s.w[l] > 0) + s.pen_w(l),
                     lambda s, l: s.data_db(l) * (s.b[l] > 0) + s.pen_b(l), activations=RELU, below_top=True),
    *separate_or_row(52, "mask from W on all of dW",
                     lambda s, l: (s.data_dw(l) + s.pen_w(l)) * (s.w[l] > 0),
                     lambda s, l: (s.data_db(l) + s.pen_b(l)) * (s.b[l] > 0), activations=RELU, below_top=True),
    *separate_or_row(53, "last sample only", lambda s, l: last_outer(s, l) + s.pen_w(l),
                     lambda s, l: s.dz[l][-1] * s.mean + s.pen_b(l)),
    *separate_or_row(54, "no late 1/N in dW", lambda s, l: s.a[l - 1].T @ s.dz[l] + s.pen_w(l),
                     lambda s, l: s.dz[l].sum(axis=0) + s.pen_b(l), convention={"late": True}, place="one"),
    Mistake(54, "no late 1/N in db", {"db": lambda s, l: s.dz[l].sum(axis=0) + s.pen_b(l)},
            layout="separate", convention={"late": True}, place="one"),
    *separate_or_row(55, "dW times 2", lambda s, l: 2 * (s.data_dw(l) + s.pen_w(l)),
                     lambda s, l: 2 * (s.data_db(l) + s.pen_b(l)), place="one"),
    Mistake(55, "db times 4", {"db": lambda s, l: 4 * (s.data_db(l) + s.pen_b(l))}, layout="separate", place="one"),
]
