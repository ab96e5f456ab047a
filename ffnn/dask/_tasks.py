"""What the workers of a cluster do: pure functions, so that Dask may repeat any of them, and an
actor that calls one of them at less cost than a task has.

A packet is what one worker needs of some steps: X, Y and the weights of its shards, and where each
step's shards lie in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from distributed import get_worker
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._checks import lost_entry, lost_examples
from ffnn._vectors import shapes_of, views_of

__all__ = ["Net", "Packet", "Seat", "fold", "inspect", "join", "output", "packet_output", "pass_on",
           "sum_shards", "take", "trainer_of"]  # fmt: skip

Sums = tuple[list[float], NDArray[Any] | None]


class Net(NamedTuple):
    """What a worker has to know of a run."""

    function: str
    options: dict[str, Any]  # a Trainer's keywords: layer_dims, activations, cost, isa
    m: int
    batch_size: int
    real: str
    local_steps: int


class Packet(NamedTuple):
    """X (n_x, k), Y (n_y, k), weights (k,) and the shards of each step, by their columns."""

    X: NDArray[Any]
    Y: NDArray[Any]
    weights: NDArray[np.float64] | None
    steps: list[list[slice]]


def inspect(
    block: Any, shape: tuple[int, int], dtype: Any, real: Any, are_rows: bool
) -> tuple[str, float]:
    """What is wrong with a block, where its shape is to be (n_x, k), and its largest magnitude.

    are_rows: the caller's examples are rows, which is how an entry is named.
    """
    X = np.asarray(block)
    if X.dtype == object:
        kind = type(block)
        return f"is a {kind.__module__}.{kind.__name__}, and was said to be {dtype}", 0.0
    if X.shape != shape or X.dtype != dtype:
        return f"is {X.dtype} of shape {X.shape}, and was said to be {dtype} of {shape}", 0.0
    if X.dtype.kind != "f":
        return "", float(np.abs(X.astype(np.float64)).max(initial=0))
    with np.errstate(over="ignore"):
        X = X.astype(real, copy=False)
    lost = lost_examples(X)
    return (f"holds {lost_entry(X, lost, are_rows)}", np.inf) if lost is not None else (
        "", float(np.abs(X).max(initial=0)))  # fmt: skip


def take(block: Any, index: Any) -> NDArray[Any]:
    """The examples of a block that a packet is made of, a slice or an array of their numbers."""
    return np.asarray(block)[:, index]


def join(
    pieces: list[NDArray[Any]], places: list[Any], Y: NDArray[Any], weights: Any, steps: Any
) -> Packet:
    """A packet from its pieces, each with the columns that it goes to."""
    if len(pieces) == 1 and isinstance(places[0], slice):
        return Packet(pieces[0], Y, weights, steps)
    n_x, k = pieces[0].shape[0], Y.shape[1]
    X = np.empty((k, n_x), pieces[0].dtype).T  # examples one by one, as they are gathered
    for piece, place in zip(pieces, places):
        X[:, place] = piece
    return Packet(X, Y, weights, steps)


def pass_on(vector: NDArray[Any]) -> NDArray[Any]:
    """The parameters of a step, which its shards get from each other's workers."""
    return vector


def trainer_of(net: Net) -> _ffnn.Trainer:
    """A Trainer whose kernels are those of the whole run, still without parameters."""
    options = dict(net.options)
    dims = options.pop("layer_dims")
    m = min(net.m, 1024)  # of which no kernel asks more
    X = np.broadcast_to(np.zeros((), net.real), (dims[0], m))
    Y = np.broadcast_to(np.zeros((), net.real), (dims[-1], m))
    return _ffnn.Trainer(net.function, X, Y, dims, gram=False, **options)


def _given(packet: Packet, columns: slice, real: str) -> tuple[Any, ...]:
    """X in the type of the run, Y and weights."""
    weights = None if packet.weights is None else packet.weights[columns]
    return packet.X[:, columns].astype(real, copy=False), packet.Y[:, columns], weights


