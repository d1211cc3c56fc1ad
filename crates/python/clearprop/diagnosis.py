"""``clearprop.diagnose``: what is wrong with a person's own backward pass, where they are."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, field

from . import _core


@dataclass(frozen=True)
class Mistake:
    """A mistake of the catalogue: its number, a few words, the stage where it was made in the person's names."""

    id: int
    name: str
    stage: str

    @property
    def why(self):
        """Why it is wrong, in terms of the variable that is differentiated by."""
        return _core.mistake(self.id)[3]

    @property
    def sign(self):
        """How it shows in the numbers."""
        return _core.mistake(self.id)[2]


@dataclass(frozen=True)
class Stage:
    """What was found at one array.

    Attributes
    ----------
    name : str
        The person's own name, a Python expression: ``grads["dW1"]``.
    stage : str
        The quantity, as in ``clearprop.explain``: ``dw[1]``.
    role : str
        Which nonlinearity's input or output it is; by which variable a derivative is taken.
    status : str
        ``right``, ``wrong``, ``inherited`` (its own line is right, what came before is not), ``overwritten``,
        ``not-judged``, ``not-known``, ``not-given``.
    shape : tuple of int or None
    mistakes : tuple of int
        The numbers of the mistakes that give these numbers.
    evidence : tuple of str
    right : str or None
        The line of NumPy that would be right.
    """

    name: str
    stage: str
    role: str
    status: str
    shape: tuple | None = None
    mistakes: tuple = ()
    evidence: tuple = ()
    right: str | None = None
    names: tuple = field(default=(), repr=False)


class _Kept:
    """What was found, as it is pickled: the texts, and the width that they were made for."""

    def __init__(self, found):
        self._json, self._head, self._text = found.json(), found.head(), found.text(80, False)
        self._summary, self._marks = found.summary(), found.marks()

    def json(self):
        return self._json

    def head(self):
        return self._head

    def text(self, width, colour):
        return self._text

    def summary(self):
        return self._summary

    def marks(self):
        return self._marks


class Diagnosis:
    """What :func:`clearprop.diagnose` found.

    Attributes
    ----------
    verdict : {'correct', 'wrong', 'incomplete', 'not known'}
    first_wrong : str or None
        The first stage whose own line is wrong, in the person's names.
    mistakes : list of Mistake
    right_line : str or None
        The right line of the first wrong stage; of the next stage where the pass is incomplete.
    stages : list of Stage
        In the order of computation.
    conventions, hints, questions, warnings, ignored : list of str
        How the pass was read, what else may help, what decides between two readings, what may surprise, and the
        arrays that were not used.
    forward : list of dict
        How each array of the forward pass follows from others: ``name``, ``from``, ``function``, ``parameters``,
        ``residual``.

    Notes
    -----
    :meth:`to_dict` gives the object that ``clearprop diagnose --json`` prints; its keys are kept stable.
    """

    def __init__(self, found):
        answer = json.loads(found.json())
        self._found, self._answer, self._shown_in = found, answer, None
        self.verdict = answer["verdict"]
        self.first_wrong = answer["first_wrong_stage"]
        self.mistakes = [Mistake(**one) for one in answer["mistakes"]]
        self.stages = [_stage(one) for one in answer["stages"]]
        for name in ("conventions", "forward", "hints", "questions", "warnings", "ignored"):
            setattr(self, name, answer.get(name, []))

    @property
    def right_line(self):
        lines = {stage.name: stage.right for stage in self.stages if stage.right}
        if self.first_wrong is not None:
            return lines.get(self.first_wrong)
        return next(iter(lines.values()), None) if self.verdict == "incomplete" else None

    def to_dict(self):
        """The diagnosis as plain dicts and lists, as ``clearprop diagnose --json`` prints it."""
        return json.loads(json.dumps(self._answer))

    def __reduce__(self):
        return Diagnosis, (_Kept(self._found),)

    def __repr__(self):
        said = f"clearprop.Diagnosis: {self.verdict}"
        if self.first_wrong is not None:
            said += f", first at {self.first_wrong}"
        if self.mistakes:
            said += " (" + "; ".join(dict.fromkeys(f"mistake {one.id}: {one.name}" for one in self.mistakes)) + ")"
        return f"<{said}>"

    def __str__(self):
        return self._found.text(shutil.get_terminal_size().columns, False)

    def _repr_html_(self):
        from .page import of_diagnosis

        return of_diagnosis(self)

    def save(self, path):
        """Write it as a page of its own, light and dark, which needs no network.

        Raises
        ------
        OSError
            The file cannot be written; a page that was there stays as it was.
        """
        from .page import whole

        beside = f"{os.fspath(path)}.{os.getpid()}.tmp"
        try:
            with open(beside, "w", encoding="utf-8") as file:
                file.write(whole(self))
            os.replace(beside, path)
        except OSError:
            if os.path.exists(beside):
                os.remove(beside)
            raise

    def _ipython_display_(self):
        # The last expression of a cell is displayed once more after it was shown.
        if self._shown_in is None or self._shown_in != _cell():
            self.show()

    def show(self):
        """Show it: a page in a notebook, text elsewhere."""
        if _in_notebook():
            from IPython.display import HTML, display

            display(HTML(self._repr_html_()))
        else:
            colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
            print(self._found.text(shutil.get_terminal_size().columns, colour), end="")
        self._shown_in = _cell()


