"""One peer on one workload: prints a line of JSON with its seconds and the loss it reached.

    python peer.py PEER WORKLOAD.npz PRECISION THREADS REPEATS

PEER is numpy, sklearn, torch, torch-compiled or jax.  The clock runs over training alone: imports,
compilation and data transfer are outside.  The loss is the mean data loss over all rows at the end.
"""
import json
import os
import sys
import time

peer, path, precision, threads, repeats = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = threads
if threads == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]}) if peer == "jax" else None

import numpy as np  # noqa: E402  after the thread counts

DTYPE = dict(f32=np.float32, f64=np.float64)[precision]
file = np.load(path)
X, y = file["X"].astype(DTYPE, copy=False), file["y"]
W = [file[f"W{l}"].astype(DTYPE) for l in range(1, len(file["sizes"]))]
n, k = len(y), W[-1].shape[1]
how = {key: file[key].item() for key in ("solver", "step_size", "reg", "penalize", "batch", "epochs")}
momentum = float(file["momentum"]) if "momentum" in file else 0.0
activation = str(file["activation"]) if "activation" in file else "relu"
batch = how["batch"] or n
orders = np.random.default_rng(1)
# Of one thread what the processor gave it: neighbours on the machine change it little.
clock = time.process_time if threads == "1" else time.perf_counter
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
SELU = 1.0507009873554805, 1.6732632423543772
ACTIVATE = dict(relu=lambda z: np.maximum(0, z), tanh=np.tanh, mish=lambda z: z * np.tanh(np.logaddexp(0, z)),
                selu=lambda z: SELU[0] * np.where(z > 0, z, SELU[1] * np.expm1(np.minimum(z, 0))))


def order():
    return orders.permutation(n) if how["batch"] else np.arange(n)


def data_loss(weights):
    total = 0.0
    for first in range(0, n, 10_000):
        a, classes = X[first:first + 10_000].astype(np.float64), y[first:first + 10_000]
        for w in weights[:-1]:
            a = ACTIVATE[activation](a @ w[:-1] + w[-1])
        z = a @ weights[-1][:-1] + weights[-1][-1]
        z -= z.max(1, keepdims=True)
        total += np.sum(np.log(np.exp(z).sum(1)) - z[np.arange(len(classes)), classes])
    return float(total / n)


def run_numpy():
    """The notebook's own lines, for any number of layers; biases apart from the weights as the field does."""
    assert activation == "relu"
    w, b = [v[:-1].copy() for v in W], [v[-1].copy() for v in W]
    m = [np.zeros_like(p) for p in w + b]
    v = [np.zeros_like(p) for p in w + b]
    step, reg = DTYPE(how["step_size"]), DTYPE(how["reg"])
    t = 0
    start = clock()
    for _ in range(how["epochs"]):
        rows = order() if how["batch"] else None
        for first in range(0, n, batch):
            xb, yb = (X, y) if rows is None else (X[rows[first:first + batch]], y[rows[first:first + batch]])
            a = [xb]
            for l in range(len(w) - 1):
                a.append(np.maximum(0, a[-1] @ w[l] + b[l]))
            f = a[-1] @ w[-1] + b[-1]
            probs = np.exp(f - f.max(1, keepdims=True))
            probs /= probs.sum(1, keepdims=True)
            # The loss of the step, as the notebook computes it every time.
            loss = -np.mean(np.log(probs[range(len(yb)), yb])) + reg / 2 * sum(np.sum(p * p) for p in w)
            dz = probs
            dz[range(len(yb)), yb] -= 1
            dz /= len(yb)
            dw, db = [None] * len(w), [None] * len(w)
            for l in reversed(range(len(w))):
                dw[l], db[l] = a[l].T @ dz + reg * w[l], dz.sum(0)
                if how["penalize"] == "all":
                    db[l] += reg * b[l]
                if l:
                    dz = dz @ w[l].T
                    dz[a[l] <= 0] = 0
            t += 1
            for i, (p, g) in enumerate(zip(w + b, dw + db)):
                if how["solver"] == "gd":
                    p -= step * g
                elif how["solver"] == "sgd":
                    m[i] = DTYPE(momentum) * m[i] - step * g
                    p += m[i]
                else:
                    m[i] += DTYPE(1 - BETA1) * (g - m[i])
                    v[i] += DTYPE(1 - BETA2) * (g * g - v[i])
                    rate = DTYPE(how["step_size"] * np.sqrt(1 - BETA2**t) / (1 - BETA1**t))
                    p -= rate * m[i] / (np.sqrt(v[i]) + DTYPE(EPSILON))
    seconds = clock() - start
    assert np.isfinite(loss)
    return seconds, [np.r_[p, q[None]] for p, q in zip(w, b)]


