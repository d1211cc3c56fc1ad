"""Equal widths everywhere (inputs, units, outputs): three layers of relu, columns, squared error."""
import numpy as np
# data
rng = np.random.default_rng(41)
X = rng.normal(size=(4, 6))
Y = rng.normal(size=(4, 6))
W1, W2, W3 = rng.normal(size=(4, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 4))
b1, b2, b3 = rng.normal(size=(4, 1)), rng.normal(size=(4, 1)), rng.normal(size=(4, 1))
# forward
m = X.shape[1]
Z1 = W1 @ X + b1
A1 = np.maximum(0, Z1)
Z2 = W2 @ A1 + b2
A2 = np.maximum(0, Z2)
Z3 = W3 @ A2 + b3
cost = np.sum((Z3 - Y) ** 2) / (2 * m)
# backward
dZ3 = (Z3 - Y) / m
dW3 = dZ3 @ A2.T
db3 = np.sum(dZ3, axis=1, keepdims=True)
dA2 = W3.T @ dZ3
dZ2 = dA2 * (Z2 > 0)
dW2 = dZ2 @ A1.T
db2 = np.sum(dZ2, axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dZ1 = dA1 * (Z1 > 0)
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, W3=W3, b3=b3, Z1=Z1, A1=A1, Z2=Z2, A2=A2, Z3=Z3, cost=cost, dZ3=dZ3,
             dW3=dW3, db3=db3, dA2=dA2, dZ2=dZ2, dW2=dW2, db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = cost, {}
