"""Inverted dropout after relu, the mask already divided by what is kept; softmax with classes."""
import numpy as np
# data
rng = np.random.default_rng(35)
N, keep = 8, 0.75
X = rng.normal(size=(N, 3))
y = np.array([2, 1, 0, 2, 1, 0, 1, 1])
W1, b1 = rng.normal(size=(3, 6)), rng.normal(size=6)
W2, b2 = rng.normal(size=(6, 3)), rng.normal(size=3)
mask = (rng.uniform(size=(N, 6)) < keep) / keep
# forward
z1 = X @ W1 + b1
a1 = np.maximum(0, z1)
drop = a1 * mask
z2 = drop @ W2 + b2
z2_shifted = z2 - np.max(z2, axis=1, keepdims=True)
probs = np.exp(z2_shifted) / np.sum(np.exp(z2_shifted), axis=1, keepdims=True)
loss = np.mean(-np.log(probs[np.arange(N), y]))
# backward
dz2 = probs.copy()
dz2[np.arange(N), y] -= 1
dz2 /= N
dW2 = drop.T @ dz2
db2 = np.sum(dz2, axis=0)
ddrop = dz2 @ W2.T
da1 = ddrop * mask
dz1 = da1 * (z1 > 0)
dW1 = X.T @ dz1
db1 = np.sum(dz1, axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, mask=mask, z1=z1, a1=a1, drop=drop, z2=z2, probs=probs, loss=loss,
             dz2=dz2, dW2=dW2, db2=db2, ddrop=ddrop, da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
