"""Linear regression: theta with its constant first, J with 1 / (2 m)."""
import numpy as np
# data
rng = np.random.default_rng(38)
m = 10
X = np.column_stack([np.ones(m), rng.normal(size=(m, 3))])
y = rng.normal(size=(m, 1))
theta = rng.normal(size=(4, 1))
# forward
h = X @ theta
J = np.sum((h - y) ** 2) / (2 * m)
# backward
grad = X.T @ (h - y) / m
# saved
saved = dict(X=X, y=y, theta=theta, h=h, J=J, grad=grad)
of, by = J, {"grad": theta}
