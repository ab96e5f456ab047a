"""Checks of arguments: each returns an argument in the form it is used in, or raises.

An error begins with `function`, the name that the user called, and names the argument: TypeError
for kinds, ValueError for shapes and values.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterable
from types import FunctionType
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._ffnn import word_hint
from ffnn._frames import as_array, refusal

__all__ = [
    "check_array",
    "check_count",
    "check_finite",
    "check_integer",
    "check_keywords",
    "check_labels",
    "check_layer_dims",
    "check_matrix",
    "check_no_estimator",
    "check_not_given",
    "check_number",
    "check_numbers",
    "check_outputs",
    "check_points",
    "check_row",
    "check_sample_weight",
    "check_seed",
    "check_shape",
    "check_size",
    "check_total_weight",
    "choose",
    "lost_entry",
    "lost_examples",
    "lost_place",
    "near",
    "suggest_keywords",
]

Function = TypeVar("Function", bound=Callable[..., Any])

_MOST_ENTRIES = 1 << 20  # of an array that are looked at together

# ---- words ---------------------------------------------------------------------------------------


def choose(function: str, argument: str, value: Any, names: Collection[str]) -> str:
    """Return a value that is one of `names`."""
    if not isinstance(value, str):
        raise TypeError(f"{function}: {argument} must be a str, not {type(value).__name__}")
    if value in names:
        return value
    listed = ", ".join(map(repr, names))
    raise ValueError(
        f"{function}: {argument} must be one of {listed}, not {value!r}{near(value, names)}"
    )


def near(word: str, names: Collection[str]) -> str:
    """Return "; did you mean 'name'?", or nothing where no name was meant."""
    return word_hint("; did you mean", word, names)


def check_keywords(function: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raise CPython's TypeError, in its words, for a keyword that is not known."""
    for name in given:
        if name not in known:
            hint = word_hint(". Did you mean", name, known)
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}{hint}")


def suggest_keywords(function: Function, also: Iterable[str] = ()) -> Function:
    """Let a public function raise that TypeError itself, on every Python, before all else.

    `also` are keywords that its ** takes. A warning's `stacklevel` has one call more to count. What
    help() and Shift-Tab show are names and defaults, as of a function in C: the types stand in the
    docstring's tables, and spelt out, ArrayLike alone takes three lines.
    """
    code = function.__code__
    known = (*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *also)
    names = frozenset(known)

    @functools.wraps(function)
    def checked(*args: Any, **keywords: Any) -> Any:
        if not keywords.keys() <= names:
            check_keywords(function.__name__, keywords, known)
        return function(*args, **keywords)

    # The same function without its types, of which a signature is made when somebody asks.
    bare: Any = FunctionType(
        code, function.__globals__, code.co_name, function.__defaults__, function.__closure__
    )
    bare.__kwdefaults__ = function.__kwdefaults__
    shown: Any = checked
    shown.__wrapped__ = bare
    shown.__kwdefaults__ = function.__kwdefaults__  # as they can be seen on a plain function
    return cast(Function, shown)


def check_not_given(function: str, optimizer: str, given: dict[str, bool]) -> None:
    """Raise for the first argument that is given and that a full-batch method does not read."""
    for name, is_given in given.items():
        if is_given:
            raise ValueError(
                f"{function}: {name} does not go with optimizer={optimizer!r}, which takes all "
                "examples at once and finds the length of its steps itself: leave it at its default"
            )


def check_no_estimator(function: str, parameters: Any, wanted: str = ".parameters_") -> None:
    """Raise where an estimator, ffnn's or scikit-learn's own, stands in place of its parameters."""
    kind = type(parameters)
    name, way = kind.__name__, f"model{wanted}"
    if not hasattr(kind, "parameters_"):
        if not any(base.__module__.startswith("sklearn.neural_network.") for base in kind.__mro__):
            return
        name, way = f"scikit-learn's {name}", f"ffnn.from_sklearn(model){wanted}"
    raise TypeError(f"{function}: parameters must be a dict, not {name}: pass {way}")


# ---- numbers -------------------------------------------------------------------------------------


def check_integer(function: str, name: str, value: Any) -> int:
    """Return an integer as an int; a bool, a float or a str is none."""
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(value)
        except TypeError:
            pass
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    hint = f"; write int({value})" if whole else ""
    raise TypeError(f"{function}: {name} must be an integer, not {value!r}{hint}")


