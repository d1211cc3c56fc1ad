import numpy as np

rng = np.random.default_rng(0)
X = np.c_[rng.normal(size=(6, 2)), np.ones(6)]             # the data, and a column of ones for the bias
y = rng.integers(0, 3, size=6)
W1, W2, reg = rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), 0.1

h11 = X @ W1                                               # z1 = h11, the INPUT of the ReLU
h12 = np.c_[np.maximum(0, h11), np.ones(6)]                # a1 = h12, its OUTPUT, and a column of ones
f = h12 @ W2                                               # z2 = f, the INPUT of the softmax
probs = np.exp(f) / np.exp(f).sum(axis=1, keepdims=True)   # its OUTPUT
loss = -np.log(probs[range(6), y]).mean() + reg / 2 * ((W1**2).sum() + (W2**2).sum())

dL_df = (probs - np.eye(3)[y]) / 6                         # by f,   the INPUT of the softmax
dL_dW2 = h12.T @ dL_df + reg * W2                          # by W2
dL_dh12 = dL_df @ W2.T                                     # by h12, the OUTPUT of the ReLU
dL_dh11 = dL_dh12[:, :-1] * (h11 > 0)                      # by h11, the INPUT of the ReLU
dL_dW1 = X.T @ dL_dh11 + reg * W1                          # by W1
