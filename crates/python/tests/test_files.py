"""Models as files: the command line's both ways, ONNX by onnxruntime."""

import json
import os
import subprocess
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import clearprop

# The command line that `cargo build --release` has built before.
ROOT = Path(__file__).parents[3]
PROGRAM = Path(os.environ.get("CLEARPROP", ROOT / "target/release/clearprop"))


def fitted(kind, X, y, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(**{"hidden_layer_sizes": (9, 7), "max_iter": 15, "random_state": 0, **settings}).fit(X, y)


IRIS, CANCER, DIABETES = (load(return_X_y=True) for load in (load_iris, load_breast_cancer, load_diabetes))
CANCER = ((CANCER[0] - CANCER[0].mean(axis=0)) / CANCER[0].std(axis=0), CANCER[1])
WORDS = np.array(["virginica", "setosa", "versicolor"])


def models(kind):
    X, y = IRIS[0].astype(kind), IRIS[1]
    C = CANCER[0].astype(kind)
    D, t = DIABETES[0].astype(kind), DIABETES[1].astype(kind) / 100
    classifier, regressor = clearprop.MLPClassifier, clearprop.MLPRegressor
    yield "classes", fitted(classifier, X, y), X
    yield "words", fitted(classifier, X, WORDS[y], activation="tanh"), X
    yield "two classes", fitted(classifier, C, CANCER[1], activation="logistic"), C
    yield "two words", fitted(classifier, C, np.array(["no", "yes"])[CANCER[1]], solver="sgd"), C
    yield "labels", fitted(classifier, X, np.column_stack([y == 0, y > 0]).astype(int)), X
    yield "a number", fitted(regressor, D, t, solver="lbfgs"), D
    yield "numbers", fitted(regressor, D, np.column_stack([t, t**2])), D
    for loss in ("poisson", "huber", "absolute_error"):
        yield loss, fitted(regressor, D, t, loss=loss), D
    yield "no hidden layer", fitted(classifier, X, y, hidden_layer_sizes=()), X


def said(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_saved_model_comes_back_bit_for_bit(kind, tmp_path):
    for name, model, X in models(kind):
        model.save(tmp_path / "m.safetensors")
        again = clearprop.load(tmp_path / "m.safetensors")
        assert type(again) is type(model), name
        for mine, theirs in zip(again.coefs_ + again.intercepts_, model.coefs_ + model.intercepts_):
            np.testing.assert_array_equal(mine, theirs, err_msg=name)
            assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(said(again, X), said(model, X), err_msg=name)
        if hasattr(model, "classes_"):
            assert again.classes_.tolist() == model.classes_.tolist()
            assert again.predict(X).tolist() == model.predict(X).tolist()
        first = (tmp_path / "m.safetensors").read_bytes()
        model.save(tmp_path / "m.safetensors")
        assert (tmp_path / "m.safetensors").read_bytes() == first
        if model.solver != "lbfgs":
            again.set_params(batch_size=20).partial_fit(X[:20], model.predict(X[:20]))


def test_names_of_columns_are_kept(tmp_path):
    table = pd.DataFrame(IRIS[0], columns=["a", "b", "c", "d"])
    model = fitted(clearprop.MLPClassifier, table, IRIS[1])
    model.save(tmp_path / "m.safetensors")
    again = clearprop.load(tmp_path / "m.safetensors")
    assert again.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names"):
        again.predict(table[["b", "a", "c", "d"]])


def command(*args):
    run = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_command_line_reads_what_python_saved(tmp_path):
    table = pd.DataFrame(IRIS[0], columns=["a", "b", "c", "d"])
    model = fitted(clearprop.MLPClassifier, table, WORDS[IRIS[1]])
    model.save(tmp_path / "m.safetensors")
    table.to_csv(tmp_path / "rows.csv", index=False)
    command("predict", tmp_path / "m.safetensors", tmp_path / "rows.csv", "-o", tmp_path / "out.csv")
    out = pd.read_csv(tmp_path / "out.csv")
    words = [name for name in out.columns if out[name].astype(str).isin(WORDS).all()]
    assert out[words[0]].tolist() == model.predict(table).tolist()
    told = command("info", tmp_path / "m.safetensors")
    assert "train accuracy" not in told and "virginica" in told


def test_python_reads_what_the_command_line_trained(tmp_path):
    table = pd.DataFrame(IRIS[0] * [1, 100, 0.01, 1] + [0, 5000, 0, -3], columns=["a", "b", "c", "d"])
    table["kind"] = WORDS[IRIS[1]]
    table.to_csv(tmp_path / "iris.csv", index=False)
    command("train", tmp_path / "iris.csv", "--target", "kind", "--out", tmp_path / "run", "--epochs", 30)
    model = clearprop.load(tmp_path / "run/model.safetensors")
    command("predict", tmp_path / "run/model.safetensors", tmp_path / "iris.csv", "-o", tmp_path / "out.csv")
    out = pd.read_csv(tmp_path / "out.csv")
    assert model.classes_.tolist() == sorted(WORDS)
    probabilities = [next(c for c in out.columns if name in c) for name in sorted(WORDS)]
    np.testing.assert_allclose(model.predict_proba(table[["a", "b", "c", "d"]]), out[probabilities], rtol=1e-3, atol=1e-4)
    for kind, target in (("float32", tmp_path / "m.onnx"),):
        assert kind in command("export", tmp_path / "run/model.safetensors", target)
        got = onnx(target.read_bytes(), table[["a", "b", "c", "d"]].to_numpy(kind))
        np.testing.assert_allclose(got, out[probabilities], atol=1e-6)


def test_a_column_of_words_and_a_regression_of_the_command_line_are_exported(tmp_path):
    random = np.random.default_rng(0)
    hair = np.array(["dark", "fair", "red"])[random.integers(0, 3, 200)]
    size = random.normal(170, 10, 200)
    table = pd.DataFrame({"size": size, "hair": hair, "weight": 0.5 * size + 10 * (hair == "red") - 20})
    table.to_csv(tmp_path / "t.csv", index=False)
    command("train", tmp_path / "t.csv", "--target", "weight", "--out", tmp_path / "run", "--epochs", 20, "--loss", "squared", "--precision", "f64")
    command("export", tmp_path / "run/model.safetensors", tmp_path / "m.onnx")
    command("predict", tmp_path / "run/model.safetensors", tmp_path / "t.csv", "-o", tmp_path / "out.csv")
    model = clearprop.load(tmp_path / "run/model.safetensors")
    names = model.feature_names_in_.tolist()
    session = onnxruntime.InferenceSession((tmp_path / "m.onnx").read_bytes())
    assert json.loads(session.get_modelmeta().custom_metadata_map["inputs"]) == names
    columns = [size if name == "size" else (hair == name.partition("=")[2]) for name in names]
    X = np.column_stack(columns).astype(np.float64)
    (got,) = session.run(None, {"X": X})
    expected = pd.read_csv(tmp_path / "out.csv").iloc[:, -1].to_numpy()
    np.testing.assert_allclose(got[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(pd.DataFrame(X, columns=names)), got[:, 0], rtol=1e-12)


# -- ONNX ---------------------------------------------------------------------------------------------------------


def onnx(data, X):
    session = onnxruntime.InferenceSession(data)
    (Y,) = session.run(None, {"X": X})
    return Y


@pytest.mark.parametrize(("kind", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-6)])
def test_onnxruntime_says_the_same(kind, tolerance, tmp_path):
    for name, model, X in models(kind):
        # scikit-learn's L-BFGS ends in double precision whatever it began with.
        X = X.astype(model.coefs_[0].dtype)
        Y = onnx(model.to_onnx(tmp_path / "m.onnx"), X)
        assert (tmp_path / "m.onnx").read_bytes() == model.to_onnx(), name
        expected = np.asarray(said(model, X)).reshape(len(X), -1)
        assert Y.dtype == X.dtype and Y.shape == expected.shape, name
        scale = max(1, abs(expected).max())
        np.testing.assert_allclose(Y / scale, expected / scale, atol=tolerance, rtol=0, err_msg=name)


@pytest.mark.parametrize("activation", clearprop._core.ACTIVATIONS)
@pytest.mark.parametrize(("kind", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_every_activation_is_exported(activation, kind, tolerance):
    X = IRIS[0].astype(kind)
    model = fitted(clearprop.MLPClassifier, X, IRIS[1], activation=activation)
    if activation == "gelu" and kind is np.float64:
        with pytest.raises(ValueError, match="no erf in double precision"):
            model.to_onnx()
        return
    np.testing.assert_allclose(onnx(model.to_onnx(), X), model.predict_proba(X), atol=tolerance, rtol=0)
    # Nothing overflows on the way; rounding grows with the inputs.
    far = np.vstack([100 * X, -100 * X]).astype(kind)
    np.testing.assert_allclose(onnx(model.to_onnx(), far), model.predict_proba(far), atol=1000 * tolerance, rtol=0)


def test_an_activation_for_each_layer_is_exported():
    X, y = IRIS
    model = fitted(clearprop.MLPClassifier, X, y, activation=["tanh", "elu"])
    np.testing.assert_allclose(onnx(model.to_onnx(), X), model.predict_proba(X), atol=1e-12)


# -- what cannot be -----------------------------------------------------------------------------------------------


def test_what_cannot_be_saved_or_read_is_one_line(tmp_path):
    X, y = IRIS
    model = fitted(clearprop.MLPClassifier, X, y)
    with pytest.raises(ValueError, match="is not called .safetensors"):
        model.save(tmp_path / "m.pkl")
    with pytest.raises(OSError, match="m.safetensors"):
        model.save(tmp_path / "no/such/m.safetensors")
    with pytest.raises(Exception, match="not fitted"):
        clearprop.MLPClassifier().to_onnx()
    model.save(tmp_path / "m.safetensors")
    whole = (tmp_path / "m.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-9])
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04cos\nsystem\n")
    for name in ("cut.safetensors", "pickle.safetensors", "absent.safetensors", "."):
        with pytest.raises(OSError) as error:
            clearprop.load(tmp_path / name)
        assert "\n" not in str(error.value)