def sum_shards(
    net: Net, packet: Packet, vector: NDArray[Any], step: int, rate: float, has_gradients: bool,
    is_folded: bool,
) -> Sums:  # fmt: skip
    """The costs of a step's shards in this packet, and the sums of their gradients.

    These are (k, P), a row for each shard, or, folded, (1, P).
    """
    trainer = trainer_of(net)
    trainer.learning_rate = rate
    parameters = views_of(vector, shapes_of(net.options["layer_dims"]))
    trainer.set(parameters)
    costs: list[float] = []
    rows: list[NDArray[Any]] = []
    for columns in packet.steps[step]:
        X, Y, weights = _given(packet, columns, net.real)
        cost, sums = trainer.shard(
            X, Y, net.batch_size, sample_weight=weights, gradients=has_gradients
        )
        if sums is not None and net.local_steps > 1:
            _go_on(trainer, net, X, Y, weights, sums)
            trainer.set(parameters)
        costs.append(cost)
        if sums is not None and is_folded and rows:
            rows[0] += sums
        elif sums is not None:
            rows.append(sums)
    return costs, np.stack(rows) if rows else None


class Seat:
    """An actor on one worker, for a run: sums of the packets that lie there, without tasks of the
    scheduler's, but in the threads that do those."""

    def __init__(self) -> None:
        self._worker = get_worker()
        self._kept: dict[str, Sums] = {}  # of one step

    async def greet(self) -> None:
        """Be there."""

    async def sums(
        self, net: Net, keys: list[tuple[str, bool]], vector: NDArray[Any], step: int, rate: float,
        has_gradients: bool,
    ) -> list[Sums]:  # fmt: skip
        """Those of packets by their keys, folded or not; KeyError for one that is elsewhere."""
        packets = [(self._worker.data[key], folds) for key, folds in keys]
        work = (
            self._do(sum_shards, net, packet, vector, step, rate, has_gradients, folds)
            for packet, folds in packets
        )
        return list(await asyncio.gather(*work))

    async def keep(
        self, first: list[str], net: Net, keys: list[tuple[str, bool]], *rest: Any
    ) -> Sums | None:
        """Hold the sums of packets until those before them come; those of `first` need not wait."""
        self._kept.clear()
        self._kept = dict(zip((key for key, _ in keys), await self.sums(net, keys, *rest)))
        return await self.add(None, first) if first else None

    async def add(self, before: Sums | None, keys: list[str]) -> Sums:
        """The sums before, and then those kept of some packets."""
        kept = [self._kept.pop(key) for key in keys]
        total: Sums = await self._do(reduce, fold, kept if before is None else [before, *kept])
        return total

    def _do(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Work in a thread that does tasks."""
        threads = self._worker.executors["default"]
        return asyncio.get_running_loop().run_in_executor(threads, function, *args)


def _go_on(
    trainer: _ffnn.Trainer, net: Net, X: Any, Y: Any, weights: Any, sums: NDArray[Any]
) -> None:
    """Steps of gradient descent on one shard after its first gradient, each adding its own."""
    for _ in range(net.local_steps - 1):
        trainer.update(X.shape[1])
        more = trainer.shard(X, Y, net.batch_size, sample_weight=weights)[1]
        assert more is not None
        sums += more


def fold(before: Sums, these: Sums) -> Sums:
    """Sums so far, and those of the shards that follow, added in their order: (1, P).

    Either may be of no shard at all.
    """
    rows = [row for _, sums in (before, these) if sums is not None for row in sums]
    if not rows:
        return before[0] + these[0], None
    total = rows[0].copy()
    for row in rows[1:]:
        total += row
    return before[0] + these[0], total[np.newaxis]


def output(X: NDArray[Any], parameters: dict[str, Any], net: dict[str, Any]) -> NDArray[Any]:
    """AL of some examples; `net` are the activations and the instruction set."""
    return _ffnn.net_output("predict_proba", X, parameters, **net)


def packet_output(packet: Packet, *rest: Any) -> NDArray[Any]:
    """AL of a packet."""
    return output(packet.X, *rest)
