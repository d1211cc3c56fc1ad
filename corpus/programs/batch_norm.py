"""Batch normalisation between the affine map and relu, with gamma and beta; softmax."""
import numpy as np
# data
rng = np.random.default_rng(33)
N = 9
X = rng.normal(size=(N, 3))
y = np.array([0, 1, 2, 2, 1, 0, 0, 1, 0])
W1, b1 = rng.normal(size=(3, 5)), rng.normal(size=5)
gamma, beta = rng.uniform(0.5, 1.5, size=5), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 3)), rng.normal(size=3)
eps = 1e-5
# forward
z1 = X @ W1 + b1
mu = z1.mean(axis=0)
var = z1.var(axis=0)
xhat = (z1 - mu) / np.sqrt(var + eps)
bn = gamma * xhat + beta
a1 = np.maximum(0, bn)
z2 = a1 @ W2 + b2
probs = np.exp(z2) / np.sum(np.exp(z2), axis=1, keepdims=True)
loss = -np.mean(np.log(probs[np.arange(N), y]))
# backward
dz2 = probs.copy()
dz2[np.arange(N), y] -= 1
dz2 /= N
dW2 = a1.T @ dz2
db2 = dz2.sum(axis=0)
da1 = dz2 @ W2.T
dbn = da1 * (bn > 0)
dgamma = np.sum(dbn * xhat, axis=0)
dbeta = np.sum(dbn, axis=0)
dxhat = dbn * gamma
dz1 = (dxhat - dxhat.mean(axis=0) - xhat * np.mean(dxhat * xhat, axis=0)) / np.sqrt(var + eps)
dW1 = X.T @ dz1
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, gamma=gamma, beta=beta, W2=W2, b2=b2, eps=eps, z1=z1, mu=mu, var=var, xhat=xhat,
             bn=bn, a1=a1, z2=z2, probs=probs, loss=loss, dz2=dz2, dW2=dW2, db2=db2, da1=da1, dbn=dbn, dgamma=dgamma,
             dbeta=dbeta, dxhat=dxhat, dz1=dz1, dW1=dW1)
of, by = loss, {}
