"""GELU by its tanh formula, one linear output, half the mean squared error."""
import numpy as np
# data
rng = np.random.default_rng(23)
X = rng.normal(size=(9, 2))
y = rng.normal(size=(9, 1))
W1, b1 = rng.normal(size=(2, 6)), rng.normal(size=6)
W2, b2 = rng.normal(size=(6, 1)), rng.normal(size=1)
c = np.sqrt(2 / np.pi)
# forward
z1 = X @ W1 + b1
inner = c * (z1 + 0.044715 * z1 ** 3)
a1 = 0.5 * z1 * (1 + np.tanh(inner))
z2 = a1 @ W2 + b2
loss = 0.5 * np.mean((z2 - y) ** 2)
# backward
dz2 = (z2 - y) / len(y)
dW2 = a1.T @ dz2
db2 = dz2.sum(axis=0)
da1 = dz2 @ W2.T
slope = 0.5 * (1 + np.tanh(inner)) + 0.5 * z1 * (1 - np.tanh(inner) ** 2) * c * (1 + 3 * 0.044715 * z1 ** 2)
dz1 = da1 * slope
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, z2=z2, loss=loss, dz2=dz2, dW2=dW2, db2=db2,
             da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
