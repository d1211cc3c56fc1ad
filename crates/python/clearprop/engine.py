"""How clearprop's engine trains in scikit-learn's place: epochs, gradient, and what stops them.

:class:`Engine` overrides scikit-learn's loops alone.  The Python attributes (``coefs_``, ``intercepts_``, the optimiser's
moments) are the truth: they are read before an epoch and written after it.
"""

from __future__ import annotations

import time
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_sample_weight

from . import _core
from .outputs import KEPT, Outputs, names_of
from .progress import Callbacks

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:
        """scikit-learn has no callbacks yet."""

    def with_callbacks(method):
        return method

# An epoch is left after so many seconds, to see whether Ctrl-C was pressed.
_SLICE = 0.05
# Sparse rows are unpacked for the engine as long as they take at most so many numbers.
_MOST_DENSE = 64_000_000

# Up to so many multiplications a batch, a second thread would only cost.
_ONE_THREAD = 2_000_000

# The engine's name of the loss, by scikit-learn's output activation, or by the loss.
_BY_OUTPUT = {"softmax": "softmax", "logistic": "logistic", "exp": "poisson"}
_BY_LOSS = {"absolute_error": "absolute", "huber": "huber"}

OURS = {
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "coef_init": ["array-like", None],
    "intercept_init": ["array-like", None],
    "time_limit": [Interval(Real, 0, None, closed="neither"), None],
    "threads": [Interval(Integral, 1, None, closed="left"), None],
    "callbacks": [list, tuple, callable, None],
    "progress": ["boolean"],
}


