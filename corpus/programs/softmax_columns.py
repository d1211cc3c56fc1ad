"""Softmax over columns, one-hot labels (K, m), a sigmoid layer, penalty lambd / (2 m)."""
import numpy as np
# data
rng = np.random.default_rng(45)
m = 8
X = rng.normal(size=(4, m))
Y = np.eye(3)[:, [0, 1, 2, 0, 2, 2, 1, 0]]
W1, b1 = rng.normal(size=(5, 4)), rng.normal(size=(5, 1))
W2, b2 = rng.normal(size=(3, 5)), rng.normal(size=(3, 1))
lambd = 0.7
# forward
Z1 = W1.dot(X) + b1
A1 = 1 / (1 + np.exp(-Z1))
Z2 = W2.dot(A1) + b2
A2 = np.exp(Z2) / np.sum(np.exp(Z2), axis=0, keepdims=True)
cost = -np.sum(Y * np.log(A2)) / m + lambd / (2 * m) * (np.sum(np.square(W1)) + np.sum(np.square(W2)))
# backward
dZ2 = A2 - Y
dW2 = dZ2.dot(A1.T) / m + lambd / m * W2
db2 = np.sum(dZ2, axis=1, keepdims=True) / m
dA1 = W2.T.dot(dZ2)
dZ1 = dA1 * A1 * (1 - A1)
dW1 = dZ1.dot(X.T) / m + lambd / m * W1
db1 = np.sum(dZ1, axis=1, keepdims=True) / m
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, lambd=lambd, Z1=Z1, A1=A1, Z2=Z2, A2=A2, cost=cost, dZ2=dZ2, dW2=dW2,
             db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = cost, {"dZ2": (Z2, m), "dA1": (A1, m), "dZ1": (Z1, m)}
