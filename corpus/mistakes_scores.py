"""Mistakes in the loss, the probabilities and the derivative by the scores: 1-18, 56, 57.

s is the pass so far: s.out the probabilities (or outputs), s.target the one-hot labels, s.f the scores."""
import numpy as np

from mistake import SOFTMAX, Mistake


def at_scores(number, variant, code, losses=SOFTMAX, **more):
    return Mistake(number, variant, {"dlogits": code}, losses=losses, **more)


ALL = ("softmax", "squared", "logistic")


def diff(s):
    return s.out - s.target


def rows(s):
    return np.arange(s.n)


def subtract_at(s, columns):
    """dL_df = probs.copy(); dL_df[range(N), columns] -= 1; dL_df /= N"""
    d = s.out.copy()
    d[rows(s), columns] -= 1
    return d / s.n


def every_label_column(s):
    """dL_df[:, y] -= 1 instead of dL_df[range(N), y] -= 1"""
    d = s.out.copy()
    d[:, s.y] -= 1
    return d / s.n


def diagonal_jacobian(s):
    """dL_dp = -onehot / p; dL_df = dL_dp * p * (1 - p): the cross terms of softmax are missing"""
    return -s.target / s.out * s.out * (1 - s.out) / s.n


def true_class_only(s):
    """only the entry of the true class is filled in"""
    d = np.zeros_like(s.out)
    d[rows(s), s.y] = s.out[rows(s), s.y] - 1
    return d / s.n


def squared_error(factor):
    """derivative of factor/2 * sum (p - y)^2 by the scores, through softmax"""
    def code(s, l):
        dp = factor * diff(s)
        return s.out * (dp - (dp * s.out).sum(axis=1, keepdims=True)) / s.n
    return code


def whole_array_softmax(s):
    e = np.exp(s.f)
    return e / e.sum()


def batch_axis_softmax(s):
    e = np.exp(s.f)
    return e / e.sum(axis=0)


def edited_loss(s, edited):
    """-mean(log(probs[range(N), y])) after probs was edited in place"""
    return -np.mean(np.log(edited[rows(s), s.y]))


def broadcast_loss(s):
    """y (N,) against f (N, 1): an (N, N) array whose mean is taken"""
    y = s.target[:, 0]
    if s.probe.loss == "squared":
        return 0.5 * np.mean((s.out - y) ** 2)
    return -np.mean(y * np.log(s.out) + (1 - y) * np.log(1 - s.out))


SCORES = [
    at_scores(1, "no 1/N", lambda s, l: diff(s), ALL),
    at_scores(2, "1/N twice, in the scores", lambda s, l: diff(s) / s.n / s.n, ALL),
    Mistake(2, "1/N again in dW and db", {
        "dw": lambda s, l: s.data_dw(l) / s.n + s.pen_w(l),
        "db": lambda s, l: s.data_db(l) / s.n + s.pen_b(l)}, place="all"),
    at_scores(3, "1/(N K)", lambda s, l: diff(s) / (s.n * s.k), ALL),
    at_scores(4, "1/K instead of 1/N", lambda s, l: diff(s) / s.k, ALL),
    at_scores(5, "p/N - y", lambda s, l: s.out / s.n - s.target, ALL),
    at_scores(6, "no -1 at the true class", lambda s, l: s.out / s.n),
    at_scores(7, "y - p", lambda s, l: -diff(s) / s.n, ALL),
    at_scores(8, "p[:, y] -= 1", lambda s, l: every_label_column(s)),
    at_scores(9, "y - 1", lambda s, l: subtract_at(s, s.y.astype(int) - 1)),
    at_scores(9, "y + 1", lambda s, l: subtract_at(s, (s.y + 1) % s.k)),
    Mistake(10, "softmax over the whole array", {"probs": lambda s, l: whole_array_softmax(s)}, losses=SOFTMAX),
    Mistake(11, "softmax over the batch axis", {"probs": lambda s, l: batch_axis_softmax(s)}, losses=SOFTMAX),
    at_scores(12, "diagonal of the Jacobian", lambda s, l: diagonal_jacobian(s)),
    at_scores(12, "true class only", lambda s, l: true_class_only(s), plant=False),
    at_scores(13, "extra p(1-p)", lambda s, l: diff(s) * s.out * (1 - s.out) / s.n, ("softmax", "logistic")),
    at_scores(14, "stop at -y/p", lambda s, l: -s.target / s.out / s.n),
    at_scores(15, "factor 2", lambda s, l: 2 * diff(s) / s.n, ALL),
    at_scores(16, "half squared error", squared_error(1)),
    at_scores(16, "squared error", squared_error(2)),
    at_scores(17, "argmax", lambda s, l: (np.eye(s.k, dtype=s.f.dtype)[s.f.argmax(axis=1)] - s.target) / s.n),
    at_scores(18, "scores - onehot", lambda s, l: (s.f - s.target) / s.n),
    Mistake(57, "loss of the edited probs", {
        "loss": lambda s, l: edited_loss(s, diff(s) / s.n)}, losses=SOFTMAX, edits_probs=True),
    Mistake(57, "loss of an edited copy", {"loss": lambda s, l: edited_loss(s, diff(s) / s.n)}, losses=SOFTMAX),
    Mistake(57, "loss of the probs divided by N", {
        "loss": lambda s, l: edited_loss(s, s.out / s.n)}, losses=SOFTMAX, edits_probs=True),
]

# Only on probes with one output column.
BROADCAST = [
    Mistake(56, "loss of an (N, N) array", {"loss": lambda s, l: broadcast_loss(s)}, losses=("squared", "logistic")),
    Mistake(56, "loss and dL_df (N, N)", {
        "loss": lambda s, l: broadcast_loss(s),
        "dlogits": lambda s, l: (s.out - s.target[:, 0]) / s.n}, losses=("squared", "logistic"), stops=True),
]