def check_count(function: str, name: str, value: Any) -> int:
    """Return an integer of at least 0 as an int."""
    return _check_least(function, name, value, 0)


def check_size(function: str, name: str, value: Any) -> int:
    """Return an integer of at least 1 as an int."""
    return _check_least(function, name, value, 1)


def _check_least(function: str, name: str, value: Any, least: int) -> int:
    number = check_integer(function, name, value)
    if number < least:
        raise ValueError(f"{function}: {name} must be at least {least}, not {number}")
    return number


def check_seed(function: str, seed: Any) -> int:
    """Return a seed of NumPy's legacy generator as an int."""
    number = check_integer(function, "seed", seed)
    if not 0 <= number < 2**32:
        raise ValueError(f"{function}: seed must be from 0 to 2**32 - 1, not {number}")
    return number


def check_number(function: str, name: str, value: Any) -> float:
    """Return a finite real number as a float; a bool or a str is none."""
    array = np.asarray(value)
    if array.shape != () or array.dtype.kind not in "iuf":
        raise TypeError(f"{function}: {name} must be a real number, not {value!r}")
    if not np.isfinite(array):
        raise ValueError(f"{function}: {name} must be finite, not {value}")
    return float(array)


def check_layer_dims(function: str, name: str, value: Any) -> tuple[int, ...]:
    """Return the sizes of two or more layers as ints."""
    wrong = f"{function}: {name} must be a list of integers, not {type(value).__name__}"
    if isinstance(value, (str, bytes, dict, set, frozenset)):
        raise TypeError(wrong)
    try:
        sizes = list(value)
    except TypeError:
        raise TypeError(wrong) from None
    if len(sizes) < 2:
        raise ValueError(
            f"{function}: {name} must list at least the inputs and one layer, "
            f"but has length {len(sizes)}"
        )
    return tuple(check_size(function, f"{name}[{i}]", size) for i, size in enumerate(sizes))


# ---- arrays --------------------------------------------------------------------------------------


def check_array(function: str, name: str, value: ArrayLike) -> NDArray[Any]:
    """Return an array of the dtypes that the functions in C take."""
    if isinstance(value, (np.ma.MaskedArray, np.matrix)):
        raise TypeError(
            f"{function}: {name} is a {type(value).__name__}, whose mask or product would be lost"
        )
    array = np.asarray(value)
    native = array.dtype.newbyteorder("=")
    if native.kind not in "biu" and native not in (np.float32, np.float64):
        raise TypeError(
            f"{function}: {name} has dtype {array.dtype}; float32 and float64 work, integers and "
            "booleans are converted"
        )
    return array


