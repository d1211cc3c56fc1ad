"""Logistic regression of a course: w (n, 1), b a number, columns, no hidden layer."""
import numpy as np
# data
rng = np.random.default_rng(37)
m = 9
X = rng.normal(size=(3, m))
Y = rng.integers(0, 2, size=(1, m)).astype(float)
w = rng.normal(size=(3, 1))
b = 0.3
# forward
A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
# backward
dw = 1 / m * np.dot(X, (A - Y).T)
db = 1 / m * np.sum(A - Y)
# saved
saved = dict(X=X, Y=Y, w=w, b=b, A=A, cost=cost, dw=dw, db=db)
of, by = cost, {}
