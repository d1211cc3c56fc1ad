"""The smallest chain: one input, one hidden unit, one output, plain floats."""
import numpy as np
# data
x, y = 1.5, 0.2
w1, b1 = 0.7, -0.3
w2, b2 = -1.2, 0.4
# forward
z1 = w1 * x + b1
a1 = 1 / (1 + np.exp(-z1))
z2 = w2 * a1 + b2
a2 = 1 / (1 + np.exp(-z2))
loss = 0.5 * (a2 - y) ** 2
# backward
da2 = a2 - y
dz2 = da2 * a2 * (1 - a2)
dw2 = dz2 * a1
db2 = dz2 * 1.0
da1 = dz2 * w2
dz1 = da1 * a1 * (1 - a1)
dw1 = dz1 * x
db1 = dz1 * 1.0
# saved
saved = dict(x=x, y=y, w1=w1, b1=b1, w2=w2, b2=b2, z1=z1, a1=a1, z2=z2, a2=a2, loss=loss, da2=da2, dz2=dz2, dw2=dw2,
             db2=db2, da1=da1, dz1=dz1, dw1=dw1, db1=db1)
of, by = loss, {}
