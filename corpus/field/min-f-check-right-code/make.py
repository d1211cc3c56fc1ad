"""Right gradients of XOR, sigmoid + squared error, for `check`: biases apart, bias trick, and the course's layout (columns).

python make.py
clearprop check sep.npz
clearprop check sep.npz --loss 'python my_loss.py'       # right
clearprop check col.npz                                  # error of shapes; `diagnose` reads the same layout
"""
import numpy as np
r = np.random.default_rng(0); s = lambda v: 1 / (1 + np.exp(-v))
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1.]]); y = np.array([[0], [1], [1], [0.]])
W1, b1, W2, b2 = r.normal(size=(2, 3)), r.normal(size=3), r.normal(size=(3, 1)), r.normal(size=1)
a1 = s(X @ W1 + b1); a2 = s(a1 @ W2 + b2)
loss = .5 * np.sum((a2 - y) ** 2)
dz2 = (a2 - y) * a2 * (1 - a2); dW2 = a1.T @ dz2; db2 = dz2.sum(0); dz1 = dz2 @ W2.T * a1 * (1 - a1); dW1 = X.T @ dz1; db1 = dz1.sum(0)
np.savez("sep.npz", X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, dW1=dW1, db1=db1, dW2=dW2, db2=db2, loss=loss)
np.savez("col.npz", X=X.T, y=y.T, W1=W1.T, b1=b1[:, None], W2=W2.T, b2=b2[:, None], dW1=dW1.T, db1=db1[:, None], dW2=dW2.T, db2=db2[:, None])
