"""Batch normalisation before tanh, no bias under it, backward step by step; squared error."""
import numpy as np
# data
rng = np.random.default_rng(34)
N = 8
X = rng.normal(size=(N, 4))
y = rng.normal(size=(N, 2))
W1 = rng.normal(size=(4, 3))
gamma, beta = rng.uniform(0.5, 1.5, size=(1, 3)), rng.normal(size=(1, 3))
W2, b2 = rng.normal(size=(3, 2)), rng.normal(size=(1, 2))
# forward
Z1 = X.dot(W1)
mean = np.mean(Z1, axis=0, keepdims=True)
variance = np.mean((Z1 - mean) ** 2, axis=0, keepdims=True)
std = np.sqrt(variance + 1e-8)
Z1_norm = (Z1 - mean) / std
Z1_tilde = gamma * Z1_norm + beta
A1 = np.tanh(Z1_tilde)
Z2 = A1.dot(W2) + b2
L = np.sum((Z2 - y) ** 2) / (2 * N)
# backward
dZ2 = (Z2 - y) / N
dW2 = A1.T.dot(dZ2)
db2 = np.sum(dZ2, axis=0, keepdims=True)
dA1 = dZ2.dot(W2.T)
dZ1_tilde = dA1 * (1 - A1 ** 2)
dgamma = np.sum(dZ1_tilde * Z1_norm, axis=0, keepdims=True)
dbeta = np.sum(dZ1_tilde, axis=0, keepdims=True)
dZ1_norm = dZ1_tilde * gamma
dvariance = np.sum(dZ1_norm * (Z1 - mean), axis=0, keepdims=True) * -0.5 / std ** 3
dmean = -np.sum(dZ1_norm, axis=0, keepdims=True) / std
dZ1 = dZ1_norm / std + dvariance * 2 * (Z1 - mean) / N + dmean / N
dW1 = X.T.dot(dZ1)
# saved
saved = dict(X=X, y=y, W1=W1, gamma=gamma, beta=beta, W2=W2, b2=b2, Z1=Z1, Z1_norm=Z1_norm, Z1_tilde=Z1_tilde, A1=A1,
             Z2=Z2, L=L, dZ2=dZ2, dW2=dW2, db2=db2, dA1=dA1, dZ1_tilde=dZ1_tilde, dgamma=dgamma, dbeta=dbeta,
             dZ1_norm=dZ1_norm, dZ1=dZ1, dW1=dW1)
of, by = L, {}
