"""Layers as objects with forward and backward; sigmoid layers, squared error, columns."""
import numpy as np
# data
rng = np.random.default_rng(44)
class Layer:
    def __init__(self, n_in, n_out):
        self.W = rng.normal(size=(n_out, n_in))
        self.b = rng.normal(size=(n_out, 1))
X = rng.normal(size=(3, 6))
T = rng.uniform(size=(2, 6))
layers = [Layer(3, 4), Layer(4, 3), Layer(3, 2)]
# forward
def forward(self, A_prev):
    self.A_prev = A_prev
    self.Z = self.W @ A_prev + self.b
    self.A = 1 / (1 + np.exp(-self.Z))
    return self.A
out = X
for layer in layers:
    out = forward(layer, out)
loss = np.sum((out - T) ** 2) / (2 * X.shape[1])
# backward
def backward(self, dA):
    self.dA = dA
    self.dZ = dA * self.A * (1 - self.A)
    self.dW = self.dZ @ self.A_prev.T
    self.db = np.sum(self.dZ, axis=1, keepdims=True)
    return self.W.T @ self.dZ
grad = (out - T) / X.shape[1]
for layer in reversed(layers):
    grad = backward(layer, grad)
# saved
saved = dict(X=X, T=T, loss=loss)
for i, layer in enumerate(layers, 1):
    saved |= {f"W{i}": layer.W, f"b{i}": layer.b, f"Z{i}": layer.Z, f"A{i}": layer.A, f"dA{i}": layer.dA,
              f"dZ{i}": layer.dZ, f"dW{i}": layer.dW, f"db{i}": layer.db}
of, by = loss, {}
