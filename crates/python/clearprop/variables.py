"""A person's variables as named arrays.

What is a number, an array (NumPy's, or anything that gives one: tensors of PyTorch and JAX, tables of pandas and
polars), or a container of such (dict, list, tuple, an object's attributes) is found; everything else is passed over.

An array deep in a container gets two names: the expression that a person would write, ``grads["dW1"]``, and a short
one, ``dW1``, from which its meaning is read.  Lists count from 1: ``W[0]`` is ``W1``, unless ``W[0]`` is None.
"""

from __future__ import annotations

import sys
import types
from numbers import Number

import numpy as np

_MOST = 1000
_DEEPEST = 6
_LARGEST = 20_000_000
_OF_A_NOTEBOOK = {"In", "Out", "exit", "quit", "get_ipython"}


class Found:
    """One array: the expression, the short name, the numbers, and how they are stored."""

    __slots__ = ("expression", "name", "value", "kind", "depth", "origin")

    def __init__(self, expression, name, value, kind, depth, origin):
        self.expression, self.name, self.value, self.kind = expression, name, value, kind
        self.depth, self.origin = depth, origin


def of_frame(frame):
    """The variables of a running function, and the global ones that it uses; or those of a cell or a script."""
    code = frame.f_code
    variables = {k: v for k, v in frame.f_locals.items() if not k.startswith("_") and k not in _OF_A_NOTEBOOK}
    if code.co_name != "<module>" and frame.f_locals is not frame.f_globals:
        used = {name: frame.f_globals[name] for name in code.co_names if name in frame.f_globals}
        variables = {**{k: v for k, v in used.items() if as_array(v) is not None}, **variables}
    return variables


def named(variables):
    """Every array in these variables, each once, by unique short names."""
    leaves = []
    for name, value in variables.items():
        _walk(value, str(name), [str(name)], 0, leaves, set())
        if len(leaves) > 4 * _MOST:
            break
    leaves.sort(key=lambda leaf: leaf.depth)
    found, seen = {}, set()
    for leaf in leaves:
        # What a cache holds is what was named before it was put there.
        if leaf.depth and np.ndim(leaf.origin) and id(leaf.origin) in seen:
            continue
        seen.add(id(leaf.origin))
        other = found.get(leaf.name)
        if other is None:
            found[leaf.name] = leaf
        elif not _same(other, leaf):
            leaf.name = _unique("".join(c if c.isalnum() else "_" for c in leaf.expression).strip("_"), found)
            found[leaf.name] = leaf
    if len(found) > _MOST:
        raise ValueError(f"found {len(found)} arrays, {_MOST} at most are read; name those of one pass")
    return list(found.values())


def _unique(name, taken):
    while name in taken:
        name += "_"
    return name


def _same(one, other):
    if "word" in (one.kind, other.kind):
        return one.value is other.value
    return one.kind == other.kind and np.array_equal(one.value, other.value, equal_nan=True)


def _walk(value, expression, way, depth, leaves, open_):
    if id(value) in open_ or depth > _DEEPEST or len(leaves) > 4 * _MOST:
        return
    if isinstance(value, str):
        # The name of an activation or a loss.
        if len(value) <= 20:
            leaves.append(Found(expression, _short(way), value, "word", depth, value))
        return
    array = as_array(value)
    if array is not None:
        leaves.append(Found(expression, _short(way), *array, depth, value))
        return
    inner = _inside(value, expression)
    if inner is None:
        return
    open_ = open_ | {id(value)}
    for step, text, one in inner:
        _walk(one, text, [*way, step], depth + 1, leaves, open_)


