"""One sample at a time, and what the last turn of the loop left behind is saved too."""
import numpy as np
# data
rng = np.random.default_rng(32)
N = 6
X = rng.normal(size=(N, 4))
y = rng.normal(size=(N, 1))
W1, b1 = rng.normal(size=(4, 3)), rng.normal(size=3)
W2, b2 = rng.normal(size=(3, 1)), rng.normal(size=1)
# forward
loss = 0.0
for i in range(N):
    loss = loss + 0.5 * np.sum((np.tanh(X[i] @ W1 + b1) @ W2 + b2 - y[i]) ** 2) / N
# backward
dW1, db1, dW2, db2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(W2), np.zeros_like(b2)
for i in range(N):
    z1 = X[i] @ W1 + b1
    a1 = np.tanh(z1)
    z2 = a1 @ W2 + b2
    dz2 = (z2 - y[i]) / N
    dz1 = (W2 @ dz2) * (1 - a1 ** 2)
    dW2 += a1[:, None] * dz2
    db2 += dz2
    dW1 += X[i][:, None] * dz1
    db1 += dz1
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, loss=loss, z1=z1, a1=a1, z2=z2, dz2=dz2, dz1=dz1, dW2=dW2, db2=db2,
             dW1=dW1, db1=db1)
of, by = loss, dict.fromkeys(("z1", "a1", "z2", "dz1", "dz2"))
