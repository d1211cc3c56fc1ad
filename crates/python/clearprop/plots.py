"""Pictures of a classifier and of a training run, by matplotlib (``pip install 'clearprop[plot]'``)."""

from __future__ import annotations

import numpy as np


def _axes(ax):
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError("plots need matplotlib: pip install 'clearprop[plot]'") from None
    return plt.subplots()[1]


def plot_boundary(model, X, y, *, ax=None, steps=200):
    """What a classifier says over the plane, and the points it should say it of.

    Parameters
    ----------
    model : object
        Has ``predict`` (two columns in, classes out): an estimator, a pipeline, or your own.
    X : array-like of shape (n_samples, 2)
    y : array-like of shape (n_samples,)
    ax : matplotlib axes, optional
    steps : int
        Points of the grid along each side.

    Returns
    -------
    matplotlib axes
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"a boundary is drawn in the plane: X has shape {X.shape}, (n, 2) is needed")
    ax = _axes(ax)
    low, high = X.min(axis=0), X.max(axis=0)
    edge = 0.05 * np.where(high > low, high - low, 1)
    sides = [np.linspace(a, b, steps) for a, b in zip(low - edge, high + edge)]
    grid = np.column_stack([side.ravel() for side in np.meshgrid(*sides)])
    names = np.unique(y)
    said = np.searchsorted(names, model.predict(grid)).reshape(steps, steps)
    ax.pcolormesh(*sides, said, cmap="tab10", vmin=-0.5, vmax=9.5, alpha=0.25, shading="nearest", rasterized=True)
    for nth, name in enumerate(names):
        of = X[y == name]
        ax.scatter(*of.T, s=12, color=f"C{nth % 10}", label=str(name))
    ax.legend(loc="upper right")
    return ax


def plot_history(model, *, ax=None):
    """The loss of every epoch, and that of the validation rows where there are some.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, or a list of losses

    Returns
    -------
    matplotlib axes
    """
    curve = getattr(model, "loss_curve_", model)
    if not np.ndim(curve) == 1 or not len(curve):
        raise ValueError("there is no loss to draw: fit the model first (lbfgs keeps no curve)")
    ax = _axes(ax)
    epochs = np.arange(1, len(curve) + 1)
    ax.plot(epochs, curve, label="training")
    watched = getattr(model, "validation_loss_curve_", None)
    if watched:
        ax.plot(np.arange(1, len(watched) + 1), watched, label="validation")
        ax.legend()
    ax.set(xlabel="epoch", ylabel="loss", yscale="log" if np.min(curve) > 0 else "linear")
    return ax
