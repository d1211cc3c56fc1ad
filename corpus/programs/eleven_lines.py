"""The famous few lines: syn0, syn1, l1, l2, l2_delta; sigmoid of the output; the sign turned by target - output."""
import numpy as np
# data
np.random.seed(18)
def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))
X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1], [0.5, 0.25, 1]])
y = np.array([[0.0], [1], [1], [0], [1]])
syn0 = 2 * np.random.random((3, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1
# forward
l0 = X
l1 = nonlin(np.dot(l0, syn0))
l2 = nonlin(np.dot(l1, syn1))
loss = 0.5 * np.sum((y - l2) ** 2)
# backward
l2_error = y - l2
l2_delta = l2_error * nonlin(l2, deriv=True)
l1_error = l2_delta.dot(syn1.T)
l1_delta = l1_error * nonlin(l1, deriv=True)
syn1_update = l1.T.dot(l2_delta)
syn0_update = l0.T.dot(l1_delta)
# saved
saved = dict(X=X, y=y, syn0=syn0, syn1=syn1, l1=l1, l2=l2, loss=loss, l2_error=l2_error, l2_delta=l2_delta,
             l1_error=l1_error, l1_delta=l1_delta)
of, by = loss, {"l2_error": (l2, -1), "l1_error": (l1, -1), "l2_delta": None, "l1_delta": None}
