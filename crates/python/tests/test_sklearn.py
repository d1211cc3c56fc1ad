"""scikit-learn's own tests, and its checks for every estimator, on our two classes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import estimator_checks_generator

import clearprop


def test_scikit_learns_own_tests_pass_unmodified():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "sklearn_swap", "--pyargs"]
    run = subprocess.run(
        [*command, "sklearn.neural_network.tests.test_mlp"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        env={**__import__("os").environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert run.returncode == 0, run.stdout[-4000:]
    passed = int(re.search(r"(\d+) passed", run.stdout).group(1))
    assert passed == 59, run.stdout[-2000:]


def outcomes(estimator):
    """What each of scikit-learn's checks says of this estimator: passed, skipped, or the error."""
    out = {}
    for one, check in estimator_checks_generator(estimator, legacy=True):
        name = re.sub(r"0x[0-9a-f]+", "", repr(check)).replace("clearprop.mlp", "sklearn")
        name = getattr(check, "func", check).__name__ + repr(getattr(check, "keywords", ""))
        try:
            check(one)
            out[name] = "passed"
        except BaseException as error:  # noqa: BLE001  (a skip is one)
            skipped = type(error).__name__ in ("SkipTest", "SkipTestWarning", "Skipped")
            out[name] = "skipped" if skipped else f"failed: {error}"
    return out


@pytest.mark.parametrize(
    ("ours", "theirs", "count"),
    [(clearprop.MLPClassifier, MLPClassifier, 60), (clearprop.MLPRegressor, MLPRegressor, 55)],
)
@pytest.mark.filterwarnings("ignore")
def test_every_check_that_their_class_passes_ours_passes(ours, theirs, count):
    mine, reference = outcomes(ours(max_iter=50)), outcomes(theirs(max_iter=50))
    assert len(reference) >= count
    worse = {name: mine.get(name, "not run") for name, said in reference.items() if said == "passed" and mine.get(name) != "passed"}
    assert not worse, worse
