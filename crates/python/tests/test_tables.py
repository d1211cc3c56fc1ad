"""Tables in Python: the same models as the command line's, for frames with words, dates and missing values."""

import pickle
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.utils.estimator_checks import parametrize_with_checks
from test_files import PROGRAM, ROOT

import clearprop
from clearprop import MLPClassifier, TabularClassifier, TabularRegressor


def command(*args):
    run = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """A table with numbers, words, dates and missing values; a model of three folds of it, and what it predicts."""
    folder = tmp_path_factory.mktemp("members")
    file = ROOT / "examples/members.csv"
    command("train", file, "--target", "stays", "--drop", "id", "--effort", "quick", "--folds", 3, "--out", folder / "run")
    command("predict", folder / "run", file, "-o", folder / "p.csv")
    return folder, pd.read_csv(file), pd.read_csv(folder / "p.csv")


def test_a_model_of_folds_is_loaded(members, tmp_path):
    folder, table, predicted = members
    model = clearprop.load(folder / "run/model.safetensors")
    assert isinstance(model, TabularClassifier) and model.classes_.tolist() == ["no", "yes"]
    assert model.n_members_ == len(model.fold_scores_) == 3 and model.temperature_ > 0
    np.testing.assert_allclose(model.predict_proba(table), predicted[["p_no", "p_yes"]], atol=1e-6)
    assert model.predict(table).tolist() == predicted["label"].tolist()
    # Columns in any order, and others, are no matter.
    np.testing.assert_array_equal(model.predict_proba(table[table.columns[::-1]]), model.predict_proba(table))
    model.save(tmp_path / "m.safetensors")
    assert (tmp_path / "m.safetensors").read_bytes() == (folder / "run/model.safetensors").read_bytes()


def test_onnxruntime_says_what_predict_says_of_several_members(tmp_path):
    random = np.random.default_rng(0)
    hair = np.array(["dark", "fair", "red"])[random.integers(0, 3, 300)]
    size = np.where(random.random(300) < 0.1, np.nan, random.normal(170, 10, 300))
    sex = np.array(["man", "woman", ""])[random.integers(0, 3, 300)]
    table = pd.DataFrame({"size": size, "hair": hair, "sex": sex})
    table["weight"] = np.nan_to_num(0.5 * size, nan=80) + 10 * (hair == "red") + 8 * (sex == "man") + random.normal(0, 3, 300)
    both = {"sex=man (1) or woman (-1)": 1.0 * (sex == "man") - (sex == "woman"), "sex=(missing)": sex == ""}

    def column(name):
        words = {"hair": hair, "sex": sex}
        return size if name == "size" else both[name] if name in both else words[name.partition("=")[0]] == name.partition("=")[2]

    table["heavy"] = np.where(table["weight"] > 85, "yes", "no")
    for target, recipe in (("weight", "plain"), ("heavy", "plain"), ("weight", "tabular"), ("heavy", "tabular")):
        other = {"weight": "heavy", "heavy": "weight"}[target]
        table.drop(columns=other).to_csv(tmp_path / "t.csv", index=False)
        run = tmp_path / f"{target}-{recipe}"
        command("train", tmp_path / "t.csv", "--target", target, "--folds", 3, "--recipe", recipe, "--epochs", 9, "--out", run)
        command("predict", run, tmp_path / "t.csv", "-o", tmp_path / "out.csv")
        command("export", run, tmp_path / "m.onnx")
        session = onnxruntime.InferenceSession((tmp_path / "m.onnx").read_bytes())
        names = clearprop._core.open_model(run / "model.safetensors").about()["inputs"]
        assert ("sex=man (1) or woman (-1)" in names) == (recipe == "tabular")
        X = np.column_stack([column(name) for name in names])
        (got,) = session.run(None, {"X": X.astype(np.float32)})
        expected = pd.read_csv(tmp_path / "out.csv").select_dtypes("number").to_numpy()
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-6)


def test_python_trains_what_the_command_line_trains(members, tmp_path):
    _, table, _ = members
    X, y = table.drop(columns=["id", "stays"]), table["stays"]
    settings = {"effort": "quick", "folds": 2}
    model = TabularClassifier(**settings).fit(X, y)
    assert any("'town'" in line and "missing values are 0 in all inputs" in line for line in model.decisions_)
    (X.assign(y=np.where(y == "yes", "1", "0"))).to_csv(tmp_path / "t.csv", index=False)
    told = command("train", tmp_path / "t.csv", "--target", "y", "--effort", "quick", "--folds", 2, "--loss", "softmax", "--out", tmp_path / "run")
    said = [line.partition(" (")[0] for line in model.decisions_ if line.startswith("column")]
    assert len(said) == 4 and [line.partition(" (")[0] for line in told.splitlines()][:4] == said
    theirs = clearprop.load(tmp_path / "run/model.safetensors")
    # The same rows in the same folds; numbers of a frame and of a text may differ in a last bit, and the training goes on from there.
    np.testing.assert_allclose(theirs.fold_scores_, model.fold_scores_, atol=0.1)
    assert abs(theirs.predict_proba(X) - model.predict_proba(X)).mean() < 0.15
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_numbers_have_intervals():
    X, y = load_diabetes(return_X_y=True)
    model = TabularRegressor(folds=4).fit(X, y)
    low, high = model.predict_interval(X, 0.8).T
    assert 0.7 < np.mean((low <= y) & (y <= high)) < 0.99 and model.score(X, y) > 0.4
    with pytest.raises(ValueError, match="give a share between 0 and 1"):
        model.predict_interval(X, 80)
    with pytest.raises(ValueError, match="does not know how far off"):
        TabularRegressor(epochs=3).fit(X, y).predict_interval(X)


