"""A book that calls the input of the nonlinearity a and its output z; y is the answer, t the label."""
import numpy as np
# data
rng = np.random.default_rng(47)
x = rng.normal(size=(6, 4))
t = np.eye(3)[[0, 1, 2, 1, 0, 0]]
W1, b1 = rng.normal(size=(4, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 3)), rng.normal(size=3)
# forward
a1 = np.dot(x, W1) + b1
z1 = 1 / (1 + np.exp(-a1))
a2 = np.dot(z1, W2) + b2
y = np.exp(a2) / np.sum(np.exp(a2), axis=1, keepdims=True)
loss = -np.sum(t * np.log(y)) / len(x)
# backward
da2 = (y - t) / len(x)
dW2 = np.dot(z1.T, da2)
db2 = np.sum(da2, axis=0)
dz1 = np.dot(da2, W2.T)
da1 = (1.0 - z1) * z1 * dz1
dW1 = np.dot(x.T, da1)
db1 = np.sum(da1, axis=0)
# saved
saved = dict(x=x, t=t, W1=W1, b1=b1, W2=W2, b2=b2, a1=a1, z1=z1, a2=a2, y=y, loss=loss, da2=da2, dW2=dW2, db2=db2,
             dz1=dz1, da1=da1, dW1=dW1, db1=db1)
of, by = loss, {}