class Engine(Outputs, CallbackSupportMixin):
    """What both classes change in scikit-learn's: where the arithmetic is done."""

    def _set_ours(self, values):
        for name in OURS:
            setattr(self, name, values[name])

    # -- training ---------------------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight=None, incremental=False):
        if self.class_weight is not None:
            if incremental and self.class_weight == "balanced":
                raise ValueError(
                    "class_weight='balanced' needs all rows at once: it is not supported for partial_fit."
                    " Give the weights as a dict, {class: weight}."
                )
            by_class = compute_sample_weight(self.class_weight, y)
            sample_weight = by_class if sample_weight is None else by_class * np.asarray(sample_weight)
        return super()._fit(X, y, sample_weight=sample_weight, incremental=incremental)

    def _initialize(self, y, layer_units, dtype):
        super()._initialize(y, layer_units, dtype)
        for name, attribute in (("coef_init", "coefs_"), ("intercept_init", "intercepts_")):
            given = getattr(self, name)
            if given is None:
                continue
            drawn = getattr(self, attribute)
            given = [np.array(one, dtype=dtype, order="C") for one in given]
            if [one.shape for one in given] != [one.shape for one in drawn]:
                raise ValueError(
                    f"{name} has shapes {[one.shape for one in given]}, the network needs"
                    f" {[one.shape for one in drawn]}"
                )
            setattr(self, attribute, given)
            setattr(self, "_best_" + attribute[:-1], [one.copy() for one in given])

    def _activation_names(self, layers):
        names = self.activation
        return [names] * layers if isinstance(names, str) else list(names)

    def _network(self, layer_units):
        """The network as the engine knows it: sizes, activations, loss."""
        return list(layer_units), self._activation_names(len(layer_units) - 2), self._engine_loss()

    def _engine_loss(self):
        return _BY_OUTPUT.get(self.out_activation_) or _BY_LOSS.get(self.loss, "squared")

    def _answers(self, y, dtype):
        """The answers as the engine takes them: class numbers, or one column an output."""
        if self.out_activation_ == "softmax":
            return np.ascontiguousarray(y.argmax(axis=1), dtype=np.uint32)
        return np.ascontiguousarray(y, dtype=dtype)

    def _rows(self, X):
        """C-ordered rows for the engine; sparse ones are unpacked."""
        if hasattr(X, "toarray"):
            if X.shape[0] * X.shape[1] > _MOST_DENSE:
                raise ValueError(
                    f"a sparse matrix of {X.shape[0]} x {X.shape[1]} is too large to be unpacked; give fewer rows"
                    " at once to partial_fit, or reduce the columns (TruncatedSVD, SelectKBest)"
                )
            X = X.toarray()
        return np.ascontiguousarray(X)

    def _new_optimizer(self, params):
        if self.solver == "sgd":
            return SGDOptimizer(
                params,
                self.learning_rate_init,
                self.learning_rate,
                self.momentum,
                self.nesterovs_momentum,
                self.power_t,
            )
        return AdamOptimizer(params, self.learning_rate_init, self.beta_1, self.beta_2, self.epsilon)

    def _moments(self):
        """The optimiser's memory: lists of arrays, each of the weights' shapes and then the biases'."""
        if self.solver == "sgd":
            return [self._optimizer.velocities]
        return [self._optimizer.ms, self._optimizer.vs]

    def _rule(self):
        if self.solver == "sgd":
            return ("sgd", float(self._optimizer.momentum), bool(self._optimizer.nesterov), 0.0)
        adam = self._optimizer
        return ("adam", float(adam.beta_1), float(adam.beta_2), float(adam.epsilon))

    def _session(self, layer_units, threads):
        """The engine with this estimator's weights and moments in it."""
        if not self.alpha >= 0:
            raise ValueError(f"alpha is {self.alpha}, expected a number from 0 up")
        single = self.coefs_[0].dtype == np.float32
        made_of = (single, *self._network(layer_units), float(self.alpha), self._rule(), threads)
        kept = self.__dict__.get("_session_kept")
        if kept is None or kept[0] != made_of:
            kept = self._session_kept = (made_of, _core.Session(*made_of))
        session = kept[1]
        session.load(self.coefs_, self.intercepts_, self._moments(), getattr(self._optimizer, "t", 0))
        return session

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name not in KEPT}

    def _store(self, session):
        """The weights and moments back into the Python attributes, in place; whether all weights are finite."""
        steps, finite = session.store(self.coefs_, self.intercepts_, self._moments())
        if self.solver == "adam":
            self._optimizer.t = steps
        return finite

    def _epoch(self, session, n, order, batch_size):
        """One pass over the n rows; the mean of the batches' losses, weighted by their rows."""
        total, row = 0.0, 0
        while row < n:
            # Ctrl-C is seen between two slices.
            row, losses = session.run(order, row, batch_size, self._optimizer.learning_rate, _SLICE)
            total += losses
        return total / n

    def _fit_stochastic(
        self, X, y, sample_weight, activations, deltas, coef_grads, intercept_grads, layer_units, incremental
    ):
        if not _can_count(sample_weight):
            return super()._fit_stochastic(
                X, y, sample_weight, activations, deltas, coef_grads, intercept_grads, layer_units, incremental
            )
        params = self.coefs_ + self.intercepts_
        if not incremental or not hasattr(self, "_optimizer"):
            self._optimizer = self._new_optimizer(params)
        early_stopping = self.early_stopping
        if early_stopping and incremental and self._validation_rows is None:
            raise ValueError("partial_fit does not support early_stopping=True")
        X, y, weights, X_val, y_val, weights_val = self._hold_out(X, y, sample_weight)
        n_samples = X.shape[0]
        batch_size = self._batch_rows(n_samples)
        order = np.arange(n_samples, dtype=np.intp)
        session = self._session(layer_units, self.threads)
        session.rows(self._rows(X), self._answers(y, X.dtype), _as_numbers(weights, X.dtype))
        hooks = Callbacks(self, 1 if incremental else self.max_iter, incremental)
        deadline = None if self.time_limit is None else time.monotonic() + self.time_limit
        self.n_iter_ = 0
        try:
            hooks.begin(X, y)
            for _ in range(self.max_iter):
                hooks.begin_epoch(X, y)
                if self.shuffle:
                    # scikit-learn's own order of draws: the indices are shuffled again, epoch by epoch.
                    drawn = np.arange(n_samples)
                    self._random_state.shuffle(drawn)
                    order = order[drawn]
                    indices = order.astype(np.uint32)
                else:
                    indices = None
                self.loss_ = self._epoch(session, n_samples, indices, batch_size)
                self._store(session)
                self.n_iter_ += 1
                self.t_ += n_samples
                self.loss_curve_.append(self.loss_)
                if self.verbose:
                    print("Iteration %d, loss = %.8f" % (self.n_iter_, self.loss_))
                self._update_no_improvement_count(early_stopping, X_val, y_val, weights_val)
                self._record_validation()
                self._optimizer.iteration_ends(self.t_)
                stop = hooks.end_epoch(X, y)
                if self._no_improvement_count > self.n_iter_no_change:
                    watched = "Validation score" if early_stopping else "Training loss"
                    message = "%s did not improve more than tol=%f for %d consecutive epochs." % (
                        watched,
                        self.tol,
                        self.n_iter_no_change,
                    )
                    if self._optimizer.trigger_stopping(message, self.verbose):
                        break
                    self._no_improvement_count = 0
                if incremental or stop:
                    break
                if deadline is not None and time.monotonic() > deadline:
                    break
                if self.n_iter_ == self.max_iter:
                    warnings.warn(
                        "Stochastic Optimizer: Maximum iterations (%d) reached and the optimization hasn't"
                        " converged yet." % self.max_iter,
                        ConvergenceWarning,
                    )
        except KeyboardInterrupt:
            self._store(session)
            warnings.warn("Training interrupted by user.")
        finally:
            hooks.end(X, y)
        if early_stopping:
            self.coefs_ = self._best_coefs
            self.intercepts_ = self._best_intercepts

    def _batch_rows(self, n_samples):
        if self.batch_size == "auto":
            return min(200, n_samples)
        if self.batch_size > n_samples:
            warnings.warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
        return int(np.clip(self.batch_size, 1, n_samples))

    def _hold_out(self, X, y, weights):
        """(X, y, weights) to train on and (X, y, weights) to watch, drawn as scikit-learn draws them."""
        if not self.early_stopping:
            return X, y, weights, None, None, None
        if self._validation_rows is not None:
            return X, y, weights, *self._validation_rows, None
        stratify = y if is_classifier(self) and self.n_outputs_ == 1 else None
        given = (X, y) if weights is None else (X, y, weights)
        parts = train_test_split(
            *given, random_state=self._random_state, test_size=self.validation_fraction, stratify=stratify
        )
        X, X_val, y, y_val, weights, weights_val = parts if weights is not None else (*parts, None, None)
        if X_val.shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        if is_classifier(self):
            y_val = self._label_binarizer.inverse_transform(y_val)
        return X, y, weights, X_val, y_val, weights_val

    # -- partial_fit of a few rows ----------------------------------------------------------------------------

    def _remember(self):
        """What was checked: while the settings stay what they were, they need no second check."""
        self._checked = tuple(map(self.__dict__.get, names_of(type(self))))
        return self

    def _quick_fit(self, X, y):
        """``partial_fit`` where nothing is left to check but the rows; False where scikit-learn's way is needed."""
        state = self.__dict__
        if "_checked" not in state or "_optimizer" not in state or not self._fits_as_it_is(X):
            return False
        if self._checked != tuple(map(state.get, names_of(type(self)))) or len(y) != len(X):
            return False
        if self.early_stopping or self.verbose or self.class_weight or self.callbacks or self.progress:
            return False
        if X.dtype != self.coefs_[0].dtype or "_skl_callbacks" in state:
            return False
        answers = self._quick_answers(y)
        if answers is None:
            return False
        n_samples, batch_size = len(X), self._batch_rows(len(X))
        random_state, indices = self.random_state, None
        if self.shuffle and not (batch_size == n_samples and isinstance(random_state, Integral)):
            indices = np.arange(n_samples)
            check_random_state(random_state).shuffle(indices)
            indices = indices.astype(np.uint32)
        weights = sum([w.size for w in self.coefs_])
        threads = 1 if n_samples * weights < _ONE_THREAD else self.threads
        session = self._session([X.shape[1]] + [len(b) for b in self.intercepts_], threads)
        session.rows(X, answers)
        self.loss_ = self._epoch(session, n_samples, indices, batch_size)
        finite = self._store(session)
        self.n_iter_ = 1
        self.t_ += n_samples
        self.loss_curve_.append(self.loss_)
        self._update_no_improvement_count(False, None, None, None)
        self._optimizer.iteration_ends(self.t_)
        if self._no_improvement_count > self.n_iter_no_change:
            self._optimizer.trigger_stopping("", False)
            self._no_improvement_count = 0
        if not finite:
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to"
                " be preprocessed."
            )
        return True

    # -- own validation rows ----------------------------------------------------------------------------------

    _validation_rows = None

    @with_callbacks
    def fit(self, X, y, sample_weight=None, validation_data=None):
        """Fit to rows ``X`` and answers ``y``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        validation_data : (X, y), default=None
            Own rows to watch: ``validation_loss_curve_`` holds their loss after each epoch, and with
            ``early_stopping=True`` they take the place of ``validation_fraction``.

        Returns
        -------
        self
        """
        with self._watching(validation_data):
            return super().fit(X, y, sample_weight=sample_weight)

    def _watching(self, validation_data):
        return _Watching(self, validation_data)

    def _record_validation(self):
        if self._validation_rows is None:
            return
        X, y = self._validation_rows
        self.validation_loss_curve_.append(self._data_loss(X, y))

    def _data_loss(self, X, y):
        """The mean loss of rows, the penalty left out."""
        X = check_array(X, accept_sparse=["csr", "csc"], dtype=self.coefs_[0].dtype)
        if is_classifier(self):
            y = self._label_binarizer.transform(y)
        y = np.asarray(y, dtype=X.dtype)
        y = y.reshape(len(y), -1)
        sizes = [X.shape[1]] + [len(b) for b in self.intercepts_]
        _, activations, loss = self._network(sizes)
        return _core.data_loss(
            self._rows(X), self._answers(y, X.dtype), self.coefs_, self.intercepts_, activations, loss
        )

    # -- one loss and gradient, for L-BFGS --------------------------------------------------------------------

    def _backprop(self, X, y, sample_weight, activations, deltas, coef_grads, intercept_grads):
        if not _can_count(sample_weight):
            return super()._backprop(X, y, sample_weight, activations, deltas, coef_grads, intercept_grads)
        sizes = [X.shape[1]] + [len(b) for b in self.intercepts_]
        _, names, loss_name = self._network(sizes)
        coefs = [np.ascontiguousarray(w) for w in self.coefs_]
        loss = _core.loss_and_grad(
            self._rows(X),
            self._answers(y, X.dtype),
            coefs,
            self.intercepts_,
            names,
            loss_name,
            float(self.alpha),
            coef_grads,
            intercept_grads,
            _as_numbers(sample_weight, X.dtype),
        )
        return loss, coef_grads, intercept_grads


class _Watching:
    """For the time of one fit: own rows to watch."""

    def __init__(self, estimator, validation_data):
        self.estimator, self.data = estimator, validation_data

    def __enter__(self):
        if self.data is not None:
            X, y = self.data
            self.estimator._validation_rows = (X, np.asarray(y))
            if not hasattr(self.estimator, "validation_loss_curve_") or not self.estimator.warm_start:
                self.estimator.validation_loss_curve_ = []

    def __exit__(self, *_):
        self.estimator.__dict__.pop("_validation_rows", None)


def _can_count(weights):
    """Whether the engine takes these weights; what scikit-learn makes of negative ones is its own."""
    return weights is None or bool(weights.min() >= 0 and 0 < weights.sum() < np.inf)


def _as_numbers(weights, dtype):
    return None if weights is None else np.ascontiguousarray(weights, dtype=dtype)
