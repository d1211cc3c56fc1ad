"""Small neural networks you can see through, trained as fast as the machine allows.

``MLPClassifier`` and ``MLPRegressor`` are scikit-learn's, trained by clearprop's engine.

Nothing heavy is imported before it is used.
"""

from ._core import __version__

_HOMES = {
    "MLPClassifier": "mlp",
    "MLPRegressor": "mlp",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module("." + _HOMES[name], __name__), name)
    raise AttributeError(f"module 'clearprop' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
