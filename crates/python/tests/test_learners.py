"""``diagnose``, ``check`` and what else a learner calls."""

import collections
import pickle
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import clearprop
from clearprop import variables

PROBE = clearprop.probe()


def forward_and_back(X, y, W1, W2, reg, slope=lambda h: h > 0):
    """The notebook's pass; ``slope`` is where a mistake is planted."""
    n = len(y)
    h11 = X @ W1
    h12 = np.column_stack([np.maximum(h11, 0), np.ones(n)])
    f = h12 @ W2
    e = np.exp(f - f.max(axis=1, keepdims=True))
    probs = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(probs[range(n), y]).mean() + reg / 2 * ((W1**2).sum() + (W2**2).sum())
    dL_df = probs.copy()
    dL_df[range(n), y] -= 1
    dL_df /= n
    dL_dW2 = h12.T @ dL_df + reg * W2
    dL_dh12 = dL_df @ W2.T
    dL_dh11 = dL_dh12[:, :-1] * slope(h11)
    dL_dW1 = X.T @ dL_dh11 + reg * W1
    return clearprop.diagnose(show=False), locals()


def forgotten(h):
    return np.ones_like(h)


def test_a_functions_own_variables_are_read():
    right, _ = forward_and_back(**PROBE)
    assert right.verdict == "correct" and right.first_wrong is None and right.right_line is None
    wrong, here = forward_and_back(**PROBE, slope=forgotten)
    assert wrong.verdict == "wrong" and wrong.first_wrong == "dL_dh11"
    assert 40 in {mistake.id for mistake in wrong.mistakes}
    exec(wrong.right_line, {"np": np, **here}, here)
    np.testing.assert_allclose(here["dL_dh11"], here["dL_dh12"][:, :-1] * (here["h11"] > 0))


def test_it_is_the_same_by_locals_by_names_and_by_a_file(tmp_path):
    wrong, here = forward_and_back(**PROBE, slope=forgotten)
    arrays = {name: value for name, value in here.items() if isinstance(value, (np.ndarray, np.floating, float))}
    np.savez(tmp_path / "mine.npz", **arrays)
    for again in (
        clearprop.diagnose(here, show=False),
        clearprop.diagnose(show=False, **arrays),
        clearprop.diagnose(tmp_path / "mine.npz", show=False),
        clearprop.diagnose(types.SimpleNamespace(**arrays), show=False),
    ):
        assert (again.verdict, again.first_wrong, again.right_line) == (
            wrong.verdict,
            wrong.first_wrong,
            wrong.right_line,
        )


def test_dictionaries_lists_tuples_and_attributes_are_named_as_a_person_writes_them():
    _, here = forward_and_back(**PROBE, slope=forgotten)

    class Net:
        def __init__(self):
            self.W1, self.W2 = here["W1"], here["W2"]

        def backward(self, X, y, reg):
            cache = (here["h11"], here["h12"])
            h11, h12 = cache
            f, probs, loss = here["f"], here["probs"], here["loss"]
            grads = {"dL_df": here["dL_df"], "dL_dh12": here["dL_dh12"], "dL_dh11": here["dL_dh11"]}
            grads["dL_dW2"], grads["dL_dW1"] = here["dL_dW2"], here["dL_dW1"]
            return clearprop.diagnose(show=False), locals()

    found, there = Net().backward(PROBE["X"], PROBE["y"], PROBE["reg"])
    assert found.first_wrong == 'grads["dL_dh11"]' and found.mistakes[0].stage == 'grads["dL_dh11"]'
    assert not any("cache" in name for name in found.ignored)
    exec(found.right_line, {"np": np}, there)
    np.testing.assert_allclose(there["grads"]["dL_dh11"], here["dL_dh12"][:, :-1] * (here["h11"] > 0))
    names = {stage.name for stage in found.stages}
    assert 'grads["dL_dW1"]' in names and "h11" in names


def names_of(**values):
    return {one.expression: one.name for one in variables.named(values)}


