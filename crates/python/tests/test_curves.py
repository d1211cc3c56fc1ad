"""The same ``random_state``, the same loss curve: fifty runs, named here before they were first run."""

import itertools
import warnings

import numpy as np
import pytest
from sklearn import datasets, neural_network
from sklearn.preprocessing import StandardScaler

import clearprop

TABLES = {
    "iris": (datasets.load_iris, True),
    "wine": (datasets.load_wine, True),
    "breast cancer": (datasets.load_breast_cancer, True),
    "digits": (datasets.load_digits, True),
    "diabetes": (datasets.load_diabetes, False),
}
SOLVERS = {
    "adam": {"solver": "adam"},
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.01},
    "momentum": {"solver": "sgd", "learning_rate_init": 0.01, "nesterovs_momentum": False},
}
GRID = [
    (table, {**SOLVERS[solver], "early_stopping": early})
    for table, solver, early in itertools.product(TABLES, SOLVERS, (False, True))
]
MORE = [
    ("iris", {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1}),
    ("digits", {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.02}),
    ("wine", {"activation": "tanh"}),
    ("breast cancer", {"activation": "logistic"}),
    ("diabetes", {"activation": "identity"}),
    ("digits", {"hidden_layer_sizes": (40, 30, 20)}),
    ("iris", {"batch_size": 7, "alpha": 0.1}),
    ("diabetes", {"activation": "tanh", "solver": "sgd", "learning_rate_init": 0.001}),
    ("wine", {"shuffle": False}),
    ("breast cancer", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3}),
]


def data(name):
    load, classes = TABLES[name]
    X, y = load(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    return X, (y if classes else (y - y.mean()) / y.std()), classes


def pair(name, settings, **more):
    X, y, classes = data(name)
    kind = "MLPClassifier" if classes else "MLPRegressor"
    fitted = []
    for module in (neural_network, clearprop):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted.append(getattr(module, kind)(random_state=0, **{"max_iter": 60, **settings, **more}).fit(X, y))
    return fitted


@pytest.mark.parametrize(("name", "settings"), GRID + MORE, ids=lambda value: str(value))
def test_every_point_of_the_loss_curve(name, settings):
    theirs, ours = pair(name, settings)
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-12)
    if settings.get("early_stopping"):
        np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_, rtol=1e-12)


@pytest.mark.parametrize("name", ["breast cancer", "digits", "diabetes"])
def test_lbfgs_over_the_first_twenty_iterations(name):
    theirs, ours = pair(name, {"solver": "lbfgs"}, max_iter=20)
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-10)
    for a, b in zip(ours.coefs_, theirs.coefs_):
        assert abs(a - b).max() <= 1e-6 * abs(b).max()


def test_weights_of_rows_and_weighted_classes():
    X, y, _ = data("wine")
    weights = np.random.RandomState(1).uniform(0.1, 3, len(y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = neural_network.MLPClassifier(random_state=0, max_iter=30, batch_size=50).fit(X, y, weights)
        ours = clearprop.MLPClassifier(random_state=0, max_iter=30, batch_size=50).fit(X, y, weights)
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-12)
        by_class = clearprop.MLPClassifier(random_state=0, max_iter=30, batch_size=50, class_weight={0: 2, 1: 1, 2: 0.5})
        by_class.fit(X, y)
        theirs.fit(X, y, np.array([2, 1, 0.5])[y])
        np.testing.assert_allclose(by_class.loss_curve_, theirs.loss_curve_, rtol=1e-12)


WEIGHTED = [
    ("wine", {"early_stopping": True}),
    ("breast cancer", {"early_stopping": True, "solver": "sgd", "learning_rate_init": 0.01}),
    ("digits", {"hidden_layer_sizes": (30, 20)}),
    ("diabetes", {"early_stopping": True}),
    ("iris", {"batch_size": 7, "alpha": 0.1}),
    ("wine", {"solver": "lbfgs", "max_iter": 15}),
]


@pytest.mark.parametrize(("name", "settings"), WEIGHTED, ids=lambda value: str(value))
def test_rows_with_weights_give_the_same_curve_too(name, settings):
    X, y, classes = data(name)
    weights = np.random.RandomState(1).uniform(0, 3, len(y))
    weights[::9] = 0
    fitted = []
    for module in (neural_network, clearprop):
        model = getattr(module, "MLPClassifier" if classes else "MLPRegressor")(random_state=0, **{"max_iter": 30, **settings})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted.append(model.fit(X, y, weights))
    theirs, ours = fitted
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-10)
    if "solver" not in settings or settings["solver"] != "lbfgs":
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-12)


def test_several_outputs_as_scikit_learn_weighs_them():
    X, y, _ = data("diabetes")
    Y = np.column_stack([y, y**2, np.sin(y)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = neural_network.MLPRegressor(random_state=0, max_iter=30).fit(X, Y)
        ours = clearprop.MLPRegressor(random_state=0, max_iter=30).fit(X, Y)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-12)


def test_poisson():
    X, y, _ = data("diabetes")
    counts = np.random.RandomState(0).poisson(np.exp(0.5 * y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = neural_network.MLPRegressor(loss="poisson", random_state=0, max_iter=30).fit(X, counts)
        ours = clearprop.MLPRegressor(loss="poisson", random_state=0, max_iter=30).fit(X, counts)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-12)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)
