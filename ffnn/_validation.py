"""The examples of a run: those it learns from, and those that it only measures."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn._frames import as_array
from ffnn._initializers import check_number

__all__ = ["Part", "as_part", "check_labels", "split"]


class Part(NamedTuple):
    """Examples that costs and scores are taken of; `prefix` stands before their names."""

    prefix: str
    X: NDArray[Any]
    Y: NDArray[Any]  # (n_y, m), or (1, m) of classes


def as_part(prefix: str, X: Any, Y: Any, n_y: int) -> Part:
    """Return examples that have been checked, labels being rows."""
    inputs, labels = as_array("X", X), as_array("Y", Y)
    m = inputs.shape[1]
    return Part(prefix, inputs, labels if labels.shape == (n_y, m) else labels.reshape(1, m))


def check_labels(function: str, Y: NDArray[Any], n_y: int, cost: str) -> None:
    """Raise where a cross-entropy's label is none: ValueError. Classes have been checked."""
    if not cost.endswith("cross_entropy") or Y.shape[0] != n_y:
        return
    wrong = np.argwhere((Y < 0) | (Y > 1))
    if wrong.size:
        value = Y[tuple(wrong[0])]
        raise ValueError(
            f"{function}: Y holds {value} at example {wrong[0][1]}, and {cost!r} needs labels "
            "from 0 to 1"
        )


def split(
    function: str, given: Part, weights: Any, fraction: Any
) -> tuple[Part, Part, NDArray[np.float64] | None]:
    """Return the examples to train on, in their order, those held back, and the former's weights.

    The same ones are held back whatever the seed, so that a run that goes on with another's
    parameters never trains on what that was measured by.
    """
    m = given.X.shape[1]
    share = check_number(function, "validation_fraction", fraction)
    if not 0 < share < 1:
        raise ValueError(
            f"{function}: validation_fraction must be above 0 and below 1, not {share}"
        )
    count = int(np.ceil(share * m))
    if count >= m:
        raise ValueError(
            f"{function}: validation_fraction={share} of {m} examples leaves none to train on"
        )
    order = np.random.RandomState(0).permutation(m)
    trained, held = np.sort(order[count:]), order[:count]
    if weights is not None:
        weights = weights[trained]
        if not weights.any():
            raise ValueError(f"{function}: no example to train on has a weight above 0")
    return (
        Part("", given.X[:, trained], given.Y[:, trained]),
        Part("val_", given.X[:, held], given.Y[:, held]),
        weights,
    )
