"""Inverted dropout as in a course: D1 of 0 and 1, A1 overwritten by A1 * D1 / keep_prob; columns."""
import numpy as np
# data
rng = np.random.default_rng(36)
m, keep_prob = 7, 0.8
X = rng.normal(size=(4, m))
Y = rng.integers(0, 2, size=(1, m)).astype(float)
W1, b1 = rng.normal(size=(5, 4)), rng.normal(size=(5, 1))
W2, b2 = rng.normal(size=(1, 5)), rng.normal(size=(1, 1))
D1 = (rng.uniform(size=(5, m)) < keep_prob).astype(int)
# forward
Z1 = W1 @ X + b1
A1 = np.maximum(0, Z1)
A1 = A1 * D1 / keep_prob
Z2 = W2 @ A1 + b2
A2 = 1 / (1 + np.exp(-Z2))
cost = np.sum(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) / m
# backward
dZ2 = A2 - Y
dW2 = dZ2 @ A1.T / m
db2 = np.sum(dZ2, axis=1, keepdims=True) / m
dA1 = W2.T @ dZ2
dA1 = dA1 * D1 / keep_prob
dZ1 = dA1 * (A1 > 0)
dW1 = dZ1 @ X.T / m
db1 = np.sum(dZ1, axis=1, keepdims=True) / m
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, D1=D1, keep_prob=keep_prob, Z1=Z1, A1=A1, Z2=Z2, A2=A2, cost=cost,
             dZ2=dZ2, dW2=dW2, db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = cost, {"dZ2": (Z2, m), "dZ1": (Z1, m), "dA1": None}
