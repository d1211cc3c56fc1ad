"""A list of dictionaries, one a layer, saved with the layer's number behind the name; sigmoid, cross-entropy, rows."""
import numpy as np
# data
rng = np.random.default_rng(56)
n = 8
X = rng.normal(size=(n, 3))
y = rng.integers(0, 2, size=(n, 1)).astype(float)
net = []
for d, k in [(3, 4), (4, 4), (4, 1)]:
    net.append({"w": None, "b": None})
    net[-1]["w"] = rng.normal(size=(d, k))
    net[-1]["b"] = rng.normal(size=(1, k))
# forward
signal = X
for layer in net:
    layer["z"] = signal @ layer["w"] + layer["b"]
    layer["a"] = 1 / (1 + np.exp(-layer["z"]))
    signal = layer["a"]
loss = -np.mean(y * np.log(signal) + (1 - y) * np.log(1 - signal))
# backward
for i in range(len(net) - 1, -1, -1):
    layer = net[i]
    if i == len(net) - 1:
        layer["dz"] = (layer["a"] - y) / n
    else:
        layer["da"] = net[i + 1]["dz"] @ net[i + 1]["w"].T
        layer["dz"] = layer["da"] * layer["a"] * (1 - layer["a"])
    before = net[i - 1]["a"] if i > 0 else X
    layer["dw"] = before.T @ layer["dz"]
    layer["db"] = layer["dz"].sum(axis=0, keepdims=True)
# saved
saved = dict(X=X, y=y, loss=loss)
for i, layer in enumerate(net, 1):
    saved |= {f"{key}{i}": value for key, value in layer.items()}
of, by = loss, {}
