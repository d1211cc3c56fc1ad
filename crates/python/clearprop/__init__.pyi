"""Types of the public interface; the docstrings stand in the sources."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str
__all__: list[str]

_Verdict = Literal["correct", "wrong", "incomplete", "not known"]
_Status = Literal["right", "wrong", "inherited", "overwritten", "not-judged", "not-known", "not-given"]
_Path = str | os.PathLike[str]

class Mistake:
    id: int
    name: str
    stage: str
    @property
    def why(self) -> str: ...
    @property
    def sign(self) -> str: ...

class Stage:
    name: str
    stage: str
    role: str
    status: _Status
    shape: tuple[int, ...] | None
    mistakes: tuple[int, ...]
    evidence: tuple[str, ...]
    right: str | None

class Diagnosis:
    verdict: _Verdict
    first_wrong: str | None
    mistakes: list[Mistake]
    stages: list[Stage]
    conventions: list[str]
    forward: list[dict[str, Any]]
    hints: list[str]
    questions: list[str]
    warnings: list[str]
    ignored: list[str]
    @property
    def right_line(self) -> str | None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def show(self) -> None: ...
    def save(self, path: _Path) -> None: ...

def diagnose(
    what: Mapping[str, Any] | _Path | object | None = None,
    /,
    *,
    names: Mapping[str, str] | None = None,
    show: bool = True,
    **arrays: Any,
) -> Diagnosis: ...

class CheckedTensor:
    name: str
    passed: bool
    error: float
    checked: int
    kinks: int
    size: int
    worst: dict[str, Any] | None

class Check:
    passed: bool
    tensors: list[CheckedTensor]
    loss: float
    def __bool__(self) -> bool: ...

def check(
    loss: Callable[[Any], Any],
    params: Any,
    grads: Any = None,
    *,
    sample: int | None = 20,
    tolerance: float | None = None,
    seed: int = 0,
) -> Check: ...

class Trace(dict[str, NDArray[np.float64]]):
    def __getattr__(self, name: str) -> NDArray[np.float64]: ...

def trace(
    model: MLPClassifier | MLPRegressor, X: Any, y: Any, *, names: Literal["design", "notebook"] = "design"
) -> Trace: ...
def explain(what: str | int | None = None) -> str: ...
def probe(path: _Path | None = None, *, seed: int = 0) -> dict[str, NDArray[Any]]: ...
def spirals(
    points: int = 300, classes: int = 3, *, turns: float = 8.0, noise: float = 0.2, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def grade(folder: _Path) -> list[dict[str, Any]]: ...
def plot_boundary(model: Any, X: Any, y: Any, *, ax: Any = None, steps: int = 200) -> Any: ...
def plot_history(model: Any, *, ax: Any = None) -> Any: ...
def load(path: _Path) -> MLPClassifier | MLPRegressor | TabularClassifier | TabularRegressor: ...
def load_ipython_extension(ipython: Any) -> None: ...

class _Engine:
    coefs_: list[NDArray[Any]]
    intercepts_: list[NDArray[Any]]
    loss_: float
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    validation_loss_curve_: list[float]
    n_iter_: int
    n_layers_: int
    n_outputs_: int
    n_features_in_: int
    out_activation_: str
    t_: int
    def fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None, validation_data: tuple[Any, Any] | None = None
    ) -> Any: ...
    def predict(self, X: Any) -> NDArray[Any]: ...
    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float: ...
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    def set_params(self, **params: Any) -> Any: ...
    def hidden_activations(self, X: Any) -> list[NDArray[Any]]: ...
    def save(self, path: _Path) -> None: ...
    def to_onnx(self, path: _Path | None = None) -> bytes: ...
    @classmethod
    def from_sklearn(cls, model: Any) -> Any: ...
    def to_sklearn(self) -> Any: ...

class MLPClassifier(_Engine):
    classes_: NDArray[Any]
    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = ...,
        activation: str | Sequence[str] = ...,
        *,
        solver: Literal["lbfgs", "sgd", "adam"] = ...,
        alpha: float = ...,
        batch_size: int | Literal["auto"] = ...,
        learning_rate: Literal["constant", "invscaling", "adaptive"] = ...,
        learning_rate_init: float = ...,
        power_t: float = ...,
        max_iter: int = ...,
        shuffle: bool = ...,
        random_state: int | np.random.RandomState | None = ...,
        tol: float = ...,
        verbose: bool = ...,
        warm_start: bool = ...,
        momentum: float = ...,
        nesterovs_momentum: bool = ...,
        early_stopping: bool = ...,
        validation_fraction: float = ...,
        beta_1: float = ...,
        beta_2: float = ...,
        epsilon: float = ...,
        n_iter_no_change: int = ...,
        max_fun: int = ...,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = ...,
        coef_init: Sequence[ArrayLike] | None = ...,
        intercept_init: Sequence[ArrayLike] | None = ...,
        time_limit: float | None = ...,
        threads: int | None = ...,
        callbacks: Callable[[Any], object] | Sequence[Callable[[Any], object]] | None = ...,
        progress: bool = ...,
    ) -> None: ...
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        validation_data: tuple[Any, Any] | None = None,
    ) -> MLPClassifier: ...
    def predict_proba(self, X: Any) -> NDArray[Any]: ...
    def predict_log_proba(self, X: Any) -> NDArray[Any]: ...

class MLPRegressor(_Engine):
    def __init__(
        self,
        loss: Literal["squared_error", "poisson", "absolute_error", "huber"] = ...,
        hidden_layer_sizes: Sequence[int] | int = ...,
        activation: str | Sequence[str] = ...,
        *,
        solver: Literal["lbfgs", "sgd", "adam"] = ...,
        alpha: float = ...,
        batch_size: int | Literal["auto"] = ...,
        learning_rate: Literal["constant", "invscaling", "adaptive"] = ...,
        learning_rate_init: float = ...,
        power_t: float = ...,
        max_iter: int = ...,
        shuffle: bool = ...,
        random_state: int | np.random.RandomState | None = ...,
        tol: float = ...,
        verbose: bool = ...,
        warm_start: bool = ...,
        momentum: float = ...,
        nesterovs_momentum: bool = ...,
        early_stopping: bool = ...,
        validation_fraction: float = ...,
        beta_1: float = ...,
        beta_2: float = ...,
        epsilon: float = ...,
        n_iter_no_change: int = ...,
        max_fun: int = ...,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = ...,
        coef_init: Sequence[ArrayLike] | None = ...,
        intercept_init: Sequence[ArrayLike] | None = ...,
        time_limit: float | None = ...,
        threads: int | None = ...,
        callbacks: Callable[[Any], object] | Sequence[Callable[[Any], object]] | None = ...,
        progress: bool = ...,
    ) -> None: ...
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        validation_data: tuple[Any, Any] | None = None,
    ) -> MLPRegressor: ...

class _Tabular:
    decisions_: list[str]
    fold_scores_: NDArray[np.float64]
    trials_: list[dict[str, bool | int | float | str | None]]
    temperature_: float | None
    n_members_: int
    n_steps_: int
    n_features_in_: int
    def __init__(
        self,
        *,
        recipe: Literal["plain", "tabular"] | None = ...,
        effort: Literal["quick", "standard", "best"] | None = ...,
        minutes: float | None = ...,
        epochs: int | None = ...,
        folds: int | None = ...,
        ensemble: int | None = ...,
        tune: bool = ...,
        trials: int | None = ...,
        validation_size: float | None = ...,
        threads: int | None = ...,
        random_state: int | None = ...,
        progress: bool = ...,
        settings: Mapping[str, Any] | None = ...,
    ) -> None: ...
    def predict(self, X: Any) -> NDArray[Any]: ...
    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float: ...
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    def set_params(self, **params: Any) -> Any: ...
    def save(self, path: _Path) -> None: ...
    def to_onnx(self, path: _Path | None = None) -> bytes: ...

class TabularClassifier(_Tabular):
    classes_: NDArray[Any]
    def fit(self, X: Any, y: Any) -> TabularClassifier: ...
    def predict_proba(self, X: Any) -> NDArray[Any]: ...

class TabularRegressor(_Tabular):
    def fit(self, X: Any, y: Any) -> TabularRegressor: ...
    def predict_interval(self, X: Any, level: float = 0.9) -> NDArray[np.float64]: ...
