"""Counts with the exponential as the output: mean of rate - y log rate."""
import numpy as np
# data
rng = np.random.default_rng(28)
N = 8
X = rng.normal(size=(N, 3))
y = rng.poisson(2.0, size=(N, 1)).astype(float)
W1, b1 = 0.5 * rng.normal(size=(3, 5)), 0.5 * rng.normal(size=5)
W2, b2 = 0.5 * rng.normal(size=(5, 1)), 0.5 * rng.normal(size=1)
# forward
z1 = X @ W1 + b1
a1 = np.tanh(z1)
z2 = a1 @ W2 + b2
rate = np.exp(z2)
loss = np.mean(rate - y * z2)
# backward
dz2 = (rate - y) / N
dW2 = a1.T @ dz2
db2 = np.sum(dz2, axis=0)
da1 = dz2 @ W2.T
dz1 = da1 * (1 - a1 ** 2)
dW1 = X.T @ dz1
db1 = np.sum(dz1, axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, z2=z2, rate=rate, loss=loss, dz2=dz2, dW2=dW2,
             db2=db2, da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