def _inside(value, expression):
    """(step of the way, expression, value) of everything in a container; None if it is none."""
    if isinstance(value, dict):
        keys = [key for key in value if isinstance(key, (str, int))]
        numbers = [key for key in keys if isinstance(key, int)]
        first = 0 if numbers and min(numbers) == 0 else 1
        return [
            (key if isinstance(key, str) else key + 1 - first, f"{expression}[{_quoted(key)}]", value[key])
            for key in keys
        ]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(name, f"{expression}.{name}", getattr(value, name)) for name in value._fields]
    if isinstance(value, (list, tuple)):
        # W = [None, W1, W2] counts as its layers do.
        first = 0 if len(value) > 1 and (value[0] is None or isinstance(value[0], (list, tuple)) and not value[0]) else 1
        return [(i + first, f"{expression}[{i}]", one) for i, one in enumerate(value)]
    if _is_own(value):
        return [(k, f"{expression}.{k}", v) for k, v in _attributes(value).items() if not k.startswith("__")]
    return None


def _quoted(key):
    return '"' + key + '"' if isinstance(key, str) and '"' not in key and "\\" not in key else repr(key)


def _attributes(value):
    slots = {}
    for cls in type(value).__mro__:
        for name in getattr(cls, "__slots__", ()):
            if isinstance(name, str) and hasattr(value, name):
                slots[name] = getattr(value, name)
    return {**slots, **getattr(value, "__dict__", {})}


def _is_own(value):
    """Whether it is an object of a person's own class, and no library's."""
    cls = type(value)
    if isinstance(value, (type, types.ModuleType, types.FunctionType, types.MethodType, str, bytes, Number)):
        return False
    home = cls.__module__
    if home == "__main__" or isinstance(value, types.SimpleNamespace):
        return True
    if home.partition(".")[0] in {*sys.stdlib_module_names, "builtins", __package__}:
        return False
    file = getattr(sys.modules.get(home), "__file__", None) or ""
    return bool(file) and "site-packages" not in file and "dist-packages" not in file


def _short(way):
    """The last word on the way with the numbers after it, or else those before: ``layers[0].b`` is ``b1``."""
    last = max(i for i, step in enumerate(way) if isinstance(step, str))
    word, after = way[last], [str(step) for step in way[last + 1 :]]
    if after or word[-1:].isdigit():
        return word + "_".join(after)
    return word + "_".join(str(step) for step in way[:last] if isinstance(step, int))


def as_array(value):
    """(float64 array, how it was stored), or None for what is no array of numbers."""
    if isinstance(value, (bool, int, float)):
        return np.asarray(float(value)), "double" if isinstance(value, float) else "whole"
    if isinstance(value, (str, bytes, complex, dict, type, types.ModuleType)):
        return None
    if isinstance(value, (list, tuple)):
        return _of_numbers(value)
    if not isinstance(value, (np.ndarray, np.generic)):
        value = _asked(value)
        if value is None:
            return None
    return _plain(np.asarray(value))


def _asked(value):
    """An array from what can give one without being imported here."""
    try:
        if hasattr(value, "detach") and hasattr(value, "cpu"):  # PyTorch
            value = value.detach().cpu()
            return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
        if hasattr(value, "to_numpy"):  # pandas, polars
            return value.to_numpy()
        if hasattr(value, "__array__"):  # JAX, TensorFlow and others
            return np.asarray(value)
    except Exception:  # noqa: BLE001  (whatever a stranger's class raises, it is no array)
        pass
    return None


def _plain(value):
    kind, size = value.dtype.kind, value.dtype.itemsize
    if value.dtype == object and 0 < value.size <= _LARGEST:
        try:
            value = value.astype(float)
        except (TypeError, ValueError):
            return None
        kind, size = "f", 8
    if kind not in "fiub" and value.dtype.name != "bfloat16" or value.size > _LARGEST:
        return None
    stored = "whole" if kind in "iub" else "double" if size >= 8 else "single"
    return np.array(value, dtype=np.float64, order="C"), stored


def _of_numbers(value):
    """A list of numbers, or of rows of numbers; a list of arrays is a container."""
    if not value:
        return None
    flat = value
    while isinstance(flat, (list, tuple)):
        if not flat:
            return None
        flat = flat[0]
    if not isinstance(flat, (bool, int, float, np.number)) or isinstance(flat, complex):
        return None
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return _plain(array) if array.dtype.kind in "fiub" else None
