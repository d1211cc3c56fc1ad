"""For learners and their teachers: ``trace``, ``explain``, ``probe``, ``spirals``, ``grade``."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from . import _core


def spirals(points=300, classes=3, *, turns=8.0, noise=0.2, seed=0):
    """The notebook's data: ``classes`` arms of a spiral with ``points`` points each.

    Parameters
    ----------
    points, classes : int
    turns : float
        How far an arm turns, in radians (cs231n: 4).
    noise : float
        Standard deviation of the angle, in radians.
    seed : int

    Returns
    -------
    X : ndarray of shape (points * classes, 2)
    y : ndarray of shape (points * classes,)
        The number of each point's arm.

    Notes
    -----
    Source: cs231n, *neural networks case study*.
    """
    return _core.spirals(points, classes, turns, noise, seed)


def probe(path=None, *, seed=0):
    """Inputs on which no mistake can hide: ``X`` (its last column is ones), ``y``, ``W1``, ``W2``, ``reg``.

    Parameters
    ----------
    path : str or path, optional
        A file ``probe.npz``; beside it a program ``probe.py`` with holes to fill in is written.
    seed : int

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileExistsError
        The program is there already: it may hold a person's own lines.
    """
    arrays = _core.good_probe(seed)
    if path is not None:
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"{path} is not called .npz; write clearprop.probe('probe.npz')")
        program = path.with_suffix(".py")
        if program.exists():
            raise FileExistsError(f"{program} is there already, and may hold your own lines; choose another name")
        np.savez(path, **arrays)
        program.write_text(_core.probe_program(path.name, "mine.npz"), encoding="utf-8")
    return arrays


class Explanation(str):
    """A text that shows itself as it is."""

    def __repr__(self):
        return str(self)


def explain(what=None):
    """A stage of a training step, or a mistake by its number, in words.

    Parameters
    ----------
    what : str or int, optional
        A stage (``"dz"``), a quantity (``"dL_dh11"``, ``"dz1"``), or the number of a mistake; without it, all stages.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Nothing has this name or number.
    """
    if what is None:
        lines = [f"{name:<9} {_core.stage(name)['formulas'][0][1]}" for name in _core.stages()]
        return Explanation("\n".join(lines))
    if isinstance(what, int) or str(what).strip().lstrip("#").isdigit():
        number = int(str(what).strip().lstrip("#"))
        mistake = _core.mistake(number) if number < 256 else None
        if mistake is None:
            raise ValueError(f"no mistake has the number {number}")
        name, stage, sign, why = mistake
        return Explanation(f"Mistake {number}: {name}\n  stage  {stage}\n  sign   {sign}\n  why    {why}")
    stage = _core.stage(str(what))
    lines = [f"{stage['id']}: {stage['result']} ({stage['notebook']})", stage["sentence"], "", "Formula"]
    for case, plain, code in stage["formulas"]:
        lines += [f"  {case + '  ' if case else ''}{plain}", f"    {code}"]
    lines += ["", "Where it comes from", *(f"  {line}" for line in stage["derivation"]), "", "Shape"]
    lines += [f"  {stage['shape']}: {stage['shape_rule']}"]
    if stage["mistakes"]:
        lines += ["", "Usual mistakes"]
        lines += [f"  {number:>2}  {_core.mistake(number)[0]}" for number in stage["mistakes"]]
    return Explanation("\n".join(lines))


class Trace(dict):
    """Every value of one forward and backward pass by its name; see :func:`trace`."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"this trace has no {name!r}; it has {', '.join(self)}") from None

    def _rows(self):
        for name, value in self.items():
            numbers = np.asarray(value, dtype=float)
            span = f"{numbers.min():.4g} .. {numbers.max():.4g}" if numbers.size > 1 else f"{float(numbers):.6g}"
            yield name, numbers.shape if numbers.ndim else "", span

    def __repr__(self):
        rows = [(name, str(shape), span) for name, shape, span in self._rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(2)]
        return "\n".join(f"{name:<{widths[0]}}  {shape:<{widths[1]}}  {span}" for name, shape, span in rows)

    def _repr_html_(self):
        from .page import of_table

        return of_table(("name", "shape", "from .. to"), self._rows())


def trace(model, X, y, *, names="design"):
    """One forward and backward pass of a fitted model with every value named.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted; its penalty is left out, since ``alpha`` depends on the batch.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    names : {'design', 'notebook'}
        ``z1 a1 logits probs dlogits dw1``, or ``h11 h12 f probs dL_df dL_dW1`` with the bias in the last row of W.

    Returns
    -------
    Trace
        A dict of arrays that can be read as attributes too: ``trace.z1``.
    """
    if names not in ("design", "notebook"):
        raise ValueError(f"names is {names!r}; 'design' or 'notebook'")
    sizes = [len(w) for w in model.coefs_] + [len(model.intercepts_[-1])]
    _, activations, loss = model._network(sizes)
    X = np.ascontiguousarray(X, dtype=np.float64)
    y = np.asarray(y)
    if hasattr(model, "_label_binarizer"):
        y = model._label_binarizer.transform(y)
    y = np.asarray(y, dtype=np.float64)
    y = model._answers(y.reshape(len(X), -1), np.float64)
    coefs = [np.ascontiguousarray(w, dtype=np.float64) for w in model.coefs_]
    intercepts = [np.ascontiguousarray(b, dtype=np.float64) for b in model.intercepts_]
    return Trace(_core.trace(X, y, coefs, intercepts, activations, loss, 0.0, names == "notebook"))


class Grades(list):
    """The table of a class: a dict a file, with ``file``, ``verdict``, ``first_wrong``, ``mistakes``, ``error``."""

    _COLUMNS = ("file", "verdict", "first_wrong", "mistakes", "error")

    def _cells(self):
        for row in self:
            yield row["file"], row["verdict"] or "", row["first_wrong"] or "", ", ".join(map(str, row["mistakes"])), row[
                "error"
            ] or ""

    def __repr__(self):
        rows = [self._COLUMNS, *self._cells()]
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows)

    def _repr_html_(self):
        from .page import of_table

        return of_table(self._COLUMNS, self._cells())


_ENDINGS = (".npz", ".mat", ".json")


def grade(folder):
    """The diagnosis of every file of arrays in a folder, one line a file.

    Parameters
    ----------
    folder : str or path
        Holds files ``.npz``, ``.mat`` or ``.json``, one a person.

    Returns
    -------
    Grades
        A list of dicts that prints as a table; ``pandas.DataFrame(grades)`` takes it as it is.  A file that cannot be
        read has its ``error``, and stops nothing.

    Raises
    ------
    FileNotFoundError
        The folder is not there, or has no such file.
    """
    from .diagnosis import diagnose

    folder = Path(os.fspath(folder))
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _ENDINGS)
    if not files:
        raise FileNotFoundError(f"{folder} has no file {', '.join(_ENDINGS)}")
    grades = Grades()
    for file in files:
        row = {"file": file.name, "verdict": None, "first_wrong": None, "mistakes": [], "error": None}
        try:
            found = diagnose(file, show=False)
        except (OSError, ValueError) as error:
            row["error"] = str(error)
        else:
            mistakes = sorted({mistake.id for mistake in found.mistakes})
            row.update(verdict=found.verdict, first_wrong=found.first_wrong, mistakes=mistakes)
        grades.append(row)
    return grades
