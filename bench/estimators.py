"""clearprop's MLPClassifier beside scikit-learn's in one process: medians of their times, and the ratio.

    target/python/bin/python bench/estimators.py      (the environment that `cargo xtask test` makes)

Digits, 100 hidden units, Adam, batches of 200, double precision as both have it by default.  Both take turns of a fifth of
the calls, so that a busy moment of the machine hits both, and short calls find the caches as a loop of them does.
"""
import subprocess
import sys
import time
import warnings
from statistics import median

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier as Theirs

from clearprop import MLPClassifier as Ours

# scikit-learn's time by ours, as the project promises it.
GOALS = {"fit": 8, "partial_fit of 8 rows": 40, "predict_proba of 1 row": 20}


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def beside(name, call, times):
    """``call(0)``, scikit-learn's, and ``call(1)``, ours, in five turns."""
    theirs, ours = [], []
    for _ in range(5):
        for i, its in enumerate((theirs, ours)):
            its.extend(seconds(lambda: call(i)) for _ in range(times // 5))
    ratio = median(theirs) / median(ours)
    goal = GOALS.get(name)
    said = "" if goal is None else f"   goal {goal} {'met' if ratio >= goal else 'MISSED'}"
    print(f"{name:26} scikit-learn {median(theirs) * 1e3:9.3f} ms   clearprop {median(ours) * 1e3:9.3f} ms   {ratio:5.1f} x{said}")


def main():
    warnings.simplefilter("ignore")
    x, y = load_digits(return_X_y=True)
    x, classes = np.ascontiguousarray(x / 16), np.arange(10)
    new = [lambda: Theirs((100,), random_state=0), lambda: Ours((100,), random_state=0)]
    beside("fit", lambda i: new[i]().fit(x, y), 5)
    both = [make().partial_fit(x[:8], y[:8], classes=classes) for make in new]
    beside("partial_fit of 8 rows", lambda i: both[i].partial_fit(x[:8], y[:8]), 1000)
    beside("predict_proba of 1 row", lambda i: both[i].predict_proba(x[:1]), 1000)
    beside("predict_proba of 1000 rows", lambda i: both[i].predict_proba(x[:1000]), 200)
    modules = "sklearn.neural_network", "clearprop"
    beside("import", lambda i: subprocess.run([sys.executable, "-c", f"import {modules[i]}"], check=True), 10)


if __name__ == "__main__":
    main()
