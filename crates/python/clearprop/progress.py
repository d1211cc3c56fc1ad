"""What is told while an estimator is fitted: plain callables, scikit-learn's callbacks, a line of progress."""

from __future__ import annotations

import sys
import time


class Callbacks:
    """The hooks around an estimator's epochs."""

    def __init__(self, estimator, epochs, incremental):
        self.estimator, self.epochs = estimator, epochs
        # scikit-learn's callbacks belong to fit.
        self.scikit_learns = not incremental and hasattr(estimator, "_init_callback_context")
        given = estimator.callbacks
        self.plain = [] if given is None else [given] if callable(given) else list(given)
        self.line = Line() if estimator.progress else None
        self.context = None

    def begin(self, X, y):
        if self.scikit_learns:
            self.context = self.estimator._init_callback_context(max_subtasks=self.epochs)
            self.context.call_on_fit_task_begin(estimator=self.estimator, X=X, y=y)

    def begin_epoch(self, X, y):
        if self.context is not None:
            self.epoch = self.context.subcontext(task_name="epoch")
            self.epoch.call_on_fit_task_begin(estimator=self.estimator, X=X, y=y)

    def end_epoch(self, X, y):
        """Whether somebody asks for an end."""
        estimator = self.estimator
        stop = False
        if self.context is not None:
            stop = bool(
                self.epoch.call_on_fit_task_end(
                    estimator=estimator,
                    X=X,
                    y=y,
                    metadata={"loss": estimator.loss_},
                    reconstruction_attributes=lambda: {
                        name: value for name, value in vars(estimator).items() if name.endswith("_")
                    },
                )
            )
        for callback in self.plain:
            stop = bool(callback(estimator)) or stop
        if self.line is not None:
            self.line.show(estimator.n_iter_, self.epochs, "epochs", estimator.loss_)
        return stop

    def end(self, X, y):
        if self.line is not None:
            self.line.end()
        if self.context is not None:
            self.context.call_on_fit_task_end(estimator=self.estimator, X=X, y=y)


class Line:
    """``12/200 epochs, loss 0.1234, 0:03 left``, drawn over itself at most ten times a second."""

    def __init__(self):
        self.began, self.drawn = time.monotonic(), 0.0

    def show(self, done, total, unit, loss):
        """How far a fit is."""
        if self._is_due(done == total):
            left = (time.monotonic() - self.began) / max(done, 1) * (total - done)
            said = "" if loss is None else f", loss {loss:.4g}"
            self._draw(f"{done}/{total} {unit}{said}, {_clock(left)} left at most")

    def show_search(self, trials, score, best):
        """How far a search is, and the best score of a trial with all folds."""
        if self._is_due(False):
            said = "" if best is None else f", best {score} {best:.5f}"
            self._draw(f"{trials} trial{'s' * (trials != 1)}{said}, {_clock(time.monotonic() - self.began)}")

    def _is_due(self, ends):
        return ends or time.monotonic() - self.drawn >= 0.1

    def _draw(self, text):
        self.drawn = time.monotonic()
        sys.stderr.write(f"\r{text:<70}")
        sys.stderr.flush()

    def end(self):
        if self.drawn:
            sys.stderr.write("\n")


def _clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes}:{seconds:02d}"
