"""Huber's loss with delta 1 through a relu layer."""
import numpy as np
# data
rng = np.random.default_rng(25)
N = 9
X = rng.normal(size=(N, 3))
y = 2 * rng.normal(size=(N, 1))
W1, b1 = rng.normal(size=(3, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 1)), rng.normal(size=1)
# forward
z1 = X @ W1 + b1
a1 = np.maximum(z1, 0)
y_pred = a1 @ W2 + b2
r = y_pred - y
loss = np.mean(np.where(np.abs(r) <= 1, 0.5 * r ** 2, np.abs(r) - 0.5))
# backward
dy_pred = np.clip(r, -1, 1) / N
dW2 = a1.T @ dy_pred
db2 = dy_pred.sum(axis=0)
da1 = dy_pred @ W2.T
dz1 = da1 * (z1 > 0)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, y_pred=y_pred, loss=loss, dy_pred=dy_pred, dW2=dW2,
             db2=db2, da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