def _stage(one):
    listed = {name: tuple(one.get(name) or ()) for name in ("mistakes", "evidence", "names")}
    shape = None if one.get("shape") is None else tuple(one["shape"])
    plain = {name: one.get(name) for name in ("name", "stage", "role", "status", "right")}
    return Stage(**plain, **listed, shape=shape)


def _ipython():
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _in_notebook():
    return hasattr(_ipython(), "kernel")


def _cell():
    return getattr(_ipython(), "execution_count", None)


def diagnose(what=None, /, *, names=None, show=True, **arrays):
    """Say where your own backward pass first goes wrong, which mistake it looks like, and the right line.

    As the last line of your function (or cell), without arguments, it reads your variables: arrays, numbers, and what
    is in dicts, lists, tuples and the attributes of your own objects.

    Parameters
    ----------
    what : dict, str, path or object, optional
        ``locals()`` or another dict of arrays; the name of a file (.npz, .mat, .json, or a folder of .npy or .csv);
        an object whose attributes are the arrays.
    names : dict of str to str, optional
        What your names mean where they do not tell: ``{"w_0": "W1"}``.
    show : bool, default=True
        Whether to show it at once: text in a terminal, a page in a notebook.
    **arrays
        Arrays by name: ``diagnose(X=X, y=y, W1=W1, W2=W2, dW1=dW1)``.

    Returns
    -------
    Diagnosis

    Raises
    ------
    ValueError
        Nothing to read, or arrays that belong to no network.
    OSError
        A file that cannot be read.

    Examples
    --------
    >>> import numpy as np, clearprop
    >>> def backward(X, y, W1):
    ...     f = X @ W1
    ...     e = np.exp(f)
    ...     probs = e / e.sum(axis=1, keepdims=True)
    ...     loss = -np.log(probs[range(len(y)), y]).mean()
    ...     dL_df = probs.copy()
    ...     dL_df[range(len(y)), y] -= 1           # and / len(y)
    ...     dL_dW1 = X.T @ dL_df
    ...     return clearprop.diagnose(show=False)
    >>> backward(np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.1]]), np.array([0, 1, 1]), np.eye(2)).first_wrong
    'dL_df'
    """
    from . import variables

    if isinstance(what, (str, os.PathLike)):
        if arrays or names:
            raise TypeError("a file is diagnosed alone: leave the other arguments away")
        diagnosis = Diagnosis(_core.diagnose_file(os.fspath(what)))
    else:
        if what is None and not arrays:
            given = variables.of_frame(sys._getframe(1))
        elif what is None or isinstance(what, dict):
            given = {**(what or {}), **arrays}
        else:
            given = {**variables._attributes(what), **arrays}
        found = variables.named(given)
        if not any(one.kind != "word" for one in found):
            raise ValueError(
                "there is no array to read here; call clearprop.diagnose() inside the function that computes them, or"
                " name them: clearprop.diagnose(X=X, y=y, W1=W1, W2=W2, dW1=dW1)"
            )
        _renamed(found, names or {})
        named = [(one.name, one.expression, one.value, one.kind) for one in found]
        diagnosis = Diagnosis(_core.diagnose(named))
    if show:
        diagnosis.show()
    return diagnosis


def _renamed(found, names):
    """Gives the arrays the names that they mean."""
    for theirs, meaning in names.items():
        of = [one for one in found if theirs in (one.expression, one.name)]
        if not of:
            raise ValueError(f"there is no array {theirs!r}; found: {', '.join(one.expression for one in found)}")
        for other in found:
            if other.name == meaning and other is not of[0]:
                other.name += "_"
        of[0].name = meaning

