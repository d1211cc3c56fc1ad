"""Mistakes in the derivatives by a layer's output and input: 35-50.

da[l] is the derivative by the output of the nonlinearity, dz[l] by its input."""
import numpy as np

from mistake import NONLINEAR, RELU, Mistake


def through_updated(step):
    """W -= step * dW came first, then da = dz W^T"""
    return lambda s, l: s.dz[l + 1] @ (s.w[l + 1] - step * s.dw[l + 1]).T


def without_weights(s, l):
    """da = the row sums of dz, the same for every unit"""
    return s.dz[l + 1].sum(axis=1, keepdims=True) * np.ones((1, s.a[l].shape[1]), s.x.dtype)


def with_bias_column(s, l):
    """dz W^T with the bias as last row of W: one column more than there are units"""
    return np.c_[s.dz[l + 1] @ s.w[l + 1].T, s.dz[l + 1] @ s.b[l + 1]]


def first_dropped(s, l):
    return with_bias_column(s, l)[:, 1:]


def column_kept(s, l):
    """mask by h12 with its ones, the bias column stays"""
    a = np.c_[s.a[l], np.ones(s.n, s.x.dtype)]
    slope = {"relu": a > 0, "tanh": 1 - a * a, "logistic": a * (1 - a)}[s.act]
    return with_bias_column(s, l) * slope


def logistic_slope(s, l):
    return s.da[l] * s.a[l] * (1 - s.a[l])


def tanh_slope(s, l):
    return s.da[l] * (1 - s.a[l] ** 2)


def slope_of_overwritten(s, l):
    """the derivative is computed from z, but z holds a by now"""
    if s.act == "relu":                               # mask z < 0 never fires
        return s.da[l]
    if s.act == "tanh":
        return s.da[l] * (1 - np.tanh(s.a[l]) ** 2)
    g = 1 / (1 + np.exp(-s.a[l]))
    return s.da[l] * g * (1 - g)


def slope_at_z(s, l):
    """the formula of a(1 - a) or 1 - a^2 with z in place of a"""
    z = s.z[l]
    return s.da[l] * (1 - z * z if s.act == "tanh" else z * (1 - z))


def at_dz(number, variant, code, activations=RELU, **more):
    return Mistake(number, variant, {"dz": code}, activations=activations, **more)


HIDDEN = [
    *[Mistake(35, f"updated W, step {step}", {"da": through_updated(step)}) for step in (0.1, 0.5, 1.0)],
    Mistake(36, "no W", {"da": without_weights}),
    Mistake(37, "penalty in da", {"da": lambda s, l: s.dz[l + 1] @ s.w[l + 1].T + s.strength * s.a[l]}),
    Mistake(38, "bias column not dropped", {
        "dz": column_kept, "dw": lambda s, l: s.data_dw(l), "db": lambda s, l: s.data_db(l)},
        activations=NONLINEAR, only="notebook", place="first"),
    Mistake(39, "first column dropped in da", {"da": first_dropped}, only="notebook-plain"),
    Mistake(39, "first column dropped in dz", {"dz": lambda s, l: first_dropped(s, l) * s.slope(l)}, only="notebook"),
    at_dz(40, "no mask", lambda s, l: s.da[l], NONLINEAR),
    at_dz(41, "mask a < 0", lambda s, l: np.where(s.a[l] < 0, 0, s.da[l])),
    at_dz(42, "zero where da < 0", lambda s, l: np.maximum(s.da[l], 0)),
    at_dz(43, "zero where da < 0 or z <= 0", lambda s, l: np.where((s.da[l] < 0) | (s.z[l] <= 0), 0, s.da[l])),
    at_dz(44, "inverted mask", lambda s, l: np.where(s.z[l] > 0, 0, s.da[l])),
    at_dz(45, "overwritten by 0 and 1", lambda s, l: (s.z[l] > 0).astype(s.x.dtype)),
    at_dz(46, "times a", lambda s, l: s.da[l] * s.a[l], NONLINEAR),
    at_dz(46, "times z", lambda s, l: s.da[l] * s.z[l], NONLINEAR),
    at_dz(47, "a(1 - a)", logistic_slope, ("relu", "tanh")),
    at_dz(47, "1 - a^2", tanh_slope, ("relu", "logistic")),
    at_dz(47, "ReLU mask", lambda s, l: s.da[l] * (s.z[l] > 0), ("tanh", "logistic")),
    at_dz(47, "own slope with z for a", slope_at_z, ("tanh", "logistic")),
    at_dz(48, "mask from X W without b", lambda s, l: s.da[l] * (s.a[l - 1] @ s.w[l] > 0)),
    at_dz(49, "leaky slope 0.01", lambda s, l: s.da[l] * np.where(s.z[l] > 0, 1, 0.01).astype(s.x.dtype)),
    at_dz(50, "z overwritten by a", slope_of_overwritten, NONLINEAR, overwrites_z=True, place="all"),
]
