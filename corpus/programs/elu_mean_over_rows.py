"""ELU, linear output, squared error summed over outputs and meant over rows, without a half."""
import numpy as np
# data
rng = np.random.default_rng(21)
n = 7
x = rng.normal(size=(n, 4))
t = rng.normal(size=(n, 3))
w1, b1 = rng.normal(size=(4, 5)), rng.normal(size=(1, 5))
w2, b2 = rng.normal(size=(5, 3)), rng.normal(size=(1, 3))
# forward
z1 = x.dot(w1) + b1
h1 = np.where(z1 > 0, z1, np.exp(z1) - 1)
out = h1.dot(w2) + b2
loss = np.sum((out - t) ** 2) / n
# backward
dout = 2 * (out - t) / n
dw2 = h1.T.dot(dout)
db2 = dout.sum(axis=0, keepdims=True)
dh1 = dout.dot(w2.T)
dz1 = dh1 * np.where(z1 > 0, 1, h1 + 1)
dw1 = x.T.dot(dz1)
db1 = dz1.sum(axis=0, keepdims=True)
# saved
saved = dict(x=x, t=t, w1=w1, b1=b1, w2=w2, b2=b2, z1=z1, h1=h1, out=out, loss=loss, dout=dout, dw2=dw2, db2=db2,
             dh1=dh1, dz1=dz1, dw1=dw1, db1=db1)
of, by = loss, {}