def run_sklearn():
    import warnings
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    warnings.simplefilter("ignore", ConvergenceWarning)
    solver = dict(gd="sgd").get(how["solver"], how["solver"])

    class Started(MLPClassifier):
        """Begins with the workload's weights."""

        def _init_coef(self, fan_in, fan_out, dtype):
            w = W[self._layer]
            self._layer += 1
            if fan_out == 1:  # of two classes it has the difference of the logits
                w = w[:, 1:] - w[:, :1]
            return w[:-1].copy(), w[-1].copy()

    net = Started([w.shape[1] for w in W[:-1]], activation=activation, solver=solver, learning_rate_init=how["step_size"], momentum=momentum,
                  nesterovs_momentum=False, batch_size=batch, alpha=how["reg"] * batch, max_iter=how["epochs"], tol=0,
                  n_iter_no_change=10**9, shuffle=bool(how["batch"]), random_state=0)
    net._layer = 0
    start = clock()
    net.fit(X, y)
    seconds = clock() - start
    weights = [np.r_[w, b[None]] for w, b in zip(net.coefs_, net.intercepts_)]
    if weights[-1].shape[1] < k:
        weights[-1] = np.c_[np.zeros_like(weights[-1]), weights[-1]]
    return seconds, weights


def run_torch():
    import torch
    torch.set_num_threads(int(threads))
    tx, ty = torch.from_numpy(X), torch.from_numpy(y)
    layers = []
    for w in W:
        layer = torch.nn.Linear(w.shape[0] - 1, w.shape[1], dtype=tx.dtype)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(w[:-1].T.copy()))
            layer.bias.copy_(torch.from_numpy(w[-1].copy()))
        layers += [layer, dict(relu=torch.nn.ReLU, tanh=torch.nn.Tanh, selu=torch.nn.SELU, mish=torch.nn.Mish)[activation]()]
    net = torch.nn.Sequential(*layers[:-1])
    biases, weights = [l.bias for l in net if hasattr(l, "bias")], [l.weight for l in net if hasattr(l, "weight")]
    groups = [dict(params=weights, weight_decay=how["reg"]),
              dict(params=biases, weight_decay=how["reg"] if how["penalize"] == "all" else 0.0)]
    if how["solver"] == "adam":
        optimiser = torch.optim.Adam(groups, lr=how["step_size"], betas=(BETA1, BETA2), eps=EPSILON, fused=True)
    else:
        optimiser = torch.optim.SGD(groups, lr=how["step_size"], momentum=momentum, fused=True)
    start = clock()
    for _ in range(how["epochs"]):
        rows = torch.from_numpy(order()) if how["batch"] else None
        for first in range(0, n, batch):
            xb, yb = (tx, ty) if rows is None else (tx[rows[first:first + batch]], ty[rows[first:first + batch]])
            optimiser.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(net(xb), yb)
            loss.backward()
            optimiser.step()
    seconds = clock() - start
    assert torch.isfinite(loss)
    return seconds, [np.r_[l.weight.detach().numpy().T, l.bias.detach().numpy()[None]] for l in net if hasattr(l, "bias")]


