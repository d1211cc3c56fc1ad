"""Four labels at once, cross-entropy meant over rows and labels; relu, rows."""
import numpy as np
# data
rng = np.random.default_rng(52)
X = rng.normal(size=(8, 3))
Y = rng.integers(0, 2, size=(8, 4))
W1, b1 = rng.normal(size=(3, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 4)), rng.normal(size=4)
# forward
Z1 = np.matmul(X, W1) + b1
A1 = np.maximum(0, Z1)
Z2 = np.matmul(A1, W2) + b2
y_hat = 1 / (1 + np.exp(-Z2))
bce = -np.mean(Y * np.log(y_hat) + (1 - Y) * np.log(1 - y_hat))
# backward
dy_hat = -(Y / y_hat - (1 - Y) / (1 - y_hat)) / Y.size
dZ2 = dy_hat * y_hat * (1 - y_hat)
dW2 = np.matmul(A1.T, dZ2)
db2 = np.sum(dZ2, axis=0)
dA1 = np.matmul(dZ2, W2.T)
dZ1 = np.where(Z1 > 0, dA1, 0)
dW1 = np.matmul(X.T, dZ1)
db1 = np.sum(dZ1, axis=0)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, Z1=Z1, A1=A1, Z2=Z2, y_hat=y_hat, bce=bce, dy_hat=dy_hat, dZ2=dZ2,
             dW2=dW2, db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = bce, {}
