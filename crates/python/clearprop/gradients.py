"""``clearprop.check``: a person's own gradient against the slope of their own loss."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass

import numpy as np

from . import _core


@dataclass(frozen=True)
class Tensor:
    """The verdict on one tensor.

    Attributes
    ----------
    name : str
        The key or number of the tensor.
    passed : bool
    error : float
        The largest difference, relative to the largest slope of the tensor.
    checked, kinks, size : int
        How many numbers were compared, how many have no slope (a kink of the loss), how many there are.
    worst : dict or None
        The number that is furthest off: ``index``, ``claimed``, ``numeric``, ``uncertainty``, ``step``.
    """

    name: str
    passed: bool
    error: float
    checked: int
    kinks: int
    size: int
    worst: dict | None


class Check:
    """What :func:`clearprop.check` found: ``passed``, ``tensors``, ``loss``."""

    def __init__(self, tensors, loss):
        self.tensors, self.loss = tensors, loss
        self.passed = all(tensor.passed for tensor in tensors)

    def __bool__(self):
        return self.passed

    def __repr__(self):
        return str(self)

    def __str__(self):
        from .text import of_check

        return of_check(self, shutil.get_terminal_size().columns, colour=False).rstrip()

    def _repr_html_(self):
        from .page import of_check

        return of_check(self)


def check(loss, params, grads=None, *, sample=20, tolerance=None, seed=0):
    """Compare your gradient with finite differences of your loss, every tensor.

    Parameters
    ----------
    loss : callable
        ``loss(params)`` gives the loss and its gradient, ``(loss, grads)``; the loss alone where ``grads`` is given.
        It must give the same loss for the same parameters: switch dropout off, or fix its seed.
    params : array, dict, list or tuple of arrays
        Where to check.  NumPy arrays, or tensors of PyTorch or JAX; they are left as they are.
    grads : callable or like params, optional
        The gradient, or a function of params that gives it.
    sample : int or None, default=20
        How many numbers of each tensor are checked, the largest derivative among them; None for all.
    tolerance : float, optional
        Error allowed, relative to the largest slope of the tensor: 1e-6, or 1e-2 in single precision.
    seed : int, default=0
        Chooses the sample.

    Returns
    -------
    Check
        True where every tensor is right; printed, it is a table.

    Raises
    ------
    ValueError
        A gradient that is missing, of another shape, or a loss that is no number.

    Notes
    -----
    Central differences with steps that go down until two agree.  A kink (a rectifier's input passing 0) has no slope:
    the slopes on both sides stay apart however small the step is, and such numbers are counted, not judged.
    Source: cs231n, *neural networks 3*, "Gradient checks".

    Examples
    --------
    >>> import numpy as np, clearprop
    >>> def loss(p):
    ...     return (p["w"] ** 2).sum() + p["b"], {"w": 2 * p["w"], "b": 1.0}
    >>> bool(clearprop.check(loss, {"w": np.ones((2, 3)), "b": 0.5}))
    True
    """
    entries = _entries(params)
    if not entries:
        raise ValueError("params has no array; give an array, or a dict or list of arrays")
    own = [_numpy(value) for _, value in entries]
    single = any(value.dtype.itemsize < 8 and value.dtype.kind == "f" for value in own)
    # NumPy computes in double precision once it is given double precision; a framework keeps its own.
    arrays = all(isinstance(value, (np.ndarray, np.generic, float, int)) for _, value in entries)
    doubled = single and arrays
    single = single and not arrays
    flats = [np.array(value, dtype=np.float64).ravel() for value in own]

    def with_values(changed):
        values = [
            _like(value, flat.reshape(np.shape(array)), doubled) for (_, value), array, flat in zip(entries, own, changed)
        ]
        return _rebuilt(params, values)

    answer = loss(with_values(flats))
    if grads is None:
        if not (isinstance(answer, tuple) and len(answer) == 2):
            raise ValueError("loss(params) must give (loss, grads); or give the gradient as grads=")
        answer, grads = answer
    elif callable(grads):
        grads = grads(with_values(flats))
    first = _scalar(answer)
    claims = _claims(grads, entries, own, params)
    precision = float(np.finfo(np.float32 if single else np.float64).eps)
    tolerance = (1e-2 if single else 1e-6) if tolerance is None else tolerance
    random = np.random.default_rng(seed)
    tensors = []
    for nth, ((name, _), array, claim) in enumerate(zip(entries, own, claims)):

        def at(place, value, nth=nth):
            changed = [flat.copy() if i == nth else flat for i, flat in enumerate(flats)]
            changed[nth][place] = value
            answer = loss(with_values(changed))
            return _scalar(answer[0] if isinstance(answer, tuple) else answer)

        places = np.arange(claim.size)
        if sample is not None and claim.size > sample:
            places = random.choice(claim.size, max(sample, 1), replace=False)
            places = np.union1d(places, [np.abs(claim).argmax()])
        said = _core.check_tensor(
            name, at, flats[nth], claim, places.tolist(), list(np.shape(array)), precision, float(tolerance)
        )
        said = json.loads(said)
        error = np.inf if said["error"] is None else said["error"]
        tensors.append(
            Tensor(name, said["passed"], error, said["checked"], said["kinks"], said["size"], said["worst"])
        )
    return Check(tensors, first)


def _entries(params):
    if isinstance(params, dict):
        return [(str(key), value) for key, value in params.items()]
    if isinstance(params, (list, tuple)):
        return [(f"[{i}]", value) for i, value in enumerate(params)]
    return [("params", params)]


def _rebuilt(params, values):
    if isinstance(params, dict):
        return dict(zip(params, values))
    if isinstance(params, tuple) and hasattr(params, "_fields"):
        return type(params)(*values)
    if isinstance(params, (list, tuple)):
        return type(params)(values)
    return values[0]


def _numpy(value):
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"params holds {type(value).__name__}, an array of numbers is needed")
    return array


def _like(value, numbers, doubled):
    """Numbers as the person's kind of array."""
    if hasattr(value, "detach") and hasattr(value, "new_tensor"):
        return value.new_tensor(numbers).requires_grad_(value.requires_grad)
    if isinstance(value, (float, int, np.generic)):
        return float(numbers)
    if isinstance(value, np.ndarray):
        return numbers if doubled or value.dtype.kind != "f" else numbers.astype(value.dtype)
    # JAX arrays, and whatever else has a namespace that makes arrays.
    namespace = value.__array_namespace__() if hasattr(value, "__array_namespace__") else np
    return namespace.asarray(numbers, dtype=value.dtype)


def _claims(grads, entries, own, params):
    """The claimed derivatives of each tensor, flat: by the same key (or d + key), or in the same order."""
    if isinstance(params, dict):
        if not isinstance(grads, dict):
            raise ValueError(f"params is a dict, grads a {type(grads).__name__}; give a dict with the same keys")
        keys = [[key, f"d{key}", f"dL_d{key}", f"grad_{key}"] for key in params]
        missing = [names[0] for names in keys if not any(name in grads for name in names)]
        if missing:
            raise ValueError(f"grads has nothing for {', '.join(map(str, missing))}; found: {', '.join(map(str, grads))}")
        values = [next(grads[name] for name in names if name in grads) for names in keys]
    elif isinstance(params, (list, tuple)):
        values = list(grads) if isinstance(grads, (list, tuple)) else [grads]
        if len(values) != len(own):
            raise ValueError(f"{len(own)} params, {len(values)} grads")
    else:
        values = [grads]
    claims = []
    for (name, _), array, value in zip(entries, own, values):
        claim = np.asarray(_numpy(value), dtype=np.float64)
        if claim.shape != array.shape and claim.size == array.size == 1:
            claim = claim.reshape(array.shape)
        if claim.shape != array.shape:
            raise ValueError(
                f"the gradient of {name} has shape {claim.shape}, {name} {array.shape}: a derivative has the shape of"
                " its variable"
            )
        claims.append(claim.ravel())
    return claims


def _scalar(value):
    value = _numpy(value)
    if value.size != 1 or not np.isfinite(value).all():
        raise ValueError(f"the loss must be one finite number, found {value if value.size < 5 else value.shape}")
    return float(value.reshape(()))