def test_every_container_gives_its_arrays_once():
    a, b = np.ones((2, 3)), np.zeros(3)
    Layer = collections.namedtuple("Layer", "W b")
    assert names_of(layers=[{"W": a, "b": b}, {"W": a + 1, "b": b + 1}]) == {
        'layers[0]["W"]': "W1",
        'layers[0]["b"]': "b1",
        'layers[1]["W"]': "W2",
        'layers[1]["b"]': "b2",
    }
    assert names_of(W=[None, a, a + 1]) == {"W[1]": "W1", "W[2]": "W2"}
    assert names_of(W=[a, a + 1]) == {"W[0]": "W1", "W[1]": "W2"}
    assert names_of(W={1: a, 2: a + 1}) == {"W[1]": "W1", "W[2]": "W2"}
    assert names_of(W={0: a, 1: a + 1}) == {"W[0]": "W1", "W[1]": "W2"}
    assert names_of(first=Layer(a, b)) == {"first.W": "W", "first.b": "b"}
    assert names_of(sizes=[2, 3], text="relu", module=np, code=len, long="a" * 99) == {"sizes": "sizes", "text": "text"}
    # Two of one name: the one that is not in a container keeps it, the other is called by its way.
    assert names_of(W1=a, cache={"W1": a + 1}) == {"W1": "W1", 'cache["W1"]': "cache__W1"}
    # The same array is read once, whether it is the same object or only equal.
    assert names_of(W1=a, cache=(a, {"W1": a.copy()})) == {"W1": "W1"}


def test_a_container_that_holds_itself_ends():
    loop = {"W1": np.ones((2, 2))}
    loop["self"] = loop
    assert [one.expression for one in variables.named({"loop": loop})] == ['loop["W1"]']


class Tensor:
    """What PyTorch's tensors have, as far as it is asked for."""

    def __init__(self, array, dtype="torch.float32"):
        self.array, self.dtype = np.asarray(array, dtype=np.float32), dtype
        self.requires_grad = False

    def detach(self):
        return self

    cpu = float = detach

    def numpy(self):
        return self.array


def test_tensors_tables_and_nan_are_taken():
    import pandas as pd

    class Jax:
        def __array__(self, dtype=None, copy=None):
            return np.ones((2, 2), np.float16)

    cases = [
        (Tensor([[1, 2]]), "single"),
        (Tensor([[1, 2]], "torch.bfloat16"), "single"),
        (Jax(), "single"),
        (pd.DataFrame({"a": [1.0, 2.0]}), "double"),
        (pd.Series([1, 2]), "whole"),
        (np.array([np.nan, 1]), "double"),
        (np.array([True]), "whole"),
        (np.array([1.0, 2.0], dtype=object), "double"),
        ([[1.0, 2.0], [3.0, 4.0]], "double"),
        (np.int8(3), "whole"),
    ]
    for value, kind in cases:
        array, stored = variables.as_array(value)
        assert stored == kind and array.dtype == np.float64, value
    for value in ("relu", 1j, np.array(["a"]), [[1], [2, 3]], {}, [], object(), np.array([1j]), [np.ones(2), 3]):
        assert variables.as_array(value) is None, value


def test_nothing_to_read_is_one_line():
    def empty():
        word = "relu"  # noqa: F841
        return clearprop.diagnose()

    for call in (empty, lambda: clearprop.diagnose({}), lambda: clearprop.diagnose({"a": len})):
        with pytest.raises(ValueError, match=r"^there is no array to read here; .*clearprop.diagnose\(X=X"):
            call()
    with pytest.raises(OSError, match="no-such.npz"):
        clearprop.diagnose("no-such.npz")
    with pytest.raises(ValueError, match="there is no array 'w_9'"):
        clearprop.diagnose(PROBE, names={"w_9": "W1"})


def test_names_can_be_told():
    _, here = forward_and_back(**PROBE, slope=forgotten)
    arrays = {name: here[name] for name in ("X", "y", "W2", "reg", "loss", "dL_df", "dL_dW2", "dL_dh12", "dL_dh11")}
    found = clearprop.diagnose({**arrays, "kitchen": here["W1"]}, names={"kitchen": "W1"}, show=False)
    assert found.first_wrong == "dL_dh11"


def test_it_is_shown_where_it_is_called(capsys):
    clearprop.diagnose({**PROBE, "h11": PROBE["X"] @ PROBE["W1"]})
    text = capsys.readouterr().out
    assert "17 rows, 4 inputs" in text and "h11" in text and "\x1b" not in text


def test_the_page_stands_alone_and_escapes_what_it_shows():
    wrong, here = forward_and_back(**PROBE, slope=forgotten)
    page = wrong._repr_html_()
    assert page.count("<math") == sum(stage.status == "wrong" for stage in wrong.stages) > 0
    assert "http" not in page and "copy</button>" in page and "prefers-color-scheme:dark" in page
    assert "h11 &gt; 0" in page and "<details open>" in page
    assert 'class="verdict good" role="heading"' in forward_and_back(**PROBE)[0]._repr_html_()