def check_numbers(function: str, name: str, value: ArrayLike) -> NDArray[Any]:
    """Return an array of real numbers or booleans: labels of strings have a way out."""
    array = as_array(f"{function}: {name}", value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{function}: {name} {refusal(value, array)}")
    return array


def check_matrix(function: str, name: str, value: ArrayLike) -> NDArray[Any]:
    """Return an array of two dimensions."""
    matrix = as_array(f"{function}: {name}", value)
    if matrix.ndim != 2:
        raise ValueError(
            f"{function}: {name} has ndim {matrix.ndim} and shape {matrix.shape}, expected ndim 2"
        )
    return matrix


def lost_examples(X: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Tell the examples with NaN or infinity, columns of a matrix, by True; None: there is none."""
    if X.dtype.kind != "f" or X.ndim != 2:
        return None
    with np.errstate(all="ignore"):
        # A pass without memory; a finite sum has finite terms.
        if np.isfinite(np.sum(X)):
            return None
    n_x, m = X.shape
    step = max(1, _MOST_ENTRIES // n_x)
    slabs = [~np.isfinite(X[:, i : i + step]).all(axis=0) for i in range(0, m, step)]
    lost = np.concatenate(slabs)
    return lost if lost.any() else None


def check_finite(function: str, name: str, X: NDArray[Any]) -> None:
    """Raise for NaN or infinity, with the row and the column of the first example that holds it."""
    lost = lost_examples(X)
    if lost is not None:
        raise ValueError(
            f"{function}: {name} holds {lost_entry(X, lost)}: leave such examples out, or fill "
            "them in (np.nan_to_num)"
        )


def lost_entry(X: NDArray[Any], lost: NDArray[np.bool_], are_rows: bool = False) -> str:
    """Name the first entry that is NaN or infinite, of the first example that has one.

    are_rows: the caller has X.T.
    """
    place = lost_place(X, lost)
    row, column = place[::-1] if are_rows else place
    return f"{X[place]} at row {row}, column {column}"


def lost_place(X: NDArray[Any], lost: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the row and the column of that entry."""
    column = int(np.argmax(lost))
    row = int(np.argmin(np.isfinite(X[:, column])))
    return row, column


def check_shape(function: str, name: str, value: ArrayLike, rows: int, cols: int) -> None:
    """Raise where `value` is not (rows, cols)."""
    shape = np.shape(value)
    if shape != (rows, cols):
        hint = f": examples are columns, pass {name}.T" if shape == (cols, rows) else ""
        raise ValueError(f"{function}: {name} has shape {shape}, expected ({rows}, {cols}){hint}")


def check_row(function: str, name: str, value: ArrayLike, m: int) -> NDArray[Any]:
    """Return an entry for each of m examples, (1, m), (m, 1) or (m,), as (m,)."""
    row = np.asarray(value)
    if row.shape not in ((1, m), (m,), (m, 1)):
        raise ValueError(f"{function}: {name} has shape {row.shape}, expected (1, {m})")
    return row.reshape(m)


def check_outputs(
    function: str, name: str, value: ArrayLike, shape: tuple[int, ...], against: str
) -> NDArray[Any]:
    """Return labels of the outputs' shape (n_y, m); where n_y is 1 also (m,) and (m, 1)."""
    n_y, m = shape
    labels = check_numbers(function, name, value)
    if n_y == 1 and labels.shape in ((m,), (m, 1)):
        return labels.reshape(1, m)
    if labels.shape != shape:
        hint = f": examples are columns, pass {name}.T" if labels.shape == (m, n_y) else ""
        raise ValueError(
            f"{function}: {name} has shape {labels.shape} where {against} shape {shape}{hint}"
        )
    return labels


def check_points(function: str, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return points of a plane, (2, m), and their labels, (m,)."""
    points = np.asarray(X)
    if points.ndim != 2 or points.shape[0] != 2 or points.shape[1] == 0:
        is_turned = points.ndim == 2 and points.shape[1] == 2
        raise ValueError(
            f"{function}: X has shape {points.shape}, expected (2, m) with m of at least 1"
            + (": examples are columns, pass X.T" if is_turned else "")
        )
    labels = check_row(function, "y", y, points.shape[1])
    if not np.isfinite(points).all():
        raise ValueError(f"{function}: X holds NaN or inf: there is no frame for it")
    return points, labels


def check_labels(function: str, Y: NDArray[Any], n_y: int, cost: str) -> None:
    """Raise where a label is none of a cross-entropy's, or no count. Classes have been checked."""
    if Y.shape[0] != n_y:
        return
    if cost == "poisson":
        wrong, needs = Y < 0, "labels of at least 0; for others: cost='mean_squared_error'"
    elif cost.endswith("cross_entropy"):
        wrong = (Y < 0) | (Y > 1)
        needs = "labels from 0 to 1; for numbers to predict: output_activation='linear'"
    else:
        return
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0])
        raise ValueError(
            f"{function}: Y holds {Y[place]} at example {place[1]}, and {cost!r} needs {needs}"
        )


def check_sample_weight(function: str, value: Any, X: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sample weights of the examples in X, finite and at least 0, as (m,)."""
    m = X.shape[1]
    weights = as_array(f"{function}: sample_weight", value)
    if weights.dtype.kind not in "iufb":
        raise TypeError(f"{function}: sample_weight must hold real numbers, not {weights.dtype}")
    if weights.shape not in ((m,), (1, m), (m, 1)):
        raise ValueError(
            f"{function}: sample_weight has shape {weights.shape}, expected ({m},) for X {X.shape}"
        )
    weights = weights.reshape(m).astype(np.float64)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError(f"{function}: sample_weight must be finite and at least 0")
    return weights


def check_total_weight(function: str, weights: NDArray[np.float64]) -> None:
    """Raise where the weights of all examples, those of their classes included, have no mean."""
    if not weights.any():
        raise ValueError(f"{function}: no example has a weight above 0")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not np.isfinite(total):
        raise ValueError(
            f"{function}: the weights of all examples have an infinite sum: their ratios count "
            "alone, so make them smaller"
        )
