"""Prediction of ROWS rows at a time by one peer, one thread: seconds a call (median of many) and a checksum.

    python predict.py PEER WORKLOAD.npz ROWS
"""
import json
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
import numpy as np  # noqa: E402

peer, path, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
file = np.load(path)
X = np.ascontiguousarray(file["X"][:rows], np.float32)
W = [file[f"W{l}"].astype(np.float32) for l in (1, 2)]
w1, b1, w2, b2 = W[0][:-1].copy(), W[0][-1].copy(), W[1][:-1].copy(), W[1][-1].copy()


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def by_numpy():
    return lambda: softmax(np.maximum(0, X @ w1 + b1) @ w2 + b2)


def sklearn_net():
    from sklearn.neural_network import MLPClassifier
    import warnings
    warnings.simplefilter("ignore")
    net = MLPClassifier((100,), max_iter=1, random_state=0).fit(file["X"].astype(np.float32), file["y"])
    net.coefs_, net.intercepts_ = [w1, w2], [b1, b2]
    return net


def by_sklearn():
    net = sklearn_net()
    return lambda: net.predict_proba(X)


def session():
    import onnxruntime
    from skl2onnx import to_onnx
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = to_onnx(sklearn_net(), X[:1], options={"zipmap": False})
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def by_onnxruntime():
    s = session()
    names = [o.name for o in s.get_outputs()]
    name = s.get_inputs()[0].name
    return lambda: s.run(names, {name: X})[-1]


def plain_graph():
    """MatMul, Add, Relu, MatMul, Add, Softmax: the leanest graph of this network."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
    nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["z1"]), helper.make_node("Relu", ["z1"], ["a1"]),
             helper.make_node("Gemm", ["a1", "w2", "b2"], ["z2"]), helper.make_node("Softmax", ["z2"], ["p"], axis=1)]
    constants = [numpy_helper.from_array(v, n) for v, n in ((w1, "w1"), (b1, "b1"), (w2, "w2"), (b2, "b2"))]
    graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 64])],
                              [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 10])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def by_binding():
    s = plain_graph()
    out = np.empty((rows, 10), np.float32)
    binding = s.io_binding()
    binding.bind_input("x", "cpu", 0, np.float32, X.shape, X.ctypes.data)
    binding.bind_output("p", "cpu", 0, np.float32, out.shape, out.ctypes.data)

    def call():
        s.run_with_iobinding(binding)
        return out
    return call


def by_torch():
    import torch
    torch.set_num_threads(1)
    tx, t = torch.from_numpy(X), [torch.from_numpy(v) for v in (w1, b1, w2, b2)]

    @torch.inference_mode()
    def call():
        return torch.softmax(torch.relu(tx @ t[0] + t[1]) @ t[2] + t[3], 1).numpy()
    return call


def by_jax():
    import jax
    import jax.numpy as jnp
    net = jax.jit(lambda x: jax.nn.softmax(jax.nn.relu(x @ w1 + b1) @ w2 + b2))
    device = jnp.asarray(X)
    return lambda: net(device).block_until_ready()


call = {"numpy": by_numpy, "sklearn": by_sklearn, "onnxruntime": by_onnxruntime,
        "onnxruntime-binding": by_binding, "torch": by_torch, "jax": by_jax}[peer]()
for _ in range(50):
    result = call()
times = []
calls = 200 if rows == 1 else 20
for _ in range(40):
    start = time.perf_counter()
    for _ in range(calls):
        result = call()
    times.append((time.perf_counter() - start) / calls)
# A checksum that no permutation of classes leaves alone.
total = float((np.asarray(result, np.float64) * np.arange(1, 11)).sum())
print(json.dumps(dict(seconds=[float(np.median(times))], loss=total)))
