"""Everything by einsum; bias apart, relu, squared error without a half, summed over outputs, meant over rows."""
import numpy as np
# data
rng = np.random.default_rng(54)
N = 6
X = rng.normal(size=(N, 3))
Y = rng.normal(size=(N, 2))
W1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
W2, b2 = rng.normal(size=(4, 2)), rng.normal(size=2)
# forward
Z1 = np.einsum("ni,ij->nj", X, W1) + b1
A1 = np.maximum(Z1, 0)
Y_pred = np.einsum("ni,ij->nj", A1, W2) + b2
loss = np.square(Y_pred - Y).sum(axis=1).mean()
# backward
grad_Y_pred = 2.0 * (Y_pred - Y) / N
grad_W2 = np.einsum("ni,nj->ij", A1, grad_Y_pred)
grad_b2 = np.einsum("nj->j", grad_Y_pred)
grad_A1 = np.einsum("nj,ij->ni", grad_Y_pred, W2)
grad_Z1 = grad_A1 * np.heaviside(Z1, 0)
grad_W1 = np.einsum("ni,nj->ij", X, grad_Z1)
grad_b1 = np.einsum("nj->j", grad_Z1)
# saved
saved = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, Z1=Z1, A1=A1, Y_pred=Y_pred, loss=loss, grad_Y_pred=grad_Y_pred,
             grad_W2=grad_W2, grad_b2=grad_b2, grad_A1=grad_A1, grad_Z1=grad_Z1, grad_W1=grad_W1, grad_b1=grad_b1)
of, by = loss, {}
