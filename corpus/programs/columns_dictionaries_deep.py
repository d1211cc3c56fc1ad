"""Three layers of a course: parameters, caches and gradients in dictionaries, samples are columns."""
import numpy as np
# data
rng = np.random.default_rng(13)
layer_dims = [4, 5, 3, 1]
X = rng.normal(size=(4, 9))
Y = rng.integers(0, 2, size=(1, 9)).astype(float)
L = len(layer_dims) - 1
parameters = {}
for l in range(1, L + 1):
    parameters["W" + str(l)] = rng.normal(size=(layer_dims[l], layer_dims[l - 1]))
    parameters["b" + str(l)] = rng.normal(size=(layer_dims[l], 1))
def sigmoid(Z): return 1 / (1 + np.exp(-Z))
# forward
m = X.shape[1]
cache = {"A0": X}
for l in range(1, L + 1):
    cache["Z" + str(l)] = np.dot(parameters["W" + str(l)], cache["A" + str(l - 1)]) + parameters["b" + str(l)]
    cache["A" + str(l)] = sigmoid(cache["Z" + str(l)]) if l == L else np.maximum(0, cache["Z" + str(l)])
AL = cache["A" + str(L)]
cost = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
# backward
grads = {}
grads["dZ" + str(L)] = AL - Y
for l in range(L, 0, -1):
    grads["dW" + str(l)] = np.dot(grads["dZ" + str(l)], cache["A" + str(l - 1)].T) / m
    grads["db" + str(l)] = np.sum(grads["dZ" + str(l)], axis=1, keepdims=True) / m
    if l > 1:
        grads["dA" + str(l - 1)] = np.dot(parameters["W" + str(l)].T, grads["dZ" + str(l)])
        grads["dZ" + str(l - 1)] = grads["dA" + str(l - 1)] * (cache["Z" + str(l - 1)] > 0)
# saved
del cache["A0"]
saved = dict(X=X, Y=Y, cost=cost, **parameters, **cache, **grads)
of = cost
by = {k: (cache[k[1:]], m) for k in grads if k[1] in "ZA"}
