"""A book's network: lists of weights and biases, nabla_b and nabla_w, one sample as a column, delta = a - y."""
import numpy as np
# data
rng = np.random.default_rng(17)
sizes = [4, 5, 3, 2]
x = rng.normal(size=(4, 1))
y = np.array([[1.0], [0.0]])
biases = [rng.normal(size=(h, 1)) for h in sizes[1:]]
weights = [rng.normal(size=(h, d)) for d, h in zip(sizes[:-1], sizes[1:])]
def sigmoid(z): return 1.0 / (1.0 + np.exp(-z))
def sigmoid_prime(z): return sigmoid(z) * (1 - sigmoid(z))
# forward
activation = x
activations = [x]
zs = []
for b, w in zip(biases, weights):
    z = np.dot(w, activation) + b
    zs.append(z)
    activation = sigmoid(z)
    activations.append(activation)
cost = 0.5 * np.sum((activations[-1] - y) ** 2)
# backward
nabla_b = [np.zeros(b.shape) for b in biases]
nabla_w = [np.zeros(w.shape) for w in weights]
delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
nabla_b[-1] = delta
nabla_w[-1] = np.dot(delta, activations[-2].transpose())
for l in range(2, len(sizes)):
    sp = sigmoid_prime(zs[-l])
    delta = np.dot(weights[-l + 1].transpose(), delta) * sp
    nabla_b[-l] = delta
    nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
# saved
saved = dict(x=x, y=y, cost=cost)
for l in range(3):
    saved |= {f"w{l + 1}": weights[l], f"b{l + 1}": biases[l], f"z{l + 1}": zs[l], f"a{l + 1}": activations[l + 1],
              f"nabla_b{l + 1}": nabla_b[l], f"nabla_w{l + 1}": nabla_w[l]}
of, by = cost, {f"nabla_b{l + 1}": zs[l] for l in range(3)}
