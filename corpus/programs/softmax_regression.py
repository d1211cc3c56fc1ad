"""A linear softmax classifier, the bias trick with ones last, L2 over everything."""
import numpy as np
# data
rng = np.random.default_rng(39)
num_train, num_classes = 8, 3
X = np.hstack([rng.normal(size=(num_train, 4)), np.ones((num_train, 1))])
y = np.array([0, 1, 2, 1, 0, 2, 0, 0])
W = rng.normal(size=(5, 3))
reg = 0.1
# forward
scores = X.dot(W)
scores = scores - scores.max(axis=1, keepdims=True)
probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
loss = -np.log(probs[np.arange(num_train), y]).sum() / num_train + reg * np.sum(W * W)
# backward
dscores = probs.copy()
dscores[np.arange(num_train), y] -= 1
dW = X.T.dot(dscores) / num_train + 2 * reg * W
# saved
saved = dict(X=X, y=y, W=W, reg=reg, probs=probs, loss=loss, dscores=dscores, dW=dW)
of, by = loss, {"dscores": (scores, num_train)}
