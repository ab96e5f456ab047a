"""Sample weights and class weights, multiplied into one weight for each example."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import check_number, check_sample_weight

__all__ = ["classes_of", "example_weights"]


def example_weights(
    function: str,
    sample_weight: Any,
    class_weight: Any,
    X: NDArray[Any],
    Y: NDArray[Any],
    n_y: int,
    softmax: bool,
) -> NDArray[np.float64] | None:
    """Return sample weights times class weights, not yet scaled to mean 1; None without either.

    Y is (n_y, m), or (1, m) of classes. ValueError and TypeError are raised in the name of
    `function`.
    """
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(function, sample_weight, X)
    if class_weight is not None:
        of_class = _of_classes(function, class_weight, Y, n_y, softmax)
        weights = of_class if weights is None else weights * of_class
    if weights is not None and not weights.any():
        raise ValueError(f"{function}: no example has a weight above 0")
    return weights


def classes_of(Y: NDArray[Any], n_y: int) -> NDArray[np.intp]:
    """Return the class of each example (m,): the greatest of several rows, or the one row."""
    if n_y > 1 and Y.shape[0] == n_y:
        return np.asarray(np.argmax(Y, axis=0), np.intp)
    return np.asarray(Y[0], np.intp)


def _of_classes(
    function: str, class_weight: Any, Y: NDArray[Any], n_y: int, softmax: bool
) -> NDArray[np.float64]:
    if not softmax and n_y > 1:
        raise ValueError(
            f"{function}: class_weight needs one class for each example, and {n_y} outputs "
            "without softmax may be several; use sample_weight"
        )
    if not softmax and not np.isin(Y, (0, 1)).all():
        raise ValueError(f"{function}: class_weight needs labels of 0 and 1; use sample_weight")
    classes = classes_of(Y, n_y)
    count = n_y if softmax else 2
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(
                f"{function}: class_weight must be 'balanced' or a dict, not {class_weight!r}"
            )
        return np.asarray(1 / np.bincount(classes, minlength=count)[classes])
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            f"{function}: class_weight must be 'balanced' or a dict, "
            f"not {type(class_weight).__name__}"
        )
    weights = np.ones(count)
    for key, value in class_weight.items():
        if key not in range(count):
            raise ValueError(
                f"{function}: class_weight has the key {key!r}, which is none of the classes "
                f"0 to {count - 1}"
            )
        weight = check_number(function, f"class_weight[{key!r}]", value)
        if weight < 0:
            raise ValueError(f"{function}: class_weight[{key!r}] must be at least 0, not {weight}")
        weights[int(key)] = weight
    return weights[classes]
