"""Softmax with one-hot labels, tanh hidden layer, mean over the rows."""
import numpy as np
# data
rng = np.random.default_rng(16)
X = rng.normal(size=(9, 4))
Y = np.eye(3)[[0, 2, 1, 1, 0, 2, 2, 0, 0]]
W1, b1 = rng.normal(size=(4, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 3)), rng.normal(size=3)
def softmax(v):
    e = np.exp(v - np.max(v, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)
# forward
Z1 = X @ W1 + b1
A1 = np.tanh(Z1)
Z2 = A1 @ W2 + b2
Y_hat = softmax(Z2)
loss = -np.mean(np.sum(Y * np.log(Y_hat), axis=1))
# backward
dZ2 = (Y_hat - Y) / X.shape[0]
dW2 = A1.T @ dZ2
db2 = np.sum(dZ2, axis=0)
dA1 = dZ2 @ W2.T
dZ1 = dA1 * (1 - A1 ** 2)
dW1 = X.T @ dZ1
db1 = np.sum(dZ1, axis=0)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, Z1=Z1, A1=A1, Z2=Z2, Y_hat=Y_hat, loss=loss, dZ2=dZ2, dW2=dW2,
             db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = loss, {}
