"""Threads, forks, signals and the end of the interpreter: no crash, no hang, nothing lost."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

import clearprop

warnings.simplefilter("ignore")
X, Y = load_digits(return_X_y=True)
X = X / 16

SETTINGS = {"hidden_layer_sizes": (30,), "max_iter": 5, "random_state": 0}


def fitted(**more):
    return clearprop.MLPClassifier(**SETTINGS | more).fit(X, Y)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_))


def program(text, **options):
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(text)], text=True, **options)


def test_twenty_fits_at_once_are_twenty_equal_fits():
    with ThreadPoolExecutor(20) as pool:
        models = list(pool.map(lambda _: fitted(threads=2), range(20)))
    alone = fitted()
    assert all(same(model, alone) for model in models)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_after_threads_were_used_learns_and_predicts():
    model = fitted(threads=2)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        # Nothing of pytest's may run in the child, whatever happens.
        try:
            signal.alarm(60)
            again = fitted(threads=2)
            os.write(write, pickle.dumps((same(again, model), again.predict(X[:5]).tolist())))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        told = answer.read()
    os.waitpid(child, 0)
    assert told, "the child died, or hung"
    assert pickle.loads(told) == (True, model.predict(X[:5]).tolist())


def test_processes_that_scikit_learn_starts():
    alone = cross_val_score(clearprop.MLPClassifier(**SETTINGS), X, Y, cv=3)
    assert np.array_equal(alone, cross_val_score(clearprop.MLPClassifier(**SETTINGS), X, Y, cv=3, n_jobs=2))


def test_the_interpreter_ends_while_a_thread_learns():
    ended = program(
        """
        import threading, numpy, clearprop
        begun = threading.Event()
        X, y = numpy.random.default_rng(0).normal(size=(5000, 50)), numpy.arange(5000) % 3
        told = lambda model: begun.set()
        model = clearprop.MLPClassifier((200,), max_iter=10**6, n_iter_no_change=10**6, threads=2, callbacks=told)
        threading.Thread(target=model.fit, args=(X, y), daemon=True).start()
        assert begun.wait(60)
        """
    )
    assert ended.wait(timeout=120) == 0


def test_an_interrupt_stops_it_and_leaves_a_model():
    learning = program(
        """
        import numpy, clearprop
        X, y = numpy.random.default_rng(0).normal(size=(5000, 50)), numpy.arange(5000) % 3
        def told(model):
            if model.n_iter_ == 1:
                print("learning", flush=True)

        model = clearprop.MLPClassifier((200,), max_iter=10**6, n_iter_no_change=10**6, callbacks=told)
        model.fit(X, y)
        print("stopped", model.n_iter_ > 0, model.predict(X[:3]).shape)
        """,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert learning.stdout.readline() == "learning\n"
    learning.send_signal(signal.SIGINT)
    out, err = learning.communicate(timeout=120)
    assert out.endswith("stopped True (3,)\n"), (out, err)
    assert learning.returncode == 0, err
