"""How people name and lay out their arrays: from a pass to the arrays of an npz file."""
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layout:
    name: str
    names: str                  # "notebook", "design" or "za"
    bias: str = "separate"      # "row": last row of W, "separate": an array of its own
    x_ones: bool = False        # X carries its column of ones
    h_ones: bool = False        # h12 carries its ones, dL_dh12 the bias column
    columns: bool = False       # samples are columns: X (D, N)
    out_in: bool = False        # W is (fan_out, fan_in)
    flat_bias: bool = True      # (H,), else (1, H) or, with samples as columns, (H, 1)


LAYOUTS = {l.name: l for l in [
    Layout("notebook", "notebook", "row", x_ones=True, h_ones=True),
    Layout("notebook-plain", "notebook", "row"),
    Layout("notebook-separate", "notebook"),
    Layout("design", "design"),
    Layout("design-1h", "design", flat_bias=False),
    Layout("za", "za", flat_bias=False),
    Layout("za-columns", "za", columns=True, out_in=True, flat_bias=False),
    Layout("notebook-columns", "notebook", columns=True, out_in=True, flat_bias=False),
    Layout("design-out-in", "design", out_in=True),
]}
SINGLE_LAYOUTS = ["notebook", "design", "notebook-separate", "za", "notebook-plain", "za-columns", "design-1h"]


def name_of(layout, canonical, n_layers):
    """The name in the file of a canonical one such as "dw2"; None where the layout has no such array."""
    kind, number = canonical.rstrip("0123456789"), canonical.lstrip("abcdefghijklmnopqrstuvwxyz_")
    if layout.bias == "row" and kind in ("b", "db"):
        kind = kind.replace("b", "w")
    L = n_layers
    if layout.names == "design":
        return kind + number
    if layout.names == "za":
        table = {"x": "X", "y": "y", "w": f"W{number}", "b": f"b{number}", "z": f"Z{number}", "a": f"A{number}",
                 "logits": f"Z{L}", "probs": f"A{L}", "dlogits": f"dZ{L}", "dw": f"dW{number}", "db": f"db{number}",
                 "da": f"dA{number}", "dz": f"dZ{number}"}
    else:
        table = {"x": "X", "y": "y", "w": f"W{number}", "b": f"b{number}", "z": f"h{number}1", "a": f"h{number}2",
                 "logits": "f", "dlogits": "dL_df", "dw": f"dL_dW{number}", "db": f"dL_db{number}",
                 "da": f"dL_dh{number}2", "dz": f"dL_dh{number}1"}
    return table.get(kind, kind)


def with_ones(a):
    return np.c_[a, np.ones(len(a), a.dtype)]


def stack(w, b):
    """W with the bias as last row (as last column where the product was transposed)."""
    return np.vstack([w, b]) if w.shape[1] == b.shape[-1] else np.c_[w, b]


def arrays(p, layout, given="stages", loss=True, inputs=True):
    """The arrays of a file, in the order of computation. given: "stages" or "gradients"."""
    probe, L, file = p.probe, p.L, {}

    def put(canonical, value):
        file[name_of(layout, canonical, L)] = value

    if inputs:
        put("x", with_ones(p.x) if layout.x_ones else p.x.T if layout.columns else p.x)
        put("y", p.y.T if layout.columns and p.y.ndim == 2 else p.y)
        for l in range(1, L + 1):
            put_parameters(put, layout, "", l, p.w[l], p.b[l], file)
        file["reg"] = np.asarray(p.reg, dtype=p.x.dtype)
    for name, value in p.stages.items():
        kind, l = name.rstrip("0123456789"), int(name.lstrip("abcdefghijklmnopqrstuvwxyz") or 0)
        if kind == "loss":
            if loss:
                put("loss", np.asarray(value))
        elif kind == "dw":
            put_parameters(put, layout, "d", l, value, p.stages[f"db{l}"], file)
        elif kind != "db" and given == "stages":
            if layout.h_ones and kind == "a":
                value = with_ones(value)
            if layout.h_ones and kind == "da" and not any(m.touches("da", l) for m in p.mistakes):
                value = np.c_[value, p.dz[l + 1] @ p.b[l + 1]]
            put(name, value.T if layout.columns else value)
    if inputs and probe.activation != "relu":
        file["activation"] = np.asarray(probe.activation)
    if inputs and probe.loss != "softmax":
        file["loss_name"] = np.asarray(probe.loss)
    return file


def put_parameters(put, layout, d, l, w, b, file):
    if layout.bias == "row":
        put(f"{d}w{l}", stack(w, b))
        return
    put(f"{d}w{l}", w.T if layout.out_in else w)
    b = np.asarray(b)
    if b.ndim == 1 and not layout.flat_bias:
        b = b[None, :]
    put(f"{d}b{l}", b.T if layout.columns else b)


def stage_names(file):
    """The names of a file's stages (values computed by the person), in the order of computation."""
    return [n for n in file if n not in ("X", "x", "y", "reg", "activation", "loss_name")
            and not (n[0] in "WwBb" and n[1:].isdigit())]
