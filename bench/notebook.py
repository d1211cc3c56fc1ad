"""The notebook as a Python 3 script, import and pictures included.

    python notebook.py FOLDER

Its lines as they stand, with print and range in today's spelling, plots written to FOLDER instead of shown.
"""
import sys

import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402

plt.rcParams["figure.figsize"] = (10.0, 8.0)
folder = sys.argv[1]


def generate_data(N, K):
    D = 2
    X = np.zeros((N * K, D))
    y = np.zeros(N * K, dtype="uint8")
    for j in range(K):
        ix = range(N * j, N * (j + 1))
        r = np.linspace(0.0, 1, N)
        t = np.linspace(j * 8, (j + 1) * 8, N) + np.random.randn(N) * 0.2
        X[ix] = np.c_[r * np.sin(t), r * np.cos(t)]
        y[ix] = j
    plt.scatter(X[:, 0], X[:, 1], c=y, s=40, cmap=plt.cm.Spectral)
    plt.xlim([-1, 1])
    plt.ylim([-1, 1])
    plt.savefig(f"{folder}/notebook-data.png")
    return X, y


def initialize(num_inputs, num_hidden):
    W1 = np.random.randn(num_inputs + 1, num_hidden) * np.sqrt(2.0 / num_inputs + 1)
    W2 = np.random.randn(num_hidden + 1, num_classes) * np.sqrt(2.0 / (num_hidden + 1))
    return W1, W2


def forw_prop(X, W1, W2):
    h11 = X.dot(W1)
    h12 = np.maximum(0, h11)
    h12 = np.c_[h12, np.ones(h12.shape[0])]
    f = h12.dot(W2)
    probs = np.exp(f)
    prob_sums = probs.sum(axis=1, keepdims=True)
    probs /= prob_sums
    return probs, h11, h12


def calc_loss(probs, y, W1, W2, reg):
    data_loss = -np.mean(np.log(probs[range(y.shape[0]), y]))
    reg_loss = reg * 0.5 * (np.sum(W1 * W1) + np.sum(W2 * W2))
    return data_loss + reg_loss


def back_prop(probs, X, y, h11, h12, W1, W2, reg):
    dL_df = probs
    dL_df[range(y.shape[0]), y] -= 1
    dL_df /= num_train
    dL_dW2 = h12.T.dot(dL_df) + reg * W2
    dL_dh12 = dL_df.dot(W2.T)
    dL_dh11 = dL_dh12[:, :-1]
    dL_dh11[h11 < 0] = 0
    dL_dW1 = X.T.dot(dL_dh11) + reg * W1
    return dL_dW1, dL_dW2


def accuracy(X, y, W1, W2):
    h = np.maximum(0, X.dot(W1))
    h = np.c_[h, np.ones(h.shape[0])]
    f = h.dot(W2)
    return np.mean(np.argmax(f, axis=1) == y)


reg = 0.001
step_size = 0.1
num_hidden = 200
data_per_class = 300
num_classes = 3
X, y = generate_data(data_per_class, num_classes)
num_inputs = X.shape[1]
W1, W2 = initialize(num_inputs, num_hidden)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33)
num_train = X_train.shape[0]
num_test = X_test.shape[0]
X_train = np.c_[X_train, np.ones(num_train)]
X_test = np.c_[X_test, np.ones(num_test)]

for i in range(5001):
    probs, h11, h12 = forw_prop(X_train, W1, W2)
    loss = calc_loss(probs, y_train, W1, W2, reg)
    dW1, dW2 = back_prop(probs, X_train, y_train, h11, h12, W1, W2, reg)
    W1 -= step_size * dW1
    W2 -= step_size * dW2
    if i % 500 == 0:
        print("Step %4d. Loss=%.3f, train accuracy=%.5f" % (i, loss, accuracy(X_train, y_train, W1, W2)))
print("Test accuracy=%.5f" % accuracy(X_test, y_test, W1, W2))

h = 0.02
x_min, x_max = X_test[:, 0].min() - 1, X_test[:, 0].max() + 1
y_min, y_max = X_test[:, 1].min() - 1, X_test[:, 1].max() + 1
xx, yy = np.meshgrid(np.arange(x_min, x_max, h), np.arange(y_min, y_max, h))
h = np.maximum(0, np.dot(np.c_[xx.ravel(), yy.ravel(), np.ones(xx.ravel().shape)], W1))
h = np.c_[h, np.ones(h.shape[0])]
Z = np.argmax(np.dot(h, W2), axis=1).reshape(xx.shape)
fig = plt.figure()
plt.contourf(xx, yy, Z, cmap=plt.cm.Spectral, alpha=0.8)
plt.scatter(X[:, 0], X[:, 1], c=y, s=40, cmap=plt.cm.Spectral)
plt.xlim(xx.min(), xx.max())
plt.ylim(yy.min(), yy.max())
plt.savefig(f"{folder}/notebook-boundary.png")
