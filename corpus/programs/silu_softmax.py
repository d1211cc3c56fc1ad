"""SiLU (swish) and softmax with class numbers, a penalty of lambda times the square without a half."""
import numpy as np
# data
rng = np.random.default_rng(22)
N = 8
X = rng.normal(size=(N, 3))
y = np.array([1, 0, 2, 1, 1, 2, 0, 1])
W1, b1 = rng.normal(size=(3, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 3)), rng.normal(size=3)
lam = 0.02
def sig(v): return 1 / (1 + np.exp(-v))
# forward
Z1 = X @ W1 + b1
A1 = Z1 * sig(Z1)
logits = A1 @ W2 + b2
P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
loss = -np.log(P[np.arange(N), y]).sum() / N + lam * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
# backward
dlogits = P.copy()
dlogits[np.arange(N), y] -= 1
dlogits = dlogits / N
dW2 = A1.T @ dlogits + 2 * lam * W2
db2 = dlogits.sum(0)
dA1 = dlogits @ W2.T
dZ1 = dA1 * (sig(Z1) + A1 * (1 - sig(Z1)))
dW1 = X.T @ dZ1 + 2 * lam * W1
db1 = dZ1.sum(0)
# saved
saved = dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, lam=lam, Z1=Z1, A1=A1, logits=logits, P=P, loss=loss,
             dlogits=dlogits, dW2=dW2, db2=db2, dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
of, by = loss, {}