def test_the_result_is_the_documented_object():
    wrong, _ = forward_and_back(**PROBE, slope=forgotten)
    told = wrong.to_dict()
    assert told["verdict"] == "wrong" and told["first_wrong_stage"] == "dL_dh11"
    assert {"verdict", "first_wrong_stage", "mistakes", "conventions", "stages", "ignored"} <= set(told)
    for stage in wrong.stages:
        assert stage.status in {"right", "wrong", "inherited", "overwritten", "not-judged", "not-known", "not-given"}
    assert wrong.mistakes[0].why and wrong.mistakes[0].sign
    assert repr(wrong).startswith("<clearprop.Diagnosis: wrong, first at dL_dh11")
    again = pickle.loads(pickle.dumps(wrong))
    assert again.to_dict() == told and again._repr_html_() == wrong._repr_html_() and "dL_dh11" in str(again)


# -- check ------------------------------------------------------------------------------------------------------


def mlp_loss(p):
    X, y = PROBE["X"][:, :-1], PROBE["y"]
    n = len(y)
    z = X @ p["w1"] + p["b1"]
    a = np.maximum(z, 0)
    f = a @ p["w2"]
    shifted = f - f.max(axis=1, keepdims=True)
    probs = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    df = (probs - np.eye(3)[y]) / n
    dz = df @ p["w2"].T * (z > 0)
    grads = {"w1": X.T @ dz, "b1": dz.sum(axis=0), "w2": a.T @ df}
    return -np.log(probs[range(n), y]).mean(), grads


def mlp_params():
    return {"w1": PROBE["W1"][:-1].copy(), "b1": PROBE["W1"][-1].copy(), "w2": PROBE["W2"][:-1].copy()}


def test_a_right_gradient_passes_and_each_wrong_one_is_named():
    params = mlp_params()
    before = {name: value.copy() for name, value in params.items()}
    assert clearprop.check(mlp_loss, params, sample=None).passed
    assert all((params[name] == before[name]).all() for name in params)
    for name in params:

        def bad(p):
            loss, grads = mlp_loss(p)
            grads[name] = grads[name] * 1.001
            return loss, grads

        found = clearprop.check(bad, params)
        assert [one.name for one in found.tensors if not one.passed] == [name] and not found
        assert "WRONG" in str(found) and "ratio 1.001" in str(found) and "bad" in found._repr_html_()


def test_a_kink_is_told_apart():
    def loss(p):
        return np.abs(p).sum() + (p**2).sum(), np.sign(p) + 2 * p

    found = clearprop.check(loss, np.array([0.0, 1.0, -2.0, 1e-3]), sample=None)
    assert found.passed and found.tensors[0].kinks == 1 and found.tensors[0].checked == 3


def test_the_gradient_may_stand_alone_and_params_be_a_list_or_a_number():
    a, b = np.arange(6.0).reshape(2, 3), 2.0
    assert clearprop.check(lambda p: (p[0] ** 2).sum() * p[1], [a, b], [2 * a * b, (a**2).sum()])
    assert clearprop.check(lambda p: (p[0] ** 2).sum() * p[1], (a, b), lambda p: (2 * p[0] * p[1], (p[0] ** 2).sum()))
    assert clearprop.check(lambda p: (p**3, 3 * p**2), 1.5)
    assert clearprop.check(lambda p: ((p["w"] ** 2).sum(), {"dw": 2 * p["w"]}), {"w": a})


def test_single_precision_of_numpy_is_checked_in_double():
    found = clearprop.check(lambda p: ((p**2).sum(), 2 * p), np.ones((3, 2), np.float32))
    assert found.passed and found.tensors[0].error < 1e-6


def test_what_is_no_gradient_is_said_in_one_line():
    params = mlp_params()
    cases = [
        (lambda p: mlp_loss(p)[0], "must give \\(loss, grads\\)"),
        (lambda p: (1.0, {"w1": p["w1"]}), "grads has nothing for b1, w2"),
        (lambda p: (1.0, {**p, "w1": p["w1"].T}), "a derivative has the shape of its variable"),
        (lambda p: (np.nan, p), "one finite number"),
        (lambda p: (np.ones(3), p), "one finite number"),
    ]
    for loss, words in cases:
        with pytest.raises(ValueError, match=words):
            clearprop.check(loss, params)
    with pytest.raises(ZeroDivisionError):
        clearprop.check(lambda p: 1 / 0, params, params)


# -- trace, explain, probe, spirals, grade ------------------------------------------------------------------------


def test_spirals_are_the_command_lines():
    X, y = clearprop.spirals(100, 4, noise=0.1, seed=3)
    assert X.shape == (400, 2) and y.tolist() == sorted(y.tolist()) and set(y) == {0, 1, 2, 3}
    again, _ = clearprop.spirals(100, 4, noise=0.1, seed=3)
    np.testing.assert_array_equal(X, again)
    with pytest.raises(ValueError):
        clearprop.spirals(0)


