"""Runs the lines that a diagnosis prints."""
import contextlib
import io

import numpy as np


def value_of(line, name, arrays, names=()):
    """The value that a line gives to this name, or None where it does not run.  `names`: what letters of the answer are
    called in the file, or made of."""
    space = {"np": np} | {k: v.copy() if isinstance(v, np.ndarray) and v.ndim else v for k, v in arrays.items()}
    try:
        for letter, what in names:
            if letter.isidentifier() and letter not in space:
                space[letter] = eval(what, space)
        given = space.pop(name, None)
        try:
            return run(line, name, dict(space))
        except NameError:                   # it changes what is there
            return run(line, name, {**space, name: given})
    except Exception:
        return None


def run(line, name, space):
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        exec(line, space)
    return space.get(name)


def same(a, b, tolerance=1e-6):
    """Whether two arrays of one shape (or two single numbers) hold the same finite numbers, relative to the largest."""
    try:
        a, b = np.asarray(a, float), np.asarray(b, float)
    except (TypeError, ValueError):
        return False
    if a.shape != b.shape:
        if a.size != 1 or b.size != 1:
            return False
        a, b = a.ravel(), b.ravel()
    return bool(np.all(np.isfinite(a))) and float(np.max(np.abs(a - b), initial=0)) <= tolerance * max(float(np.max(np.abs(b), initial=0)), 1e-300)