def run_torch_compiled():
    """The whole step in one graph: forward, backward and update are compiled together."""
    import torch
    torch.set_num_threads(int(threads))
    tx, ty = torch.from_numpy(X), torch.from_numpy(y)
    start_params = [torch.from_numpy(part.copy()) for w in W for part in (w[:-1], w[-1])]

    def loss_of(params, xb, yb):
        a = xb
        for l in range(0, len(params), 2):
            z = torch.addmm(params[l + 1], a, params[l])
            a = getattr(torch, activation)(z)
        penalized = params if how["penalize"] == "all" else params[::2]
        return torch.nn.functional.cross_entropy(z, yb) + how["reg"] / 2 * sum((p * p).sum() for p in penalized)

    @torch.compile(fullgraph=True, dynamic=False)
    def step(params, m, v, t, xb, yb):
        t += 1
        for p, g, m, v in zip(params, torch.func.grad(loss_of)(params, xb, yb), m, v):
            if how["solver"] == "adam":
                m.lerp_(g, 1 - BETA1)
                v.lerp_(g * g, 1 - BETA2)
                p -= how["step_size"] * torch.sqrt(1 - BETA2**t) / (1 - BETA1**t) * m / (v.sqrt() + EPSILON)
            else:
                m.mul_(momentum).sub_(how["step_size"] * g)
                p += m

    def begin():
        zeros = [[torch.zeros_like(p) for p in start_params] for _ in range(2)]
        return [p.clone() for p in start_params], *zeros, torch.zeros((), dtype=tx.dtype)

    with torch.no_grad():
        for size in {batch, n % batch or batch}:  # compilation, outside the clock
            step(*begin(), tx[:size], ty[:size])
        state = begin()
        start = clock()
        for _ in range(how["epochs"]):
            rows = torch.from_numpy(order()) if how["batch"] else None
            for first in range(0, n, batch):
                xb, yb = (tx, ty) if rows is None else (tx[rows[first:first + batch]], ty[rows[first:first + batch]])
                step(*state, xb, yb)
        seconds = clock() - start
    return seconds, [np.r_[w.numpy(), b.numpy()[None]] for w, b in zip(state[0][::2], state[0][1::2])]


def run_jax():
    import jax
    import jax.numpy as jnp
    jax.config.update("jax_enable_x64", precision == "f64")
    data, labels = jnp.asarray(X), jnp.asarray(y)
    params = [(jnp.asarray(w[:-1]), jnp.asarray(w[-1])) for w in W]
    reg, penalize_all = how["reg"], how["penalize"] == "all"

    def loss_of(params, xb, yb):
        a = xb
        for w, b in params[:-1]:
            a = getattr(jax.nn, activation)(a @ w + b)
        z = a @ params[-1][0] + params[-1][1]
        nll = jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, yb[:, None], 1)[:, 0]
        squares = sum(jnp.sum(w * w) + (jnp.sum(b * b) if penalize_all else 0) for w, b in params)
        return nll.mean() + reg / 2 * squares

    def step(carry, xb, yb):
        params, m, v, t = carry
        grads = jax.grad(loss_of)(params, xb, yb)
        t = t + 1
        tree = jax.tree_util.tree_map
        if how["solver"] == "gd":
            params = tree(lambda p, g: p - how["step_size"] * g, params, grads)
        elif how["solver"] == "sgd":
            m = tree(lambda m, g: momentum * m - how["step_size"] * g, m, grads)
            params = tree(lambda p, m: p + m, params, m)
        else:
            m = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, grads)
            v = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, grads)
            rate = how["step_size"] * jnp.sqrt(1 - BETA2**t) / (1 - BETA1**t)
            params = tree(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), params, m, v)
        return params, m, v, t

    zeros = jax.tree_util.tree_map(jnp.zeros_like, params)
    carry = (params, zeros, zeros, jnp.asarray(0.0, data.dtype))
    if not how["batch"]:
        def all_steps(carry):
            return jax.lax.fori_loop(0, how["epochs"], lambda _, c: step(c, data, labels), carry)
        run = jax.jit(all_steps).lower(carry).compile()  # outside the clock
    else:
        whole = n // batch

        @jax.jit
        def epoch(carry, rows):
            batches = rows[:whole * batch].reshape(whole, batch)
            carry, _ = jax.lax.scan(lambda c, r: (step(c, data[r], labels[r]), None), carry, batches)
            if n % batch:
                carry = step(carry, data[rows[whole * batch:]], labels[rows[whole * batch:]])
            return carry

        def run(carry):
            for _ in range(how["epochs"]):
                carry = epoch(carry, jnp.asarray(order()))
            return carry
        epoch(carry, jnp.arange(n))[3].block_until_ready()  # compilation, outside the clock
    start = clock()
    carry = run(carry)
    jax.block_until_ready(carry)
    seconds = clock() - start
    return seconds, [np.r_[np.asarray(w), np.asarray(b)[None]] for w, b in carry[0]]


RUN = {"numpy": run_numpy, "sklearn": run_sklearn, "torch": run_torch,
       "torch-compiled": run_torch_compiled, "jax": run_jax}
seconds, losses = [], []
for _ in range(repeats):
    spent, weights = RUN[peer]()
    seconds.append(spent)
    losses.append(data_loss([w.astype(np.float64) for w in weights]))
print(json.dumps(dict(seconds=seconds, loss=float(np.median(losses)))))
