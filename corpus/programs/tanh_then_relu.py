"""Two functions in one net: tanh in the first layer, relu in the second; softmax, summed loss."""
import numpy as np
# data
rng = np.random.default_rng(50)
X = rng.normal(size=(8, 2))
Y = np.eye(4)[[0, 3, 2, 1, 1, 2, 0, 0]]
W1, b1 = rng.normal(size=(2, 5)), rng.normal(size=(1, 5))
W2, b2 = rng.normal(size=(5, 6)), rng.normal(size=(1, 6))
W3, b3 = rng.normal(size=(6, 4)), rng.normal(size=(1, 4))
# forward
Z1 = X @ W1 + b1
A1 = np.tanh(Z1)
Z2 = A1 @ W2 + b2
A2 = np.maximum(Z2, 0)
Z3 = A2 @ W3 + b3
A3 = np.exp(Z3) / np.exp(Z3).sum(axis=1, keepdims=True)
loss = -np.sum(Y * np.log(A3))
# backward
dZ3 = A3 - Y
dW3 = A2.T @ dZ3
db3 = dZ3.sum(axis=0, keepdims=True)
dA2 = dZ3 @ W3.T
dZ2 = dA2 * (A2 > 0)
dW2 = A1.T @ dZ2
db2 = dZ2.sum(axis=0, keepdims=True)
dA1 = dZ2 @ W2.T
dZ1 = dA1 * (1 - A1 ** 2)
dW1 = X.T @ dZ1
db1 = dZ1.sum(axis=0, keepdims=True)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, W3=W3, b3=b3, Z1=Z1, A1=A1, Z2=Z2, A2=A2, Z3=Z3, A3=A3, loss=loss,
             dZ3=dZ3, dW3=dW3, db3=db3, dA2=dA2, dZ2=dZ2, dW2=dW2, db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = loss, {}
