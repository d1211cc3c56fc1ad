"""A relu layer and softmax with the bias as last row and L2, the names of a notebook."""
import numpy as np
# data
rng = np.random.default_rng(14)
N = 9
X = np.append(rng.normal(size=(N, 2)), np.ones((N, 1)), axis=1)
y = np.array([0, 1, 2, 0, 1, 0, 2, 0, 1])
W1 = rng.normal(size=(3, 5))
W2 = rng.normal(size=(6, 3))
reg = 0.1
# forward
h11 = X.dot(W1)
h12 = np.append(np.maximum(0, h11), np.ones((N, 1)), axis=1)
f = h12.dot(W2)
exp_f = np.exp(f - f.max(axis=1, keepdims=True))
probs = exp_f / exp_f.sum(axis=1, keepdims=True)
loss = -np.log(probs[range(N), y]).mean() + 0.5 * reg * np.sum(W1 * W1) + 0.5 * reg * np.sum(W2 * W2)
# backward
dL_df = probs.copy()
dL_df[range(N), y] -= 1
dL_df /= N
dL_dW2 = h12.T.dot(dL_df) + reg * W2
dL_dh12 = dL_df.dot(W2.T)[:, :-1]
dL_dh11 = dL_dh12 * (h11 > 0)
dL_dW1 = X.T.dot(dL_dh11) + reg * W1
# saved
saved = dict(X=X, y=y, W1=W1, W2=W2, reg=reg, h11=h11, h12=h12, f=f, probs=probs, loss=loss, dL_df=dL_df,
             dL_dW2=dL_dW2, dL_dh12=dL_dh12, dL_dh11=dL_dh11, dL_dW1=dL_dW1)
hidden = np.maximum(0, h11)
of, by = loss, {"dL_dh12": None}
