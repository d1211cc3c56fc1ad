"""Leaky relu with alpha in the file, columns, mean squared error of one output."""
import numpy as np
# data
rng = np.random.default_rng(53)
alpha = 0.2
X = rng.normal(size=(3, 9))
Y = rng.normal(size=(1, 9))
W1, b1 = rng.normal(size=(4, 3)), rng.normal(size=(4, 1))
W2, b2 = rng.normal(size=(1, 4)), rng.normal(size=(1, 1))
# forward
Z1 = W1 @ X + b1
A1 = np.maximum(alpha * Z1, Z1)
Z2 = W2 @ A1 + b2
cost = np.mean((Z2 - Y) ** 2)
# backward
dZ2 = 2 * (Z2 - Y) / Y.shape[1]
dW2 = dZ2 @ A1.T
db2 = np.sum(dZ2, axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dZ1 = dA1.copy()
dZ1[Z1 < 0] *= alpha
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, alpha=alpha, Z1=Z1, A1=A1, Z2=Z2, cost=cost, dZ2=dZ2, dW2=dW2,
             db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = cost, {}
