"""Sources: examples that are read piece by piece, from a file say, and never as a whole."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "rows"]


class Rows:
    """What ffnn.rows returns: a source whose rows are examples, as the columns that ffnn reads.

    `shape` and `dtype` are those of the transpose; `source` is what was given.
    """

    def __init__(self, source: Any) -> None:
        shape, dtype = getattr(source, "shape", None), getattr(source, "dtype", None)
        if not isinstance(shape, tuple) or dtype is None or not hasattr(source, "__getitem__"):
            raise TypeError(
                f"rows: source must have shape, dtype and slices, as arrays and h5py.Dataset have "
                f"them, not {type(source).__name__}"
            )
        if not shape:
            raise ValueError("rows: source has shape (), which has no rows")
        self.source = source
        m, *of_each = shape
        self.shape: tuple[int, ...] = (math.prod(of_each), m) if of_each else (m,)
        self.dtype = dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The whole of it, for what is small: labels, weights."""
        if copy is False:
            raise ValueError("rows: a source is always copied")
        return np.array(self.source[...], dtype).reshape(self.shape[::-1]).T

    def __repr__(self) -> str:
        return f"ffnn.rows({self.source!r})"


def rows(source: Any) -> Rows:
    """Say that the rows of a source are examples: it is read as its transpose, which it never is.

    ======  ===============  ===============================================================
    source  (m, n_x)         np.memmap, h5py.Dataset, a zarr array, an array, anything with
                             shape, dtype and slices; (m, ...), images say, are flattened,
                             row by row; (m,), labels say, stay as they are
    result  (n_x, m)         for X, Y and weights of train, and for X of predictions
    ======  ===============  ===============================================================

    Nothing is read here. TypeError for what has no shape, dtype or slices, such as a list.

    >>> import numpy as np, ffnn
    >>> X = ffnn.rows(np.array([[0, 1, 2], [3, 4, 5]], np.uint8))
    >>> X.shape, X.dtype
    ((3, 2), dtype('uint8'))
    """
    return Rows(source)
