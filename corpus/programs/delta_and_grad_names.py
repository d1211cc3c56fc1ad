"""delta3, delta2 and grad_W1; relu layers, one sigmoid output with cross-entropy, labels as a vector."""
import numpy as np
# data
rng = np.random.default_rng(49)
N = 9
X = rng.normal(size=(N, 3))
y = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1])
W1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
W2, b2 = rng.normal(size=(4, 5)), rng.normal(size=5)
W3, b3 = rng.normal(size=(5, 1)), rng.normal(size=1)
# forward
z1 = X @ W1 + b1
h1 = np.maximum(0, z1)
z2 = h1 @ W2 + b2
h2 = np.maximum(0, z2)
z3 = h2 @ W3 + b3
prediction = 1 / (1 + np.exp(-z3))
loss = -np.mean(y[:, None] * np.log(prediction) + (1 - y[:, None]) * np.log(1 - prediction))
# backward
delta3 = (prediction - y.reshape(-1, 1)) / N
grad_W3 = h2.T @ delta3
grad_b3 = delta3.sum(axis=0)
delta2 = (delta3 @ W3.T) * (z2 > 0)
grad_W2 = h1.T @ delta2
grad_b2 = delta2.sum(axis=0)
delta1 = (delta2 @ W2.T) * (z1 > 0)
grad_W1 = X.T @ delta1
grad_b1 = delta1.sum(axis=0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, W3=W3, b3=b3, z1=z1, h1=h1, z2=z2, h2=h2, z3=z3,
             prediction=prediction, loss=loss, delta3=delta3, grad_W3=grad_W3, grad_b3=grad_b3, delta2=delta2,
             grad_W2=grad_W2, grad_b2=grad_b2, delta1=delta1, grad_W1=grad_W1, grad_b1=grad_b1)
of, by = loss, {"delta3": z3, "delta2": z2, "delta1": z1}
