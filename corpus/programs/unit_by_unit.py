"""Loops over units and inputs with single numbers, as in a first program in another language; one sample."""
import numpy as np
# data
rng = np.random.default_rng(58)
x = rng.normal(size=3)
target = rng.uniform(size=2)
W1, b1 = rng.normal(size=(4, 3)), rng.normal(size=4)
W2, b2 = rng.normal(size=(2, 4)), rng.normal(size=2)
def sigmoid(v): return 1 / (1 + np.exp(-v))
# forward
hidden = np.zeros(4)
for j in range(4):
    total = b1[j] * 1.0
    for i in range(3):
        total = total + W1[j, i] * x[i]
    hidden[j] = sigmoid(total)
output = np.zeros(2)
for k in range(2):
    total = b2[k] * 1.0
    for j in range(4):
        total = total + W2[k, j] * hidden[j]
    output[k] = sigmoid(total)
error = 0.5 * np.sum((target - output) ** 2)
# backward
dW1, db1, dW2, db2 = np.zeros((4, 3)), np.zeros(4), np.zeros((2, 4)), np.zeros(2)
for k in range(2):
    db2[k] = (output[k] - target[k]) * output[k] * (1 - output[k])
    for j in range(4):
        dW2[k, j] = db2[k] * hidden[j]
for j in range(4):
    back = 0.0
    for k in range(2):
        back = back + db2[k] * W2[k, j]
    db1[j] = back * hidden[j] * (1 - hidden[j])
    for i in range(3):
        dW1[j, i] = db1[j] * x[i]
# saved
saved = dict(x=x, target=target, W1=W1, b1=b1, W2=W2, b2=b2, hidden=hidden, output=output, error=error, dW1=dW1, db1=db1,
             dW2=dW2, db2=db2)
of, by = error, {}
