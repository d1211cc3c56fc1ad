"""Four hidden tanh layers in lists, counted from 0, rows, softmax one-hot."""
import numpy as np
# data
rng = np.random.default_rng(40)
sizes = [3, 5, 4, 6, 5, 3]
X = rng.normal(size=(8, 3))
Y = np.eye(3)[[0, 1, 2, 2, 0, 1, 1, 0]]
W = [0.8 * rng.normal(size=(d, h)) for d, h in zip(sizes, sizes[1:])]
b = [rng.normal(size=h) for h in sizes[1:]]
# forward
a = [X]
z = []
for l in range(5):
    z.append(a[l] @ W[l] + b[l])
    a.append(np.tanh(z[l]) if l < 4 else z[l] * 1.0)
e = np.exp(a[5] - a[5].max(axis=1, keepdims=True))
P = e / e.sum(axis=1, keepdims=True)
loss = -np.sum(Y * np.log(P)) / len(X)
# backward
dz, da, dW, db = [None] * 5, [None] * 5, [None] * 5, [None] * 5
dz[4] = (P - Y) / len(X)
for l in range(4, -1, -1):
    dW[l] = a[l].T @ dz[l]
    db[l] = dz[l].sum(axis=0)
    if l > 0:
        da[l] = dz[l] @ W[l].T
        dz[l - 1] = da[l] * (1 - a[l] ** 2)
# saved
saved = dict(X=X, Y=Y, P=P, loss=loss)
by = {}
for l in range(5):
    saved |= {f"W{l}": W[l], f"b{l}": b[l], f"z{l}": z[l], f"dz{l}": dz[l], f"dW{l}": dW[l], f"db{l}": db[l]}
of = loss
