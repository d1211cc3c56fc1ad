"""Small neural networks you can see through, trained as fast as the machine allows.

``diagnose()`` as the last line of your own function says where your backward pass first goes wrong; ``check`` compares
your gradient with finite differences.  ``MLPClassifier`` and ``MLPRegressor`` are scikit-learn's, trained by
clearprop's engine.

Nothing heavy is imported before it is used.
"""

from ._core import __version__

_HOMES = {
    "Diagnosis": "diagnosis",
    "MLPClassifier": "mlp",
    "MLPRegressor": "mlp",
    "TabularClassifier": "tables",
    "TabularRegressor": "tables",
    "check": "gradients",
    "diagnose": "diagnosis",
    "explain": "learn",
    "grade": "learn",
    "load": "saving",
    "plot_boundary": "plots",
    "plot_history": "plots",
    "probe": "learn",
    "spirals": "learn",
    "trace": "learn",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module("." + _HOMES[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'clearprop' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


def load_ipython_extension(ipython):
    """``%load_ext clearprop``"""
    from .magic import load

    load(ipython)
