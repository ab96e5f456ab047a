"""The formulas of the courses' helper files, taken at their word in plain NumPy.

log(0) is -inf and 0 * inf is NaN, with NumPy's warnings; the error of an output is A - Y, however
A was made. `function` is whose errors these are, and `name` its name for the operand in question.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._checks import check_array, check_matrix, check_number, check_outputs

__all__ = ["apply_mask", "mean_cost", "output_error", "tanh_backward", "total_cost"]


def total_cost(
    function: str, name: str, A: ArrayLike, Y: ArrayLike, *, skip_nan: bool = False
) -> NDArray[Any]:
    """Return -sum(Y log A + (1 - Y) log(1 - A)), a 0-d array, with or without the terms NaN."""
    output, labels = _output_and_labels(function, name, A, Y)
    a, y = output.astype(np.float64), labels.astype(np.float64)
    terms = -(y * np.log(a) + (1 - y) * np.log(1 - a))
    return np.array((np.nansum if skip_nan else np.sum)(terms), _type_of(output, labels))


def mean_cost(
    function: str, name: str, A: ArrayLike, Y: ArrayLike, *, skip_nan: bool = False
) -> NDArray[Any]:
    """Return the total divided by the number of examples, a 0-d array."""
    total = total_cost(function, name, A, Y, skip_nan=skip_nan)
    return np.array(total / np.shape(A)[1])


def output_error(function: str, name: str, A: ArrayLike, Y: ArrayLike) -> NDArray[Any]:
    """Return A - Y (n_y, m)."""
    output, labels = _output_and_labels(function, name, A, Y)
    real = _type_of(output, labels)
    return np.asarray(output.astype(real) - labels.astype(real))


def tanh_backward(function: str, name: str, dA: ArrayLike, A: ArrayLike) -> NDArray[Any]:
    """Return dA (1 - A^2), the chain rule through A = tanh(Z) without Z."""
    gradient, output = check_array(function, "dA", dA), check_array(function, name, A)
    real = _type_of(gradient, output)
    return np.asarray(gradient.astype(real) * (1 - np.square(output.astype(real))))


def apply_mask(
    function: str, name: str, A: ArrayLike, D: ArrayLike, keep_prob: float
) -> NDArray[Any]:
    """Return A D / keep_prob: inverted dropout with a mask that was drawn before."""
    values, mask = check_array(function, "A", A), check_array(function, name, D)
    if mask.shape != values.shape:
        raise ValueError(
            f"{function}: {name} has shape {mask.shape} where A has shape {values.shape}"
        )
    real = _type_of(values, mask)
    return np.asarray(values.astype(real) * mask / check_number(function, "keep_prob", keep_prob))


def _output_and_labels(
    function: str, name: str, A: ArrayLike, Y: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    output = check_matrix(function, name, check_array(function, name, A))
    labels = check_outputs(
        function, "Y", check_array(function, "Y", Y), output.shape, f"{name} has"
    )
    if output.shape[1] == 0:
        raise ValueError(f"{function}: no examples: the mean over 0 columns is not defined")
    return output, labels


def _type_of(array: NDArray[Any], other: NDArray[Any]) -> np.dtype[Any]:
    """The float type of a result: integers and booleans of `other` never widen it."""
    real = np.result_type(array, *([other] if other.dtype.kind == "f" else []))
    return real if real.kind == "f" else np.dtype(np.float64)
