"""One sample at a time, gradients added up and divided at the end; vectors without a second axis."""
import numpy as np
# data
rng = np.random.default_rng(31)
m = 7
X = rng.normal(size=(m, 3))
Y = rng.integers(0, 2, size=(m, 2)).astype(float)
W1, b1 = rng.normal(size=(4, 3)), rng.normal(size=4)
W2, b2 = rng.normal(size=(2, 4)), rng.normal(size=2)
def sigmoid(z): return 1 / (1 + np.exp(-z))
# forward
A1 = sigmoid(X @ W1.T + b1)
A2 = sigmoid(A1 @ W2.T + b2)
cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
# backward
dW1, db1 = np.zeros((4, 3)), np.zeros(4)
dW2, db2 = np.zeros((2, 4)), np.zeros(2)
for i in range(m):
    x, t = X[i], Y[i]
    hid = sigmoid(W1 @ x + b1)
    out = sigmoid(W2 @ hid + b2)
    delta_out = out - t
    dW2 += np.outer(delta_out, hid)
    db2 += delta_out
    delta_hid = W2.T @ delta_out * hid * (1 - hid)
    dW1 += np.outer(delta_hid, x)
    db1 += delta_hid
dW1 /= m
db1 /= m
dW2 /= m
db2 /= m
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, A1=A1, A2=A2, cost=cost, dW1=dW1, db1=db1, dW2=dW2, db2=db2)
of, by = cost, {}
