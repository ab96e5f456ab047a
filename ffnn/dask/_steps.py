"""The steps of a run on a cluster: packets of examples on their way, and sums that come back.

The shards of a step are those of one process, by shapes and batch alone, and their sums are added
in their order: no bit depends on who computed which of them, how many there are, or how X is cut.
"""

from __future__ import annotations

from collections import deque
from functools import reduce
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn.dask._cluster import Cluster
from ffnn.dask._tasks import Net, fold, join, pass_on, sum_shards, take, trainer_of

__all__ = ["Packets", "Steps"]

_WINDOW_BYTES = 32 << 20  # of X in the packets of one worker's thread, where their order changes
_PART_BYTES = 32 << 20  # of sums that wait on a worker for those before them
_CALLED_BYTES = 4 << 20  # of parameters in the calls of a step, of which
_FEW = 4  # may always be made
_ARGUMENT_BYTES = 1 << 20  # of parameters that go with each task; more go from worker to worker
_GATHERED_BYTES = 4 << 20  # of sums that this process adds itself; of more, the workers do

Batch = tuple[int, int]  # its first example in the order, and how many it has
Work = tuple[NDArray[Any], int, float, bool]  # parameters, step, rate, whether it has gradients


class Packets:
    """The examples of some batches, on the workers that compute their shards.

    Each packet has consecutive shards of each batch, so that the packets' sums, one packet after
    the other, are in the order of the shards.
    """

    def __init__(
        self, cluster: Cluster, X: Any, Y: NDArray[Any], weights: Any, batches: list[Batch],
        order: NDArray[np.intp] | None,
    ) -> None:  # fmt: skip
        """X is a Columns."""
        real = str(X.real)
        size = max(count for _, count in batches)
        self.cluster = cluster
        self.net = Net(cluster.function, cluster.net, cluster.m, size, real, cluster.local_steps)
        trainer, dims = trainer_of(self.net), cluster.net["layer_dims"]
        P = sum(n * (n_prev + 1) for n_prev, n in zip(dims, dims[1:]))
        each = [trainer.shard_columns(count) for _, count in batches]
        shards = [-(-count // columns) for (_, count), columns in zip(batches, each)]
        seats = cluster.seats()
        bytes_of_sums = max(shards) * P * np.dtype(real).itemsize
        self.is_chained = bytes_of_sums > _GATHERED_BYTES
        count = min(max(shards), max(len(seats), -(-bytes_of_sums // _PART_BYTES)))
        self.futures: list[Any] = []
        self.names: list[str] = []
        self._seats: list[str] = []  # where they are to be,
        self._places: list[str | None] = []  # and are, as soon as they have been used once
        for g in range(count):
            steps, parts, at = [], [], 0
            for (first, of_batch), columns, all_of in zip(batches, each, shards):
                begin = min(all_of * g // count * columns, of_batch)
                end = min(all_of * (g + 1) // count * columns, of_batch)
                cuts = [*range(begin, end, columns), end]
                places = [at - begin + cut for cut in cuts]
                steps.append([slice(a, b) for a, b in zip(places, places[1:])])
                parts.append(np.arange(first + begin, first + end))
                at += end - begin
            wanted = np.concatenate(parts)
            wanted = wanted if order is None else order[wanted]
            self._send(X, Y, weights, wanted, steps, seats[g * len(seats) // count])

    def _send(
        self, X: Any, Y: NDArray[Any], weights: Any, wanted: NDArray[np.intp], steps: Any, seat: str
    ) -> None:
        pieces, places = [], []
        for block, index, place in X.pieces(wanted):
            pieces.append(self.cluster.submit(take, block, index))
            places.append(place)
        w = None if weights is None else weights[wanted]
        packet = self.cluster.submit(join, pieces, places, Y[:, wanted], w, steps, seat=seat)
        self.futures.append(packet)
        if seat is not None:
            self.cluster.actor(seat)  # to be there by the second step
        self._seats.append(seat)
        self._places.append(None)
        self.names.append(f"the packet of examples {wanted.min()} to {wanted.max()}")
        # Dask keeps them until the packet is made, and makes them anew where that is made anew.
        self.cluster.release(pieces)

    def sums(
        self, step: int, vector: NDArray[Any], rate: float = 0.0, has_gradients: bool = True
    ) -> tuple[list[float], NDArray[Any] | None]:
        """The costs of all shards of a batch, and the sum of their gradients, (P,)."""
        work = vector, step, rate, has_gradients
        every, is_chained = list(range(len(self.futures))), self.is_chained and has_gradients
        found: list[Any] = []
        if vector.nbytes * len(set(self._seats)) > max(_CALLED_BYTES, _FEW * vector.nbytes):
            found = self._by_tasks(every, work, is_chained)
        elif is_chained:
            found = self._by_chained_calls(work) or self._by_tasks(every, work, is_chained)
        else:
            found = self._by_calls(work)
        costs, total = reduce(fold, found)
        return costs, None if total is None else total[0]

    def _keys(self) -> dict[str, list[tuple[str, bool]]]:
        """The packets by their places, as far as these are known, and which of them is the first.

        They are asked for once a packet is there, and again where a place has not answered.
        """
        if None in self._places and all(future.status == "finished" for future in self.futures):
            self._places = self.cluster.places(self.futures)
        keys: dict[str, list[tuple[str, bool]]] = {}
        for i, (packet, place) in enumerate(zip(self.futures, self._places)):
            if place is not None:
                keys.setdefault(place, []).append((packet.key, i == 0))
        return keys

    def _by_calls(self, work: Work) -> list[Any]:
        """The sums of each packet: by a call where its place is known and answers, else by a task,
        which Dask repeats until it is done."""
        keys = self._keys()
        answers = self.cluster.call("sums", {at: (self.net, keys[at], *work) for at in keys})
        found = {at: iter(sums) for at, sums in answers.items()}
        sums = [next(found[at]) if at in found else None for at in self._places]
        lacking = [i for i, one in enumerate(sums) if one is None]
        for i, one in zip(lacking, self._by_tasks(lacking, work, False) if lacking else []):
            sums[i], self._places[i] = one, None
        return sums

    def _by_chained_calls(self, work: Work) -> list[Any]:
        """The sums of all packets: each worker keeps its own until those before them come by.

        None at all where a place is unknown or does not answer.
        """
        keys = self._keys()
        if None in self._places:
            return []
        pairs = zip(self._places, (packet.key for packet in self.futures))
        runs = [(at, [key for _, key in some]) for at, some in groupby(pairs, lambda pair: pair[0])]
        (first, own), *others = runs
        answers = self.cluster.call(
            "keep", {at: (own if at == first else [], self.net, keys[at], *work) for at in keys}
        )
        is_whole, total = len(answers) == len(keys), answers.get(first)
        for at, some in others:
            answers = self.cluster.call("add", {at: (total, some)}) if is_whole else {}
            is_whole, total = at in answers, answers.get(at)
        if not is_whole:
            self._places = [None] * len(self.futures)
        return [total] if is_whole else []

    def _by_tasks(self, wanted: list[int], work: Work, is_chained: bool) -> list[Any]:
        """The sums of some packets, one by one, or chained, those of all in one."""
        cluster, (vector, *rest) = self.cluster, work
        is_short = vector.nbytes * len(wanted) <= _ARGUMENT_BYTES
        shared = vector if is_short else cluster.submit(pass_on, vector)
        sent = [
            cluster.submit(
                sum_shards, self.net, self.futures[i], shared, *rest, i == 0, seat=self._seats[i]
            )
            for i in wanted
        ]  # fmt: skip
        asked, names = sent, [self.names[i] for i in wanted]
        try:
            if is_chained:
                last = sent[0]
                for one, seat in zip(sent[1:], self._seats[1:]):
                    last = cluster.submit(fold, last, one, seat=seat)
                    sent.append(last)
                asked, names = [last], ["the sums of a step"]
            return cluster.gather(asked, names)
        finally:
            cluster.release(sent if is_short else [shared, *sent])

    def release(self) -> None:
        """Let the workers forget them."""
        self.cluster.release(self.futures)


class Steps:
    """Whom a Trainer asks for the sums of its steps.

    Examples in their own order are sent once. In a drawn order they come in windows of some
    batches, of which the next is on its way while one is computed.
    """

    def __init__(self, cluster: Cluster, X: Any, Y: Any, weights: Any, net: dict[str, Any]) -> None:
        """Y is as the caller gave it, and will have been checked when the first step begins."""
        cluster.net, cluster.m = net, X.shape[1]
        self.cluster, self.X, self.Y, self.weights = cluster, X, Y, weights
        self._order: Any = None
        self._size = 0
        self._windows: deque[list[Batch]] = deque()  # that are not sent yet
        self._sent: deque[tuple[list[Batch], Packets]] = deque()

    def __call__(
        self, vector: NDArray[Any], order: Any, first: int, count: int
    ) -> tuple[list[float], Any]:
        """As Trainer's `sums`."""
        if first == 0 and (not self._sent or order is not self._order or self._size != count):
            self._begin(order, count)
        while first not in [begin for begin, _ in self._sent[0][0]]:
            self._sent.popleft()[1].release()
            self._send()
        batches, packets = self._sent[0]
        number = [begin for begin, _ in batches].index(first)
        return packets.sums(number, vector, self.cluster.learning_rate())

    def _begin(self, order: Any, size: int) -> None:
        """The windows of an epoch."""
        while self._sent:
            self._sent.pop()[1].release()
        self._order, self._size = order, size
        n_x, m = self.X.shape
        starts = range(0, m, size)
        room = _WINDOW_BYTES * len(self.cluster.seats())
        of_batch = size * n_x * self.X.dtype.itemsize
        many = len(starts) if order is None else max(1, room // of_batch)
        self._windows = deque(
            [(first, min(size, m - first)) for first in starts[i : i + many]]
            for i in range(0, len(starts), many)
        )
        self._send()
        self._send()

    def _send(self) -> None:
        if self._windows:
            batches = self._windows.popleft()
            m, Y = self.X.shape[1], np.asarray(self.Y)
            rows = Y if Y.ndim == 2 and Y.shape[1] == m else Y.reshape(1, m)
            packets = Packets(self.cluster, self.X, rows, self.weights, batches, self._order)
            self._sent.append((batches, packets))
