"""How much each example counts in training: its sample weight times the weight of its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import check_number

__all__ = ["check_classes", "classes_of", "has_classes", "weights_by_class"]


def classes_of(Y: NDArray[Any], n_y: int) -> NDArray[np.intp]:
    """Return the class of each example (m,): the greatest of several rows, or the one row."""
    if n_y > 1 and Y.shape[0] == n_y:
        return np.asarray(np.argmax(Y, axis=0), np.intp)
    return np.asarray(Y[0], np.intp)


def has_classes(Y: NDArray[Any], n_y: int, output_activation: str) -> bool:
    """Whether each example is of one class: of a softmax, or 0 or 1 of one sigmoid."""
    if output_activation == "softmax":
        return True
    return output_activation == "sigmoid" and n_y == 1 and bool(np.isin(Y, (0, 1)).all())


def check_classes(
    function: str, argument: str, Y: NDArray[Any], n_y: int, softmax: bool, instead: str = ""
) -> None:
    """Raise where `argument` needs classes and there are none; `instead` is the way out."""
    if not softmax and n_y > 1:
        raise ValueError(
            f"{function}: {argument} needs one class for each example, and {n_y} outputs "
            f"without softmax may be several{instead}"
        )
    if not softmax and not np.isin(Y, (0, 1)).all():
        raise ValueError(f"{function}: {argument} needs labels of 0 and 1{instead}")


def weights_by_class(
    function: str,
    class_weight: Any,
    sample_weight: NDArray[np.float64] | None,
    Y: NDArray[Any],
    n_y: int,
    softmax: bool,
) -> NDArray[np.float64] | None:
    """Return the weights of the examples trained on, not yet scaled to mean 1; None without either.

    Y is (n_y, m), or (1, m) of classes. ValueError and TypeError are raised in the name of
    `function`.
    """
    if class_weight is None:
        return sample_weight
    classes = classes_of(Y, n_y)
    count = n_y if softmax else 2
    of_class = _of_classes(function, class_weight, classes, count, sample_weight)[classes]
    if sample_weight is None:
        return of_class
    with np.errstate(over="ignore"):
        return sample_weight * of_class


def _of_classes(
    function: str,
    class_weight: Any,
    classes: NDArray[np.intp],
    count: int,
    sample_weight: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """The weight of each class."""
    weights = np.ones(count)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(
                f"{function}: class_weight must be 'balanced' or a dict, not {class_weight!r}"
            )
        numbers = np.bincount(classes, sample_weight, count)
        return np.divide(1, numbers, out=weights, where=numbers > 0)
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            f"{function}: class_weight must be 'balanced' or a dict, "
            f"not {type(class_weight).__name__}"
        )
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
    return weights