def test_frames_come_as_people_have_them():
    random = np.random.default_rng(1)
    n = 120
    frame = pd.DataFrame({
        "number": random.normal(size=n),
        "whole": pd.array(random.integers(0, 9, n), dtype="Int64"),
        "truth": random.random(n) < 0.5,
        "word": pd.Categorical(np.array(["a", "b", "c"])[random.integers(0, 3, n)]),
        "day": pd.Timestamp("2024-01-31") + pd.to_timedelta(random.integers(0, 400, n), "D"),
    })
    frame.loc[3:9, ["number", "word", "whole", "day"]] = None
    y = np.where(frame["number"].fillna(0) + frame["truth"] > 0.5, 7, 3)
    model = TabularClassifier().fit(frame, y)
    assert model.classes_.tolist() == [3, 7] and model.score(frame, y) > 0.85
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.drop(columns="day"))
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        model.predict(frame.assign(word="d"))
    assert any("'word'" in str(one.message) for one in noted)


def test_a_search_ends_as_a_model_of_any_other_fit(members, tmp_path):
    _, table, _ = members
    X, y = table.drop(columns=["id", "stays"]), table["stays"]
    search = TabularClassifier(tune=True, trials=8, folds=3, epochs=8, recipe="tabular", threads=1)
    model = search.fit(X, y)
    tried = pd.DataFrame(model.trials_)
    assert tried.columns.tolist()[:6] == ["trial", "chosen", "folds", "accuracy", "loss", "steps"]
    assert tried["trial"].tolist() == list(range(8)) and tried["step_size"].nunique() == 8
    # Halved twice; the usual settings, which are the first, stay in any case.
    assert tried["folds"][0] == 3 and (tried["folds"] >= 2).sum() in (4, 5) and (tried["folds"] == 3).sum() in (2, 3)
    chosen = tried[tried["chosen"]]
    assert len(chosen) and (chosen["folds"] == 3).all() and model.n_members_ == 3 * len(chosen)
    assert set(tried["epochs"]) == {8} and (tried["steps"] % tried["folds"] == 0).all()
    assert model.decisions_[-1].startswith("the model is ") and " of 8: " in model.decisions_[-1]
    assert model.score(X, y) > 0.6 and model.predict_proba(X).shape == (len(X), 2)
    # Any number of threads, a file, a pickle.
    again = clone(search).set_params(threads=2).fit(X, y)
    assert again.trials_ == model.trials_
    model.save(tmp_path / "m.safetensors")
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "m.safetensors").read_bytes() == (tmp_path / "again.safetensors").read_bytes()
    for other in (clearprop.load(tmp_path / "m.safetensors"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
        assert other.n_members_ == model.n_members_
    # Another seed is another search, and a fit without one leaves no trials behind.
    assert clone(search).set_params(random_state=1).fit(X, y).trials_ != model.trials_
    assert search.set_params(tune=False, trials=None).fit(X, y).trials_ == []


def test_python_searches_as_the_command_line_does(tmp_path):
    random = np.random.default_rng(2)
    table = pd.DataFrame({"a": random.integers(0, 1000, 150) / 8, "hair": np.array(["dark", "fair", "red", None])[random.integers(0, 4, 150)]})
    table["y"] = np.round(table["a"] / 7 + 9 * (table["hair"] == "fair") + random.normal(size=150), 2)
    table.to_csv(tmp_path / "t.csv", index=False)
    chosen = {"recipe": "tabular", "epochs": 12, "folds": 3}
    model = TabularRegressor(tune=True, trials=8, **chosen).fit(table.drop(columns="y"), table["y"])
    options = [text for key, value in chosen.items() for text in (f"--{key}", value)]
    told = command("tune", tmp_path / "t.csv", "--target", "y", "--trials", 8, "--test-size", 0, *options, "--out", tmp_path / "run")
    assert model.decisions_[-1] in told
    theirs, ours = pd.read_csv(tmp_path / "run/trials.csv"), pd.DataFrame(model.trials_).astype({"label_smoothing": float})
    assert theirs.columns.tolist() == ours.columns.tolist()
    theirs["chosen"], theirs["front_scale"] = theirs["chosen"] == "yes", theirs["front_scale"] == "yes"
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)
    X = table.drop(columns="y")
    np.testing.assert_array_equal(clearprop.load(tmp_path / "run/model.safetensors").predict(X), model.predict(X))
    assert model.predict_interval(X).shape == (150, 2)
    # Any program that reads ONNX says the same.
    session = onnxruntime.InferenceSession(model.to_onnx())
    inputs = [table["a"] if name == "a" else table["hair"].fillna("(missing)") == name.partition("=")[2] for name in model._model.about()["inputs"]]
    (got,) = session.run(None, {"X": np.column_stack(inputs).astype(np.float32)})
    np.testing.assert_allclose(got[:, 0], model.predict(X), rtol=1e-4, atol=1e-4)


def test_a_search_of_no_time_has_one_trial():
    X, y = load_iris(return_X_y=True)
    model = TabularClassifier(tune=True, minutes=1e-9).fit(X[::12], y[::12])
    assert [(trial["trial"], trial["chosen"], trial["folds"]) for trial in model.trials_] == [(0, True, 5)]
    assert model.n_members_ == 5 and len(X[::12]) == 13


def test_an_interrupt_ends_a_search_and_leaves_what_was():
    learning = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert learning.stdout.readline() == "learning\n"
    time.sleep(1)
    learning.send_signal(signal.SIGINT)
    out, err = learning.communicate(timeout=120)
    assert (out, learning.returncode) == ("stopped 3\n", 0), err


# One part of this search takes much longer than the test waits.
INTERRUPTED = """
import numpy, clearprop
X, y = numpy.random.default_rng(0).normal(size=(20000, 50)), numpy.arange(20000) % 3
model = clearprop.TabularClassifier(epochs=3, folds=3).fit(X[:100], y[:100])
model.set_params(tune=True, epochs=10**6, folds=2)
print("learning", flush=True)
try:
    model.fit(X, y)
except KeyboardInterrupt:
    print("stopped", model.n_members_)
"""


def test_progress_is_one_line(capsys):
    X, y = load_iris(return_X_y=True, as_frame=True)
    TabularClassifier(progress=True).fit(X, y)
    said = capsys.readouterr().err
    assert said.endswith("\n") and said.count("\n") == 1
    done, rest = said.split("\r")[-1].split("/", 1)
    assert int(done) > 0 and " steps, loss " in rest and " left at most" in rest
    TabularClassifier(progress=True, tune=True, trials=2, folds=2, epochs=20).fit(X, y)
    said = capsys.readouterr().err
    assert " trials" in said and said.endswith("\n") and said.count("\n") == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        MLPClassifier(progress=True, max_iter=5).fit(X, y)
    assert capsys.readouterr().err.split("\r")[-1].startswith("5/5 epochs, loss ")
    TabularClassifier().fit(X, y)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_is_one_line():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="folds: there are 3 rows for 5 folds"):
        TabularClassifier(folds=5).fit(X[[0, 60, 120]], y[[0, 60, 120]])
    with pytest.raises(ValueError, match="there is no setting 'hiden'; did you mean 'hidden'"):
        TabularClassifier(settings={"hiden": 3}).fit(X, y)
    with pytest.raises(ValueError, match="found 'fast'"):
        TabularClassifier(effort="fast").fit(X, y)
    with pytest.raises(ValueError, match="trials: found 8 without a search; give tune=True too"):
        TabularClassifier(trials=8).fit(X, y)
    for trials in (0, -1, 1.5, "many"):
        with pytest.raises(ValueError, match=f"trials: found '{trials}'; give a whole number from 1 to 100000"):
            TabularClassifier(tune=True, trials=trials).fit(X, y)
    with pytest.raises(ValueError, match="minutes: found '0'; give a number above 0"):
        TabularClassifier(tune=True, minutes=0).fit(X, y)
    with pytest.raises(ValueError, match="ensemble: given together with"):
        TabularClassifier(tune=True, ensemble=3).fit(X, y)
    with pytest.raises(ValueError, match="class"):
        TabularClassifier(tune=True, trials=1).fit(X[:50], y[:50])


def rounding(estimator):
    """Predictions are of single precision, and rows together end in other last bits than one by one."""
    return {"check_methods_subset_invariance": "single precision"} if isinstance(estimator, TabularRegressor) else {}


@parametrize_with_checks(
    [
        TabularClassifier(epochs=60),
        TabularRegressor(epochs=60),
        TabularClassifier(epochs=30, folds=2, tune=True, trials=2),
        TabularRegressor(epochs=30, folds=2, tune=True, trials=2),
    ],
    expected_failed_checks=rounding,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
