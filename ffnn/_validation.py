"""The examples of a run: training and validation examples, and the split between them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import check_number
from ffnn._frames import as_array

__all__ = ["Part", "as_part", "split"]


class Part(NamedTuple):
    """Examples that costs and scores are measured on; `prefix` stands before their names."""

    prefix: str
    X: NDArray[Any]
    Y: NDArray[Any]  # (n_y, m), or (1, m) of classes


def as_part(prefix: str, X: Any, Y: Any, n_y: int) -> Part:
    """Return examples that have been checked, labels being rows."""
    inputs, labels = as_array("X", X), as_array("Y", Y)
    m = inputs.shape[1]
    return Part(prefix, inputs, labels if labels.shape == (n_y, m) else labels.reshape(1, m))


def split(
    function: str, given: Part, weights: Any, fraction: Any
) -> tuple[Part, Part, NDArray[np.float64] | None]:
    """Return training examples in their order, validation examples, and the former's weights.

    The split is the same for every seed: a resumed run never trains on the validation examples of
    the run before.
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
