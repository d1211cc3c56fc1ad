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
        self.line = Line(epochs) if estimator.progress else None
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
            self.line.show(estimator.n_iter_, estimator.loss_)
        return stop

    def end(self, X, y):
        if self.line is not None:
            self.line.end()
        if self.context is not None:
            self.context.call_on_fit_task_end(estimator=self.estimator, X=X, y=y)


class Line:
    """``12/200 epochs, loss 0.1234, 0:03 left``, drawn over itself at most ten times a second."""

    def __init__(self, epochs):
        self.epochs, self.began, self.drawn = epochs, time.monotonic(), 0.0

    def show(self, epoch, loss):
        now = time.monotonic()
        if now - self.drawn < 0.1 and epoch < self.epochs:
            return
        self.drawn = now
        left = int((now - self.began) / epoch * (self.epochs - epoch))
        text = f"{epoch}/{self.epochs} epochs, loss {loss:.4g}, {left // 60}:{left % 60:02d} left at most"
        sys.stderr.write(f"\r{text:<70}")
        sys.stderr.flush()

    def end(self):
        if self.drawn:
            sys.stderr.write("\n")
