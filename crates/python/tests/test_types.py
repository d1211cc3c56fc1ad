"""The stubs: a type checker reads them, and they name what there is."""

import inspect
import subprocess
import sys

import clearprop

RIGHT = """
import numpy as np
import clearprop

found = clearprop.diagnose(X=np.ones((2, 2)), show=False)
line: str | None = found.right_line
for stage in found.stages:
    shape: tuple[int, ...] | None = stage.shape
model = clearprop.MLPClassifier((8, 6), ["tanh", "relu"], random_state=0).partial_fit([[1.0]], [0], classes=[0, 1])
data: bytes = model.to_onnx()
assert bool(clearprop.check(lambda p: (p**2, 2 * p), 1.0))
"""
WRONG = """
import clearprop
clearprop.MLPClassifier(solver="newton")
clearprop.diagnose().verdict == "fine"
clearprop.spirals("many")
clearprop.nothing
"""


def mypy(text, tmp_path):
    (tmp_path / "program.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "program.py"]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout.splitlines()


def test_a_type_checker_accepts_right_calls_and_finds_wrong_ones(tmp_path):
    assert mypy(RIGHT, tmp_path) == []
    lines = [int(line.split(":")[1]) for line in mypy(WRONG, tmp_path) if ": error:" in line]
    assert lines == [3, 4, 5, 6]


def test_the_stubs_have_the_parameters_of_the_sources():
    stub = (inspect.getsourcefile(clearprop) or "") + "i"
    names = {}
    exec(compile(open(stub, encoding="utf-8").read(), stub, "exec", flags=__import__("__future__").annotations.compiler_flag), names)
    for name in set(clearprop.__all__) - {"__version__"}:
        ours, told = getattr(clearprop, name), names[name]
        if inspect.isclass(ours):
            for method, value in vars(told).items():
                if inspect.isfunction(value) and not method.startswith("__"):
                    assert list(inspect.signature(getattr(ours, method)).parameters) == list(
                        inspect.signature(value).parameters
                    ), f"{name}.{method}"
            ours, told = ours.__init__, told.__init__
            if told is object.__init__:
                continue
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(told).parameters), name
