"""The exercise of handwritten digits: Theta with the bias first, K sigmoids, a1 is the input, lambda / (2 m)."""
import numpy as np
# data
rng = np.random.default_rng(29)
m, K = 9, 3
X = rng.normal(size=(m, 4))
y = np.array([1, 2, 3, 1, 2, 3, 1, 2, 1])
Theta1 = rng.normal(size=(5, 5))
Theta2 = rng.normal(size=(3, 6))
lambda_ = 0.3
Y = np.eye(K)[y - 1]
def sigmoid(z): return 1 / (1 + np.exp(-z))
# forward
a1 = np.hstack([np.ones((m, 1)), X])
z2 = a1 @ Theta1.T
a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])
z3 = a2 @ Theta2.T
a3 = sigmoid(z3)
J = -np.sum(Y * np.log(a3) + (1 - Y) * np.log(1 - a3)) / m
J = J + lambda_ / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))
# backward
delta3 = a3 - Y
delta2 = delta3 @ Theta2[:, 1:] * sigmoid(z2) * (1 - sigmoid(z2))
Theta2_grad = delta3.T @ a2 / m
Theta1_grad = delta2.T @ a1 / m
Theta2_grad[:, 1:] += lambda_ / m * Theta2[:, 1:]
Theta1_grad[:, 1:] += lambda_ / m * Theta1[:, 1:]
# saved
saved = dict(X=X, y=y, Y=Y, Theta1=Theta1, Theta2=Theta2, lambda_=lambda_, a1=a1, z2=z2, a2=a2, z3=z3, a3=a3, J=J,
             delta3=delta3, delta2=delta2, Theta2_grad=Theta2_grad, Theta1_grad=Theta1_grad)
of, by = J, {"delta3": (z3, m), "delta2": (z2, m), "Theta1_grad": Theta1, "Theta2_grad": Theta2}
