"""Mean absolute error through a tanh layer."""
import numpy as np
# data
rng = np.random.default_rng(24)
N = 8
X = rng.normal(size=(N, 3))
y = rng.normal(size=(N, 1))
W1, b1 = rng.normal(size=(3, 4)), rng.normal(size=(1, 4))
W2, b2 = rng.normal(size=(4, 1)), rng.normal(size=(1, 1))
# forward
z1 = X @ W1 + b1
a1 = np.tanh(z1)
pred = a1 @ W2 + b2
mae = np.mean(np.abs(pred - y))
# backward
dpred = np.sign(pred - y) / N
dW2 = a1.T @ dpred
db2 = dpred.sum(axis=0, keepdims=True)
da1 = dpred @ W2.T
dz1 = da1 * (1 - a1 * a1)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0, keepdims=True)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, pred=pred, mae=mae, dpred=dpred, dW2=dW2, db2=db2,
             da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = mae, {}
