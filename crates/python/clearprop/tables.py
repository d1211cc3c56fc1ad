"""Tables as estimators: the command line's ``train`` and ``predict`` for frames.

Columns of numbers, words and dates, with missing values, as they are: what they mean is found out as the command line
finds it out, and stands in the model.  ``decisions_`` has in words what was decided.
"""

from __future__ import annotations

import os
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import (
    _check_feature_names,
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from . import _core
from .progress import Line

_TARGET = "y"


def _columns(X):
    """A frame's columns, or an array's, as the library takes them: names, kinds, values."""
    if not hasattr(X, "columns"):
        return [(f"x{j}", "numbers", np.ascontiguousarray(X[:, j], dtype=np.float64)) for j in range(X.shape[1])]
    return [(str(name), *_values(X[name])) for name in X.columns]


def _values(column):
    kind = getattr(column.dtype, "kind", "O")
    if kind in "iufb" or getattr(column.dtype, "_is_numeric", False):
        return "numbers", np.ascontiguousarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if kind == "M":
        seconds = column.to_numpy(dtype="datetime64[us]").astype("int64").astype(np.float64) / 1e6
        return "seconds", np.where(column.isna().to_numpy(), np.nan, seconds)
    missing = column.isna().to_numpy()
    return "texts", [None if gone else str(value) for value, gone in zip(column.tolist(), missing)]


class _Tabular(BaseEstimator):
    _loss: str

    def __init__(
        self,
        *,
        recipe=None,
        effort=None,
        minutes=None,
        epochs=None,
        folds=None,
        ensemble=None,
        tune=False,
        trials=None,
        validation_size=None,
        threads=None,
        random_state=0,
        progress=False,
        settings=None,
    ):
        self.recipe = recipe
        self.effort = effort
        self.minutes = minutes
        self.epochs = epochs
        self.folds = folds
        self.ensemble = ensemble
        self.tune = tune
        self.trials = trials
        self.validation_size = validation_size
        self.threads = threads
        self.random_state = random_state
        self.progress = progress
        self.settings = settings

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags

    def _frame(self, X, reset):
        if hasattr(X, "columns"):
            if not reset and not hasattr(self, "n_features_in_"):
                # Opened from a file: its columns are found by their names, others are left out.
                return X
            _check_feature_names(self, X, reset=reset)
            if reset:
                self.n_features_in_ = X.shape[1]
            return X
        least = 2 if reset else 1
        return validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=least
        )

    def _answers(self, X, y, **how):
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        y = check_array(column_or_1d(y, warn=True), ensure_2d=False, **how)
        check_consistent_length(X, y)
        return y

    def _fit(self, X, kind, answers):
        columns = [*_columns(X), (_TARGET if _TARGET not in map(str, getattr(X, "columns", ())) else " y", kind, answers)]
        chosen = {
            "recipe": self.recipe,
            "effort": self.effort,
            "minutes": self.minutes,
            "epochs": self.epochs,
            "folds": self.folds,
            "ensemble": self.ensemble,
            "validation_size": self.validation_size,
            "threads": self.threads,
            "seed": 0 if self.random_state is None else self.random_state,
            "loss": self._loss,
            "test_size": 0,
            **(self.settings or {}),
        }
        texts = {key: str(value) for key, value in chosen.items() if value is not None}
        if self.trials is not None and not self.tune:
            raise ValueError(f"trials: found {self.trials!r} without a search; give tune=True too")
        given, line = (columns, columns[-1][0], texts), Line() if self.progress else None
        try:
            if self.tune:
                trials = None if self.trials is None else str(self.trials)
                self._take(_core.tune_table(*given, trials, line and line.show_search))
            else:
                self._take(_core.fit_table(*given, line and line.show))
        finally:
            if line is not None:
                line.end()
        return self

    def _take(self, model):
        about = model.about()
        self._model, self.decisions_, self.trials_ = model, model.decisions, model.trials
        self.fold_scores_ = np.array(about["fold_scores"])
        self.temperature_ = about["temperature"]
        self.n_members_, self.n_steps_ = about["members"], about["steps"]
        return about

    def _said(self, X):
        check_is_fitted(self, "_model")
        said, noted = self._model.predict(_columns(self._frame(X, reset=False)))
        for line in noted:
            warnings.warn(line, stacklevel=3)
        return said

    def __getstate__(self):
        state = super().__getstate__().copy()
        if "_model" in state:
            state["_model"] = self._model.bytes("safetensors")
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if isinstance(state.get("_model"), bytes):
            self._model = _core.model_of(state["_model"])

    def save(self, path):
        """Writes the command line's file, ``model.safetensors``."""
        check_is_fitted(self, "_model")
        path = os.fspath(path)
        if not path.endswith(".safetensors"):
            raise ValueError(f"{path} is not called .safetensors; write model.save('model.safetensors')")
        _core.write_whole(path, bytes(self._model.bytes("safetensors")))

    def to_onnx(self, path=None):
        """The bytes of an ONNX file, which is written too if a path is given."""
        check_is_fitted(self, "_model")
        data = bytes(self._model.bytes("onnx"))
        if path is not None:
            _core.write_whole(os.fspath(path), data)
        return data


