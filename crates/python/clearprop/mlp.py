"""scikit-learn's ``MLPClassifier`` and ``MLPRegressor``, trained by clearprop's engine.

Both classes derive from scikit-learn's own: constructor, validation, messages, attributes, stopping rules and the
order of random draws are inherited.  What is ours is the arithmetic: the epochs, the gradient, the forward pass.
The Python attributes (``coefs_``, ``intercepts_``, the optimiser's moments) are the truth: they are read before an
epoch and written after it.

What scikit-learn's users asked for and did not get comes as keyword arguments that default to scikit-learn's
behaviour; :class:`MLPClassifier` lists them.
"""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier as _Classifier
from sklearn.neural_network import MLPRegressor as _Regressor
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from . import _core
from .engine import OURS, Engine
from .outputs import names_of


def _constraints(theirs, losses=None):
    words = StrOptions(set(_core.ACTIVATIONS))
    constraints = {**theirs._parameter_constraints, **OURS, "activation": [words, "array-like"]}
    if losses is not None:
        constraints["loss"] = [StrOptions(losses)]
    return constraints


class MLPClassifier(Engine, _Classifier):
    """scikit-learn's ``MLPClassifier``, trained by clearprop's engine.

    Constructor, attributes, warnings and random draws are scikit-learn's (see its documentation); the same
    ``random_state`` gives the same initial weights, the same shuffles and so the same loss curve.

    Parameters
    ----------
    activation : str or list of str, default='relu'
        scikit-learn's four, and ``leaky-relu``, ``elu``, ``selu``, ``softplus``, ``silu``, ``gelu``, ``gelu-tanh``,
        ``mish``; a list gives each hidden layer its own.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, as in scikit-learn's other classifiers.
    coef_init, intercept_init : list of arrays, default=None
        Weights (fan_in, fan_out) and biases (fan_out,) to begin with, in place of drawn ones.
    time_limit : float, default=None
        Seconds after which ``fit`` ends with the epoch it is in.
    threads : int, default=None
        How many threads; None takes as many as pay. The result does not depend on it.
    callbacks : callable or list of callables, default=None
        Called after each epoch as ``callback(estimator)``; True stops the run.  scikit-learn's own callbacks are
        set by :meth:`set_callbacks`.
    progress : bool, default=False
        A line that shows epochs, loss and the time left (in notebooks too).
    """

    _parameter_constraints = _constraints(_Classifier)

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        class_weight=None,
        coef_init=None,
        intercept_init=None,
        time_limit=None,
        threads=None,
        callbacks=None,
        progress=False,
    ):
        values = locals()
        super().__init__(**{name: values[name] for name in names_of(_Classifier)})
        self._set_ours(values)

    @available_if(lambda estimator: estimator._check_solver())
    def partial_fit(self, X, y, sample_weight=None, classes=None, validation_data=None):
        """One pass over the given rows, from where the last one ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        classes : array of shape (n_classes,), default=None
            All classes; needed at the first call.
        validation_data : (X, y), default=None
            Own rows to watch; with them ``early_stopping=True`` is allowed.

        Returns
        -------
        self
        """
        if validation_data is None and classes is None and sample_weight is None and self._quick_fit(X, y):
            return self
        with self._watching(validation_data):
            super().partial_fit(X, y, sample_weight=sample_weight, classes=classes)
        return self._remember()

    def predict_proba(self, X):
        """Probabilities of the classes, shape (n_samples, n_classes), in the order of ``classes_``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        probs = self._outputs_as_it_is(X)
        return super().predict_proba(X) if probs is None or self.n_outputs_ == 1 else probs

    def _answers_of(self, outputs):
        if self.out_activation_ == "softmax":
            return self.classes_[outputs.argmax(axis=1)]
        return self._label_binarizer.inverse_transform(outputs.ravel() if self.n_outputs_ == 1 else outputs)

    def _quick_answers(self, y):
        classes = self.classes_
        if type(y) is not np.ndarray or y.ndim != 1 or classes.ndim != 1 or len(classes) < 2:
            return None
        if y.dtype.kind != classes.dtype.kind or y.dtype.kind not in "iub":
            return None
        places = _core.class_numbers(*(np.ascontiguousarray(one, dtype=np.int64) for one in (y, classes)))
        if places is None or self.out_activation_ == "softmax":
            return places
        if self.out_activation_ == "logistic" and self.n_outputs_ == 1:
            return places.astype(self.coefs_[0].dtype).reshape(-1, 1)
        return None


class MLPRegressor(Engine, _Regressor):
    """scikit-learn's ``MLPRegressor``, trained by clearprop's engine.

    See :class:`MLPClassifier` for what stands beside scikit-learn's arguments.

    Parameters
    ----------
    loss : {'squared_error', 'poisson', 'absolute_error', 'huber'}, default='squared_error'
        scikit-learn's two, the absolute error, and Huber's with delta 1.
    """

    _parameter_constraints = _constraints(
        _Regressor, {"squared_error", "poisson", "absolute_error", "huber"}
    )

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        class_weight=None,
        coef_init=None,
        intercept_init=None,
        time_limit=None,
        threads=None,
        callbacks=None,
        progress=False,
    ):
        values = locals()
        super().__init__(**{name: values[name] for name in names_of(_Regressor)})
        self._set_ours(values)

    @available_if(lambda estimator: estimator._check_solver)
    def partial_fit(self, X, y, sample_weight=None, validation_data=None):
        """One pass over the given rows, from where the last one ended; see :meth:`MLPClassifier.partial_fit`."""
        if validation_data is None and sample_weight is None and self._quick_fit(X, y):
            return self
        with self._watching(validation_data):
            super().partial_fit(X, y, sample_weight=sample_weight)
        return self._remember()

    def _answers_of(self, outputs):
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _quick_answers(self, y):
        dtype = self.coefs_[0].dtype
        if type(y) is not np.ndarray or y.dtype != dtype or y.size != len(y) * self.n_outputs_:
            return None
        return np.ascontiguousarray(y).reshape(len(y), -1) if _core.is_finite(y) else None
