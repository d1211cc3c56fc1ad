"""Writes the .mat files beside this script: `python make.py` (needs NumPy and SciPy)."""
import numpy as np
from scipy.io import savemat

X = np.arange(6.0).reshape(3, 2) / 4
W = np.array([[1.5, -2.0, 0.25], [0.0, 3.0, -1.0]])
plain = {"X": X, "y": np.array([[1], [2], [3]], dtype=np.int32), "W1": W, "J": 0.5, "single": W.astype(np.float32),
         "mask": W > 0, "activation": "relu"}
cell = np.empty((1, 2), dtype=object)
cell[0, 0], cell[0, 1] = W, W.T
layers = np.empty((1, 2), dtype=object)
layers[0, 0], layers[0, 1] = {"W": W, "b": W[:1]}, {"W": W.T, "b": W.T[:1]}
nested = {"X": X, "params": {"W1": W, "b1": W[:1]}, "grads": {"W1": 2 * W}, "A": cell, "layers": layers,
          "odd": np.array([1 + 2j, 3])}
savemat("level4.mat", {k: v for k, v in plain.items() if k not in ("mask",)}, format="4")
savemat("level5.mat", plain, do_compression=False)
savemat("level5_compressed.mat", plain, do_compression=True)
savemat("nested.mat", nested, do_compression=True)
