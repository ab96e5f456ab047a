"""Examples in an order drawn at random, in groups of a size: the course's own function for it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._frames import as_array
from ffnn._initializers import check_integer, check_size

__all__ = ["check_seed", "random_mini_batches"]


def random_mini_batches(
    X: ArrayLike, Y: ArrayLike, mini_batch_size: int = 64, seed: int = 0
) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return the examples as a list of mini-batches, in an order drawn at random.

    ===============  ==========  ===========================================================
    X                (n_x, m)    inputs, a column per example
    Y                (n_y, m)    labels; (m,) and (m, 1) are taken as (1, m)
    mini_batch_size  integer     examples of a batch, from 1 on; the last has what is left
    seed             integer     what NumPy's global generator is seeded with
    mini_batches     list        pairs of new arrays: columns of X, the same columns of Y
    ===============  ==========  ===========================================================

    The order is that of the course: np.random.permutation(m) after np.random.seed(seed), which
    leaves the global generator there. Runs need no such copies: see mini_batch_size in train.
    ValueError for shapes and values, TypeError for kinds.

    >>> import numpy as np, ffnn
    >>> X, Y = np.arange(5.0).reshape(1, 5), np.array([[0, 1, 0, 1, 0]])
    >>> for mini_batch_X, mini_batch_Y in ffnn.random_mini_batches(X, Y, 2):
    ...     print(mini_batch_X, mini_batch_Y)
    [[2. 0.]] [[0 0]]
    [[1. 3.]] [[1 1]]
    [[4.]] [[0]]
    """
    function = "random_mini_batches"
    size = check_size(function, "mini_batch_size", mini_batch_size)
    number = check_seed(function, seed)
    inputs, labels = as_array(f"{function}: X", X), as_array(f"{function}: Y", Y)
    if inputs.ndim != 2:
        raise ValueError(
            f"{function}: X has {inputs.ndim} dimensions, expected 2: a column per example"
        )
    m = inputs.shape[1]
    if labels.shape in ((m,), (m, 1)):
        labels = labels.reshape(1, m)
    if labels.ndim != 2 or labels.shape[1] != m:
        hint = ": examples are columns, pass Y.T" if labels.shape[:1] == (m,) else ""
        raise ValueError(
            f"{function}: Y has shape {labels.shape} where X has shape {inputs.shape}{hint}"
        )
    generator = np.random.RandomState(number)
    order = generator.permutation(m)
    np.random.set_state(generator.get_state())
    groups = [order[first : first + size] for first in range(0, m, size)]
    return [(inputs[:, group], labels[:, group]) for group in groups]


def check_seed(function: str, seed: Any) -> int:
    """Return a seed of NumPy's legacy generator as an int, or raise in the name of `function`."""
    number = check_integer(function, "seed", seed)
    if not 0 <= number < 2**32:
        raise ValueError(f"{function}: seed must be from 0 to 2**32 - 1, not {number}")
    return number