def test_a_probe_is_written_once(tmp_path):
    arrays = clearprop.probe(tmp_path / "probe.npz", seed=1)
    with np.load(tmp_path / "probe.npz") as saved:
        assert set(saved) == set(arrays) == {"X", "y", "W1", "W2", "reg"}
    assert "..." in (tmp_path / "probe.py").read_text(encoding="utf-8")
    with pytest.raises(FileExistsError, match="may hold your own lines"):
        clearprop.probe(tmp_path / "probe.npz")
    with pytest.raises(ValueError, match="is not called .npz"):
        clearprop.probe(tmp_path / "probe.txt")


def test_every_stage_and_mistake_is_explained():
    stages = [line.split()[0] for line in clearprop.explain().splitlines()]
    assert "dz" in stages
    for stage in stages:
        assert "Formula" in clearprop.explain(stage)
    assert "Mistake 40" in clearprop.explain(40) == clearprop.explain("#40")
    for wrong in ("no such stage", 9999, 255):
        with pytest.raises(ValueError):
            clearprop.explain(wrong)


def test_a_trace_names_every_value():
    X, y = PROBE["X"][:, :-1], PROBE["y"]
    model = clearprop.MLPClassifier((7,), max_iter=2, random_state=0)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    trace = clearprop.trace(model, X, y)
    np.testing.assert_allclose(trace.a1, np.maximum(X @ model.coefs_[0] + model.intercepts_[0], 0), rtol=1e-12)
    np.testing.assert_allclose(trace.probs, model.predict_proba(X), rtol=1e-12)
    np.testing.assert_allclose(trace.dw1, X.T @ trace.dz1, rtol=1e-9, atol=1e-15)
    assert "dlogits" in repr(trace) and "<table>" in trace._repr_html_()
    assert "dL_dW1" in clearprop.trace(model, X, y, names="notebook")
    with pytest.raises(AttributeError, match="it has"):
        trace.nothing


def test_a_class_gets_its_table(tmp_path):
    for name, slope in (("ann", lambda h: h > 0), ("bob", forgotten)):
        _, here = forward_and_back(**PROBE, slope=slope)
        np.savez(tmp_path / f"{name}.npz", **{k: v for k, v in here.items() if isinstance(v, (np.ndarray, float))})
    (tmp_path / "cem.npz").write_bytes(b"no archive")
    grades = clearprop.grade(tmp_path)
    assert [row["verdict"] for row in grades] == ["correct", "wrong", None]
    assert grades[1]["first_wrong"] == "dL_dh11" and "cem.npz" in grades[2]["error"]
    assert "bob.npz" in repr(grades) and "<table>" in grades._repr_html_()
    with pytest.raises(FileNotFoundError):
        clearprop.grade(tmp_path / "nothing")


def test_only_diagnose_is_loaded_for_a_diagnosis():
    code = (
        "import sys, numpy as np, clearprop\n"
        "clearprop.diagnose(clearprop.probe(), h11=np.ones((17, 7)), show=False)\n"
        "assert not {'sklearn', 'scipy', 'pandas', 'matplotlib', 'IPython'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_plots():
    import matplotlib

    matplotlib.use("Agg")
    X, y = clearprop.spirals(20)

    class Half:
        def predict(self, X):
            return (X[:, 0] > 0).astype(int)

    ax = clearprop.plot_boundary(Half(), X, y, steps=20)
    assert len(ax.collections) == 4
    assert clearprop.plot_history([1.0, 0.5]).get_ylabel() == "loss"
    with pytest.raises(ValueError, match="in the plane"):
        clearprop.plot_boundary(Half(), np.ones((3, 3)), y)
    with pytest.raises(ValueError, match="no loss to draw"):
        clearprop.plot_history(object())


def test_the_examples_page_is_the_diagnosis_of_the_examples_program(tmp_path):
    examples = Path(__file__).parents[3] / "examples"
    subprocess.run([sys.executable, str(examples / "sigmoid.py")], cwd=tmp_path, check=True)
    found = clearprop.diagnose(tmp_path / "mine.npz", show=False)
    found.save(tmp_path / "page.html")
    # Digits may differ from machine to machine.
    page, kept = (re.sub(r"[\d.]+(e-\d+)?", "0", path.read_text(encoding="utf-8")) for path in (tmp_path / "page.html", examples / "diagnosis.html"))
    assert page == kept, "write it anew: python sigmoid.py, then clearprop.diagnose('mine.npz').save('diagnosis.html')"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.npz", "page.html"]


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path):
    found = clearprop.diagnose(**PROBE, h11=PROBE["X"] @ PROBE["W1"], show=False)
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OSError):
        found.save(tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
