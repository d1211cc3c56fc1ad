"""The bias as first row of W, ones first, a penalty that leaves the biases alone; rows, softmax, one-hot."""
import numpy as np
# data
rng = np.random.default_rng(30)
N = 8
X = np.c_[np.ones(N), rng.normal(size=(N, 3))]
Y = np.eye(3)[[0, 1, 2, 0, 2, 1, 0, 0]]
W1 = rng.normal(size=(4, 5))
W2 = rng.normal(size=(6, 3))
reg = 0.2
# forward
z1 = X @ W1
a1 = np.c_[np.ones(N), np.tanh(z1)]
z2 = a1 @ W2
e = np.exp(z2)
p = e / e.sum(1, keepdims=True)
loss = -(Y * np.log(p)).sum() / N + reg / 2 * ((W1[1:] ** 2).sum() + (W2[1:] ** 2).sum())
# backward
dz2 = (p - Y) / N
dW2 = a1.T @ dz2
dW2[1:] += reg * W2[1:]
da1 = (dz2 @ W2.T)[:, 1:]
dz1 = da1 * (1 - a1[:, 1:] ** 2)
dW1 = X.T @ dz1
dW1[1:] += reg * W1[1:]
# saved
saved = dict(X=X, Y=Y, W1=W1, W2=W2, reg=reg, z1=z1, a1=a1, z2=z2, p=p, loss=loss, dz2=dz2, dW2=dW2, da1=da1, dz1=dz1,
             dW1=dW1)
of, by = loss, {"da1": None}
