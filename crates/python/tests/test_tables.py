"""Tables in Python: the same models as the command line's, for frames with words, dates and missing values."""

import pickle
import subprocess
import warnings

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.utils.estimator_checks import parametrize_with_checks
from test_files import PROGRAM, ROOT

import clearprop
from clearprop import TabularClassifier, TabularRegressor


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
    table = pd.DataFrame({"size": size, "hair": hair})
    table["weight"] = np.nan_to_num(0.5 * size, nan=80) + 10 * (hair == "red") + random.normal(0, 3, 300)
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
        X = np.column_stack([size if name == "size" else hair == name.partition("=")[2] for name in names])
        (got,) = session.run(None, {"X": X.astype(np.float32)})
        expected = pd.read_csv(tmp_path / "out.csv").select_dtypes("number").to_numpy()
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-6)


def test_python_trains_what_the_command_line_trains(members, tmp_path):
    _, table, _ = members
    X, y = table.drop(columns=["id", "stays"]), table["stays"]
    settings = {"effort": "quick", "folds": 2}
    model = TabularClassifier(**settings).fit(X, y)
    assert any("'town'" in line and "missing values are a category" in line for line in model.decisions_)
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


def test_what_cannot_be_is_one_line():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="folds: there are 3 rows for 5 folds"):
        TabularClassifier(folds=5).fit(X[[0, 60, 120]], y[[0, 60, 120]])
    with pytest.raises(ValueError, match="there is no setting 'hiden'; did you mean 'hidden'"):
        TabularClassifier(settings={"hiden": 3}).fit(X, y)
    with pytest.raises(ValueError, match="found 'fast'"):
        TabularClassifier(effort="fast").fit(X, y)


def rounding(estimator):
    """Predictions are of single precision, and rows together end in other last bits than one by one."""
    return {"check_methods_subset_invariance": "single precision"} if isinstance(estimator, TabularRegressor) else {}


@parametrize_with_checks(
    [TabularClassifier(epochs=60), TabularRegressor(epochs=60)], expected_failed_checks=rounding
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
