"""Mini-batches in a random order, by the course's own function."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._checks import check_matrix, check_seed, check_size, suggest_keywords
from ffnn._frames import as_array

__all__ = ["random_mini_batches"]


@suggest_keywords
def random_mini_batches(
    X: ArrayLike, Y: ArrayLike, mini_batch_size: int = 64, seed: int = 0
) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return the examples as a list of mini-batches, in an order drawn at random.

    ===============  ==========  ===========================================================
    X                (n_x, m)    inputs, a column per example
    Y                (n_y, m)    labels; (m,) and (m, 1) are taken as (1, m)
    mini_batch_size  integer     examples of a batch, from 1 on; the last has the rest
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
    inputs, labels = check_matrix(function, "X", X), as_array(f"{function}: Y", Y)
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
