"""The NumPy version of a framework's tutorial: h, h_relu, y_pred, grad_h; no biases, the loss is a plain sum."""
import numpy as np
# data
rng = np.random.default_rng(55)
N, D_in, H, D_out = 6, 4, 5, 3
x = rng.normal(size=(N, D_in))
y = rng.normal(size=(N, D_out))
w1 = rng.normal(size=(D_in, H))
w2 = rng.normal(size=(H, D_out))
# forward
h = x.dot(w1)
h_relu = np.maximum(h, 0)
y_pred = h_relu.dot(w2)
loss = np.square(y_pred - y).sum()
# backward
grad_y_pred = 2.0 * (y_pred - y)
grad_w2 = h_relu.T.dot(grad_y_pred)
grad_h_relu = grad_y_pred.dot(w2.T)
grad_h = grad_h_relu.copy()
grad_h[h < 0] = 0
grad_w1 = x.T.dot(grad_h)
# saved
saved = dict(x=x, y=y, w1=w1, w2=w2, h=h, h_relu=h_relu, y_pred=y_pred, loss=loss, grad_y_pred=grad_y_pred,
             grad_w2=grad_w2, grad_h_relu=grad_h_relu, grad_h=grad_h, grad_w1=grad_w1)
of, by = loss, {}
