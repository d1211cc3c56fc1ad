"""Hinge with labels -1 and 1 on one output, a tanh layer, samples are rows."""
import numpy as np
# data
rng = np.random.default_rng(27)
n = 9
X = rng.normal(size=(n, 3))
y = np.array([1, -1, 1, 1, -1, -1, 1, -1, 1]).reshape(-1, 1)
W1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
W2, b2 = 0.5 * rng.normal(size=(4, 1)), rng.normal(size=1)
# forward
z1 = X @ W1 + b1
a1 = np.tanh(z1)
score = a1 @ W2 + b2
loss = np.maximum(0, 1 - y * score).mean()
# backward
dscore = np.where(y * score < 1, -y, 0) / n
dW2 = a1.T @ dscore
db2 = dscore.sum(axis=0)
da1 = dscore @ W2.T
dz1 = da1 * (1 - a1 ** 2)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, score=score, loss=loss, dscore=dscore, dW2=dW2,
             db2=db2, da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
