"""What a trained estimator gives: predictions, hidden activations, files, and scikit-learn's own class."""

from __future__ import annotations

import functools
import inspect

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _core

# What an estimator keeps for the next quick call; no part of its state.
KEPT = ("_checked", "_session_kept")


class Outputs:
    """The forward pass of both classes, and the ways out of them."""

    def _forward_pass_fast(self, X, check_input=True):
        if check_input:
            outputs = self._outputs_as_it_is(X)
            if outputs is not None:
                return outputs
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return self._outputs(X)

    def predict(self, X):
        """The class, or the number, of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        outputs = self._outputs_as_it_is(X)
        return super().predict(X) if outputs is None else self._answers_of(outputs)

    def _predict(self, X, check_input=True):
        return self._answers_of(self._forward_pass_fast(X, check_input))

    def _outputs_as_it_is(self, X):
        """The outputs for an array that needs none of scikit-learn's checks; else None."""
        state = self.__dict__
        if type(X) is not np.ndarray or "coefs_" not in state or "feature_names_in_" in state:
            return None
        names = self.activation if type(self.activation) is str else list(self.activation)
        return _core.predict_as_it_is(X, state["coefs_"], state["intercepts_"], names, self._engine_loss())

    def _fits_as_it_is(self, X):
        """Whether an array needs none of scikit-learn's checks but for finiteness, which the engine looks for."""
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype.char in "fd"
            and X.shape[0] > 0
            and X.shape[1] == self.n_features_in_
            and X.flags.c_contiguous
            and X.dtype.isnative
            and "feature_names_in_" not in self.__dict__
            and _core.is_finite(X)
        )

    def _outputs(self, X):
        X, coefs, intercepts = self._rows(X), self.coefs_, self.intercepts_
        if X.dtype != coefs[0].dtype:
            # As NumPy multiplies them: in the wider of the two.
            dtype = np.result_type(X.dtype, coefs[0].dtype)
            X = X.astype(dtype, copy=False)
            coefs, intercepts = ([one.astype(dtype, copy=False) for one in all_] for all_ in (coefs, intercepts))
        names = self._activation_names(len(coefs) - 1)
        return _core.predict(X, coefs, intercepts, names, self._engine_loss())

    def hidden_activations(self, X):
        """What each hidden layer puts out: a list of arrays (n_samples, units), ``a[1], a[2], ..``."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        X = self._rows(X).astype(self.coefs_[0].dtype, copy=False)
        names = self._activation_names(len(self.coefs_) - 1)
        return _core.hidden(X, self.coefs_, self.intercepts_, names)

    # -- files ------------------------------------------------------------------------------------------------

    def save(self, path):
        """Write the fitted model as the command line's file, ``.safetensors``.

        ``clearprop predict model.safetensors rows.csv`` and :func:`clearprop.load` read it.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        ValueError
            A path that is not called ``.safetensors``.
        OSError
            The file cannot be written.
        """
        from .saving import save

        check_is_fitted(self)
        save(self, path)

    def to_onnx(self, path=None):
        """The fitted model as ONNX, which onnxruntime runs: ``X`` (n_samples, n_features) in, ``Y`` out.

        ``Y`` is (n_samples, n_outputs): probabilities in the order of ``classes_``, or numbers.

        Parameters
        ----------
        path : str or path, optional
            Where to write it.

        Returns
        -------
        bytes
        """
        from .saving import _core, file_bytes

        check_is_fitted(self)
        data = file_bytes(self, "onnx")
        if path is not None:
            _core.write_whole(path, data)
        return data

    # -- from scikit-learn, and back --------------------------------------------------------------------------

    @classmethod
    def from_sklearn(cls, model):
        """This class with the settings and, if it is fitted, the state of scikit-learn's ``model``."""
        ours = cls(**{k: v for k, v in model.get_params(deep=False).items() if k in names_of(cls)})
        ours.__dict__.update({k: v for k, v in vars(model).items() if k not in model.get_params(deep=False)})
        return ours

    def to_sklearn(self):
        """scikit-learn's own class with these settings and this state."""
        theirs = next(base for base in type(self).__mro__ if base.__module__.startswith("sklearn.neural_network"))
        model = theirs(**{k: v for k, v in self.get_params(deep=False).items() if k in names_of(theirs)})
        mine = self.get_params(deep=False)
        model.__dict__.update({k: v for k, v in vars(self).items() if k not in mine and k not in KEPT})
        return model


@functools.cache
def names_of(cls):
    """The names of its constructor's parameters."""
    return list(inspect.signature(cls.__init__).parameters)[1:]
