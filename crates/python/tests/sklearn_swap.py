"""A pytest plugin: scikit-learn's own tests see our classes where they import scikit-learn's.

``pytest -p sklearn_swap --pyargs sklearn.neural_network.tests.test_mlp``
"""

import sklearn.neural_network

import clearprop

sklearn.neural_network.MLPClassifier = clearprop.MLPClassifier
sklearn.neural_network.MLPRegressor = clearprop.MLPRegressor
