"""What our classes have beside scikit-learn's."""

import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.neural_network import MLPClassifier as Theirs

import clearprop

warnings.simplefilter("ignore")
X, Y = load_iris(return_X_y=True)


def test_the_readmes_lines_run():
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, {})


def test_import_brings_in_nothing_heavy():
    code = "import sys, clearprop; assert 'sklearn' not in sys.modules and 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("activation", clearprop._core.ACTIVATIONS)
def test_every_activation_learns(activation):
    model = clearprop.MLPClassifier(random_state=0, activation=activation, max_iter=300).fit(X, Y)
    assert model.score(X, Y) > 0.9


def test_an_activation_for_each_layer():
    model = clearprop.MLPClassifier((8, 6), ["tanh", "gelu"], random_state=0, max_iter=20).fit(X, Y)
    first, second = model.hidden_activations(X[:3])
    assert first.shape == (3, 8) and second.shape == (3, 6)
    np.testing.assert_allclose(first, np.tanh(X[:3] @ model.coefs_[0] + model.intercepts_[0]), rtol=1e-12)


def test_own_validation_rows_are_watched():
    model = clearprop.MLPClassifier(random_state=0, early_stopping=True, max_iter=500, learning_rate_init=0.02)
    model.fit(X[::2], Y[::2], validation_data=(X[1::2], Y[1::2]))
    assert len(model.validation_loss_curve_) == model.n_iter_ == len(model.validation_scores_)
    assert model.validation_scores_[0] == pytest.approx(max(0, model.validation_scores_[0]))
    assert model.n_iter_ < 500


def test_weights_to_begin_with():
    first = clearprop.MLPClassifier(random_state=0, max_iter=5).fit(X, Y)
    again = clearprop.MLPClassifier(
        random_state=1, max_iter=1, coef_init=first.coefs_, intercept_init=first.intercepts_
    ).fit(X, Y)
    assert again.loss_curve_[0] < first.loss_curve_[0]
    with pytest.raises(ValueError, match="coef_init has shapes"):
        clearprop.MLPClassifier(coef_init=[np.zeros((3, 3))]).fit(X, Y)


def test_from_scikit_learn_and_back():
    theirs = Theirs(random_state=0, max_iter=10).fit(X, Y)
    ours = clearprop.MLPClassifier.from_sklearn(theirs)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)
    back = ours.to_sklearn()
    assert type(back) is Theirs
    np.testing.assert_allclose(back.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)


def test_callbacks_stop_a_run():
    seen = []
    model = clearprop.MLPClassifier(random_state=0, callbacks=lambda model: seen.append(model.loss_) or len(seen) == 4)
    model.fit(X, Y)
    assert model.n_iter_ == 4 and seen == model.loss_curve_


def test_a_time_limit_ends_with_the_epoch_that_it_is_in():
    model = clearprop.MLPClassifier(random_state=0, max_iter=10_000, tol=0, n_iter_no_change=10_000, time_limit=1e-9)
    assert model.fit(X, Y).n_iter_ == 1


@pytest.mark.parametrize("rows", [8, 1])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_quick_partial_fit_is_scikit_learns(rows, kind):
    digits, classes = load_digits(return_X_y=True)
    digits = (digits / 16).astype(kind)
    models = [cls(random_state=0) for cls in (Theirs, clearprop.MLPClassifier)]
    for first in range(0, 40 * rows, rows):
        for model in models:
            model.partial_fit(digits[first : first + rows], classes[first : first + rows], **({"classes": range(10)} if first == 0 else {}))
    theirs, ours = models
    assert "_checked" in vars(ours)
    tolerance = 1e-12 if kind is np.float64 else 1e-3
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=tolerance)
    assert ours.t_ == theirs.t_ and ours._optimizer.t == theirs._optimizer.t
    with pytest.raises(ValueError, match="not in `self.classes_`"):
        ours.partial_fit(digits[:2], np.array([3, 77]))
    with pytest.raises(ValueError, match="NaN"):
        ours.partial_fit(np.full((2, 64), np.nan, kind), np.array([3, 7]))
    ours.set_params(alpha=-1.0)
    with pytest.raises(ValueError, match="alpha"):
        ours.partial_fit(digits[:2], classes[:2])


def _labels(kind):
    """Whole numbers of one kind, in one way to lie in memory."""
    classes = np.arange(16) % 3
    if kind == "every second":
        return np.repeat(classes, 2)[::2]
    if kind == "a column of a table":
        table = np.zeros(len(classes), dtype=[("x", "f4"), ("y", "i8")])
        table["y"] = classes
        return table["y"]
    return (classes % 2 if kind == "bool" else classes).astype(kind)


@pytest.mark.parametrize("kind", ["i8", ">i4", "u1", "bool", "every second", "a column of a table"])
def test_quick_partial_fit_takes_labels_as_they_lie(kind):
    x, y = np.random.default_rng(0).normal(size=(16, 4)), _labels(kind)
    models = [cls(random_state=0).partial_fit(x, y, classes=np.unique(y)) for cls in (Theirs, clearprop.MLPClassifier)]
    assert models[1]._quick_answers(y) is not None
    for _ in range(3):
        for model in models:
            model.partial_fit(x, y)
    np.testing.assert_allclose(models[1].loss_curve_, models[0].loss_curve_, rtol=1e-12)


def test_quick_partial_fit_begins_with_the_weights_that_it_finds():
    digits, classes = load_digits(return_X_y=True)
    models = [cls(random_state=0) for cls in (Theirs, clearprop.MLPClassifier)]
    for model in models:
        model.partial_fit(digits[:8], classes[:8], classes=range(10))
        model.partial_fit(digits[:8], classes[:8])
        model.coefs_[0][3] += 1.0
        model._optimizer.ms[1][:] = 0.0
        model.intercepts_[1] = model.intercepts_[1] - 1.0
        model.partial_fit(digits[:8], classes[:8])
    for name in ("coefs_", "intercepts_"):
        for ours, theirs in zip(getattr(models[1], name), getattr(models[0], name)):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    models[1].coefs_[0][3] = np.nan
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        models[1].partial_fit(digits[:8], classes[:8])


@pytest.mark.parametrize("rows", [1, 50])
def test_rows_of_another_kind_than_the_weights_are_multiplied_as_numpy_does(rows):
    for trained in (np.float32, np.float64):
        models = [cls(random_state=0, max_iter=5).fit(X.astype(trained), Y) for cls in (Theirs, clearprop.MLPClassifier)]
        models[0].coefs_, models[0].intercepts_ = models[1].coefs_, models[1].intercepts_
        for given in (np.float64, np.float32, np.int64):
            theirs, ours = (model.predict_proba(X[:rows].astype(given)) for model in models)
            assert ours.dtype == theirs.dtype, (trained, given)
            np.testing.assert_allclose(ours, theirs, rtol=1e-5 if ours.dtype == np.float32 else 1e-12)


def test_a_pickled_model_goes_on():
    model = clearprop.MLPClassifier(random_state=0, max_iter=3).fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    for one in (model, again):
        one.partial_fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], again.coefs_[0])


def test_threads_do_not_change_a_bit():
    digits, classes = load_digits(return_X_y=True)
    fits = [
        clearprop.MLPClassifier((300, 200), random_state=0, max_iter=2, threads=threads).fit(digits, classes)
        for threads in (1, 2, 3)
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0].coefs_[0], other.coefs_[0])
