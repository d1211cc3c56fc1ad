"""Leaky relu with slope 0.1 in two layers, linear output, mean squared error over everything."""
import numpy as np
# data
rng = np.random.default_rng(20)
X = rng.normal(size=(8, 3))
y = rng.normal(size=(8, 2))
W1, b1 = rng.normal(size=(3, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 4)), rng.normal(size=4)
W3, b3 = rng.normal(size=(4, 2)), rng.normal(size=2)
# forward
z1 = X @ W1 + b1
a1 = np.where(z1 > 0, z1, 0.1 * z1)
z2 = a1 @ W2 + b2
a2 = np.where(z2 > 0, z2, 0.1 * z2)
z3 = a2 @ W3 + b3
mse = np.mean((z3 - y) ** 2)
# backward
dz3 = 2 * (z3 - y) / y.size
dW3 = a2.T @ dz3
db3 = dz3.sum(axis=0)
da2 = dz3 @ W3.T
dz2 = da2 * np.where(z2 > 0, 1, 0.1)
dW2 = a1.T @ dz2
db2 = dz2.sum(axis=0)
da1 = dz2 @ W2.T
dz1 = da1 * np.where(z1 > 0, 1, 0.1)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, W3=W3, b3=b3, z1=z1, a1=a1, z2=z2, a2=a2, z3=z3, mse=mse, dz3=dz3,
             dW3=dW3, db3=db3, da2=da2, dz2=dz2, dW2=dW2, db2=db2, da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = mse, {}
