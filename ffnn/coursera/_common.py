"""What the modules of several helper files share: extras that come when used, pictures, checks."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._initializers import check_integer

# What `plt.contourf` and the like are called on, and the extra that brings it.
_PLOTS, _DATA = "ffnn[plot]", "ffnn[data]"
_STEP = 0.01


class _Extra(ModuleType):
    """Stands for a module of an extra that a helper file imported, and imports it when used."""

    def __init__(self, module: str, extra: str, submodules: tuple[str, ...] = ()) -> None:
        super().__init__(module, f"{module}, imported when it is used.")
        self._extra = extra
        self._submodules = submodules

    def __getattr__(self, name: str) -> Any:
        # Whoever looks through a namespace asks for such names of everything in it.
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self._load(), name)

    def __dir__(self) -> list[str]:
        return dir(self._load())

    def _load(self) -> ModuleType:
        try:
            module = importlib.import_module(self.__name__)
            for submodule in self._submodules:
                importlib.import_module(f"{self.__name__}.{submodule}")
        except ImportError as error:
            package = self.__name__.partition(".")[0]
            distribution = {"sklearn": "scikit-learn"}.get(package, package)
            raise ImportError(
                f"{self.__name__}: {distribution} is missing: pip install '{self._extra}'"
            ) from error
        return module


# `Any`: they have whatever the modules themselves have.
plt: Any = _Extra("matplotlib.pyplot", _PLOTS)
h5py: Any = _Extra("h5py", _DATA)
sklearn: Any = _Extra("sklearn", _DATA, ("datasets", "linear_model"))
scipy: Any = _Extra("scipy", _DATA, ("io",))


@contextmanager
def in_the_name_of(function: str) -> Iterator[None]:
    """Let errors of ffnn's own functions begin with `function`, which the user called."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        text = error.args[0] if error.args else ""
        if not isinstance(text, str) or ": " not in text or " " in text.partition(": ")[0]:
            raise
        raise type(error)(f"{function}: {text.partition(': ')[2]}") from None


def entry(function: str, dictionary: Mapping[str, Any], name: str, key: str) -> Any:
    """Return dictionary[key], or raise a KeyError that says whose argument lacks it."""
    if not isinstance(dictionary, Mapping):
        raise TypeError(f"{function}: {name} must be a dict, not {type(dictionary).__name__}")
    try:
        return dictionary[key]
    except KeyError:
        raise KeyError(f"{function}: {name} has no {key!r}") from None


def entries(
    function: str, dictionary: Mapping[str, Any], name: str, keys: tuple[str, ...]
) -> dict[str, Any]:
    """Return those keys of a dict and no others."""
    return {key: entry(function, dictionary, name, key) for key in keys}


def columns(function: str, name: str, value: ArrayLike) -> NDArray[Any]:
    """Return a matrix with a column per example."""
    matrix = np.asarray(value)
    if matrix.ndim != 2:
        raise ValueError(
            f"{function}: {name} has ndim {matrix.ndim} and shape {matrix.shape}, expected ndim 2"
        )
    return matrix


