"""Sources: examples that are read piece by piece, from a file say, and never as a whole.

Inside, X of a source is a Source, which looks like an array: shape, and columns taken of it, which
are a Source again. Only `gather` reads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import suggest_keywords
from ffnn._frames import as_array

__all__ = [
    "PIECE",
    "Rows",
    "Source",
    "check_dtype",
    "check_turned",
    "real_of",
    "rows",
    "take_inputs",
    "take_labels",
    "take_run_inputs",
]

PIECE = 1 << 20  # entries that are read, converted and handed on together: 4 or 8 MiB
_GAP_BYTES = 1 << 16  # of examples read in vain, as long as one more read takes


class Rows:
    """What ffnn.rows returns: a source whose rows are examples, as the columns that ffnn reads.

    `shape` and `dtype` are those of the transpose; `source` is what was given.
    """

    def __init__(self, source: Any) -> None:
        shape, dtype = getattr(source, "shape", None), getattr(source, "dtype", None)
        has = {
            "shape (a tuple)": isinstance(shape, tuple),
            "dtype": dtype is not None,
            "slices (__getitem__)": hasattr(source, "__getitem__"),
        }
        if not all(has.values()):
            lacking = " and ".join(name for name, is_there in has.items() if not is_there)
            raise TypeError(
                f"rows: source must have shape, dtype and slices, as arrays and h5py.Dataset have "
                f"them; {type(source).__name__} has no {lacking}"
            )
        if np.ma.is_masked(source):
            raise TypeError("rows: source is a masked array, whose mask would be lost")
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
        return np.array(self.source[: self.shape[-1]], dtype).reshape(self.shape[::-1]).T

    def __repr__(self) -> str:
        return f"ffnn.rows({self.source!r})"


@suggest_keywords
def rows(source: Any) -> Rows:
    """Say that the rows of a source are examples: it is read as its transpose, which it never is.

    ======  ===============  ===============================================================
    source  (m, n_x)         np.memmap, h5py.Dataset, a zarr array, an array, anything with
                             shape, dtype and slices; (m, ...), images say, are flattened,
                             row by row; (m,), labels say, stay as they are
    result  (n_x, m)         for X, Y and weights of train, and for X of predictions
    ======  ===============  ===============================================================

    Nothing is read here. A run over it has the bits of one over the array, of HDF5 and zarr of one
    with shuffle="blocks", their default. Numbers are taken as they are: bytes from 0 to 255 want to
    be scaled to [0, 1], by a class with shape, dtype and slices of its own. TypeError for what has
    no shape, dtype or slices, such as a list.

    >>> import numpy as np, ffnn
    >>> X = ffnn.rows(np.array([[0, 1, 2], [3, 4, 5]], np.uint8))
    >>> X.shape, X.dtype
    ((3, 2), dtype('uint8'))
    """
    return Rows(source)


class Source:
    """Columns of what can be read in pieces, all of them or those of `index`, in its order."""

    def __init__(
        self,
        function: str,
        name: str,
        given: Any,
        index: NDArray[np.intp] | None = None,
        real: np.dtype[Any] | None = None,
    ) -> None:
        """`real` is what its numbers become; None: what predictions make of them."""
        self.function, self.name, self.given = function, name, given
        self.real = real
        self.are_rows = isinstance(given, Rows)
        self.of: Any = given.source if self.are_rows else given
        self.index = index
        self.dtype = np.dtype(given.dtype)
        self.shape: tuple[int, ...] = given.shape
        if index is not None:
            self.shape = (given.shape[0], index.size)
        self._said = tuple(self.of.shape)

    def check_inputs(self, wanted: int, of: str) -> None:
        """Raise where `wanted` rows, those of a net's inputs, are its columns."""
        check_turned(self.function, self.name, self.shape, wanted, of, are_rows=self.are_rows)

    @property
    def can_gather(self) -> bool:
        """Whether scattered examples cost no more than those side by side: arrays, memory maps."""
        return isinstance(self.of, np.ndarray)

    def __getitem__(self, key: tuple[Any, Any]) -> Source:
        """Columns, by a slice or by their numbers: source[:, some]. Nothing is read."""
        every, some = key
        if every != slice(None):
            raise IndexError("columns alone can be taken of a source")
        index = np.arange(self.shape[1]) if self.index is None else self.index
        return Source(self.function, self.name, self.given, index[some], self.real)

    def placeholder(self, real: Any = None) -> NDArray[Any]:
        """An array of this shape and type that takes no memory, for those who look at these."""
        return np.broadcast_to(np.zeros((), real or self.real), self.shape)

    def check(self) -> None:
        """Raise where the source has become another, or cannot be read any more."""
        try:
            shape = tuple(self.of.shape)
        except Exception as error:
            self._explain(error, "its shape was asked for")
            raise
        if shape != self._said:
            raise ValueError(
                f"{self.function}: {self.name} has changed its shape from {self._said} to {shape} "
                "since the call began"
            )

    def gather(self, columns: NDArray[np.intp]) -> NDArray[Any]:
        """Read columns by their numbers, at least one, in that order; of the source's own dtype."""
        numbers = columns if self.index is None else self.index[columns]
        if numbers[-1] - numbers[0] + 1 == numbers.size and (np.diff(numbers) == 1).all():
            return self._read(slice(int(numbers[0]), int(numbers[-1]) + 1), numbers.size)
        if self.can_gather:
            return self._read(numbers, numbers.size)
        # One read for those that lie side by side, or nearly so.
        order = np.argsort(numbers)
        steps = numbers[order]
        gap = max(1, _GAP_BYTES // max(1, self.shape[0] * self.dtype.itemsize))
        out = np.empty((numbers.size, self.shape[0]), self.dtype)
        for part in np.split(np.arange(numbers.size), np.flatnonzero(np.diff(steps) > gap) + 1):
            first, last = int(steps[part[0]]), int(steps[part[-1]])
            read = self._read(slice(first, last + 1), last + 1 - first)
            out[order[part]] = read.T[steps[part] - first]
        return out.T

    def _read(self, some: slice | NDArray[np.intp], count: int) -> NDArray[Any]:
        """Columns as a file has them; the one place that reads."""
        try:
            read = self.of[some] if self.are_rows else self.of[:, some]
            piece = _unmasked(read)
        except Exception as error:
            first = some.start if isinstance(some, slice) else int(some.min())
            self._explain(error, f"{count} of its examples from number {first} on were read")
            raise
        wanted = (count, *self._said[1:]) if self.are_rows else (self._said[0], count)
        if piece.shape != wanted or piece.dtype != self.dtype:
            raise ValueError(
                f"{self.function}: {self.name} gave a slice of shape {piece.shape} and dtype "
                f"{piece.dtype} where its shape {self._said} and dtype {self.dtype} promise "
                f"{wanted}"
            )
        return piece.reshape(count, -1).T if self.are_rows else piece

    def _explain(self, error: Exception, when: str) -> None:
        what = f"{type(self.of).__module__}.{type(self.of).__qualname__}"
        error.add_note(f"{self.function}: {self.name}, a {what}, raised this while {when}")

    def place(self, row: int, column: int) -> str:
        """Where an entry stands: in X as it is read, and in the file where it holds rows."""
        number = column if self.index is None else int(self.index[column])
        said = f"row {row}, column {number}"
        return f"{said}: row {number} of the source" if self.are_rows else said


# ---- what counts as a source ---------------------------------------------------------------------


def _is_source(thing: Any) -> bool:
    """Whether a thing is to be read in pieces: what NumPy or pandas made counts as itself.

    A source that is closed raises what it likes.
    """
    if isinstance(thing, (Rows, np.memmap)):
        return True
    if isinstance(thing, (np.ndarray, np.generic, list, tuple)):
        return False
    # Sparse matrices and frames, which ffnn/_frames.py knows; tensors, which lie in memory.
    if any(hasattr(thing, name) for name in ("toarray", "to_numpy", "__dlpack__")):
        return False
    has_shape = hasattr(thing, "__getitem__") and hasattr(thing, "shape")
    return has_shape and isinstance(getattr(thing, "dtype", None), np.dtype)


def _unmasked(read: Any) -> NDArray[Any]:
    """An array of what was read; netCDF4 masks its fill values."""
    if np.ma.is_masked(read):
        raise TypeError("it holds masked entries, whose mask would be lost")
    return np.asarray(read)


def check_turned(
    function: str, name: str, shape: tuple[int, ...], wanted: int, of: str, *,
    are_rows: bool, is_frame: bool = False,
) -> None:  # fmt: skip
    """Raise for what has its examples the other way round, and seldom a .T to turn it by."""
    if shape[0] != wanted == shape[1]:
        last = name.rpartition(" ")[2]  # of "validation_data: X"
        way = f"{last}.T" if is_frame else f"ffnn.rows({last})"
        way = f"what ffnn.rows was given as {last}" if are_rows else way
        raise ValueError(
            f"{function}: {name} has shape {shape} where {of} wants {wanted} rows: examples are "
            f"columns, pass {way}"
        )


def real_of(X: Any) -> np.dtype[Any]:
    """The type of a run with the examples X, where nobody names it."""
    if isinstance(X, Source) and X.real is not None:
        return X.real
    return np.dtype(np.float32 if X.dtype.kind == "f" and X.dtype.itemsize <= 4 else np.float64)


def check_dtype(function: str, dtype: Any) -> np.dtype[Any] | None:
    """Return the type that a run is to have, or None."""
    if dtype is None:
        return None
    for real in np.dtype(np.float32), np.dtype(np.float64):
        if isinstance(dtype, (str, type, np.dtype)) and dtype == real:
            return real
    raise ValueError(f"{function}: dtype must be 'float32', 'float64' or None, not {dtype!r}")


def take_run_inputs(
    function: str,
    name: str,
    X: Any,
    dtype: np.dtype[Any] | None,
    *,
    is_full_batch: bool = False,
    may_be_gram: bool = False,
) -> Any:
    """Return X of a run: an array, or a Source that knows the type of the run.

    A full batch reads an array of memory, mapped or not, where it stands. What it would have to
    convert is a Source, except for the Gram form of a full batch, which wants all of X at once.
    """
    is_at_once = is_full_batch and may_be_gram
    X = take_inputs(function, name, X)
    if isinstance(X, Source):
        X.real = dtype or real_of(X)
        is_array = X.can_gather and X.of.ndim == 2
        is_there = is_full_batch and X.dtype == X.real
        if is_array and (is_there or (is_at_once and not isinstance(X.of, np.memmap))):
            return np.asarray(X.of.T if X.are_rows else X.of).astype(X.real, copy=False)
        return X
    if dtype is None:
        return X
    array = as_array(f"{function}: {name}", X)
    if array.dtype.kind not in "biuf" or array.dtype == np.float16 or array.dtype == dtype:
        return X  # which the run refuses, or reads
    if array.ndim == 2 and array.size > PIECE and not is_at_once:
        return Source(function, name, array, real=dtype)
    return array.astype(dtype)


def take_inputs(function: str, name: str, X: Any) -> Any:
    """Return X as it is, or as a Source where it is to be read in pieces.

    So are large arrays that are no floats. The first example is read: what cannot be, is known now.
    """
    if isinstance(X, Source):
        return X
    if isinstance(X, Rows) and type(X.source) is np.ndarray:
        X = X.source.reshape(X.shape[::-1]).T
    try:
        is_source = _is_source(X)
        if not is_source:
            is_large = type(X) is np.ndarray and X.size > PIECE and X.ndim == 2
            if not (is_large and X.shape[1] > 1 and X.dtype.kind in "biu"):
                return X
        ndim, dtype, source = len(X.shape), np.dtype(X.dtype), Source(function, name, X)
    except Exception as error:
        raise _unreadable(function, name, X, error) from error
    if dtype.kind not in "biuf" or dtype.newbyteorder("=").itemsize > 8:
        raise TypeError(
            f"{function}: {name} has dtype {dtype}; float16, float32 and float64 of a source work, "
            "integers and booleans are converted"
        )
    if ndim != 2:
        raise ValueError(
            f"{function}: {name} has ndim {ndim} and shape {X.shape}, expected ndim 2: examples "
            "are columns, flattened; of rows of any shape ffnn.rows makes them"
        )
    if source.shape[1] > 0:
        source.gather(np.arange(1))
    return source


def take_labels(function: str, name: str, thing: Any) -> Any:
    """Return labels or weights of a source as an array: they are small. float16 widens."""
    try:
        if thing is None or not _is_source(thing):
            return thing
        is_array = isinstance(thing, (Rows, np.memmap))
        array = _unmasked(thing if is_array else thing[tuple(slice(n) for n in thing.shape)])
    except Exception as error:
        raise _unreadable(function, name, thing, error) from error
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _unreadable(function: str, name: str, thing: Any, error: Exception) -> ValueError:
    return ValueError(
        f"{function}: {name} is a {type(thing).__name__} that cannot be read: {error}"
    )
