"""Squared error on softmax's probabilities, by the Jacobian's product."""
import numpy as np
# data
rng = np.random.default_rng(51)
N = 7
X = rng.normal(size=(N, 3))
Y = np.eye(3)[[0, 1, 2, 1, 1, 0, 2]]
W1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
W2, b2 = rng.normal(size=(4, 3)), rng.normal(size=3)
# forward
z1 = X @ W1 + b1
a1 = 1 / (1 + np.exp(-z1))
z2 = a1 @ W2 + b2
e = np.exp(z2 - z2.max(axis=1, keepdims=True))
p = e / e.sum(axis=1, keepdims=True)
loss = 0.5 * np.sum((p - Y) ** 2) / N
# backward
dp = (p - Y) / N
dz2 = p * (dp - np.sum(dp * p, axis=1, keepdims=True))
dW2 = a1.T @ dz2
db2 = dz2.sum(axis=0)
da1 = dz2 @ W2.T
dz1 = da1 * a1 * (1 - a1)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, z2=z2, p=p, loss=loss, dp=dp, dz2=dz2, dW2=dW2, db2=db2,
             da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
