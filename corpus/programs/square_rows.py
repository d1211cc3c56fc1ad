"""Equal widths, rows, two sigmoid layers without biases, squared error summed."""
import numpy as np
# data
rng = np.random.default_rng(42)
X = rng.normal(size=(5, 5))
Y = rng.uniform(size=(5, 5))
W1, W2 = rng.normal(size=(5, 5)), rng.normal(size=(5, 5))
def s(v): return 1 / (1 + np.exp(-v))
# forward
Z1 = X @ W1
A1 = s(Z1)
Z2 = A1 @ W2
A2 = s(Z2)
E = 0.5 * np.sum(np.square(Y - A2))
# backward
dA2 = -(Y - A2)
dZ2 = dA2 * A2 * (1 - A2)
dW2 = A1.T @ dZ2
dA1 = dZ2 @ W2.T
dZ1 = dA1 * A1 * (1 - A1)
dW1 = X.T @ dZ1
# saved
saved = dict(X=X, Y=Y, W1=W1, W2=W2, Z1=Z1, A1=A1, Z2=Z2, A2=A2, E=E, dA2=dA2, dZ2=dZ2, dW2=dW2, dA1=dA1, dZ1=dZ1,
             dW1=dW1)
of, by = E, {}
