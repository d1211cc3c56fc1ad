"""Two sigmoid layers, squared error over two, samples are rows."""
import numpy as np
# data
rng = np.random.default_rng(11)
X = rng.normal(size=(7, 3))
y = rng.uniform(size=(7, 2))
W1, b1 = rng.normal(size=(3, 4)), rng.normal(size=(1, 4))
W2, b2 = rng.normal(size=(4, 2)), rng.normal(size=(1, 2))
def sigmoid(v): return 1 / (1 + np.exp(-v))
# forward
z1 = X @ W1 + b1
a1 = sigmoid(z1)
z2 = a1 @ W2 + b2
a2 = sigmoid(z2)
loss = 0.5 * np.sum((a2 - y) ** 2) / len(X)
# backward
da2 = (a2 - y) / len(X)
dz2 = da2 * a2 * (1 - a2)
dW2 = a1.T @ dz2
db2 = dz2.sum(axis=0, keepdims=True)
da1 = dz2 @ W2.T
dz1 = da1 * a1 * (1 - a1)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0, keepdims=True)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, z2=z2, a2=a2, loss=loss,
             da2=da2, dz2=dz2, dW2=dW2, db2=db2, da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
