"""What the modules of several helper files share: extras that come when used, pictures, checks."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn, _plot_assignment
from ffnn._checks import check_layer_dims, check_points
from ffnn._initializers import Parameters, draw_by, draw_scaled

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


def draw_seeded(
    function: str, name: str, layer_dims: Any, seed: int, initialization: str | float
) -> Parameters:
    """Draw first parameters after np.random.seed(seed), by an initialiser's name or a scale."""
    dims = check_layer_dims(function, name, layer_dims)
    np.random.seed(seed)
    if isinstance(initialization, str):
        return draw_by(initialization, dims, np.random)
    return draw_scaled(dims, np.random.randn, initialization)


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


def draw_decision_boundary(
    model: Callable[[NDArray[np.float64]], ArrayLike], X: ArrayLike, y: ArrayLike, ax: Any = None
) -> None:
    """Colour the plane by the values of `model`, and put the examples on it.

    model takes points as rows, (k, 2), and returns k values; X is (2, m). The axes are the current
    ones where none are given, so that plt.title and plt.subplot work as in the notebooks.
    """
    function = "plot_decision_boundary"
    points, labels = check_points(function, X, y)
    low, high = points.min(axis=1) - 1, points.max(axis=1) + 1
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
    axes.scatter(points[0], points[1], c=labels, cmap="Spectral")


def print_mislabeled_images(classes: Any, X: ArrayLike, y: ArrayLike, p: ArrayLike) -> None:
    """Draw the images whose predictions differ from their labels.

    =======  ==========  ==================================================
    classes  (k,)        the names of labels 0 .. k-1, bytes or str
    X        (n_x, m)    a column per image, as ffnn.print_mislabeled_images takes them
    y        (1, m)      the labels; (m,) and (m, 1) serve too
    p        (1, m)      the predictions, as `predict` returns them
    =======  ==========  ==================================================

    As the helper file's, it returns nothing: a notebook cell that ends with the call shows the
    picture alone. Errors are those of ffnn.print_mislabeled_images, which returns the axes.
    """
    _plot_assignment.print_mislabeled_images(classes, X, y, p)


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


def widened(X: ArrayLike, *others: Any) -> NDArray[Any]:
    """Return X in float64 where it is float32 and others are wider: a run is of the type of X."""
    array = np.asarray(X)
    if array.dtype == np.float32 and np.result_type(array, *others) != np.float32:
        return array.astype(np.float64)
    return array
