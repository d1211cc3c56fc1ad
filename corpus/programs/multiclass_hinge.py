"""The support vector machine's loss on the scores of a relu net, margin 1, with a penalty."""
import numpy as np
# data
rng = np.random.default_rng(26)
N = 8
X = rng.normal(size=(N, 4))
y = np.array([0, 1, 2, 3, 0, 1, 1, 2])
W1, b1 = rng.normal(size=(4, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 4)), rng.normal(size=4)
reg = 0.1
# forward
h = X.dot(W1) + b1
a = np.maximum(0, h)
scores = a.dot(W2) + b2
margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + 1)
margins[np.arange(N), y] = 0
loss = np.sum(margins) / N + 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
# backward
dscores = (margins > 0).astype(float)
dscores[np.arange(N), y] -= dscores.sum(axis=1)
dscores /= N
dW2 = a.T.dot(dscores) + reg * W2
db2 = dscores.sum(axis=0)
da = dscores.dot(W2.T)
dh = da * (h > 0)
dW1 = X.T.dot(dh) + reg * W1
db1 = dh.sum(axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, reg=reg, h=h, a=a, scores=scores, loss=loss, dscores=dscores,
             dW2=dW2, db2=db2, da=da, dh=dh, dW1=dW1, db1=db1)
of, by = loss, {}
