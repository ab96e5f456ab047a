"""X on a cluster: the blocks that it is cut into, and which of their examples a run takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import dask
import dask.array
import numpy as np
from dask.delayed import Delayed
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._remote import Remote
from ffnn._sources import Rows, check_turned, real_of
from ffnn._vectors import parameters_to_vector
from ffnn.dask._cluster import Cluster
from ffnn.dask._steps import Packets, Steps
from ffnn.dask._tasks import inspect, packet_output

__all__ = ["Columns", "as_columns", "as_here", "as_remote", "check_kind", "is_remote"]

_BLOCK_BYTES = 64 << 20  # of an array that comes from this process


class Columns(Remote):
    """Some of the examples in the blocks, in an order."""

    def __init__(
        self, cluster: Cluster, blocks: list[Any], bounds: NDArray[np.intp], n_x: int,
        dtype: np.dtype[Any], index: NDArray[np.intp] | None = None,
    ) -> None:  # fmt: skip
        """Block i holds the examples bounds[i] to bounds[i + 1]; index None is all of them."""
        self.cluster, self.blocks, self.bounds = cluster, blocks, bounds
        self.dtype, self.index = dtype, index
        self.real, self.isa = real_of(self), cluster.isa
        self.shape = (n_x, int(bounds[-1]) if index is None else len(index))
        self._packets: Packets | None = None
        self._has_labels = False
        self._largest = 0.0

    def take(self, index: NDArray[np.intp]) -> Columns:
        chosen = index if self.index is None else self.index[index]
        some = Columns(self.cluster, self.blocks, self.bounds, self.shape[0], self.dtype, chosen)
        some.real = self.real
        return some

    def check_finite(self, function: str, name: str = "X", are_rows: bool = False) -> None:
        """Look at all blocks, where they lie, before anything is trained."""
        n_x, cluster = self.shape[0], self.cluster
        sizes = np.diff(self.bounds).tolist()
        futures = [
            cluster.submit(inspect, block, (n_x, size), self.dtype, self.real, are_rows)
            for block, size in zip(self.blocks, sizes)
        ]
        for first, size, (wrong, largest) in zip(
            self.bounds.tolist(), sizes, cluster.gather(futures, self._names())
        ):
            if wrong:
                last = first + size - 1
                raise ValueError(
                    f"{function}: {name} {wrong}, in the block of examples {first} to {last}"
                )
            self._largest = max(self._largest, largest)

    def _names(self) -> list[str]:
        pairs = zip(self.bounds.tolist(), self.bounds[1:].tolist())
        return [f"the block of examples {first} to {end - 1}" for first, end in pairs]

    def largest(self) -> float:
        return self._largest

    def pieces(self, wanted: NDArray[np.intp]) -> Iterator[tuple[Any, Any, Any]]:
        """Blocks that hold the wanted examples, which of theirs, and which of the wanted."""
        numbers = wanted if self.index is None else self.index[wanted]
        of_block = np.searchsorted(self.bounds, numbers, side="right") - 1
        for i in np.unique(of_block).tolist():
            where = np.flatnonzero(of_block == i)
            yield self.blocks[i], _slice(numbers[where] - self.bounds[i]), _slice(where)

    def train(self, Y: Any, weights: Any, net: dict[str, Any]) -> Callable[..., Any]:
        return Steps(self.cluster, self, Y, weights, net)

    def mean_cost(self, trainer: _ffnn.Trainer, Y: NDArray[Any], weights: Any) -> NDArray[Any]:
        return self.mean_cost_of(trainer.parameters(), Y, weights)

    def mean_cost_of(
        self, parameters: dict[str, Any], Y: NDArray[Any], weights: Any
    ) -> NDArray[Any]:
        """The cost of the net that is trained, with these parameters."""
        vector = parameters_to_vector(parameters)
        costs, _ = self._measured(Y, weights).sums(0, vector, has_gradients=False)
        cost = np.cumsum(costs)[-1]  # one after the other, as in C
        total = self.shape[1] if weights is None else np.cumsum(weights)[-1]
        return np.asarray(cost / total, vector.dtype)

    def outputs(
        self, parameters: dict[str, Any], net: dict[str, Any]
    ) -> Callable[[slice], NDArray[Any]]:
        packets, cluster = self._measured(), self.cluster
        shared = cluster.submit(dict, parameters)
        known = net | {"isa": self.isa}
        futures = [cluster.submit(packet_output, one, shared, known) for one in packets.futures]
        AL = np.concatenate(cluster.gather(futures, packets.names), axis=1)
        cluster.release([shared])
        return lambda some: AL[:, some]

    def _measured(self, Y: Any = None, weights: Any = None) -> Packets:
        """All of them in one batch, which stays through the run; with Y, once that has come."""
        if self._packets is not None and Y is not None and not self._has_labels:
            self._packets.release()
            self._packets = None
        if self._packets is None:
            m, self._has_labels = self.shape[1], Y is not None
            labels = np.empty((0, m)) if Y is None else Y
            self._packets = Packets(self.cluster, self, labels, weights, [(0, m)], None)
        return self._packets


def _slice(index: NDArray[np.intp]) -> Any:
    """The numbers as a slice where they follow each other."""
    first, end = int(index[0]), int(index[-1]) + 1
    if end - first == len(index) and (np.diff(index) == 1).all():
        return slice(first, end)
    return index


# ---- from the caller's arrays --------------------------------------------------------------------


def is_remote(X: Any) -> bool:
    """Whether an argument is Dask's."""
    return isinstance(X.source if isinstance(X, Rows) else X, dask.array.Array)


