"""W0, W1: layers counted from 0; a0 is the input; softplus, linear output, half squared error as a mean."""
import numpy as np
# data
rng = np.random.default_rng(48)
n = 7
a0 = rng.normal(size=(n, 3))
y = rng.normal(size=(n, 2))
W0, b0 = rng.normal(size=(3, 4)), rng.normal(size=4)
W1, b1 = rng.normal(size=(4, 2)), rng.normal(size=2)
# forward
z0 = a0 @ W0 + b0
a1 = np.log(1 + np.exp(z0))
z1 = a1 @ W1 + b1
loss = np.sum((z1 - y) ** 2) / (2 * n)
# backward
dz1 = (z1 - y) / n
dW1 = a1.T @ dz1
db1 = dz1.sum(axis=0)
da1 = dz1 @ W1.T
dz0 = da1 / (1 + np.exp(-z0))
dW0 = a0.T @ dz0
db0 = dz0.sum(axis=0)
# saved
saved = dict(a0=a0, y=y, W0=W0, b0=b0, W1=W1, b1=b1, z0=z0, a1=a1, z1=z1, loss=loss, dz1=dz1, dW1=dW1, db1=db1,
             da1=da1, dz0=dz0, dW0=dW0, db0=db0)
of, by = loss, {}