def draw_decision_boundary(
    model: Callable[[NDArray[np.float64]], ArrayLike], X: ArrayLike, y: ArrayLike, ax: Any = None
) -> Any:
    """Colour the plane by what `model` says, put the examples on it and return the axes.

    model takes points as rows, (k, 2), and returns k values; X is (2, m). The axes are the current
    ones where none are given, so that plt.title and plt.subplot work as in the notebooks.
    """
    function = "plot_decision_boundary"
    points, labels = columns(function, "X", X), np.asarray(y)
    m = points.shape[1]
    if points.shape[0] != 2 or m == 0:
        raise ValueError(
            f"{function}: X has shape {points.shape}, expected (2, m) with m of at least 1"
            + (": examples are columns, pass X.T" if points.shape[1] == 2 else "")
        )
    if labels.shape not in ((1, m), (m,), (m, 1)):
        raise ValueError(
            f"{function}: y has shape {labels.shape}, expected (1, {m}) for X {points.shape}"
        )
    low, high = points.min(axis=1) - 1, points.max(axis=1) + 1
    if not np.isfinite([low, high]).all():
        raise ValueError(f"{function}: X holds NaN or inf: there is no frame for it")
    across, up = np.meshgrid(np.arange(low[0], high[0], _STEP), np.arange(low[1], high[1], _STEP))
    values = np.asarray(model(np.column_stack([across.ravel(), up.ravel()])))
    if values.size != across.size:
        raise ValueError(
            f"{function}: model returned shape {values.shape} for {across.size} points"
        )
    axes = ax if ax is not None else plt.gca()
    axes.contourf(across, up, values.reshape(across.shape), cmap="Spectral")
    axes.set_ylabel("x2")
    axes.set_xlabel("x1")
    axes.scatter(points[0], points[1], c=labels.ravel(), cmap="Spectral")
    return axes


# ---- what several files compute alike ----


def sigmoid(x: ArrayLike) -> Any:
    """Compute 1 / (1 + exp(-x)), the value alone.

    ======  =====================================================
    x       a number or an array of any shape
    result  a NumPy scalar for a number, else an array of x's shape
    ======  =====================================================

    TypeError for a dtype that is no real number.

    >>> sigmoid(0)
    np.float64(0.5)
    """
    return _ffnn.sigmoid(x)[0][()]


def relu(x: ArrayLike) -> Any:
    """Compute max(0, x), the value alone.

    ======  =====================================================
    x       a number or an array of any shape
    result  a NumPy scalar for a number, else an array of x's shape
    ======  =====================================================

    TypeError for a dtype that is no real number.

    >>> relu(-2.0)
    np.float64(0.0)
    """
    return _ffnn.relu(x)[0][()]


def mean_cost(
    function: str, name: str, A: ArrayLike, Y: ArrayLike, skip_nan: bool = False
) -> NDArray[Any]:
    """Return the literal cross-entropy divided by the number of examples, a 0-d array."""
    total = _ffnn.literal_cost(function, name, A, Y, skip_nan)
    return np.array(total / np.shape(A)[1])


def one_row(function: str, name: str, Y: ArrayLike, m: int) -> NDArray[Any]:
    """Return labels as (n_y, m); a vector or a column of m is one row."""
    labels = np.asarray(Y)
    if labels.shape in ((m,), (m, 1)):
        return labels.reshape(1, m)
    if labels.ndim != 2 or labels.shape[1] != m:
        turned = labels.ndim == 2 and labels.shape[0] == m
        raise ValueError(
            f"{function}: {name} has shape {labels.shape} where there are {m} examples"
            + (f": examples are columns, pass {name}.T" if turned else "")
        )
    return labels


def check_count(function: str, num_iterations: Any) -> int:
    """Return the number of iterations as an int of at least 0."""
    count = check_integer(function, "num_iterations", num_iterations)
    if count < 0:
        raise ValueError(f"{function}: num_iterations must be at least 0, not {count}")
    return count


def check_shape(function: str, name: str, value: ArrayLike, rows: int, cols: int) -> None:
    """Raise a ValueError where `value` is not (rows, cols)."""
    shape = np.shape(value)
    if shape != (rows, cols):
        hint = f": examples are columns, pass {name}.T" if shape == (cols, rows) else ""
        raise ValueError(f"{function}: {name} has shape {shape}, expected ({rows}, {cols}){hint}")


def widened(X: ArrayLike, *others: Any) -> NDArray[Any]:
    """Return X in float64 where it is float32 and others are wider: a run is of the type of X."""
    array = np.asarray(X)
    if array.dtype == np.float32 and np.result_type(array, *others) != np.float32:
        return array.astype(np.float64)
    return array


def print_line(line: str) -> None:
    """Print a line as a whole and at once: a notebook shows it while the run goes on."""
    if sys.stdout is not None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
