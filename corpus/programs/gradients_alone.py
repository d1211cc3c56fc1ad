"""Only weights, loss and gradients are saved; relu, softmax, biases apart, L2 on the weights."""
import numpy as np
# data
rng = np.random.default_rng(57)
N = 9
X = rng.normal(size=(N, 4))
y = np.array([0, 1, 2, 0, 1, 2, 2, 0, 0])
params = {}
params["W1"] = rng.normal(size=(4, 5))
params["b1"] = rng.normal(size=5)
params["W2"] = rng.normal(size=(5, 3))
params["b2"] = rng.normal(size=3)
reg = 0.1
# forward
hidden = np.maximum(0, X @ params["W1"] + params["b1"])
s = hidden @ params["W2"] + params["b2"]
s = s - s.max(axis=1, keepdims=True)
loss = np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(N), y])
loss = loss + 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
# backward
grads = {}
ds = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
ds[np.arange(N), y] -= 1
ds /= N
grads["dW2"] = hidden.T @ ds + reg * params["W2"]
grads["db2"] = ds.sum(axis=0)
dhidden = ds @ params["W2"].T
dhidden[hidden <= 0] = 0
grads["dW1"] = X.T @ dhidden + reg * params["W1"]
grads["db1"] = dhidden.sum(axis=0)
# saved
saved = dict(X=X, y=y, reg=reg, loss=loss, **params, **grads)
of, by = loss, {}