def check_kind(function: str, name: str, X: Any) -> None:
    """Raise for what holds no examples that can be cut: a Future, a frame of Dask's."""
    X = X.source if isinstance(X, Rows) else X
    way = ""
    if isinstance(X, Delayed):  # which has whatever attribute it is asked for
        way = f": dask.array.from_delayed({name}, shape, dtype) is one"
    elif hasattr(X, "to_dask_array"):
        way = f": ffnn.rows({name}.to_dask_array(lengths=True)) is one of a frame"
    elif isinstance(X, (list, tuple)) or hasattr(X, "shape") or hasattr(X, "__array__"):
        return
    kind = type(X).__name__
    raise TypeError(f"{function}: {name} must be an array, Dask's or NumPy's, not {kind}{way}")


def as_columns(function: str, name: str, X: Any, wanted: tuple[int, str] | None = None) -> Any:
    """Return X as a Dask array (n_x, m) whose chunks hold whole examples.

    `wanted` is n_x and the words for the argument that says so.
    """
    array = X.source if isinstance(X, Rows) else X
    if not isinstance(array, dask.array.Array):
        check_kind(function, name, X)
        array = _cut(np.asarray(array), isinstance(X, Rows))
    if array.ndim < 2 or (array.ndim > 2 and not isinstance(X, Rows)):
        raise ValueError(f"{function}: {name} has {array.ndim} dimensions, expected 2")
    if array.dtype.kind not in "biu" and array.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"{function}: {name} has dtype {array.dtype}, expected float32, float64 or integers: "
            f"{name}.astype(np.float32)"
        )
    if wanted is not None:
        are_rows = isinstance(X, Rows)
        shape = X.shape if are_rows else array.shape
        is_frame = hasattr(X, "to_numpy")
        check_turned(function, name, shape, *wanted, are_rows=are_rows, is_frame=is_frame)
    of_examples = 0 if isinstance(X, Rows) else 1
    for axis, chunks in enumerate(array.chunks):
        if any(math.isnan(size) for size in chunks):
            raise ValueError(
                f"{function}: {name} has chunks of unknown sizes: {name}.compute_chunk_sizes() "
                "finds them"
            )
        if axis != of_examples and len(chunks) > 1:
            raise ValueError(
                f"{function}: {name} {array.shape} is cut into chunks along its features, "
                f"{chunks}: {name}.rechunk({{{axis}: -1}})"
            )
    return array.reshape(X.shape[::-1]).T if isinstance(X, Rows) else array


def _cut(array: NDArray[Any], by_rows: bool) -> Any:
    """An array of this process in blocks that are no burden to send."""
    if array.ndim < 2:
        return dask.array.from_array(array)
    axis = 0 if by_rows else array.ndim - 1
    of_example = array.itemsize * array.size // max(1, array.shape[axis])
    chunks = [-1] * array.ndim
    chunks[axis] = max(1, _BLOCK_BYTES // max(1, of_example))
    return dask.array.from_array(array, chunks=tuple(chunks))


def as_remote(
    cluster: Cluster, name: str, X: Any, wanted: tuple[int, str] | None = None
) -> Columns:
    """Compute the chunks of X on the cluster, where they stay."""
    array = as_columns(cluster.function, name, X, wanted)
    sizes = array.chunks[1]
    blocks = cluster.compute(list(array.to_delayed().ravel()))
    bounds = np.cumsum([0, *(size for size in sizes if size)], dtype=np.intp)
    held = [block for block, size in zip(blocks, sizes) if size]
    return Columns(cluster, held, bounds, array.shape[0], array.dtype)


def as_here(cluster: Cluster, name: str, values: Any) -> Any:
    """Labels and weights, which are small, as arrays of this process."""
    if isinstance(values, Rows) and is_remote(values):
        return as_here(cluster, name, values.source).reshape(values.shape[::-1]).T
    if dask.is_dask_collection(values):
        (found,) = cluster.gather(cluster.compute([values]), [name])
        return np.asarray(found)
    return values
