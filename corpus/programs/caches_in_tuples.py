"""Functions that return a value and a cache tuple: affine, relu, softmax loss; rows, class numbers."""
import numpy as np
# data
rng = np.random.default_rng(43)
X = rng.normal(size=(7, 4))
y = np.array([0, 2, 1, 1, 2, 0, 1])
W1, b1 = rng.normal(size=(4, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 3)), rng.normal(size=3)
reg = 0.15
# forward
def affine_forward(x, w, b):
    out = x.dot(w) + b
    return out, (x, w, b)
def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    log_probs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.sum(log_probs[np.arange(len(y)), y]) / len(y)
z1, cache1 = affine_forward(X, W1, b1)
a1 = np.maximum(0, z1)
scores, cache2 = affine_forward(a1, W2, b2)
loss = softmax_loss(scores, y) + 0.5 * reg * np.sum(W1 ** 2) + 0.5 * reg * np.sum(W2 ** 2)
# backward
def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db
def softmax_gradient(x, y):
    probs = np.exp(x - np.max(x, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    probs[np.arange(len(y)), y] -= 1
    return probs / len(y)
dscores = softmax_gradient(scores, y)
da1, dW2, db2 = affine_backward(dscores, cache2)
dz1 = da1 * (z1 > 0)
dX, dW1, db1 = affine_backward(dz1, cache1)
dW2 += reg * W2
dW1 += reg * W1
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, reg=reg, z1=z1, a1=a1, scores=scores, loss=loss, dscores=dscores,
             da1=da1, dW2=dW2, db2=db2, dz1=dz1, dW1=dW1, db1=db1)
of, by = loss, {}
