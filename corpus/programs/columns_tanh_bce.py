"""A tanh layer and one sigmoid output, samples are columns, the mean is taken late."""
import numpy as np
# data
rng = np.random.default_rng(12)
m = 8
X = rng.normal(size=(3, m))
Y = rng.integers(0, 2, size=(1, m)).astype(float)
W1 = rng.normal(size=(5, 3))
b1 = rng.normal(size=(5, 1))
W2 = rng.normal(size=(1, 5))
b2 = rng.normal(size=(1, 1))
# forward
Z1 = np.dot(W1, X) + b1
A1 = np.tanh(Z1)
Z2 = np.dot(W2, A1) + b2
A2 = 1 / (1 + np.exp(-Z2))
cost = -1 / m * np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
# backward
dZ2 = A2 - Y
dW2 = 1 / m * np.dot(dZ2, A1.T)
db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
dW1 = 1 / m * np.dot(dZ1, X.T)
db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, Z1=Z1, A1=A1, Z2=Z2, A2=A2, cost=cost,
             dZ2=dZ2, dW2=dW2, db2=db2, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = cost, {"dZ2": (Z2, m), "dZ1": (Z1, m)}
