"""Fitted estimators as files: the command line's ``.safetensors`` both ways, ONNX out.  Nothing is pickled."""

from __future__ import annotations

import os

import numpy as np

from . import _core


def file_bytes(model, form):
    """The bytes of a fitted estimator's file, ``safetensors`` or ``onnx``."""
    coefs, intercepts, about = _described(model)
    return _core.model_bytes(form, coefs, intercepts, about)


def save(model, path):
    """Writes a fitted estimator as the command line's file."""
    path = os.fspath(path)
    if not path.endswith(".safetensors"):
        raise ValueError(f"{path} is not called .safetensors; write model.save('model.safetensors')")
    _core.write_whole(path, file_bytes(model, "safetensors"))


def _described(model):
    coefs = [np.ascontiguousarray(w) for w in model.coefs_]
    intercepts = [np.ascontiguousarray(b) for b in model.intercepts_]
    sizes, activations, loss = model._network([len(w) for w in coefs] + [len(intercepts[-1])])
    outputs = ["y"] if sizes[-1] == 1 else [f"y{j}" for j in range(sizes[-1])]
    if loss == "softmax":
        outputs = _texts(model.classes_)
    elif loss == "logistic" and model.n_outputs_ == 1:
        # Two classes as the command line has them: softmax of (0, z) is (1 - p, p).
        loss, outputs = "softmax", _texts(model.classes_)
        coefs[-1] = np.column_stack([np.zeros_like(coefs[-1]), coefs[-1]])
        intercepts[-1] = np.concatenate([np.zeros_like(intercepts[-1]), intercepts[-1]])
    names = getattr(model, "feature_names_in_", None)
    rows = model.t_ // model.n_iter_ if model.t_ and model.n_iter_ else 0
    batch = (min(200, rows) if model.batch_size == "auto" else model.batch_size) or 1
    steps = getattr(getattr(model, "_optimizer", None), "t", 0) or model.n_iter_
    about = {
        "activations": activations,
        "loss": loss,
        "inputs": [f"x{j}" for j in range(sizes[0])] if names is None else [str(name) for name in names],
        "outputs": outputs,
        "solver": model.solver,
        "step_size": float(model.learning_rate_init),
        "batch_size": int(batch),
        "reg": float(model.alpha) / batch,
        "steps": int(steps),
        "final_loss": float(model.loss_),
        "rows": int(rows),
    }
    return coefs, intercepts, about


def _texts(classes):
    texts = [str(name) for name in np.asarray(classes).tolist()]
    if len(set(texts)) < len(texts):
        raise ValueError(f"two classes have the same name: {', '.join(texts)}")
    return texts


def load(path):
    """A model's file, written by ``model.save`` or by the command line, as a fitted estimator.

    Parameters
    ----------
    path : str or path
        ``model.safetensors``.

    Returns
    -------
    MLPClassifier or MLPRegressor, TabularClassifier or TabularRegressor
        The latter where no weights alone say what the model does: with several members, dates, or the smooth clip of
        the recipe of tables.  They take the table itself, as ``clearprop predict`` does.  The former: it takes the columns as they stand in the table: what the command line had standardised is folded into the
        weights.  A column of words has an input for each word, 0 or 1; ``feature_names_in_`` names them all.
        ``partial_fit`` goes on from these weights, with a new optimiser.

    Raises
    ------
    OSError
        The file is not there, is none of a model, is damaged, or was made by a later version.
    """
    from sklearn.preprocessing import LabelBinarizer

    from .mlp import MLPClassifier, MLPRegressor

    found = _core.load(os.fspath(path))
    if not found["is_one_network"]:
        from .tables import opened

        return opened(os.fspath(path))
    coefs, intercepts, loss = found["coefs"], found["intercepts"], found["loss"]
    activations = found["activations"]
    same = len(set(activations)) == 1
    batch = found["batch_size"]
    settings = {
        "hidden_layer_sizes": tuple(len(b) for b in intercepts[:-1]),
        "activation": activations[0] if same else activations or "identity",
        "solver": "sgd" if found["solver"] == "gd" else found["solver"],
        "learning_rate_init": found["step_size"],
        "alpha": found["reg"] * (batch or found["rows"] or 1),
        **({} if batch is None else {"batch_size": batch}),
        **({"momentum": 0.0} if found["solver"] == "gd" else {}),
    }
    if loss in ("softmax", "logistic"):
        model = MLPClassifier(**settings)
        binarizer = LabelBinarizer()
        if loss == "logistic" and len(found["outputs"]) > 1:
            binarizer.fit(np.eye(len(found["outputs"]), dtype=int))
        else:
            binarizer.fit([0, 1] if loss == "logistic" else _classes(found["outputs"]))
        if loss == "softmax":
            # scikit-learn sorts the classes, and has one output for two.
            order = [_classes(found["outputs"]).tolist().index(name) for name in binarizer.classes_.tolist()]
            coefs[-1], intercepts[-1] = coefs[-1][:, order], intercepts[-1][order]
            if len(order) == 2:
                loss = "logistic"
                coefs[-1] = coefs[-1][:, 1:] - coefs[-1][:, :1]
                intercepts[-1] = intercepts[-1][1:] - intercepts[-1][:1]
        model._label_binarizer, model.classes_ = binarizer, binarizer.classes_
    else:
        by_name = {"squared": "squared_error", "absolute": "absolute_error"}
        model = MLPRegressor(loss=by_name.get(loss, loss), **settings)
    model.coefs_ = [np.ascontiguousarray(w) for w in coefs]
    model.intercepts_ = [np.ascontiguousarray(b) for b in intercepts]
    model.out_activation_ = {"softmax": "softmax", "logistic": "logistic", "poisson": "exp"}.get(loss, "identity")
    model.n_features_in_, model.n_outputs_ = len(coefs[0]), len(model.intercepts_[-1])
    model.n_layers_ = len(coefs) + 1
    if found["inputs"] != [f"x{j}" for j in range(len(coefs[0]))]:
        model.feature_names_in_ = np.asarray(found["inputs"], dtype=object)
    model.n_iter_, model.t_ = int(found["steps"]), 0
    model.loss_ = model.best_loss_ = found["final_loss"]
    model.loss_curve_, model._no_improvement_count = [], 0
    model.validation_scores_ = model.best_validation_score_ = None
    return model


def _classes(names):
    """The classes as numbers where all their names are numbers."""
    for kind in (int, float):
        try:
            return np.array([kind(name) for name in names])
        except ValueError:
            pass
    if set(names) == {"False", "True"}:
        return np.array([name == "True" for name in names])
    return np.array(names)
