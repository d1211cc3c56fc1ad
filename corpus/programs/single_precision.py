"""Everything in float32: relu, softmax, rows."""
import numpy as np
# data
rng = np.random.default_rng(46)
def f32(*shape): return rng.normal(size=shape).astype(np.float32)
X = f32(8, 3)
y = np.array([0, 1, 1, 2, 0, 2, 1, 0])
W1, b1 = f32(3, 5), f32(5)
W2, b2 = f32(5, 3), f32(3)
# forward
z1 = X @ W1 + b1
a1 = np.maximum(0, z1)
logits = a1 @ W2 + b2
probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
loss = -np.log(probs[np.arange(8), y]).mean()
# backward
dlogits = probs.copy()
dlogits[np.arange(8), y] -= 1
dlogits /= 8
dW2 = a1.T @ dlogits
db2 = dlogits.sum(axis=0)
da1 = dlogits @ W2.T
dz1 = da1 * (z1 > 0)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, z1=z1, a1=a1, logits=logits, probs=probs, loss=loss, dlogits=dlogits,
             dW2=dW2, db2=db2, da1=da1, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
