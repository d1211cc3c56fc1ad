"""The case study's names: scores, dscores, dhidden, dW, dW2; masks set in place."""
import numpy as np
# data
rng = np.random.default_rng(15)
num_examples = 8
X = rng.normal(size=(num_examples, 2))
y = np.array([0, 1, 2, 0, 0, 1, 2, 0])
W, b = rng.normal(size=(2, 6)), rng.normal(size=(1, 6))
W2, b2 = rng.normal(size=(6, 3)), rng.normal(size=(1, 3))
reg = 0.05
# forward
hidden_layer = np.maximum(0, np.dot(X, W) + b)
scores = np.dot(hidden_layer, W2) + b2
exp_scores = np.exp(scores)
probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
correct_logprobs = -np.log(probs[range(num_examples), y])
data_loss = np.sum(correct_logprobs) / num_examples
reg_loss = 0.5 * reg * np.sum(W * W) + 0.5 * reg * np.sum(W2 * W2)
loss = data_loss + reg_loss
# backward
dscores = probs.copy()
dscores[range(num_examples), y] -= 1
dscores /= num_examples
dW2 = np.dot(hidden_layer.T, dscores)
db2 = np.sum(dscores, axis=0, keepdims=True)
dhidden = np.dot(dscores, W2.T)
dhidden[hidden_layer <= 0] = 0
dW = np.dot(X.T, dhidden)
db = np.sum(dhidden, axis=0, keepdims=True)
dW2 += reg * W2
dW += reg * W
# saved
saved = dict(X=X, y=y, W=W, b=b, W2=W2, b2=b2, reg=reg, hidden_layer=hidden_layer, scores=scores, probs=probs,
             loss=loss, dscores=dscores, dW2=dW2, db2=db2, dhidden=dhidden, dW=dW, db=db)
of, by = loss, {"dhidden": None}