class TabularClassifier(ClassifierMixin, _Tabular):
    """A classifier of tables, by RealMLP-TD-S (Holzmüller, Grinsztajn and Steinwart, *Better by default*, arXiv 2407.04491),
    or of small tables by one hidden layer.

    Parameters
    ----------
    recipe : {"plain", "tabular"}, optional
        Settings that go together; without it the number of rows decides.
    effort : {"quick", "standard", "best"}, optional
        How long the recipe ``tabular`` trains: one network for a first look, or the mean of several.
    minutes : float, optional
        About how long ``fit`` may take instead; of a search that of all trials together.
    epochs : int, optional
        Passes over the training rows instead.
    folds : int, optional
        Cross-validation: so many members, each trained on the rows outside its fold; their mean is the model, and
        ``fold_scores_`` has how good each was on the rows that it had not seen.
    ensemble : int, optional
        So many members from different seeds, each with its own rows to watch; without it the effort decides, 1 is one network.
    tune : bool
        Search for better settings: trials are runs with ``folds`` (5 if nobody says so) under settings drawn by chance from
        that paper's space, compared by successive halving.  What is chosen here is not searched.  The model is the mean of
        those that are best together (greedy selection: Caruana and others, *Ensemble selection from libraries of models*,
        2004); ``trials_`` has what was tried.
    trials : int, optional
        The most trials of the search; without it as many as there is time for in ``minutes`` (5 if nobody says so).  With
        it, and without ``minutes``, the result hangs on no clock.
    validation_size : float, optional
        Share of the training rows that tells which epoch is best.
    threads : int, optional
        The result is the same for any number.
    random_state : int
        The seed.
    progress : bool
        Draw a line of progress on the standard error.
    settings : dict, optional
        Any other setting of ``clearprop train --help`` by its name, like ``{"hidden": "64,64"}``.

    Attributes
    ----------
    classes_, n_features_in_, feature_names_in_ : as everywhere in scikit-learn
    decisions_ : list of str
        What was read and decided, column by column.
    fold_scores_ : array
        The accuracy (or R2) of each fold; after a search of those of each trial that is part of the model.
    trials_ : list of dict
        The trials of a search, for ``pandas.DataFrame``; the columns are those of the command line's ``trials.csv``: trial,
        chosen, folds, accuracy (or r2) and loss (their means on these folds, of rows that were not trained on; None where a
        trial diverged), steps, and the settings that are searched.
    temperature_ : float or None
        What the logits were divided by, so that probabilities can be taken at their word.
    """

    _loss = "softmax"

    def fit(self, X, y):
        """Trains.  ``X`` is a frame or an array, ``y`` has a class a row."""
        from sklearn.utils.multiclass import check_classification_targets

        X = self._frame(X, reset=True)
        y = self._answers(X, y, dtype=None)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        # Words in the order of the classes.
        width = len(str(len(self.classes_)))
        self._fit(X, "texts", [f"{code:0{width}}" for code in codes.tolist()])
        return self

    def predict_proba(self, X):
        """Probabilities (rows, classes)."""
        return self._said(X)

    def predict(self, X):
        """The most probable class of each row."""
        called = self._said(X).argmax(axis=1)
        return self.classes_[called]


class TabularRegressor(RegressorMixin, _Tabular):
    """A regressor of tables: :class:`TabularClassifier`'s parameters and attributes.

    ``predict_interval(X, level)`` has the ends of intervals that hold a new answer with this probability; it needs
    ``folds``.
    """

    _loss = "squared"

    def fit(self, X, y):
        """Trains.  ``X`` is a frame or an array, ``y`` has a number a row."""
        X = self._frame(X, reset=True)
        return self._fit(X, "numbers", self._answers(X, y, dtype=np.float64))

    def predict(self, X):
        """A number a row."""
        return self._said(X)[:, 0].astype(np.float64)

    def predict_interval(self, X, level=0.9):
        """The ends (rows, 2) of intervals that hold a new answer with the probability ``level``."""
        said, (half,) = self.predict(X), self._model.interval(level)
        return np.column_stack([said - half, said + half])


def opened(path):
    """The estimator of a model's file."""
    from .saving import _classes

    model = _core.open_model(path)
    about = model.about()
    if about["kind"] == "labels" or len(about["targets"]) > 1:
        raise ValueError(f"{path} predicts several columns, {', '.join(about['targets'])}: use clearprop predict")
    estimator = TabularClassifier() if about["kind"] == "classes" else TabularRegressor()
    estimator._take(model)
    if about["kind"] == "classes":
        estimator.classes_ = _classes(about["names"])
    return estimator
