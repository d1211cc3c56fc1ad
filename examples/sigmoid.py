"""A network whose output is a sigmoid, trained on the squared error.  One line of its backward pass is wrong."""
import numpy as np

rng = np.random.default_rng(1)
X, y = rng.normal(size=(20, 4)), rng.integers(0, 2, size=(20, 1))
W1, b1 = rng.normal(size=(4, 6)), rng.normal(size=6)
W2, b2 = rng.normal(size=(6, 1)), rng.normal(size=1)

z1 = X @ W1 + b1                    # the input of tanh
a1 = np.tanh(z1)                    # its output
z2 = a1 @ W2 + b2                   # the input of the sigmoid
p = 1 / (1 + np.exp(-z2))           # its output
loss = np.mean((p - y) ** 2)

dp = 2 * (p - y) / y.size           # the derivative of the loss by p
dz2 = dp                            # by z2
dW2, db2 = a1.T @ dz2, dz2.sum(0)   # by W2 and b2
da1 = dz2 @ W2.T                    # by a1
dz1 = da1 * (1 - a1**2)             # by z1
dW1, db1 = X.T @ dz1, dz1.sum(0)    # by W1 and b1

np.savez("mine.npz", **{name: value for name, value in globals().items() if isinstance(value, np.ndarray | float)})
